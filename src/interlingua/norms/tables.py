"""Tables as they lie on disk: text, workbooks, Parquet, inside archives or not.

Nothing is interpreted here: cells come back as they stand, under the names of the header row, so that
a word such as "null" or "NA" stays a word and an error can name the row of the file.
"""

from __future__ import annotations

import codecs
import contextlib
import fnmatch
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pandas as pd

from interlingua.errors import NormsError, reason, suggest
from interlingua.norms.advice import advise
from interlingua.norms.card import Format, Layout
from interlingua.norms.encodings import check_encoding, encodings_of, likely_encodings, unicode_without_mark
from interlingua.norms.guarded import MOST_UNPACKED, entries_of, read_member, read_parquet, read_workbook
from interlingua.norms.header import Header, name_of, positions
from interlingua.norms.quotes import Cells, split_cells

_SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".txt": "tsv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".parquet": "parquet",
}
#: More cells than any table of ratings has; one in a far corner makes a table as large.
_MOST_CELLS: Final = 50_000_000
_BYTE_ORDER: Final = (b"\xff\xfe", b"\xfe\xff")
_LINES_LOOKED_AT: Final = 50
_WRAPPED: Final = re.compile(r'"[^"\n]*"')


class WrongFormatError(NormsError):
    """A file is not of the format that a layout says."""


def read_table(path: str | Path, layout: Layout | None = None, language: str | None = None) -> pd.DataFrame:
    """Read a table without interpreting its cells.

    Workbooks, Parquet files and archives are read in a process of their own that may take 2 GB of memory and a minute
    (more for large files): damaged ones would take all there is.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX, XLS, ODS or Parquet, as such or inside a ZIP or gzip file.
    layout : Layout, optional
        Where the header row is, the encoding, the sheet and so on; `Layout()` by default.
    language : str, optional
        The language of its words: errors advise encodings that are usual for it.

    Returns
    -------
    pandas.DataFrame
        Dtype object; text cells as str, a workbook's numbers as numbers, its dates, truth values and errors as
        `interlingua.norms.cells.Odd`, empty cells as "". Columns
        have the header row's names with blanks made single; names that repeat have their groups, from the
        rows above it, in front ("Arousal / Mean"), and may still repeat; a column without one has "". The
        index, named "row", is the row of the file, counted from 1. Blank rows are left out.
        ``attrs["issues"]`` has what was repaired in a text file, as (kind, count, detail), and ``attrs["encoding"]``
        the encoding in which it was.

    Raises
    ------
    NormsError
        The file is missing, empty, damaged, of another format or encoding, or a package is missing.
    """
    layout = layout or Layout()
    file = Path(path)
    content, name = _unpack(_read_bytes(file), file, layout)
    kind = _kind(content, name, file, layout)
    if kind == "parquet":
        columns, rows = read_parquet(content, file)
        return _frame(rows, [name_of(column) for column in columns], list(range(1, len(rows) + 1)), file)
    if kind not in {"csv", "tsv"}:
        return _with_header(_read_sheet(content, file, kind, layout), file, layout, layout.header_row)
    text = _read_text(content, name, file, kind, layout, language)
    header_row = layout.header_row
    while header_row in text.cells.inside:  # a name over several lines
        header_row += 1
    table = _with_header(text.cells.rows, file, layout, header_row, is_text=True)
    table.attrs["issues"] = text.issues + text.cells.issues()
    table.attrs["encoding"] = text.encoding
    return table


