"""Old encodings of text: which ones a language's tables may have, and what tells that another one was meant."""

from __future__ import annotations

import codecs
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from interlingua import languages
from interlingua.errors import NormsError, suggest

_LATIN: Final = ("cp1252", "mac_roman", "cp850")
_CENTRAL: Final = ("cp1250", "iso8859_2", "cp852", "mac_latin2")
_BALTIC: Final = ("cp1257", "iso8859_13", "cp775")
_CYRILLIC: Final = ("cp1251", "koi8-r", "cp866", "iso8859_5", "mac_cyrillic")
#: By code of the language, the most usual first.
_BY_LANGUAGE: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("tr", "az"), ("cp1254", "iso8859_9", "cp857", "mac_turkish")),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sr"), _CENTRAL),
    **dict.fromkeys(("lt", "lv", "et"), _BALTIC),
    "uk": ("cp1251", "koi8-u", "cp1125", "iso8859_5", "mac_cyrillic"),
    "vi": ("cp1258",),
    "ko": ("cp949", "johab"),
}
#: By script, where the language has none of its own.
_BY_SCRIPT: Final[dict[str, tuple[str, ...]]] = {
    "Latn": _LATIN,
    "Cyrl": _CYRILLIC,
    "Grek": ("cp1253", "iso8859_7", "cp737", "mac_greek"),
    "Hebr": ("cp1255", "iso8859_8", "cp862"),
    "Arab": ("cp1256", "iso8859_6"),
    "Thai": ("cp874",),
    "Hans": ("gb18030", "big5"),
    "Hant": ("big5", "gb18030"),
    "Jpan": ("shift_jis", "cp932", "euc_jp"),
}
#: Letters beside a to z, so far as an encoding is to be told by them: those of the language, and those of its
#: neighbours that have the same place in every encoding that may be meant.
_WESTERN: Final = "àâäáãåæçèéêëìíîïñòóôöõøœùúûüßªº"
_LETTERS: Final[dict[str, str]] = {
    "tr": "çğıiöşüâîûé",
    "az": "çğıiöşüə",
    "pl": "ąćęłńóśźżäöüé",
    "cs": "áčďéěíňóřšťúůýžäöü",
    "sk": "áäčďéíĺľňóôŕšťúýžöü",
    "hu": "áéíóöőúüűä",
    **dict.fromkeys(("hr", "bs", "sl", "sr"), "čćđšžäöüé"),
    "ro": "ăâîșțşţéöü",
    "lt": "ąčęėįšųūžé",
    "lv": "āčēģīķļņōŗšūžé",
    "et": "õäöüšžé",
    "fi": f"{_WESTERN}šž",
    **dict.fromkeys(("is", "fo"), f"{_WESTERN}þðý"),
    "fr": f"{_WESTERN}ÿ",
}
#: Codecs of Python that are no encodings of a text, or encode it so that every file seems to be in them.
_NO_ENCODINGS: Final = frozenset({"undefined", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "charmap"})
_APOSTROPHES: Final = "’ʼ·‑–—"
_MORE: Final = "«»“”„‚‘…°´`"
_SHOWN = 3
_FREQUENT: Final = frozenset("оеаинтсрвл")
#: Where the frequent characters stand.
_FREQUENT_BYTES: Final = {
    "gb18030": ("gb2312", b"\xb0\xa1", b"\xd7\xf9"),
    "big5": ("big5", b"\xa4\x40", b"\xc6\x7e"),
}
#: So much more usual are the letters of one encoding than those of another, if it is the right one.
_CLEARLY = 0.5
_ENOUGH_LETTERS = 12


def check_encoding(name: str) -> None:
    """Raise NormsError unless Python knows an encoding of that name."""
    try:
        info = codecs.lookup(name)
        text = getattr(info, "_is_text_encoding", True) and info.name not in _NO_ENCODINGS
    except (LookupError, ValueError, UnicodeError):
        text = False
    if not text:
        known = ["utf-8", "utf-16", *dict.fromkeys(name for names in _BY_SCRIPT.values() for name in names)]
        raise NormsError(
            f"there is no encoding '{name}'{suggest(name, known)}; there are {', '.join(known)} and others"
        )


def is_unicode(name: str) -> bool:
    """Whether an encoding, that exists, is one of Unicode's."""
    return codecs.lookup(name).name.startswith("utf")


def encodings_of(language: str) -> tuple[str, ...]:
    """Return the encodings that tables of a language had before UTF-8, the most usual first; none for some scripts."""
    known = languages.get(language)
    own = _BY_LANGUAGE.get(known.code)
    if own is not None and (known.script == "Latn" or known.code in {"uk", "ko"}):
        return own
    return _BY_SCRIPT.get(known.script, ())


def likely_encodings(content: bytes, language: str) -> list[str]:
    """Return the encodings in which a file's content could be text of a language, the most likely first."""
    lines = [line for line in content.splitlines() if not line.isascii()][:2000]
    found = []
    for encoding in encodings_of(language):
        try:
            content.decode(encoding)
            text = "\n".join(line.decode(encoding) for line in lines)
        except UnicodeError:
            continue
        wrong = sum(1 for _ in foreign(text, language))
        found.append((wrong, -_usual(text, encoding), encoding))
    # Sorted by what they make of the text only: the more usual one stays first.
    return [encoding for _, _, encoding in sorted(found, key=lambda item: item[:2])]


