"""A fair sample of each word's distinct sentences, in one pass and bounded memory.

Each sentence has a priority, a number that is a function of the seed, the word and the sentence alone; the sample
is the sentences of lowest priority. So it does not matter in which order the sentences come, nor how the corpus
is cut into shards, nor how often a sentence repeats; and samples of parts merge into the sample of the whole
(bottom-k sampling: Cohen & Kaplan, 2007, https://doi.org/10.1145/1281100.1281133). With the priority a hash,
every subset of the distinct sentences is as likely as any other; with the number of tokens before the hash, it is
the shortest sentences that stay (the paper's way).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np

_HASH_BITS: Final = 64
_UNBOUNDED: Final = 2**256
#: A number, with its marks: 1.234,5 and 1945 are one "0" each.
_NUMBER: Final = re.compile(r"\d+(?:[.,:\u00a0\u202f’']\d+)*")
_DIGIT: Final = re.compile(r"\d")
_OPENING: Final = "\"'«»“”„‘’‚([{¿¡—–-"
_MOST_NAME_TOKENS: Final = 4
_MOST_UNCASED_TOKENS: Final = 2
_LEAST_SHARED: Final = 2
_LEAST_LONG: Final = 8


class Sentence(NamedTuple):
    """A sentence and where it stands; the earlier in this order stands for its repetitions.

    Attributes
    ----------
    identity
        Checksum of the very text, so that the choice among sentences that differ in numbers only is blind.
    shard, document, sentence
        Place: the shard's name, the document's number in it, the sentence's number in the document, from 0.
    text, tokens
        The sentence and its length in tokens.
    page, url, date
        What the document says of itself.
    """

    identity: int
    shard: str
    document: int
    sentence: int
    text: str
    tokens: int
    page: str
    url: str
    date: str


#: (priority, sentence, start, end): ``sentence.text[start:end]`` is the word. A plain tuple, which sorts fast.
Entry = tuple[int, Sentence, int, int]


class Reservoir:
    """The sentences of lowest priority among all that were offered.

    Parameters
    ----------
    capacity
        How many are kept. As many again may wait to be looked at, so that it is done seldom.
    """

    __slots__ = ("_entries", "bound", "capacity", "full")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        #: No sentence of a higher priority number can enter any more.
        self.bound = _UNBOUNDED
        #: Whether more distinct sentences were offered than are kept.
        self.full = False
        self._entries: list[Entry] = []

    def offer(self, entry: Entry) -> None:
        """Take a sentence in if its priority is among the lowest; of equal ones the earlier `Sentence` stays."""
        if entry[0] > self.bound:
            self.full = True
            return
        self._entries.append(entry)
        if len(self._entries) > 2 * self.capacity:
            self._settle()

    def entries(self) -> list[Entry]:
        """Return what is kept, by priority."""
        self._settle()
        return self._entries

    def merge(self, other: Reservoir) -> None:
        """Take in what another shard found; the order of merging does not matter."""
        for entry in other.entries():
            self.offer(entry)
        self.full = self.full or other.full

    def _settle(self) -> None:
        # In the order of priorities, and of places where those are equal.
        self._entries.sort()
        distinct: list[Entry] = []
        last = -1
        for entry in self._entries:
            if entry[0] != last:
                distinct.append(entry)
                last = entry[0]
        self.full = self.full or len(distinct) > self.capacity
        self._entries = distinct[: self.capacity]
        if len(self._entries) == self.capacity:
            self.bound = self._entries[-1][0]

    def distinct(self, *, uniform: bool) -> tuple[int, bool]:
        """Return how many distinct sentences were offered, and whether that is exact.

        Where it is not, it is the k-minimum-values estimate if priorities are uniform hashes (relative standard
        error 1 / sqrt(capacity - 2)), otherwise a lower bound.
        """
        entries = self.entries()
        if not self.full:
            return len(entries), True
        if not uniform or self.capacity < 2:
            return self.capacity + 1, False
        return round((self.capacity - 1) * 2**_HASH_BITS / (entries[-1][0] + 1)), False

    def sample(self, n: int, language: str) -> tuple[list[Entry], int]:
        """Return the first `n` sentences by priority, and how many near-duplicates were passed over on the way."""
        chosen: list[Entry] = []
        shapes = _Shapes()
        for entry in self.entries():
            if len(chosen) == n:
                break
            if shapes.enter(shape(entry[1].text, language)):
                chosen.append(entry)
        return chosen, shapes.refused


class _Shapes:
    """Shapes of sentences of which no two are near-duplicates.

    Near-duplicates of eight tokens and more share their first two tokens or their last three: the stretch of four
    in which they differ can't touch both. So of most sentences no pair needs to be looked at.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._all: list[list[str]] = []
        self._short: list[list[str]] = []
        self._ends: dict[tuple[str, ...], list[list[str]]] = {}

    def enter(self, tokens: list[str]) -> bool:
        """Take a shape in unless it is a near-duplicate of one that is there."""
        if any(near_duplicates(tokens, other) for other in self._near(tokens)):
            self.refused += 1
            return False
        self._all.append(tokens)
        if len(tokens) < _LEAST_LONG:
            self._short.append(tokens)
        for end in self._both_ends(tokens):
            self._ends.setdefault(end, []).append(tokens)
        return True

    def _near(self, tokens: list[str]) -> Iterable[list[str]]:
        if len(tokens) < _LEAST_LONG:
            return self._all
        ends = (other for end in self._both_ends(tokens) for other in self._ends.get(end, ()))
        return chain(self._short, ends)

    @staticmethod
    def _both_ends(tokens: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return ("^", *tokens[:2]), ("$", *tokens[-3:])


@dataclass(frozen=True)
class Priorities:
    """Gives sentences their hashes.

    Attributes
    ----------
    seed
        Another seed gives another sample.
    """

    seed: int

    def of_sentence(self, text: str) -> int:
        """Return the digest under which sentences meet that are the same but for numbers, blanks and case."""
        plain = _numbers_as_0(text).lower()
        if "  " in plain or not plain.isascii():  # other blanks than the usual one are not ASCII
            plain = " ".join(plain.split())
        return _digest(plain)

    def of_word(self, word: str) -> int:
        """Return the digest of a word; the seed enters here."""
        return _digest(f"{self.seed} {word}")

    def of_pairs(self, sentences: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Return the hashes of sentences for words, by their digests (uint64): other words draw other sentences.

        The two are mixed by the finaliser of SplitMix64 (Steele et al., 2014), which is one to one.
        """
        mixed: np.ndarray = sentences ^ words
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
        return mixed


def identity(text: str) -> int:
    """Return a checksum of the very text."""
    return crc32(text.encode())


def shape(text: str, language: str) -> list[str]:
    """Return what blanks part in a sentence, with each number as 0; its characters where no blanks part words."""
    plain = _numbers_as_0(text)
    if language in {"zh", "yue", "ja", "th", "lo", "km", "my"}:
        return list(plain.replace(" ", ""))
    return plain.split()


def near_duplicates(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two sentences, by their `shape`, are the same but for one stretch that may be a name.

    The stretch is up to four words that begin and end with a capital, or in scripts without capitals up to two
    words (or four characters of Chinese and its like); it may be missing from one of them.
    """
    shorter = min(len(one), len(other))
    if abs(len(one) - len(other)) > _MOST_NAME_TOKENS:
        return False
    head = _shared(zip(one, other, strict=False))
    if head == len(one) == len(other):
        return True
    tail = min(_shared(zip(reversed(one), reversed(other), strict=False)), shorter - head)
    return (
        head + tail >= _LEAST_SHARED
        and _may_be_name(one[head : len(one) - tail])
        and _may_be_name(other[head : len(other) - tail])
    )


def _numbers_as_0(text: str) -> str:
    return _NUMBER.sub("0", text) if _DIGIT.search(text) else text


def _shared(pairs: Iterable[tuple[str, str]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _may_be_name(stretch: Sequence[str]) -> bool:
    if not stretch:
        return True
    if len(stretch) > _MOST_NAME_TOKENS:
        return False
    # A name may stand in quotation marks or brackets.
    ends = [end.lstrip(_OPENING)[:1] for end in (stretch[0], stretch[-1])]
    if any(end.lower() != end.upper() for end in ends):
        return all(end.isupper() for end in ends)
    if not all(end.isalnum() for end in ends):
        return False
    return len(stretch) <= (_MOST_NAME_TOKENS if all(len(part) == 1 for part in stretch) else _MOST_UNCASED_TOKENS)


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
