"""How much is read of one table: more is a mistake or a trap, and an error that says how to allow it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interlingua.errors import NormsError
from interlingua.norms.advice import Keys

MEGABYTE = 2**20
#: Memory of the process that reads fragile files, over what a table may hold: a workbook of a million rows takes a
#: quarter of it. And what all that a workbook packs may be.
_IN_MEMORY = 8
_IN_WORKBOOK = 8
#: Without any table the reader itself takes half of it.
_LEAST = 256 * MEGABYTE
#: Seconds more for each megabyte of a file: openpyxl reads one in about ten.
_SECONDS_A_MEGABYTE = 30


@dataclass(frozen=True)
class Limits:
    """The most that is read of a table.

    Attributes
    ----------
    megabytes : int
        Of text, unpacked.
    cells : int
        Rows times columns.
    seconds : int
        To read a workbook or a Parquet file; more is given for large files.
    """

    megabytes: int = 256
    cells: int = 10_000_000
    seconds: int = 60

    @property
    def size(self) -> int:
        """Bytes of text."""
        return self.megabytes * MEGABYTE

    @property
    def memory(self) -> int:
        """Bytes of address space for a reader in a process of its own."""
        return max(self.size * _IN_MEMORY, _LEAST)

    @property
    def in_workbook(self) -> int:
        """Bytes of all that a workbook packs."""
        return self.size * _IN_WORKBOOK

    def time(self, size: int) -> int:
        """Return the seconds that reading a file of so many bytes may take."""
        return self.seconds + _SECONDS_A_MEGABYTE * size // MEGABYTE

    def too_large(self, what: str, keys: Keys, megabytes: float | None = None) -> NormsError:
        """Return an error for what is larger than `megabytes` allows."""
        need = max(2 * self.megabytes, int(megabytes or 0) + 1)
        return NormsError(
            f"{what} is more than {self.megabytes} MB, the most that is read of a table; if it is one all the same, "
            f"give {keys.option(most_megabytes=need)}, or keep the columns that are needed"
        )

    def too_many(self, file: Path | str, rows: int, columns: int, keys: Keys, more: str = "") -> NormsError:
        """Return an error for a table with more cells than `cells` allows."""
        return NormsError(
            f"{file} has {rows:,} rows and {columns:,} columns, more cells than are read of any table "
            f"({self.cells:,}){more}; if they are needed, give {keys.option(most_cells=rows * columns)}"
        )
