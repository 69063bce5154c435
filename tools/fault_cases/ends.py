"""Runs that are stopped or killed, or that share a cache."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from fault_cases.case import fault, first
from fault_cases.material import study
from fault_cases.spoilt import finished
from fault_cases.tool import Outcome, Running, Tool


def _wait(done: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait for something; return whether it came."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def beside(folder: Path) -> list[str]:
    """Return the kinds of hidden folders beside results."""
    return sorted(path.name.rpartition(".")[2] for path in folder.glob(".results.*"))


def start(tool: Tool) -> Running:
    """Start a run that takes long enough to be stopped, and wait until its workers work."""
    study(tool.folder, changes={"permutations": 400, "methods": '["correlation", "ridge"]'}, n=300)
    running = tool.start("run", "study.toml", "--output", "results", "--workers", "2")
    if not _wait(lambda: (tool.cache / "pass").is_dir() and len(running.family()) > 2):
        raise RuntimeError(f"it never got so far: {running.outcome(1)}")
    return running


def left(tool: Tool, running: Running) -> str:
    """Return what a run that was stopped has left."""
    _wait(lambda: not running.family(), 5)
    processes = running.family()
    folders = f"a hidden folder .{beside(tool.folder)[0]} stays" if beside(tool.folder) else ""
    return "; ".join(text for text in (f"{len(processes)} processes go on" if processes else "", folders) if text)


@fault(
    "B14 SIGTERM", "SIGTERM, as batch systems send it, ends a run without a word, and leaves `.partial` and workers."
)
def terminated(tool: Tool) -> str:
    """To the main process alone."""
    running = start(tool)
    running.kill(signal.SIGTERM)
    _wait(lambda: not Path(f"/proc/{running.number}/fd").exists() or not _alive(running), 20)
    remains = left(tool, running)
    outcome = running.outcome(20)
    if outcome.code < 0:
        return f"it ended by {signal.Signals(-outcome.code).name} without a word{'; ' + remains if remains else ''}"
    return outcome.broken() or remains or ("" if "stopped" in outcome.err else "it does not say that it was stopped")


def _alive(running: Running) -> bool:
    try:
        text = Path(f"/proc/{running.number}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


@fault("B14 SIGKILL", "A killed run leaves workers that go on, and `.partial` that no later run removes.")
def killed(tool: Tool) -> str:
    """Its workers must end by themselves; the next run, even one that is refused, tidies up."""
    running = start(tool)
    running.kill()
    _wait(lambda: not running.family(), 8)
    processes = running.family()
    running.outcome(20)
    tool.cli("run", "study.toml", "--output", "results", "--cache", "only-cache", "--set", "seed=9")
    folders = f"a hidden .{beside(tool.folder)[0]} stays after the next run" if beside(tool.folder) else ""
    return "; ".join(
        text for text in (f"{len(processes)} processes go on 8 s later" if processes else "", folders) if text
    )


@fault("B14 killed worker", "A worker that is killed (as for want of memory) gives joblib's traceback.")
def killed_worker(tool: Tool) -> str:
    """One line must say it."""
    running = start(tool)
    if not _wait(lambda: bool(_workers(running))):
        raise RuntimeError("it has no workers")
    end = time.monotonic() + 40
    while _alive(running) and time.monotonic() < end:  # until one is hit that has work
        for number in _workers(running)[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.5)
    return running.outcome(20).refused("worker|process")


def _workers(running: Running) -> list[int]:
    """Return joblib's processes."""
    found = []
    for number in running.family():
        with contextlib.suppress(OSError):
            if b"popen_loky" in Path(f"/proc/{number}/cmdline").read_bytes():
                found.append(number)
    return found


@fault("B14 between renames", "A run that is killed while it replaces old results hides them for good.")
def between(tool: Tool) -> str:
    """Killed as soon as the old results have been moved aside; the next command finds them or puts them back."""
    tool.take("finished", finished)
    outcome = tool.python(
        """
import os, pathlib
rename = pathlib.Path.rename
def once(self, target):
    moved = rename(self, target)
    if str(target).endswith(".old"):
        os.kill(os.getpid(), 9)
    return moved
pathlib.Path.rename = once
il.run(il.load_study("study.toml"), output=pathlib.Path("results"), workers=1, show_progress=False)
"""
    )
    if outcome.code != -signal.SIGKILL:
        raise RuntimeError(f"it was not killed: {outcome}")
    tool.cli("run", "study.toml", "--output", "results", "--cache", "only-cache", "--set", "seed=9")
    there = (tool.folder / "results" / "run.json").is_file()
    return first(
        "" if there else "no results are there, and the next run does not put them back",
        f".{beside(tool.folder)[0]} stays" if beside(tool.folder) else "",
    )


@fault("B14 workers", "`--workers` starts as many processes as are asked for, however few tasks there are.")
def many(tool: Tool) -> str:
    """Thirty for two languages, of whose computations no more than 20 can be under way at once."""
    study(tool.folder, ("en", "es"), (), changes={"permutations": 0})
    running = tool.start("run", "study.toml", "--output", "results", "--workers", "30")
    _wait(lambda: bool(_workers(running)) or not _alive(running))
    most, end = 0, time.monotonic() + 5  # joblib starts all of them together
    while time.monotonic() < end and most < 30:
        most = max(most, len(_workers(running)))
        time.sleep(0.05)
    running.kill()
    outcome = running.outcome(1)
    if not most:
        raise RuntimeError(f"it had no workers: {outcome}")
    return f"{most} processes, where no more than 20 have anything to do at once" if most > 20 else ""


@fault("B13 two runs", "Two runs at once on one cache share a file: one dies, with advice that is wrong.")
def two_runs(tool: Tool) -> str:
    """Started at the same instant, with an extraction of seconds."""
    study(tool.folder, changes={"words": 400}, n=420)
    text = (tool.folder / "study.toml").read_text(encoding="utf-8")
    (tool.folder / "study.toml").write_text(text.replace("sentences = 1", "sentences = 10"), encoding="utf-8")
    outcome = tool.python(
        """
import os, sys
from pathlib import Path
from interlingua.errors import InterlinguaError
study, il.run = il.load_study("study.toml"), il.run
children = []
for name in ("one", "two"):
    child = os.fork()
    if child == 0:
        try:
            il.run(study, output=Path(name), workers=1, show_progress=False)
        except InterlinguaError as error:
            Path(name + ".error").write_text(str(error))
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
errors = [path.read_text() for path in Path().glob("*.error")]
tables = [{path.name: path.read_bytes() for path in Path(name, "tables").glob("*.parquet")} for name in ("one", "two")]
show([errors, [len(found) for found in tables], tables[0] == tables[1]])
"""
    )
    if wrong := outcome.failed():
        return wrong
    errors, counts, same = outcome.value
    if errors:
        return f"one died: {tool.plain(errors[0])}"
    if not all(counts):
        return f"one died: {_last(outcome)}"
    return "" if same else "their tables differ"


def _last(outcome: Outcome) -> str:
    return outcome.err.strip().splitlines()[-1] if outcome.err.strip() else "without a word"
