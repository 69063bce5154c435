"""Corrections for looking at many pairs, or at every subset of the languages."""

from __future__ import annotations

from math import comb

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError, suggest

_METHODS = ("bh", "by", "bonferroni", "holm")


def adjust(p: ArrayLike, method: str = "bh") -> NDArray[np.float64]:
    """Adjust p-values for their number.

    Parameters
    ----------
    p : array_like, any shape
        p-values in [0, 1]. NaN stands for a test that was not made: it stays NaN and isn't counted.
    method : {"bh", "by", "bonferroni", "holm"}
        False discovery rate after Benjamini & Hochberg (1995), or after Benjamini & Yekutieli (2001),
        which holds under any dependence (pairs of languages share languages); family-wise error rate
        after Bonferroni, or Holm (1979).

    Returns
    -------
    ndarray of float64, same shape
        Adjusted p-values in [0, 1].

    Raises
    ------
    StatsError
        If the method is not known, or a p-value is outside [0, 1].
    """
    if method not in _METHODS:
        raise StatsError(f"unknown correction {method!r}{suggest(method, _METHODS)}: use one of {', '.join(_METHODS)}")
    values = np.asarray(p, dtype=np.float64)
    tested = np.isfinite(values)
    bad = values[~np.isnan(values) & ~((values >= 0) & (values <= 1))]
    if len(bad):
        raise StatsError(f"{bad[0]} is not a p-value: it must lie between 0 and 1")
    adjusted = np.full(values.shape, np.nan)
    if tested.any():
        adjusted[tested] = _adjust(values[tested], method)
    return adjusted


def _adjust(p: NDArray[np.float64], method: str) -> NDArray[np.float64]:
    if method in ("bh", "by"):
        return np.asarray(scipy.stats.false_discovery_control(p, method=method))
    if method == "bonferroni":
        return np.minimum(p * len(p), 1.0)
    order = np.argsort(p, kind="stable")
    holm = np.empty(len(p))
    holm[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return holm


def bonferroni_within_degree(p: ArrayLike, n_sets: int, degree: int) -> NDArray[np.float64]:
    """Correct the best intersection of a degree for all subsets of that degree.

    The paper reports the highest-degree intersection without saying that it is the best of
    C(13, 7) = 1,716 that could have been it.

    Parameters
    ----------
    p : array_like, any shape
        Uncorrected p-values of intersections of `degree` sets.
    n_sets : int
        Number of sets (languages) in all.
    degree : int
        Number of sets that intersect, 1 to `n_sets`.

    Returns
    -------
    ndarray of float64, same shape
        ``min(1, p * C(n_sets, degree))``.

    Raises
    ------
    StatsError
        If the degree is not between 1 and `n_sets`.
    """
    if not 1 <= degree <= n_sets:
        raise StatsError(f"degree {degree} is not between 1 and the number of sets, {n_sets}")
    return np.minimum(np.asarray(p, dtype=np.float64) * comb(n_sets, degree), 1.0)
