"""A table is what it declares, wherever it is written or read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interlingua.errors import TableError
from interlingua.tables import Column, Table
from interlingua.tables.schema import version

TABLE = Table(
    name="pairs",
    row="a pair",
    key=("language_a", "language_b"),
    columns=(
        Column("language_a", "one", "language"),
        Column("language_b", "the other", "language"),
        Column("observed", "shared units", "count", "units"),
        Column("fe", "fold enrichment", "number", missing=True),
        Column("p", "p", "p"),
        Column("flag", "flagged", "flag"),
    ),
)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "language_a": ["en", "en"],
            "language_b": ["de", "fr"],
            "observed": [3, 4],
            "fe": [1.5, np.nan],
            "p": [0.5, 1.0],
            "flag": [True, False],
        }
    )


def test_a_frame_comes_out_in_the_declared_order() -> None:
    shuffled = frame()[["p", "flag", "fe", "observed", "language_b", "language_a"]]
    assert list(TABLE.check(shuffled).columns) == list(TABLE.names)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.rename(columns={"fe": "fold"}), r"'pairs' declares no column 'fold'"),
        (lambda f: f.rename(columns={"observed": "obsrved"}), r"no column 'obsrved' \(did you mean 'observed'\?\)"),
        (lambda f: f.drop(columns="p"), r"'pairs' lacks its column 'p'"),
        (lambda f: f.assign(new=1), r"declares no column 'new'"),
        (lambda f: f.assign(p=[0.5, np.nan]), r"'p' has no value in row 1"),
        (lambda f: f.assign(p=[0.5, 1.01]), r"'p' holds 1.01, which is no share"),
        (lambda f: f.assign(observed=[1.5, 2.0]), r"'observed' is to hold count, but holds float64"),
        (lambda f: f.assign(observed=["3", "4"]), r"'observed' is to hold count"),
        (lambda f: f.assign(flag=[1, 0]), r"'flag' is to hold flag, but holds int64"),
        (lambda f: f.assign(language_a=[1, 2]), r"'language_a' is to hold language"),
        (lambda f: f.assign(language_a=[["en"], ["es"]]), r"'language_a' is to hold language, but holds object"),
        (lambda f: f.assign(fe=["a", "b"]), r"'fe' is to hold number"),
        (lambda f: f.assign(fe=[True, False]), r"'fe' is to hold number, but holds bool"),
        (lambda f: f.assign(language_b="de"), r"two rows of \{'language_a': 'en', 'language_b': 'de'\}"),
        (lambda f: pd.concat([f, f[["p"]]], axis=1), r"has the column 'p' twice"),
    ],
)
def test_whatever_is_not_declared_is_an_error_at_once(change, message: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=message):
        TABLE.check(change(frame()))
    with pytest.raises(TableError, match=message):
        TABLE.write(tmp_path / "pairs.parquet", change(frame()))
    assert not list(tmp_path.iterdir())


def test_what_is_read_is_checked_and_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    TABLE.write(path, frame())
    pd.testing.assert_frame_equal(TABLE.read(path), frame())
    frame().drop(columns="flag").to_parquet(path)
    with pytest.raises(TableError, match=r"pairs\.parquet: table 'pairs' lacks its column 'flag'"):
        TABLE.read(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(TableError, match=r"pairs\.parquet: can't be read as the table 'pairs'"):
        TABLE.read(path)


def test_an_empty_table_has_typed_columns_and_passes() -> None:
    empty = TABLE.check(TABLE.empty())
    assert [kind.kind for kind in empty.dtypes] == [*"OO", "i", "f", "f", "b"]
    assert (empty["p"] < 0.5).sum() == 0
    assert len(TABLE.concat([])) == 0
    assert TABLE.concat([TABLE.empty(), frame()]).dtypes.equals(frame().dtypes)


def test_the_version_changes_with_what_tables_hold_and_not_with_how_they_are_told() -> None:
    def changed(**what: object) -> str:
        columns = (*TABLE.columns[:-1], TABLE["flag"].but(**what))
        return version([Table(TABLE.name, "a row", TABLE.key, columns)])

    assert changed(heading="another", says="another") == version([TABLE])
    others = {changed(name="flags"), changed(kind="count"), changed(missing=True), version([])}
    assert len({version([TABLE]), *others}) == 5


def test_a_column_that_is_not_there_is_named_with_its_like() -> None:
    with pytest.raises(TableError, match=r"'pairs' has no column 'observd' \(did you mean 'observed'\?\)"):
        TABLE["observd"]
