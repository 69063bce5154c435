"""How much of a corpus is read at once: a page, a line, a file unpacked; more is an error that says how to allow it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from interlingua.errors import ContextsError

MEGABYTE = 2**20
#: What a packed file may be when it is unpacked, where nobody says it: text packs to a twentieth, traps to a millionth.
_LEAST_UNPACKED = 64
_MOST_TIMES = 1000
#: A whole JSON file is one piece in memory, but holds many pages.
_PAGES_OF_JSON = 8


@dataclass(frozen=True)
class Limits:
    """The most that is read at once.

    Attributes
    ----------
    page_megabytes : int
        Of a page, a record, a line, a sentence of CoNLL or a cell of Parquet. Wikipedia's longest pages have 2.
    page_seconds : int
        For the markup of one page.
    unpacked_megabytes : int, optional
        Of a packed file; by default a thousand times the packed one, and 64 in any case.
    """

    page_megabytes: int = 32
    page_seconds: int = 60
    unpacked_megabytes: int | None = None

    @property
    def page(self) -> int:
        """Bytes of a page."""
        return self.page_megabytes * MEGABYTE

    @property
    def json(self) -> int:
        """Bytes of a JSON file that is read as a whole."""
        return self.page * _PAGES_OF_JSON

    def unpacked(self, packed: int) -> int:
        """Return the bytes that a file of so many packed bytes may have."""
        if self.unpacked_megabytes is not None:
            return self.unpacked_megabytes * MEGABYTE
        return _LEAST_UNPACKED * MEGABYTE + _MOST_TIMES * packed

    def too_long(self, where: str) -> ContextsError:
        """Return an error for a page that is longer."""
        return ContextsError(
            f"{where}: more than {self.page_megabytes} MB in one piece, the most that is read of a page, a record "
            f"or a line; if it is text all the same, give most_page_megabytes = {4 * self.page_megabytes}"
        )

    def too_slow(self, where: str) -> ContextsError:
        """Return an error for a page whose markup takes longer."""
        return ContextsError(
            f"{where}: its markup was not read within {self.page_seconds} seconds: it is damaged, or made to be slow; "
            f"take the page out, or give most_page_seconds = {10 * self.page_seconds}"
        )


class _Reads(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Unpacked(io.RawIOBase):
    """A packed file as it is unpacked, up to what it may hold."""

    def __init__(self, stream: io.RawIOBase | io.BufferedIOBase, path: Path, limits: Limits) -> None:
        self._stream, self._path = stream, path
        self._left = self._most = limits.unpacked(path.stat().st_size)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Unpack some bytes.

        Raises
        ------
        ContextsError
            If these are more than the file may hold.
        """
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view)) or b""
        self._left -= len(data)
        if self._left < 0:
            megabytes = self._most // MEGABYTE
            raise ContextsError(
                f"{self._path}: unpacked it is more than {megabytes:,} MB, packed {self._path.stat().st_size:,} bytes; "
                f"if it is a corpus all the same, give most_unpacked_megabytes = {100 * megabytes}"
            )
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the packed file."""
        self._stream.close()
        super().close()


class Pages:
    """A stream that is read page by page: `turn` begins the next one, and none may be longer than is read of a page."""

    #: Parsers read ahead.
    _AHEAD = 2**18

    def __init__(self, stream: _Reads, path: Path, limits: Limits) -> None:
        self._stream, self._path, self._limits = stream, path, limits
        self._read = 0
        self.last = ""

    def turn(self, page: str | None = None) -> None:
        """Begin the page that is called `page`, or another version of it."""
        self._read = 0
        self.last = page or self.last

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes.

        Raises
        ------
        ContextsError
            If the page is too long.
        """
        data = self._stream.read(size)
        self._read += len(data)
        if self._read > self._limits.page + self._AHEAD:
            where = f"page '{self.last}' or the next" if self.last else "the first page"
            raise self._limits.too_long(f"{self._path}, {where}")
        return data
