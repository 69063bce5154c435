"""How firm is a ranking? Other words, another k, another method (beyond the paper).

A unit that is among the top only with these very words is no finding, and neither is an overlap that only
one k or one ranking method shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve

from interlingua.errors import ConfigError, StatsError, suggest
from interlingua.stats.correlation import centre_columns
from interlingua.stats.groups import group_codes, group_sums
from interlingua.units.cells import cells, in_cell
from interlingua.units.ranking import resolve_k, select_top

_BATCH = 64  # draws whose scores are held at once

_Scores = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""From how often each word was taken, shape (draws, words), to scores, shape (draws, width)."""


def selection_frequency(
    X: ArrayLike,
    y: ArrayLike,
    words: ArrayLike,
    *,
    scorer: str = "correlation",
    k: int | float,
    draws: int = 200,
    seed: int,
    penalty: float | None = None,
) -> pd.DataFrame:
    """Return how often each unit is in the top `k` when the words are drawn anew.

    Each draw takes as many words as there are, with replacement and with all their sentences, standardises
    the units and ranks them.

    Parameters
    ----------
    X : array_like, shape (m, width)
        Activations of one layer for the training sentences.
    y : array_like, shape (m,)
        Ratings.
    words : array_like, shape (m,)
        The word of each sentence.
    scorer : {"correlation", "ridge"}
        Ranking method that is repeated: |r|, or |weight| of a ridge regression.
    k : int or float
        Size of the top, or its share of the width (`resolve_k`).
    draws : int
        Bootstrap draws.
    seed : int
        Their seed.
    penalty : float, optional
        For ridge: l2 of ``(1/m)|y - Xw|^2 + l2 |w|^2`` (that of Eq. 1), as chosen on all words.

    Returns
    -------
    DataFrame
        A row a unit, by index: `index`, `score` (all words), `selected` (in the top k of all words),
        `frequency` (share of the draws that have it in their top k, 0 to 1).

    Raises
    ------
    ConfigError
        If the scorer is not known, ridge has no positive penalty, or `k` is out of its range.
    StatsError
        If lengths differ, a value is not finite, or there are fewer than two words.
    """
    _check_scorer(scorer, penalty)
    matrix, target = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if matrix.ndim != 2 or target.shape != matrix.shape[:1]:
        raise StatsError(f"X has shape {matrix.shape} and y {target.shape}: both need the same length")
    if not (np.isfinite(matrix).all() and np.isfinite(target).all()):
        raise StatsError("X or y holds a value that is not finite: leave out rows without a rating first")
    codes, n_words = group_codes(words, len(target))
    if n_words < 2:
        raise StatsError(f"a bootstrap over words needs at least two, not {n_words}")
    count = resolve_k(k, matrix.shape[1])
    target = target - target.mean()
    centred, norm = centre_columns(matrix)
    scaled = np.where(norm > 0, centred / np.where(norm > 0, norm, 1.0), 0.0) * np.sqrt(len(target))
    if scorer == "ridge" and penalty is not None:
        scores = _ridge_scores(scaled, target, codes, penalty)
    else:
        scores = _correlation_scores(scaled, target, codes, n_words)
    full = scores(np.ones((1, n_words), dtype=np.int64))
    chosen = np.zeros(matrix.shape[1])
    for counts in _draws(n_words, draws, seed):
        chosen += _in_top(scores(counts), count).sum(axis=0)
    return pd.DataFrame(
        {
            "index": np.arange(matrix.shape[1]),
            "score": full[0],
            "selected": _in_top(full, count)[0],
            "frequency": chosen / draws,
        }
    )


def curve_over_k(rankings: pd.DataFrame, n: int, ks: Sequence[int | float]) -> pd.DataFrame:
    """Return the mean fold enrichment of the pairs of languages for each size of the top.

    Parameters
    ----------
    rankings : DataFrame
        Rankings (`language, unit, score, sign, rank`, and those of `model, variable, method, layer` that
        are known; each of their combinations has a curve), two languages or more.
    n : int
        Units in the layer.
    ks : sequence of int or float
        Sizes of the top, or shares of the width.

    Returns
    -------
    DataFrame
        For each cell and k: `k` (units), `n_pairs`, `mean_overlap`, `expected` (mean over the pairs, under
        independence), `mean_fe`, `same_sign` (share of all shared units with the same sign).
    """
    tables = []
    for cell, rows in cells(rankings):
        curve = pd.DataFrame([_point(rows, n, k) for k in ks])
        tables.append(in_cell(cell, curve))
    return pd.concat(tables, ignore_index=True)


def method_agreement(rankings: pd.DataFrame, k: int | float) -> pd.DataFrame:
    """Return what the top units of two ranking methods have in common, within each language.

    The same table tells how far two seeds of one method agree: give the seeds as methods.

    Parameters
    ----------
    rankings : DataFrame
        Rankings of two methods or more (`method, language, unit, score, sign, rank`, and those of
        `model, variable, layer` that are known).
    k : int or float
        Size of the top, or its share of the width.

    Returns
    -------
    DataFrame
        For each language and pair of methods: `language, method_a, method_b, k, shared` (units),
        `share` (of the k), `same_sign` (share of the shared units with the same sign; NaN if none).
    """
    tables = []
    for cell, rows in cells(rankings, ("model", "variable", "layer")):
        tops = {str(method): select_top(table, k) for method, table in rows.groupby("method", sort=False)}
        width = rows["unit"].nunique()
        table = pd.DataFrame(
            [
                {"language": language, "method_a": a, "method_b": b}
                | _agreement(tops[a][language], tops[b][language], resolve_k(k, width))
                for language in rows["language"].unique()
                for a, b in combinations(tops, 2)
                if language in tops[a] and language in tops[b]
            ],
            columns=["language", "method_a", "method_b", "k", "shared", "share", "same_sign"],
        )
        tables.append(in_cell(cell, table))
    return pd.concat(tables, ignore_index=True)


