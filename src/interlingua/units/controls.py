"""What a language-neutral unit must beat: the same analysis of a model that can't know the languages.

An untrained model has the architecture, the tokenizer and the words that languages share, and no more. A
monolingual one knows meaning, but of one language. Sharing that they show as well is not learnt neutrality.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from interlingua.models.registry import UNTRAINED

CONTROL_COLUMNS = [
    *("model", "variable", "method", "layer", "control", "kind", "control_layer"),
    *("corrected_fe", "control_corrected_fe", "fe_ratio", "p_fe", "control_p_fe"),
    *("highest_degree", "control_highest_degree", "n_languages", "units_in_all", "control_units_in_all"),
    *("same_sign", "control_same_sign", "r_top", "control_r_top"),
]

_CELL = ["model", "variable", "method"]
_FIGURES = ("corrected_fe", "p_fe", "highest_degree", "units_in_all", "same_sign", "r_top")


def control_table(
    null: pd.DataFrame, degrees: pd.DataFrame, control_null: pd.DataFrame, control_degrees: pd.DataFrame
) -> pd.DataFrame:
    """Set every model beside its controls.

    Parameters
    ----------
    null : DataFrame
        The study's comparison with permuted ratings, a row a `model, variable, method, layer`: `corrected_fe, p_fe,
        highest_degree, same_sign, r_top`.
    degrees : DataFrame
        `model, variable, method, n_languages, observed`: units in the top of at least so many languages.
    control_null, control_degrees : DataFrame
        The same of the controls. A model named "untrained:NAME" is the control of NAME, any other of all models.

    Returns
    -------
    DataFrame
        A row a model, variable, method and control: `model, variable, method, layer, control, kind` ("untrained" or
        "monolingual"), `control_layer` (each model has its own), `corrected_fe, control_corrected_fe` (observed
        over permuted mean), `fe_ratio` (of the two), `p_fe, control_p_fe, highest_degree,
        control_highest_degree, n_languages, units_in_all, control_units_in_all` (units in the top of all
        languages), `same_sign, control_same_sign, r_top, control_r_top` (r on held-out words from the top units alone).
    """
    own, others = _with_units_in_all(null, degrees), _with_units_in_all(control_null, control_degrees)
    parts = []
    for model in own["model"].unique():
        for control in others["model"].unique():
            untrained = str(control).startswith(UNTRAINED)
            if not untrained or control == f"{UNTRAINED}{model}":
                pair = _pair(own[own["model"] == model], others[others["model"] == control])
                parts.append(pair.assign(kind="untrained" if untrained else "monolingual"))
    return pd.concat(parts, ignore_index=True)[CONTROL_COLUMNS]


def _with_units_in_all(null: pd.DataFrame, degrees: pd.DataFrame) -> pd.DataFrame:
    everywhere = degrees.loc[degrees.groupby(_CELL)["n_languages"].idxmax()]
    everywhere = everywhere.rename(columns={"observed": "units_in_all"})
    return null.merge(everywhere[[*_CELL, "n_languages", "units_in_all"]], on=_CELL, validate="one_to_one")


def _pair(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    other = other[[*_CELL, "layer", *_FIGURES]]
    names = {"model": "control"} | {name: f"control_{name}" for name in ("layer", *_FIGURES)}
    both = own.merge(other.rename(columns=names), on=["variable", "method"], validate="one_to_one")
    ratio = np.divide(
        both["corrected_fe"],
        both["control_corrected_fe"],
        out=np.full(len(both), np.nan),
        where=both["control_corrected_fe"].to_numpy(np.float64) > 0,
    )
    return both.assign(fe_ratio=ratio)
