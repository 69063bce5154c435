"""Plain text and Leipzig archives."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import cast

from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.files import decoded_lines, open_binary, reading
from interlingua.errors import ContextsError

_LEIPZIG = "-sentences.txt"
_CHUNK = 1 << 20


def read_text(path: Path, options: Options) -> Iterator[Document]:
    """Yield each paragraph of a text file."""
    as_sentence = bool(options.sentences)
    with reading(path), open_binary(path, options.limits) as stream:
        index, gathered, size = 0, list[str](), 0
        for number, line in decoded_lines(stream, path, options):
            if options.paragraphs == "blank" and line.strip():
                gathered.append(line.strip())
                size += len(line)
                if size > options.limits.page:
                    raise options.limits.too_long(f"{path}, the paragraph that ends behind line {number}")
                continue
            text = " ".join(gathered) if options.paragraphs == "blank" else line
            gathered.clear()
            size = 0
            if text.strip():
                yield Document(text, "", "", index, sentence=as_sentence)
                index += 1
        if gathered:
            yield Document(" ".join(gathered), "", "", index, sentence=as_sentence)


def read_leipzig(path: Path, options: Options) -> Iterator[Document]:
    """Yield the sentences of a Leipzig corpus: its archive, or its file ``*-sentences.txt`` (number TAB sentence)."""
    with reading(path), open_binary(path, options.limits) as stream:
        if ".tar" not in path.suffixes and path.suffix != ".tgz":
            yield from _leipzig_lines(stream, path, options)
            return
        found = False
        # As a stream: a member is read as it comes by, nothing is unpacked to the disk.
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(_LEIPZIG):
                    found = True
                    yield from _leipzig_lines(cast("BufferedReader", archive.extractfile(member)), path, options)
        while stream.read(_CHUNK):  # the checksum of what is packed stands behind its end
            pass
        if not found:
            raise ContextsError(
                f"{path}: no file '*{_LEIPZIG}' in it; is it an archive of the Leipzig corpora, or damaged?"
            )


def _leipzig_lines(stream: BufferedReader, path: Path, options: Options) -> Iterator[Document]:
    for number, line in decoded_lines(stream, path, options):
        if not line:
            continue
        identity, tab, sentence = line.partition("\t")
        if not tab:
            raise ContextsError(f"{path}, line {number}: expected number TAB sentence, found {line[:40]!r}")
        yield Document(sentence, identity, "", number - 1, sentence=True)
