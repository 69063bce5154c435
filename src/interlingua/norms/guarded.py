"""Reading fragile files in a process that may take only so much memory and time (`child_reader`)."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from interlingua.errors import NormsError
from interlingua.norms import child_reader
from interlingua.norms.advice import Keys
from interlingua.norms.cells import cell_of
from interlingua.norms.limits import MEGABYTE, Limits

logger = logging.getLogger("interlingua")

_ENGINES: Final = {"xlsx": "openpyxl", "xls": "python_calamine", "ods": "python_calamine"}
#: openpyxl imports them for what is not read here.
_WITHOUT: Final = {"xlsx": ("numpy", "PIL")}


class _ChildError(Exception):
    """The reader failed: what it said, and which kind of exception that was."""

    def __init__(self, said: str, kind: str = "") -> None:
        super().__init__(said)
        self.kind = kind


def read_workbook(
    content: bytes, file: Path, kind: str, sheet: str | int, limits: Limits, keys: Keys
) -> tuple[list[list[Any]], list[str], bool]:
    """Return a sheet's rows, without blanks at their ends; the names of the sheets there are; and whether it is one.

    Raises
    ------
    NormsError
        The file is damaged, its reader is missing, or it takes more memory or time than a table of ratings.
    """
    engine = _ENGINES[kind]
    if find_spec(engine) is None:
        package = engine.replace("_", "-")
        raise NormsError(f"reading {file} needs the package {package}: pip install {package}")
    if kind in {"xlsx", "ods"}:
        size = sum(entry.file_size for entry in entries_of(content, file))
        if size > limits.in_workbook:
            raise NormsError(
                f"{file} can't be read as {kind}: unpacked it is {size / MEGABYTE:,.0f} MB; "
                f"{_instead(kind, limits, keys)}"
            )
    head, rows = _rows({"kind": kind, "sheet": sheet}, content, file, limits, keys)
    return rows, [str(name) for name in head["sheets"]], bool(head["found"])


def read_parquet(content: bytes, file: Path, limits: Limits, keys: Keys) -> tuple[list[str], list[list[Any]]]:
    """Return the names of a Parquet file's columns and its rows.

    Raises
    ------
    NormsError
        The file is damaged, or takes more memory or time than a table of ratings.
    """
    head, rows = _rows({"kind": "parquet"}, content, file, limits, keys)
    return [str(name) for name in head["names"]], rows


def read_member(content: bytes, file: Path, entry: zipfile.ZipInfo, limits: Limits, keys: Keys) -> bytes:
    """Return one file of a ZIP archive.

    Raises
    ------
    NormsError
        The archive is damaged, or the file can't be unpacked or is larger than a table of ratings.
    """
    if entry.file_size > limits.size:
        what = f"{file} can't be unpacked: '{entry.filename}' in it"
        raise limits.too_large(what, keys, entry.file_size / MEGABYTE)
    task = {"kind": "zip", "member": entry.filename, "bytes": limits.size + 100}
    try:
        return _run(task, content, limits).partition(b"\n")[2]
    except _ChildError as error:
        if error.kind in {"RuntimeError", "NotImplementedError"}:  # encrypted, or an unknown compression
            raise NormsError(f"{file} can't be unpacked: {error}") from None
        if error.kind:
            raise NormsError(f"{file} is a damaged or truncated ZIP file: fetch it again") from None
        raise NormsError(f"{file} can't be unpacked: {error}; fetch it again") from None


def entries_of(content: bytes, file: Path) -> list[zipfile.ZipInfo]:
    """Return what a ZIP archive holds.

    Raises
    ------
    NormsError
        The archive is damaged.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return [entry for entry in archive.infolist() if not entry.is_dir()]
    except Exception:  # a damaged directory raises whatever its numbers lead to
        raise NormsError(f"{file} is a damaged or truncated ZIP file: fetch it again") from None


def _rows(
    task: dict[str, Any], content: bytes, file: Path, limits: Limits, keys: Keys
) -> tuple[dict[str, Any], list[list[Any]]]:
    kind = task["kind"]
    try:
        head, *lines = _run({**task, "bytes": 2 * limits.size}, content, limits).splitlines()
        # A cell in a far corner makes many blank rows.
        rows = [[cell_of(cell) for cell in json.loads(line)] if line != b"[]" else [] for line in lines]
        return json.loads(head), rows
    except _ChildError as error:
        raise NormsError(
            f"{file} can't be read as {kind}: {error}{'' if error.kind else f'; {_instead(kind, limits, keys)}'}"
        ) from None


def _instead(kind: str, limits: Limits, keys: Keys) -> str:
    what = "write it as CSV" if kind == "parquet" else "open it in a spreadsheet and save the sheet as CSV"
    more = keys.option(
        most_megabytes=4 * limits.megabytes, most_cells=4 * limits.cells, most_seconds=4 * max(limits.seconds, 1)
    )
    return f"it is damaged, or far larger than a table of ratings; if it is whole, {what}, or give {more}"


def _run(task: dict[str, Any], content: bytes, limits: Limits) -> bytes:
    """Do a task in a process of its own, or in this one where there can't be another."""
    seconds = limits.time(len(content))
    within = {"memory": limits.memory, "seconds": seconds, "cells": limits.cells}
    task = {**task, **within, "path": list(map(str, sys.path)), "without": _WITHOUT.get(task["kind"], ())}
    try:
        done = _child(task, content, seconds)
    except subprocess.TimeoutExpired:
        raise _ChildError(f"it was not read within {seconds} seconds") from None
    except OSError:
        done = None
    if done is None:
        logger.warning("a table is read without a limit of memory and time: no other process can be started here")
        return _here(task, content)
    match done.returncode:
        case 0:
            return done.stdout
        case child_reader.TOO_MUCH:
            raise _ChildError("it holds more than is read of any table")
        case child_reader.FAILED:
            try:
                said = json.loads(done.stdout.rpartition(b"\n")[2])
            except ValueError:
                said = {"error": "", "type": "its reader failed"}
            raise _ChildError(said["error"] or said["type"], said["type"])
        case _:  # no memory left, whoever noticed it: Python, the reader (by a signal) or the system
            raise _ChildError(
                f"its reader ended, as it does where it would take more than {limits.memory / 2**30:g} GB of memory"
            )


def _child(task: dict[str, Any], content: bytes, seconds: int) -> subprocess.CompletedProcess[bytes] | None:
    if not sys.executable or getattr(sys, "frozen", False):  # Python is part of another program
        return None
    # Neither this process' modules nor threads of linear algebra, which take address space.
    command = [sys.executable, "-I", "-S", child_reader.__file__, json.dumps(task)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    return subprocess.run(
        command,
        input=content,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        env=environment,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        check=False,
    )


def _here(task: dict[str, Any], content: bytes) -> bytes:
    written = BytesIO()
    try:
        for item in child_reader.describe(task, content):
            written.write(child_reader.encoded(item))
            if written.tell() > task["bytes"]:
                raise _ChildError("it holds more than is read of any table")
    except (KeyboardInterrupt, SystemExit, _ChildError):
        raise
    except (MemoryError, child_reader.TooMuchError):
        raise _ChildError("it holds more than is read of any table") from None
    except BaseException as error:  # a panic of Rust is no Exception
        raise _ChildError(str(error) or type(error).__name__, type(error).__name__) from None
    return written.getvalue()
