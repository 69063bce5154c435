"""What must hold when runs have ended: the same tables, nothing left over, no processes, no semaphores."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from pathlib import Path

from soaking.runs import Ended, in_session

#: What a run may leave in the cache on purpose when it is stopped, so that the next goes on from there.
KEPT = ".unfinished"
_SHARED = Path("/dev/shm")


def digests(results: Path) -> dict[str, str]:
    """Return the SHA-256 of each table of a result folder."""
    files = sorted((results / "tables").glob("*"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def tables(results: Path, right: dict[str, str]) -> list[str]:
    """Return what is wrong with the tables."""
    if not (results / "report.html").is_file():
        return [f"{results.name}: there is no report"]
    found = digests(results)
    differing = sorted(name for name in found.keys() | right.keys() if found.get(name) != right.get(name))
    return [f"{results.name}: {len(differing)} tables differ: {', '.join(differing[:5])}"] if differing else []


def left_over(folder: Path, ended: Iterable[Ended], kept: bool = False) -> list[str]:
    """Return what runs left: beside the results, in the cache, in the folder for temporary files, in memory.

    Parameters
    ----------
    folder
        Of the trial: the cache, the results, and what the runs said.
    ended
        The runs.
    kept
        Whether unfinished extractions may be there.
    """
    faults = [f"left in the folder of results: {path.name}" for path in folder.glob(".*")]
    faults += [f"left for temporary files: {path.name}" for path in (folder / "tmp").iterdir()]
    cache = folder / "cache"
    for path in cache.rglob("*"):
        name, inside = path.name, path.relative_to(cache)
        if kept and any(part.endswith(KEPT) for part in inside.parts):
            continue
        hidden = name.startswith(".") and name != ".progress"
        if hidden or path.suffix in (".partial", ".part", ".old", ".tmp") or inside.parts[0] == ".progress" != name:
            faults.append(f"left in the cache: {inside}")
    for run in ended:
        faults += [f"processes left: {left}" for left in [orphans(run.pid)] if left]
        shared = _SHARED.glob(f"*-{run.pid}-*") if _SHARED.is_dir() else ()
        faults += [f"left in shared memory: {path.name}" for path in shared if path.stat().st_mtime >= run.began]
    return faults


def orphans(session: int, patience: float = 15.0) -> list[int]:
    """Return the processes of a run that has ended, as soon as there are none or after some seconds."""
    until = time.monotonic() + patience
    while (left := in_session(session)) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def words(run: Ended, code: int | None = 0) -> list[str]:
    """Return what is wrong with a run's exit code and with what it said."""
    faults = []
    if code is not None and run.code != code:
        faults.append(f"exit code {run.code} instead of {code}: {run.err.strip()[-600:]}")
    for sign in ("Traceback", "Exception ignored", "UserWarning", "RuntimeWarning", "resource_tracker"):
        if sign in run.err:
            faults.append(f"said '{sign}': {run.err.strip()[-1500:]}")
            break
    return faults
