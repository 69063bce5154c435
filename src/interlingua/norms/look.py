"""What an unknown table holds: sheets, names of columns, guesses which is which, and the study's line that reads it."""

from __future__ import annotations

import unicodedata
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pandas as pd

from interlingua import languages
from interlingua.errors import NormsError
from interlingua.norms.advice import Keys, toml
from interlingua.norms.card import Layout
from interlingua.norms.encodings import encodings_of, likely_encodings, unicode_without_mark
from interlingua.norms.guess import full_names, score, variable_of, word_column
from interlingua.norms.options import with_options
from interlingua.norms.packed import read_bytes, tables_in, unpack
from interlingua.norms.ratings import COMMAS, is_missing, number_columns, number_of
from interlingua.norms.reader import Norms, load_norms
from interlingua.norms.registry import all_cards
from interlingua.norms.shape import header_row, scale_of
from interlingua.norms.tables import Raw, read_rows, table_of

_SHOWN: Final = 5
#: A share of words from which on all are in capitals.
_NEARLY: Final = 0.9
#: So many different texts in place of numbers mark missing ones; more are mistakes.
_MARKS: Final = 3


@dataclass(frozen=True)
class Seen:
    """A column.

    Attributes
    ----------
    place : int
        Its position, counted from 0.
    name : str
        With its groups.
    low, high : float, optional
        Of a column of numbers.
    first : tuple of str
        The first cells that hold something.
    """

    place: int
    name: str
    low: float | None
    high: float | None
    first: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What a table holds, and how it is read.

    Attributes
    ----------
    path : Path
        The file.
    language : str
        Code; "" where it is not known.
    kind : str
        Its format.
    members, sheets : tuple of str
        Of an archive, tables in it; of a workbook, its sheets.
    rows : int
        Below the header.
    columns : tuple of Seen
    word : int
        The column that holds the words, by position.
    variables : dict
        Variable to column, by name or position, as guessed.
    options : dict
        Of the layout, as given and as guessed.
    notes : tuple of str
        What was guessed, and why.
    cards : tuple of str
        Published sources that the file may be a copy of.
    norms : Norms, optional
        What is read by the line; None where nothing is, for `problem`.
    problem : str
    """

    path: Path
    language: str
    kind: str
    members: tuple[str, ...]
    sheets: tuple[str, ...]
    rows: int
    columns: tuple[Seen, ...]
    word: int
    variables: dict[str, str | int]
    options: dict[str, Any]
    notes: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    norms: Norms | None = None
    problem: str = ""

    @property
    def named(self) -> dict[str, str | int]:
        """The columns of the line: "word" and the variables."""
        return {"word": _reference(self.columns, self.word), **self.variables}

    def entry(self, path: str | None = None) -> dict[str, Any]:
        """Return the entry of a study's language, the file by `path`."""
        found: dict[str, Any] = {"norms": path or str(self.path), "columns": self.named}
        return {**found, **({"options": self.options} if self.options else {})}

    def line(self, path: str | None = None) -> str:
        """Return the line of a study, to be pasted under ``[languages]``."""
        return f"{self.language or 'LANGUAGE'} = {toml(self.entry(path))}"

    def scale(self, variable: str) -> str:
        """Return the scale on which a variable was probably rated, "" if none is usual."""
        place = self.variables[variable]
        seen = next(column for column in self.columns if place in (column.place, column.name))
        return "" if seen.low is None or seen.high is None else scale_of(seen.low, seen.high)


