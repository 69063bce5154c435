"""CoNLL: a token a line, its columns parted by tabs or blanks, an empty line behind each sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Final

from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.files import decoded_lines, open_binary, reading
from interlingua.contexts.corpora.readers.limits import Limits
from interlingua.errors import ContextsError

#: Sentences that are looked at before it is told whether the first column counts the tokens.
_LOOKED_AT: Final = 200
_BLANKS: Final = re.compile(r"[ \t]+")
#: ``# sent_id = s7``, ``# newdoc id = d1``.
_NOTE: Final = re.compile(r"#\s*(\w[\w .:-]*?)\s*=\s*(.*)")
#: A counter of CoNLL-U: a token, a token of several words, an empty node.
_COUNTER: Final = re.compile(r"(\d+)(?:-(\d+)|\.\d+)?", re.ASCII)


@dataclass
class _Sentence:
    """The lines of one sentence: its rows, each with its number in the file, and its comments."""

    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    def counters(self) -> list[int] | None:
        """Return the numbers of its tokens, None if a row has none."""
        found = [_COUNTER.fullmatch(row[0]) for _, row in self.rows]
        if not all(found):
            return None
        return [int(row[0]) for _, row in self.rows if row[0].isdecimal()]

    def is_counted(self) -> bool:
        """Return whether its first column counts the tokens from 0 or 1."""
        counters = self.counters()
        if not counters:
            return False
        return counters in (list(range(len(counters))), list(range(1, len(counters) + 1)))


def read_conll(path: Path, options: Options) -> Iterator[Document]:
    """Yield each sentence of a CoNLL file, its tokens joined by blanks.

    The token is the second column where the first one counts the tokens of each sentence from 0 or 1 (CoNLL-U,
    wikineural), else the first; which of the two holds for the whole file. In CoNLL-U, ``# text`` and ``# sent_id`` are
    used where they are there, and lines of multi-word tokens (``3-4``) stand for their parts.

    Raises
    ------
    ContextsError
        If a line has one column only, or a sentence of a file that counts its tokens isn't counted.
    """
    with reading(path), open_binary(path, options.limits) as stream:
        sentences = _sentences(decoded_lines(stream, path, options), path, options.limits)
        first = list(islice(sentences, _LOOKED_AT))
        counted = _counts(first)
        for index, sentence in enumerate(chain(first, sentences)):
            if counted and not sentence.is_counted():
                raise _not_counted(path, sentence)
            tokens = _counted_tokens(sentence) if counted else (row[0] for _, row in sentence.rows)
            text = sentence.notes.get("text") or " ".join(tokens)
            yield Document(text, sentence.notes.get("sent_id", ""), "", index, sentence=True)


def _counts(sentences: Sequence[_Sentence]) -> bool:
    """Return whether the first column of a file counts the tokens, as most of its first sentences have it.

    A sentence of one token tells little: "1984" alone may be a token, and so may "1".
    """
    telling = [sentence for sentence in sentences if len(sentence.rows) > 1] or list(sentences)
    return sum(sentence.is_counted() for sentence in telling) * 2 > len(telling)


def _sentences(lines: Iterator[tuple[int, str]], path: Path, limits: Limits) -> Iterator[_Sentence]:
    gathered: list[tuple[int, str]] = []
    shape, size = _Shape(), 0
    for number, line in chain(lines, [(0, "")]):
        if line.strip():
            gathered.append((number, line))
            size += len(line)
            if size > limits.page:
                raise limits.too_long(f"{path}, the sentence that begins in line {gathered[0][0]}")
            continue
        shape = shape.of_next(line for _, line in gathered)
        sentence = _parsed(gathered, shape, path)
        gathered, size = [], 0
        if sentence.rows:
            yield sentence


@dataclass(frozen=True)
class _Shape:
    """How the rows of a file look: a token may be "#", so what begins so may be a row or a comment."""

    columns: int = 0
    has_tabs: bool = False

    def of_next(self, lines: Iterable[str]) -> _Shape:
        """Return the shape of the next sentence, by a line that can't be a comment; this one if there is none."""
        line = next((line for line in lines if not line.startswith("#")), None)
        return self if line is None else _Shape(len(_columns(line)), "\t" in line)

    def is_comment(self, line: str, *, is_before_rows: bool) -> bool:
        if not line.startswith("#") or "\t" in line:
            return False
        cells = len(_columns(line))
        if self.has_tabs or cells != self.columns:
            return line.startswith("# ") or cells == 1
        return is_before_rows and _NOTE.fullmatch(line.rstrip()) is not None


def _parsed(lines: Iterable[tuple[int, str]], shape: _Shape, path: Path) -> _Sentence:
    sentence = _Sentence()
    for number, line in lines:
        if line.startswith("#begin document"):
            raise ContextsError(
                f"{path}, line {number}: CoNLL-2012 isn't read, as its tokens stand in the fourth column; write its"
                " sentences as text, one a line, or as a column of tokens and one of tags"
            )
        if shape.is_comment(line, is_before_rows=not sentence.rows):
            if note := _NOTE.fullmatch(line.rstrip()):
                sentence.notes[note[1]] = note[2]
            continue
        sentence.rows.append((number, _columns(line)))
        if len(sentence.rows[-1][1]) < 2:
            raise ContextsError(
                f"{path}, line {number}: expected at least two columns, found {line[:40]!r}; is it CoNLL?"
            )
    return sentence


def _columns(line: str) -> list[str]:
    # Not by blanks of every kind: a token may have one that does not break.
    return line.split("\t") if "\t" in line else _BLANKS.split(line.strip(" "))


def _counted_tokens(sentence: _Sentence) -> Iterator[str]:
    covered = -1
    for _, row in sentence.rows:
        counter, last = row[0], row[0].rpartition("-")[2]
        if counter.isdecimal() and int(counter) > covered:
            yield row[1]
        elif "-" in counter:
            covered = int(last)
            yield row[1]


def _not_counted(path: Path, sentence: _Sentence) -> ContextsError:
    counters = sentence.counters()
    first, last = sentence.rows[0][0], sentence.rows[-1][0]
    number = next((number for number, row in sentence.rows if not _COUNTER.fullmatch(row[0])), first)
    found = f"{counters[0]} to {counters[-1]}" if counters else "other cells"
    where = f"lines {first} to {last}" if counters else f"line {number}"
    return ContextsError(
        f"{path}, {where}: the first column counts each sentence's tokens from 0 or 1 in this file, but not here, where"
        f" it has {found}; a line is missing, or not of this file"
    )
