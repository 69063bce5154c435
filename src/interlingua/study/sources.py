"""From a study's entries to its sentences: norms and contexts of every language, down-sampled and split."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from interlingua.contexts import (
    Contexts,
    attach_ratings,
    carrier_contexts,
    concat,
    download_authors,
    downsample,
    duplicates,
    read_authors,
    read_contexts,
    split_by_word,
)
from interlingua.contexts.table import across, check_contexts, issue_table
from interlingua.errors import ConfigError, ContextsError, NormsError, reason
from interlingua.flow.spread import HERE, Spread
from interlingua.norms import (
    NormCard,
    Norms,
    describe_not_plain,
    get_card,
    load_norms,
    no_errors,
    part_plain,
    select_flat,
)
from interlingua.seeds import derive_seed
from interlingua.study.concepts import link_words
from interlingua.study.config import Study
from interlingua.study.sections import AUTHORS, CARRIERS, LanguageConfig

#: The card of the norms behind each language of the authors' files (Table 1 of the paper, and Finnish).
AUTHORS_NORMS = {
    "it": "it-montefinese-2014",
    "en": "en-warriner-2013",
    "nl": "nl-moors-2013",
    "es": "es-redondo-2007",
    "pl": "pl-imbir-2016",
    "hr": "hr-coso-2019",
    "fr": "fr-monnier-2014",
    "el": "el-palogiannidi-2016",
    "de": "de-schmidtke-2014",
    "pt": "pt-soares-2012",
    "tr": "tr-kapucu-2021",
    "zh": "zh-yao-2017",
    "id": "id-sianipar-2016",
    "fi": "fi-eilola-2010",
}

#: How readers say that a table lacks a variable.
_ABSENT = re.compile(r"no column|no ratings? of|no word has a rating|no known file")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Material:
    """All sentences of a study, and where their ratings come from.

    Attributes
    ----------
    contexts
        The table of `interlingua.contexts.Contexts`, every language of the study.
    cards
        The norm card of each language, where its ratings come from a table of norms.
    n_rated
        Words that the whole norm table of each language rates (missing where it was not read).
    available
        Rated words with sentences that each language has, of which the study may use fewer.
    concepts
        ``language, word, concept, origin``: a row a word, what it means and who says so ("user", "norms", "").
    errors
        ``language, word, variable, error, raters``: the standard error of a word's mean rating, where its norms tell.
    """

    contexts: Contexts
    cards: dict[str, NormCard]
    n_rated: dict[str, int]
    available: dict[str, int] = field(default_factory=dict)
    concepts: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["language", "word", "concept", "origin"])
    )
    errors: pd.DataFrame = field(default_factory=lambda: no_errors().assign(language=""))

    def language(self, code: str) -> pd.DataFrame:
        """Return one language's rows, numbered from 0 as its activations are."""
        table = self.contexts.table
        return table[table["language"] == code].reset_index(drop=True)

    def first_sentences(self, n: int) -> Material:
        """Return the material with the first `n` sentences of each word only (all of them where there are no more)."""
        table = self.contexts.table
        place = table.groupby(["language", "word"], sort=False).cumcount()
        if not (place >= n).any():
            return self
        fewer = table[place < n].reset_index(drop=True)
        return replace(self, contexts=Contexts(fewer, self.contexts.issues))

    def rated_languages(self, variable: str) -> list[str]:
        """Return the languages that have ratings of `variable`, in the study's order."""
        rated = self.contexts.table.groupby("language", sort=False)[variable].count()
        return [str(code) for code, count in rated.items() if count]


@dataclass(frozen=True)
class Read:
    """One language as its sources give it.

    Attributes
    ----------
    contexts
        Its sentences.
    card, n_rated, origin
        The norms' card, how many words these rate, and who says what words mean; None and "" where there are none.
    given
        The words whose concept stands in the user's own sentences.
    ratings
        ``word, <variable>...`` as the norms have them, before they are scaled; None where sentences carry ratings.
    errors
        How far its raters differ (`interlingua.norms.Norms.errors`).
    """

    contexts: Contexts
    card: NormCard | None = None
    n_rated: int | None = None
    origin: str = ""
    given: frozenset[str] = frozenset()
    ratings: pd.DataFrame | None = None
    errors: pd.DataFrame = field(default_factory=no_errors)


def gather(study: Study, cache_dir: Path, spread: Spread = HERE) -> Material:
    """Read the norms and sentences of every language of `study`.

    Parameters
    ----------
    study
        Which languages, and how they are sampled.
    cache_dir
        Where what is found in corpora is kept, and what is downloaded.
    spread
        Where corpora are searched.

    Raises
    ------
    NormsError, ContextsError
        If a source can't be read, or a target is not in its sentence.
    """
    return put_together(study, {code: read_language(study, code, cache_dir, spread) for code in study.languages})