def _check_scorer(name: str, penalty: float | None) -> None:
    known = ("correlation", "ridge")
    if name not in known:
        raise ConfigError(f"unknown scorer {name!r}{suggest(name, known)}: use one of {', '.join(known)}")
    if name == "ridge" and (penalty is None or not penalty > 0):
        raise ConfigError(f"scorer 'ridge' needs a positive penalty (l2 in Eq. 1's units), not {penalty}")


def _correlation_scores(
    X: NDArray[np.float64], y: NDArray[np.float64], codes: NDArray[np.int64], n_words: int
) -> _Scores:
    # r depends on a word only through these sums, so all draws of a batch are three matrix products.
    sizes = group_sums(np.ones(len(y)), codes, n_words)
    y_sums = group_sums(np.column_stack([y, y * y]), codes, n_words)
    x_sums, xx_sums, xy_sums = (group_sums(Z, codes, n_words) for Z in (X, X * X, X * y[:, None]))

    def scores(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        weights = counts.astype(np.float64)
        m = (weights @ sizes)[:, None]
        mean_y, mean_yy = np.split((weights @ y_sums) / m, 2, axis=1)
        mean_x = weights @ x_sums / m
        var_x = weights @ xx_sums / m - mean_x**2
        var_y = mean_yy - mean_y**2
        covariance = weights @ xy_sums / m - mean_x * mean_y
        varies = (var_x > 1e-12) & (var_y > 1e-12 * mean_yy)
        return np.where(varies, np.abs(covariance) / np.sqrt(np.where(varies, var_x * var_y, 1.0)), 0.0)

    return scores


def _ridge_scores(X: NDArray[np.float64], y: NDArray[np.float64], codes: NDArray[np.int64], penalty: float) -> _Scores:
    def one(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        times = counts[codes]
        taken = times > 0
        root = np.sqrt(times[taken])
        m = float(times.sum())
        A, b = X[taken] * root[:, None], y[taken] * root
        mean_x, mean_y = root @ A / m, root @ b / m
        covariance = A.T @ A / m - np.outer(mean_x, mean_x)
        spread = np.sqrt(np.clip(np.diag(covariance), 0, None))
        varies = spread > 1e-6
        spread = np.where(varies, spread, 1.0)
        gram = covariance / np.outer(spread, spread) + penalty * np.eye(len(spread))
        weights = solve(gram, (A.T @ b / m - mean_x * mean_y) / spread, assume_a="pos")
        return np.where(varies, np.abs(weights), 0.0)

    return lambda counts: np.stack([one(row) for row in counts])


def _draws(n_words: int, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield how often each word is taken, in batches of shape (<= _BATCH, n_words)."""
    if draws < 1:
        raise StatsError(f"draws is {draws}, but at least one bootstrap draw is needed")
    rng = np.random.default_rng(seed)
    for start in range(0, draws, _BATCH):
        size = min(_BATCH, draws - start)
        yield rng.multinomial(n_words, np.full(n_words, 1 / n_words), size=size)


def _in_top(scores: NDArray[np.float64], k: int) -> NDArray[np.bool_]:
    """Say which units are among the best k of each row: ties by index, never a score of 0."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    top = np.zeros(scores.shape, dtype=bool)
    np.put_along_axis(top, best, True, axis=1)
    return top & (scores > 0)


def _point(rankings: pd.DataFrame, n: int, k: int | float) -> dict[str, float]:
    tops = select_top(rankings, k)
    if len(tops) < 2:
        raise StatsError(f"a curve over k needs at least two languages, not {len(tops)}")
    signs = _sign_matrix(tops)
    selected, positive, negative = (part.astype(np.int64) for part in (signs != 0, signs > 0, signs < 0))
    upper = np.triu_indices(len(tops), k=1)
    sizes = selected.sum(axis=1)
    observed = (selected @ selected.T)[upper]
    same = (positive @ positive.T + negative @ negative.T)[upper]
    expected = np.outer(sizes, sizes)[upper] / n
    fe = np.divide(observed, expected, out=np.full(len(observed), np.nan), where=expected > 0)
    return {
        "k": resolve_k(k, rankings["unit"].nunique()),
        "n_pairs": len(observed),
        "mean_overlap": float(observed.mean()),
        "expected": float(expected.mean()),
        "mean_fe": float(fe.mean()),
        "same_sign": float(same.sum() / observed.sum()) if observed.sum() else float("nan"),
    }


def _sign_matrix(tops: dict[str, pd.DataFrame]) -> NDArray[np.int64]:
    """Return the sign of each selected unit, 0 where it is not, shape (languages, units selected by any)."""
    units = np.unique(np.concatenate([top["unit"].to_numpy() for top in tops.values()]))
    signs = np.zeros((len(tops), len(units)), dtype=np.int64)
    for row, top in enumerate(tops.values()):
        signs[row, np.searchsorted(units, top["unit"].to_numpy())] = top["sign"]
    return signs


def _agreement(a: pd.DataFrame, b: pd.DataFrame, k: int) -> dict[str, float]:
    both = a.merge(b, on="unit", suffixes=("_a", "_b"))
    same = float((both["sign_a"] == both["sign_b"]).mean()) if len(both) else float("nan")
    return {"k": k, "shared": len(both), "share": len(both) / k, "same_sign": same}
