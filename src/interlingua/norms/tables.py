"""Tables as they lie on disk: text, workbooks, Parquet, inside archives or not.

Nothing is interpreted here: cells come back as they stand, under the names of the header row, so that
a word such as "null" or "NA" stays a word and an error can name the row of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from interlingua.errors import NormsError, suggest
from interlingua.norms.advice import Keys
from interlingua.norms.card import Format, Layout
from interlingua.norms.columns import few
from interlingua.norms.guarded import entries_of, read_parquet, read_workbook
from interlingua.norms.header import Header, name_of
from interlingua.norms.packed import SUFFIXES, read_bytes, unpack
from interlingua.norms.text import read_text

_TEXTS: Final = ("csv", "tsv")


class WrongFormatError(NormsError):
    """A file is not of the format that a layout says."""


@dataclass(frozen=True)
class Raw:
    """The rows of a file, before any of them is a header.

    Attributes
    ----------
    kind : str
        The format of the table itself.
    member : str
        Its name inside an archive, or that of the file.
    rows : list of list
        All of them, blank ones too; position i is row i + 1 of the file.
    columns : list of str, optional
        Of a Parquet file, whose names stand in no row.
    sheets : tuple of str
        Of a workbook.
    encoding, separator : str
        Of a text.
    inside : set of int
        Rows, from 1, that end inside a cell.
    issues : list
        What was repaired: kind, count, detail.
    """

    kind: Format
    member: str
    rows: list[list[Any]]
    columns: list[str] | None = None
    sheets: tuple[str, ...] = ()
    encoding: str = ""
    separator: str = ""
    inside: set[int] = field(default_factory=set)
    issues: list[tuple[str, int, str]] = field(default_factory=list)


def read_table(
    path: str | Path, layout: Layout | None = None, language: str | None = None, keys: Keys | None = None
) -> pd.DataFrame:
    """Read a table without interpreting its cells.

    Workbooks, Parquet files and archives are read in a process of their own that may take only so much memory and time
    (`interlingua.norms.limits`): damaged ones would take all there is.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX, XLS, ODS or Parquet, as such or inside a ZIP or gzip file.
    layout : Layout, optional
        Where the header row is, the encoding, the sheet and so on; `Layout()` by default.
    language : str, optional
        The language of its words: errors advise encodings that are usual for it.
    keys : Keys, optional
        What errors advise to type; by default the options of that language's norms.

    Returns
    -------
    pandas.DataFrame
        Dtype object; text cells as str, a workbook's numbers as numbers, its dates, truth values and errors as
        `interlingua.norms.cells.Odd`, empty cells as "". Columns
        have the header row's names with blanks made single; names that repeat have their groups, from the
        rows above it, in front ("Arousal / Mean"), and may still repeat; a column without one has "". The
        index, named "row", is the row of the file, counted from 1. Blank rows are left out.
        ``attrs["issues"]`` has what was repaired in a text file, as (kind, count, detail), ``attrs["encoding"]``
        the encoding in which it was, and ``attrs["keys"]`` the keys.

    Raises
    ------
    NormsError
        The file is missing, empty, damaged, of another format or encoding, too large, or a package is missing.
    """
    layout = layout or Layout()
    keys = keys or Keys.of_norms(language)
    file = Path(path)
    raw = read_rows(file, layout, language, keys)
    return table_of(raw, file, layout, keys)


def read_rows(file: Path, layout: Layout, language: str | None, keys: Keys) -> Raw:
    """Read the rows of a table, its header among them.

    Raises
    ------
    NormsError
        As `read_table` does.
    """
    content, name = unpack(read_bytes(file, layout.limits, keys), file, layout, keys)
    kind = _kind(content, name, file, layout, keys)
    if kind == "parquet":
        columns, rows = read_parquet(content, file, layout.limits, keys)
        return Raw(kind, name, rows, columns=columns)
    if kind not in _TEXTS:
        rows, sheets, found = read_workbook(content, file, kind, layout.sheet, layout.limits, keys)
        if not found:
            raise _no_sheet(file, layout.sheet, sheets, keys)
        return Raw(kind, name, rows, sheets=tuple(sheets))
    text = read_text(content, name, file, kind, layout, language, keys)
    cells = text.cells
    issues = text.issues + cells.issues()
    return Raw(kind, name, cells.rows, None, (), text.encoding, text.separator, cells.inside, issues)


def table_of(raw: Raw, file: Path, layout: Layout, keys: Keys) -> pd.DataFrame:
    """Return the table that rows make with the header row that a layout names; as `read_table` describes it.

    Raises
    ------
    NormsError
        There is no such row, nothing below it, or more cells than are read.
    """
    if raw.columns is not None:
        table = _frame(
            raw.rows, [name_of(column) for column in raw.columns], list(range(1, len(raw.rows) + 1)), file, layout, keys
        )
    else:
        header_row = layout.header_row
        while header_row in raw.inside:  # a name over several lines
            header_row += 1
        table = _with_header(raw.rows, file, layout, header_row, keys, is_text=raw.kind in _TEXTS)
    table.attrs["issues"] = raw.issues
    table.attrs["keys"] = keys
    if raw.encoding:
        table.attrs["encoding"] = raw.encoding
    return table


def _kind(content: bytes, name: str, file: Path, layout: Layout, keys: Keys) -> Format:
    """Tell the format by the content, and for text by the layout or the file's suffix."""
    head = content[:1024].lstrip().lower()
    found: Format | None = None
    if content.startswith(b"PAR1"):
        found = "parquet"
    elif content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        found = "xls"
    elif content.startswith(b"PK"):
        names = {entry.filename for entry in entries_of(content, file)}
        found = "ods" if "mimetype" in names and "[Content_Types].xml" not in names else "xlsx"
    elif head.startswith(b"%pdf"):
        raise NormsError(f"{file} is a PDF: copy its table into a CSV file with named columns")
    elif head.startswith((b"<!doctype html", b"<html")):
        raise NormsError(f"{file} is a web page, not a table: download the table itself")
    by_name = SUFFIXES.get(Path(name).suffix.lower())
    if found is None:
        text_formats = {"csv", "tsv"}
        declared = layout.format or by_name
        if declared is not None and declared not in text_formats:
            raise WrongFormatError(
                f"{file} is not a {declared} file: it is damaged, or plain text: then give {keys.option(format='csv')}"
            )
        return declared or "csv"
    if layout.format is not None and layout.format != found:
        raise WrongFormatError(
            f"{file} is a {found} file, where {layout.format} is expected; give {keys.option(format=found)}"
        )
    return found


