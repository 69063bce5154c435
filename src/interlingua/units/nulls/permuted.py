"""Permuted ratings: nothing is encoded anywhere, and what is shared comes from the activations alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.units.nulls.base import Null
from interlingua.units.nulls.registry import register


def permute_by_word(
    y: NDArray[np.float64], words: NDArray[np.integer], draws: int, *, seed: int
) -> NDArray[np.float64]:
    """Return `draws` permutations of the ratings among the words.

    Parameters
    ----------
    y : ndarray, shape (m,)
        Ratings; the same for all sentences of a word.
    words : ndarray of int, shape (m,)
        The word of each sentence, numbered from 0.
    draws, seed : int
        How many permutations, and their seed.

    Returns
    -------
    ndarray, shape (m, draws)

    Raises
    ------
    StatsError
        If two sentences of a word have different ratings.
    """
    n_words = int(words.max()) + 1
    ratings = np.full(n_words, np.nan)
    ratings[words] = y
    if not np.array_equal(ratings[words], y):
        raise StatsError("a word has more than one rating: permuting words needs one rating a word")
    rng = np.random.default_rng(seed)
    permuted = np.column_stack([rng.permutation(ratings) for _ in range(draws)])
    return permuted[words]


class Permuted(Null):
    """The ratings of a language permuted among its words."""

    name = "permuted"
    label = "permuted ratings"
    seed_label = "permuted ratings"
    says = "No language encodes the rating: its ratings are permuted among its words."
    order = 10

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
        """Return `permute_by_word`; `X` and `r` are not needed."""
        return permute_by_word(y, words, draws, seed=seed)


register(Permuted())
