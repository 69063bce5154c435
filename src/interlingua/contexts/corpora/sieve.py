"""The sentences of lowest priority of every word at once, while one shard is read.

Matches are gathered and looked at by the hundred thousand, in columns: a match costs little more than its place in
a list, so that many words cost hardly more than few.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np

from interlingua.contexts.corpora.matching import Place
from interlingua.contexts.corpora.reservoir import Priorities, Reservoir, Sentence

#: Matches that wait to be looked at.
PENDING: Final = 200_000
_TOKENS_SHIFT: Final = 64


class Sieve:
    """Gathers the matches of one shard and keeps, for each word, the distinct sentences of lowest priority.

    Parameters
    ----------
    words
        The list that is searched; matches give numbers in it.
    capacity
        Sentences kept a word.
    priorities
        Gives a sentence its number for each word.
    shortest
        Whether shorter sentences come first.
    """

    def __init__(self, words: Sequence[str], capacity: int, priorities: Priorities, *, shortest: bool) -> None:
        self._capacity = capacity
        self._priorities = priorities
        self._shortest = shortest
        self._words = np.array([priorities.of_word(word) for word in words], dtype=np.uint64)
        self._full = np.zeros(len(words), dtype=bool)
        # No sentence with a higher hash can enter; not known where length comes before the hash.
        self._bounds = np.full(len(words), np.iinfo(np.uint64).max)
        # Sentences in the order in which they were read; the matches that wait, and how many each sentence has.
        self._sentences: list[Sentence] = []
        self._digests: list[int] = []
        self._matches: list[Place] = []
        self._per_sentence: list[int] = []
        # What is kept, one row a match: word, sentence (its number in the list), start, end; and its hash.
        self._rows = np.zeros((0, 4), dtype=np.int64)
        self._hashes = np.zeros(0, dtype=np.uint64)

    def add(self, sentence: Sentence, matches: list[Place]) -> None:
        """Take in a sentence with its matches, one a word; sentences come in the order of the shard."""
        self._sentences.append(sentence)
        self._digests.append(self._priorities.of_sentence(sentence.text))
        self._matches += matches
        self._per_sentence.append(len(matches))
        if len(self._matches) >= PENDING:
            self._settle()

    def reservoirs(self) -> dict[int, Reservoir]:
        """Return what is kept for each word that was found."""
        self._settle()
        reservoirs: dict[int, Reservoir] = {}
        for (word, place, start, end), hashed in zip(self._rows.tolist(), self._hashes.tolist(), strict=True):
            reservoir = reservoirs.get(word)
            if reservoir is None:
                reservoir = reservoirs[word] = Reservoir(self._capacity)
                reservoir.full = bool(self._full[word])
            sentence = self._sentences[place]
            first = sentence.tokens << _TOKENS_SHIFT if self._shortest else 0
            reservoir.offer((first | hashed, sentence, start, end))
        return reservoirs

    def _settle(self) -> None:
        if not self._matches:
            return
        known = len(self._sentences) - len(self._per_sentence)
        places = np.repeat(np.arange(len(self._per_sentence)), self._per_sentence)
        flat = np.fromiter(chain.from_iterable(self._matches), dtype=np.int64, count=3 * len(self._matches))
        word, start, end = flat.reshape(-1, 3).T
        digests = np.array(self._digests, dtype=np.uint64)[places]
        hashes = self._priorities.of_pairs(digests, self._words[word])
        enters = hashes <= self._bounds[word]
        self._full[word[~enters]] = True
        rows = np.column_stack([word, places + known, start, end])[enters]
        rows, hashes = np.concatenate([self._rows, rows]), np.concatenate([self._hashes, hashes[enters]])
        kept = self._lowest(rows[:, 0], rows[:, 1], hashes)
        self._rows, self._hashes = rows[kept], hashes[kept]
        used, self._rows[:, 1] = np.unique(self._rows[:, 1], return_inverse=True)
        self._sentences = [self._sentences[place] for place in used]
        self._digests, self._matches, self._per_sentence = [], [], []

    def _lowest(self, word: np.ndarray, place: np.ndarray, hashes: np.ndarray) -> np.ndarray:
        """Return which rows stay: of equal priorities the sentence that comes first, of each word the lowest few."""
        identity = np.array([sentence.identity for sentence in self._sentences], dtype=np.uint64)[place]
        keys = [hashes, word]
        if self._shortest:
            keys.insert(1, np.array([sentence.tokens for sentence in self._sentences])[place])
        order = np.lexsort((place, identity, *keys))
        changes = [np.append(True, np.diff(column[order]) != 0) for column in keys]
        other_word, distinct = changes[-1], np.logical_or.reduce(changes)
        order, other_word = order[distinct], other_word[distinct]
        first = np.flatnonzero(other_word)
        rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
        low = rank < self._capacity
        self._full[word[order[~low]]] = True
        kept: np.ndarray = order[low]
        if not self._shortest:
            last = kept[rank[low] == self._capacity - 1]
            self._bounds[word[last]] = hashes[last]
        return kept
