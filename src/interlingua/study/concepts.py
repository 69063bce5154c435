"""Which words of a study are translations by its norms and by the user's own table of links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua import languages
from interlingua.contexts.table import issue_table
from interlingua.errors import ConfigError, LanguageError, NormsError
from interlingua.norms import normalise_gloss, read_table
from interlingua.norms.advice import Keys
from interlingua.norms.issues import first_of
from interlingua.norms.options import sentence_layout
from interlingua.study.sections import Concepts
from interlingua.units.concepts import named_groups

COLUMNS = ("language", "word", "concept")
#: A concept with a larger share of a study's words was probably chained together by words of several meanings.
LARGEST = 0.02

Word = tuple[str, str]


@dataclass(frozen=True)
class Linked:
    """The words of a study, and what they mean.

    Attributes
    ----------
    words
        A row a word: ``language, word, concept, origin``; the concept "" where neither norms nor user name one, and the
        origin "user", "norms" or "".
    issues
        What is to be told of them.
    """

    words: pd.DataFrame
    issues: pd.DataFrame


def link_words(words: pd.DataFrame, origins: Mapping[str, str], section: Concepts) -> Linked:
    """Return the concept of every word from all that the norms and the user's table say of it.

    Words with one name are of one concept, and so are names of one word, down the whole chain. English words are their
    own glosses where their norms have none.

    Parameters
    ----------
    words
        A row a word: ``language, word, concept``, as the norms or the user's sentences have it, and ``given``: whether
        the concept stands in the user's own file of sentences.
    origins
        Language to where its norms' concepts are from ("user", "norms", "").
    section
        Names the user's table, if there is one, and says how it is read.

    Raises
    ------
    ConfigError
        If that table can't be read, lacks a column or names a language that does not exist.
    """
    rows = [(str(row.language), str(row.word), str(row.concept), bool(row.given)) for row in words.itertuples()]
    names: dict[Word, list[str]] = {}
    origin: dict[Word, str] = {}
    for code, word, concept, given in rows:
        name = concept or (normalise_gloss(word) if code == "en" else "")
        names[code, word] = [name] if name else []
        if name:
            origin[code, word] = "user" if given else (concept and origins.get(code, "")) or "norms"
    issues: list[tuple[str, str, int, str]] = []
    if section.links is not None:
        for found, concept in _read_links(Path(section.links), section.links_options, list(names), issues):
            names[found].append(concept)
            origin[found] = "user"
    groups = named_groups(names)
    table = pd.DataFrame(
        [(*word, groups.get(word, ""), origin.get(word, "")) for word in names],
        columns=["language", "word", "concept", "origin"],
    ).astype("str")
    issues += _large(table)
    return Linked(table, issue_table(issues))


def _read_links(
    path: Path, options: Mapping[str, Any], words: list[Word], issues: list[tuple[str, str, int, str]]
) -> Iterable[tuple[Word, str]]:
    """Return the rows of the user's table that are about words of the study."""
    try:
        keys = Keys("concepts", "links_options")
        table = read_table(path, sentence_layout(options, keys), None, keys)
    except NormsError as error:
        raise ConfigError(f"concepts.links: {error}") from None
    there = [str(name) for name in table.columns]
    missing = [name for name in COLUMNS if name not in there]
    if missing:
        raise ConfigError(
            f"concepts.links: {path} has no column '{missing[0]}'; it needs {', '.join(COLUMNS)} and has "
            f"{', '.join(there)}"
        )
    exact = set(words)
    folded = {(code, languages.normalise(word, code)): (code, word) for code, word in reversed(words)}
    used = {code for code, _ in words}
    found: list[tuple[Word, str]] = []
    empty = 0
    strange: Counter[str] = Counter()
    unknown: dict[str, list[str]] = {}
    for row, cells in zip(table.index, table[list(COLUMNS)].itertuples(index=False), strict=True):
        tag, word, concept = (" ".join(str(cell).split()) for cell in cells)
        if not (tag and word and concept):
            empty += 1
            continue
        try:
            code = languages.get(tag).code
        except LanguageError as error:
            raise ConfigError(f"concepts.links: {path}, row {row}: {error}") from None
        key = (code, word) if (code, word) in exact else folded.get((code, languages.normalise(word, code)))
        if code not in used:
            strange[code] += 1
        elif key is None:
            unknown.setdefault(code, []).append(word)
        else:
            found.append((key, normalise_gloss(concept)))
    first = next(iter(used), "en")
    if empty:
        issues.append((first, "links: row without a language, word or concept", empty, path.name))
    if strange:
        more = f"{path.name}: {', '.join(sorted(strange))}"
        issues.append((first, "links: language that is not in the study", sum(strange.values()), more))
    for code, left in unknown.items():
        issues.append((code, "links: word that is not in the study", len(left), f"{path.name}: {first_of(left)}"))
    if not found:
        issues.append((first, "links: none is of a word of the study", 1, path.name))
    return found


def _large(table: pd.DataFrame) -> Iterable[tuple[str, str, int, str]]:
    """Yield an issue for each concept that holds too large a share of all words, and several of a language."""
    known = table[table["concept"] != ""]
    for concept, of_concept in known.groupby("concept", sort=True):
        if len(of_concept) <= LARGEST * len(table):
            continue
        counts = of_concept["language"].value_counts(sort=False)
        if counts.max() > 1:
            words = first_of([f"{row.word} ({row.language})" for row in of_concept.itertuples()])
            detail = f"'{concept}' has {len(of_concept)} of {len(table)} words, linked down a chain: {words}"
            yield str(counts.idxmax()), "large concept", len(of_concept), detail
