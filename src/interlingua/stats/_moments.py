"""Upper tails where few shared elements are expected, for very many combinations of sets at once.

The binomial moments of the size X of an intersection are products,
``B_j = E C(X, j) = C(n, j) prod_i C(L_i, j) / C(n, j)``, and
``P(X >= x) = sum_{i >= 0} (-1)^i C(x + i - 1, i) B_{x+i}``.  The series alternates, but its term i is less
than ``expected^i / i!`` times the first, and the sum is at least about ``exp(-expected)`` times it.  So some
twenty to thirty terms do, and cancellation costs a factor of ``exp(2 expected)`` at most: up to 4 expected
elements, 12 digits remain.  The cost does not depend on the sizes, where that of a hypergeometric step is
quadratic in them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlingua.stats._hypergeom import FloatArray, log_choose

# The series is used up to this expected size.
MAX_EXPECTED = 4.0
_CHUNK = 4096
_LOG_TINY = -1e4


def log_sf_by_moments(
    x: NDArray[np.int64],
    counts: NDArray[np.integer[Any]],
    sizes: NDArray[np.int64],
    expected: FloatArray,
    n: int,
) -> FloatArray:
    """Return ``log P(X >= x)`` for many intersections.

    Parameters
    ----------
    x
        Shape (m,); ``1 <= x <= `` the smallest of the intersection's sets.
    counts
        Shape (m, t): how many sets of each size the intersection has.
    sizes
        Shape (t,): the distinct sizes, each in 0 .. n.
    expected
        Shape (m,): the expected sizes, at most `MAX_EXPECTED`.
    n
        Size of the universe.
    """
    result = np.empty(len(x))
    # The rows of a chunk share x, and thereby the tables, and by similar means the number of terms.
    order = np.lexsort((expected, x))
    bounds = np.flatnonzero(np.diff(x[order], prepend=-1, append=-1))
    for group_start, group_stop in pairwise(bounds.tolist()):
        value = int(x[order[group_start]])
        for start in range(group_start, group_stop, _CHUNK):
            rows = order[start : min(start + _CHUNK, group_stop)]
            n_terms = _n_terms(float(expected[rows[-1]]))
            result[rows] = _log_tail(value, counts[rows].astype(np.float64), sizes, n, n_terms)
    return result


def _n_terms(expected: float) -> int:
    """Return i with ``expected^i / i!``, a bound of term i over term 0, below 1e-18."""
    n_terms, bound = 0, 1.0
    while bound > 1e-18:
        n_terms += 1
        bound *= expected / n_terms
    return n_terms


def _log_tail(x: int, weights: FloatArray, sizes: NDArray[np.int64], n: int, n_terms: int) -> FloatArray:
    log_all = log_choose(n, x, n)
    shares = np.array([log_choose(int(size), x, n) if size >= x else -np.inf for size in sizes]) - log_all
    used = weights.any(axis=0)
    first = log_all + weights[:, used] @ shares[used]

    j = np.arange(x, x + n_terms)
    left = np.maximum(n - j, 1)
    with np.errstate(divide="ignore"):
        log_shares = np.log(np.maximum(sizes[:, None] - j, 0)) - np.log(left)
    # Finite, so that a set which takes no part adds 0 and not NaN.
    means = left * np.exp(weights @ np.maximum(log_shares, _LOG_TINY))
    series = np.ones(len(weights))
    for i in reversed(range(n_terms)):
        series = 1.0 - series * means[:, i] * ((x + i) / ((i + 1) * (x + i + 1)))
    return np.minimum(first + np.log(series), 0.0)  # a certain event must not round to more than 1
