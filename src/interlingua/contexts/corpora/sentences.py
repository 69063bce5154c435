"""Sentences of a text: sentencex, and behind it a filter that rejoins what it is known to part wrongly.

sentencex parts after ordinals ("19. yüzyılda", "13. stoljeća", "II. Dünya Savaşı"), after abbreviations that it
doesn't know ("No séc. XIX", "Jl. Sudirman") and inside others ("J.-C.", "a.C."). Pieces are only ever rejoined,
never parted further, so that every sentence is a stretch of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from interlingua import languages
from interlingua.contexts.corpora.habits import abbreviations, has_dotted_ordinals
from interlingua.contexts.corpora.readers.base import HOLE
from interlingua.errors import ContextsError

_SHORT_NUMBER: Final = re.compile(r"(?:^|[\s(–-])(?:\d{1,2}|[IVXLC]+)\.$")
_INITIAL: Final = re.compile(r"(?:^|[\s(])[^\W\d_]\.$")
_LONGEST_WORD: Final = 100
_STRETCH: Final = 20_000
_LAST_WORD: Final = re.compile(r"[^\s(\[«„“\"'’]+$")
#: A hole may stand for the first words of a sentence.
_OPENING: Final = frozenset("\"'«»“”„‘’‚‹›([¿¡—–-…「『《〈（【" + HOLE)
_CLOSING: Final = "\"'»”’›)]」』》〉）】“"
_FINAL: Final = tuple(".!?…。！？؟۔।॥။។")
_GREEK_QUESTION: Final = (";", "\u037e")
_BETWEEN: Final = (". ", "! ", "? ", "。", "！", "？", "؟ ", "۔", "।", "။", "។")
#: Languages that do not mark the end of a sentence.
_UNMARKED: Final = frozenset({"th", "lo"})


def sentence_spans(paragraph: str, language: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence of a paragraph, blanks around it left out.

    Parameters
    ----------
    paragraph
        Running text. Line ends and blanks are part of it: ``paragraph[start:end]`` is the sentence.
    language
        ISO 639 code of `interlingua.languages`; an unknown one is an error there.
    """
    start = end = 0
    for piece in _pieces(paragraph, language):
        if end > start and not _goes_on(paragraph[start:end], piece, language):
            yield from _trimmed(paragraph, start, end)
            start = end
        end += len(piece)
    yield from _trimmed(paragraph, start, end)


def _pieces(paragraph: str, language: str) -> Iterator[str]:
    """Yield what sentencex parts; of a long text a stretch at a time: its time grows with their square."""
    start, size = 0, _STRETCH
    while start < len(paragraph):
        pieces = _sentencex().segment(language, paragraph[start : start + size])
        if start + size < len(paragraph):
            if len(pieces) < 2:
                size *= 2
                continue
            pieces.pop()  # it may go on behind the stretch
        yield from pieces
        start += sum(map(len, pieces))
        size = _STRETCH


def is_fragment(paragraph: str, language: str) -> bool:
    """Return whether a paragraph is a heading, a caption or an item of a list: nothing in it ends a sentence."""
    if language in _UNMARKED:
        return False
    return not is_finished(paragraph, language) and not any(mark in paragraph for mark in _BETWEEN)


def is_finished(text: str, language: str) -> bool:
    """Return whether a text ends with what ends a sentence."""
    last = text.rstrip().rstrip(_CLOSING)
    return last.endswith(_FINAL) or (language == "el" and last.endswith(_GREEK_QUESTION))


def _goes_on(before: str, after: str, language: str) -> bool:
    """Return whether a sentence that seemed to end with `before` goes on with `after`."""
    if not after.strip():
        return True
    head = before.rstrip()
    if not head or "\n\n" in before[len(head) :]:
        return False
    is_blank_between = head != before or after[0].isspace()
    # Only the last word is looked at, and a stretch without blanks may be very long.
    head = head[-_LONGEST_WORD:]
    first = after.lstrip()[0]
    if first.islower() or not (first.isalnum() or first in _OPENING):
        return True
    if not head.endswith("."):
        return False
    word = _LAST_WORD.search(head)
    bare = languages.lower(word[0][:-1], language) if word else ""
    if not is_blank_between and len(bare.rpartition(".")[2]) <= 2:
        return True
    return bool(
        bare in abbreviations(language)
        or (_INITIAL.search(head) and head[-2].isupper())
        or (has_dotted_ordinals(language) and _SHORT_NUMBER.search(head))
    )


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    if left < len(piece):
        yield start + left, start + len(piece.rstrip())


@cache
def _sentencex() -> Any:
    try:
        import sentencex
    except ImportError:
        raise ContextsError(
            "splitting text into sentences needs sentencex; type: pip install 'interlingua[corpora]'"
        ) from None
    return sentencex
