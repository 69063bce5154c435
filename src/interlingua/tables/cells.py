"""The cell of a study that a table belongs to: one model, site, variable, ranking method and layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from interlingua.errors import StatsError

CELL = ("model", "site", "variable", "method", "layer")

_FRONT = (*CELL, "language")


def cell_of(table: pd.DataFrame, what: str) -> dict[str, object]:
    """Return the columns of `CELL` that the table has, with their one value.

    Parameters
    ----------
    table : DataFrame
        A table of one cell; columns of `CELL` may be missing.
    what : str
        Name of the table for the message.

    Returns
    -------
    dict of str to object

    Raises
    ------
    StatsError
        If the table is empty or holds more than one cell.
    """
    if table.empty:
        raise StatsError(f"the table of {what} is empty")
    cell: dict[str, object] = {}
    for column in (name for name in CELL if name in table.columns):
        values = table[column].unique()
        if len(values) > 1:
            listed = ", ".join(map(str, values[:4]))
            raise StatsError(
                f"the table of {what} holds more than one {column} ({listed}): select one, e.g. "
                f"{what}[{what}[{column!r}] == {values[0]!r}]"
            )
        cell[column] = values[0]
    return cell


def cells(table: pd.DataFrame, columns: Sequence[str] = CELL) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """Yield each cell and its rows, in the order of first appearance.

    Parameters
    ----------
    table : DataFrame
        Columns of the cell may be missing; a table without any of them is one cell.
    columns : sequence of str
        Which columns make a cell.

    Yields
    ------
    cell : dict of str to object
        Those of `columns` that the table has, with their value.
    rows : DataFrame
        Its rows.
    """
    present = [name for name in columns if name in table.columns]
    if not present:
        yield {}, table
        return
    for key, rows in table.groupby(present, sort=False):
        yield dict(zip(present, key, strict=True)), rows


def in_cell(cell: dict[str, object], table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the cell's columns in front."""
    # A scalar fills the column with a dtype of its own, even if the table has no rows.
    front = {name: pd.Series(value, index=table.index) for name, value in cell.items()}
    return pd.concat([pd.DataFrame(front, index=table.index), table], axis=1)


def select(table: pd.DataFrame, **where: object) -> pd.DataFrame:
    """Return the rows of `table` where each column has the given value."""
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def cell_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with those of `model, site, variable, method, layer, language` that it has in front."""
    front = [name for name in _FRONT if name in table.columns]
    return table[front + [name for name in table.columns if name not in front]]
