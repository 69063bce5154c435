"""The super exact test: do k sets share more elements than independent random sets of their sizes would?

Wang, Zhao and Zhang (2015), Efficient test and visualization of multi-set intersections, Scientific Reports
5:16923.  The paper of de Varda and Marelli uses it for the units that rank highest in several languages.  See
``docs/super-exact-test.md`` for when its null hypothesis holds and when it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.stats._hypergeom import FloatArray, intersection_log_pmf, intersection_log_sf
from interlingua.stats._moments import MAX_EXPECTED, log_sf_by_moments
from interlingua.stats._sets import check_points, check_sets, check_sizes, check_universe
from interlingua.stats._subsets import (
    IntArray,
    add_supersets,
    and_supersets,
    membership_masks,
    subset_names,
    subset_products,
    subset_sums,
)

MAX_SETS = 20
# Cells of the (closed sets x elements) tables from which members are read: 4 MB of bools at a time.
_CELLS = 4_000_000


@overload
def superexact_sf(x: int, sizes: Iterable[int], n: int, log: bool = False) -> float: ...
@overload
def superexact_sf(x: Sequence[int] | NDArray[Any], sizes: Iterable[int], n: int, log: bool = False) -> FloatArray: ...
def superexact_sf(
    x: int | Sequence[int] | NDArray[Any], sizes: Iterable[int], n: int, log: bool = False
) -> float | FloatArray:
    """Probability that independent random sets have at least `x` elements in common, ``P(X >= x)``.

    Note that this is ``>=``, the p-value of an observed overlap `x`; `scipy.stats` calls ``P(X > x)`` a
    survival function.

    Parameters
    ----------
    x
        Number of shared elements, any integer or an array of them.
    sizes
        Sizes of the 1 to 100 sets, each in 0 .. n; they need not be equal and their order does not matter.
    n
        Size of the universe that the sets are drawn from, 1 .. 1,000,000.
    log
        Return the natural logarithm, for probabilities below 1e-308.

    Returns
    -------
    A float for a scalar `x`, else an array of its shape.  Exact to a relative error of about 1e-12; 1 where
    fewer than `x` shared elements are impossible and 0 where `x` are.

    Raises
    ------
    StatsError
        If a size or `n` is out of range or `x` is not whole.

    Examples
    --------
    >>> round(superexact_sf(19, [100, 100], 768), 4)
    0.0448
    """
    values = check_points(x, "x")
    n = check_universe(n)
    log_sf = intersection_log_sf(tuple(sorted(check_sizes(sizes, n))), n)
    inside = log_sf[np.clip(values, 0, len(log_sf) - 1)]
    return _answer(np.where(values < len(log_sf), inside, -np.inf), log)


@overload
def superexact_pmf(x: int, sizes: Iterable[int], n: int, log: bool = False) -> float: ...
@overload
def superexact_pmf(x: Sequence[int] | NDArray[Any], sizes: Iterable[int], n: int, log: bool = False) -> FloatArray: ...
def superexact_pmf(
    x: int | Sequence[int] | NDArray[Any], sizes: Iterable[int], n: int, log: bool = False
) -> float | FloatArray:
    """Probability that independent random sets have exactly `x` elements in common, ``P(X = x)``.

    Parameters, result and errors are those of `superexact_sf`.

    Examples
    --------
    >>> round(superexact_pmf(1, [2, 2], 4), 12)
    0.666666666667
    """
    values = check_points(x, "x")
    n = check_universe(n)
    log_pmf = intersection_log_pmf(tuple(sorted(check_sizes(sizes, n))), n)
    inside = log_pmf[np.clip(values, 0, len(log_pmf) - 1)]
    return _answer(np.where((values >= 0) & (values < len(log_pmf)), inside, -np.inf), log)


def superexact(
    sets: Mapping[str, Iterable[int]] | Sequence[Iterable[int]],
    n: int,
    *,
    min_degree: int = 2,
    members: bool = True,
) -> pd.DataFrame:
    """Test every inclusive intersection of up to 20 sets.

    Parameters
    ----------
    sets
        Names and elements of 1 to 20 sets; a sequence without names is numbered ``"0"``, ``"1"``, ...
        Elements are distinct integers in 0 .. n - 1, names words without blanks.
    n
        Size of the universe, 1 .. 1,000,000.
    min_degree
        Smallest number of sets in an intersection.
    members
        Add the column `members`.  There is reason not to only where it runs to gigabytes: large sets in a
        large universe.

    Returns
    -------
    One row for each of the ``2^k - 1`` non-empty choices of sets that has at least `min_degree` of them, by
    degree and then in the order of `itertools.combinations`, with the columns

    - ``sets``: the names, joined by a blank, in the given order;
    - ``degree``: how many sets;
    - ``observed``: how many elements lie in all of them (and perhaps in others, too: inclusive);
    - ``expected``: ``n prod_i (L_i / n)``;
    - ``fe``: fold enrichment, observed / expected (NaN where a set is empty);
    - ``log_p``, ``p``: ``P(X >= observed)`` under independent uniform sets and its natural logarithm.  No
      correction for the number of rows;
    - ``members``: the shared elements in ascending order, joined by a blank; only if `members`.

    Raises
    ------
    StatsError
        If there are no sets or more than 20, fewer than `min_degree`, or elements that are not distinct
        integers in 0 .. n - 1.

    Notes
    -----
    Observed sizes come from one superset-sum transform over the 2^k masks of sets.  p is computed once for
    every distinct pair of (sizes, observed): by hypergeometric steps where more than 4 elements are expected,
    by the series of binomial moments where not (they agree to 11 digits).

    Examples
    --------
    >>> table = superexact({"en": [1, 2, 3], "es": [2, 3, 4], "fr": [3, 4, 5]}, n=10)
    >>> table[["sets", "observed", "expected", "members"]].to_string(index=False).splitlines()[-1].split()
    ['en', 'es', 'fr', '1', '0.27', '3']
    """
    n = check_universe(n)
    names, elements = check_sets(sets, n)
    k = len(names)
    if k > MAX_SETS:
        raise StatsError(f"{k} sets have 2^{k} - 1 intersections; superexact takes at most {MAX_SETS} sets")
    if not 1 <= min_degree <= k:
        raise StatsError(f"min_degree must lie in 1 .. {k}, the number of sets; it is {min_degree}")
    sizes = [len(of_set) for of_set in elements]

    element_masks = membership_masks(elements, n)
    observed = np.bincount(element_masks, minlength=2**k)
    add_supersets(observed)
    expected = subset_products([size / n for size in sizes], start=float(n))
    degree = np.bitwise_count(np.arange(2**k))

    rows = np.arange(2**k - 1, 0, -1)
    rows = rows[np.argsort(degree[rows], kind="stable")]
    rows = rows[degree[rows] >= min_degree]
    with np.errstate(invalid="ignore"):
        fe = observed[rows] / expected[rows]
    log_p = _log_p(rows, observed[rows], expected[rows], sizes, n)
    all_names = subset_names(names)
    columns: dict[str, Any] = {
        "sets": [all_names[row] for row in rows.tolist()],
        "degree": degree[rows].astype(np.int64),
        "observed": observed[rows],
        "expected": expected[rows],
        "fe": fe,
        "log_p": log_p,
        "p": np.exp(log_p),
    }
    if members:
        columns["members"] = _members(rows, element_masks, degree, min_degree)
    return pd.DataFrame(columns)


def _log_p(rows: IntArray, observed: IntArray, expected: FloatArray, sizes: Sequence[int], n: int) -> FloatArray:
    """Return ``log P(X >= observed)`` of every row (a mask of sets), answering each question once."""
    log_p = np.zeros(len(rows))
    shared = np.flatnonzero(observed)
    if not len(shared):
        return log_p
    # The multiset of an intersection's sizes as one number, with a digit for each distinct size: its count.
    distinct, kind, n_sets = np.unique(sizes, return_inverse=True, return_counts=True)
    place = np.concatenate([[1], np.cumprod(n_sets + 1)])
    codes = subset_sums(place[kind].tolist())[rows[shared]]
    base = int(observed.max()) + 1
    keys, example, where = np.unique(codes * base + observed[shared], return_index=True, return_inverse=True)
    codes, x = np.divmod(keys, base)
    counts = np.empty((len(keys), len(distinct)), dtype=np.int8)
    for i, n_sets_of_size in enumerate(n_sets):
        counts[:, i] = codes // place[i] % (n_sets_of_size + 1)
    mean = expected[shared[example]]
    rare = mean <= MAX_EXPECTED

    answers = np.empty(len(keys))
    answers[rare] = log_sf_by_moments(x[rare], counts[rare], distinct, mean[rare], n)
    questions = [(tuple(np.repeat(distinct, counts[i]).tolist()), i) for i in np.flatnonzero(~rare).tolist()]
    # Sorted, so that intersections which begin with the same sizes follow each other and share those steps.
    for sizes_, i in sorted(questions):
        answers[i] = intersection_log_sf(sizes_, n)[x[i]]
    log_p[shared] = answers[where]
    return log_p


def _members(rows: IntArray, element_masks: IntArray, degree: NDArray[np.uint8], min_degree: int) -> Any:
    """Return, for every row (a mask of sets), the elements that lie in all its sets, joined by blanks.

    Intersections have equal members exactly if they have the same closure, the AND of the masks of
    the elements in them; there are far fewer closures than intersections, so strings are made once for each.
    """
    elements = np.flatnonzero(degree[element_masks] >= min_degree)
    element_masks = element_masks[elements]
    closure = np.full(len(degree), -1)
    closure[element_masks] = element_masks
    and_supersets(closure)
    closed = np.flatnonzero((closure == np.arange(len(degree))) & (degree >= min_degree))

    labels = [str(element) for element in elements.tolist()]
    joined = [""]
    for part in np.array_split(closed, len(closed) * len(elements) // _CELLS + 1):
        holds = (element_masks & part[:, None]) == part[:, None]
        stops = np.cumsum(holds.sum(axis=1)).tolist()
        hits = [labels[element] for element in np.nonzero(holds)[1].tolist()]
        starts = [0, *stops]
        joined += [" ".join(hits[start:stop]) for start, stop in zip(starts, stops, strict=False)]

    position = np.zeros(len(degree) + 1, dtype=np.int64)  # the last one, for closure -1: no members
    position[closed] = np.arange(1, len(joined))
    return pd.Series(joined).array.take(position[closure[rows]])


def _answer(log_values: FloatArray, log: bool) -> float | FloatArray:
    values = log_values if log else np.exp(log_values)
    return float(values) if values.ndim == 0 else values
