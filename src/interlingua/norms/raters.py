"""How sure a rating is: the spread of its raters, where a table of norms tells it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import NormsError
from interlingua.norms.advice import Keys
from interlingua.norms.card import Layout
from interlingua.norms.cells import read_each
from interlingua.norms.columns import column_at
from interlingua.norms.issues import Issues
from interlingua.norms.ratings import is_missing, number_of

#: A row a word and variable whose raters are known.
COLUMNS: Final = ("word", "variable", "error", "raters")


def no_errors() -> pd.DataFrame:
    """Return a table of errors without rows."""
    kinds = {"word": "str", "variable": "str", "error": "float64", "raters": "float64"}
    return pd.DataFrame({name: pd.Series(dtype=kinds[name]) for name in COLUMNS})


def read_errors(
    raw: pd.DataFrame,
    table: pd.DataFrame,
    layout: Layout,
    named: Collection[str],
    file: Path,
    language: str,
    issues: Issues,
) -> pd.DataFrame:
    """Return the standard error of each word's mean rating: the raters' SD over the root of their number.

    Parameters
    ----------
    raw : DataFrame
        The rows of the file that became words.
    table : DataFrame
        ``word`` and a column for each variable, in the same order.
    layout : Layout
        Its `sd` and `raters` say where the raters' SD and number stand.
    named : collection of str
        The options that the user gave: what these name must be there, whereas a copy of a known file may lack columns.
    file, language, issues
        For errors; gets a row for what can't be used.

    Returns
    -------
    DataFrame
        ``word, variable, error, raters``, in the table's units; words without either are left out.

    Raises
    ------
    NormsError
        If a column that the user names is not there, or a variable has an SD but no number of raters.
    """
    given = bool({"sd", "raters"} & set(named))
    if given and (useless := sorted(set(layout.sd) - set(layout.columns))):
        issues.add("standard deviation not used", len(useless), f"not read: {', '.join(useless)}")
    found = []
    for name, column in layout.sd.items():
        if name not in layout.columns:
            continue
        if name not in layout.raters:
            advice = Keys.of_norms(language).option(sd={name: column}, raters={name: 30})
            raise NormsError(
                f"{file}: 'sd' names the raters' standard deviation of {name}, but 'raters' not how many they were; "
                f"give {advice}, or the name of the column that says it"
            )
        of_raters = layout.raters[name]
        try:
            sd = _numbers(raw, column, layout, file, lambda value: value >= 0, f"sd.{name}", issues)
            n: NDArray[np.float64] = (
                np.full(len(raw), float(of_raters))
                if isinstance(of_raters, int)
                else _numbers(raw, of_raters, layout, file, lambda value: value >= 1, f"raters.{name}", issues)
            )
        except NormsError as error:
            if given:
                raise
            issues.add("no standard deviations", 1, f"{name}: {error}")
            continue
        own = pd.DataFrame({"word": table["word"], "variable": name, "error": sd / np.sqrt(n), "raters": n})
        found.append(own[own["error"].notna() & table[name].notna().to_numpy()])
    return pd.concat([no_errors(), *found], ignore_index=True) if found else no_errors()


def _numbers(
    raw: pd.DataFrame,
    column: str | int,
    layout: Layout,
    file: Path,
    right: Callable[[NDArray[np.float64]], NDArray[np.bool_]],
    ours: str,
    issues: Issues,
) -> NDArray[np.float64]:
    """Return the numbers of a column, NaN where a cell has none that is `right`; these are counted."""
    cells = raw.iloc[:, column_at(raw, column, file, ours)]
    read = read_each(cells, lambda cell: None if is_missing(cell, layout) else number_of(cell, layout))
    filled = np.array([number is not None for number in read], dtype=bool)
    numbers = np.array(read, dtype=np.float64)
    wrong = filled & ~(np.isfinite(numbers) & right(numbers))
    numbers[wrong] = np.nan
    shown = [f"'{cell}' in row {row}" for row, cell in cells[wrong].items()]
    issues.add_items(f"raters of {ours.partition('.')[2]}: no such number", shown)
    return numbers


def on_scale(errors: pd.DataFrame, raw: pd.DataFrame, scaled: pd.DataFrame) -> pd.DataFrame:
    """Return errors in the units of scaled ratings, which scaling has made of the raw ones by a straight line."""
    factors = []
    variable, names = pd.factorize(errors["variable"])
    for name in names:
        at = raw[name].argmin(), raw[name].argmax()
        low, high = (float(raw[name].iloc[place]) for place in at)
        after = [float(scaled[name].iloc[place]) for place in at]
        factors.append((after[1] - after[0]) / (high - low) if high > low else 1.0)
    return errors.assign(error=errors["error"] * np.array(factors, dtype=np.float64)[variable])
