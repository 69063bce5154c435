"""A fair sample of each word's distinct sentences, in one pass and bounded memory.

Each sentence has a priority, a number that is a function of the seed, the word and the sentence alone; the sample
is the sentences of lowest priority. So it does not matter in which order the sentences come, nor how the corpus
is cut into shards, nor how often a sentence repeats; and samples of parts merge into the sample of the whole
(bottom-k sampling: Cohen & Kaplan, 2007, https://doi.org/10.1145/1281100.1281133). With the priority a hash,
every subset of the distinct sentences is as likely as any other; with the number of tokens before the hash, it is
the shortest sentences that stay (the paper's way).
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

_HASH_BITS: Final = 64
#: A number, with its marks: 1.234,5 and 1945 are one "0" each.
_NUMBER: Final = re.compile(r"\d+(?:[.,:\u00a0\u202f’']\d+)*")
_BLANKS: Final = re.compile(r"\s+")
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_MOST_NAME_TOKENS: Final = 4
_MOST_UNCASED_TOKENS: Final = 2
_LEAST_SHARED: Final = 3


class Found(NamedTuple):
    """A sentence that holds a word, and where it stands; the earlier in this order stands for its repetitions.

    Attributes
    ----------
    identity
        Hash of the very text, so that the choice among sentences that differ in numbers only is blind.
    shard, document, sentence
        Place: the shard's name, the document's number in it, the sentence's number in the document, from 0.
    text, start, end
        The sentence; ``text[start:end]`` is the word.
    tokens
        Its length in tokens.
    page, url, date
        What the document says of itself.
    """

    identity: int
    shard: str
    document: int
    sentence: int
    text: str
    start: int
    end: int
    tokens: int
    page: str
    url: str
    date: str


class Reservoir:
    """The sentences of lowest priority among all that were offered.

    Parameters
    ----------
    capacity
        How many are kept.
    """

    __slots__ = ("_highest_first", "capacity", "entries", "full")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entries: dict[int, Found] = {}
        #: Whether more distinct sentences were offered than are kept.
        self.full = False
        self._highest_first: list[int] = []

    def wants(self, priority: int) -> bool:
        """Return whether a sentence of this priority would enter, as it stands."""
        if len(self._highest_first) < self.capacity or priority < -self._highest_first[0]:
            return True
        if priority in self.entries:
            return True
        self.full = True
        return False

    def offer(self, priority: int, found: Found) -> None:
        """Take a sentence in if its priority is among the lowest; of equal ones the earlier `Found` stays."""
        known = self.entries.get(priority)
        if known is not None:
            self.entries[priority] = min(known, found)
        elif len(self.entries) < self.capacity:
            self.entries[priority] = found
            heapq.heappush(self._highest_first, -priority)
        else:
            self.full = True
            if priority < -self._highest_first[0]:
                del self.entries[-heapq.heapreplace(self._highest_first, -priority)]
                self.entries[priority] = found

    def merge(self, other: Reservoir) -> None:
        """Take in what another shard found; the order of merging does not matter."""
        for priority, found in other.entries.items():
            self.offer(priority, found)
        self.full = self.full or other.full

    def distinct(self, *, uniform: bool) -> tuple[int, bool]:
        """Return how many distinct sentences were offered, and whether that is exact.

        Where it is not, it is the k-minimum-values estimate if priorities are uniform hashes (relative standard
        error 1 / sqrt(capacity - 2)), otherwise a lower bound.
        """
        if not self.full:
            return len(self.entries), True
        if not uniform or self.capacity < 2:
            return self.capacity + 1, False
        highest = max(self.entries)
        return round((self.capacity - 1) * 2**_HASH_BITS / (highest + 1)), False

    def sample(self, n: int, language: str) -> tuple[list[Found], int]:
        """Return the first `n` sentences by priority, and how many near-duplicates were passed over on the way."""
        chosen: list[Found] = []
        keys: list[list[str]] = []
        passed = 0
        for priority in sorted(self.entries):
            if len(chosen) == n:
                break
            found = self.entries[priority]
            tokens = shape(found.text, language)
            if any(near_duplicates(tokens, other) for other in keys):
                passed += 1
                continue
            chosen.append(found)
            keys.append(tokens)
        return chosen, passed


@dataclass(frozen=True)
class Priorities:
    """Gives sentences their priorities.

    Attributes
    ----------
    seed
        Another seed gives another sample.
    shortest
        Whether shorter sentences come first.
    """

    seed: int
    shortest: bool = False

    def of_sentence(self, text: str) -> bytes:
        """Return the digest under which sentences meet that are the same but for numbers, blanks and case."""
        plain = _BLANKS.sub(" ", _NUMBER.sub("0", text.lower()))
        return blake2b(plain.encode(), digest_size=16, salt=_salt(self.seed)).digest()

    def of_match(self, digest: bytes, word: bytes, tokens: int) -> int:
        """Return the priority of a sentence for one word: other words draw other sentences."""
        hashed = int.from_bytes(blake2b(digest + word, digest_size=8).digest(), "big")
        return (tokens << _HASH_BITS) | hashed if self.shortest else hashed


def identity(text: str) -> int:
    """Return a hash of the very text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def shape(text: str, language: str) -> list[str]:
    """Return a sentence's words and marks with each number as 0; characters where no blanks part words."""
    plain = _NUMBER.sub("0", text)
    if language in {"zh", "yue", "ja", "th", "lo", "km", "my"}:
        return list(plain.replace(" ", ""))
    return _TOKEN.findall(plain)


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
    ends = (stretch[0], stretch[-1])
    if any(end[0].lower() != end[0].upper() for end in ends):
        return all(end[0].isupper() for end in ends)
    if not all(end[0].isalnum() for end in ends):
        return False
    return len(stretch) <= (_MOST_NAME_TOKENS if all(len(part) == 1 for part in stretch) else _MOST_UNCASED_TOKENS)


def _salt(seed: int) -> bytes:
    return blake2b(str(seed).encode("ascii"), digest_size=16).digest()