def _no_sheet(file: Path, wanted: str | int, names: Sequence[str], keys: Keys) -> NormsError:
    if not names:
        return NormsError(f"{file} has no sheets")
    advice = f"give {keys.option(sheet=_nearest(wanted, names))}, or another"
    if isinstance(wanted, int):
        return NormsError(
            f"{file} has {len(names)} sheets, so no sheet {wanted} counted from 0: {few(names)}; {advice}"
        )
    return NormsError(f"{file} has no sheet '{wanted}'{suggest(wanted, names)}; it has {few(names)}; {advice}")


def _nearest(wanted: str | int, names: Sequence[str]) -> str:
    near = suggest(str(wanted), names)
    return next((name for name in names if near and f"'{name}'" in near), names[0])


def _with_header(
    rows: Sequence[list[Any]], file: Path, layout: Layout, header_row: int, keys: Keys, *, is_text: bool
) -> pd.DataFrame:
    if len(rows) < header_row:
        raise NormsError(
            f"{file} has {len(rows)} rows, so no header in row {layout.header_row}; give {keys.option(header_row=1)}"
        )
    names = Header.of(rows[:header_row])
    header = names.shown
    body = [
        (number, cells)
        for number, cells in enumerate(rows[header_row:], start=header_row + 1)
        if any(map(str.strip, map(str, cells)))
    ]
    numbers = [number for number, _ in body]
    table = _frame([cells for _, cells in body], header, numbers, file, layout, keys)
    table.attrs["header"] = names
    table.attrs["first"] = layout.repeated == "first"
    if is_text and header:
        # In a text file a header that is too short may lack its *first* name as well as its last.
        table.attrs["unnamed_from"] = next(
            (number for number, cells in body if "".join(cells[len(header) :]).strip()), 0
        )
    return table


def _frame(
    rows: list[list[Any]], header: list[str], numbers: list[int], file: Path, layout: Layout, keys: Keys
) -> pd.DataFrame:
    if not rows:
        row = 1 if layout.header_row > 1 else 0
        above = f"; give {keys.option(header_row=row)}, or the row of its names" if layout.header_row else ""
        raise NormsError(f"{file} holds no rows below its header{above}")
    width = max(len(header), *map(len, rows))
    if width * len(rows) > layout.limits.cells:
        widest = numbers[max(range(len(rows)), key=lambda place: len(rows[place]))]
        far = f"; row {widest} is the widest: delete what stands beyond the table"
        raise layout.limits.too_many(file, len(rows), width, keys, far)
    table = pd.DataFrame(
        [cells if len(cells) == width else [*cells, *[""] * (width - len(cells))] for cells in rows],
        index=pd.Index(numbers, name="row"),
        dtype=object,
    )
    table.columns = pd.Index([*header, *[""] * (width - len(header))], dtype=object)
    return table
