"""What a worker on another machine must be before it computes anything: the same code, and a view of the same cache.

This runs on the worker; it imports little, so that a worker of another version can still say that it is one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from interlingua.errors import WorkerError, reason
from interlingua.flow.graph import LIBRARIES
from interlingua.flow.lock import Lock
from interlingua.flow.processes import one_thread, processor_name

_PACKAGE = Path(__file__).resolve().parents[1]
#: Seconds for which a file that another machine wrote may stay unseen on a file system of the network.
PATIENCE_S = 5.0


@dataclass(frozen=True)
class Greeting:
    """What a worker is told.

    Parameters
    ----------
    file
        In the cache; holds `token`.
    token
        A word that no other run knows.
    expects
        What must be equal here: Python, the package's source, libraries.
    """

    file: Path
    token: str
    expects: Mapping[str, str]


@cache
def installed() -> Mapping[str, str]:
    """Return what must be the same wherever a study is computed: names and versions, the package by its source."""
    digest = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    found = {"interlingua": f"of source {digest.hexdigest()[:10]}"}
    found["Python"] = ".".join(platform.python_version_tuple()[:2])
    return found | {name: _version(name) for name in LIBRARIES}


def machine() -> dict[str, Any]:
    """Return what this machine is called and what it is."""
    return {
        "host": platform.node(),
        "processor": processor_name(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
    }


def answer(greeting: Greeting) -> dict[str, Any]:
    """Compare this process with what is expected, look at the cache, and return the machine.

    Raises
    ------
    WorkerError
        If something is not the same, or the cache can't be seen, written to or locked.
    """
    here = f"the worker on {platform.node()} (process {os.getpid()})"
    for name, wanted in greeting.expects.items():
        found = installed().get(name, "")
        if found != wanted:
            raise WorkerError(
                f"{here} is of another version: it has {name} {found or 'not at all'}, this machine {wanted}; install "
                "the same on all of them, and start the workers again"
            )
    _see(greeting, here)
    return machine()


#: The words of runs that this process has answered.
_ANSWERED: set[str] = set()
#: Numerics are set to one thread for the whole process, so one job at a time.
_ONE_AT_A_TIME = threading.Lock()


def on_worker(greeting: Greeting, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function on a worker, which answers the greeting first: workers come and go while a study runs."""
    with _ONE_AT_A_TIME:
        if greeting.token not in _ANSWERED:
            answer(greeting)
            _ANSWERED.add(greeting.token)
        with one_thread():
            return function(*arguments)


def _see(greeting: Greeting, here: str) -> None:
    root = greeting.file.parent.parent
    told = (
        f"{here} can't see the cache {root} of this run; put the cache where all machines see it under one path "
        "(INTERLINGUA_CACHE=FOLDER)"
    )
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            if greeting.file.read_text(encoding="ascii") == greeting.token:
                break
        except (OSError, ValueError):
            pass
        if time.monotonic() > until:
            raise WorkerError(told)
        time.sleep(0.2)
    try:
        with Lock(greeting.file.with_name(f"{greeting.token}-{uuid.uuid4().hex}")):
            pass
    except OSError as error:
        raise WorkerError(f"{here} can't write to the cache {root} or lock it ({reason(error)})") from None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
