"""A table's bytes, as they lie on the disk or inside a ZIP or gzip file."""

from __future__ import annotations

import fnmatch
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from interlingua.errors import NormsError, reason, suggest
from interlingua.norms.advice import Keys
from interlingua.norms.card import Format, Layout
from interlingua.norms.columns import few
from interlingua.norms.guarded import entries_of, read_member
from interlingua.norms.limits import Limits

#: Formats by the end of a file's name.
SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".txt": "tsv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".parquet": "parquet",
}


def read_bytes(file: Path, limits: Limits, keys: Keys) -> bytes:
    """Return what a file holds, if it is not more than is read of any table.

    Raises
    ------
    NormsError
        The file is missing, empty, too large or can't be read.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(limits.size + 1)
            if len(content) > limits.size:
                raise limits.too_large(str(file), keys, file.stat().st_size / 2**20)
    except FileNotFoundError:
        near = suggest(file.name, [path.name for path in file.parent.iterdir()]) if file.parent.is_dir() else ""
        raise NormsError(f"there is no file {file}{near}") from None
    except OSError as error:
        raise NormsError(f"{file} can't be read: {reason(error)}") from None
    if not content:
        raise NormsError(f"{file} is empty")
    return content


def unpack(content: bytes, file: Path, layout: Layout, keys: Keys) -> tuple[bytes, str]:
    """Take the table out of a gzip or ZIP file; return it with its own name.

    Raises
    ------
    NormsError
        The archive is damaged, holds too much, or which table of it is meant can't be told.
    """
    if content.startswith(b"\x1f\x8b"):
        return _gunzip(content, file, layout.limits, keys), file.name.removesuffix(".gz")
    if not content.startswith(b"PK"):
        return content, file.name
    entries = {entry.filename: entry for entry in entries_of(content, file)}
    if "[Content_Types].xml" in entries or "mimetype" in entries:  # a workbook is a ZIP file, too
        return content, file.name
    member = _member(list(entries), file, layout, keys)
    unpacked = read_member(content, file, entries[member], layout.limits, keys)
    if not unpacked:
        raise NormsError(f"{file}: '{member}' in it is empty")
    return unpacked, PurePosixPath(member).name


def tables_in(names: Sequence[str]) -> list[str]:
    """Return which members of an archive are tables by their names."""
    return [name for name in names if PurePosixPath(name).suffix.lower() in SUFFIXES and "__MACOSX" not in name]


def _gunzip(content: bytes, file: Path, limits: Limits, keys: Keys) -> bytes:
    parts: list[bytes] = []
    left = limits.size
    try:
        while content.strip(b"\0"):  # one after the other, and zeros behind them, as gzip itself reads it
            stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
            parts.append(stream.decompress(content, left + 1))
            left -= len(parts[-1])
            if left < 0:
                raise limits.too_large(f"{file} can't be unpacked: it", keys)
            if not stream.eof:
                raise zlib.error
            content = stream.unused_data
    except zlib.error:
        raise NormsError(f"{file} is a damaged or truncated gzip file: fetch it again") from None
    if not any(parts):
        raise NormsError(f"{file} holds an empty file")
    return b"".join(parts)


def _member(names: Sequence[str], file: Path, layout: Layout, keys: Keys) -> str:
    tables = tables_in(names)
    if layout.member:
        for name in names:
            if layout.member in {name, PurePosixPath(name).name} or fnmatch.fnmatch(name, layout.member):
                return name
        advice = f"; give {keys.option(member=tables[0])}" if tables else ""
        raise NormsError(
            f"{file} holds no '{layout.member}'{suggest(layout.member, names)}; it holds {few(names)}{advice}"
        )
    if len(tables) == 1:
        return tables[0]
    if not tables:
        advice = f": if one is a table, give {keys.option(member=names[0])}" if names else ""
        raise NormsError(f"{file} holds no table ({few(names)}){advice}")
    raise NormsError(f"{file} holds several tables ({few(tables)}): give {keys.option(member=tables[0])}, or another")
