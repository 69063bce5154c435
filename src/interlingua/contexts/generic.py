"""Sentences of one's own: a sentence and its word in each row of a CSV, TSV, XLSX or Parquet file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interlingua import languages
from interlingua.contexts import invisible
from interlingua.contexts.table import SPLITS, Contexts, check_contexts, context_ids, issue_table
from interlingua.contexts.targets import SPACELESS, best_targets, target_at_index
from interlingua.errors import ContextsError, NormsError, suggest
from interlingua.norms.advice import Keys
from interlingua.norms.cells import Odd
from interlingua.norms.columns import column_at
from interlingua.norms.concepts import normalise_gloss, rating_columns
from interlingua.norms.options import sentence_layout
from interlingua.norms.tables import read_table

_OPTIONAL = ("start", "end", "index", "split", "source", "context_id", "concept")
_MISSING = frozenset({"", "NA", "N/A", "NaN", "nan"})
#: Share of rows above which an `index` that misses its word is taken for something else than a word index.
_MOST = 0.5

_DETAILS = {
    "repaired target": "the index did not point at the word: its nearest place in the sentence was taken",
    "target at other form": "the word stands in its sentence in another form (capitals, inflection)",
    "ambiguous target": "the word stands in its sentence more than once: the first place was taken",
    "target inside a longer word": "the word was found only as a part of a longer one",
    invisible.REMOVED: invisible.DETAIL,
    "ratings differ within a word": "words whose sentences have different ratings",
}


@dataclass(frozen=True)
class _Rows:
    """The used columns of a file, under our names; the index is the row of the file."""

    path: Path
    code: str
    table: pd.DataFrame
    #: What was repaired in the file: kind, count, detail.
    repaired: Sequence[tuple[str, int, str]] = ()

    def __contains__(self, column: str) -> bool:
        return column in self.table.columns

    def at(self, row: int) -> str:
        return f"{self.path}, row {self.table.index[row]}"

    def texts(self) -> list[str]:
        """Return the sentences, blanks and all, without what is invisible in them."""
        return self._filled("text")

    def words(self) -> list[str]:
        return [cell.strip() for cell in self._filled("word")]

    def cells_with_invisible(self) -> int:
        """Return how many rows have something invisible in the sentence or the word."""
        found = [self.table[column].map(lambda cell: bool(self.invisible(cell))) for column in ("text", "word")]
        return int((found[0] | found[1]).sum())

    def invisible(self, cell: Any) -> list[tuple[int, int]]:
        return invisible.removed_spans(str(cell), self.code)

    def splits(self) -> list[str]:
        if "split" not in self:
            return ["train"] * len(self.table)
        splits = [str(cell).strip().lower() for cell in self.table["split"]]
        for row, split in enumerate(splits):
            if split not in SPLITS:
                raise ContextsError(f"{self.at(row)}: split {split!r} must be one of {', '.join(SPLITS)}")
        return splits

    def concepts(self) -> list[str]:
        if "concept" not in self:
            return [""] * len(self.table)
        return ["" if str(cell).strip() in _MISSING else normalise_gloss(cell) for cell in self.table["concept"]]

    def ratings(self, variable: str) -> list[float]:
        cells = self.table[variable].tolist()
        return [
            math.nan if str(cell).strip() in _MISSING else self._number(row, variable, cell)
            for row, cell in enumerate(cells)
        ]

    def whole_number(self, row: int, column: str) -> int:
        cell = self.table[column].iloc[row]
        value = self._number(row, column, cell)
        if not value.is_integer():
            raise ContextsError(f"{self.at(row)}: {column} is {cell!r}, which is not a whole number")
        return int(value)

    def _filled(self, column: str) -> list[str]:
        cells = [invisible.without(str(cell), self.invisible(cell)) for cell in self.table[column]]
        for row, cell in enumerate(cells):
            if not cell.strip():
                raise ContextsError(f"{self.at(row)}: the {column} is empty")
        return cells

    def _number(self, row: int, column: str, cell: Any) -> float:
        try:
            # Python takes "1_5" for 15.
            value = math.nan if "_" in str(cell) else float(cell)
        except (TypeError, ValueError):
            value = math.nan
        except OverflowError:  # an integer of hundreds of digits
            value = math.inf
        if not math.isfinite(value):
            kind = "a number that is finite" if math.isinf(value) else "a number"
            raise ContextsError(
                f"{self.at(row)}: {column} is {cell!r}, which is not {kind} (word '{self.table['word'].iloc[row]}')"
            )
        return value


def read_contexts(
    path: str | Path,
    *,
    language: str,
    columns: Mapping[str, str | int] | None = None,
    word_index: bool | None = None,
    variables: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Contexts:
    """Read sentences with their words from a CSV, TSV, XLSX or Parquet file.

    Parameters
    ----------
    path
        The file; what `interlingua.norms.tables.read_table` reads.
    language
        The language of all its sentences, any tag that `interlingua.languages.get` knows.
    columns
        What the file calls a column where the name differs, or its position from 0:
        ``{"text": "Sentence", "word": 3}``.
        ``text`` and ``word`` are needed. The place of the word is given by ``start`` and ``end`` (characters,
        from 0, end excluded), or by ``index`` (from 0, among the words that single blanks part), or else the
        word is searched in the text: whole words before parts of words, the exact form before other cases.
        ``split`` (train, test, unseen), ``source``, ``context_id`` and ``concept`` (what the word means, by a name that
        its translations share) are kept where they are there.
    word_index
        Whether the column ``index`` says where the word is. By default it does where there is one and no
        ``start``; with False it is left aside. A column whose numbers mostly miss the word is refused.
    variables
        Columns of ratings to read from this file; see `attach_ratings` for ratings by word.
    options
        Fields of `interlingua.norms.Layout` that say how the file is read: ``encoding``, ``separator``, ``quoted``,
        ``sheet``, ``header_row``, ``member``, ``most_megabytes``, ...

    Returns
    -------
    Contexts
        Rows grouped by word, in the order of the words' first rows. Without a column ``split`` every row is
        ``train`` until `interlingua.contexts.split_by_word` parts them. Issues count words found more than
        once in their sentence, inside longer words, or in another form, and indices that had to be mended.

    Raises
    ------
    ContextsError
        If the file can't be read, lacks a column, or a target is not in its sentence.
    """
    rows = _read_rows(Path(path), languages.get(language).code, columns or {}, variables, options or {})
    texts, words = rows.texts(), rows.words()
    counts: Counter[str] = Counter({invisible.REMOVED: rows.cells_with_invisible()})
    starts, ends = zip(*_spans(rows, texts, words, word_index, counts), strict=True)
    table = pd.DataFrame({"language": rows.code, "word": words, "text": texts, "start": starts, "end": ends})
    table["concept"] = rows.concepts()
    table["split"] = rows.splits()
    table["source"] = rows.table["source"].astype(str).tolist() if "source" in rows else rows.path.name
    for variable in variables:
        table[variable] = rows.ratings(variable)
    given = "context_id" in rows
    ids = rows.table["context_id"].astype(str).tolist() if given else context_ids(rows.code, table["word"])
    table.insert(0, "context_id", ids)
    if variables:
        ratings = table.groupby("word")[list(variables)].nunique()
        counts["ratings differ within a word"] = int((ratings > 1).any(axis=1).sum())
    by_word = np.argsort(pd.factorize(table["word"])[0], kind="stable")
    issues = [(rows.code, kind, count, detail) for kind, count, detail in rows.repaired]
    issues += [(rows.code, kind, counts[kind], detail) for kind, detail in _DETAILS.items() if counts[kind]]
    return Contexts(check_contexts(table.iloc[by_word], where=str(path)), issue_table(issues))


def attach_ratings(contexts: Contexts, norms_table: pd.DataFrame, variables: Sequence[str]) -> Contexts:
    """Add the ratings of each sentence's word from a table of norms.

    A word is looked up as it is written and, failing that, without regard to case and normalisation.

    Parameters
    ----------
    contexts
        Sentences of one language, without columns of these variables.
    norms_table
        The table of `interlingua.norms.Norms`: ``word`` and a column for each variable.
    variables
        The variables to add.

    Returns
    -------
    Contexts
        The same rows with a float64 column for each variable, NaN where the norms do not rate the word, and with the
        concept that the norms know where the sentences say none; an issue counts the words that no variable rates.

    Raises
    ------
    ContextsError
        If the norms lack a variable, the sentences have it already, are of several languages, or none of
        their words is in the norms.
    """
    table = contexts.table
    if len(contexts.languages) != 1:
        several = ", ".join(contexts.languages)
        raise ContextsError(f"ratings are added to one language at a time, not to {several}")
    (code,) = contexts.languages
    for variable in variables:
        check_variable(variable, norms_table, code)
        if variable in table.columns:
            raise ContextsError(f"the sentences of language '{code}' have ratings of '{variable}' already")
    # Backwards, so that the first of several entries that meet under one key stays.
    exact = {word: row for row, word in reversed(list(enumerate(norms_table["word"])))}
    folded = {languages.normalise(word, code): row for word, row in exact.items()}
    row_of = {word: exact.get(word, folded.get(languages.normalise(word, code), -1)) for word in table["word"].unique()}
    rows = table["word"].map(row_of).to_numpy(dtype=np.int64)
    if (rows < 0).all():
        raise ContextsError(
            f"none of the {len(row_of)} words of language '{code}' is in its norms; is it the right file?"
        )
    rated = table.copy()
    if "concept" in norms_table.columns:
        of_norms = np.where(rows < 0, "", norms_table["concept"].to_numpy(dtype=object)[rows])
        rated["concept"] = np.where(rated["concept"] == "", of_norms, rated["concept"])
    for variable in variables:
        ratings = norms_table[variable].to_numpy(dtype=np.float64)
        rated[variable] = np.where(rows < 0, np.nan, ratings[rows])
    unrated = rated.loc[rated[list(variables)].isna().all(axis=1), "word"].unique()
    issues = contexts.issues
    if len(unrated):
        detail = f"words that the norms do not rate, such as {', '.join(unrated[:3])}"
        found = issue_table([(code, "word not rated", len(unrated), detail)])
        issues = pd.concat([issues, found], ignore_index=True)
    return Contexts(rated, issues)


def check_variable(variable: str, norms_table: pd.DataFrame, code: str) -> None:
    """Raise ContextsError unless the norms of a language have this variable."""
    known = rating_columns(norms_table)
    if variable not in known:
        raise ContextsError(
            f"the norms of language '{code}' have no variable '{variable}'{suggest(variable, known)};"
            f" they have {', '.join(known)}"
        )


def _read_rows(
    path: Path, code: str, columns: Mapping[str, str | int], variables: Sequence[str], options: Mapping[str, Any]
) -> _Rows:
    keys = Keys.of_sentences(code)
    allowed = ("text", "word", *_OPTIONAL, *variables)
    for ours in columns:
        if ours not in allowed:
            raise ContextsError(
                f"{path}: there is no use for a column '{ours}'{suggest(ours, allowed)};"
                f" the columns that can be named are {', '.join(allowed)}"
            )
    try:
        table = read_table(path, sentence_layout(options, keys), code, keys)
    except NormsError as error:
        raise ContextsError(str(error)) from error
    there = [str(column) for column in table.columns]
    used = {}
    for ours in allowed:
        theirs = columns.get(ours, ours)
        if theirs in there or ours in columns or ours not in _OPTIONAL:
            cells = table.iloc[:, _place(table, theirs, path, ours)]
            if any(isinstance(cell, Odd) and cell.kind == "list" for cell in cells):
                raise ContextsError(f"{path}: column '{theirs}' holds lists: write one {ours} a row")
            used[ours] = cells
    return _Rows(path, code, pd.DataFrame(used), table.attrs.get("issues", ()))


def _place(table: pd.DataFrame, column: str | int, path: Path, ours: str) -> int:
    try:
        return column_at(table, column, path, ours)
    except NormsError as error:
        raise ContextsError(str(error)) from error


def _spans(
    rows: _Rows, texts: Sequence[str], words: Sequence[str], word_index: bool | None, counts: Counter[str]
) -> list[tuple[int, int]]:
    """Return the offsets of each row's word, by the best information that the file has."""
    if ("start" in rows) != ("end" in rows):
        there, missing = ("start", "end") if "start" in rows else ("end", "start")
        raise ContextsError(f"{rows.path}: column '{there}' needs a column '{missing}' beside it")
    if word_index and "index" not in rows:
        raise ContextsError(f"{rows.path}: no column 'index' to take the words' indices from")
    if "start" in rows and not word_index:
        return [_given(rows, row, word, counts) for row, word in enumerate(words)]
    if "index" not in rows or word_index is False:
        return [_searched(rows, row, text, words[row], counts) for row, text in enumerate(texts)]
    spans = [_indexed(rows, row, text, words[row], counts) for row, text in enumerate(texts)]
    if counts["repaired target"] > _MOST * len(spans):
        raise ContextsError(
            f"{rows.path}: column 'index' misses the word in {counts['repaired target']} of {len(spans)}"
            " rows, so it is no word index from 0; rename it, and the words are searched in their sentences"
        )
    return spans


