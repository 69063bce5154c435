"""CoNLL: a token a line, its columns parted by tabs or blanks, an empty line behind each sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.files import decoded_lines, open_binary, reading
from interlingua.errors import ContextsError


def read_conll(path: Path, options: Options) -> Iterator[Document]:
    """Yield each sentence of a CoNLL file, its tokens joined by blanks.

    Columns are parted by tabs (or blanks); an empty line ends a sentence. The token is the second column where the
    first one counts the tokens from 0 or 1 (CoNLL-U, wikineural), else the first. In CoNLL-U, ``# text`` and
    ``# sent_id`` are used where they are there, and lines of multi-word tokens (``3-4``) stand for their parts.
    """
    with reading(path), open_binary(path) as stream:
        index, rows, notes = 0, list[list[str]](), dict[str, str]()
        for number, line in decoded_lines(stream, path, options.encoding):
            if not line.strip():
                if rows:
                    yield _sentence(rows, notes, index)
                    index += 1
                rows, notes = [], {}
            elif line.startswith("# ") and "\t" not in line:
                key, _, value = line[1:].partition("=")
                notes[key.strip()] = value.strip()
            else:
                rows.append(line.split("\t") if "\t" in line else line.split())
                if len(rows[-1]) < 2:
                    raise ContextsError(
                        f"{path}, line {number}: expected at least two columns, found {line[:40]!r}; is it CoNLL?"
                    )
        if rows:
            yield _sentence(rows, notes, index)


def _sentence(rows: list[list[str]], notes: dict[str, str], index: int) -> Document:
    text = notes.get("text") or " ".join(_tokens(rows))
    return Document(text, notes.get("sent_id", ""), "", index, sentence=True)


def _tokens(rows: list[list[str]]) -> Iterator[str]:
    counters = [int(row[0]) for row in rows if row[0].isdecimal()]
    if len(rows[0]) < 3 or not counters or counters != list(range(counters[0], counters[0] + len(counters))):
        yield from (row[0] for row in rows)
        return
    covered = -1
    for row in rows:
        last = row[0].rpartition("-")[2]
        if row[0].isdecimal() and int(row[0]) > covered:
            yield row[1]
        elif "-" in row[0] and last.isdecimal():
            covered = int(last)
            yield row[1]
