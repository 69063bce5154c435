"""What a language-neutral unit must beat: the same analysis of a model that can't know the languages.

An untrained model has the architecture, the tokenizer and the words that languages share, and no more. A
monolingual one knows meaning, but of one language. Sharing that they show as well is not learnt neutrality.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from interlingua.errors import StatsError, suggest

UNTRAINED = "untrained:"
CONTROL_COLUMNS = [
    *("model", "variable", "method", "layer", "control", "kind", "control_layer"),
    *("corrected_fe", "control_corrected_fe", "fe_ratio", "p_fe", "control_p_fe"),
    *("highest_degree", "control_highest_degree", "n_languages", "units_in_all", "control_units_in_all"),
    *("r_top", "control_r_top"),
]

_FIGURES = ("corrected_fe", "p_fe", "highest_degree", "units_in_all", "r_top")


def control_table(null: pd.DataFrame, degrees: pd.DataFrame, *, monolingual: Sequence[str] = ()) -> pd.DataFrame:
    """Set every model beside its controls.

    Parameters
    ----------
    null : DataFrame
        The study's comparison with permuted ratings, a row a `model, variable, method, layer`: `corrected_fe, p_fe,
        highest_degree, r_top`.
    degrees : DataFrame
        `model, variable, method, n_languages, observed`: units in the top of at least so many languages.
    monolingual : sequence of str
        Models that know one language: controls of every other model. Models named "untrained:NAME" are the
        control of NAME.

    Returns
    -------
    DataFrame
        A row a model, variable, method and control: `model, variable, method, layer, control, kind` ("untrained" or
        "monolingual"), `control_layer` (each model has its own), `corrected_fe, control_corrected_fe` (observed
        over permuted mean), `fe_ratio` (of the two), `p_fe, control_p_fe, highest_degree,
        control_highest_degree, n_languages, units_in_all, control_units_in_all` (units in the top of all
        languages), `r_top, control_r_top` (r on held-out words from the top units alone). Empty if no model has
        a control.

    Raises
    ------
    StatsError
        If a monolingual model is not among the models.
    """
    models = list(map(str, null["model"].unique()))
    for name in monolingual:
        if name not in models:
            raise StatsError(f"there is no model {name!r} in the study{suggest(name, models)}")
    everywhere = degrees.loc[degrees.groupby(["model", "variable", "method"])["n_languages"].idxmax()]
    everywhere = everywhere.rename(columns={"observed": "units_in_all"})
    keys = ["model", "variable", "method"]
    table = null.merge(everywhere[[*keys, "n_languages", "units_in_all"]], on=keys, validate="one_to_one")
    parts = []
    for model in models:
        if model in monolingual or model.startswith(UNTRAINED):
            continue
        for control in (name for name in models if name == UNTRAINED + model or name in monolingual):
            kind = "monolingual" if control in monolingual else "untrained"
            parts.append(_pair(table, model, control).assign(kind=kind))
    if not parts:
        return pd.DataFrame(columns=CONTROL_COLUMNS)
    return pd.concat(parts, ignore_index=True)[CONTROL_COLUMNS]


def _pair(table: pd.DataFrame, model: str, control: str) -> pd.DataFrame:
    own = table[table["model"] == model]
    other = table.loc[table["model"] == control, ["model", "variable", "method", "layer", *_FIGURES]]
    names = {"model": "control"} | {name: f"control_{name}" for name in ("layer", *_FIGURES)}
    both = own.merge(other.rename(columns=names), on=["variable", "method"], validate="one_to_one")
    ratio = np.divide(
        both["corrected_fe"],
        both["control_corrected_fe"],
        out=np.full(len(both), np.nan),
        where=both["control_corrected_fe"].to_numpy(np.float64) > 0,
    )
    return both.assign(fe_ratio=ratio)
