"""The table of sentences that every later step works on: its columns, its checks, and how it is kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from interlingua.errors import ContextsError, suggest

#: The columns that every table of contexts has, in this order; each further column is a rated variable.
COLUMNS = ("context_id", "language", "word", "concept", "text", "start", "end", "split", "source")
SPLITS = ("train", "test", "unseen")
ISSUE_COLUMNS = ("language", "kind", "count", "detail")

_ISSUES_KEY = b"interlingua.issues"


@dataclass(frozen=True)
class Contexts:
    """Sentences with the place of the rated word in each of them.

    Attributes
    ----------
    table
        One row a sentence; rows of a language stand together, and within it rows of a word. Columns:

        - ``context_id``: unique and stable, such as ``en-00012-03`` (fourth sentence of the thirteenth word);
        - ``language``: code of `interlingua.languages`;
        - ``word``: the word that was rated, as the norms write it;
        - ``concept``: what it means, by a name that its translations share; "" where that is not known;
        - ``text``: the sentence;
        - ``start``, ``end``: ``text[start:end]`` is the word as it stands in the sentence, in characters;
        - ``split``: ``train``, ``test`` or ``unseen``; no word of a language is in both train and test;
        - ``source``: where the sentence comes from;
        - one float64 column for each rated variable, NaN where the word has no rating.
    issues
        What was found odd or was mended while reading: columns ``language, kind, count, detail``.
    """

    table: pd.DataFrame
    issues: pd.DataFrame

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, in the order of their rows."""
        return tuple(self.table["language"].unique())

    @property
    def variables(self) -> tuple[str, ...]:
        """The rated variables, in the order of their columns."""
        return rated_variables(self.table)

    def write(self, path: str | Path) -> None:
        """Write table and issues to one Parquet file; it appears only once it is complete."""
        path = Path(path)
        arrow = pa.Table.from_pandas(self.table, preserve_index=False)
        issues = json.dumps(self.issues.to_dict("list"), ensure_ascii=False).encode("utf-8")
        arrow = arrow.replace_schema_metadata({**arrow.schema.metadata, _ISSUES_KEY: issues})
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        # With a checksum a page, so that damage that makes other words or numbers is seen.
        pq.write_table(arrow, partial, write_page_checksum=True)
        partial.replace(path)

    @classmethod
    def read(cls, path: str | Path, *, most_megabytes: int = 2048) -> Contexts:
        """Read what `write` wrote, if it takes no more memory than `most_megabytes`.

        Raises
        ------
        ContextsError
            If the file is not there, is no Parquet file, is damaged, or holds something other than contexts.
        """
        try:
            arrow = _read_arrow(Path(path), most_megabytes)
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, MemoryError) as error:
            raise ContextsError(f"{path}: can't be read as a Parquet table of contexts ({error})") from error
        for name, column in zip(arrow.column_names, arrow.columns, strict=True):
            try:
                column.validate(full=True)  # UTF-8 above all, which nothing looks at before a sentence is used
            except pa.ArrowException as error:
                raise ContextsError(f"{path}: column '{name}' is damaged ({error}); write the file again") from error
        try:
            issues = issue_table(_stored_issues(arrow))
            table = arrow.to_pandas()
        except (pa.ArrowException, ValueError, KeyError, TypeError, OverflowError) as error:
            raise ContextsError(f"{path}: the file is damaged ({error}); write it again") from error
        return cls(check_contexts(table, where=str(path)), issues)


def _read_arrow(path: Path, most_megabytes: int) -> pa.Table:
    """Return a Parquet file's table: a text that stands there once may be the cell of every row, in a trap at least."""
    schema = pq.read_schema(path)
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    groups, size = [], 0
    # Texts stay in the file's own dictionaries until it is known what they take without.
    with pq.ParquetFile(path, read_dictionary=texts, page_checksum_verification=True) as file:
        for number in range(file.metadata.num_row_groups):
            group = file.read_row_group(number, use_threads=False)
            size += sum(_decoded_bytes(column) for column in group.columns)
            if size > most_megabytes * 2**20:
                raise ContextsError(
                    f"{path}: more than {most_megabytes:,} MB in memory; if these are contexts all the same, read them "
                    f"with Contexts.read(..., most_megabytes={4 * most_megabytes})"
                )
            columns = [column.cast(field.type) for column, field in zip(group.columns, schema, strict=True)]
            groups.append(pa.Table.from_arrays(columns, schema=schema))
    return pa.concat_tables(groups) if groups else schema.empty_table()


