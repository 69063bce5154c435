"""CSV files that a spreadsheet may open: text in them is text, and no formula.

A cell that begins with ``=``, ``+``, ``-`` or ``@`` is a formula for spreadsheets, also where it comes from somebody
else's file of words or sentences, and may then send data or run programs. Such text gets an apostrophe in front, with
which spreadsheets mark text (OWASP, "CSV injection"). Numbers and lone signs are no formulas and stay as they are, and
Parquet files hold every word as it is.
"""

from __future__ import annotations

import re

import pandas as pd

# What begins a formula, also in the wide letters of East Asia, behind blanks that programs trim; a tab or a line's end
# alone is enough where a program splits there. Apostrophes in front count, so that `bare` undoes `guarded`.
_FORMULA = re.compile(r"'*(\s*[=+\-@＝＋－＠]|[\t\r\n])")
_HARMLESS = re.compile(r"\s*([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[=+\-@＝＋－＠])", re.ASCII)


def guarded(text: str) -> str:
    """Return the text as it stands in a CSV file: with an apostrophe in front where it would be a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


def bare(cell: str) -> str:
    """Return what `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def guarded_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every cell that is text guarded."""
    text = table.select_dtypes(exclude=["number", "bool"]).columns
    return table.assign(**{str(name): table[name].map(_guarded_cell) for name in text})


def _guarded_cell(cell: object) -> object:
    return guarded(cell) if isinstance(cell, str) else cell
