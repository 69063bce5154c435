"""The signs of the units at the top, of which sharing is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Signs = NDArray[np.int8]
"""A row a draw, a column a unit: its sign where it is among the top units, else 0."""


def top_signs(scores: NDArray[np.float64], k: int) -> Signs:
    """Return the sign of each of the `k` units with the largest |score| (ties by index), 0 for all others.

    Parameters
    ----------
    scores : ndarray, shape (width,) or (draws, width)
    k : int
    """
    best = np.argsort(-np.abs(scores), axis=-1, kind="stable")[..., :k]
    signs = np.zeros(scores.shape, dtype=np.int8)
    np.put_along_axis(signs, best, np.sign(np.take_along_axis(scores, best, axis=-1)).astype(np.int8), axis=-1)
    return signs


def signs_of_rankings(rankings: pd.DataFrame, k: int) -> dict[str, Signs]:
    """Return each language's signs of its top `k` units, shape (1, width), from one cell's rankings."""
    signs: dict[str, Signs] = {}
    for language, rows in rankings.groupby("language", sort=False):
        row = np.zeros((1, len(rows)), dtype=np.int8)
        top = rows[rows["rank"] <= k]
        row[0, top["index"].to_numpy()] = top["sign"].to_numpy()
        signs[str(language)] = row
    return signs
