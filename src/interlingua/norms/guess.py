"""Which column of a table is which: by its name, in the languages that tables are published in, and by its cells."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Final

import pandas as pd

from interlingua import languages
from interlingua.errors import LanguageError
from interlingua.norms.header import Header

#: Parts of names of columns, by what they mean (``names.toml``).
_NAMES: Final = tomllib.loads(resources.files("interlingua.norms").joinpath("names.toml").read_text(encoding="utf-8"))
VARIABLES: Final = {name: frozenset(parts.split()) for name, parts in _NAMES["variables"].items()}
_WORDS, _MEANS, _SPREADS, _COUNTS, _OTHERS, _GROUPS = (
    frozenset(_NAMES[key].split()) for key in ("words", "means", "spreads", "counts", "others", "groups")
)
#: What a column beside the mean holds.
_BESIDE: Final = _SPREADS | _COUNTS | _OTHERS
_SPLIT: Final = re.compile(r"[^\w]+|_|(?<=[a-zà-ÿ])(?=[A-Z])|(?<=[a-z])(?=[0-9])")
#: Cells that are looked at.
_SAMPLE: Final = 300
#: A share of the cells from which on a column counts as one of texts.
_MOSTLY: Final = 0.5


@cache
def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of a column's name in lower case.

    >>> parts_of("V.Mean.Sum"), parts_of("ValenceM"), parts_of("Arousal / M")
    (('v', 'mean', 'sum'), ('valence', 'm'), ('arousal', 'm'))
    """
    return tuple(part.lower() for part in _SPLIT.split(name.strip()) if part)


def variable_of(name: str) -> str | None:
    """Return the variable whose mean a column holds by its name, None if it holds none that is known."""
    scores = {variable: score(name, variable) for variable in VARIABLES}
    best = max(scores, key=lambda variable: scores[variable])
    return best if scores[best] > 0 else None


def score(name: str, variable: str) -> int:
    """Return how well a column's name fits the mean rating of a variable; 0 or less if it does not."""
    parts = parts_of(name)
    known = VARIABLES.get(variable, frozenset()) | {variable.lower(), *parts_of(variable)}
    if "_".join(parts) == variable or name.lower() == variable:
        return 10
    said = [part for part in parts if part in known or (len(part) > 4 and part.rstrip("ms") in known)]
    if variable == "age_of_acquisition" and {"age", "acquisition"} <= set(parts):
        said = ["age"]
    if not said or _BESIDE & set(parts):
        return 0
    has_mean = bool(_MEANS & set(parts)) or any(part not in known for part in said)
    # "v" alone may be anything, and "M V" is the mean of valence.
    if max(map(len, said)) == 1 and not has_mean:
        return 0
    return 4 + 2 * has_mean - 3 * bool(_GROUPS & set(parts)) + bool({"all", "total", "sum"} & set(parts))


def _beside(name: str, variable: str, kind: frozenset[str]) -> int:
    """Return how well a column's name fits the spread or number of a variable's raters."""
    parts = set(parts_of(name))
    return 2 * bool(parts & kind) + bool(parts & kind and parts & VARIABLES.get(variable, frozenset({variable})))


def full_names(table: pd.DataFrame) -> list[str]:
    """Return the names of a table's columns with their groups."""
    header: Header | None = table.attrs.get("header")
    names = [str(name) for name in table.columns]
    return [*header.full, *names[len(header.full) :]] if header else names


def likely_column(ours: str, table: pd.DataFrame, language: str | None = None) -> int:
    """Return the column that most likely is what we call `ours`.

    That is "word", "text", "concept", a variable, or "sd.VARIABLE" and "raters.VARIABLE".
    """
    kind, _, variable = ours.rpartition(".")
    if ours == "text":
        lengths = [sum(len(str(cell)) for cell in table.iloc[:_SAMPLE, place]) for place in range(table.shape[1])]
        return lengths.index(max(lengths))
    if ours in {"word", "concept"}:
        return word_column(table, language)
    wanted = {"sd": _SPREADS, "raters": _COUNTS}.get(kind)
    scores = [
        score(name, variable) if wanted is None else _beside(name, variable, wanted) for name in full_names(table)
    ]
    if max(scores) > 0:
        return scores.index(max(scores))
    # Whatever comes behind the word.
    return min(word_column(table, language) + 1, len(scores) - 1)


def word_column(table: pd.DataFrame, language: str | None = None) -> int:
    """Return the column that most likely holds the words, 0 where none holds texts."""
    names = full_names(table)
    # Concepticon's glosses are English words, but of what words mean.
    places = [place for place, name in enumerate(names) if not name.startswith("CONCEPTICON")]
    found = [(_wordlike(table.iloc[:, place], language), place) for place in places]
    scores = [(likeness + _named(names[place], language), -place) for likeness, place in found if likeness > 0]
    return -max(scores)[1] if scores else 0


def _named(name: str, language: str | None) -> float:
    """Return how much a name speaks for words, and for words of the language rather than translations of them."""
    parts = parts_of(name)
    found = 0.6 * bool(_WORDS & set(parts) or any(part.rstrip("s") in _WORDS for part in parts))
    if {"class", "type", "length", "category"} & set(parts):
        found -= 0.6
    if language is not None:
        found += sum(_names_language(part, language) for part in parts)
    return found


def _names_language(part: str, language: str) -> float:
    """Return whether a part of a name names the language (0.5), another one (-0.5), or none (0)."""
    if len(part) < 3 or not part.isalpha():
        return 0.0
    try:
        other = languages.get(part)
    except LanguageError:
        other = None
    if other is None:
        other = next(
            (known for code in ("en", language) if (known := languages.get(code)).name.lower().startswith(part)), None
        )
    if other is None:
        return 0.0
    return 0.5 if other.code == languages.get(language).code else -0.5


def _wordlike(cells: Iterable[object], language: str | None) -> float:
    """Return the share of a column's cells that are words, by how many different ones it has."""
    texts = [str(cell).strip() for cell in list(cells)[:_SAMPLE] if str(cell).strip()]
    if not texts:
        return 0.0
    letters = [text for text in texts if any(map(str.isalpha, text)) and not any(map(str.isdigit, text))]
    if language is not None:
        known = languages.get(language)
        own = [text for text in letters if languages.is_written_in(text.replace(" ", ""), known)]
        letters = own or letters
    if len(letters) < _MOSTLY * len(texts):
        return 0.0
    return len(set(letters)) / len(texts) + 0.2 * _accented(letters, language)


def _accented(texts: Sequence[str], language: str | None) -> float:
    """Return the share of texts with letters beyond a to z, which tell a language from its English translation."""
    if language in (None, "en"):
        return 0.0
    return sum(not text.isascii() for text in texts) / len(texts)
