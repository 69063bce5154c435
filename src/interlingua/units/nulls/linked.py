"""Which words of languages are translations of each other, so that permuted ratings move together.

Meaningless ratings that are equal for translations make languages share units that have nothing to do with the
rating's meaning, as the translations' activations are alike. Ratings that are permuted in each language by itself
do not. So concepts change places with their words in all languages at once: only among concepts that are rated by the
same languages, as each word needs a rating.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.seeds import derive_seed


@dataclass(frozen=True, eq=False)
class Linked:
    """The words of one language: those that move together with their translations, and the others.

    Attributes
    ----------
    strata : tuple of (str, ndarray of int, shape (blocks, places))
        By name: the words of each concept (block) of the stratum. All languages of a stratum have the same concepts.
    alone : ndarray of int
        Words that are linked to none.
    seed : int
        That of the concepts' permutations: the same in every language.
    """

    strata: tuple[tuple[str, NDArray[np.int64]], ...]
    alone: NDArray[np.int64]
    seed: int

    @classmethod
    def none(cls, n_words: int) -> Linked:
        """Return words of which none is linked."""
        return cls((), np.arange(n_words), 0)

    @classmethod
    def of(cls, rows: pd.DataFrame, words: Sequence[str], *, seed: int) -> Linked:
        """Return the words of one language as the step `strata` found them.

        A concept that is alone in its stratum has none to change places with: its words count as linked to none.

        Parameters
        ----------
        rows : DataFrame
            `word, stratum, block, place`: the language's linked words.
        words : sequence of str
            The words in the order of their numbers.
        seed : int
            The same for all languages.

        Raises
        ------
        StatsError
            If a row's word is none of these, a word has two rows, or a stratum's concepts differ in their number of
            words.
        """
        number = {word: i for i, word in enumerate(words)}
        strata = []
        alone = np.ones(len(words), dtype=bool)
        if rows["word"].duplicated().any():
            raise StatsError(f"the word {rows['word'][rows['word'].duplicated()].iloc[0]!r} is linked twice")
        for name, of_stratum in rows.groupby("stratum", sort=True):
            table = of_stratum.pivot(index="block", columns="place", values="word")
            if table.isna().to_numpy().any():
                raise StatsError(f"the concepts of stratum {name!r} have different numbers of words")
            unknown = set(table.to_numpy().ravel()) - set(number)
            if unknown:
                raise StatsError(f"the linked word {min(unknown)!r} is not among the language's training words")
            if len(table) > 1:
                numbers = np.vectorize(number.__getitem__)(table.to_numpy())
                alone[numbers] = False
                strata.append((str(name), numbers))
        return cls(tuple(strata), np.flatnonzero(alone), seed)

    @property
    def n_linked(self) -> int:
        """How many words move together with their translations."""
        return sum(blocks.size for _, blocks in self.strata)

    def orders(self, draws: int, *, seed: int) -> NDArray[np.int64]:
        """Return from which word each word takes its rating.

        Parameters
        ----------
        draws, seed : int
            How many permutations, and the language's own seed, for words that are linked to none.

        Returns
        -------
        ndarray of int, shape (n_words, draws)
        """
        n_words = len(self.alone) + self.n_linked
        order = np.empty((n_words, draws), dtype=np.int64)
        rng = np.random.default_rng(seed)
        for draw in range(draws):
            order[self.alone, draw] = rng.permutation(self.alone)
        for name, blocks in self.strata:
            common = np.random.default_rng(derive_seed(self.seed, name))
            for draw in range(draws):
                order[blocks, draw] = blocks[common.permutation(len(blocks))]
        return order
