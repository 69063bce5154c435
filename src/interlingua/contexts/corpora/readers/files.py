"""Opening a corpus's file, packed or not, in its encoding; whatever is wrong with it becomes one clear error."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from interlingua.contexts.corpora.readers.base import Options
from interlingua.contexts.corpora.readers.limits import Limits, Unpacked
from interlingua.errors import ContextsError, reason

_AGAIN: Final = "fetch the file again"
ZIPPED: Final = "ZIP archives are not read as corpora: unpack it, and name the file or the folder"
#: What a packed file begins with, by its suffix.
_MAGIC: Final = {
    ".gz": re.compile(rb"\x1f\x8b"),
    ".bz2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),
    ".xz": re.compile(rb"\xfd7zXZ\x00"),
}
_HEAD: Final = 16
#: So much of a file's beginning shows its encoding; and characters that show that it is UTF-8: one is enough where
#: another encoding would make signs of it, more where it has characters of two bytes as well.
_LOOKED_AT: Final = 8192
_ENOUGH: Final = 20
_MANY_ZEROS: Final = 0.05
_MOSTLY: Final = 0.7
_MARKS: Final = frozenset({codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE})
_WIDE: Final = ("utf-16", "utf-32")


class _Unpacked(io.RawIOBase):
    """What a bzip2 or xz file holds.

    Python's own readers take whatever is no stream behind the first one for the end of the file, so that one damaged
    stream of many would shorten a corpus and nobody be told.
    """

    def __init__(self, path: Path, new: Callable[[], Any]) -> None:
        self._file = path.open("rb")
        self._new = new
        self._stream = new()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            packed = b""
            if self._stream.eof:
                packed = self._stream.unused_data.lstrip(b"\0")  # xz may have zeros between its streams
                while not packed:
                    block = self._file.read(io.DEFAULT_BUFFER_SIZE)
                    if not block:
                        return 0
                    packed = block.lstrip(b"\0")
                self._stream = self._new()
            elif self._stream.needs_input:
                packed = self._file.read(io.DEFAULT_BUFFER_SIZE)
                if not packed:
                    raise EOFError
            data = self._stream.decompress(packed, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


_OPENERS: Final[dict[str, Callable[[Path], Any]]] = {
    ".gz": gzip.open,
    ".bz2": lambda path: _Unpacked(path, bz2.BZ2Decompressor),
    ".xz": lambda path: _Unpacked(path, lzma.LZMADecompressor),
}


def is_named(path: Path, *suffixes: str) -> bool:
    """Return whether the file's name ends in one of `suffixes`, a compression's own suffix left aside."""
    name = path.name.lower()
    for packed in _OPENERS:
        name = name.removesuffix(packed)
    return name.endswith(suffixes)


def open_binary(path: Path, limits: Limits) -> io.BufferedReader:
    """Open a file for reading, unpacking gzip, bzip2 and xz, of one stream or several, by what the file holds.

    Raises
    ------
    ContextsError
        If the file is empty, not packed though its name says so, or a ZIP archive; later, if it holds too much.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise ContextsError(f"{path}: the file is empty; fetch it again, or leave it out")
    packed = next((suffix for suffix, magic in _MAGIC.items() if magic.match(head)), None)
    named = path.suffix.lower()
    if packed is None and named in _MAGIC:
        raise ContextsError(
            f"{path}: not packed as '{named}' says: it is damaged ({_AGAIN}), or unpacked already (name it without"
            f" '{named}')"
        )
    if head.startswith(b"PK\x03\x04"):
        raise ContextsError(f"{path}: {ZIPPED}")
    return path.open("rb") if packed is None else io.BufferedReader(Unpacked(_OPENERS[packed](path), path, limits))


