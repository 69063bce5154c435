"""Cells of a text table, where quotation marks may wrap a cell or be characters like any other.

A wrapped cell may hold separators, line breaks and doubled marks. A mark that was typed as a character and happens to
stand at a cell's start looks the same, up to the next mark, hundreds of rows further down maybe. What a row of the
table looks like tells the two apart: how many cells it has, and which of them are numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from interlingua.errors import NormsError

_NUMBER: Final = re.compile(r"[+\-−]?[0-9.,\s]*[0-9][0-9.,\s]*([eE][+-]?[0-9]+)?\s*%?")
#: From this share of numbers on a column is one of numbers (a header is text).
_MOST = 0.9
_SHOWN = 10
#: Share of a wrapped text's own lines that may look like rows where no column is of numbers.
_PROSE = 0.75
#: So many lines with as many cells as a row are rows, though their cells be all text.
_MANY = 10


class QuotesError(NormsError):
    """What a quotation mark is for can't be told; `wraps` says what is likelier."""

    def __init__(self, said: str, *, wraps: bool) -> None:
        super().__init__(said)
        self.wraps = wraps


@dataclass(frozen=True)
class Cells:
    """The cells of a text table.

    Attributes
    ----------
    rows : list of list of str
        Position i holds the row that ends in line i + 1 of the file.
    inside : set of int
        Lines, from 1, that end inside a cell; their rows are empty.
    stray : list of int
        Lines, from 1, in which a quotation mark was taken for a character although it has no partner, stands where it
        would wrap a cell, or stands undoubled in a wrapped one.
    """

    rows: list[list[str]] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    stray: list[int] = field(default_factory=list)

    def issues(self) -> list[tuple[str, int, str]]:
        """Return what a reader should know of: kind, count, where."""
        if not self.stray:
            return []
        more = f" and {len(self.stray) - _SHOWN} more" if len(self.stray) > _SHOWN else ""
        where = ", ".join(map(str, self.stray[:_SHOWN]))
        rows = "row" if len(self.stray) == 1 else "rows"
        return [("stray quotation mark", len(self.stray), f"taken for a character in {rows} {where}{more} of the file")]


def split_cells(text: str, separator: str, quoted: bool | None) -> Cells:
    """Split a text into rows of cells.

    Parameters
    ----------
    text : str
    separator : str
        One character.
    quoted : bool, optional
        False: marks are characters. True: a mark at a cell's start wraps it wherever the cell ends as it should, be it
        lines further down. None: so, unless the lines look like rows of their own.

    Returns
    -------
    Cells

    Raises
    ------
    QuotesError
        What a mark is for can't be told. The message begins with the row, not with the file.
    """
    lines = list(io.StringIO(text, newline=""))
    if quoted is False or '"' not in text:
        return Cells([_literal(line, separator) for line in lines])
    return _Splitter(lines, separator, believe=quoted is True).split()


def _literal(line: str, separator: str) -> list[str]:
    line = line.rstrip("\r\n")
    return line.split(separator) if line else []


@dataclass(frozen=True)
class _Shape:
    """What a row of the table looks like: its number of cells, and what stands in its columns of numbers."""

    width: int
    #: Whether most rows have that many cells.
    usual: bool
    #: Column to whatever stands there beside numbers (marks of what is missing).
    numbers: dict[int, frozenset[str]]

    @classmethod
    def of(cls, rows: Sequence[list[str]]) -> _Shape:
        # Lines of one cell may be the middle of a broken one.
        counts = Counter(len(cells) for cells in rows if len(cells) > 1)
        if not counts:
            return cls(0, False, {})
        width, count = counts.most_common(1)[0]
        alike = [cells for cells in rows if len(cells) == width]
        numbers = {}
        for column in range(width):
            filled = [text for cells in alike if (text := cells[column].strip())]
            others = [text for text in filled if not _NUMBER.fullmatch(text)]
            # One that is none may be the header's.
            if len(filled) > 1 and len(others) <= max(1, (1 - _MOST) * len(filled)):
                numbers[column] = frozenset(others)
        return cls(width, count > counts.total() / 2, numbers)

    def fits(self, cells: Sequence[str]) -> bool:
        return len(cells) == self.width and all(
            not (text := cells[column].strip()) or text in others or _NUMBER.fullmatch(text) is not None
            for column, others in self.numbers.items()
        )


