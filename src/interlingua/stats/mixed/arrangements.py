"""Which draws of groups there are: all of them where they are few, random ones otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, permutations, product
from math import comb, factorial, prod

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Drawn:
    """Draws of as many groups as there are, with replacement.

    Attributes
    ----------
    groups : ndarray of int, shape (D, n)
        Different draws, each in order: which copy of a group comes first is all the same.
    weights : ndarray, shape (D,)
        How often each came, or how probable it is.
    exact : bool
        Whether they are all that there are.
    """

    groups: Indices
    weights: NDArray[np.float64]
    exact: bool

    def percentiles(self, values: NDArray[np.float64], percents: Sequence[float]) -> NDArray[np.float64]:
        """Return percentiles of a statistic of the draws, NaN left out.

        Of all draws, the least value with at least that probability up to it: what those of ever more random draws tend
        to. Of random draws, between two neighbours (`numpy.percentile`).
        """
        kept = ~np.isnan(values)
        if self.exact:
            weights = self.weights[kept]
            return np.percentile(values[kept], percents, weights=weights, method="inverted_cdf")
        return np.percentile(np.repeat(values[kept], self.weights[kept].astype(np.intp)), percents)

    def share(self, which: NDArray[np.bool_]) -> float:
        """Return how large a share of all draws some of them are."""
        return float(self.weights[which].sum() / self.weights.sum())


def n_multisets(n: int) -> int:
    """Return how many different draws of `n` groups out of `n`, with replacement, there are."""
    return comb(2 * n - 1, n)


def draw_groups(n: int, draws: int, rng: np.random.Generator) -> Drawn:
    """Draw `n` groups out of `n`, `draws` times, or in all ways if these are not more than `draws`.

    `rng` moves on by as much in both cases, so that what is drawn after does not depend on which it was.
    """
    taken = rng.integers(n, size=(draws, n))
    if n_multisets(n) > draws:
        different, times = np.unique(np.sort(taken, axis=1), axis=0, return_counts=True)
        return Drawn(different.astype(np.intp), times.astype(np.float64), exact=False)
    ways = np.array(list(combinations_with_replacement(range(n), n)), dtype=np.intp)
    counts = (ways[:, :, None] == np.arange(n)).sum(axis=1)
    orders = [factorial(n) / prod(factorial(int(count)) for count in row) for row in counts]
    return Drawn(ways, np.array(orders) / n**n, exact=True)


def n_orders(sizes: Sequence[int]) -> int:
    """Return how many ways there are to put groups in order within each of some sets of them."""
    return prod(factorial(size) for size in sizes)


def orders_of(sizes: Sequence[int], draws: int, rng: np.random.Generator) -> tuple[list[tuple[Indices, ...]], bool]:
    """Return orders of groups within each of some sets, the order as it is first, and whether they are all.

    All if these are not more than `draws`; otherwise the order as it is and `draws` random ones.
    """
    if n_orders(sizes) <= draws:
        return [tuple(np.array(order) for order in orders) for orders in _all(sizes)], True
    as_it_is = tuple(np.arange(size) for size in sizes)
    return [as_it_is, *(tuple(rng.permutation(size) for size in sizes) for _ in range(draws))], False


def _all(sizes: Sequence[int]) -> Iterator[tuple[tuple[int, ...], ...]]:
    return product(*(permutations(range(size)) for size in sizes))
