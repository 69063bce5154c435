"""Do languages that share more units do better? Mean pairwise overlap and performance (section 7).

The paper's mixed model takes two models and two variables for random factors, which is too few: it is
singular nine times in ten, and its degrees of freedom depend on how MPO is centred. It is fitted as the
replication; beside it stand the same question with model and variable as fixed factors, a permutation of
languages, which needs no degrees of freedom, and an interval that leaves each language out in turn: a bootstrap over
languages covers .90 to .92 (eight points and fewer are too few for it), this jackknife .93 to .97.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.stats.jackknife import jackknife
from interlingua.stats.mixed import group_test, mixed_model
from interlingua.stats.mixed.arrangements import n_orders, orders_of
from interlingua.tables.cells import cells, in_cell

PAPER_MODEL = "r ~ mpo + (mpo||model) + (mpo||variable) + (1|language)"
"""The paper's model of section 7 in lme4's language."""

_POINT_COLUMNS = ("model", "variable", "language", "mpo", "r")
_PAIR_COLUMNS = ("language_a", "language_b")
#: Least languages of which one can be left out for an interval.
_LEAST_LEFT_OUT = 4
_NUMBERS = ("estimate", "se", "df", "t", "p", "p_permutation", "ci_low", "ci_high")


def mpo(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the mean pairwise overlap of each language with the others (Eq. 2).

    Parameters
    ----------
    pairs : DataFrame
        The table of pairs of `Overlap`: `language_a, language_b, observed`, each pair once, and those of
        `model, variable, method, layer` that are known; each of their combinations is taken apart.

    Returns
    -------
    DataFrame
        `language` (in the order of the pairs) and `mpo` (units), after the known columns of the cell.

    Raises
    ------
    StatsError
        If a pair is missing or stands there twice.
    """
    tables = []
    for cell, rows in cells(pairs):
        both = pd.concat([rows.rename(columns={name: "language"})[["language", "observed"]] for name in _PAIR_COLUMNS])
        by_language = both.groupby("language", sort=False)["observed"]
        n_pairs = by_language.size()
        others = len(n_pairs) - 1
        for language in n_pairs.index[n_pairs != others]:
            raise StatsError(
                f"language {language!r} is in {n_pairs[language]} pairs, but {others} other languages are in "
                f"the table: give each pair once"
            )
        tables.append(in_cell(cell, by_language.mean().rename("mpo").reset_index()))
    return pd.concat(tables, ignore_index=True)


def alignment_models(points: pd.DataFrame, *, draws: int = 1000, seed: int) -> pd.DataFrame:
    """Regress performance on mean pairwise overlap: the paper's mixed model, and a simpler one.

    Parameters
    ----------
    points : DataFrame
        One row a model, variable and language: `model, variable, language, mpo, r`; of one ranking method.
        Rows without `mpo` or `r` are left out, and the note says so.
    draws : int
        Draws of the permutation of languages. Where there are no more ways to arrange the languages, each is taken
        once, and the note says so.
    seed : int
        Their seed.

    Returns
    -------
    DataFrame
        Two rows, `source` "paper" (its model) and "simpler": `formula, n` (points), `estimate` (r per unit of
        overlap), `se, df, t, p`, `p_permutation` (overlap permuted over languages), `ci_low, ci_high` (95 %
        delete-one-language jackknife, t with one degree of freedom less than languages; each keeps its mean overlap
        with all others; of the simpler model only, as around the paper's an interval covers .69),
        `note` (what stands against the fit; why there is none). The
        simpler model is ``r ~ mpo + model*variable + (1|language)`` without the factors that have one level;
        with one model and one variable ordinary least squares, ``r ~ mpo``.

    Raises
    ------
    StatsError
        If a column is missing, the points hold more than one ranking method, or one language twice for a
        model and variable.
    """
    _check(points)
    kept = points.dropna(subset=["mpo", "r"]).reset_index(drop=True)
    dropped = len(points) - len(kept)
    left_out = [f"{dropped} of {len(points)} points without overlap or r were left out."] if dropped else []
    rows = [_paper_model(kept, draws, seed), _simple_model(kept, draws, seed)]
    table = pd.DataFrame(rows, columns=["formula", "n", *_NUMBERS, "note"])
    table["note"] = [" ".join([*left_out, *notes]) for notes in table["note"]]
    table.insert(0, "source", ["paper", "simpler"])
    return table


def _paper_model(points: pd.DataFrame, draws: int, seed: int) -> dict[str, object]:
    models, variables = points["model"].nunique(), points["variable"].nunique()
    if models < 2 or variables < 2:
        reason = (
            "Not estimable: with random effects for model and variable it needs at least two models and two "
            f"variables; here: {_count(models, 'model')} and {_count(variables, 'variable')}."
        )
        return _row(PAPER_MODEL, points, [reason])
    # Two models that differ in overlap and in r for other reasons pull its slope: no interval around it holds.
    return _mixed(PAPER_MODEL, points, draws, seed, interval=False)


def _simple_model(points: pd.DataFrame, draws: int, seed: int) -> dict[str, object]:
    factors = [name for name in ("model", "variable") if points[name].nunique() > 1]
    if factors:
        return _mixed(f"r ~ mpo + {'*'.join(factors)} + (1|language)", points, draws, seed)
    return _least_squares(points, draws, seed)


