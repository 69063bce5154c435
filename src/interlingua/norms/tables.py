"""Tables as they lie on disk: text, workbooks, Parquet, inside archives or not.

Nothing is interpreted here: cells come back as they stand, under the names of the header row, so that
a word such as "null" or "NA" stays a word and an error can name the row of the file.
"""

from __future__ import annotations

import fnmatch
import gzip
import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pandas as pd

from interlingua.errors import NormsError, suggest
from interlingua.norms.card import Format, Layout
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
_ENGINES: Final[dict[str, tuple[str, str]]] = {
    # format: pandas' engine, the package to install
    "xlsx": ("openpyxl", "openpyxl"),
    "xls": ("calamine", "python-calamine"),
    "ods": ("calamine", "python-calamine"),
}


class WrongFormatError(NormsError):
    """A file is not of the format that a layout says."""


def read_table(path: str | Path, layout: Layout | None = None) -> pd.DataFrame:
    """Read a table without interpreting its cells.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX, XLS, ODS or Parquet, as such or inside a ZIP or gzip file.
    layout : Layout, optional
        Where the header row is, the encoding, the sheet and so on; `Layout()` by default.

    Returns
    -------
    pandas.DataFrame
        Dtype object; text cells as str, a workbook's numbers as numbers, empty cells as "". Columns
        have the header row's names with blanks made single; names that repeat have their groups, from the
        rows above it, in front ("Arousal / Mean"), and may still repeat; a column without one has "". The
        index, named "row", is the row of the file, counted from 1. Blank rows are left out.
        ``attrs["issues"]`` has what was repaired in a text file, as (kind, count, detail).

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
        return _read_parquet(content, file)
    if kind not in {"csv", "tsv"}:
        return _with_header(_read_workbook(content, file, kind, layout), file, layout, layout.header_row)
    text = _read_text(content, name, file, kind, layout)
    header_row = layout.header_row
    while header_row in text.inside:  # a name over several lines
        header_row += 1
    table = _with_header(text.rows, file, layout, header_row, is_text=True)
    table.attrs["issues"] = text.issues()
    return table


def _read_bytes(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise NormsError(f"there is no file {file}") from None
    except OSError as error:
        raise NormsError(f"{file} can't be read: {error.strerror}") from None
    if not content:
        raise NormsError(f"{file} is empty")
    return content


def _unpack(content: bytes, file: Path, layout: Layout) -> tuple[bytes, str]:
    """Take the table out of a gzip or ZIP file; return it with its own name."""
    if content.startswith(b"\x1f\x8b"):
        try:
            return gzip.decompress(content), file.name.removesuffix(".gz")
        except (OSError, EOFError, zlib.error):
            raise NormsError(f"{file} is a damaged or truncated gzip file: fetch it again") from None
    if not content.startswith(b"PK"):
        return content, file.name
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
            if "[Content_Types].xml" in names or "mimetype" in names:  # a workbook is a ZIP file, too
                return content, file.name
            member = _member(names, file, layout)
            return archive.read(member), PurePosixPath(member).name
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise NormsError(f"{file} is a damaged or truncated ZIP file: fetch it again") from None
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown compression
        raise NormsError(f"{file} can't be unpacked: {error}") from None


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
    raise NormsError(f"{file} holds {what} ({_few(tables or names)}): name one with 'member'")


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


def _read_text(content: bytes, name: str, file: Path, kind: Format, layout: Layout) -> Cells:
    try:
        text = _decode(content, layout.encoding)
    except LookupError:
        raise NormsError(f"{file}: there is no encoding '{layout.encoding}'") from None
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        hint = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp1252"
        raise NormsError(
            f"{file} is not {layout.encoding.upper()}: byte 0x{content[error.start]:02x} at position "
            f'{error.start}, row {row}; name its encoding, such as encoding = "{hint}"'
        ) from None
    if "\0" in text:
        raise NormsError(f'{file} is not a text table: it holds zero bytes (encoding = "utf-16"?)')
    separator = layout.separator or _separator(text, kind, name, layout)
    try:
        return split_cells(text, separator, layout.quoted)
    except NormsError as error:
        raise NormsError(f"{file}, {error}") from None


def _decode(content: bytes, encoding: str) -> str:
    """Decode text; what is valid UTF-8 is read as such even where an older encoding is expected.

    A table is often re-encoded by who publishes it again, and UTF-8 read as cp1252 gives no error but
    other words, whereas no real cp1252 table with accents is valid UTF-8.
    """
    if not encoding.lower().startswith("utf"):
        "".encode(encoding)  # LookupError for an encoding that does not exist
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode(encoding)
    return content.decode(encoding).removeprefix("\ufeff")


def _separator(text: str, kind: Format, name: str, layout: Layout) -> str:
    if layout.format is not None or Path(name).suffix.lower() == ".tsv":
        return "\t" if kind == "tsv" else ","
    lines = text.splitlines()
    header = lines[min(max(layout.header_row, 1), len(lines)) - 1] if lines else ""
    best = max("\t;,", key=header.count)  # the first of equals
    return best if header.count(best) else ","


def _read_workbook(content: bytes, file: Path, kind: Format, layout: Layout) -> list[list[Any]]:
    engine, package = _ENGINES[kind]
    try:
        with pd.ExcelFile(io.BytesIO(content), engine=engine) as book:
            sheet = _sheet([str(name) for name in book.sheet_names], file, layout)
            cells = pd.read_excel(book, sheet_name=sheet, header=None, dtype=object, na_filter=False)
    except ImportError:
        raise NormsError(f"reading {file} needs the package {package}: pip install {package}") from None
    except NormsError:
        raise
    except Exception as error:  # each engine has its own ways to say that a file is damaged
        raise NormsError(f"{file} can't be read as {kind}: {str(error) or type(error).__name__}") from None
    return [[_cell(value) for value in row] for row in cells.itertuples(index=False, name=None)]


def _sheet(names: list[str], file: Path, layout: Layout) -> str:
    if isinstance(layout.sheet, int):
        if 0 <= layout.sheet < len(names):
            return names[layout.sheet]
        raise NormsError(f"{file} has {len(names)} sheets, so no sheet {layout.sheet} counted from 0")
    if layout.sheet in names:
        return layout.sheet
    raise NormsError(f"{file} has no sheet '{layout.sheet}'{suggest(layout.sheet, names)}; it has {_few(names)}")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):  # a workbook takes the word "true" for a truth value
        return str(value).lower()
    if value is None or value != value:  # noqa: PLR0124 - not a number
        return ""
    return value


def _read_parquet(content: bytes, file: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(io.BytesIO(content))
    except Exception as error:  # pyarrow has many ways to say that a file is damaged
        raise NormsError(f"{file} can't be read as parquet: {error}") from None
    names = [name_of(column) for column in table.columns]
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False, name=None)]
    return _frame(rows, names, list(range(1, len(rows) + 1)), file)


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
            + (f", or header_row = {row} if that row has their names" if row == table.index[0] else "")
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
