"""The public files of de Varda & Marelli (2024): sentences, word indices and ratings, one item a line.

The layout is ``LANG_{sentences,idx,words,valence,arousal}_{train,test}``, LANG being the language's English
name in lower case. Finnish, the paper's unseen language, has neither split nor words; Polish has no words and
no valence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from interlingua import languages
from interlingua.contexts.table import Contexts, check_contexts, context_ids, issue_table
from interlingua.contexts.targets import fold, target_at_index, token_span
from interlingua.errors import ContextsError, LanguageError, suggest

#: Sentences a word in the authors' files; where no file names the words, so many rows in a row are one word.
SENTENCES_PER_WORD = 15
VARIABLES = ("valence", "arousal")
SOURCE = "affective-interlingua"

_SHORT = 3
_MOST_BYTES = 2**28

_DETAILS = {
    "repaired target": "the index did not point at the word: its nearest place in the sentence was taken",
    "target at other form": "the word stands in its sentence in another form (capitals, normalisation)",
    "word from rows": f"no file of words: {SENTENCES_PER_WORD} rows are one word, named by its main form",
    "short sentence": f"sentences of {_SHORT} tokens or fewer",
    "empty token": "sentences with two blanks in a row: their empty token shifts tools that count by word",
}


@dataclass(frozen=True)
class _Lines:
    """The lines of one file; `path` is for messages."""

    path: Path
    items: list[str]

    def line(self, row: int) -> str:
        return f"{self.path}, line {row + 1}"


def read_authors(
    folder: str | Path,
    language: str,
    *,
    variables: Sequence[str] = VARIABLES,
    supplement: str | Path | None = None,
) -> Contexts:
    r"""Read one language from a folder in the layout of the authors' files.

    Lines end at ``"\n"`` alone and words at U+0020 alone: the sentences hold other white space and Unicode
    line separators. An index that does not point at the word is mended to the nearest place of the word in
    the sentence and counted (122 of the 7,800 Chinese ones).

    Parameters
    ----------
    folder
        Where the files lie (see `interlingua.contexts.download_authors`).
    language
        Any tag that `interlingua.languages.get` knows; the files are found by the language's English name.
    variables
        The ratings to read. A language that has no file of a variable gets NaN and an issue ``not rated``.
    supplement
        A second folder, for files that the first lacks (the words and the valence of Polish).

    Returns
    -------
    Contexts
        Rows in the order of the files, train before test; rows of files without a split are ``unseen``.
        Without a file of words, 15 rows in a row are one word, named by its most frequent form in these
        sentences (the first of equals).

    Raises
    ------
    ContextsError
        If a file is missing, is empty or not UTF-8, has another number of lines than its sentences, holds
        something that is not a number where one is due, or a target is nowhere in its sentence.
    """
    entry = languages.get(language)
    name = entry.name.lower()
    folders = [Path(folder)] if supplement is None else [Path(folder), Path(supplement)]
    for place in folders:
        if not place.is_dir():
            raise ContextsError(f"{place}: no such folder; give the folder that holds the authors' files")
    _check_variables(variables, folders)
    parts = [
        _read_split(folders, name, entry.code, split, variables) for split in _splits_present(folders, entry.code, name)
    ]
    for variable in variables:
        if len({part[0][variable].isna().all() for part in parts}) > 1:
            raise ContextsError(f"{folder}: {name}_{variable} is there for train or test only; get both files")
    table = pd.concat([part[0] for part in parts], ignore_index=True)
    table["context_id"] = context_ids(entry.code, table["word"])
    table["language"] = entry.code
    table["source"] = SOURCE
    # In the authors' own files the rows of a word stand together already.
    table = table.iloc[np.argsort(pd.factorize(table["word"])[0], kind="stable")]
    counts = sum((part[1] for part in parts), Counter[str]())
    found = [(kind, counts[kind], detail) for kind, detail in _DETAILS.items()]
    found += [("not rated", int(table[name].isna().sum()), f"sentences without {name}") for name in variables]
    issues = issue_table((entry.code, kind, count, detail) for kind, count, detail in found if count)
    return Contexts(check_contexts(table, where=f"{folder} ({entry.name})"), issues)


def authors_languages(folder: str | Path) -> tuple[str, ...]:
    """Return the codes, in order, of the languages that have sentences in a folder of this layout."""
    names = {path.name.split("_sentences")[0] for path in Path(folder).glob("*_sentences*")}
    codes = set()
    for name in names:
        with suppress(LanguageError):
            codes.add(languages.get(name).code)
    return tuple(sorted(codes))


def _check_variables(variables: Sequence[str], folders: Sequence[Path]) -> None:
    """Tell a variable that one language lacks (Polish valence) from one that no file here has."""
    for variable in variables:
        if variable not in VARIABLES and not any(any(place.glob(f"*_{variable}*")) for place in folders):
            raise ContextsError(
                f"{folders[0]}: no file of the variable '{variable}'{suggest(variable, VARIABLES)};"
                f" the authors' files have {' and '.join(VARIABLES)}"
            )


def _splits_present(folders: Sequence[Path], code: str, name: str) -> tuple[str, ...]:
    """Return ``("train", "test")``, or ``("unseen",)`` for files without a split."""
    if _find(folders, f"{name}_sentences") is not None:
        return ("unseen",)
    found = [split for split in ("train", "test") if _find(folders, f"{name}_sentences_{split}") is not None]
    if len(found) == 1:
        missing = "test" if found == ["train"] else "train"
        raise ContextsError(f"{folders[0]}: {name}_sentences_{missing} is missing; get both splits")
    if not found:
        there = ", ".join(authors_languages(folders[0])) or "no language"
        raise ContextsError(
            f"{folders[0]}: no file {name}_sentences_train for language '{code}'; the folder has {there}"
        )
    return tuple(found)


def _read_split(
    folders: Sequence[Path], name: str, code: str, split: str, variables: Sequence[str]
) -> tuple[pd.DataFrame, Counter[str]]:
    """Return one split's rows (``word, text, start, end, split, <variable>...``) and what was odd in them."""
    ending = "" if split == "unseen" else f"_{split}"
    sentences = _read_lines(folders, f"{name}_sentences{ending}", needed=True)
    index = _read_lines(folders, f"{name}_idx{ending}", needed=True)
    assert sentences is not None
    assert index is not None
    _same_length(sentences, index)
    indices = [_whole_number(index, row) for row in range(len(index.items))]
    counts: Counter[str] = Counter()
    words = _read_lines(folders, f"{name}_words{ending}", needed=False)
    if words is None:
        names = _words_from_rows(sentences, indices, code)
        counts["word from rows"] = len(names)
    else:
        _same_length(sentences, words)
        names = [word.strip() for word in words.items]
    starts, ends = [], []
    for row, (text, position, word) in enumerate(zip(sentences.items, indices, names, strict=True)):
        placed = target_at_index(text, position, word, code)
        if placed is None:
            raise ContextsError(f"{sentences.line(row)}: the target {word!r} is not in its sentence {text[:60]!r}")
        target, mended = placed
        starts.append(target.start)
        ends.append(target.end)
        counts["repaired target"] += mended
        counts["target at other form"] += not target.exact
        counts["short sentence"] += len(text.split(" ")) <= _SHORT
        counts["empty token"] += "" in text.split(" ")
    rows = pd.DataFrame({"word": names, "text": sentences.items, "start": starts, "end": ends, "split": split})
    for variable in variables:
        ratings = _read_lines(folders, f"{name}_{variable}{ending}", needed=False)
        if ratings is None:
            rows[variable] = math.nan
            continue
        _same_length(sentences, ratings)
        rows[variable] = [_number(ratings, row) for row in range(len(ratings.items))]
        if words is None:
            _one_rating_a_word(rows[variable], ratings)
    return rows, counts