def _mixed(formula: str, points: pd.DataFrame, draws: int, seed: int, *, interval: bool = True) -> dict[str, object]:
    reason = _too_few(points)
    if reason:
        return _row(formula, points, [reason])
    try:
        fit = mixed_model(formula, points)
    except StatsError as error:
        return _row(formula, points, [f"Not estimable: {error}."])
    notes = list(fit.notes)
    row = fit.coefficients.loc[["mpo"]]
    numbers = {name: float(row[name].iloc[0]) for name in ("estimate", "se", "df", "t", "p")}
    if interval:
        ends, none = _interval(numbers["estimate"], points, lambda kept: _refitted(formula, kept))
        numbers |= ends
        notes += none
    try:
        test = group_test(formula, points, "language", "mpo", "mpo", draws=draws, seed=seed)
        numbers["p_permutation"] = test.p
        notes += _of_all_arrangements(test.arrangements, test.exact)
    except StatsError as error:
        notes.append(f"No permutation p: {error}.")
    return _row(formula, points, notes, numbers)


def _least_squares(points: pd.DataFrame, draws: int, seed: int) -> dict[str, object]:
    formula = "r ~ mpo"
    reason = _too_few(points)
    if reason:
        return _row(formula, points, [reason])
    x, y = points["mpo"].to_numpy(np.float64), points["r"].to_numpy(np.float64)
    n = len(points)
    fit = scipy.stats.linregress(x, y)
    rng = np.random.default_rng(seed)
    interval, none = _interval(float(fit.slope), points, _slope)
    exact = n_orders([n]) <= draws
    if exact:
        arranged = x[[order for (order,) in orders_of([n], draws, rng)[0]]]
    else:
        arranged = np.vstack([x, rng.permuted(np.tile(x, (draws, 1)), axis=1)])
    permuted = _slopes(arranged, np.tile(y, (len(arranged), 1)))
    # Rounding must not make a permutation that equals the data look smaller than it.
    as_large = np.count_nonzero(np.abs(permuted) >= abs(fit.slope) * (1 - 1e-9))
    notes = [
        "One model and one variable: each language is one point, which leaves no random effect.",
        *none,
        *_of_all_arrangements(len(arranged), exact),
    ]
    numbers = {
        "estimate": float(fit.slope),
        "se": float(fit.stderr),
        "df": float(n - 2),
        "t": float(fit.slope / fit.stderr) if fit.stderr > 0 else float("nan"),
        "p": float(fit.pvalue),
        "p_permutation": as_large / len(arranged),
        **interval,
    }
    return _row(formula, points, notes, numbers)


def _interval(
    estimate: float, points: pd.DataFrame, refit: Callable[[pd.DataFrame], float]
) -> tuple[dict[str, float], list[str]]:
    """Return the jackknife interval over languages, and why there is none where there is none."""
    languages = points["language"].unique()
    if len(languages) < _LEAST_LEFT_OUT:
        return {}, [f"No interval: {len(languages)} languages are too few to leave each out in turn."]
    try:
        found = jackknife(estimate, [refit(points[points["language"] != code]) for code in languages])
    except StatsError as error:
        return {}, [f"No interval: without one of the languages the model can't be fitted ({error})."]
    if np.isnan(found.low):
        return {}, ["No interval: without one of the languages all others share as much."]
    return {"ci_low": found.low, "ci_high": found.high}, []


def _refitted(formula: str, points: pd.DataFrame) -> float:
    return float(mixed_model(formula, points).coefficients.loc["mpo", "estimate"])


def _slope(points: pd.DataFrame) -> float:
    rows = points[["mpo", "r"]].to_numpy(np.float64).T[:, None]
    return float(_slopes(*rows)[0])


def _of_all_arrangements(arrangements: int, exact: bool) -> list[str]:
    """Return what is to be said of the arrangements of a permutation p."""
    if not exact:
        return []
    return [
        f"The permutation p is exact: it is the share of all {arrangements} arrangements of the languages, the data's "
        f"own included, and can't be below 1/{arrangements}."
    ]


def _slopes(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slope of each row, shape (draws, n) to (draws,); NaN where x does not vary."""
    x = x - x.mean(axis=1, keepdims=True)
    sxx = (x * x).sum(axis=1)
    sxy = (x * y).sum(axis=1)
    varies = sxx > 1e-12 * max(float(sxx.max()), np.finfo(float).tiny)
    return np.where(varies, sxy / np.where(varies, sxx, 1.0), np.nan)


def _too_few(points: pd.DataFrame) -> str:
    languages = points["language"].nunique()
    if languages < 3:
        return f"Not estimable: it needs three languages or more; here: {_count(languages, 'language')}."
    if points["mpo"].nunique() < 2:
        return "Not estimable: all languages have the same mean pairwise overlap."
    return ""


def _row(
    formula: str, points: pd.DataFrame, notes: list[str], numbers: dict[str, float] | None = None
) -> dict[str, object]:
    nothing = dict.fromkeys(_NUMBERS, float("nan"))
    return {"formula": formula, "n": len(points), **nothing, **(numbers or {}), "note": notes}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _check(points: pd.DataFrame) -> None:
    missing = [name for name in _POINT_COLUMNS if name not in points.columns]
    if missing:
        raise StatsError(f"points have no column {missing[0]!r}: needed are {', '.join(_POINT_COLUMNS)}")
    if "method" in points.columns and points["method"].nunique() > 1:
        listed = ", ".join(map(str, points["method"].unique()))
        raise StatsError(f"points hold more than one ranking method ({listed}): select one")
    keys = points[["model", "variable", "language"]]
    if keys.duplicated().any():
        twice = " ".join(map(str, keys[keys.duplicated()].iloc[0]))
        raise StatsError(f"points hold {twice} twice: give one point for each model, variable and language")
