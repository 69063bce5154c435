"""What can be asked of a machine: its processor, memory and file systems; each in no time, or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TypeVar

from interlingua.errors import reason
from interlingua.flow.lock import Lock

T = TypeVar("T")


def cpu_quota() -> float | None:
    """Return how many cores' worth of time a container may use (cgroups 2), None if it is not limited."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError):
        return None


def try_cache(root: Path) -> str:
    """Write to a cache and lock it, as a run would; leave nothing; return what does not work, "" if all does."""
    made = [folder for folder in (root, *root.absolute().parents) if not folder.exists()]
    probe = root / f".doctor-{uuid.uuid4().hex}"
    second = probe.with_name(f"{probe.name}.second")
    doing = "can't be written to"
    try:
        root.mkdir(parents=True, exist_ok=True)
        second.write_bytes(bytes(100_000))
        doing = "can't be locked (hard links)"
        with Lock(probe):
            doing = "can't be locked (times of files can't be set)"
            os.utime(probe, (0, 0))
            os.utime(probe)
            if probe.stat().st_mtime == 0:
                return doing
            try:
                os.link(second, probe)
            except FileExistsError:
                return ""
            return "can't be locked (two owners can have one lock)"
    except OSError as error:
        return f"{doing}: {reason(error)}"
    finally:
        for path in (second, probe):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def beside(function: Callable[[], T]) -> Callable[[float], T | None]:
    """Start a function beside this one; return what waits for its value, None if there is none in time."""
    found: list[T] = []

    def call() -> None:
        with suppress(Exception):  # no value then, as if it took too long
            found.append(function())

    thread = Thread(target=call, daemon=True)
    thread.start()

    def wait(seconds: float) -> T | None:
        thread.join(seconds)
        return found[0] if found else None

    return wait


def within(seconds: float, function: Callable[[], T]) -> T | None:
    """Return a function's value, None if it takes longer than that or fails."""
    return beside(function)(seconds)