def decoded_lines(stream: io.BufferedReader, path: Path, options: Options) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end), and say in which line another encoding shows.

    Raises
    ------
    ContextsError
        If there is no such encoding, the file is in another one, or a line is too long.
    """
    encoding, limits = options.encoding, options.limits
    name = _codec(encoding, path)
    _refuse_other_encoding(stream.peek(_LOOKED_AT)[:_LOOKED_AT], name, f"{path}: not {encoding}")
    number = 0
    try:
        # In wide encodings the bytes of a line's end stand within other characters, too.
        wide = name.startswith(_WIDE)
        lines = _each_wide(stream, name, limits.page) if wide else _each(stream, name, limits.page)
        for number, line in enumerate(lines, start=1):
            if line is None:
                raise limits.too_long(f"{path}, line {number}")
            yield number, (line.removeprefix("\ufeff") if number == 1 else line).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ContextsError(
            f"{path}, line {number + 1}: not {encoding} (byte {error.object[error.start]:#04x} at {error.start});"
            " give the file's own encoding with encoding = '...'"
        ) from None


def _each(stream: io.BufferedReader, name: str, most: int) -> Iterator[str | None]:
    """Yield the lines of a stream; None in place of one that is too long."""
    while raw := stream.readline(most + 1):
        yield raw.decode(name) if len(raw) <= most else None


def _each_wide(stream: io.BufferedReader, name: str, most: int) -> Iterator[str | None]:
    text = io.TextIOWrapper(stream, name, newline="\n")
    while line := text.readline(most + 1):
        yield line if len(line) <= most else None


def _codec(encoding: str, path: Path) -> str:
    """Return Python's name of an encoding of text."""
    try:
        if "a\n".encode(encoding).decode(encoding) == "a\n":
            return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        pass
    raise ContextsError(f"{path}: there is no encoding '{encoding}'; try 'utf-8' or 'cp1252'") from None


def _refuse_other_encoding(head: bytes, name: str, wrong: str) -> None:
    """Raise ContextsError where a file's beginning shows another encoding, which would be read without an error."""
    if name.startswith(_WIDE):
        if b"\0" in head or head[:2] in _MARKS:
            return
        if _valid_utf8(head) is not None:
            raise ContextsError(f"{wrong} but UTF-8; leave encoding out, or give encoding = 'utf-8'")
        # Line ends and blanks have a zero byte in it; without any, bytes of ASCII are those of an older encoding.
        if sum(byte < 0x80 for byte in head) > _MOSTLY * len(head):
            raise ContextsError(f"{wrong}; give the file's own encoding with encoding = '...'")
        return
    wide = "utf-16" if head[:2] in _MARKS else ""
    if not wide and head.count(0) > _MANY_ZEROS * len(head):
        wide = "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    if wide:
        raise ContextsError(f"{wrong} but {wide}; give encoding = '{wide}'")
    text = _valid_utf8(head) if not name.startswith("utf") else None
    if text is not None:
        beyond = sum(not character.isascii() for character in text)
        if beyond >= (1 if _is_single_byte(name) else _ENOUGH):
            raise ContextsError(f"{wrong} but UTF-8; leave encoding out, or give encoding = 'utf-8'")


def _valid_utf8(head: bytes) -> str | None:
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return None


def _is_single_byte(name: str) -> bool:
    try:
        return len(bytes(range(0xA1, 0x100)).decode(name, "replace")) == 0x100 - 0xA1
    except (LookupError, ValueError):
        return False


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
        raise ContextsError(f"{path}: the archive breaks off before its end; {_AGAIN}") from error
    except (tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise ContextsError(f"{path}: the archive is damaged ({error}); {_AGAIN}") from error
    except ParseError as error:
        raise ContextsError(f"{path}: the XML breaks off or is damaged ({error}); {_AGAIN}") from error
    except OSError as error:
        # Python has no class of its own for a damaged bzip2 file; an error of the system has a number.
        again = f"; the archive is damaged, {_AGAIN}" if error.errno is None else ""
        raise ContextsError(f"{path}: can't be read ({reason(error)}){again}") from error
