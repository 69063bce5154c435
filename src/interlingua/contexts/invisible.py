"""Characters that nobody sees inside words: soft hyphens, blanks of no width, joiners where nothing is joined.

A model takes them for something, so that a word with one of them is another word to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from interlingua import languages

REMOVED: Final = "invisible characters removed"
DETAIL: Final = "sentences out of which soft hyphens, blanks of no width and the like were taken"

#: Soft hyphen, word joiner, byte-order mark, Mongolian vowel separator; zero-width space.
_ALWAYS: Final = "\u00ad\u2060\ufeff\u180e"
_ZERO_WIDTH_SPACE: Final = "\u200b"
#: Between two letters, a joiner or non-joiner.
_JOINERS: Final = r"(?<=[^\W\d_])[\u200c\u200d]+(?=[^\W\d_])"
#: Languages that mark the ends of words, where they do, with a zero-width space.
_PARTED: Final = frozenset({"th", "lo", "km", "my"})
#: Scripts whose letters are the same with and without a joiner.
_UNJOINED: Final = frozenset({"Latn", "Cyrl", "Grek", "Hebr", "Armn", "Geor", "Hans", "Hant", "Jpan", "Kore", "Thai"})


def removed_spans(text: str, language: str) -> list[tuple[int, int]]:
    """Return the (start, end) of the stretches of a text that are to be removed, mostly none."""
    if text.isascii():
        return []
    return [found.span() for found in _pattern(language).finditer(text)]


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return a text without some stretches of it."""
    pieces, last = [], 0
    for start, end in spans:
        pieces.append(text[last:start])
        last = end
    return "".join([*pieces, text[last:]])


def moved(offset: int, spans: Sequence[tuple[int, int]]) -> int:
    """Return where a place of a text is once these stretches are gone."""
    return offset - sum(min(end, offset) - start for start, end in spans if start < offset)


@cache
def _pattern(language: str) -> re.Pattern[str]:
    known = languages.get(language)
    always = _ALWAYS if known.code in _PARTED else _ALWAYS + _ZERO_WIDTH_SPACE
    return re.compile(f"[{always}]+" + (f"|{_JOINERS}" if known.script in _UNJOINED else ""))
