"""A tree's interlingua in child processes: its command line, and snippets of its public functions."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Seconds of a processor and gigabytes that a child may take unless a case says otherwise.
SECONDS, GIGABYTES = 100.0, 6.0
_PRELUDE = """
import json
import interlingua as il
def show(value):
    print("\\n" + json.dumps(value, default=lambda number: number.item()))
"""


@dataclass(frozen=True)
class Outcome:
    """How a child ended.

    Attributes
    ----------
    code
        Exit code; negative if a signal ended it.
    out, err
        What it wrote.
    peak
        Gigabytes of memory that it held at most.
    late
        Whether it was ended because it took too long.
    spent
        Seconds of a processor.
    """

    code: int
    out: str
    err: str
    peak: float = 0.0
    late: bool = False
    spent: float = 0.0

    @property
    def value(self) -> Any:
        """What a snippet showed last."""
        return json.loads(self.out.strip().splitlines()[-1])

    @property
    def said(self) -> str:
        """All that it wrote, in a line."""
        return " ".join(f"{self.out} {self.err}".split())

    def broken(self) -> str:
        """Return how it ended in disorder, or nothing."""
        if self.late:
            return "it did not end"
        if "Traceback (most recent call last)" in self.err or "panicked at" in self.err:
            return f"a traceback: {_last_line(self.err)}"
        if self.code < 0:
            return f"it ended by {signal.Signals(-self.code).name}"
        return ""

    def failed(self) -> str:
        """Return how it went wrong where nothing may, or nothing."""
        return self.broken() or (f"exit {self.code}: {_last_line(self.err)}" if self.code else "")

    def refused(self, *patterns: str) -> str:
        """Return what is wrong unless it ended in an error that all patterns match (in any case)."""
        if wrong := self.broken():
            return wrong
        if not self.code:
            return "exit 0, and no word of it" if not self.out.strip() else f"exit 0: {_last_line(self.out)}"
        message = _last_line(self.err)
        if all(re.search(pattern, message, re.IGNORECASE) for pattern in patterns):
            return ""
        return f"it says: {message}"


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines[-1].split()) if lines else "nothing"


@dataclass
class Server:
    """A process that has imported the heavy libraries and forks for each call (`server.py`).

    Attributes
    ----------
    source
        The folder ``src`` of the tree whose interlingua is run.
    kept
        An empty folder for what several cases share.
    """

    source: Path
    kept: Path
    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def environment(self) -> dict[str, str]:
        """Return the environment of this tree's processes: one thread each, no network."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTERLINGUA", "PYTEST"))}
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        offline = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "MPLBACKEND": "agg"}
        return kept | threads | offline | {"PYTHONPATH": str(self.source), "PYTHONUTF8": "1"}

    def ask(self, **request: Any) -> dict[str, Any]:
        """Have a request answered; see `server.py`."""
        if self._process is None:
            program = Path(__file__).with_name("server.py").read_text(encoding="utf-8")
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=self.environment(),
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server has ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


@dataclass(frozen=True)
class Tool:
    """Interlingua of one tree, run in `folder` with a cache of its own."""

    server: Server
    folder: Path

    @property
    def cache(self) -> Path:
        """The cache of this case."""
        return self.folder / "cache"

    def cli(self, *arguments: str, seconds: float = SECONDS, gigabytes: float = GIGABYTES) -> Outcome:
        """Run the command line."""
        return self._start(None, list(arguments), seconds, gigabytes).outcome()

    def python(self, snippet: str, *, seconds: float = SECONDS, gigabytes: float = GIGABYTES) -> Outcome:
        """Run a snippet, for which `il` is the package and ``show(...)`` makes the outcome's value."""
        return self._start(_PRELUDE + snippet, [], seconds, gigabytes).outcome()

    def start(self, *arguments: str) -> Running:
        """Start the command line, to look at it while it runs."""
        return self._start(None, list(arguments), SECONDS, GIGABYTES)

    def _start(self, snippet: str | None, arguments: list[str], seconds: float, gigabytes: float) -> Running:
        streams = self.folder / ".streams"
        streams.mkdir(exist_ok=True)
        out, err = (streams / f"{len(list(streams.iterdir()))}.{name}" for name in ("out", "err"))
        answer = self.server.ask(
            snippet=snippet,
            arguments=arguments,
            folder=str(self.folder),
            environment={"INTERLINGUA_CACHE": str(self.cache)},
            out=str(out),
            err=str(err),
            seconds=math.ceil(seconds),
            bytes=int(gigabytes * 2**30),
        )
        return Running(self, answer["child"], out, err)

    def take(self, name: str, make: Callable[[Tool], None]) -> None:
        """Put a copy of a folder here that `make` makes once for all cases of this tree."""
        folder = self.server.kept / name
        if not folder.is_dir():
            folder.mkdir()
            make(Tool(self.server, folder))
        shutil.copytree(folder, self.folder, dirs_exist_ok=True)

    def plain(self, text: str) -> str:
        """Take the places of this machine out of a text."""
        return text.replace(f"{self.folder.resolve()}/", "").replace(str(self.server.source), "src")


@dataclass(frozen=True)
class Running:
    """A child that runs, the leader of a session of its own."""

    tool: Tool
    number: int
    out: Path
    err: Path

    def said(self) -> str:
        """Return what it has written so far to stderr."""
        return self.err.read_text(encoding="utf-8", errors="replace") if self.err.exists() else ""

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send it, and nothing that it started, a signal."""
        os.kill(self.number, how)

    def family(self) -> list[int]:
        """Return the living processes of its session besides itself."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            if fields[0] not in "ZX" and int(fields[3]) == self.number != int(path.parent.name):
                found.append(int(path.parent.name))
        return found

    def outcome(self, seconds: float = 6 * SECONDS) -> Outcome:
        """Wait for its end, so many seconds by the clock, and end all that it leaves."""
        answer = self.tool.server.ask(child=self.number, seconds=seconds)
        out, err = (
            self.tool.plain(path.read_text(encoding="utf-8", errors="replace")) for path in (self.out, self.err)
        )
        late = answer["late"] or answer["code"] == -signal.SIGXCPU
        return Outcome(answer["code"], out, err, answer["peak"], late, answer["spent"])
