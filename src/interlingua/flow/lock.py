"""One maker at a time of a cache's entry, over all processes and machines that see its folder."""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

#: Seconds between two signs of life, and after how many without one an owner counts as dead.
BEAT_S, DEAD_S = 2.0, 30.0
#: After how many seconds without one a lock is nobody's, even by clocks that don't agree.
ABANDONED_S = 3600.0
#: After how many seconds of waiting it is told.
TELL_S = 3.0
_LOOK_S = 0.2


def here() -> str:
    """Return a name of this machine, and of the container in it: numbers of processes mean something only there."""
    try:
        inside = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        inside = ""
    return f"{platform.node()} {inside}".strip()


class Lock:
    """A file that names its owner (host, process), whose time of change is the owner's heartbeat.

    Whoever finds it waits until it is gone, or takes it over when the heartbeat has stopped: at once where the owner
    was a process of this machine that is no more, else after some missed beats. Clocks of machines need not agree: it
    counts whether the time changes, by the waiter's own clock.

    Parameters
    ----------
    path
        The file; in a folder that exists.
    on_wait
        Called once with the owner's name, when it has been waited for some seconds.

    Attributes
    ----------
    waited : bool
        Whether it was another's first.
    held : bool
        Whether it is this owner's now. The file may be there before it says so: a signal comes at any time.
    """

    def __init__(self, path: Path, on_wait: Callable[[str], None] | None = None) -> None:
        self.path = path
        self._on_wait = on_wait
        self.waited = self.held = False
        self._name = uuid.uuid4().hex
        self._own = path.with_name(f"{path.name}.{self._name}")
        self._aside = path.with_name(f"{path.name}.{self._name}.gone")
        self._ended = Event()
        self._thread = Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        seen: Any = None
        since = begun = time.monotonic()
        while not self._take():
            self.waited = True
            now = _state(self.path)
            if now is None:
                continue
            if now != seen:
                seen, since = now, time.monotonic()
            if died_here(now[0]) or time.monotonic() - since > DEAD_S:
                self._release(now[0].get("name"))
                continue
            if self._on_wait is not None and time.monotonic() - begun > TELL_S:
                host, pid = str(now[0].get("host", "")).partition(" ")[0], now[0].get("pid")
                self._on_wait(f"process {pid} on {host}" if host else "who left no name")
                self._on_wait = None
            time.sleep(_LOOK_S)
        self.held = True
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        try:
            self._let_go()
        except KeyboardInterrupt:  # it comes at any time, but what was begun is ended first
            self._let_go()
            raise

    def _let_go(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._release(self._name)
        for left in (self._own, self._aside):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        self.held = False

    def _take(self) -> bool:
        """Write the file unless it is there; it appears with its text in it."""
        text = json.dumps({"host": here(), "pid": os.getpid(), "name": self._name})
        self._own.write_text(text, encoding="utf-8")
        try:
            os.link(self._own, self.path)
        except (FileExistsError, FileNotFoundError):  # another's; or ours was swept away before it had its text
            return False
        finally:
            self._own.unlink(missing_ok=True)
        return True

    def _release(self, name: str | None) -> None:
        """Remove the file if it is still that owner's: under another name first, so that only one does."""
        found = _state(self.path)
        if found is None or found[0].get("name") != name:
            return
        try:
            self.path.rename(self._aside)
        except OSError:  # somebody else was faster
            return
        self._aside.unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_S):
            try:
                os.utime(self.path)
            except OSError:  # taken over, while this process slept: both leave the same entry
                return


def died_here(owner: Mapping[str, Any]) -> bool:
    """Return whether an owner was a process of this machine, and is no more."""
    pid = owner.get("pid")
    if owner.get("host") != here() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Return whether a process has ended, though nobody has asked how: it is still listed (Linux; else False)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[:1] == ["Z"]


def is_here(owner: Mapping[str, Any]) -> bool:
    """Return whether an owner is this process."""
    return owner.get("host") == here() and owner.get("pid") == os.getpid()


def owner_of(path: Path) -> dict[str, Any] | None:
    """Return who a lock names, None if there is no such file."""
    state = _state(path)
    return None if state is None else state[0]


def _state(path: Path) -> tuple[dict[str, Any], int] | None:
    """Return the owner that the file names, and its heartbeat; None if there is no file."""
    try:
        beat = path.stat().st_mtime_ns
        owner = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}, 0
    return (owner if isinstance(owner, dict) else {}), beat
