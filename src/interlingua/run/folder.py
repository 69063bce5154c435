"""The result folder: tables as they are declared, the resolved study, and a record of the run."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.errors import StoreError, TableError, reason
from interlingua.flow.lock import died_here, here
from interlingua.flow.processes import processor_name, remove_semaphores
from interlingua.report.record import check_files, digests_of_tables, write_record
from interlingua.tables.schema import Table
from interlingua.tables.spreadsheet import guarded_table

#: What a result folder holds.
CONTENTS = frozenset({"study.toml", "run.json", "tables", "figures", "atlas", "report.html"})
#: What a killed 'interlingua atlas' left among it.
_LEFT = re.compile(r"\.atlas\..*\.(partial|old)")
#: What is beside a result folder: whose it is (process and place), a number of its own, and what it is.
_BESIDE = re.compile(r"(\d+)-([0-9a-f]{8})\.[0-9a-f]{8}\.(partial|old)")
#: Seconds after which results that were moved aside are put back, wherever the run was that did it.
_PUT_BACK_S = 60.0
#: How often what stands in the way is looked at before it counts.
_LOOKS = 3
LIBRARIES = ("interlingua", "numpy", "scipy", "pandas", "scikit-learn", "torch", "transformers", "tokenizers")

logger = logging.getLogger("interlingua")


class ResultFolder:
    """A study's results on disk, built beside their final place and moved there when complete.

    Parameters
    ----------
    final
        The folder. One that exists is only replaced if it holds results of the study of the same name and
        nothing else.
    study_name
        The study's name.

    Raises
    ------
    StoreError
        If the folder holds something else, or can't be written to.
    """

    def __init__(self, final: Path, study_name: str) -> None:
        self.final = self.partial = final
        self._given, self._study = final, study_name
        self._made: list[Path] = []
        try:
            self._claim(final)
        except OSError as error:
            self.discard()
            raise StoreError(f"{final}: can't be written to ({reason(error)}); choose another --output") from None
        except (ValueError, RuntimeError) as error:  # a character that no path may hold, or links in a circle
            raise StoreError(f"{str(final)!r}: can't be a folder ({error}); choose another --output") from None
        except BaseException:
            self.discard()
            raise

    def _claim(self, final: Path) -> None:
        self.final = final.resolve()
        self.partial = self._beside("partial")
        self._sweep()
        self._check()
        self._made = [folder for folder in self.final.parents if not folder.exists()]
        self.partial.mkdir(parents=True)

    def _check(self) -> None:
        """Raise unless what is there is this study's results, and nothing else."""
        for _ in range(_LOOKS):  # another run may be about to put its results there
            wrong = self._wrong()
            if not wrong:
                return
            time.sleep(0.1)
        raise StoreError(f"{self._given}: {wrong}")

    def _wrong(self) -> str:
        """Return what is there that may not be replaced, "" if nothing is."""
        try:
            there = {entry.name for entry in self.final.iterdir()}
        except FileNotFoundError:
            return ""
        except NotADirectoryError:
            return "is a file; choose another --output"
        if there and _study_in(self.final) != self._study:
            return (
                f"holds something other than results of '{self._study}'; nothing was overwritten "
                "(choose another --output)"
            )
        if others := {name for name in there if name not in CONTENTS and not _LEFT.fullmatch(name)}:
            return (
                f"holds '{min(others)}', which no run wrote and a new one would remove; move it elsewhere or choose "
                "another --output"
            )
        return ""

    def write_tables(self, tables: Iterable[tuple[Table, pd.DataFrame]]) -> None:
        """Write each table under ``tables/`` in its formats; the same tables give the same bytes.

        Raises
        ------
        TableError
            If a frame is not what its table declares.
        """
        folder = self.partial / "tables"
        folder.mkdir()
        for table, frame in tables:
            table.write(folder / f"{table.name}.parquet", frame)
            if "csv" in table.files:
                text = guarded_table(frame)
                text.to_csv(folder / f"{table.name}.csv", index=False, float_format="%.10g", lineterminator="\n")

    def write_record(self, study_toml: str, record: Mapping[str, Any]) -> None:
        """Write ``study.toml`` (resolved) and ``run.json`` (versions, machine, keys, times)."""
        (self.partial / "study.toml").write_text(study_toml, encoding="utf-8")
        whole = {
            **record,
            "versions": {name: version(name) for name in LIBRARIES},
            "python": platform.python_version(),
            "machine": {"processor": processor_name(), "system": platform.platform(), "cores": os.cpu_count()},
        }
        write_record(self.partial, whole)

    def finish(self) -> None:
        """Move the complete folder to its place.

        Raises
        ------
        StoreError
            If meanwhile something else was put there.
        """
        while True:
            self._check()
            old = self._beside("old")
            with suppress(FileNotFoundError):
                self.final.rename(old)
            try:
                self.partial.rename(self.final)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                continue  # another run of this study was faster: these results take the place of its
            finally:
                shutil.rmtree(old, ignore_errors=True)
            return

    def _beside(self, ending: str) -> Path:
        return self.final.with_name(f".{self.final.name}.{os.getpid()}-{_place()}.{uuid.uuid4().hex[:8]}.{ending}")

    def _sweep(self) -> None:
        """Put back results that a run was about to replace when it was killed, and remove what dead runs left."""
        start = f".{self.final.name}."
        for path in [path for path in self.final.parent.glob(".*") if path.name.startswith(start)]:
            found = _BESIDE.fullmatch(path.name.removeprefix(start))
            if found is None:
                continue
            pid, is_here = int(found[1]), found[2] == _place()
            dead = is_here and died_here({"host": here(), "pid": pid})
            if dead:
                remove_semaphores(pid)
            elif is_here and found[3] == "partial":
                logger.warning(
                    "%s: process %d is writing results to the same folder, too; those of the run that ends last will "
                    "stand there",
                    self.final,
                    pid,
                )
            if found[3] == "old" and (dead or _changed_before(path) > _PUT_BACK_S) and not self.final.exists():
                logger.warning("%s: put back; a run was killed when it was about to replace it", self.final)
                path.rename(self.final)
            elif dead:
                shutil.rmtree(path, ignore_errors=True)

    def discard(self) -> None:
        """Remove what was written so far, and the folders above it that were made for it."""
        if self.partial == self.final:  # not even named
            return
        shutil.rmtree(self.partial, ignore_errors=True)
        for folder in self._made:
            with suppress(OSError):  # someone else may have put something there meanwhile
                folder.rmdir()


def read_tables(folder: Path | str) -> dict[str, pd.DataFrame]:
    """Return the tables of a result folder by name.

    Raises
    ------
    StoreError
        If `folder` is not a result folder, or a table is not what its run wrote.
    TableError
        If a table can't be read.
    """
    folder = Path(folder)
    check_files(folder, digests_of_tables(folder))
    paths = sorted((folder / "tables").glob("*.parquet"))
    if not paths:
        raise StoreError(f"{folder}: not a result folder (no tables/*.parquet); 'interlingua run' makes one")
    return {path.stem: _read(path) for path in paths}


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except Exception as error:  # Arrow's errors have no base of their own
        raise TableError(f"{path}: can't be read as a table ({str(error).partition(chr(10))[0]})") from error


def _study_in(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / "run.json").read_text(encoding="utf-8"))["study"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _place() -> str:
    """Return a short name of this machine and container, for names of folders."""
    return hashlib.sha256(here().encode()).hexdigest()[:8]


def _changed_before(path: Path) -> float:
    """Return for how many seconds a folder has had its name."""
    try:
        return time.time() - path.stat().st_ctime
    except OSError:
        return 0.0