class _Splitter:
    def __init__(self, lines: Sequence[str], separator: str, *, believe: bool) -> None:
        self._lines, self._separator, self._believe = lines, separator, believe
        after = rf" *(?={re.escape(separator)}|$)" if separator != " " else r"(?= |$)"
        self._wrapped = re.compile(rf'"((?:[^"]++|""|"(?!{after}))*+)"{after}')
        self._alone = [self._strict(line) for line in lines]
        self._shape = _Shape.of(self._whole() or [cells for cells in self._alone if cells is not None])

    def split(self) -> Cells:
        found = Cells()
        while (row := len(found.rows)) < len(self._lines):
            cells = self._alone[row]
            last = row
            stray = False
            if cells is None:
                across = self._across(row)
                if across is not None and self._is_one_row(row, *across):
                    cells, last = across
                else:
                    cells, stray = self._mended(row), True
            lines = range(row, last + 1)
            if stray or sum(self._lines[line].count('"') for line in lines) % 2:
                found.stray.append(row + 1)
            found.rows.extend([*([] for _ in lines[1:]), cells])
            found.inside.update(line + 1 for line in lines[:-1])
        return found

    def _whole(self) -> list[list[str]] | None:
        """Return the rows of the table if all its marks make sense, be it across lines, else None."""
        try:
            return list(csv.reader(self._lines, delimiter=self._separator, strict=True))
        except csv.Error:
            return None

    def _strict(self, line: str) -> list[str] | None:
        """Return the cells of a line by itself, or None where its marks don't make sense."""
        if '"' not in line:
            return _literal(line, self._separator)
        try:
            return next(csv.reader([line], delimiter=self._separator, strict=True))
        except csv.Error:
            return None

    def _across(self, row: int) -> tuple[list[str], int] | None:
        """Return the cells of a row that runs over several lines, and its last line; None if no row does from here."""
        reader = csv.reader(
            (self._lines[line] for line in range(row, len(self._lines))), delimiter=self._separator, strict=True
        )
        try:
            cells = next(reader)
        except csv.Error:
            return None
        return (cells, row + reader.line_num - 1) if reader.line_num > 1 else None

    def _is_one_row(self, first: int, cells: list[str], last: int) -> bool:
        """Tell a cell with line breaks from a mark that has nothing to do with the next one."""
        if self._believe:
            return True
        filled = [line for line in range(first, last + 1) if self._lines[line].strip()]
        like_rows = [self._shape.fits(self._alone[line] or self._tolerant(line)[0]) for line in filled]
        # The line in which a row with a broken cell begins, or ends, may look like a row; those between do not.
        between = like_rows[1:-1]
        share = sum(between) / len(between) if between else sum(like_rows) / len(like_rows)
        clear = self._separator == "\t" or self._shape.numbers or len(between) >= _MANY
        if share >= _MOST and clear:
            return False
        # In a table of text only, lines of prose look like rows wherever they have as many commas.
        few = 0.5 if not between else 1 - _MOST if self._shape.numbers else _PROSE
        if not any(like_rows) or (share <= few and self._shape.fits(cells)):
            return True
        raise QuotesError(
            f"row {first + 1}: a quotation mark begins a cell that would end in row {last + 1}, but "
            f"{sum(like_rows)} of these {len(like_rows)} lines look like rows of their own",
            wraps=self._shape.fits(cells),
        )

    def _mended(self, row: int) -> list[str]:
        cells, certain = self._tolerant(row)
        if certain or not self._shape.usual:
            return cells
        raise QuotesError(
            f"row {row + 1}: its quotation marks make no sense, and as characters they leave {len(cells)} cells, where "
            f"most rows have {self._shape.width}",
            wraps=False,
        )

    def _tolerant(self, row: int) -> tuple[list[str], bool]:
        """Return the cells of a line whose marks make no sense, and whether it has as many as other rows then."""
        line, separator = self._lines[row].rstrip("\r\n"), self._separator
        literal = [self._unwrapped(cell) for cell in line.split(separator)]
        wrapped: list[str] = []
        place = 0
        while place <= len(line):
            match = self._wrapped.match(line, place)
            end = match.end() if match else line.find(separator, place)
            end = len(line) if end < 0 else end
            wrapped.append(self._unwrapped(line[place:end]))
            place = end + len(separator)
        for cells in (wrapped, literal):
            if len(cells) == self._shape.width:
                return cells, True
        return literal, False

    def _unwrapped(self, cell: str) -> str:
        match = self._wrapped.fullmatch(cell)
        return match[1].replace('""', '"') if match else cell
