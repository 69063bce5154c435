"""Tables of a study's cells: which cell, which rows, which columns first."""

from __future__ import annotations

import pandas as pd
import pytest

from interlingua.errors import StatsError
from interlingua.tables.cells import cell_first, cell_of, cells, in_cell, select


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit": [1, 2, 3, 4],
            "language": ["en", "en", "es", "es"],
            "layer": [7, 7, 7, 3],
            "method": ["ridge", "correlation", "ridge", "ridge"],
        }
    )


def test_the_rows_of_some_values(table: pd.DataFrame) -> None:
    assert select(table, language="es", layer=7)["unit"].tolist() == [3]
    assert select(table, language="fr").columns.tolist() == table.columns.tolist()
    assert select(table).equals(table)


def test_what_tells_the_cell_stands_first(table: pd.DataFrame) -> None:
    assert cell_first(table).columns.tolist() == ["method", "layer", "language", "unit"]
    assert cell_first(table[["unit"]]).columns.tolist() == ["unit"]
    assert cell_first(table)["unit"].tolist() == [1, 2, 3, 4]


def test_a_table_of_one_cell(table: pd.DataFrame) -> None:
    assert cell_of(table.head(1), "rankings") == {"method": "ridge", "layer": 7}
    with pytest.raises(StatsError, match=r"rankings holds more than one method \(ridge, correlation\)"):
        cell_of(table, "rankings")
    with pytest.raises(StatsError, match="rankings is empty"):
        cell_of(table.head(0), "rankings")


def test_every_cell_in_order(table: pd.DataFrame) -> None:
    found = [(cell, rows["unit"].tolist()) for cell, rows in cells(table)]
    assert found == [
        ({"method": "ridge", "layer": 7}, [1, 3]),
        ({"method": "correlation", "layer": 7}, [2]),
        ({"method": "ridge", "layer": 3}, [4]),
    ]
    [(cell, rows)] = cells(table[["unit"]])
    assert (cell, len(rows)) == ({}, 4)


def test_a_cell_is_put_in_front_even_of_no_rows(table: pd.DataFrame) -> None:
    stamped = in_cell({"model": "m", "layer": 7}, table[["unit"]].head(0))
    assert stamped.columns.tolist() == ["model", "layer", "unit"]
    assert stamped["layer"].dtype == "int64"
