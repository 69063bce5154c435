"""From cells to ratings: what is a number, what marks a missing one, and what must be mended."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from interlingua.errors import NormsError
from interlingua.norms.advice import Keys
from interlingua.norms.card import Layout
from interlingua.norms.cells import Odd, read_each
from interlingua.norms.issues import Issues, first_of
from interlingua.norms.words import LINE_BREAK, is_invisible

_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE: Final = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_MISSING: Final = frozenset({"", "NA", "N/A", "NaN", "nan", "#N/A"})
#: Dashes that stand before a number where a typewriter's minus was meant.
_MINUS: Final = re.compile(r"(?:^|(?<=[eE]))[\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d](?=\.?[0-9])")
_COMMAS: Final = re.compile(r"[+-]?[0-9]*,[0-9]+")
_THOUSANDS: Final = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+")
_SHOWN: Final = 500
_WRONG, _ERROR, _MENDED = "wrong", "error", "mended"
#: How the reason begins why a column with such numbers is not read.
COMMAS: Final = "its numbers have commas"


def read_ratings(
    cells: pd.Series[Any],
    name: str,
    words: Sequence[str],
    layout: Layout,
    language: str,
    file: Path,
    issues: Issues,
) -> pd.Series[float]:
    """Return the number of every cell, NaN where it is missing.

    Raises
    ------
    NormsError
        A cell is neither a finite number nor a mark of a missing one.
    """
    read = read_each(cells, lambda cell: _read(cell, layout))
    told: dict[str, list[tuple[int, str, Any]]] = {_WRONG: [], _ERROR: [], _MENDED: []}
    for place, (_, what) in enumerate(read):
        if what:
            told[what].append((int(cells.index[place]), words[place], cells.iloc[place]))
    if wrong := told[_WRONG]:
        first = len(wrong) == 1 and wrong[0][0] == cells.index[0]
        row, word, cell = wrong[0]
        more = f" ({len(wrong)} such cells)" if len(wrong) > 1 else ""
        said, hint = _problem(cell, layout, language)
        if first and not isinstance(cell, Odd) and not np.isinf(number_of(cell, layout)):
            advice = Keys.of_norms(language).option(header_row=row)
            # A row without a word is more of a header than of ratings.
            names = f"{advice} if it is the name of a column"
            hint = f"{hint}, or {names}" if word else f"give {names}, or {hint.removeprefix('give ')}"
        raise NormsError(f"{file}, row {row}, word '{word}': the rating of {name} is {said}{more}; {hint}")
    errors = [f"{str(cell).strip()} in row {row} ({word})" for row, word, cell in told[_ERROR]]
    mended = [f"'{_visible(str(cell).strip())}' in row {row} ({word})" for row, word, cell in told[_MENDED]]
    issues.add_items(f"error of the spreadsheet, no rating of {name}", errors, "mend the formula, or clear the cell")
    issues.add_items(f"rating of {name} in other characters, read as a number", mended)
    return pd.Series([number for number, _ in read], index=cells.index, dtype="float64")


def _read(cell: Any, layout: Layout) -> tuple[float, str]:
    """Return a cell's number, and what is to be told of the cell: `_WRONG`, `_ERROR`, `_MENDED` or nothing."""
    if is_missing(cell, layout):
        return math.nan, ""
    if isinstance(cell, Odd) and cell.kind == "error":
        return math.nan, _ERROR
    number = number_of(cell, layout)
    if not math.isfinite(number):
        return number, _WRONG
    text = str(cell)
    return number, "" if text.strip().isascii() and not LINE_BREAK.search(text) else _MENDED


def is_missing(cell: Any, layout: Layout) -> bool:
    """Whether a cell marks a missing rating."""
    text = str(cell).strip()
    if text in _MISSING or text in layout.na_values:
        return True
    return not (text.isascii() and text.isprintable()) and all(map(is_invisible, text))


def number_of(cell: Any, layout: Layout) -> float:
    """Return a cell's number, infinite for one such as 1e400, or NaN for anything else."""
    if type(cell) is not str and isinstance(cell, int | float | np.number | Decimal) and not isinstance(cell, bool):
        try:
            return float(cell)
        except OverflowError:  # an integer of hundreds of digits
            return float("inf")
    if isinstance(cell, Odd):
        return float("nan")
    text = str(cell).strip()
    if not text.isascii():
        text = _MINUS.sub("-", "".join(c for c in text if c.isspace() or not is_invisible(c)).strip())
    if layout.decimal == ",":
        text = text.replace(",", ".")
    if _NUMBER.fullmatch(text):
        return float(text)
    return float("inf" if _INFINITE.fullmatch(text) else "nan")


def _visible(text: str) -> str:
    return "".join(f"<U+{ord(c):04X}>" if is_invisible(c) else c for c in text)


def _problem(cell: Any, layout: Layout, language: str) -> tuple[str, str]:
    """Say what a cell is instead of a number, and what to do."""
    text = str(cell).strip()
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    if isinstance(cell, Odd) and cell.kind == "list":
        return f"a list, '{shown}', not a number", "write one rating a row"
    if isinstance(cell, Odd):
        return f"a {cell.kind}, '{shown}', not a number", (
            "a spreadsheet takes 2.5 or 2/5 for a date where numbers are written otherwise, and a word for a truth "
            "value; give the column the format number and type the rating again"
        )
    keys = Keys.of_norms(language)
    missing = f"{keys.option(na_values=[text if shown == text else '...'])} if it marks a missing rating"
    if np.isinf(number_of(cell, layout)):
        return f"'{shown}', not a number that is finite", f"correct it, or give {missing}"
    if layout.decimal == "." and "," in text:
        return f"'{shown}', not a number", f"give {keys.option(decimal=',')}"
    if any(character.isnumeric() for character in text):
        return f"'{shown}', not a number", f"write it as one, such as -3.5, or give {missing}"
    return f"'{shown}', not a number", f"give {missing}"


def number_columns(columns: Mapping[str, pd.Series[Any]], layout: Layout) -> tuple[list[str], dict[str, str]]:
    """Find the columns of ratings in a table of which nothing else is known.

    Returns
    -------
    tuple of list and dict
        Their names, and why others that hold numbers, too, are not among them.
    """
    found: list[str] = []
    left_out: dict[str, str] = {}
    for name, cells in columns.items():
        filled = [cell for cell in cells if not is_missing(cell, layout)]
        numbers = [not np.isnan(number_of(cell, layout)) for cell in filled]
        # A cell further down that is not a number is an error, not another column.
        if filled and (numbers[0] or sum(numbers) * 2 >= len(filled)):
            found.append(name)
            continue
        commas = [text for cell in filled if _COMMAS.fullmatch(text := str(cell).strip())]
        if (len(commas) + sum(numbers)) * 2 >= len(filled) and commas:
            thousands = all(_THOUSANDS.fullmatch(text) for text in commas)
            left_out[name] = f"{first_of(commas, 3)}: {COMMAS}" + (" between thousands, it seems" if thousands else "")
        elif any(numbers):
            left_out[name] = f"{sum(numbers)} of its {len(filled)} cells are numbers"
    return found, left_out
