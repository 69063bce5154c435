"""Languages by code: name, script, family, Wikipedia edition, and case that knows the language.

The facts stand in one table beside this module (``languages.tsv``): every language of mBERT and XLM-R
and a few more.  Codes are ISO 639-1, or ISO 639-3 where 639-1 has none; scripts ISO 15924; families
ISO 639-5 (as in Table 1 of de Varda & Marelli), but for Korean, to which 639-5 gives no group.
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import repeat
from typing import Final

from interlingua.errors import LanguageError, suggest

# Latin-script languages in which I and i are two letters: I/ı and İ/i.
_DOTTED_I: Final = frozenset({"tr", "az", "crh", "gag", "tt"})

_RIGHT_TO_LEFT: Final = frozenset({"Arab", "Hebr"})

# How the Unicode names of a script's letters begin.
_LETTER_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Ethi": ("ETHIOPIC",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Hans": ("CJK UNIFIED IDEOGRAPH",),
    "Hant": ("CJK UNIFIED IDEOGRAPH",),
    "Hebr": ("HEBREW",),
    "Jpan": ("CJK UNIFIED IDEOGRAPH", "HIRAGANA", "KATAKANA"),
    "Khmr": ("KHMER",),
    "Knda": ("KANNADA",),
    "Kore": ("HANGUL",),
    "Laoo": ("LAO",),
    "Latn": ("LATIN",),
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Orya": ("ORIYA",),
    "Sinh": ("SINHALA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Thai": ("THAI",),
}


@dataclass(frozen=True)
class Language:
    """A language in a script.

    Attributes
    ----------
    code : str
        ISO 639-1 code, or ISO 639-3 where there is none ("fi", "ceb"); the key used in every table.
    iso3 : str
        ISO 639-3 code ("fin"), or the macrolanguage's ("zho").
    name : str
        English name.
    script : str
        ISO 15924 code ("Latn").
    family, family_name : str
        ISO 639-5 code ("urj") and its English name ("Uralic").
    wikipedia : str
        Subdomain of its Wikipedia ("fi" in fi.wikipedia.org).
    """

    code: str
    iso3: str
    name: str
    script: str
    family: str
    family_name: str
    wikipedia: str

    @property
    def right_to_left(self) -> bool:
        """Whether its script runs from right to left."""
        return self.script in _RIGHT_TO_LEFT

    @property
    def tag(self) -> str:
        """Language and script, such as "fin-Latn"."""
        return f"{self.iso3}-{self.script}"


@dataclass(frozen=True)
class _Tables:
    languages: tuple[Language, ...]
    by_tag: dict[str, Language]
    scripts: dict[str, tuple[str, ...]]


@cache
def _tables() -> _Tables:
    """Read the table of languages once."""
    text = resources.files("interlingua").joinpath("languages.tsv").read_text(encoding="utf-8")
    languages: list[Language] = []
    by_tag: dict[str, Language] = {}
    scripts: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        written = tuple(row["scripts"].split())
        language = Language(
            code=row["code"],
            iso3=row["iso3"],
            name=row["name"],
            script=written[0],
            family=row["family"],
            family_name=row["family_name"],
            wikipedia=row["wikipedia"],
        )
        languages.append(language)
        scripts[language.code] = written
        aliases = row["aliases"].split("|") if row["aliases"] else []
        for tag in (language.code, language.iso3, language.name, *aliases):
            by_tag[tag.casefold()] = language
    return _Tables(tuple(languages), by_tag, scripts)


def all_languages() -> tuple[Language, ...]:
    """Return every known language, ordered by code."""
    return _tables().languages


def get(tag: str) -> Language:
    """Find a language by any of its names.

    Parameters
    ----------
    tag : str
        ISO 639-1 or 639-3 code, English name (case does not matter), or code and script
        ("fi", "fin", "Finnish", "fin-Latn", "zho-Hant").

    Returns
    -------
    Language
        With the script asked for; the usual one where none is.

    Raises
    ------
    LanguageError
        The language is not known, or not written in that script.
    """
    tables = _tables()
    wanted = tag.strip().replace("_", "-")
    found = tables.by_tag.get(wanted.casefold())
    if found is not None:
        return found
    base, _, script = wanted.rpartition("-")
    found = tables.by_tag.get(base.casefold()) if base else None
    if found is None:
        near = suggest(wanted.casefold(), tables.by_tag)
        raise LanguageError(
            f"'{tag}' is not a language that is known here{near}; "
            "use an ISO 639 code or English name, such as 'fi', 'fin', 'fin-Latn' or 'Finnish'"
        )
    written = {name.casefold(): name for name in tables.scripts[found.code]}
    if script.casefold() not in written:
        raise LanguageError(f"'{tag}': {found.name} is written in {' or '.join(written.values())}, not '{script}'")
    return replace(found, script=written[script.casefold()])


def _resolve(language: str | Language) -> Language:
    return language if isinstance(language, Language) else get(language)


def lower(word: str, language: str | Language) -> str:
    """Return the word in NFC and lower case as its language writes it.

    Turkish, Azerbaijani and their like keep dotted and dotless i apart (``IŞIK`` to ``ışık``,
    ``İNEK`` to ``inek``), a Greek sigma at the end of a word becomes ς, and a German sharp s stays
    one letter (``STRAẞE`` to ``straße``).
    """
    known = _resolve(language)
    text = unicodedata.normalize("NFC", word)
    if known.code in _DOTTED_I and known.script == "Latn":
        text = text.replace("İ", "i").replace("I", "ı")
    return unicodedata.normalize("NFC", text.lower())


def normalise(word: str, language: str | Language) -> str:
    """Return the key under which two spellings of one word meet: `lower`, blanks trimmed, ς as σ.

    Unlike `str.casefold` it neither turns ß into ss (Buße is not Busse) nor Turkish I into i.
    """
    return lower(word.strip(), language).replace("ς", "σ")


def is_written_in(word: str, language: str | Language) -> bool:
    """Whether a word consists of letters (and their marks) of the language's own script only.

    Digits, blanks, hyphens, apostrophes and letters of other scripts make it False, and so does an
    empty string.
    """
    prefixes = _LETTER_NAMES[_resolve(language).script]
    if not word or unicodedata.category(word[0])[0] != "L":
        return False
    return all(map(_belongs, word, repeat(prefixes)))


@cache
def _belongs(character: str, prefixes: tuple[str, ...]) -> bool:
    kind = unicodedata.category(character)
    name = unicodedata.name(character, "")
    if kind in {"Mn", "Mc"}:
        return name.startswith((*prefixes, "COMBINING"))
    # ー prolongs a Japanese vowel: a modifier letter that belongs to the word.
    return kind in {"Lu", "Ll", "Lt", "Lo", "Lm"} and name.startswith(prefixes) and character != "ـ"
