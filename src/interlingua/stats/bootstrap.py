"""Confidence intervals for r that treat words, not sentences, as the sample.

A draw takes whole words with replacement. As r depends on a word's rows only through six sums (their
number, the sums of both variables, of their squares and of their product), a draw is a vector of how often
each word was taken times a (words, 6) matrix, and 2,000 draws take milliseconds.

References
----------
Efron, B., & Tibshirani, R. J. (1993). An introduction to the bootstrap, chapters 13 and 14. Chapman & Hall.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from interlingua.errors import StatsError
from interlingua.stats.correlation import centre_columns, pearson
from interlingua.stats.groups import group_codes, group_sums


class Interval(NamedTuple):
    """A correlation and its confidence interval.

    Attributes
    ----------
    r : float
        The correlation of all rows.
    low, high : float
        Ends of the interval; NaN where no draw has a defined correlation (a constant variable, one word).
    """

    r: float
    low: float
    high: float


def bootstrap_r(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    groups: ArrayLike,
    *,
    draws: int = 2000,
    seed: int | np.random.Generator,
    level: float = 0.95,
    method: Literal["percentile", "bca"] = "bca",
) -> Interval:
    """Return r with a bootstrap interval over words.

    The same function gives the interval of the sentence-level r (all rows, their words as `groups`) and of
    the word-level r (the output of `word_means`, where each word is one row).

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Ratings and predictions.
    groups : array_like, shape (n,)
        The word of each row.
    draws : int
        Number of bootstrap draws.
    seed : int or numpy.random.Generator
        Source of the draws.
    level : float
        Coverage, in (0, 1).
    method : {"bca", "percentile"}
        Bias-corrected and accelerated quantiles of the draws, the acceleration from a jackknife over words, or
        plain ones.

    Returns
    -------
    Interval
        r, low, high.

    Raises
    ------
    StatsError
        If lengths differ, a value is not finite, or an option is out of its range.
    """
    if draws < 1:
        raise StatsError(f"draws is {draws}, but at least one bootstrap draw is needed")
    if not 0 < level < 1:
        raise StatsError(f"level is {level}, but a coverage lies between 0 and 1, e.g. level=0.95")
    if method not in ("percentile", "bca"):
        raise StatsError(f"unknown bootstrap method {method!r}: use 'percentile' or 'bca'")
    r = pearson(y_true, y_pred)
    sums = _word_sums(y_true, y_pred, groups)
    n_words = len(sums)
    rng = np.random.default_rng(seed)
    taken = rng.integers(n_words, size=(draws, n_words))
    counts = np.bincount((taken + np.arange(draws)[:, None] * n_words).ravel(), minlength=draws * n_words)
    replicates = _r_of_sums(counts.reshape(draws, n_words) @ sums)
    replicates = replicates[np.isfinite(replicates)]
    if n_words < 2 or len(replicates) == 0:
        return Interval(r, float("nan"), float("nan"))
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    if method == "bca":
        tails = _bca_tails(tails, replicates, r, jackknife=_r_of_sums(sums.sum(axis=0) - sums))
    low, high = np.quantile(replicates, tails)
    return Interval(r, float(low), float(high))


def word_means(
    y_true: ArrayLike, y_pred: ArrayLike, groups: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Average ratings and predictions over the sentences of each word.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Ratings and predictions of the sentences.
    groups : array_like, shape (n,)
        The word of each sentence.

    Returns
    -------
    y_true, y_pred : ndarray of float64, shape (n_words,)
        Means, words in the order of their first sentence.
    words : ndarray of int64, shape (n_words,)
        0, 1, ..., n_words - 1: the groups to hand to `bootstrap_r`.

    Raises
    ------
    StatsError
        If the lengths differ.
    """
    if np.shape(y_true) != np.shape(y_pred):
        raise StatsError(f"y_true has shape {np.shape(y_true)} and y_pred {np.shape(y_pred)}: one value a row each")
    pairs = np.column_stack([np.asarray(y_true, dtype=np.float64), np.asarray(y_pred, dtype=np.float64)])
    codes, n_words = group_codes(groups, len(pairs))
    means = group_sums(pairs, codes, n_words) / np.bincount(codes, minlength=n_words)[:, None]
    return means[:, 0], means[:, 1], np.arange(n_words)


def _word_sums(y_true: ArrayLike, y_pred: ArrayLike, groups: ArrayLike) -> NDArray[np.float64]:
    """Return per word: n, sum a, sum b, sum a^2, sum b^2, sum ab, shape (n_words, 6)."""
    # Scaled to mean 0 and SD 1 first, so that the differences of sums below don't cancel.
    a, b = _scaled(y_true), _scaled(y_pred)
    codes, n_words = group_codes(groups, len(a))
    return group_sums(np.column_stack([np.ones_like(a), a, b, a * a, b * b, a * b]), codes, n_words)


def _scaled(values: ArrayLike) -> NDArray[np.float64]:
    centred, norm = centre_columns(np.asarray(values, dtype=np.float64)[:, None])
    return centred[:, 0] * (np.sqrt(len(centred)) / norm[0]) if norm[0] > 0 else np.zeros(len(centred))


def _r_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return r for each row of sums (as in `_word_sums`), NaN where a variance is 0."""
    n, a, b, aa, bb, ab = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        var_a, var_b = aa - a * a / n, bb - b * b / n
        r = (ab - a * b / n) / np.sqrt(var_a * var_b)
    defined = (var_a > 1e-12 * n) & (var_b > 1e-12 * n)
    return np.where(defined, np.clip(r, -1.0, 1.0), np.nan)


def _bca_tails(
    tails: NDArray[np.float64], replicates: NDArray[np.float64], r: float, jackknife: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the quantiles to read instead of `tails` (Efron & Tibshirani 1993, equations 14.9 to 14.15)."""
    below = (np.count_nonzero(replicates < r) + np.count_nonzero(replicates <= r)) / (2 * len(replicates))
    # Half a draw from either end: a bias correction of infinity says no more than that.
    edge = 0.5 / len(replicates)
    bias = ndtri(np.clip(below, edge, 1 - edge))
    kept = jackknife[np.isfinite(jackknife)]
    deviation = kept.mean() - kept if len(kept) else np.zeros(1)
    squares = float(deviation @ deviation)
    acceleration = float((deviation**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0
    shifted = bias + ndtri(tails)
    return np.asarray(ndtr(bias + shifted / (1 - acceleration * shifted)))
