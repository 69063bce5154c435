"""Every model beside the control models that ran through the same analysis."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.tables.cells import select
from interlingua.units.controls import CHOSEN, SAME, NullTables, control_tables, goes_with


def beside_controls(
    null: pd.DataFrame,
    degrees: pd.DataFrame,
    pairs: pd.DataFrame,
    top_units: pd.DataFrame,
    same_null: pd.DataFrame,
    same_degrees: pd.DataFrame,
    same_pairs: pd.DataFrame,
    *,
    sentences: int,
    untrained_sentences: int,
    control_sentences: int | None,
    **parts: pd.DataFrame,
) -> dict[str, pd.DataFrame | None]:
    """Compare what models and controls share beyond permuted ratings.

    Parameters
    ----------
    null, degrees, pairs, top_units
        Of the study's models.
    same_null, same_degrees, same_pairs
        Of the controls at the depth of the study's layer.
    sentences, untrained_sentences, control_sentences
        How many of a word the study's models and the controls read at most.
    **parts
        The first four of each part of controls, as ``<part>_<name>``.
    """
    models = NullTables(_permuted(null, top_units), degrees, pairs)
    names = list(dict.fromkeys(null["model"]))
    of_parts = [_chosen(parts, part, names) for part in dict.fromkeys(name.partition("_")[0] for name in parts)]
    chosen = NullTables(
        *(
            pd.concat([getattr(part, name) for part in of_parts], ignore_index=True)
            for name in ("null", "degrees", "pairs")
        )
    )
    rows, summary = control_tables(models, {CHOSEN: chosen, SAME: NullTables(same_null, same_degrees, same_pairs)})
    if rows.empty:
        return {"controls": None, "controls_summary": None}
    read = {"untrained": min(untrained_sentences, sentences), "other": min(control_sentences or sentences, sentences)}
    return {"controls": rows, "controls_summary": summary.assign(sentences=summary["kind"].map(read))}


def _chosen(parts: dict[str, Any], part: str, models: list[str]) -> NullTables:
    """Return a part's tables, once for each of the study's models beside which its controls are set."""
    permuted = _permuted(parts[f"{part}_null"], parts[f"{part}_top_units"])
    tables = (permuted, parts[f"{part}_degrees"], parts[f"{part}_pairs"])
    return NullTables(*(_beside(table, models) for table in tables))


def _beside(table: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    parts = []
    for model in models:
        fits = table["model"].map(lambda control, model=model: goes_with(str(control), model)).astype(bool)
        parts.append(table[fits].assign(beside=model))
    return pd.concat(parts, ignore_index=True)


def _permuted(null: pd.DataFrame, top_units: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison with permuted ratings, with r from the top units alone."""
    keys = ["model", "variable", "method", "layer"]
    return select(null, null="permuted").merge(top_units, on=keys, validate="one_to_one")
