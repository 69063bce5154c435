"""One pass over one shard: the unit of work that processes and machines share out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from interlingua.contexts import invisible
from interlingua.contexts.corpora.corpus import Corpus, Shard
from interlingua.contexts.corpora.matching import Forms, Matcher, Segmenter
from interlingua.contexts.corpora.readers.base import CLOSED, HOLE, OPENED, Document
from interlingua.contexts.corpora.reservoir import Priorities, Reservoir, Sentence, identity
from interlingua.contexts.corpora.sentences import is_finished, is_fragment, sentence_spans
from interlingua.contexts.corpora.sieve import Sieve

Policy = Literal["reservoir", "shortest"]
#: What is counted for each word, in this order.
COUNTS = ("found", "fragment", "too_short", "too_long")
#: What is counted of all sentences read, whatever their words, and what an issue says of it.
ODDITIES = {
    "markup left over": "sentences read that were left out: around markup that nothing closes or opens (a note, a"
    " table, a template), which of the text is prose can't be told",
    "half a character": "documents with half of a pair of surrogates: U+FFFD stands in its place",
    invisible.REMOVED: invisible.DETAIL,
}
_REPORT_S = 1.0


@dataclass(frozen=True)
class Query:
    """What is searched, and which sentences are wanted.

    Attributes
    ----------
    words, language, forms, segmenter
        See `interlingua.contexts.corpora.matching.Matcher`.
    n
        Sentences a word.
    min_tokens, max_tokens
        Length of a sentence in words and marks.
    policy
        ``reservoir`` (a fair sample) or ``shortest``.
    fragments
        Whether headings, captions, items of lists and sentences with a hole count as sentences.
    seed
        Of the sample.
    """

    words: tuple[str, ...]
    language: str
    n: int = 15
    min_tokens: int = 4
    max_tokens: int = 100
    policy: Policy = "reservoir"
    forms: Forms = "exact"
    segmenter: Segmenter = "auto"
    fragments: bool = False
    seed: int = 0

    @property
    def capacity(self) -> int:
        """Distinct sentences kept a word while searching: spare ones stand in for near-duplicates."""
        return self.n + self.n // 2 + 5

    def reason_against(self, tokens: int, broken: str | None) -> str | None:
        """Return the name in `COUNTS` of the filter that takes a sentence, None if none does.

        `broken` is what `sentences_of` says of it.
        """
        if broken == "markup" or (broken and not self.fragments):
            return "fragment"
        if tokens < self.min_tokens:
            return "too_short"
        return "too_long" if tokens > self.max_tokens else None


@dataclass
class Tally:
    """What was found so far; tallies of shards add up to that of the corpus.

    Attributes
    ----------
    reservoirs
        Of each word that was found, by its number in the list.
    counts
        Shape (4, words): sentences of each word by `COUNTS`; ``found`` is all of them.
    sentences, documents, size
        Read so far; `size` in bytes of UTF-8 text.
    oddities
        Of the sentences read, how many had what `ODDITIES` names.
    """

    counts: np.ndarray
    reservoirs: dict[int, Reservoir] = field(default_factory=dict)
    sentences: int = 0
    documents: int = 0
    size: int = 0
    oddities: Counter[str] = field(default_factory=Counter)

    @classmethod
    def empty(cls, n_words: int) -> Tally:
        """Return a tally of nothing."""
        return cls(np.zeros((len(COUNTS), n_words), dtype=np.int64))

    def merge(self, other: Tally) -> None:
        """Add what another shard gave."""
        self.counts += other.counts
        for word, reservoir in other.reservoirs.items():
            if word in self.reservoirs:
                self.reservoirs[word].merge(reservoir)
            else:
                self.reservoirs[word] = reservoir
        self.sentences += other.sentences
        self.documents += other.documents
        self.size += other.size
        self.oddities.update(other.oddities)


def search_shard(
    corpus: Corpus, shard: Shard, query: Query, *, on_progress: Callable[[Tally], None] | None = None
) -> Tally:
    """Read one shard from its beginning to its end.

    Parameters
    ----------
    corpus, shard, query
        Where and what.
    on_progress
        Called about once a second with the tally so far.

    Raises
    ------
    ContextsError
        If the shard can't be read to its end: then nothing of it counts.
    """
    matcher = Matcher(query.words, query.language, forms=query.forms, segmenter=query.segmenter)
    shortest = query.policy == "shortest"
    sieve = Sieve(query.words, query.capacity, Priorities(query.seed), shortest=shortest)
    tally = Tally.empty(len(query.words))
    counts = {name: [0] * len(query.words) for name in COUNTS}
    found = counts["found"]
    reported = time.monotonic()
    for document in corpus.documents(shard):
        tally.documents += 1
        tally.size += len(document.text.encode())
        tally.oddities.update(document.repaired)
        for number, (read, broken) in enumerate(sentences_of(document, query.language)):
            tally.sentences += 1
            text = read
            if spans := invisible.removed_spans(read, query.language):
                text = invisible.without(read, spans)
                tally.oddities[invisible.REMOVED] += 1
            if broken == "markup":
                tally.oddities["markup left over"] += 1
            tokens, matches = matcher.places(text)
            if not matches:
                continue
            for match in matches:
                found[match[0]] += 1
            reason = query.reason_against(tokens, broken)
            if reason is not None:
                for match in matches:
                    counts[reason][match[0]] += 1
                continue
            place = (identity(text), shard.name, document.index, number, text, tokens)
            sieve.add(Sentence(*place, document.page, document.url, document.date), matches)
        if on_progress is not None and time.monotonic() - reported > _REPORT_S:
            reported = time.monotonic()
            on_progress(tally)
    tally.counts[:] = list(counts.values())
    tally.reservoirs = sieve.reservoirs()
    return tally


def sentences_of(document: Document, language: str) -> Iterator[tuple[str, str | None]]:
    """Yield (sentence, what it is where it is no whole one) in the order of the document.

    A ``fragment`` is a heading, an item of a list, or has a hole; ``markup`` stands where markup is left over, so that
    it can't be told whether it is prose at all.
    """
    if document.sentence:
        if text := document.text.strip():
            yield text, None
        return
    for paragraph in document.text.splitlines():
        if OPENED in paragraph or CLOSED in paragraph:
            yield from _around_markup(paragraph, language)
        else:
            yield from _sentences(paragraph, language)


def _sentences(paragraph: str, language: str) -> Iterator[tuple[str, str | None]]:
    fragment = is_fragment(paragraph, language)
    for start, end in sentence_spans(paragraph, language):
        sentence = paragraph[start:end]
        yield sentence, "fragment" if fragment or HOLE in sentence else None


def _around_markup(paragraph: str, language: str) -> Iterator[tuple[str, str | None]]:
    """Yield the sentences of a paragraph, those as ``markup`` that touch what is behind `OPENED` or before `CLOSED`."""
    plain = paragraph.replace(OPENED, "").replace(CLOSED, "")
    opened = len(paragraph.partition(OPENED)[0].replace(CLOSED, ""))
    closed = len(paragraph.rpartition(CLOSED)[0].replace(OPENED, ""))
    fragment = is_fragment(plain, language)
    # Brackets begin no sentence, so that one which ends in front of them would be joined with what they open.
    cut = opened if is_finished(plain[:opened], language) else 0
    for offset, piece in ((0, plain[:cut]), (cut, plain[cut:])):
        for start, end in sentence_spans(piece, language):
            sentence = piece[start:end]
            torn = offset + end > opened or offset + start < closed
            yield sentence, "markup" if torn else "fragment" if fragment or HOLE in sentence else None