def unicode_without_mark(content: bytes) -> str | None:
    """Return which UTF-16 a content without a byte-order mark is in, told by where its zero bytes are."""
    sample = content[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) / 20 or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _usual(text: str, encoding: str) -> float:
    """Return how usual a text's letters are, where an encoding makes letters of the same script of another's.

    By frequent ones, of Cyrillic also by case: what is small in one encoding is capital in the other. Rounded, so that
    only what is clear counts.
    """
    letters = [character for character in text if character.isalpha() and not character.isascii()]
    if not letters:
        return 0.0
    if encoding in _CYRILLIC or encoding in _BY_LANGUAGE["uk"]:
        frequent = sum(letter.lower() in _FREQUENT for letter in letters)
        return round((2 * frequent + sum(map(str.islower, letters)) / 2) / len(letters), 1)
    if encoding in _FREQUENT_BYTES:
        codec, first, last = _FREQUENT_BYTES[encoding]
        return round(sum(first <= letter.encode(codec, "ignore") <= last for letter in letters) / len(letters), 1)
    return 0.0


def foreign(text: str, language: str) -> Iterator[str]:
    """Yield the characters of a text that no word of a language has, as a wrong encoding makes them.

    They are letters beside a to z that neither it nor its neighbours have, and signs inside or at the edge of words.
    """
    for place, character in enumerate(text):
        if character.isascii():
            continue
        kind = unicodedata.category(character)
        before, after = (text[place - 1 : place] or " ").isalpha(), text[place + 1 : place + 2].isalpha()
        if kind[0] == "L":
            if not _is_letter_of(character, language):
                yield character
        elif kind == "Mn" or (character in _MORE and not (before and after)):
            continue
        elif (before or after) and character not in _APOSTROPHES and kind not in {"Zs", "Cf"}:
            yield character


@cache
def _is_letter_of(character: str, language: str) -> bool:
    known = languages.get(language)
    if known.script != "Latn":
        return languages.is_written_in(character, known) or character == "ー"
    letters = _LETTERS.get(known.code, _WESTERN if encodings_of(language) == _LATIN else "")
    if letters:
        return languages.lower(character, language) in letters or character.lower() in letters
    return unicodedata.name(character, "").startswith("LATIN")


def misread(words: Sequence[str], encoding: str, language: str) -> tuple[int, str] | None:
    """Say which words have letters that their language has not, and the encoding that was rather meant.

    Parameters
    ----------
    words : sequence of str
    encoding : str
        The one by which they were decoded.
    language : str

    Returns
    -------
    tuple of int and str, or None
        How many words, and which letters and words, ending with the encoding to give if there is a better one.
    """
    odd = {word: found for word in dict.fromkeys(words) if (found := list(foreign(word, language)))}
    if not odd:
        return _unusual(words, encoding, language)
    letters = [letter for letter, _ in Counter(letter for found in odd.values() for letter in found).most_common()]
    name = languages.get(language).name
    detail = f"{_few(letters)} in {_few(list(odd))}: letters and signs that {name} does not have"
    better = _better(list(odd), encoding, language)
    if better is not None:
        detail += f"; encoding = \"{better[0]}\" reads '{better[1]}' instead of '{next(iter(odd))}'"
    return len(odd), detail


def _unusual(words: Sequence[str], encoding: str, language: str) -> tuple[int, str] | None:
    """Say that words, all in the letters of their language, were meant to be in another encoding of these letters."""
    old = [word for word in dict.fromkeys(words) if not word.isascii()]
    given = _usual("".join(old), encoding)
    for other in encodings_of(language) if given else ():
        try:
            read = [word.encode(encoding).decode(other) for word in old]
        except UnicodeError:
            continue
        text = "".join(read)
        if len(text) < _ENOUGH_LETTERS or any(True for word in read for _ in foreign(word, language)):
            continue
        if _usual(text, other) - given >= _CLEARLY:
            name = languages.get(language).name
            better = f"encoding = \"{other}\" reads '{read[0]}' instead of '{old[0]}'"
            return len(old), f"{_few(old)}: letters that are seldom so in {name}; {better}"
    return None


def _better(words: Sequence[str], encoding: str, language: str) -> tuple[str, str] | None:
    """Return the encoding in which fewest of the words are odd, and what the first one is in it."""
    best: tuple[int, str, str] | None = None
    for other in encodings_of(language):
        try:
            read = [word.encode(encoding).decode(other) for word in words]
        except UnicodeError:
            continue
        wrong = sum(any(True for _ in foreign(word, language)) for word in read)
        if wrong < (best[0] if best else len(words)):
            best = wrong, other, read[0]
    return best[1:] if best else None


def _few(items: Iterable[str]) -> str:
    shown = list(items)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
