"""Confidence intervals for r that treat words, not sentences, as the sample.

Each word is left out once, and Fisher's z is jackknifed. Fisher's own interval is for normal values: with skewed
ratings it covers .85 to .91, a bootstrap over words (percentile, BCa) .91 to .94; this one .94 to .96
(``benchmarks/coverage.py``). It needs no draws: r depends on a word's rows only through six sums (their number, the
sums of both variables, of their squares and of their product).

References
----------
Efron, B., & Tibshirani, R. J. (1993). An introduction to the bootstrap, chapter 11. Chapman & Hall.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError
from interlingua.stats.correlation import centre_columns, pearson
from interlingua.stats.groups import group_codes, group_sums
from interlingua.stats.jackknife import JackknifeInterval, jackknife

#: Beyond this r is 1 but for rounding, and Fisher's z no number.
_LARGEST = 1 - 1e-15


class Interval(NamedTuple):
    """A correlation and its confidence interval.

    Attributes
    ----------
    r : float
        The correlation of all rows.
    low, high : float
        Ends of the interval; NaN where r is not defined without one of the words (a constant variable, two words).
    """

    r: float
    low: float
    high: float


def r_interval(y_true: ArrayLike, y_pred: ArrayLike, groups: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return r with its jackknife interval over words.

    The same function gives the interval of the sentence-level r (all rows, their words as `groups`) and of
    the word-level r (the output of `word_means`, where each word is one row).

    Parameters
    ----------
    y_true, y_pred : array_like, shape (n,)
        Ratings and predictions.
    groups : array_like, shape (n,)
        The word of each row.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    Interval
        r, low, high: ``tanh(z +- t(words - 1) se)``, z = atanh r, se the jackknife's.

    Raises
    ------
    StatsError
        If lengths differ, a value is not finite, or `level` is out of its range.
    """
    r = pearson(y_true, y_pred)
    sums = _word_sums(y_true, y_pred, groups)
    left_out = _r_of_sums(sums.sum(axis=0) - sums)
    found = jackknife(float(_z(np.array(r))), _z(left_out), level=level)
    if len(sums) < 3:
        return Interval(r, float("nan"), float("nan"))
    return Interval(r, float(np.tanh(found.low)), float(np.tanh(found.high)))


def mean_r_interval(values: ArrayLike, *, level: float = 0.95) -> JackknifeInterval:
    """Return the mean of some languages' r with its jackknife interval over languages.

    Parameters
    ----------
    values : array_like, shape (n,)
        r of each language; those that are not finite are left out.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    JackknifeInterval
        The mean, ends by the jackknife of Fisher's z of the mean: where r are near 1 and skewed, an interval of the
        mean itself covers .92, this one .95. NaN everywhere if no value is finite; no interval of one value.
    """
    numbers = np.asarray(values, dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    n = len(numbers)
    if n < 2:
        return JackknifeInterval(float(numbers.mean()) if n else float("nan"), float("nan"), float("nan"))
    mean = float(numbers.mean())
    found = jackknife(float(_z(np.array(mean))), _z((numbers.sum() - numbers) / (n - 1)), level=level)
    return JackknifeInterval(mean, float(np.tanh(found.low)), float(np.tanh(found.high)))


def _z(r: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Fisher's z."""
    return np.asarray(np.arctanh(np.clip(r, -_LARGEST, _LARGEST)))


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
        0, 1, ..., n_words - 1: the groups to hand to `r_interval`.

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