def look_at_table(path: str | Path, language: str | None = None, options: Mapping[str, Any] | None = None) -> Look:
    """Look at a table of which nothing is known.

    Parameters
    ----------
    path : str or Path
        The file.
    language : str, optional
        The language of its words: it tells the column of words from that of their translations, and the encoding.
    options : mapping, optional
        Fields of `interlingua.norms.Layout` that are known; the others are guessed.

    Returns
    -------
    Look

    Raises
    ------
    NormsError
        The file can't be read as a table.
    """
    file, code = Path(path), languages.get(language).code if language else None
    keys = Keys.of_norms(code)
    given = with_options(Layout(), options or {}, keys)
    guess = _Guess(file, code, keys, dict(options or {}))
    guess.member(given)
    raw = guess.rows()
    table = guess.table(raw)
    guess.decimal(table)
    layout = guess.layout
    columns = _columns(table, layout)
    word = word_column(table, code)
    variables = _variables(table, columns, word, layout)
    found = Look(
        file,
        code or "",
        raw.kind,
        tuple(guess.members),
        raw.sheets,
        len(table),
        columns,
        word,
        {name: _reference(columns, place) for name, place in variables.items()},
        guess.options,
        tuple(guess.notes),
        tuple(_cards(file, columns, code)),
    )
    guess.words(table.iloc[:, word])
    guess.missing(table, variables)
    if not variables:
        return replace(found, problem="no column of numbers is a rating by its name: name it in columns = { ... }")
    try:
        read = load_norms(file, language=code or "en", columns=found.named, scale="none", options=found.options)
    except NormsError as error:
        return replace(found, problem=str(error))
    return replace(found, norms=read)


