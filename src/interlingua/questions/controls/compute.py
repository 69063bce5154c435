"""Every model beside the control models that ran through the same analysis."""

from __future__ import annotations

import pandas as pd

from interlingua.tables.cells import select
from interlingua.units.controls import CHOSEN, SAME, NullTables, control_tables, goes_with


def beside_controls(
    null: pd.DataFrame,
    degrees: pd.DataFrame,
    pairs: pd.DataFrame,
    top_units: pd.DataFrame,
    untrained_null: pd.DataFrame,
    untrained_degrees: pd.DataFrame,
    untrained_pairs: pd.DataFrame,
    untrained_top_units: pd.DataFrame,
    controls_null: pd.DataFrame,
    controls_degrees: pd.DataFrame,
    controls_pairs: pd.DataFrame,
    controls_top_units: pd.DataFrame,
    same_null: pd.DataFrame,
    same_degrees: pd.DataFrame,
    same_pairs: pd.DataFrame,
    *,
    site: str,
    sentences: int,
    untrained_sentences: int,
    control_sentences: int | None,
) -> dict[str, pd.DataFrame | None]:
    """Compare what models and controls share beyond permuted ratings.

    Parameters
    ----------
    null, degrees, pairs, top_units
        Of the study's models; the same of draws of random weights (`untrained_...`) and of the other controls.
    same_null, same_degrees, same_pairs
        Of all controls at the depth of the study's layer.
    site
        Where units are.
    sentences, untrained_sentences, control_sentences
        How many of a word the study's models and the controls read at most.
    """
    models = NullTables(_permuted(null, top_units), degrees, pairs)
    names = list(dict.fromkeys(null["model"]))
    of_null = [_permuted(untrained_null, untrained_top_units), _permuted(controls_null, controls_top_units)]
    chosen = NullTables(
        _beside(of_null, names),
        _beside([untrained_degrees, controls_degrees], names),
        _beside([untrained_pairs, controls_pairs], names),
    )
    rows, summary = control_tables(models, {CHOSEN: chosen, SAME: NullTables(same_null, same_degrees, same_pairs)})
    if rows.empty:
        return {"controls": None, "controls_summary": None}
    read = {"untrained": min(untrained_sentences, sentences), "other": min(control_sentences or sentences, sentences)}
    return {
        "controls": rows.assign(site=site),
        "controls_summary": summary.assign(site=site, sentences=summary["kind"].map(read)),
    }


def _beside(tables: list[pd.DataFrame], models: list[str]) -> pd.DataFrame:
    """Return tables of controls, once for each of the study's models beside which a control is set."""
    parts = []
    for model in models:
        for table in tables:
            fits = table["model"].map(lambda control, model=model: goes_with(str(control), model)).astype(bool)
            parts.append(table[fits].assign(beside=model))
    return pd.concat(parts, ignore_index=True)


def _permuted(null: pd.DataFrame, top_units: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison with permuted ratings, with r from the top units alone."""
    keys = ["model", "site", "variable", "method", "layer"]
    return select(null, null="permuted").merge(top_units, on=keys, validate="one_to_one")
