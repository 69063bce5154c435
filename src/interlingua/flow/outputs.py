"""What a step leaves behind: things that know how they are written to a file and read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StoreError


class Output(Protocol):
    """A kind of result: `interlingua.tables.Table`, `Arrays`, or a room's own.

    Where one of several nodes is asked for, its value is read; all of them together are what `concat` makes of them
    where an output has it, and else a mapping that reads each when it is looked up. Of an output that has
    ``kept = True`` a process keeps the value as long as each next job needs it, too. A ``signature``, where there is
    one, is part of the key of what leaves it; the source of its ``modules``, where it has any, of what reads it.
    """

    @property
    def name(self) -> str:
        """Of the file; no two outputs of a graph have one name."""

    @property
    def suffix(self) -> str:
        """Of the file, such as ``.parquet``."""

    def write(self, path: Path, value: Any, /) -> None:
        """Write a value; the same value gives the same bytes."""

    def read(self, path: Path, /) -> Any:
        """Read what `write` wrote."""


@dataclass(frozen=True)
class Arrays:
    """Arrays by name, in a safetensors file.

    Parameters
    ----------
    name
        Of the output.
    """

    name: str
    suffix = ".safetensors"

    def write(self, path: Path, value: Mapping[str, NDArray[Any]]) -> None:
        """Write arrays of any shape and numeric type."""
        from safetensors.numpy import save_file

        save_file({key: np.ascontiguousarray(value[key]) for key in sorted(value)}, path)

    def read(self, path: Path) -> dict[str, NDArray[Any]]:
        """Read what `write` wrote.

        Raises
        ------
        StoreError
            If the file can't be read.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            arrays = load_file(path)
        except (OSError, SafetensorError, ValueError) as error:
            raise StoreError(f"{path}: can't be read as arrays ({error})") from error
        return {key: arrays[key] for key in sorted(arrays)}
