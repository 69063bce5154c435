"""Rated words from a table: by card or by named columns, checked, with nothing dropped in silence."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import ValidationError

from interlingua import languages
from interlingua.errors import NormsError, suggest
from interlingua.norms.card import Column, Layout, NormCard, Variable
from interlingua.norms.locate import find_file
from interlingua.norms.registry import get_card, is_card, load_card
from interlingua.norms.scaling import Scale, scale_ratings
from interlingua.norms.tables import WrongFormatError, column_at, read_table

_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE: Final = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_MISSING: Final = frozenset({"", "NA", "N/A", "NaN", "nan", "#N/A"})
_ISSUE_COLUMNS: Final = ("language", "source", "kind", "count", "detail")


@dataclass(frozen=True)
class Norms:
    """Rated words of one language.

    Attributes
    ----------
    table : pandas.DataFrame
        ``word`` (str, NFC, each once) and a float64 column for every variable, scaled; NaN where a word
        was not rated. RangeIndex; words in the order of the source.
    card : NormCard
        Where they are from.
    scale : str
        How they were scaled ("minmax", "z", "ends" or "none").
    issues : pandas.DataFrame
        What a reader should know: ``language, source, kind, count, detail``, one row a kind.
    path : Path
        The file they were read from.
    layout : str
        Name of the `Layout` by which it was read.
    """

    table: pd.DataFrame
    card: NormCard
    scale: str
    issues: pd.DataFrame
    path: Path
    layout: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The rated variables."""
        return tuple(str(name) for name in self.table.columns if name != "word")