def read_language(study: Study, code: str, cache_dir: Path, spread: Spread = HERE) -> Read:
    """Read the norms and sentences of one language, as `gather` does for all of them.

    Raises
    ------
    NormsError, ContextsError
        If a source can't be read, or a target is not in its sentence.
    """
    entry = study.languages[code]
    if entry.contexts == AUTHORS:
        return Read(_authors(study, code, cache_dir), get_card(AUTHORS_NORMS[code]))
    if entry.norms is None and entry.contexts != CARRIERS:
        own = _file(entry, code, entry.variables or study.variables)
        return Read(own, given=_with_concept(own))
    norms = language_norms(study, code)
    given: frozenset[str] = frozenset()
    if entry.corpus is not None:
        # Its readers are many, and most studies need none.
        from interlingua.study.corpus import corpus_contexts

        contexts = corpus_contexts(study, code, norms, cache_dir, spread)
    elif entry.contexts == CARRIERS:
        contexts = _carriers(study, code, norms)
    else:
        sentences = _file(entry, code)
        given = _with_concept(sentences)
        contexts = attach_ratings(sentences, norms.table, norms.variables)
    issues = [norms.issues.drop(columns="source"), contexts.issues]
    whole = Contexts(contexts.table, pd.concat(issues, ignore_index=True))
    return Read(whole, norms.card, len(norms.table), norms.concepts, given, norms.given, norms.errors)


def put_together(study: Study, read: Mapping[str, Read]) -> Material:
    """Return all languages of a study, down-sampled and split.

    Raises
    ------
    ContextsError
        If they don't go together.
    """
    parts = {code: one.contexts for code, one in read.items()}
    cards = {code: one.card for code, one in read.items() if one.card is not None}
    n_rated = {code: one.n_rated for code, one in read.items() if one.n_rated is not None}
    origins = {code: one.origin for code, one in read.items() if one.n_rated is not None}
    errors = [no_errors().assign(language=""), *(one.errors.assign(language=code) for code, one in read.items())]
    available = {code: _rated_words(contexts) for code, contexts in parts.items()}
    try:
        joined = concat(_same_size(study, parts).values())
        words = joined.table[["language", "word", "concept"]].drop_duplicates()
        pairs = zip(words["language"].tolist(), words["word"].tolist(), strict=True)
        own = [word in read[code].given for code, word in pairs]
        linked = link_words(words.assign(given=own), origins, study.concepts)
        table = joined.table.drop(columns="concept").merge(linked.words[["language", "word", "concept"]], how="left")
        table, short = _split(study, table)
        table = check_contexts(table, where="sentences of the study")
    except ContextsError as error:
        raise ContextsError(f"{error}{smallest(study, available)}") from None
    issues = [joined.issues, linked.issues, short, duplicates(table), across(table)]
    contexts, known = Contexts(table, pd.concat(issues, ignore_index=True)), pd.concat(errors, ignore_index=True)
    return Material(contexts, cards, n_rated, available, linked.words, known)


def _with_concept(contexts: Contexts) -> frozenset[str]:
    """Return the words whose concept stands in the user's own sentences."""
    return frozenset(contexts.table.loc[contexts.table["concept"] != "", "word"])


def _authors(study: Study, code: str, cache_dir: Path) -> Contexts:
    folder = download_authors(cache_dir) if study.data is None else Path(study.data)
    supplement = Path(study.supplement) if study.supplement else None
    return read_authors(folder, code, variables=study.variables, supplement=supplement)


def language_norms(study: Study, code: str) -> Norms:
    """Read the norms of one language as its entry says."""
    entry = study.languages[code]
    if entry.norms is None:
        raise ConfigError(
            f"languages.{code}: no norms; give norms = 'NAME' (see 'interlingua norms') or the path of a file"
        )

    def read(variables: Sequence[str]) -> Norms:
        return load_norms(
            str(entry.norms),
            language=code,
            columns=dict(entry.columns) or None,
            variables=variables,
            scale=study.sampling.scale,
            path=entry.file,
            options=dict(entry.options) or None,
        )

    return _read(read, code, entry.variables or study.variables, "columns")


