"""All subsets of k sets at once, as the 2^k bit masks ``0 .. 2^k - 1``.

The first set owns the highest bit, so among masks of one degree descending order is the order of
`itertools.combinations`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


def membership_masks(elements: Sequence[IntArray], n: int) -> IntArray:
    """Return, for each of the n elements, the mask of the sets that hold it."""
    masks = np.zeros(n, dtype=np.int64)
    for position, members in enumerate(reversed(elements)):
        masks[members] |= 1 << position
    return masks


def add_supersets(counts: IntArray) -> None:
    """Replace, in place, each mask's count by the sum over all masks that contain it (zeta transform)."""
    for without, with_bit in _halves(counts):
        np.add(without, with_bit, out=without)


def and_supersets(masks: IntArray) -> None:
    """Replace, in place, the value at each mask by the bitwise AND over all masks that contain it."""
    for without, with_bit in _halves(masks):
        np.bitwise_and(without, with_bit, out=without)


def _halves(values: IntArray) -> list[tuple[IntArray, IntArray]]:
    """Return, bit by bit, the views of the values without and with the bit."""
    views = [values.reshape(-1, 2, 1 << bit) for bit in range(len(values).bit_length() - 1)]
    return [(view[:, 0], view[:, 1]) for view in views]


def subset_sums(values: Sequence[int]) -> IntArray:
    """Return the sum of the values of the sets in every mask, shape (2^k,)."""
    sums = np.zeros(1, dtype=np.int64)
    for value in reversed(values):
        sums = np.concatenate([sums, sums + value])
    return sums


def subset_products(values: Sequence[float], start: float) -> NDArray[np.float64]:
    """Return `start` times the product of the values of the sets in every mask, shape (2^k,)."""
    products = np.array([start])
    for value in reversed(values):
        products = np.concatenate([products, products * value])
    return products


def subset_names(names: Sequence[str]) -> list[str]:
    """Return the names in every mask, joined by a blank, in the given order; length 2^k."""
    joined: list[str] = []
    for name in reversed(names):
        joined += [name, *(f"{name} {rest}" for rest in joined)]
    return ["", *joined]
