"""From cells to words: blanks, invisible characters, and what a spreadsheet has made of a word."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any, Final

import pandas as pd

from interlingua import languages
from interlingua.errors import NormsError
from interlingua.norms.card import Layout
from interlingua.norms.cells import Odd
from interlingua.norms.issues import Issues

#: They part or join letters, and belong to the word, in scripts that write letters together.
_JOINERS: Final = frozenset("\u200c\u200d")
_JOINED: Final = frozenset(
    {"Arab", "Beng", "Deva", "Gujr", "Guru", "Khmr", "Knda", "Mlym", "Mymr", "Orya", "Sinh", "Taml", "Telu", "Tibt"}
)
#: The combining grapheme joiner: invisible, though of another category.
_INVISIBLE: Final = frozenset("\u034f")
#: Marks of byte order and direction, which go from a word's edges as blanks do.
_BLANKS: Final = " \t\r\n\xa0"
_EDGES: Final = "\ufeff\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
#: Format characters that are written: signs above numbers and verses.
_VISIBLE: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_MONTHS: Final = (
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|mär|mrz|mai|okt|dez|janv|févr|fév|mars|avr|juin|juil|août"
    r"|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|fev|out|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara|янв|фев|мар|апр|май"
    r"|июн|июл|авг|сен|окт|ноя|дек)\.?"
)
#: What a date is in a text that a spreadsheet has written.
_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+)?|[0-9]{1,2}[./-][0-9]{1,2}[./-]([0-9]{2}|[0-9]{4})"
    r"|[0-9]{1,2}[. -]{1,2}(MONTH)|(MONTH)-[0-9]{1,4}".replace("MONTH", _MONTHS),
    re.IGNORECASE,
)
_REPLACEMENT: Final = "\ufffd"
#: What ends a line, which a cell in quotation marks may hold.
LINE_BREAK: Final = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_AS_TEXT: Final = "give the column the format text and type these words again"


def read_words(cells: pd.Series[Any], layout: Layout, language: str, file: Path, issues: Issues) -> list[str]:
    """Return the word of every cell, "" where there is none.

    Raises
    ------
    NormsError
        There are no words.
    """
    known = languages.get(language)
    words: list[str] = []
    found: dict[str, list[str]] = {}
    for row, cell in zip(cells.index.tolist(), cells.tolist(), strict=True):
        if type(cell) is str and cell.isalpha() and not layout.marker:  # as most are: nothing is odd about letters
            words.append(languages.lower(cell, known) if layout.lower else unicodedata.normalize("NFC", cell))
            continue
        word, kinds = _read(cell, layout, known)
        words.append(word)
        for kind in kinds:
            found.setdefault(kind, []).append(
                f"row {row}" + (f" ({_shown(str(cell), kind)})" if str(cell).strip() else "")
            )
    if not any(words):
        odd = next((kind for kind in found if kind != _NOTHING), "")
        raise NormsError(
            f"{file}: column '{layout.word}' holds no words{f', only such as {found[odd][0]}: {odd}' if odd else ''}"
        )
    for kind, advice in _KINDS.items():
        issues.add_items(kind, found.get(kind, []), advice)
    return words


_NOTHING: Final = "row without a word"
_GONE: Final = "{} in the column of words, left out"
_DATE_LIKE: Final = "word that looks like a date"
_REMOVED: Final = "invisible character removed from a word"
_BROKEN: Final = "line break within a word, read as a blank"
_LOST: Final = "replacement character in a word"
_NUMBER: Final = "number in the column of words"
_QUOTED: Final = "quotation marks around a word"
_TRUTH: Final = "truth value read as a word"
#: Every kind of issue, and what to do.
_KINDS: Final[dict[str, str]] = {
    _NOTHING: "",
    **dict.fromkeys(
        (_GONE.format(kind) for kind in ("date", "time", "duration")),
        f"the spreadsheet took a word for one; {_AS_TEXT}",
    ),
    _GONE.format("list"): "cells in a cell: write one word a row",
    _GONE.format("error"): f"the spreadsheet took a word for a formula; {_AS_TEXT}",
    _TRUTH: f"as true or false, though in another language's spreadsheet its own word was typed; {_AS_TEXT}",
    _NUMBER: f"read as it stands; if words were meant, {_AS_TEXT}",
    _DATE_LIKE: "read as it stands; a spreadsheet may have made it of a word",
    _REMOVED: "",
    _BROKEN: "a quotation mark may have closed at the wrong place",
    _QUOTED: "kept; if they only wrap the cell, no blank may stand before them",
    _LOST: "a letter that was lost when the file was written: find the original",
}


def _read(cell: Any, layout: Layout, language: languages.Language) -> tuple[str, list[str]]:
    """Return a cell's word, and which kinds of issue it is one of."""
    if isinstance(cell, Odd):
        if cell.kind == "truth value":
            return str(cell), [_TRUTH]
        return "", [_GONE.format(cell.kind)]
    word = unicodedata.normalize("NFC", str(cell)).strip(f"{_EDGES}{_BLANKS}")
    kinds = [_NUMBER] if isinstance(cell, int | float) else []
    visible = "".join(_kept(word, language.script))
    if LINE_BREAK.search(word):
        kinds.append(_BROKEN)
    # Blanks of every kind become one space.
    visible, word = " ".join(visible.split()), " ".join(word.split())
    if visible != word:
        kinds.append(_REMOVED)
        visible = unicodedata.normalize("NFC", visible)
    if layout.marker:
        visible = visible.removesuffix(layout.marker).rstrip()
    if not visible:
        return "", [_NOTHING]
    if len(visible) > 1 and visible[0] == visible[-1] == '"':
        kinds.append(_QUOTED)
    if _REPLACEMENT in visible:
        kinds.append(_LOST)
    if _DATE.fullmatch(visible):
        kinds.append(_DATE_LIKE)
    return languages.lower(visible, language) if layout.lower else visible, kinds


def _kept(word: str, script: str) -> list[str]:
    """Return the characters of a word that are seen, or make others look as they do."""
    if word.isascii() and word.isprintable():
        return list(word)
    kept = []
    for place, character in enumerate(word):
        if character in _JOINERS:
            around = word[max(place - 1, 0) : place + 2]
            inside = len(around) == 3 and not around[0].isspace() and not around[2].isspace()
            # Pictures are joined, too.
            if inside and (script in _JOINED or not (around[0].isalpha() and around[2].isalpha())):
                kept.append(character)
        elif character.isspace() or character in _VISIBLE or not is_invisible(character):
            kept.append(character)
    return kept


def is_invisible(character: str) -> bool:
    """Whether a character is not seen: a soft hyphen, blank of no width, mark of direction, control character."""
    return character in _INVISIBLE or unicodedata.category(character) in {"Cf", "Cc"}


def _shown(text: str, kind: str) -> str:
    """Return a cell's text, with what is invisible by its number."""
    if kind == _REMOVED:
        text = "".join(f"<U+{ord(c):04X}>" if is_invisible(c) and not c.isspace() else c for c in text)
    return " ".join(text.split())[:60]
