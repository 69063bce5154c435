"""A table on the page: a frame as its declaration says it is headed and written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.words import Shown, p_text, short
from interlingua.tables.schema import Column

#: Rows of a table on the page; the whole of it stands in tables/.
MOST_ROWS = 40
#: Columns that say what a row is about: said once above a table where all rows have the same.
_KEYS = ("model", "variable", "probe", "method", "null", "language")
#: Kinds whose cells are numbers, right-aligned.
_NUMBERS = frozenset({"count", "unit", "number", "r", "p", "percent"})
#: Kinds whose cells stand on one line.
_UNBROKEN = frozenset({"language", "name", "flag"})
#: Characters up to which the cells of any other column do.
_SHORT = 16


def laid_out(results: Results, shown: Shown, most: int = MOST_ROWS) -> dict[str, Any]:
    """Return what the template needs to show a table.

    Raises
    ------
    TableError
        If a column is asked for that is not declared.
    """
    declared = results.tables[shown.table]
    columns = [declared[name] for name in shown.columns.split()]
    headings = {column.name: shown.headings.get(column.name, column.title) for column in columns}
    frame = shown.frame
    same = [
        column
        for column in columns
        if column.name in _KEYS and len(frame) and frame[column.name].nunique(dropna=False) == 1
    ]
    left = [column for column in columns if column not in same]
    rows = [
        [cell(results, column, value) for column, value in zip(left, row, strict=True)]
        for row in frame.head(most)[[column.name for column in left]].itertuples(index=False)
    ]
    return {
        "title": shown.title,
        "same": [f"{headings[c.name]} {cell(results, c, frame[c.name].iloc[0])}" for c in same],
        "headings": [headings[column.name] for column in left],
        "says": [column.says for column in left],
        "kinds": [_class(column, frame[column.name]) for column in left],
        "rows": rows,
        "left": max(0, len(frame) - most),
    }


def cell(results: Results, column: Column, value: Any) -> str:
    """Return a value as the page writes it."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "–"
    if column.kind == "language":
        return results.names.get(str(value), str(value)) or "–"
    if column.kind == "name":
        label = results.label(str(value))
        return (label if label != str(value) else short(label)) or "–"
    return _WRITTEN.get(column.kind, str)(value) or "–"


def number(value: float) -> str:
    """Return a number with three significant digits."""
    if value != 0 and (abs(value) >= 100000 or abs(value) < 0.001):
        text = f"{value:.2e}"
    else:
        text = f"{value:,.0f}" if abs(value) >= 1000 or value == 0 else f"{value:#.3g}".rstrip(".")
    return text.replace("-", "−")


#: How the cells of a kind are written that need no more than their value; others are text.
_WRITTEN: dict[str, Callable[[Any], str]] = {
    "flag": lambda value: "yes" if value else "no",
    "unit": lambda value: f"{int(value)}".replace("-", "−"),
    "count": lambda value: f"{int(value):,}".replace("-", "−"),
    "p": lambda value: p_text(value).removeprefix("= "),
    "percent": lambda value: f"{100 * value:.1f} %",
    "number": lambda value: number(float(value)),
    "r": lambda value: number(float(value)),
}


def _class(column: Column, values: pd.Series) -> str:
    """Return the class of a column's cells."""
    if column.kind in _NUMBERS:
        return "number"
    if column.kind in _UNBROKEN:
        return "unbroken"
    return "unbroken" if len(values) and values.astype(str).str.len().max() <= _SHORT else "text"
