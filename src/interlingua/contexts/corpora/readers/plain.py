"""Plain text, JSON lines, CoNLL and Leipzig archives."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

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
            page, url, date = (str(record.get(names[key], "") or "") for key in ("page", "url", "date"))
            yield Document(text, page, url, index, date, sentence=bool(options.sentences))
            index += 1


def read_conll(path: Path, options: Options) -> Iterator[Document]:
    """Yield each sentence of a CoNLL file, its tokens joined by blanks.

    Columns are parted by tabs (or blanks); the token is the second where the first counts the tokens (CoNLL-U,
    wikineural), else the first. An empty line ends a sentence. In CoNLL-U, ``# sent_id`` and ``# text`` are
    used, and lines of multi-word tokens (``3-4``) stand for their parts.
    """
    with reading(path), open_binary(path) as stream:
        index, tokens, notes, covered = 0, list[str](), dict[str, str](), 0
        for number, line in decoded_lines(stream, path, options.encoding):
            if not line.strip():
                if tokens:
                    yield _sentence(tokens, notes, index)
                    index += 1
                tokens, notes, covered = [], {}, 0
                continue
            cells = line.split("\t") if "\t" in line else line.split()
            if line.startswith("#") and "\t" not in line:
                key, _, value = line[1:].partition("=")
                notes[key.strip()] = value.strip()
                continue
            if len(cells) < 2:
                raise ContextsError(
                    f"{path}, line {number}: expected at least two columns, found {line[:40]!r}; is it CoNLL?"
                )
            counter, _, last = cells[0].partition("-")
            if last.isdecimal() and counter.isdecimal():
                tokens.append(cells[1])
                covered = int(last)
            elif cells[0].isdecimal() and _counts(cells):
                if int(cells[0]) > covered:
                    tokens.append(cells[1])
            elif not _is_empty_node(cells[0]) or not _counts(cells):
                tokens.append(cells[0])
        if tokens:
            yield _sentence(tokens, notes, index)


def _counts(cells: list[str]) -> bool:
    return len(cells) > 2


def _is_empty_node(cell: str) -> bool:
    whole, dot, part = cell.partition(".")
    return bool(dot) and whole.isdecimal() and part.isdecimal()


def _sentence(tokens: list[str], notes: dict[str, str], index: int) -> Document:
    return Document(notes.get("text") or " ".join(tokens), notes.get("sent_id", ""), "", index, sentence=True)


def read_leipzig(path: Path, options: Options) -> Iterator[Document]:
    """Yield the sentences of a Leipzig corpus: its archive, or its file ``*-sentences.txt`` (number TAB sentence)."""
    with reading(path):
        if not path.name.endswith((".tar.gz", ".tgz")):
            with open_binary(path) as stream:
                yield from _leipzig_lines(stream, path, options)
            return
        found = False
        # As a stream: a member is read as it comes by, nothing is unpacked to the disk.
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(_LEIPZIG):
                    stream = archive.extractfile(member)
                    if stream is not None:
                        found = True
                        yield from _leipzig_lines(stream, path, options)
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
