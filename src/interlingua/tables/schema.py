"""Columns and tables: what a result says, declared once and held to wherever it is written or read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from interlingua.errors import TableError, suggest

Kind = Literal[
    "text", "language", "languages", "name", "count", "unit", "units", "number", "r", "p", "percent", "flag", "bytes"
]
"""What a column holds, which decides how it is checked and shown.

``text`` prose; ``language`` a code, shown as the language's name; ``languages`` codes with blanks between; ``name``
of a model, variable, probe or ranking, shown as people call it; ``count`` a whole number; ``unit`` a unit's id or a
layer's number; ``units`` ids with blanks between; ``number`` and ``r`` (a correlation) any number; ``p`` a p-value;
``percent`` a share from 0 to 1, shown as per cent; ``flag`` yes or no; ``bytes`` for machines only.
"""

_TEXT = frozenset({"text", "language", "languages", "name", "units"})
_WHOLE = frozenset({"count", "unit"})
#: pandas' types of empty columns.
_DTYPES: Mapping[str, str] = {
    **dict.fromkeys(_TEXT, "str"),
    "bytes": "object",
    "count": "int64",
    "unit": "int64",
    **dict.fromkeys(("number", "r", "p", "percent"), "float64"),
    "flag": "bool",
}

Format = Literal["csv", "parquet", "tex"]


@dataclass(frozen=True)
class Column:
    """A column of a result table.

    Parameters
    ----------
    name
        In files, and in the data frames that functions pass.
    says
        What it means, in a line: for the documentation and the atlas's tooltips.
    kind
        What it holds.
    heading
        Over it on a page; its name by default.
    missing
        Whether it may hold no value in a row.
    """

    name: str
    says: str
    kind: Kind = "number"
    heading: str = ""
    missing: bool = False

    def __post_init__(self) -> None:
        assert self.kind in get_args(Kind), self.kind

    @property
    def title(self) -> str:
        """Its heading, or else its name."""
        return self.heading or self.name

    def but(self, **changes: Any) -> Column:
        """Return the same column with some of its fields changed, as a table of its own may word it."""
        return replace(self, **changes)

    def problem(self, values: pd.Series) -> str:
        """Return what is wrong with the values of this column, or ""."""
        if not self.missing and values.isna().any():
            return f"column '{self.name}' has no value in row {int(values.isna().to_numpy().argmax())}"
        known = values.dropna()
        if known.empty:
            return ""
        types = pd.api.types
        if self.kind == "flag":
            right = types.is_bool_dtype(known)
        elif self.kind in _WHOLE:
            right = types.is_integer_dtype(known) or (
                types.is_float_dtype(known) and self.missing and bool((known % 1 == 0).all())
            )
        elif self.kind == "bytes":
            right = not (types.is_numeric_dtype(known) or types.is_bool_dtype(known))
        elif self.kind in _TEXT:
            right = types.is_string_dtype(
                known.astype(object) if isinstance(known.dtype, pd.CategoricalDtype) else known
            )
        else:
            right = types.is_numeric_dtype(known) and not types.is_bool_dtype(known)
        if not right:
            return f"column '{self.name}' is to hold {self.kind}, but holds {known.dtype}"
        if self.kind in ("p", "percent") and not known.astype(float).between(0, 1).all():
            return f"column '{self.name}' holds {known[~known.astype(float).between(0, 1)].iloc[0]}, which is no share"
        return ""


@dataclass(frozen=True)
class UnitColumn:
    """A column of a table that the atlas shows beside every unit, in its list of units.

    The table has the columns ``model, variable, unit`` and, where its values differ by ranking, ``method``; of several
    rows of a unit (by language, say) the atlas shows the mean.
    """

    table: str
    column: str


@dataclass(frozen=True)
class Table:
    """A result table: what a row is, by which columns it is known, and what the columns say.

    Parameters
    ----------
    name
        Of the files, and by which pages ask for it.
    row
        What a row is ("a pair of languages").
    key
        Columns whose values together are in one row only.
    columns
        All of them, in the order of the files.
    files
        The formats in which it is written in a result folder; () for what stays in the cache.
    says
        What to read in it, for the documentation.
    atlas
        Columns of which the atlas gets those rows that belong to a model and variable.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    files: tuple[Format, ...] = ("csv", "parquet", "tex")
    says: str = ""
    atlas: tuple[str, ...] = field(default=())

    suffix = ".parquet"

    @property
    def signature(self) -> str:
        """A hash of what it holds: results that were left under another one can't be read as this table."""
        return version([self])

    def __post_init__(self) -> None:
        names = self.names
        assert len(set(names)) == len(names), f"{self.name}: a column twice"
        assert set(self.key) | set(self.atlas) <= set(names), f"{self.name}: key or atlas name no column"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise TableError(f"table '{self.name}' has no column '{name}'{suggest(name, self.names)}")

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with its columns in the declared order.

        Raises
        ------
        TableError
            If it has a column that is not declared, lacks one that is, holds values of another kind or none where
            there must be one, or has two rows of one key.
        """
        there = list(map(str, frame.columns))
        for name in there:
            if name not in self.names:
                raise TableError(f"table '{self.name}' declares no column '{name}'{suggest(name, self.names)}")
            if there.count(name) > 1:
                raise TableError(f"table '{self.name}' has the column '{name}' twice")
        for column in self.columns:
            if column.name not in there:
                raise TableError(f"table '{self.name}' lacks its column '{column.name}'{suggest(column.name, there)}")
            if problem := column.problem(frame[column.name]):
                raise TableError(f"table '{self.name}': {problem}")
        if self.key and frame.duplicated(list(self.key)).any():
            twice = frame.loc[frame.duplicated(list(self.key)), list(self.key)].iloc[0].tolist()
            raise TableError(f"table '{self.name}' has two rows of {dict(zip(self.key, twice, strict=True))}")
        return frame[list(self.names)]

    def empty(self) -> pd.DataFrame:
        """Return the table without rows, its columns typed."""
        return pd.DataFrame({column.name: pd.Series(dtype=_DTYPES[column.kind]) for column in self.columns})

    def concat(self, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """Return frames of this table under each other; the empty table where there are none."""
        filled = [frame for frame in frames if len(frame)]
        if not filled:
            return frames[0] if frames else self.empty()
        return pd.concat(filled, ignore_index=True)

    def write(self, path: Path, frame: pd.DataFrame) -> None:
        """Check the frame and write it as Parquet."""
        self.check(frame).to_parquet(path, index=False)

    def read(self, path: Path) -> pd.DataFrame:
        """Read what `write` wrote, and check it again.

        Raises
        ------
        TableError
            If the file is no Parquet table, or not this one.
        """
        try:
            frame = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise TableError(f"{path}: can't be read as the table '{self.name}' ({reason})") from error
        try:
            return self.check(frame)
        except TableError as error:
            raise TableError(f"{path}: {error}") from None


def version(tables: Iterable[Table]) -> str:
    """Return a hash of what tables are called and hold: pages can only read results that have the same.

    Headings and explanations may change without making old results unreadable.
    """
    facts = sorted(
        [table.name, table.key, table.files, [[c.name, c.kind, c.missing] for c in table.columns]] for table in tables
    )
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
