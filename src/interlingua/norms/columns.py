"""Columns of a table by name, with their groups, or by position."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from interlingua.errors import NormsError, suggest
from interlingua.norms.advice import Keys
from interlingua.norms.guess import likely_column
from interlingua.norms.header import Header, name_of, positions

#: What may part the columns of a text that was read as one column.
_SEPARATORS = re.compile(r"[|;,\t:~#]|  +")
#: Options of a layout that are tables of columns: ``sd.valence`` is one of them.
_IN_OPTIONS = ("sd", "raters")


def column_at(table: pd.DataFrame, column: str | int, path: str | Path, ours: str = "word") -> int:
    """Return the position of a column given by name or position.

    A name may be given with the groups above it ("Arousal / Mean"), and must be where it stands more than once.

    Parameters
    ----------
    table : DataFrame
        As `interlingua.norms.tables.read_table` returns it.
    column : str or int
        Which.
    path : str or Path
        For errors.
    ours : str
        What we call it, for advice: "word", "concept", a variable, or "sd.valence" and "raters.valence".

    Raises
    ------
    NormsError
        There is no such column or more than one, or the header has fewer names than the rows have cells, so that names
        can't be trusted.
    """
    names = [str(name) for name in table.columns]
    keys: Keys = table.attrs.get("keys", Keys())
    if isinstance(column, int):
        if 0 <= column < len(names):
            return column
        raise NormsError(
            f"{path} has {len(names)} columns, so no column {column} counted from 0; give "
            f"{_advised(keys, ours, _likely(table, ours, names))}"
        )
    wanted = name_of(column)
    header: Header | None = table.attrs.get("header")
    found = positions(wanted, names, header) if wanted else []
    if not found:
        named = [name for name in names if name]
        if len(names) == 1 and (mark := _SEPARATORS.search(names[0])):
            advice = f"give {keys.option(separator=mark[0])}" if len(mark[0]) == 1 else "part them by tabs"
            raise NormsError(
                f"{path} has no column '{column}', but one called '{names[0][:60]}': are its columns parted by "
                f"'{mark[0]}'? then {advice}"
            )
        raise NormsError(
            f"{path} has no column '{column}'{suggest(wanted, named)}; it has {few(named)}; say which it is with "
            f"{_advised(keys, ours, _near(wanted, named) or _likely(table, ours, names))}"
        )
    if row := table.attrs.get("unnamed_from"):
        named = [name for name in names if name]
        raise NormsError(
            f"{path} names {len(named)} columns, but row {row} has more cells: names and columns may be out "
            f"of step, so give columns by their position, counted from 0: {_advised(keys, ours, found[0])}"
            + (f"; or {keys.option(header_row=int(row))} if that row has their names" if row == table.index[0] else "")
        )
    if len(found) > 1 and not table.attrs.get("first"):
        full = header.full if header else names
        several = ", ".join(f"{place} ('{full[place]}')" if full[place] != wanted else str(place) for place in found)
        whole = len({full[place] for place in found}) == len(found)
        raise NormsError(
            f"{path} has {len(found)} columns '{column}', at the positions {several}: give the one you mean by its "
            f"position, counted from 0{', or by its whole name' if whole else ''}: "
            f"{_advised(keys, ours, full[found[0]] if whole else found[0])}"
        )
    return found[0]


def _likely(table: pd.DataFrame, ours: str, names: Sequence[str]) -> str | int:
    """Return the column that was most likely meant, by its name where only it has that name."""
    place = likely_column(ours, table)
    name = names[place]
    return name if name and names.count(name) == 1 else place


def _near(wanted: str, names: Sequence[str]) -> str:
    """Return the name that `suggest` finds, or ""."""
    near = suggest(wanted, names)
    return next((name for name in names if near == suggest(wanted, [name])), "") if near else ""


def _advised(keys: Keys, ours: str, column: str | int) -> str:
    option, _, variable = ours.partition(".")
    if option in _IN_OPTIONS and variable:
        return keys.option(**{option: {variable: column}})
    return keys.column(**{ours: column})


def few(names: Sequence[str], limit: int = 12) -> str:
    """Return names in quotation marks, and how many more there are."""
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
