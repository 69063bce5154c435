"""The files and lines that docs/norms.md shows, written and read as a newcomer would."""

from __future__ import annotations

import csv
import io
import re
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import xlwt

PAGE = Path(__file__).resolve().parents[2] / "docs" / "norms.md"
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass
class Example:
    """A line of a study, and the files that stand above it since the line before."""

    line: str
    code: str
    entry: dict[str, Any]
    blocks: list[tuple[dict[str, str], str]] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The file that is read."""
        return str(self.entry.get("file", self.entry["norms"]))


def examples() -> list[Example]:
    """Return the page's examples in order."""
    return list(_examples())


def _examples() -> Iterator[Example]:
    blocks: list[tuple[dict[str, str], str]] = []
    for kind, info, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        about = dict(part.split("=", 1) for part in info.split())
        if kind == "csv" or "card" in about:
            blocks.append((about, text))
        elif kind == "toml":
            ((code, entry),) = tomllib.loads(text).items()
            yield Example(text.strip(), code, entry, blocks)
            blocks = []


def write_all(folder: Path) -> None:
    """Write every file of the page."""
    by_file: dict[str, list[tuple[dict[str, str], str]]] = {}
    for example in examples():
        for about, text in example.blocks:
            by_file.setdefault(about.get("file") or about["card"], []).append((about, text))
    for name, parts in by_file.items():
        _write(folder / name, parts)


def _write(path: Path, parts: list[tuple[dict[str, str], str]]) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for about, text in parts:
                archive.writestr(about["member"], text)
    elif path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        book.remove(book.active)
        for about, text in parts:
            sheet = book.create_sheet(about.get("sheet", "Sheet1"))
            for row in _cells(text):
                sheet.append(row)
        book.save(path)
    elif path.suffix == ".xls":
        old = xlwt.Workbook()
        for about, text in parts:
            page = old.add_sheet(about.get("sheet", "Sheet1"))
            for number, row in enumerate(_cells(text)):
                for column, cell in enumerate(row):
                    page.write(number, column, cell)
        old.save(str(path))
    else:
        ((about, text),) = parts
        path.write_text(text, encoding=about.get("encoding", "utf-8"))


def _cells(text: str) -> list[list[Any]]:
    return [[_cell(cell) for cell in row] for row in csv.reader(io.StringIO(text))]


def _cell(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text or None