@dataclass
class _Guess:
    """Options that are given, and those that are guessed one after the other."""

    file: Path
    language: str | None
    keys: Keys
    options: dict[str, Any]
    members: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        return with_options(Layout(), self.options, self.keys)

    def guess(self, note: str, **options: Any) -> None:
        self.options.update(options)
        self.notes.append(note)

    def member(self, layout: Layout) -> None:
        """Find the tables of an archive; of several the first is looked at."""
        content = read_bytes(self.file, layout.limits, self.keys)
        if content.startswith(b"PK"):
            try:
                with zipfile.ZipFile(BytesIO(content)) as archive:
                    names = archive.namelist()
            except Exception:  # a damaged directory raises whatever its numbers lead to; unpacking says it
                return
            if "[Content_Types].xml" in names or "mimetype" in names:
                return
            self.members = tables_in(names)
            if len(self.members) > 1 and not layout.member:
                self.guess(f"of {len(self.members)} tables in it the first", member=self.members[0])
        elif not layout.encoding.startswith("utf"):
            return
        self._encoding(unpack(content, self.file, self.layout, self.keys)[0])

    def _encoding(self, content: bytes) -> None:
        if "encoding" in self.options or content[:4] in (b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
            return
        try:
            if b"\0" not in content and content.decode("utf-8") is not None:
                return
        except UnicodeDecodeError:
            pass
        wide = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else unicode_without_mark(content)
        likely = [wide] if wide else likely_encodings(content, self.language or "en")
        if likely:
            others = [name for name in encodings_of(self.language or "en") if name != likely[0]]
            unsure = "" if self.language else "; say --language, and it is told by its letters"
            beside = f" (else {', '.join(others)})" if others and not wide else ""
            self.guess(f"it is not UTF-8: probably {likely[0]}{beside}{unsure}", encoding=likely[0])

    def rows(self) -> Raw:
        """Return the rows of the sheet that has most, unless one is given."""
        raw = read_rows(self.file, self.layout, self.language, self.keys)
        if len(raw.sheets) > 1 and "sheet" not in self.options:
            sizes = [len(self._sheet(number).rows) for number in range(len(raw.sheets))]
            largest = sizes.index(max(sizes))
            self.guess(
                f"of {len(sizes)} sheets the one with most rows"
                f" ({', '.join(f'{name}: {size}' for name, size in zip(raw.sheets, sizes, strict=True))})",
                sheet=raw.sheets[largest],
            )
            return self._sheet(largest)
        return raw

    def _sheet(self, number: int) -> Raw:
        layout = self.layout.model_copy(update={"sheet": number})
        return read_rows(self.file, layout, self.language, self.keys)

    def table(self, raw: Raw) -> pd.DataFrame:
        """Return the table below its header, which is the row above the first of the numbers."""
        if raw.columns is None and "header_row" not in self.options:
            row = header_row(raw.rows)
            if row != 1:
                found = "the first row holds ratings: no names" if row == 0 else f"the names stand in row {row}"
                self.guess(found, header_row=row)
        layout = self.layout
        if raw.separator not in ("", ",", "\t", ";"):
            self.options["separator"] = raw.separator
        return table_of(raw, self.file, layout, self.keys)

    def decimal(self, table: pd.DataFrame) -> None:
        """Look for commas in numbers."""
        if "decimal" in self.options:
            return
        columns = {str(place): table.iloc[:, place] for place in range(table.shape[1])}
        found, left_out = number_columns(columns, self.layout)
        commas = [why for why in left_out.values() if COMMAS in why]
        if len(commas) > len(found) / 2:
            self.guess(f"numbers have decimal commas, such as {commas[0].partition(',')[0]}", decimal=",")

    def words(self, cells: pd.Series[Any]) -> None:
        """Look for words in capitals, and for marks behind some of them."""
        texts = [text for cell in cells if (text := str(cell).strip())]
        if "lower" not in self.options and sum(map(str.isupper, texts)) > _NEARLY * len(texts) > 0:
            self.guess(f"words stand in capitals, such as {texts[0]}", lower=True)
        ends = Counter(
            text[-1] for text in texts if len(text) > 1 and unicodedata.category(text[-1]) in {"Po", "So", "Sk"}
        )
        if "marker" not in self.options and ends:
            mark, count = ends.most_common(1)[0]
            if count > 1:
                self.guess(f"{count} words have a mark behind them that is none of a word", marker=mark)

    def missing(self, table: pd.DataFrame, variables: Mapping[str, int]) -> None:
        """Look for what stands in place of some ratings."""
        if "na_values" in self.options:
            return
        layout = self.layout
        cells = [cell for place in variables.values() for cell in table.iloc[:, place] if not is_missing(cell, layout)]
        marks = Counter(str(cell).strip() for cell in cells if number_of(cell, layout) != number_of(cell, layout))
        if 0 < len(marks) <= _MARKS:
            shown = ", ".join(f"'{mark}' ({count} times)" for mark, count in marks.items())
            self.guess(f"in place of ratings stands {shown}: it seems to mark a missing one", na_values=sorted(marks))


def _columns(table: pd.DataFrame, layout: Layout) -> tuple[Seen, ...]:
    names = full_names(table)
    found, _ = number_columns({str(place): table.iloc[:, place] for place in range(len(names))}, layout)
    columns = []
    for place, name in enumerate(names):
        cells = [cell for cell in table.iloc[:, place] if not is_missing(cell, layout)]
        numbers = [value for cell in cells if (value := number_of(cell, layout)) == value]
        low, high = (min(numbers), max(numbers)) if str(place) in found and numbers else (None, None)
        columns.append(Seen(place, name, low, high, tuple(str(cell) for cell in cells[:_SHOWN])))
    return tuple(columns)


def _variables(table: pd.DataFrame, columns: Sequence[Seen], word: int, layout: Layout) -> dict[str, int]:
    """Return the variables that names of columns tell, each with the column that fits its name best."""
    found: dict[str, tuple[int, int]] = {}
    for column in columns:
        name = variable_of(column.name) if column.low is not None and column.place != word else None
        if name is not None and (points := score(column.name, name)) > found.get(name, (0, 0))[0]:
            found[name] = points, column.place
    if not found:  # names that say nothing: a single column of numbers is what was rated
        numbers = [column for column in columns if column.low is not None and column.place != word and column.name]
        if len(numbers) == 1:
            return {numbers[0].name: numbers[0].place}
    return {name: place for name, (_, place) in found.items()}


def _reference(columns: Sequence[Seen], place: int) -> str | int:
    name = columns[place].name
    return name if name and sum(column.name == name for column in columns) == 1 else place


def _cards(file: Path, columns: Sequence[Seen], language: str | None) -> list[str]:
    """Return the cards of which the file may be a copy, by its name or by those of its columns."""
    names = {column.name for column in columns}
    found = []
    for card in all_cards(language):
        for layout in card.all_layouts():
            wanted = {column for column in (layout.word, *layout.columns.values()) if isinstance(column, str)}
            by_columns = len(wanted) > 2 and wanted <= names and len(set(layout.columns)) > 1
            telling = by_columns and layout.name == "original"
            if file.name == layout.filename or telling:
                found.append(card.name)
                break
    return found