def _decoded_bytes(column: pa.ChunkedArray) -> int:
    size = 0
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            lengths = pc.binary_length(chunk.dictionary)
            size += pc.sum(lengths.take(chunk.indices)).as_py() or 0
        else:
            size += chunk.nbytes
    return size


def _stored_issues(arrow: pa.Table) -> Iterable[tuple[str, str, int, str]]:
    stored = json.loads((arrow.schema.metadata or {}).get(_ISSUES_KEY, b"{}"))
    if not isinstance(stored, dict):
        raise TypeError("its issues are no table")
    return zip(*(stored[column] for column in ISSUE_COLUMNS), strict=True) if stored else ()


def issue_table(rows: Iterable[tuple[str, str, int, str]]) -> pd.DataFrame:
    """Return rows of (language, kind, count, detail) as a table of issues."""
    table = pd.DataFrame(list(rows), columns=list(ISSUE_COLUMNS))
    return table.astype({"language": "str", "kind": "str", "count": "int64", "detail": "str"})


def rated_variables(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of a table of contexts that are ratings."""
    return tuple(str(column) for column in table.columns if column not in COLUMNS)


def context_ids(language: str, words: pd.Series) -> list[str]:
    """Return an id for each row: language, number of the word, number of the sentence among the word's."""
    word_number = pd.factorize(words)[0]
    sentence_number = words.groupby(words, sort=False).cumcount()
    return [f"{language}-{w:05d}-{s:02d}" for w, s in zip(word_number, sentence_number, strict=True)]


def check_contexts(table: pd.DataFrame, *, where: str = "contexts") -> pd.DataFrame:
    """Return `table` in the form that `Contexts.table` promises, or say what is wrong with it.

    Parameters
    ----------
    table
        A table with at least the columns `COLUMNS` (but for ``concept``, which is then "" everywhere); each further
        column must hold numbers.
    where
        The file or step it comes from, for the message.

    Raises
    ------
    ContextsError
        If a column is missing or has the wrong type, an id comes twice, offsets do not mark a piece of the
        text, a word stands in both train and test or has two concepts, or rows of a language or of a word do not
        stand together.
    """
    if "concept" not in table.columns:
        table = table.assign(concept="")
    for column in COLUMNS:
        if column not in table.columns:
            raise ContextsError(f"{where}: no column '{column}'{suggest(column, map(str, table.columns))}")
    if table.empty:
        raise ContextsError(f"{where}: no sentences")
    variables = rated_variables(table)
    table = table[[*COLUMNS, *variables]].reset_index(drop=True)
    for column in ("context_id", "language", "word", "text", "split", "source"):
        empty = ~_are_texts(table[column]) | (table[column] == "")
        _refuse(table, empty, where, f"'{column}' must be a text that is not empty")
    table["concept"] = table["concept"].fillna("")
    _refuse(table, ~_are_texts(table["concept"]), where, "'concept' is no text")
    for column in ("start", "end"):
        numbers = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        _refuse(table, pd.Series(~(numbers == np.floor(numbers))), where, f"'{column}' must be a whole number")
        table[column] = numbers.astype(np.int64)
    for column in variables:
        try:
            table[column] = table[column].astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ContextsError(f"{where}: column '{column}' must hold ratings as numbers ({error})") from error
        _refuse(table, pd.Series(np.isinf(table[column])), where, f"'{column}' must be finite")
    _refuse(table, ~table["split"].isin(SPLITS), where, f"'split' must be one of {', '.join(SPLITS)}")
    _refuse(table, table["context_id"].duplicated(), where, "this context_id has come before")
    _check_offsets(table, where)
    _check_words(table, where)
    return table


def _are_texts(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.StringDtype):
        return values.notna()
    return values.map(lambda value: isinstance(value, str)).astype(bool)


def _refuse(table: pd.DataFrame, bad: pd.Series, where: str, rule: str) -> None:
    """Raise for the first bad row, and say how many there are."""
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        at = f"row {row} (language {table['language'].iloc[row]}, word {table['word'].iloc[row]!r})"
        raise ContextsError(f"{where}, {at}: {rule}; {int(bad.sum())} such row(s)")


def _check_offsets(table: pd.DataFrame, where: str) -> None:
    length = table["text"].str.len()
    outside = (table["start"] < 0) | (table["end"] > length) | (table["start"] >= table["end"])
    _refuse(table, outside, where, "need 0 <= start < end <= length of the text, counted in characters")
    rows = zip(*(table[column].tolist() for column in ("text", "start", "end")), strict=True)
    blank = [not text[start:end].strip() for text, start, end in rows]
    _refuse(table, pd.Series(blank), where, "text[start:end] is blank")


def _check_words(table: pd.DataFrame, where: str) -> None:
    """No word in train and in test, or with two concepts; rows of a language together, in it rows of a word."""
    words = table.groupby(["language", "word"], sort=False).ngroup()
    for column, rule in (("split", "be in one split"), ("concept", "have one concept")):
        numbers = pd.Series(pd.factorize(table[column])[0]).groupby(words)
        different = numbers.transform("min") < numbers.transform("max")
        _refuse(table, different, where, f"rows of one word must {rule}")
    for runs, name in ((pd.Series(pd.factorize(table["language"])[0]), "language"), (words, "word")):
        apart = (runs != runs.shift()) & runs.duplicated()
        _refuse(table, apart, where, f"rows of this {name} must stand together: sort the table by {name}")


def duplicates(table: pd.DataFrame) -> pd.DataFrame:
    """Count, by language, sentences that a word has more than once and sentences on both sides of the split.

    Returns
    -------
    pandas.DataFrame
        Issues of the kinds ``duplicate sentence`` (rows that repeat an earlier row's word and sentence) and
        ``sentence in train and test`` (distinct sentences). Nothing is dropped from the table.
    """
    rows: list[tuple[str, str, int, str]] = []
    for language, part in table.groupby("language", sort=False):
        repeated = part.duplicated(["word", "text"])
        if repeated.any():
            words = part.loc[repeated, "word"].nunique()
            detail = f"rows that repeat an earlier sentence of the same word; {words} words"
            rows.append((str(language), "duplicate sentence", int(repeated.sum()), detail))
        train, test = (set(part.loc[part["split"] == split, "text"]) for split in ("train", "test"))
        if both := len(train & test):
            detail = "sentences that stand in train for one word and in test for another"
            rows.append((str(language), "sentence in train and test", both, detail))
    return issue_table(rows)


def across(table: pd.DataFrame) -> pd.DataFrame:
    """Count, by language, test words whose concept is a training word's, of that language or another.

    Returns
    -------
    pandas.DataFrame
        Issues of the kind ``concept in train and test``. A test word in another language's training is no leak into
        its own probe, but one into what languages say of each other.
    """
    words = table.loc[table["concept"] != "", ["language", "word", "concept", "split"]].drop_duplicates()
    trained = set(words.loc[words["split"] == "train", "concept"])
    leaks = words[(words["split"] == "test") & words["concept"].isin(trained)]
    rows = []
    for language, part in leaks.groupby("language", sort=False):
        detail = f"test words that are translations of training words, such as {', '.join(part['word'][:3])}"
        rows.append((str(language), "concept in train and test", len(part), detail))
    return issue_table(rows)


def contexts_hash(table: pd.DataFrame) -> str:
    """Return the SHA-256, in hexadecimal, of what activations depend on: ids, texts and offsets, in order.

    Ratings and split do not enter, so that all variables and all splits share one set of activations.
    """
    digest = hashlib.sha256()
    columns = (table[column].tolist() for column in ("context_id", "text", "start", "end"))
    for row in zip(*columns, strict=True):
        digest.update(json.dumps(row).encode("ascii") + b"\n")
    return digest.hexdigest()


def concat(parts: Iterable[Contexts]) -> Contexts:
    """Return the contexts of several languages as one, in the order given; NaN where a variable is not rated.

    Raises
    ------
    ContextsError
        If there is nothing to join, or a language comes twice.
    """
    parts = list(parts)
    if not parts:
        raise ContextsError("no contexts: give at least one language")
    variables = list(dict.fromkeys(name for part in parts for name in part.variables))
    tables = [part.table.reindex(columns=[*COLUMNS, *variables]) for part in parts]
    # A column that is all NaN would otherwise lose its type on the way.
    tables = [table.astype(dict.fromkeys(variables, np.float64)) for table in tables]
    table = check_contexts(pd.concat(tables, ignore_index=True), where="joined contexts")
    return Contexts(table, pd.concat([part.issues for part in parts], ignore_index=True))