def _read_bytes(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise NormsError(f"there is no file {file}") from None
    except OSError as error:
        raise NormsError(f"{file} can't be read: {reason(error)}") from None
    if not content:
        raise NormsError(f"{file} is empty")
    return content


def _unpack(content: bytes, file: Path, layout: Layout) -> tuple[bytes, str]:
    """Take the table out of a gzip or ZIP file; return it with its own name."""
    if content.startswith(b"\x1f\x8b"):
        return _gunzip(content, file), file.name.removesuffix(".gz")
    if not content.startswith(b"PK"):
        return content, file.name
    entries = {entry.filename: entry for entry in entries_of(content, file)}
    if "[Content_Types].xml" in entries or "mimetype" in entries:  # a workbook is a ZIP file, too
        return content, file.name
    member = _member(list(entries), file, layout)
    unpacked = read_member(content, file, entries[member])
    if not unpacked:
        raise NormsError(f"{file}: '{member}' in it is empty")
    return unpacked, PurePosixPath(member).name


def _gunzip(content: bytes, file: Path) -> bytes:
    parts: list[bytes] = []
    left = MOST_UNPACKED
    try:
        while content.strip(b"\0"):  # one after the other, and zeros behind them, as gzip itself reads it
            stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
            parts.append(stream.decompress(content, left + 1))
            left -= len(parts[-1])
            if left < 0:
                raise NormsError(
                    f"{file} can't be unpacked: it is more than {MOST_UNPACKED >> 20} MB; unpack it, and keep the "
                    "columns that are needed"
                )
            if not stream.eof:
                raise zlib.error
            content = stream.unused_data
    except zlib.error:
        raise NormsError(f"{file} is a damaged or truncated gzip file: fetch it again") from None
    if not any(parts):
        raise NormsError(f"{file} holds an empty file")
    return b"".join(parts)


def _member(names: Sequence[str], file: Path, layout: Layout) -> str:
    tables = [
        name for name in names if PurePosixPath(name).suffix.lower() in _SUFFIXES and not name.startswith("__MACOSX")
    ]
    if layout.member:
        for name in names:
            if layout.member in {name, PurePosixPath(name).name} or fnmatch.fnmatch(name, layout.member):
                return name
        raise NormsError(f"{file} holds no '{layout.member}'{suggest(layout.member, names)}; it holds {_few(names)}")
    if len(tables) == 1:
        return tables[0]
    what = "several tables" if tables else "no table"
    example = f", such as {advise(member=tables[0])}" if tables else ""
    raise NormsError(f"{file} holds {what} ({_few(tables or names)}): name one with 'member'{example}")


def _kind(content: bytes, name: str, file: Path, layout: Layout) -> Format:
    """Tell the format by the content, and for text by the layout or the file's suffix."""
    head = content[:1024].lstrip().lower()
    found: Format | None = None
    if content.startswith(b"PAR1"):
        found = "parquet"
    elif content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        found = "xls"
    elif content.startswith(b"PK"):
        found = "ods" if b"opendocument" in content[:200] else "xlsx"
    elif head.startswith(b"%pdf"):
        raise NormsError(f"{file} is a PDF: copy its table into a CSV file with named columns")
    elif head.startswith((b"<!doctype html", b"<html")):
        raise NormsError(f"{file} is a web page, not a table: download the table itself")
    by_name = _SUFFIXES.get(Path(name).suffix.lower())
    if found is None:
        text_formats = {"csv", "tsv"}
        declared = layout.format or by_name
        if declared is not None and declared not in text_formats:
            raise WrongFormatError(f"{file} is not a {declared} file: it may be damaged, or is plain text")
        return declared or "csv"
    if layout.format is not None and layout.format != found:
        raise WrongFormatError(f"{file} is a {found} file, where {layout.format} is expected")
    return found


@dataclass(frozen=True)
class _Text:
    """The cells of a text file, and how it was decoded."""

    cells: Cells
    encoding: str
    issues: list[tuple[str, int, str]] = field(default_factory=list)


def _read_text(content: bytes, name: str, file: Path, kind: Format, layout: Layout, language: str | None) -> _Text:
    issues: list[tuple[str, int, str]] = []
    try:
        check_encoding(layout.encoding)
        text, encoding = _decode(content, layout.encoding)
    except NormsError as error:
        raise NormsError(f"{file}: {error}") from None
    except UnicodeError as error:
        raise NormsError(
            f"{file} is not {layout.encoding.upper()}: {_encoding_hint(content, error, layout, language)}"
        ) from None
    if encoding == "utf-8" != layout.encoding and not text.isascii():
        detail = f'{file.name} is UTF-8 and was read as such, although encoding = "{layout.encoding}" was given'
        issues.append(("encoding", 1, detail))
    if "\0" in text:
        other = "utf-16" if content[:2] in _BYTE_ORDER else unicode_without_mark(content) or "utf-16"
        raise NormsError(
            f"{file} is not a text table: it holds zero bytes; if it is {other.upper()}, give "
            f"{advise(language, encoding=other)}"
        )
    if layout.separator is not None and (len(layout.separator) != 1 or layout.separator in '"\r\n'):
        raise NormsError(
            f"{file}: separator = {layout.separator!r}: give one character that is neither a quotation mark nor a line "
            "break, such as a tab or a semicolon; of a file with other separators replace them"
        )
    separator = layout.separator or _separator(text, kind, name, layout)
    try:
        return _Text(split_cells(text, separator, layout.quoted), encoding, issues)
    except NormsError as error:
        raise NormsError(f"{file}, {error}") from None


def _encoding_hint(content: bytes, error: UnicodeError, layout: Layout, language: str | None) -> str:
    """Say where a text can't be decoded, and which encoding it may be in."""
    place = error.start if isinstance(error, UnicodeDecodeError) else 0
    row = content[:place].count(b"\n") + 1
    at = f"byte 0x{content[place]:02x} at position {place}, row {row}"
    marked = content[:2] in _BYTE_ORDER
    if marked or unicode_without_mark(content):
        likely = ["utf-16" if marked else str(unicode_without_mark(content))]
    elif language is None:
        where = "cp1250 in central Europe, cp1251 for Cyrillic, cp1254 for Turkish, gb18030 for Chinese"
        return f"{at}; name its encoding, such as {advise(encoding='cp1252')} ({where})"
    else:
        likely = likely_encodings(content, language)
    likely = [encoding for encoding in likely if encoding != layout.encoding]
    if not likely:
        usual = f" (neither is it {', '.join(encodings_of(language))})" if language and encodings_of(language) else ""
        return f"{at}{usual}; save it as UTF-8, or name its encoding with {advise(language, encoding='...')}"
    line = next((line for line in content.splitlines() if not line.isascii()), b"")
    example = (
        "" if marked or "utf-16" in likely[0] else f", which reads '{line.decode(likely[0], 'replace')[:40]}' there"
    )
    return f"{at}; name its encoding, such as {advise(language, encoding=likely[0])}{example}"


def _decode(content: bytes, encoding: str) -> tuple[str, str]:
    """Decode text, and return the encoding, too; what is valid UTF-8 is read as such even where another is expected.

    A table is often re-encoded by who publishes it again, and UTF-8 read as cp1252 gives no error but
    other words, whereas no real cp1252 table with accents is valid UTF-8. UTF-16 has zero bytes, at line ends at least.
    """
    marked = content[:2] in _BYTE_ORDER
    codec = codecs.lookup(encoding).name
    wide = codec.startswith(("utf-16", "utf-32"))
    # Encodings of seven bits, such as iso2022_jp, look like UTF-8 as well.
    if codec not in {"utf-8", "utf-8-sig"} and not marked and b"\0" not in content and (wide or not content.isascii()):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode("utf-8-sig"), "utf-8"
    if codec == "utf-16" and not marked:
        # Python would take this machine's order of bytes.
        encoding = unicode_without_mark(content) or encoding
    return content.decode(encoding).removeprefix("\ufeff"), encoding


def _separator(text: str, kind: Format, name: str, layout: Layout) -> str:
    """Choose what the header row is parted by, and most rows as often, outside quotation marks."""
    if layout.format is not None or Path(name).suffix.lower() == ".tsv":
        return "\t" if kind == "tsv" else ","
    first = max(layout.header_row, 1) - 1
    lines = [_WRAPPED.sub("", line) for line in text.splitlines()[first : first + _LINES_LOOKED_AT] if line.strip()]
    if not lines:
        return ","
    alike = {mark: sum(line.count(mark) == lines[0].count(mark) for line in lines) for mark in "\t;,"}
    found = [mark for mark in "\t;," if lines[0].count(mark)]
    # A head may have more commas than columns, and a text in a row any number of each.
    steady = [mark for mark in found if alike[mark] > 0.9 * max(alike[other] for other in found)]
    return max(steady, key=lines[0].count, default=",")  # the first of equals


def _read_sheet(content: bytes, file: Path, kind: Format, layout: Layout) -> list[list[Any]]:
    rows, names = read_workbook(content, file, kind, layout.sheet)
    if names is None:
        return rows
    if isinstance(layout.sheet, int):
        raise NormsError(f"{file} has {len(names)} sheets, so no sheet {layout.sheet} counted from 0: {_few(names)}")
    raise NormsError(f"{file} has no sheet '{layout.sheet}'{suggest(layout.sheet, names)}; it has {_few(names)}")


def _with_header(
    rows: Sequence[list[Any]], file: Path, layout: Layout, header_row: int, *, is_text: bool = False
) -> pd.DataFrame:
    if len(rows) < header_row:
        raise NormsError(f"{file} has {len(rows)} rows, so no header in row {layout.header_row}")
    names = Header.of(rows[:header_row])
    header = names.shown
    body = [
        (number, cells)
        for number, cells in enumerate(rows[header_row:], start=header_row + 1)
        if any(str(cell).strip() for cell in cells)
    ]
    numbers = [number for number, _ in body]
    table = _frame([cells for _, cells in body], header, numbers, file)
    table.attrs["header"] = names
    table.attrs["first"] = layout.repeated == "first"
    if is_text and header:
        # In a text file a header that is too short may lack its *first* name as well as its last.
        table.attrs["unnamed_from"] = next(
            (number for number, cells in body if any(str(cell).strip() for cell in cells[len(header) :])), 0
        )
    return table


def _frame(rows: list[list[Any]], header: list[str], numbers: list[int], file: Path) -> pd.DataFrame:
    if not rows:
        raise NormsError(f"{file} holds no rows below its header")
    width = max(len(header), *map(len, rows))
    if width * len(rows) > _MOST_CELLS:
        widest = numbers[max(range(len(rows)), key=lambda place: len(rows[place]))]
        raise NormsError(
            f"{file} has {len(rows):,} rows and {width:,} columns, more than is read of any table; row {widest} is the "
            "widest: delete what stands beyond the table"
        )
    table = pd.DataFrame(
        [[*cells, *[""] * (width - len(cells))] for cells in rows],
        index=pd.Index(numbers, name="row"),
        dtype=object,
    )
    table.columns = pd.Index([*header, *[""] * (width - len(header))], dtype=object)
    return table


def _few(names: Sequence[str], limit: int = 12) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def column_at(table: pd.DataFrame, column: str | int, path: str | Path) -> int:
    """Return the position of a column given by name or position.

    A name may be given with the groups above it ("Arousal / Mean"), and must be where it stands more than once.

    Raises
    ------
    NormsError
        There is no such column or more than one, or the header has fewer names than the rows have cells, so that names
        can't be trusted.
    """
    names = [str(name) for name in table.columns]
    if isinstance(column, int):
        if 0 <= column < len(names):
            return column
        raise NormsError(f"{path} has {len(names)} columns, so no column {column} counted from 0")
    wanted = name_of(column)
    header: Header | None = table.attrs.get("header")
    found = positions(wanted, names, header) if wanted else []
    if not found:
        named = [name for name in names if name]
        raise NormsError(
            f"{path} has no column '{column}'{suggest(wanted, named)}; it has {_few(named)}; name others with 'columns'"
        )
    if row := table.attrs.get("unnamed_from"):
        named = [name for name in names if name]
        raise NormsError(
            f"{path} names {len(named)} columns, but row {row} has more cells: names and columns may be out "
            "of step, so give columns by their position, counted from 0"
            + (f", or give {advise(header_row=int(row))} if that row has their names" if row == table.index[0] else "")
        )
    if len(found) > 1 and not table.attrs.get("first"):
        full = header.full if header else names
        several = ", ".join(f"{place} ('{full[place]}')" if full[place] != wanted else str(place) for place in found)
        raise NormsError(
            f"{path} has {len(found)} columns '{column}', at the positions {several}: give the one you mean by its "
            "position, counted from 0"
            + (", or by its whole name" if len({full[i] for i in found}) == len(found) else "")
        )
    return found[0]
