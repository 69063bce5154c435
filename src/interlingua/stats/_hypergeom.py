"""The exact distribution of the size of the intersection of independent random subsets.

Let ``k`` subsets of fixed sizes ``L_1 .. L_k`` be drawn independently and uniformly from ``n`` elements.
Given that the first ``i`` have ``j`` elements in common, the number shared with the next one is
hypergeometric, so the distribution for ``k`` sets follows from ``k - 1`` such steps:

    P_{i+1}(x) = sum_j P_i(j) C(j, x) C(n - j, L - x) / C(n, L)

Every term is positive, so nothing cancels; all is kept in logarithms, so nothing underflows.  What would
lose digits are the log-binomials: ``log n!`` is 10^6 at n = 100,000, and differences of `lgamma` values would
be off by about 1e-9.  `log_factorials` therefore keeps each value as a sum of two numbers, the larger on a
grid on which float64 adds without rounding.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]

# Rows of a step that are evaluated together; intersections of at most this size need no windows.
_ROWS = 128
# A term smaller than the row's largest by this many nats (2e-22) can't be seen in float64, even 10^5 of them.
_NEGLIGIBLE = 50.0


@lru_cache(maxsize=4)
def log_factorials(n: int) -> tuple[FloatArray, FloatArray]:
    """Return ``log 0! .. log n!`` as ``coarse + fine``, each of shape (n + 1,).

    All `coarse` values are multiples of one power of 2, large enough for sums and differences of half a dozen
    of them to be exact in float64; every `fine` value is below 1e-3.  The absolute error of the sum is that
    of adding n correctly rounded logarithms exactly: about 1e-13 at n = 100,000.
    """
    logs = np.log(np.arange(1, n + 1, dtype=np.float64))
    grid = 2.0 ** (np.ceil(np.log2(max(logs.sum(), 1.0))) - 49)
    on_grid = np.round(logs / grid) * grid
    coarse, fine = np.zeros(n + 1), np.zeros(n + 1)
    np.cumsum(on_grid, out=coarse[1:])
    np.cumsum(logs - on_grid, out=fine[1:])
    for values in (coarse, fine):
        values.flags.writeable = False
    return coarse, fine


def log_choose(n: int, k: FloatArray | NDArray[np.int64] | int, universe: int) -> FloatArray:
    """Return ``log C(n, k)`` for ``0 <= k <= n <= universe``."""
    coarse, fine = log_factorials(universe)
    k = np.asarray(k)
    return (coarse[n] - coarse[k] - coarse[n - k]) + (fine[n] - fine[k] - fine[n - k])


@lru_cache(maxsize=128)
def intersection_log_pmf(sizes: tuple[int, ...], n: int) -> FloatArray:
    """Return ``log P(X = x)`` for x = 0 .. min(sizes), where X is the size of the intersection.

    Parameters
    ----------
    sizes
        Sizes of the sets in ascending order (so that the arrays are as short as they can be and calls
        that share a prefix share its distribution), each in 0 .. n.
    n
        Size of the universe.

    Returns
    -------
    Read-only array of shape (sizes[0] + 1,); ``-inf`` where x is impossible.
    """
    if len(sizes) == 1:
        log_pmf = np.full(sizes[0] + 1, -np.inf)
        log_pmf[-1] = 0.0
    else:
        log_pmf = _step(intersection_log_pmf(sizes[:-1], n), sizes[-1], n)
    log_pmf.flags.writeable = False
    return log_pmf


@lru_cache(maxsize=128)
def intersection_log_sf(sizes: tuple[int, ...], n: int) -> FloatArray:
    """Return ``log P(X >= x)`` for x = 0 .. min(sizes); arguments as in `intersection_log_pmf`.

    Upper tails are summed from the small end.  Where they pass 1/2 the logarithm comes from the lower tail,
    so that it stays exact close to 0, and is 0 itself where X can't be smaller.
    """
    log_pmf = intersection_log_pmf(sizes, n)
    upper = np.logaddexp.accumulate(log_pmf[::-1])[::-1]
    below = np.full_like(log_pmf, -np.inf)
    below[1:] = np.logaddexp.accumulate(log_pmf[:-1])
    log_half = np.log(0.5)
    log_sf = np.where(below < log_half, np.log1p(-np.exp(np.minimum(below, log_half))), upper)
    log_sf += 0.0  # -0.0 becomes 0.0
    log_sf.flags.writeable = False
    return log_sf


def _step(log_pmf: FloatArray, size: int, n: int) -> FloatArray:
    """Intersect with one more random set of `size` elements: one hypergeometric step."""
    possible = np.flatnonzero(log_pmf > -np.inf)
    j_low, j_high = int(possible[0]), int(possible[-1])
    x_low, x_high = max(0, j_low - (n - size)), min(j_high, size)
    step = _HypergeometricTerms(log_pmf, size, n)
    result = np.full(len(log_pmf), -np.inf)
    for start in range(x_low, x_high + 1, _ROWS):
        stop = min(start + _ROWS, x_high + 1)
        first, last = max(j_low, start), min(j_high, stop - 1 + n - size)
        if last - first >= 2 * _ROWS:
            # The terms of a row, as a distribution over j, move up with x in likelihood-ratio order: what is
            # negligible below the first row's mass and above the last row's is so for all rows between.
            seen = _visible(step.terms(start, start + 1, first, last))
            first, past = first + int(seen[0]), max(j_low, stop - 1)
            last = past + int(_visible(step.terms(stop - 1, stop, past, last))[-1])
        result[start:stop] = _log_sum_exp(step.terms(start, stop, first, last))
    return result


class _HypergeometricTerms:
    """``log [P(j) C(j, x) C(n - j, L - x) / C(n, L)]`` for rectangles of x and j.

    In factorials the kernel is a product of a function of j, one of x, and one of ``j - x``:
    ``j! (n-j)! / C(n, L)``, ``1 / (x! (L-x)!)`` and ``1 / ((j-x)! (n-L-j+x)!)``.
    """

    def __init__(self, log_pmf: FloatArray, size: int, n: int) -> None:
        coarse, fine = log_factorials(n)
        self.n_outside = n - size
        j = np.arange(len(log_pmf))
        x = np.arange(min(len(log_pmf), size + 1))
        outside = np.arange(min(len(log_pmf), self.n_outside + 1))
        by_j, by_x, by_difference = [], [], []
        for log_factorial in (coarse, fine):
            log_total = log_factorial[n] - log_factorial[size] - log_factorial[n - size]
            by_j.append(log_factorial[j] + log_factorial[n - j] - log_total)
            by_x.append(log_factorial[x] + log_factorial[size - x])
            by_difference.append(log_factorial[outside] + log_factorial[self.n_outside - outside])
        (self.j_coarse, self.j_fine), (self.x_coarse, self.x_fine) = by_j, by_x
        self.d_coarse, self.d_fine = by_difference
        self.j_fine = self.j_fine + log_pmf

    def terms(self, start: int, stop: int, first: int, last: int) -> FloatArray:
        """Return the terms of rows x = start .. stop - 1 and columns j = first .. last (inclusive)."""
        width = last - first + 1
        # Differences j - x run from first - (stop - 1) to last - start; an impossible one gets log 1/0.
        differences = np.arange(first - stop + 1, last - start + 1)
        inside = (differences >= 0) & (differences < len(self.d_coarse))
        coarse, fine = np.full(len(differences), np.inf), np.zeros(len(differences))
        coarse[inside] = self.d_coarse[differences[inside]]
        fine[inside] = self.d_fine[differences[inside]]
        # Row x of the window view starts at difference first - x: reversed, as x grows.
        result = self.j_coarse[first : last + 1] - self.x_coarse[start:stop, None]
        result -= sliding_window_view(coarse, width)[::-1]
        result -= sliding_window_view(fine, width)[::-1]
        result += self.j_fine[first : last + 1]
        result -= self.x_fine[start:stop, None]
        return result


def _visible(row: FloatArray) -> NDArray[np.int64]:
    """Return the positions of the terms (shape (1, m)) that can be seen beside the largest."""
    return np.flatnonzero(row[0] > row.max() - _NEGLIGIBLE)


def _log_sum_exp(terms: FloatArray) -> FloatArray:
    """Return ``log sum exp`` over the columns; every row has at least one finite term."""
    largest = terms.max(axis=1, keepdims=True)
    terms -= largest
    np.exp(terms, out=terms)
    return largest[:, 0] + np.log(terms.sum(axis=1))