def load_norms(
    source: str | Path,
    *,
    language: str,
    columns: Mapping[str, Column] | None = None,
    variables: Sequence[str] | None = None,
    scale: Scale = "minmax",
    path: str | Path | None = None,
    data_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Norms:
    """Read rated words.

    Parameters
    ----------
    source : str or Path
        The name of a card ("en-warriner-2013", or "labmt" with the language), a card of your own (a
        ``.toml`` file), or a table of your own (CSV, TSV, XLSX, XLS, ODS, Parquet, as such or zipped).
    language : str
        Any tag that `languages.get` accepts.
    columns : mapping, optional
        ``word`` and variables to columns, by name or by position counted from 0. By default a table of
        your own has a column ``word`` and columns called as the variables.
    variables : sequence of str, optional
        Which variables to read. By default all of a card; of a table of your own those of `columns`, or
        every column of numbers.
    scale : {"minmax", "z", "none", "ends"}
        See `scaling.scale_ratings`; min-max over the whole table, as the paper does, by default.
    path : str or Path, optional
        The file to read by a card, original or republished; by default it is looked for
        (`locate.find_file`).
    data_dir : str or Path, optional
        A folder to look in first.
    options : mapping, optional
        Fields of `Layout` for the file at hand: ``encoding``, ``separator``, ``decimal``, ``sheet``,
        ``header_row``, ``na_values``, ``marker``, ``lower``, ``member``, ...

    Returns
    -------
    Norms

    Raises
    ------
    NormsError
        The source is not known or not on this machine, or the file can't be read as a table of ratings.
    LanguageError
        The language is not known.
    """
    code = languages.get(language).code
    card = _card(str(source), code, Path(path) if path is not None else None)
    if card is None:
        file = Path(source)
        layout = _own_layout(columns, options)
        raw = read_table(file, layout)
        layout = layout.model_copy(update={"columns": _own_columns(raw, layout, variables, file)})
        card = NormCard(
            name=re.sub(r"\s+", "-", file.name),
            title=file.name,
            language=code,
            variables={name: Variable(column=column) for name, column in layout.columns.items()},
        )
    else:
        file = Path(path) if path is not None else find_file(card, data_dir)
        layout, raw = _fitting_layout(card, file, columns, variables, options)
    issues = _Issues(code, card.name)
    if card.caution:
        issues.add("caution", 1, card.caution)
    for kind, count, detail in raw.attrs.get("issues", ()):
        issues.add(kind, count, detail)
    _check_file(file, layout, issues)
    table = _ratings(raw, file, layout, card, code, issues)
    wanted = {name: card.variables.get(name, Variable()) for name in layout.columns}
    return Norms(
        table=scale_ratings(table, wanted, scale, str(file)),
        card=card,
        scale=scale,
        issues=issues.table(),
        path=file,
        layout=layout.name,
    )


def _card(source: str, language: str, path: Path | None) -> NormCard | None:
    """Return the card that `source` names, or None where it names a table."""
    if source.endswith(".toml"):
        card = load_card(source)
        if card.language != language:
            raise NormsError(f"{source} is a card of '{card.language}', not of '{language}'")
        return card
    if is_card(source, language):
        return get_card(source, language)
    looks_like_path = "/" in source or "\\" in source or Path(source).suffix or Path(source).exists()
    return None if looks_like_path and path is None else get_card(source, language)


def _make_layout(base: Layout, changes: Mapping[str, Any]) -> Layout:
    try:
        return Layout.model_validate({**base.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise NormsError(f"how to read the file: '{key}': {first['msg']}{suggest(key, Layout.model_fields)}") from None


def _own_layout(columns: Mapping[str, Column] | None, options: Mapping[str, Any] | None) -> Layout:
    named = dict(columns or {})
    changes: dict[str, Any] = {"name": "own", "word": named.pop("word", "word"), "columns": named}
    return _make_layout(Layout(), {**changes, **(options or {})})


def _own_columns(raw: pd.DataFrame, layout: Layout, variables: Sequence[str] | None, file: Path) -> dict[str, Column]:
    """Choose the columns of ratings in a table without a card."""
    if variables is not None:
        return {name: layout.columns.get(name, name) for name in variables}
    if layout.columns:
        return dict(layout.columns)
    word = column_at(raw, layout.word, file)
    missing = _MISSING | set(layout.na_values)
    found: dict[str, Column] = {}
    for position, name in enumerate(raw.columns):
        cells = [cell for cell in raw.iloc[:, position] if str(cell).strip() not in missing]
        # By its first rating: one further down that is not a number is an error, not another column.
        if position != word and name and cells and not np.isnan(_float(cells[0], layout)):
            found[str(name)] = str(name)
    if not found:
        raise NormsError(
            f"{file} has no column of numbers beside '{layout.word}'; it has "
            f"{', '.join(repr(str(name)) for name in raw.columns)}"
        )
    return found


def _fitting_layout(
    card: NormCard,
    file: Path,
    columns: Mapping[str, Column] | None,
    variables: Sequence[str] | None,
    options: Mapping[str, Any] | None,
) -> tuple[Layout, pd.DataFrame]:
    """Find the layout by which a file can be read: several publications of one source share a card."""
    for name in variables or ():
        if name not in card.variables and name not in (columns or {}):
            raise NormsError(
                f"{card.name} has no ratings of {name}{suggest(name, card.variables)}; "
                f"it has {', '.join(card.variables)}"
            )
    layouts = card.all_layouts() or (Layout(name="own"),)
    # The layout that was published under this very name goes first.
    layouts = tuple(sorted(layouts, key=lambda layout: layout.filename != file.name))
    errors: list[NormsError] = []
    for known in layouts:
        layout = _adapted(known, columns, variables, options)
        if layout is None:
            continue
        try:
            raw = read_table(file, layout)
            for column in (layout.word, *layout.columns.values()):
                column_at(raw, column, file)
        except NormsError as error:
            errors.append(error)
        else:
            return layout, raw
    if not errors:
        raise NormsError(
            f"{card.name}: no known file of it has all of {', '.join(variables or card.variables)}; "
            "name the columns of yours with 'columns'"
        )
    known_as = ", ".join(dict.fromkeys(layout.name for layout in layouts))
    hint = f" (no layout known for {card.name} fits: {known_as})" if len(errors) > 1 else ""
    telling = [error for error in errors if not isinstance(error, WrongFormatError)] or errors
    raise NormsError(f"{telling[0]}{hint}")


def _adapted(
    layout: Layout,
    columns: Mapping[str, Column] | None,
    variables: Sequence[str] | None,
    options: Mapping[str, Any] | None,
) -> Layout | None:
    """Return the layout with the user's wishes, or None where it lacks a wanted variable."""
    named = dict(columns or {})
    word = named.pop("word", layout.word)
    known = {**layout.columns, **named}
    wanted = known if variables is None else {name: known.get(name) for name in variables}
    if not wanted or None in wanted.values():
        return None
    return _make_layout(layout, {**(options or {}), "word": word, "columns": wanted})


def _check_file(file: Path, layout: Layout, issues: _Issues) -> None:
    """Report a file that bears a published file's name but not its content."""
    if layout.sha256 and file.name == layout.filename:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != layout.sha256:
            issues.add("changed file", 1, f"{file.name}: sha256 {found[:12]}..., not {layout.sha256[:12]}...")


def _ratings(
    raw: pd.DataFrame, file: Path, layout: Layout, card: NormCard, language: str, issues: _Issues
) -> pd.DataFrame:
    """Turn cells into words and numbers, and note what was missing, repeated or out of range."""
    words = [_word(cell, layout, language) for cell in raw.iloc[:, column_at(raw, layout.word, file)]]
    named = np.array([bool(word) for word in words])
    if not named.any():
        raise NormsError(f"{file}: column '{layout.word}' holds no words")
    issues.add_items("row without a word", [f"row {row}" for row in raw.index[~named]])
    table = pd.DataFrame({"word": words}, index=raw.index)
    for name, column in layout.columns.items():
        table[name] = _numbers(raw.iloc[:, column_at(raw, column, file)], name, words, layout, file)
    table = table[named]
    repeated = table["word"].duplicated(keep="first")
    issues.add_items("repeated word, first kept", table.loc[repeated, "word"])
    table = table[~repeated].reset_index(drop=True)
    for name in layout.columns:
        unrated = table[name].isna()
        if unrated.all():
            raise NormsError(f"{file}: no word has a rating of {name}")
        issues.add_items(f"no rating of {name}", table.loc[unrated, "word"])
        ends = card.variables.get(name, Variable())
        if ends.low is not None and ends.high is not None:
            beyond = (table[name] < ends.low) | (table[name] > ends.high)
            issues.add_items(f"{name} beyond the scale's ends", table.loc[beyond, "word"])
    if layout.expected_rows is not None and len(raw) != layout.expected_rows:
        issues.add("rows", abs(len(raw) - layout.expected_rows), f"{len(raw)}, not {layout.expected_rows}")
    return table


def _word(cell: object, layout: Layout, language: str) -> str:
    word = unicodedata.normalize("NFC", str(cell))
    # Blanks of every kind become one space; marks of direction and byte order around a word go.
    word = " ".join(word.split())
    while word and (unicodedata.category(word[0]) == "Cf" or unicodedata.category(word[-1]) == "Cf"):
        word = (word[1:] if unicodedata.category(word[0]) == "Cf" else word[:-1]).strip()
    if layout.marker:
        word = word.removesuffix(layout.marker).rstrip()
    return languages.lower(word, language) if layout.lower else word


def _numbers(cells: pd.Series[Any], name: str, words: Sequence[str], layout: Layout, file: Path) -> pd.Series[float]:
    missing = _MISSING | set(layout.na_values)
    numbers: list[float] = []
    wrong: list[tuple[int, str, str, str]] = []
    for row, cell, word in zip(cells.index, cells, words, strict=True):
        text = str(cell).strip()
        if text in missing:
            numbers.append(np.nan)
            continue
        number = _number(cell, layout)
        if np.isnan(number):
            kind = "a number that is finite" if np.isinf(_float(cell, layout)) else "a number"
            wrong.append((int(row), word, text, kind))
        numbers.append(number)
    if wrong:
        row, word, text, kind = wrong[0]
        more = f" ({len(wrong)} such cells)" if len(wrong) > 1 else ""
        comma = layout.decimal == "." and "," in text
        hint = 'decimal = ","' if comma else f'na_values = ["{text}"] if it marks a missing rating'
        if len(wrong) == 1 and row == cells.index[0] and kind == "a number":
            hint += f", header_row = {row} if it is the name of a column"
        raise NormsError(
            f"{file}, row {row}, word '{word}': the rating of {name} is '{text}', not {kind}{more}; give {hint}"
        )
    return pd.Series(numbers, index=cells.index, dtype="float64")


def _number(cell: object, layout: Layout) -> float:
    """Return a cell's number, or NaN for anything else and for what is not finite, such as 1e400."""
    number = _float(cell, layout)
    return number if np.isfinite(number) else float("nan")


def _float(cell: object, layout: Layout) -> float:
    if isinstance(cell, int | float | np.number | Decimal):
        try:
            return float(cell)
        except OverflowError:  # an integer of hundreds of digits
            return float("inf")
    text = str(cell).strip()
    if layout.decimal == ",":
        text = text.replace(",", ".")
    if _INFINITE.fullmatch(text):
        return float("inf")
    return float(text) if _NUMBER.fullmatch(text) else float("nan")


class _Issues:
    """Collects what there is to report of one source."""

    def __init__(self, language: str, source: str) -> None:
        self._language = language
        self._source = source
        self._rows: list[tuple[str, str, str, int, str]] = []

    def add(self, kind: str, count: int, detail: str) -> None:
        self._rows.append((self._language, self._source, kind, count, detail))

    def add_items(self, kind: str, items: Iterable[str], shown: int = 10) -> None:
        found = list(items)
        if found:
            more = f" and {len(found) - shown} more" if len(found) > shown else ""
            self.add(kind, len(found), ", ".join(found[:shown]) + more)

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self._rows, columns=list(_ISSUE_COLUMNS)).astype({"count": "int64"})
