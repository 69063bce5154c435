"""Reads a workbook, a Parquet file or a member of an archive, as a process of its own that may take only so much.

Readers of such files are fragile: a damaged file of some kilobytes makes them ask for gigabytes, run for minutes, or
end the process. So `interlingua.norms.guarded` starts this file as a script, with the file's content on standard input.
It imports nothing but the standard library and the reader: it must start in a moment.

Written to standard output: a JSON line that describes the file, then one a row, or the bytes of an archive's member.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

#: Exit codes: an error that is told in the last line, no memory left, more text or cells than a table of ratings has.
FAILED: Final = 3
NO_MEMORY: Final = 4
TOO_MUCH: Final = 5

#: Of what is no text and no number; a list is cells in a cell, in Parquet.
_KINDS: Final[dict[str, type | tuple[type, ...]]] = {
    "truth value": bool,
    "date": date,
    "time": time,
    "duration": timedelta,
    "list": (list, tuple, dict),
}


class TooMuchError(Exception):
    """A file holds more than is read."""


def describe(task: dict[str, Any], content: bytes) -> Iterator[Any]:
    """Yield what a file is (a dict), then its rows as lists or its parts as bytes.

    Cells are str, int, float, None, or a list of a kind ("date", "error", ...) and a text.
    """
    return _READERS[task["kind"]](task, io.BytesIO(content))


def _xlsx(task: dict[str, Any], file: io.BytesIO) -> Iterator[Any]:
    import openpyxl

    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    names = [sheet.title for sheet in book.worksheets]
    place = _place(names, task["sheet"])
    yield {"sheets": names, "found": place is not None}
    if place is None:
        return
    sheet: Any = book.worksheets[place]
    if hasattr(sheet, "reset_dimensions"):  # what a file says of its size may be wrong
        sheet.reset_dimensions()
    for row in sheet.rows:
        yield _without_end([["error", str(cell.value)] if cell.data_type == "e" else _cell(cell.value) for cell in row])


def _calamine(task: dict[str, Any], file: io.BytesIO) -> Iterator[Any]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(file)
    names = list(book.sheet_names)
    place = _place(names, task["sheet"])
    yield {"sheets": names, "found": place is not None}
    if place is None:
        return
    sheet = book.get_sheet_by_index(place)
    blanks = [""] * (sheet.start[1] if sheet.start else 0)  # the rows begin at the first column that is used
    for row in sheet.iter_rows():
        yield _without_end(blanks + [_cell(value) for value in row])


def _place(names: list[str], wanted: str | int) -> int | None:
    if isinstance(wanted, int):
        return wanted if 0 <= wanted < len(names) else None
    return names.index(wanted) if wanted in names else None


def _parquet(task: dict[str, Any], file: io.BytesIO) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(file, page_checksum_verification=True)
    metadata = table.metadata
    names = [name for name in table.schema_arrow.names if not name.startswith("__index_level_")]
    if metadata.num_rows * max(len(names), 1) > task["cells"]:
        raise TooMuchError
    yield {"names": names}
    done = 0
    keep = [place for place, name in enumerate(table.schema_arrow.names) if name in names]
    for batch in table.iter_batches(batch_size=4096, use_threads=False):
        columns = []
        for place in keep:
            column = batch.column(place)
            # Python knows no nanoseconds.
            if pa.types.is_timestamp(column.type):
                column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
            elif pa.types.is_duration(column.type):
                column = column.cast(pa.duration("us"), safe=False)
            columns.append(_values(column, batch.schema.names[place], done))
        done += batch.num_rows
        yield from map(list, zip(*columns, strict=True))


def _values(column: Any, name: str, done: int) -> list[Any]:
    with contextlib.suppress(UnicodeDecodeError):
        return [_cell(value) for value in column.to_pylist()]
    for row, value in enumerate(column, start=done + 1):
        try:
            _cell(value.as_py())
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise ValueError(f"column '{name}', row {row} is not UTF-8 (byte 0x{byte:02x})") from None
    raise ValueError(f"column '{name}' is not UTF-8")


def _member(task: dict[str, Any], file: io.BytesIO) -> Iterator[Any]:
    import zipfile

    with zipfile.ZipFile(file) as archive, archive.open(task["member"]) as member:
        yield {}
        while part := member.read(2**20):
            yield part


_READERS: Final[dict[str, Callable[[dict[str, Any], io.BytesIO], Iterator[Any]]]] = {
    "xlsx": _xlsx,
    "xls": _calamine,
    "ods": _calamine,
    "parquet": _parquet,
    "zip": _member,
}


def _cell(value: Any) -> Any:
    """Return a cell as JSON has it, with its kind where it is neither text nor number."""
    if value is None or value != value:  # noqa: PLR0124 - not a number
        return ""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**63 else value
    if isinstance(value, bytes):
        return value.decode("utf-8")
    kind = next((kind for kind, types in _KINDS.items() if isinstance(value, types)), None)
    if kind is None:
        return value if isinstance(value, str | int) else str(value)  # a Decimal
    if isinstance(value, bool):
        return [kind, str(value).lower()]
    at_midnight = isinstance(value, datetime) and value.tzinfo is None and value.time() == time(0)
    return [kind, str(value.date() if at_midnight and isinstance(value, datetime) else value)]


def _without_end(row: list[Any]) -> list[Any]:
    while row and row[-1] == "":
        row.pop()
    return row


def _limit(task: dict[str, Any]) -> None:
    """Let the system end this process where it takes too much; only the parent's clock does where it can't."""
    try:
        import resource
    except ImportError:  # Windows
        return
    # The parent looks at the clock; if it is gone, this process ends all the same.
    seconds = task["seconds"] + 10
    limits = ((resource.RLIMIT_AS, task["memory"]), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0))
    for kind, most in limits:
        soft, hard = resource.getrlimit(kind)
        least = min(value for value in (most, soft, hard) if value != resource.RLIM_INFINITY)
        with contextlib.suppress(ValueError, OSError):  # macOS has RLIMIT_AS, but may refuse it
            resource.setrlimit(kind, (least, hard))


def main() -> None:
    """Do the task that the first argument describes."""
    task = json.loads(sys.argv[1])
    _limit(task)
    sys.path[:] = task["path"]
    # The reader runs without its optional packages where they only cost time to import.
    sys.modules.update(dict.fromkeys(task["without"]))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a reader prints is no row
    # No clean end: it takes memory, of which none may be left.
    code = FAILED
    try:
        _write(task, sys.stdin.buffer.read(), out)
        code = 0
    except MemoryError:
        code = NO_MEMORY
    except TooMuchError:
        code = TOO_MUCH
    except BaseException as error:  # a panic of Rust is no Exception
        said = {"error": " ".join(str(error).split())[:500], "type": type(error).__name__}
        with contextlib.suppress(BaseException):
            out.write(b"\n" + json.dumps(said).encode())
    try:
        out.flush()
    except BaseException:
        code = code or NO_MEMORY
    os._exit(code)


def encoded(item: Any) -> bytes:
    """Return what is written of an item that `describe` yields."""
    if isinstance(item, bytes):
        return item
    return b"[]\n" if item == [] else json.dumps(item).encode() + b"\n"


def _write(task: dict[str, Any], content: bytes, out: io.BufferedWriter) -> None:
    written = cells = 0
    for item in describe(task, content):
        line = encoded(item)
        written += len(line)
        cells += len(item) if isinstance(item, list) else 0
        if written > task["bytes"] or cells > task["cells"]:
            raise TooMuchError
        out.write(line)


if __name__ == "__main__":
    main()
