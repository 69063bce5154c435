"""How many elements lie in at least d of k sets, against independent random sets of the same sizes.

The question beside the super exact test that needs no choice of sets: not "what do these seven languages
share?" but "how many units are shared by seven languages or more, whichever they are?"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.stats._hypergeom import FloatArray
from interlingua.stats._sets import check_points, check_sets, check_sizes, check_universe


@overload
def membership_sf(d: int, sizes: Iterable[int], n: int) -> float: ...
@overload
def membership_sf(d: Sequence[int] | NDArray[Any], sizes: Iterable[int], n: int) -> FloatArray: ...
def membership_sf(d: int | Sequence[int] | NDArray[Any], sizes: Iterable[int], n: int) -> float | FloatArray:
    """Probability that one given element lies in at least `d` of k independent random sets.

    The number of sets that hold it is Poisson-binomial with probabilities ``L_i / n``; the expected number of
    elements that lie in at least `d` sets is n times this.

    Parameters
    ----------
    d
        Number of sets, any integer or an array of them.
    sizes
        Sizes of the 1 to 100 sets, each in 0 .. n.
    n
        Size of the universe, 1 .. 1,000,000.

    Returns
    -------
    A float for a scalar `d`, else an array of its shape; relative error about 1e-14.

    Raises
    ------
    StatsError
        If a size or `n` is out of range or `d` is not whole.

    Examples
    --------
    >>> round(768 * membership_sf(7, [100] * 13, 768), 3)
    0.406
    """
    values = check_points(d, "d")
    n = check_universe(n)
    sizes = check_sizes(sizes, n)
    pmf = np.ones(1)
    for size in sizes:
        pmf = (np.append(pmf * (n - size), 0.0) + np.append(0.0, pmf * size)) / n
    sf = np.append(pmf[::-1].cumsum()[::-1], 0.0)
    sf[0] = 1.0
    result = sf[np.clip(values, 0, len(sf) - 1)]
    return float(result) if result.ndim == 0 else result


def simulate_degrees(sizes: Iterable[int], n: int, *, draws: int, seed: int) -> NDArray[np.int64]:
    """Draw, under the null of independent uniform sets, how many elements lie in at least d of the k sets.

    No set is ever drawn: all that matters is how many elements lie in 0, 1, 2 ... of the sets so far,
    and from which of these classes the next set takes its elements is multivariate hypergeometric.  The
    distribution is the exact one and the cost depends on k and `draws` only.

    Parameters
    ----------
    sizes
        Sizes of the 1 to 100 sets, each in 0 .. n.
    n
        Size of the universe, 1 .. 1,000,000.
    draws
        Number of draws, at least 1.
    seed
        Seed of the generator.

    Returns
    -------
    Array of shape (draws, k); column ``d - 1`` counts the elements that lie in at least d sets.

    Raises
    ------
    StatsError
        If a size, `n` or `draws` is out of range.
    """
    n = check_universe(n)
    sizes = check_sizes(sizes, n)
    if draws < 1:
        raise StatsError(f"draws must be at least 1; it is {draws}")
    rng = np.random.default_rng(seed)
    classes = np.zeros((len(sizes) + 1, draws), dtype=np.int64)
    classes[0] = n
    for i, size in enumerate(sizes):
        to_take = np.full(draws, size)
        not_seen = np.full(draws, n)
        taken = np.zeros_like(classes)
        for degree in range(i + 1):
            not_seen -= classes[degree]
            taken[degree] = rng.hypergeometric(classes[degree], not_seen, to_take)
            to_take -= taken[degree]
        classes -= taken
        classes[1:] += taken[:-1]
    return classes[:0:-1].cumsum(axis=0)[::-1].T


def degree_table(
    sets: Mapping[str, Iterable[int]] | Sequence[Iterable[int]],
    n: int,
    *,
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Count the elements that lie in at least d of the k sets, for every d, and compare with chance.

    Parameters
    ----------
    sets
        Elements of 1 to 100 sets, distinct integers in 0 .. n - 1, with or without names as in `superexact`.
    n
        Size of the universe, 1 .. 1,000,000.
    draws
        Number of random draws behind p.
    seed
        Seed of these draws.

    Returns
    -------
    One row for each d = 1 .. k with the columns

    - ``n_sets``: d;
    - ``observed``: elements that lie in d sets or more;
    - ``expected``: its exact mean under independent uniform sets, ``n P(D >= d)`` (`membership_sf`);
    - ``p``: Monte Carlo p-value, ``(1 + draws with at least as many) / (1 + draws)``, which is never below
      ``1 / (1 + draws)``.  At d = k, `superexact` has the exact one.

    Raises
    ------
    StatsError
        If elements or `n` or `draws` are out of range.

    Notes
    -----
    The null is that of the super exact test, with the same caveats.  The k rows are k tests.
    """
    n = check_universe(n)
    _, elements = check_sets(sets, n)
    sizes = check_sizes([len(members) for members in elements], n)
    memberships = np.bincount(np.concatenate(elements), minlength=n)
    n_sets = np.arange(1, len(sizes) + 1)
    observed = (memberships >= n_sets[:, None]).sum(axis=1)
    simulated = simulate_degrees(sizes, n, draws=draws, seed=seed)
    return pd.DataFrame(
        {
            "n_sets": n_sets,
            "observed": observed,
            "expected": n * membership_sf(n_sets, sizes, n),
            "p": (1 + (simulated >= observed).sum(axis=0)) / (1 + draws),
        }
    )
