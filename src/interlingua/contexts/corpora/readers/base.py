"""What every reader yields, and how a file that can't be read becomes one clear error."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from interlingua.errors import ContextsError

#: Stands in a text where a template or a formula belonged to a sentence that is not whole without it.
HOLE = "\ufffc"
#: Stand where markup is left over that nothing closes, or that nothing opens: how much of the paragraph behind it, or
#: before it, is prose can't be told. No characters of Unicode, so no text has them of itself.
OPENED = "\ufdd3"
CLOSED = "\ufdd4"
_OPENERS: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass(frozen=True)
class Document:
    """One page, or one sentence of a corpus that comes in sentences.

    Attributes
    ----------
    text
        Each line is a paragraph; a line end never stands inside a sentence.
    page
        The page's title, or the number that the corpus gives the sentence; may be empty.
    url
        Its address; may be empty.
    index
        Its number in its shard, from 0.
    date
        When this version of the page was written (ISO 8601); empty where it is not known.
    sentence
        Whether the text is one sentence already, so that it must not be split.
    """

    text: str
    page: str
    url: str
    index: int
    date: str = ""
    sentence: bool = False


@dataclass(frozen=True)
class Options:
    """How to read a corpus, where its files leave a choice.

    Attributes
    ----------
    encoding
        Of text files (Leipzig, CoNLL, JSON lines, plain text).
    columns
        What a Parquet or JSON lines file calls ``text``, ``page``, ``url`` and ``date``.
    sentences
        Whether each record is one sentence already; None: as is usual for the kind.
    paragraphs
        Of plain text: ``line`` (each line is a paragraph) or ``blank`` (hard-wrapped; a blank line parts them).
    """

    encoding: str = "utf-8"
    columns: Mapping[str, str] = field(default_factory=dict)
    sentences: bool | None = None
    paragraphs: str = "line"


def is_named(path: Path, *suffixes: str) -> bool:
    """Return whether the file's name ends in one of `suffixes`, a compression's own suffix left aside."""
    name = path.name.lower()
    for packed in _OPENERS:
        name = name.removesuffix(packed)
    return name.endswith(suffixes)


def open_binary(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacking gzip, bzip2 (multistream too) and xz by the file's name."""
    opener = _OPENERS.get(path.suffix.lower())
    stream: IO[bytes] = path.open("rb") if opener is None else opener(path)
    return stream


def decoded_lines(stream: IO[bytes], path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end), and say in which line another encoding shows."""
    for number, raw in enumerate(stream, start=1):
        try:
            line = raw.decode(encoding)
        except UnicodeDecodeError as error:
            raise ContextsError(
                f"{path}, line {number}: not {encoding} (byte {raw[error.start]:#04x} at {error.start});"
                " give the file's own encoding with encoding = '...'"
            ) from None
        except LookupError:
            raise ContextsError(f"{path}: there is no encoding '{encoding}'; try 'utf-8' or 'cp1252'") from None
        if number == 1:
            line = line.removeprefix("\ufeff")
        yield number, line.rstrip("\r\n")


@contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Turn whatever a broken file raises while it is read into one `ContextsError` that names the file."""
    try:
        yield
    except ContextsError:
        raise
    except FileNotFoundError as error:
        raise ContextsError(f"{path}: there is no such file") from error
    except EOFError as error:
        raise ContextsError(f"{path}: the archive breaks off before its end; fetch the file again") from error
    except (tarfile.TarError, zlib.error, lzma.LZMAError) as error:
        raise ContextsError(f"{path}: the archive is damaged ({error}); fetch the file again") from error
    except ParseError as error:
        raise ContextsError(f"{path}: the XML breaks off or is damaged ({error}); fetch the file again") from error
    except OSError as error:
        raise ContextsError(f"{path}: can't be read ({error.strerror or error})") from error
