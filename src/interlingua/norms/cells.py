"""Cells of a spreadsheet that are neither text nor numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd

Value = TypeVar("Value")


class Odd(str):
    """A date, time, duration, truth value, error or list, as a text that knows its kind.

    A spreadsheet makes them by itself of what is typed: "march 1" and 1/2 become dates, "true" a truth value, and a
    word after "=" an error. A Parquet file may hold lists.
    """

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, kind: str, text: str) -> Odd:
        """Return the text of a cell with its kind."""
        odd = super().__new__(cls, text)
        odd.kind = kind
        return odd

    def __reduce__(self) -> tuple[type[Odd], tuple[str, str]]:
        return Odd, (self.kind, str(self))


def cell_of(value: Any) -> Any:
    """Return a cell of what `child_reader` wrote."""
    return Odd(*value) if isinstance(value, list) else value


def read_each(cells: pd.Series[Any], read: Callable[[Any], Value]) -> list[Value]:
    """Return what `read` makes of every cell, asked once a text: a column of ratings has few different ones."""
    every = cells.tolist()
    known = {text: read(text) for text in {cell for cell in every if type(cell) is str}}
    # Of equal numbers, or odd cells, each may be another thing.
    return [known[cell] if type(cell) is str else read(cell) for cell in every]
