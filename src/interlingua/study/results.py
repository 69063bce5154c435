"""The result folder: tables in three formats, the resolved study, and a record of the run."""

from __future__ import annotations

import json
import os
import platform
import shutil
import uuid
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.errors import StoreError

#: Longer tables are written as CSV and Parquet only.
LATEX_ROWS = 60
#: Tables of a row a unit, for machines: Parquet only.
PARQUET_ONLY = frozenset({"rankings"})
LIBRARIES = ("interlingua", "numpy", "scipy", "pandas", "scikit-learn", "torch", "transformers", "tokenizers")


class ResultFolder:
    """A study's results on disk, built beside their final place and moved there when complete.

    Parameters
    ----------
    final
        The folder. One that exists is only replaced if it holds results of the study of the same name.

    Raises
    ------
    StoreError
        If the folder holds something else, or can't be written to.
    """

    def __init__(self, final: Path, study_name: str) -> None:
        self.final = final
        if final.exists() and not final.is_dir():
            raise StoreError(f"{final}: is a file; choose another --output")
        if final.is_dir() and any(final.iterdir()) and _study_in(final) != study_name:
            raise StoreError(
                f"{final}: holds something other than results of '{study_name}'; nothing was overwritten "
                "(choose another --output)"
            )
        self.partial = final.parent / f".{final.name}.{uuid.uuid4().hex[:8]}.partial"
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            self.partial.mkdir()
        except OSError as error:
            raise StoreError(f"{final}: can't be written to ({error.strerror}); choose another --output") from None

    def write_tables(self, tables: Mapping[str, pd.DataFrame]) -> None:
        """Write each table as CSV, Parquet and LaTeX under ``tables/``; the same tables give the same bytes."""
        folder = self.partial / "tables"
        folder.mkdir()
        for name, table in tables.items():
            table.to_parquet(folder / f"{name}.parquet", index=False)
            if name in PARQUET_ONLY:
                continue
            table.to_csv(folder / f"{name}.csv", index=False, float_format="%.10g", lineterminator="\n")
            if len(table) <= LATEX_ROWS:
                latex = table.to_latex(index=False, escape=True, float_format="%.4g", na_rep="")
                (folder / f"{name}.tex").write_text(latex, encoding="utf-8")

    def write_record(self, study_toml: str, record: Mapping[str, Any]) -> None:
        """Write ``study.toml`` (resolved) and ``run.json`` (versions, machine, keys, times)."""
        (self.partial / "study.toml").write_text(study_toml, encoding="utf-8")
        whole = {
            **record,
            "versions": {name: version(name) for name in LIBRARIES},
            "python": platform.python_version(),
            "machine": {"processor": _processor(), "system": platform.platform(), "cores": os.cpu_count()},
        }
        (self.partial / "run.json").write_text(json.dumps(whole, indent=2, default=str) + "\n", encoding="utf-8")

    def finish(self) -> Path:
        """Move the complete folder to its place."""
        old = self.final.with_name(f".{self.final.name}.{uuid.uuid4().hex[:8]}.old")
        if self.final.exists():
            self.final.rename(old)
        self.partial.rename(self.final)
        shutil.rmtree(old, ignore_errors=True)
        return self.final

    def discard(self) -> None:
        """Remove what was written so far."""
        shutil.rmtree(self.partial, ignore_errors=True)


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a result folder by name.

    Raises
    ------
    StoreError
        If `folder` is not a result folder.
    """
    files = sorted((folder / "tables").glob("*.parquet"))
    if not files:
        raise StoreError(f"{folder}: not a result folder (no tables/*.parquet); 'interlingua run' makes one")
    return {file.stem: pd.read_parquet(file) for file in files}


def _study_in(folder: Path) -> str | None:
    try:
        return json.loads((folder / "run.json").read_text(encoding="utf-8"))["study"]
    except (OSError, ValueError, KeyError):
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