def _read(read: Callable[[Sequence[str]], Value], code: str, variables: Sequence[str], key: str) -> Value:
    """Read one language's source of some variables; an error names the study's key that mends it.

    Raises
    ------
    InterlinguaError
        That of `read`. Where only some variables are at fault, with what to write if they are not rated there.
    """
    try:
        return read(variables)
    except (NormsError, ContextsError) as error:
        said = str(error)
        there = [name for name in variables if _ABSENT.search(said) and _can(read, name)]
        if there and len(there) < len(variables):
            absent = [name for name in variables if name not in there]
            theirs = ", ".join(f'{name} = "COLUMN"' for name in absent)
            said += (
                f"; if {' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not rated there, write "
                f"languages.{code}.variables = {json.dumps(there, ensure_ascii=False)}; if under another name, "
                f"languages.{code}.{key} = {{ {theirs} }}"
            )
        raise type(error)(f"languages.{code}: {said}") from error
    except OSError as error:  # longer than any path, on a disk that is gone
        kind = NormsError if key == "columns" else ContextsError
        raise kind(f"languages.{code}: {error.filename or 'its file'}: {reason(error)}") from error


def _can(read: Callable[[Sequence[str]], Any], variable: str) -> bool:
    try:
        read([variable])
    except (NormsError, ContextsError, OSError):
        return False
    return True


def _carriers(study: Study, code: str, norms: Norms) -> Contexts:
    words, left_out = part_plain(norms.table, code)
    issues = issue_table(
        [(code, "left out: not a plain word", len(left_out), describe_not_plain(left_out, code))]
        if len(left_out)
        else []
    )
    wanted = study.sampling.words
    if isinstance(wanted, int):
        by = norms.variables[:1] if study.sampling.flat else norms.variables
        words = words.dropna(subset=list(by), how="all")
        count = min(wanted, len(words)) if code in study.unseen else wanted
        if not 1 <= count <= len(words):
            raise ContextsError(
                f"language '{code}': {wanted} words are wanted, but its norms rate {len(words)} plain "
                f"words for {' or '.join(by)}; give a smaller sampling.words, or 'smallest'"
            )
        seed = derive_seed(study.seed, "words", code)
        if study.sampling.flat:
            words = select_flat(words, by[0], count, seed=seed)
        else:
            words = words.sample(count, random_state=seed).sort_index()
    contexts = carrier_contexts(words, code, frames=study.sampling.sentences, variables=norms.variables)
    return Contexts(contexts.table, pd.concat([issues, contexts.issues], ignore_index=True))


def _file(entry: LanguageConfig, code: str, variables: tuple[str, ...] = ()) -> Contexts:
    def read(rated: Sequence[str]) -> Contexts:
        return read_contexts(
            entry.contexts,
            language=code,
            columns={
                key: column for key, column in entry.context_columns.items() if key in rated or key not in variables
            },
            variables=rated,
            options=entry.context_options,
        )

    return _read(read, code, variables, "context_columns")


def _same_size(study: Study, parts: dict[str, Contexts]) -> dict[str, Contexts]:
    """Down-sample the seen languages to one size; unseen ones keep their words, as Finnish does in the paper."""
    sampling = study.sampling
    if sampling.words == "all":
        return parts
    seen = {code: parts[code] for code in study.seen}
    return {**parts, **downsample(seen, words=sampling.words, sentences=sampling.sentences, seed=study.seed)}


def _rated_words(contexts: Contexts) -> int:
    rated = contexts.table.dropna(subset=list(contexts.variables), how="all")
    return int(rated["word"].nunique())


def smallest(study: Study, available: Mapping[str, int]) -> str:
    """Return which language cuts all others to its size, as the end of a message; "" if none does."""
    seen = {code: available[code] for code in study.seen if code in available}
    if study.sampling.words != "smallest" or not seen:
        return ""
    code = min(seen, key=lambda code: seen[code])
    return (
        f"; sampling.words = 'smallest' gives every language as many words as the smallest has, which is '{code}' with "
        f"{seen[code]}: give it more words, or leave it out"
    )


def _split(study: Study, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the words of the seen languages, but for those whose source parts them itself, as the authors' files do.

    Returns
    -------
    tuple of DataFrame
        The table, and an issue for each language whose concepts can't be added up to its number of test words.
    """
    table = table.assign(split=table["split"].mask(table["language"].isin(study.unseen), "unseen"))
    own = table[["language", "split"]].drop_duplicates().groupby("language", sort=False)["split"].agg(set)
    codes = [code for code in study.seen if own[code] != {"train", "test"}]
    rows = table["language"].isin(codes)
    share = study.sampling.test_share
    if rows.any():
        parted = split_by_word(table[rows], test_share=share, seed=study.seed, by_concept=study.concepts.split)
        table.loc[rows, "split"] = parted["split"]
    short = []
    for code in codes:
        words = table[table["language"] == code].drop_duplicates("word")
        wanted, found = round(share * len(words)), int((words["split"] == "test").sum())
        if found < wanted:
            short.append(
                (code, "fewer test words", wanted - found, f"{found}, not {wanted}: concepts are kept together")
            )
    return table, issue_table(short)
