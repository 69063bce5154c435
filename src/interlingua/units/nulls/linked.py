"""Which words of languages are translations of each other, so that permuted ratings move together.

Meaningless ratings that are equal for translations make languages share units that have nothing to do with the
rating's meaning, as the translations' activations are alike. Ratings that are permuted in each language by itself
do not. So the words of a concept are given the same place in every language's order of ratings.

Concepts can't change places as wholes: with many languages nearly each is rated in other languages than the next, so
that it could change places with none. Common places keep every link and each language's ratings, and move every
concept. Where ratings of translations differ they are drawn more alike than they are: it errs on the side of caution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.seeds import derive_seed

#: How far the words of one concept in one language are apart: they stand beside each other.
_BESIDE = 1e-9


@dataclass(frozen=True, eq=False)
class Linked:
    """The words of one language: those that move together with their translations, and the others.

    Attributes
    ----------
    concepts : tuple of (str, ndarray of int)
        By name, the same in every language: the words of each concept.
    n_words : int
        Words in all.
    seed : int
        That of the concepts' places: the same in every language.
    """

    concepts: tuple[tuple[str, NDArray[np.int64]], ...]
    n_words: int
    seed: int

    @classmethod
    def none(cls, n_words: int) -> Linked:
        """Return words of which none is linked."""
        return cls((), n_words, 0)

    @classmethod
    def of(cls, rows: pd.DataFrame, words: Sequence[str], *, seed: int) -> Linked:
        """Return the words of one language as the step `strata` found them.

        Parameters
        ----------
        rows : DataFrame
            `word, stratum, block`: the language's linked words; stratum and block together tell the concept.
        words : sequence of str
            The words in the order of their numbers.
        seed : int
            The same for all languages.

        Raises
        ------
        StatsError
            If a row's word is none of these, or a word has two rows.
        """
        number = {word: i for i, word in enumerate(words)}
        if rows["word"].duplicated().any():
            raise StatsError(f"the word {rows['word'][rows['word'].duplicated()].iloc[0]!r} is linked twice")
        unknown = set(rows["word"]) - set(number)
        if unknown:
            raise StatsError(f"the linked word {min(unknown)!r} is not among the language's training words")
        concepts = tuple(
            (f"{stratum}, {block}", np.array([number[word] for word in own["word"]], dtype=np.int64))
            for (stratum, block), own in rows.groupby(["stratum", "block"], sort=True)
        )
        return cls(concepts, len(words), seed)

    @property
    def n_linked(self) -> int:
        """How many words move together with their translations."""
        return sum(len(words) for _, words in self.concepts)

    def orders(self, ratings: NDArray[np.float64], draws: int, *, seed: int) -> NDArray[np.int64]:
        """Return from which word each word takes its rating.

        Every concept and every other word gets a number at random; the word with the k-th least number gets the k-th
        least rating.

        Parameters
        ----------
        ratings : ndarray, shape (n_words,)
            The words' ratings.
        draws, seed : int
            How many permutations, and the language's own seed, for words that are linked to none.

        Returns
        -------
        ndarray of int, shape (n_words, draws)
        """
        luck = np.random.default_rng(seed).random((self.n_words, draws))
        for name, words in self.concepts:
            common = np.random.default_rng(derive_seed(self.seed, name)).random(draws)
            luck[words] = common + _BESIDE * luck[words]
        place = luck.argsort(axis=0).argsort(axis=0)
        return np.asarray(np.argsort(ratings, kind="stable")[place])
