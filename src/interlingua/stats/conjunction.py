"""In how many languages does a unit carry the rating? Partial conjunction with a least effect, and no top k.

A unit counts as carrying a rating in at least u of n languages if it can be shown that its correlation exceeds a least
size rho0, with one sign, in u of them. Asked with rho0 = 0 the question is the wrong one: in a layer hardly any unit's
correlation is exactly 0, and with ratings that each language encodes in its own way hundreds of units "replicate".

References
----------
Benjamini, Y., & Heller, R. (2008). Screening for partial conjunction hypotheses. Biometrics, 64, 1215-1222.
Fisher, R. A. (1932). Statistical methods for research workers (4th ed.). Oliver & Boyd.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError


class Conjunction(NamedTuple):
    """Partial-conjunction tests of some units.

    Attributes
    ----------
    p : ndarray of float64, shape (units,)
        p of "in fewer than u languages is |rho| above rho0 with one sign", two-sided in the sign.
    sign : ndarray of int64, shape (units,)
        The sign for which it is smaller: -1 or 1.
    """

    p: NDArray[np.float64]
    sign: NDArray[np.int64]


def partial_conjunction(
    r: ArrayLike, n_words: ArrayLike, *, languages: int, least: float, independent: bool
) -> Conjunction:
    """Test of every unit whether it carries the rating in at least so many languages.

    Parameters
    ----------
    r : array_like, shape (n, units)
        Correlation of each unit with the rating over the words of each of n languages.
    n_words : array_like, shape (n,)
        Words of each language, 4 or more.
    languages : int
        u, from 1 to n.
    least : float
        rho0, the least |correlation| that counts, in [0, 1).
    independent : bool
        Whether the languages' words are independent given the units: then the n - u + 1 largest p are combined after
        Fisher. Where words are translations of each other they are not: then ``(n - u + 1) p_(u)``, which holds under
        any dependence.

    Returns
    -------
    Conjunction

    Raises
    ------
    StatsError
        If shapes do not fit, a correlation is not in [-1, 1], a language has too few words, or `languages` or `least`
        is out of its range.

    Notes
    -----
    p of a language and sign: that of ``(+-atanh r - atanh rho0) sqrt(n_words - 3)`` under a normal distribution.
    """
    values, words = np.asarray(r, dtype=np.float64), np.asarray(n_words, dtype=np.float64)
    _check(values, words, languages, least)
    n = len(values)
    # Of a correlation of 1 Fisher's z is infinite, and so is the evidence.
    z, floor = np.arctanh(np.clip(values, -1 + 1e-15, 1 - 1e-15)), np.arctanh(least)
    by_sign = []
    for sign in (1, -1):
        ordered = np.sort(scipy.stats.norm.sf((sign * z - floor) * np.sqrt(words - 3)[:, None]), axis=0)
        if independent:
            logs = np.log(np.maximum(ordered[languages - 1 :], np.finfo(float).tiny))
            by_sign.append(scipy.stats.chi2.sf(-2 * logs.sum(axis=0), 2 * (n - languages + 1)))
        else:
            by_sign.append((n - languages + 1) * ordered[languages - 1])
    positive, negative = by_sign
    p = np.minimum(1.0, 2 * np.minimum(positive, negative))
    return Conjunction(p, np.where(positive <= negative, 1, -1).astype(np.int64))


def _check(r: NDArray[np.float64], n_words: NDArray[np.float64], languages: int, least: float) -> None:
    if r.ndim != 2 or n_words.shape != (len(r),):
        raise StatsError(f"r has shape {r.shape} and n_words {n_words.shape}: (n, units) and (n,) are needed")
    if not (np.abs(r) <= 1).all():
        raise StatsError("a correlation is not between -1 and 1: give a number for every unit and language")
    if (n_words < 4).any():
        raise StatsError(f"a language has {int(n_words.min())} words: a correlation needs four for its standard error")
    if not 1 <= languages <= len(r):
        raise StatsError(f"languages is {languages}, but there are {len(r)}: give a number from 1 to {len(r)}")
    if not 0 <= least < 1:
        raise StatsError(f"least is {least}: the least |correlation| that counts lies from 0 to below 1")
