"""Codes of their own: every language encodes a rating as well as the real one, each in a direction of its own.

Permuted ratings are nowhere encoded. Languages that do encode a rating, but each in a direction of its own, can share
units because units go together in the same groups in every language.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.probes.design import column_scale
from interlingua.probes.subsets import WordMeans
from interlingua.units.nulls.base import Null
from interlingua.units.nulls.registry import register


def own_codes(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    words: NDArray[np.int64],
    r: float,
    draws: int,
    *,
    seed: int,
) -> NDArray[np.float64]:
    """Return ratings that the layer encodes as well as the real ones, each draw in a random direction.

    A draw is ``r s + sqrt(1 - r^2) e``: s the words' mean activations projected on a random direction (independent
    normal weights of the standardised units), e the ratings permuted among the words, both standardised.

    Parameters
    ----------
    X : ndarray, shape (m, width)
        Standardised activations.
    y : ndarray, shape (m,)
        Ratings.
    words : ndarray of int, shape (m,)
        The word of each sentence, numbered from 0.
    r : float
        How well the real ratings can be predicted for other words; below 0 counts as 0.
    draws, seed : int
        How many, and their seed.

    Returns
    -------
    ndarray, shape (m, draws)
        Mean 0 and SD 1 over words.
    """
    means = WordMeans.of(X, y, words)
    rng = np.random.default_rng(seed)
    signal = _standardised(means.X @ rng.normal(size=(X.shape[1], draws)))
    noise = _standardised(np.column_stack([rng.permutation(means.y) for _ in range(draws)]))
    strength = min(max(r, 0.0), 1.0)
    return np.asarray((strength * signal + np.sqrt(1 - strength**2) * noise)[words])


def _standardised(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    mean, scale = column_scale(columns)
    return (columns - mean) / scale


class OwnCodes(Null):
    """Ratings in a random direction of the language's activations, as well predicted as the real ones."""

    name = "own codes"
    label = "codes of their own"
    seed_label = "own codes"
    says = "Every language encodes a rating as well as the real one, but each in a random direction of its own."
    order = 20

    def draw(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        words: NDArray[np.int64],
        r: float | None,
        draws: int,
        *,
        seed: int,
    ) -> NDArray[np.float64]:
        """Return `own_codes`.

        Raises
        ------
        StatsError
            If `r` is not given.
        """
        if r is None:
            raise StatsError(f"the null {self.name!r} needs r: how well the real ratings are predicted for other words")
        return own_codes(X, y, words, r, draws, seed=seed)


register(OwnCodes())
