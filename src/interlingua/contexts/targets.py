"""Where a word stands in its sentence: character offsets, in whatever form the sentence has it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from interlingua import languages

#: Languages written without blanks between words, where a word is always "inside" something longer.
SPACELESS = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my"})

_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Target:
    """One place of a word in a text.

    Attributes
    ----------
    start, end
        ``text[start:end]`` is the word as it stands there.
    exact
        Whether it stands there in the very form that was searched, not in another case or normalisation.
    whole
        Whether it stands there as a word of its own, with no letter, digit or mark directly before or after.
    """

    start: int
    end: int
    exact: bool
    whole: bool


def fold(text: str, language: str) -> str:
    """Return `text` composed (NFC) and in the lower case of its language, every sigma as σ."""
    return languages.lower(text, language).replace("ς", "σ")


def find_targets(text: str, word: str, language: str) -> list[Target]:
    """Return every place of `word` in `text`, from left to right, whatever the case or the normalisation.

    A place never begins or ends inside a letter and its combining marks: "cafe" is not found in a decomposed
    "café".
    """
    folded, origin = fold_with_origin(text, language)
    wanted = fold(word, language)
    found = []
    at = folded.find(wanted) if wanted else -1
    while at != -1:
        start, end = origin.get(at), origin.get(at + len(wanted))
        if start is not None and end is not None:
            whole = not (_continues_word(text[start - 1 : start]) or _continues_word(text[end : end + 1]))
            found.append(Target(start, end, text[start:end] == word, whole))
        at = folded.find(wanted, at + 1)
    return found


def best_targets(text: str, word: str, language: str) -> list[Target]:
    """Return the places of the best kind there is: whole words before parts, the exact form before others."""
    found = find_targets(text, word, language)
    if not found:
        return []
    best = max((target.whole, target.exact) for target in found)
    return [target for target in found if (target.whole, target.exact) == best]


def token_span(text: str, index: int) -> tuple[int, int] | None:
    """Return the offsets of the token with this 0-based index in ``text.split(" ")``; None if there is none.

    Two blanks in a row hold an empty token between them, as in the authors' files.
    """
    tokens = text.split(" ")
    if not 0 <= index < len(tokens):
        return None
    start = sum(map(len, tokens[:index])) + index
    return start, start + len(tokens[index])


def target_at_index(text: str, index: int, word: str, language: str) -> tuple[Target, bool] | None:
    """Return the place of `word` that a 0-based word index means, and whether the index had to be mended.

    The token itself where it is the word (in any case); otherwise the nearest place of the best kind in the
    text. None where the word is not in the text.
    """
    span = token_span(text, index)
    if span is not None and span[0] < span[1]:
        token = text[span[0] : span[1]]
        if token == word or fold(token, language) == fold(word, language):
            return Target(*span, exact=token == word, whole=True), False
    meant = span[0] if span is not None else len(text)
    places = best_targets(text, word, language)
    if not places:
        return None
    return min(places, key=lambda target: abs(target.start - meant)), True


def fold_with_origin(text: str, language: str) -> tuple[str, dict[int, int]]:
    """Return the folded text, and for each of its letters' borders the position in `text`."""
    whole = fold(text, language)
    if len(whole) == len(text) and not any(map(_combines, text)):
        # Nothing to compose, and nothing has grown: character for character.
        return whole, {position: position for position in range(len(text) + 1)}
    pieces, origin, length = [], {0: 0}, 0
    for start, end in _letters(text):
        piece = fold(text[start:end], language)
        pieces.append(piece)
        length += len(piece)
        origin[length] = end
    return "".join(pieces), origin


def _letters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each character together with the combining marks (or Hangul jamo) that follow it."""
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not _combines(text[end]):
            yield start, end
            start = end


def _combines(character: str) -> bool:
    return unicodedata.combining(character) != 0 or "\u1160" <= character <= "\u11ff"


def _continues_word(neighbour: str) -> bool:
    return neighbour != "" and (
        neighbour.isalnum() or neighbour in _JOINERS or unicodedata.category(neighbour).startswith("M")
    )
