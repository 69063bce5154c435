"""Columns as the page shows them: what they are called and say, and the values of those that stand beside units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from interlingua.atlas.files import significant
from interlingua.atlas.steered import COLUMNS
from interlingua.report.results import Results
from interlingua.tables.schema import Table, UnitColumn

#: Columns that the page shows though it gets their numbers in another form than a table's rows.
PACKED: Mapping[str, tuple[str, ...]] = {
    "rankings": ("language", "layer", "unit", "rank"),
    "transfer_units": ("t_words", "percentile"),
    **COLUMNS,
}


def described(tables: Mapping[str, Table], columns: Sequence[UnitColumn]) -> dict[str, dict[str, dict[str, str]]]:
    """Return heading, meaning and kind of every column on the page, by table and column.

    Parameters
    ----------
    tables
        The declared tables by name.
    columns
        Those that stand beside units.

    Raises
    ------
    TableError
        If one of `columns` is not declared.
    """
    wanted = {name: list(table.atlas) for name, table in tables.items() if table.atlas}
    for name, shown in PACKED.items():
        wanted.setdefault(name, []).extend(shown)
    for column in columns:
        wanted.setdefault(column.table, []).append(column.column)
    return {
        name: {
            column.name: {"heading": column.title, "says": column.says, "kind": column.kind}
            for column in (tables[name][shown] for shown in dict.fromkeys(every))
        }
        for name, every in wanted.items()
    }


def beside_units(results: Results, column: UnitColumn, **where: str) -> dict[str, Any]:
    """Return the values of a column by unit, for one model, site and variable.

    Returns
    -------
    dict
        ``table`` and ``column``; ``means``: for each ranking ("" where the table has none) its units and the mean over
        the rows of each; ``languages``: the same by ranking and language, empty where the table has no languages.
    """
    names = results.tables[column.table].names
    rows = results.of(column.table, **where).dropna(subset=[column.column])
    by_ranking = dict(list(rows.groupby("method", sort=False))) if "method" in names else {"": rows}
    return {
        "table": column.table,
        "column": column.column,
        "means": {str(method): _by_unit(own, column.column) for method, own in by_ranking.items() if len(own)},
        "languages": {
            str(method): {
                str(code): _by_unit(of_language, column.column)
                for code, of_language in own.groupby("language", sort=False)
            }
            for method, own in by_ranking.items()
            if "language" in names and len(own)
        },
    }


def _by_unit(rows: pd.DataFrame, name: str) -> dict[str, list[Any]]:
    means = rows.groupby("unit")[name].mean()
    return {"units": [int(unit) for unit in means.index], "values": [significant(float(value)) for value in means]}
