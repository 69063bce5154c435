"""What the functions on sets accept, and the errors for what they don't."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import index

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StatsError

MAX_UNIVERSE = 1_000_000
MAX_SIZES = 100


def check_universe(n: int) -> int:
    """Return `n` as an int in 1 .. 1,000,000."""
    try:
        n = index(n)
    except TypeError:
        raise StatsError(f"n, the size of the universe, must be a whole number, not {n!r}") from None
    if not 1 <= n <= MAX_UNIVERSE:
        raise StatsError(f"n, the size of the universe, must lie in 1 .. {MAX_UNIVERSE:,}; it is {n:,}")
    return n


def check_sizes(sizes: Iterable[int], n: int) -> tuple[int, ...]:
    """Return the sizes of 1 to 100 sets, each in 0 .. n, as a tuple."""
    try:
        checked = tuple(index(size) for size in sizes)
    except TypeError:
        raise StatsError(f"sizes must be whole numbers, one a set; got {sizes!r}") from None
    if not 1 <= len(checked) <= MAX_SIZES:
        raise StatsError(f"sizes must name 1 to {MAX_SIZES} sets; got {len(checked)}")
    for position, size in enumerate(checked):
        if not 0 <= size <= n:
            raise StatsError(f"sizes[{position}] is {size}: a set of {n} elements can hold 0 to {n} of them")
    return checked


def check_points(x: object, name: str) -> NDArray[np.int64]:
    """Return `x` as an int64 array of any shape, a scalar as shape ()."""
    values = np.asarray(x)
    if values.dtype.kind not in "iu":
        raise StatsError(f"{name} must be a whole number or an array of them; got {x!r}")
    return values.astype(np.int64)


def check_sets(
    sets: Mapping[str, Iterable[int]] | Sequence[Iterable[int]], n: int
) -> tuple[list[str], list[NDArray[np.int64]]]:
    """Return the names of the sets and their elements, checked to be distinct integers in 0 .. n - 1.

    Sets without names are called by their position, ``"0"``, ``"1"``, ...
    """
    named = sets if isinstance(sets, Mapping) else {str(i): members for i, members in enumerate(sets)}
    if not named:
        raise StatsError("no sets given: pass a mapping such as {'en': [3, 17], 'es': [17, 21]}")
    for name in named:
        if not isinstance(name, str) or not name or name.split() != [name]:
            raise StatsError(f"the name of a set must be a word without blanks; got {name!r}")
    return list(named), [_elements(name, members, n) for name, members in named.items()]


def _elements(name: str, members: Iterable[int], n: int) -> NDArray[np.int64]:
    elements = np.asarray(members if isinstance(members, np.ndarray) else list(members))
    if elements.size == 0:
        return np.zeros(0, dtype=np.int64)
    if elements.dtype.kind not in "iu" or elements.ndim != 1:
        raise StatsError(f"set {name!r}: elements must be whole numbers in 0 .. {n - 1}")
    for wrong in elements[(elements < 0) | (elements >= n)][:1]:
        raise StatsError(f"set {name!r}: element {wrong} lies outside the universe 0 .. {n - 1} (n = {n})")
    values, counts = np.unique(elements, return_counts=True)
    for twice in values[counts > 1][:1]:
        raise StatsError(f"set {name!r}: element {twice} is there more than once; list each element once")
    return values.astype(np.int64)