def _given(rows: _Rows, row: int, word: str, counts: Counter[str]) -> tuple[int, int]:
    text = str(rows.table["text"].iloc[row])  # as it stands: the offsets count what is invisible in it
    start, end = (rows.whole_number(row, column) for column in ("start", "end"))
    form = text[start:end] if 0 <= start < end <= len(text) else ""
    if not form or form != form.strip() or not invisible.without(form, rows.invisible(form)):
        raise ContextsError(
            f"{rows.at(row)}: start {start} and end {end} do not mark a word in the text of {len(text)}"
            f" characters (they mark {form!r}); characters count from 0 and end is excluded"
        )
    removed = rows.invisible(text)
    start, end = invisible.moved(start, removed), invisible.moved(end, removed)
    # Offsets that are given are believed: they may mark an inflected form.
    counts["target at other form"] += invisible.without(text, removed)[start:end] != word
    return start, end


def _indexed(rows: _Rows, row: int, text: str, word: str, counts: Counter[str]) -> tuple[int, int]:
    placed = target_at_index(text, rows.whole_number(row, "index"), word, rows.code)
    if placed is None:
        raise _not_there(rows, row, text, word)
    target, mended = placed
    counts["repaired target"] += mended
    counts["target at other form"] += not target.exact
    return target.start, target.end


def _searched(rows: _Rows, row: int, text: str, word: str, counts: Counter[str]) -> tuple[int, int]:
    places = best_targets(text, word, rows.code)
    if not places:
        raise _not_there(rows, row, text, word)
    first = places[0]
    counts["ambiguous target"] += len(places) > 1
    counts["target inside a longer word"] += not first.whole and rows.code not in SPACELESS
    counts["target at other form"] += not first.exact
    return first.start, first.end


def _not_there(rows: _Rows, row: int, text: str, word: str) -> ContextsError:
    return ContextsError(
        f"{rows.at(row)}: the target {word!r} is not in its sentence {text[:60]!r};"
        " for an inflected form give its place in columns 'start' and 'end'"
    )
