"""Plain text, JSON lines, CoNLL and Leipzig archives."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from interlingua.contexts.corpora.readers.base import Document, Options, decoded_lines, open_binary, reading
from interlingua.errors import ContextsError, suggest

_LEIPZIG = "-sentences.txt"


def read_text(path: Path, options: Options) -> Iterator[Document]:
    """Yield each paragraph of a text file."""
    as_sentence = bool(options.sentences)
    with reading(path), open_binary(path) as stream:
        index, gathered = 0, list[str]()
        for _, line in decoded_lines(stream, path, options.encoding):
            if options.paragraphs == "blank" and line.strip():
                gathered.append(line.strip())
                continue
            text = " ".join(gathered) if options.paragraphs == "blank" else line
            gathered.clear()
            if text.strip():
                yield Document(text, "", "", index, sentence=as_sentence)
                index += 1
        if gathered:
            yield Document(" ".join(gathered), "", "", index, sentence=as_sentence)


def read_jsonl(path: Path, options: Options) -> Iterator[Document]:
    """Yield the record of each line of a JSON lines file; a text, and if there are such a page, url and date."""
    names = {ours: options.columns.get(ours, ours) for ours in ("text", "page", "url", "date")}
    names["page"] = options.columns.get("page", "title")
    with reading(path), open_binary(path) as stream:
        index = 0
        for number, line in decoded_lines(stream, path, options.encoding):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise ContextsError(f"{path}, line {number}: not JSON ({error})") from None
            if not isinstance(record, dict):
                raise ContextsError(f"{path}, line {number}: expected a JSON object, not {type(record).__name__}")
            text = record.get(names["text"])
            if not isinstance(text, str):
                raise ContextsError(
                    f"{path}, line {number}: no text '{names['text']}'{suggest(names['text'], record)}; it has"
                    f" {', '.join(record)}; say which it is with columns = {{ text = '...' }}"
                )
            text = text.encode("utf-8", "replace").decode("utf-8")  # JSON may hold half a surrogate pair
            page, url, date = (str(record.get(names[key], "") or "") for key in ("page", "url", "date"))
            yield Document(text, page, url, index, date, sentence=bool(options.sentences))
            index += 1


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


def read_leipzig(path: Path, options: Options) -> Iterator[Document]:
    """Yield the sentences of a Leipzig corpus: its archive, or its file ``*-sentences.txt`` (number TAB sentence)."""
    with reading(path):
        if ".tar" not in path.suffixes and path.suffix != ".tgz":
            with open_binary(path) as stream:
                yield from _leipzig_lines(stream, path, options)
            return
        found = False
        # As a stream: a member is read as it comes by, nothing is unpacked to the disk.
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(_LEIPZIG):
                    found = True
                    yield from _leipzig_lines(cast("IO[bytes]", archive.extractfile(member)), path, options)
        if not found:
            raise ContextsError(f"{path}: no file '*{_LEIPZIG}' in it; is it an archive of the Leipzig corpora?")


def _leipzig_lines(stream: IO[bytes], path: Path, options: Options) -> Iterator[Document]:
    for number, line in decoded_lines(stream, path, options.encoding):
        if not line:
            continue
        identity, tab, sentence = line.partition("\t")
        if not tab:
            raise ContextsError(f"{path}, line {number}: expected number TAB sentence, found {line[:40]!r}")
        yield Document(sentence, identity, "", number - 1, sentence=True)
