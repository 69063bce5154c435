"""What a language-neutral unit must beat: the same analysis of a model that can't know the languages.

An untrained model has the architecture, the tokenizer and the words that languages share, and no more. A
monolingual one knows meaning, but of one language. Sharing that they show as well is not learnt neutrality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models.registry import UNTRAINED

CONTROL_COLUMNS = [
    *("model", "variable", "method", "layer", "control", "kind", "control_layer"),
    *("corrected_fe", "control_corrected_fe", "fe_ratio", "fe_ratio_low", "fe_ratio_high", "p_fe", "control_p_fe"),
    *("highest_degree", "control_highest_degree", "n_languages", "units_in_all", "control_units_in_all"),
    *("same_sign", "control_same_sign", "r_top", "control_r_top"),
]

_CELL = ["model", "variable", "method"]
_FIGURES = ("corrected_fe", "p_fe", "highest_degree", "units_in_all", "same_sign", "r_top")


@dataclass(frozen=True)
class NullTables:
    """What permuted ratings say of some models.

    Attributes
    ----------
    null : DataFrame
        A row a `model, variable, method, layer`, of permuted ratings only: `corrected_fe, p_fe, highest_degree,
        same_sign` (`interlingua.units.nulls.null_summary`) and `r_top`.
    degrees : DataFrame
        `model, variable, method, n_languages, observed`: units in the top of at least so many languages.
    pairs : DataFrame
        `model, variable, method, language_a, language_b, fe` of each pair of languages.
    """

    null: pd.DataFrame
    degrees: pd.DataFrame
    pairs: pd.DataFrame


def control_table(models: NullTables, controls: NullTables, *, draws: int = 2000, seed: int) -> pd.DataFrame:
    """Set every model beside its controls.

    Parameters
    ----------
    models, controls : NullTables
        A control named "untrained:NAME" is that of NAME, any other of all models.
    draws, seed : int
        Of the bootstrap over languages.

    Returns
    -------
    DataFrame
        A row a model, variable, method and control: `model, variable, method, layer, control, kind` ("untrained" or
        "other"), `control_layer` (each model has its own), `corrected_fe, control_corrected_fe` (observed
        over permuted mean), `fe_ratio` (of the two) with `fe_ratio_low, fe_ratio_high` (95 % percentile bootstrap over
        languages, the same ones drawn for both), `p_fe, control_p_fe, highest_degree, control_highest_degree,
        n_languages, units_in_all, control_units_in_all` (units in the top of all languages), `same_sign,
        control_same_sign, r_top, control_r_top` (r on held-out words from the top units alone).
    """
    own, others = _with_units_in_all(models), _with_units_in_all(controls)
    parts = []
    for model in own["model"].unique():
        for control in others["model"].unique():
            untrained = str(control).startswith(UNTRAINED)
            if not untrained or control == f"{UNTRAINED}{model}":
                pair = _pair(own[own["model"] == model], others[others["model"] == control])
                parts.append(pair.assign(kind="untrained" if untrained else "other"))
    table = pd.concat(parts, ignore_index=True)
    intervals = [
        _ratio_interval(
            _square(models.pairs, row.model, row.variable, row.method),
            _square(controls.pairs, row.control, row.variable, row.method),
            draws=draws,
            seed=seed,
        )
        for row in table.itertuples()
    ]
    # The permuted means are constants of the ratio.
    correction = table["fe_ratio"] / [observed for observed, _, _ in intervals]
    table["fe_ratio_low"] = correction * [low for _, low, _ in intervals]
    table["fe_ratio_high"] = correction * [high for _, _, high in intervals]
    return table[CONTROL_COLUMNS]


def _square(pairs: pd.DataFrame, model: str, variable: str, method: str) -> pd.DataFrame:
    """Return the FE of every pair of languages as a symmetric table, NaN on its diagonal."""
    rows = pairs[(pairs["model"] == model) & (pairs["variable"] == variable) & (pairs["method"] == method)]
    half = rows.set_index(["language_a", "language_b"])["fe"]
    both = pd.concat([half, half.swaplevel()])
    return both.unstack()


def _ratio_interval(own: pd.DataFrame, control: pd.DataFrame, *, draws: int, seed: int) -> tuple[float, float, float]:
    """Return the ratio of the mean FE of two models over the same languages, and its bootstrap interval."""
    languages = own.index.intersection(control.index)
    a, b = (table.loc[languages, languages].to_numpy(np.float64) for table in (own, control))
    rng = np.random.default_rng(seed)
    ratios = []
    for drawn in [np.arange(len(languages)), *rng.integers(len(languages), size=(draws, len(languages)))]:
        means = [_mean_off_diagonal(table[np.ix_(drawn, drawn)]) for table in (a, b)]
        ratios.append(means[0] / means[1] if means[1] > 0 else np.nan)
    low, high = np.nanpercentile(ratios[1:], [2.5, 97.5]) if np.isfinite(ratios[1:]).any() else (np.nan, np.nan)
    return float(ratios[0]), float(low), float(high)


def _mean_off_diagonal(table: NDArray[np.float64]) -> float:
    """Return the mean over pairs of different languages; NaN if a draw holds one language only."""
    known = np.isfinite(table)
    return float(table[known].mean()) if known.any() else float("nan")


def _with_units_in_all(tables: NullTables) -> pd.DataFrame:
    null, degrees = tables.null, tables.degrees
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
