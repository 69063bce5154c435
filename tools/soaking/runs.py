"""Runs of the command line in processes of their own: started, watched, killed, and looked at when they have ended."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn

#: Seconds after which a run counts as hanging.
MOST_S = 300.0
_LOOK_S = 0.01


@dataclass(frozen=True)
class Ended:
    """How a run ended: its code (negative: the signal that killed it), what it said, when, and how long it took."""

    pid: int
    code: int
    out: str
    err: str
    seconds: float
    began: float

    @property
    def errors(self) -> list[str]:
        """Its lines that are errors."""
        return [line for line in self.err.splitlines() if line.startswith("error: ")]


#: Runs that have not been waited for to their end.
_LIVING: set[int] = set()


class Run:
    """One command in a session (and process group) of its own.

    A run is a child of this process, forked after everything has been imported: that takes a tenth of a second where
    a fresh interpreter takes five to load torch. In the child the public `main` reads the command from `sys.argv` as
    always. `fresh` starts the command in an interpreter of its own instead.
    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        *,
        fresh: bool = False,
        before: Callable[[], None] | None = None,
        cache: Path | None = None,
    ) -> None:
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        number = len(list(folder.glob("said-*.err")))
        self._out, self._err = (folder / f"said-{number}.{ending}" for ending in ("out", "err"))
        self._started, self._began = time.monotonic(), time.time()
        self._code: int | None = None
        environment = {"INTERLINGUA_CACHE": str(cache or folder / "cache"), "TMPDIR": str(folder / "tmp")}
        self._err.touch()
        self.pid = os.fork()
        if self.pid == 0:
            _be(arguments, environment, self._out, self._err, fresh, before)
        _LIVING.add(self.pid)

    def ended(self) -> bool:
        """Return whether it has ended."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
                _LIVING.discard(self.pid)
                self._took = time.monotonic() - self._started
        return self._code is not None

    def sleep(self, seconds: float) -> bool:
        """Let it run for so long; return whether it still does."""
        until = time.monotonic() + seconds
        while not self.ended() and time.monotonic() < until:
            time.sleep(_LOOK_S)
        return not self.ended()

    def kill(self, number: int) -> None:
        """Send a signal to its process group."""
        os.killpg(self.pid, number)

    def workers(self) -> list[int]:
        """Return the processes that compute for it."""
        return [pid for pid in in_session(self.pid) if "loky.backend.popen_loky_posix" in _command(pid)]

    def wait(self) -> Ended:
        """Wait until it has ended, and return how; one that hangs is killed."""
        if self.sleep(MOST_S):
            self.kill(signal.SIGKILL)
            self.sleep(10)
        assert self._code is not None, f"process {self.pid} can't be killed"
        said = [file.read_text(encoding="utf-8", errors="replace") for file in (self._out, self._err)]
        return Ended(self.pid, self._code, said[0], said[1], self._took, self._began)


def end_all() -> None:
    """Kill what is under way, when the soak itself is stopped."""
    for pid in _LIVING:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def in_session(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, _, _, own = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:  # gone
            continue
        if int(own) == session and state not in "ZX":
            found.append(int(entry.name))
    return found


def prepare() -> None:
    """Import what a run imports, so that its forked children need not; no thread is begun."""
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    from interlingua.flow.source import source_digest
    from interlingua.questions.order import questions
    from interlingua.study.steps import STEPS

    imported = ["interlingua.cli.main", "interlingua.run.run", "matplotlib.pyplot"]
    imported += [f"transformers.models.{name}" for name in ("auto.modeling_auto", "bert.modeling_bert")]
    imported += [question.show for question in questions()]
    steps = [*STEPS, *(step for question in questions() for step in question.steps)]
    functions = [step.function.partition(":")[0] for step in steps]
    for name in imported + functions:
        import_module(name)
    for name in functions:  # a run reads the sources for its keys: that is kept, too
        source_digest({name})


def in_child(function: Callable[[], None]) -> None:
    """Call a function in a forked child: what it starts in the way of threads does not get into later children.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    pid = os.fork()
    if pid == 0:
        _end(function)
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError(f"{function} failed")


def _be(
    arguments: Sequence[str],
    environment: dict[str, str],
    out: Path,
    err: Path,
    fresh: bool,
    before: Callable[[], None] | None,
) -> NoReturn:
    """Become the run, in the forked child."""
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the soak's own answers, and those of nohup
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.update(environment)
        for number, file in ((1, out), (2, err)):
            opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, number)
            os.close(opened)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        if fresh:
            os.execv(sys.executable, [sys.executable, "-m", "interlingua", *arguments])
        sys.argv = ["interlingua", *arguments]
        if before is not None:
            before()
    except BaseException:
        traceback.print_exc()
        os._exit(99)
    from interlingua.cli.main import main

    _end(main)


def _end(function: Callable[[], None]) -> NoReturn:
    """Call a function and end this process as an interpreter does behind its last line."""
    import atexit

    code = 0
    try:
        function()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