def _find(folders: Sequence[Path], filename: str) -> Path | None:
    return next((place / filename for place in folders if (place / filename).is_file()), None)


def _read_lines(folders: Sequence[Path], filename: str, *, needed: bool) -> _Lines | None:
    path = _find(folders, filename)
    if path is None:
        if needed:
            raise ContextsError(f"{folders[0] / filename}: no such file; get the authors' files again")
        return None
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ContextsError(f"{path}: more than {_MOST_BYTES >> 20} MB, a hundred times an author's file; get it again")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContextsError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    # A checkout on Windows may have turned the line ends; no sentence holds a carriage return of its own.
    items = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if items == [""]:
        raise ContextsError(f"{path}: the file is empty")
    return _Lines(path, items)


def _same_length(sentences: _Lines, other: _Lines) -> None:
    if len(sentences.items) != len(other.items):
        raise ContextsError(
            f"{other.path}: {len(other.items)} lines, but {sentences.path.name} has {len(sentences.items)}"
        )


def _number(lines: _Lines, row: int) -> float:
    try:
        value = float(lines.items[row])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ContextsError(f"{lines.line(row)}: {lines.items[row]!r} is not a number")
    return value


def _whole_number(lines: _Lines, row: int) -> int:
    try:
        return int(lines.items[row])
    except ValueError:
        raise ContextsError(f"{lines.line(row)}: {lines.items[row]!r} is not a word index (0, 1, 2 ...)") from None


def _words_from_rows(sentences: _Lines, indices: Sequence[int], code: str) -> list[str]:
    """Name every run of 15 rows by the most frequent of the tokens that their indices point at."""
    n = len(indices)
    if n % SENTENCES_PER_WORD:
        raise ContextsError(
            f"{sentences.path}: no file of words, and {n} lines are no multiple of {SENTENCES_PER_WORD}"
        )
    names: list[str] = []
    for first in range(0, n, SENTENCES_PER_WORD):
        forms: Counter[str] = Counter()
        for row in range(first, first + SENTENCES_PER_WORD):
            span = token_span(sentences.items[row], indices[row])
            if span is None or span[0] == span[1]:
                raise ContextsError(f"{sentences.line(row)}: there is no word with the index {indices[row]}")
            forms[sentences.items[row][slice(*span)]] += 1
        if len({fold(form, code) for form in forms}) > 1:
            raise ContextsError(
                f"{sentences.line(first)}: this row and the next {SENTENCES_PER_WORD - 1} should be one word,"
                f" but their indices point at {', '.join(sorted(forms)[:4])}; give a file of words"
            )
        names += [forms.most_common(1)[0][0]] * SENTENCES_PER_WORD
    return names


def _one_rating_a_word(ratings: pd.Series, lines: _Lines) -> None:
    for first in range(0, len(ratings), SENTENCES_PER_WORD):
        if ratings.iloc[first : first + SENTENCES_PER_WORD].nunique() > 1:
            raise ContextsError(
                f"{lines.line(first)}: this row and the next {SENTENCES_PER_WORD - 1} should be one word,"
                " but their ratings differ"
            )
