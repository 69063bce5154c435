"""What every reader yields, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from interlingua.contexts.corpora.readers.limits import Limits

#: Stands in a text where a template or a formula belonged to a sentence that is not whole without it.
HOLE = "\ufffc"
#: Stand where markup is left over that nothing closes, or that nothing opens: how much of the paragraph behind it, or
#: before it, is prose can't be told. No characters of Unicode, so no text has them of itself.
OPENED = "\ufdd3"
CLOSED = "\ufdd4"


@dataclass(frozen=True)
class Document:
    """One page, or one sentence of a corpus that comes in sentences.

    Attributes
    ----------
    text
        Each line is a paragraph; a line end never stands inside a sentence.
    page
        The page's title, or the number that the corpus gives the sentence; may be empty.
    url
        Its address; may be empty.
    index
        Its number in its shard, from 0.
    date
        When this version of the page was written (ISO 8601); empty where it is not known.
    sentence
        Whether the text is one sentence already, so that it must not be split.
    repaired
        What the reader mended in the text, by the names of `interlingua.contexts.corpora.shard.ODDITIES`.
    """

    text: str
    page: str
    url: str
    index: int
    date: str = ""
    sentence: bool = False
    repaired: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """How to read a corpus, where its files leave a choice.

    Attributes
    ----------
    encoding
        Of text files (Leipzig, CoNLL, JSON lines, plain text).
    columns
        What a Parquet or JSON lines file calls ``text``, ``page``, ``url`` and ``date``.
    sentences
        Whether each record is one sentence already; None: as is usual for the kind.
    paragraphs
        Of plain text: ``line`` (each line is a paragraph) or ``blank`` (hard-wrapped; a blank line parts them).
    limits
        How much is read at once.
    """

    encoding: str = "utf-8"
    columns: Mapping[str, str] = field(default_factory=dict)
    sentences: bool | None = None
    paragraphs: str = "line"
    limits: Limits = field(default_factory=Limits)
