"""Sentences of token ids put below each other in one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Together = Literal["any", "equal", "none"]
"""Which sentences may share a batch: any, those of equal length, or none."""


def place(
    sentences: Sequence[Sequence[int]], fill: int, *, left: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64] | None, NDArray[np.int64]]:
    """Put sentences below each other, filled up on the right or on the left.

    Returns
    -------
    ids, mask, positions
        As of `interlingua.models.batching.Padded`.
    begin
        Shape (S,), int64: the column of each sentence's first token.
    """
    lengths = np.array([len(ids) for ids in sentences])
    width = int(lengths.max())
    columns = np.arange(width)
    begin = width - lengths if left else np.zeros_like(lengths)
    inside = (columns >= begin[:, None]) & (columns < (begin + lengths)[:, None])
    ids = np.full(inside.shape, fill, dtype=np.int64)
    ids[inside] = np.concatenate([np.array(s, dtype=np.int64) for s in sentences])
    ragged = bool((lengths < width).any())
    positions = np.maximum(columns - begin[:, None], 0) if ragged and left else None
    return ids, inside.astype(np.int64), positions, begin
