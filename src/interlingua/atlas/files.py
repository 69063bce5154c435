"""The files of the atlas: its page, and data in scripts that a page opened from disk can load when it needs them.

A page opened as ``file://`` may not fetch files, but it may add ``<script>`` tags. So each data file is one call,
``window.__atlas(name, data)``, where the data are JSON and long columns of numbers in it base64.
"""

from __future__ import annotations

import base64
import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StoreError, reason

#: Significant digits of numbers that stand as JSON, those of the CSV tables.
DIGITS = 10


@contextmanager
def made_anew(final: Path) -> Iterator[Path]:
    """Yield a folder beside `final`, which takes its place when the block ends without an error.

    Raises
    ------
    StoreError
        If it can't be written.
    """
    partial = final.with_name(f".{final.name}.{os.getpid()}.partial")
    old = final.with_name(f".{final.name}.{os.getpid()}.old")
    try:
        for left in (partial, old):
            _remove(left)
        partial.mkdir(parents=True)
        yield partial
        if final.exists() or final.is_symlink():
            final.rename(old)
        partial.rename(final)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise StoreError(f"{final}: can't be written ({reason(error)})") from error
        raise
    _remove(old)


def _remove(path: Path) -> None:
    """Remove a folder, or what lies in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def copy_page(folder: Path) -> Path:
    """Copy the page, its scripts and its libraries into `folder`; return the page."""
    with resources.as_file(resources.files("interlingua.atlas") / "page") as page:
        shutil.copytree(page, folder, dirs_exist_ok=True)
    return folder / "index.html"


def write_data(folder: Path, name: str, data: Any) -> None:
    """Write ``<folder>/data/<name>.js``; the same data give the same bytes.

    Parameters
    ----------
    folder
        The atlas's folder.
    name
        Under which the page asks for it; may hold slashes.
    data
        What JSON can hold, without NaN or infinities.
    """
    path = folder / "data" / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # JSON may hold these two raw, older scripts may not.
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    path.write_text(f"window.__atlas({json.dumps(name)},{text});\n", encoding="utf-8")


def pack(values: NDArray[Any], dtype: str) -> str:
    """Return numbers as base64 of little-endian `dtype` (``u1``, ``i2`` or ``f4``)."""
    data = np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<"))
    return base64.b64encode(data.tobytes()).decode("ascii")


def as_rows(table: pd.DataFrame, columns: Sequence[str]) -> dict[str, Any]:
    """Return the columns of a table as ``{"columns": [...], "rows": [[...], ...]}``.

    Numbers are rounded to the digits of the CSV tables; what is not a finite number becomes None.
    """
    rows = [[_plain(value) for value in row] for row in table[list(columns)].itertuples(index=False, name=None)]
    return {"columns": list(columns), "rows": rows}


def significant(value: float, digits: int = DIGITS) -> float | None:
    """Return `value` rounded to so many significant digits, None if it is not finite."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if pd.isna(value):
        return None
    if isinstance(value, int | np.integer):
        return int(value)
    return significant(float(value))
