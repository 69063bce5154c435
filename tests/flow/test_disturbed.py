"""Other runs on the same cache, killed workers, and files that go away: what a run does that is disturbed."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from toy_graph import compute, graph, ran

from interlingua.errors import StoreError, WorkerError
from interlingua.flow import Cache, lock
from interlingua.flow import cache as caching
from interlingua.flow import execute as executing
from interlingua.flow.cache import MANIFEST, content_key
from interlingua.flow.execute import execute
from interlingua.flow.lock import ABANDONED_S, Lock, here
from interlingua.flow.processes import processes, remove_semaphores
from interlingua.stop import Stopped, stop

RECIPE = {"what": "a number"}
KEY = content_key(RECIPE)


def make(root: Path, text: str = "7") -> Path:
    with Cache(root).claim("steps", KEY, RECIPE) as claim:
        (claim.folder / "number").write_text(text)
    return root / "steps" / KEY


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_workers_that_were_killed_before_they_got_work_are_answered_like_others(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def without_workers(workers: int) -> Iterator[Executor]:
        with processes(workers) as executor:
            os.kill(executor.submit(os.getpid).result(), signal.SIGKILL)
            until = time.monotonic() + 60
            while executor._loky._flags.broken is None:  # type: ignore[attr-defined]
                assert time.monotonic() < until
                time.sleep(0.01)
            yield executor

    monkeypatch.setattr(executing, "processes", without_workers)
    with pytest.raises(WorkerError, match=r"while it computed squares: .*The same command goes on where it stopped"):
        compute(tmp_path, workers=2)
    assert not list((tmp_path / "cache").rglob(".*"))


@pytest.mark.parametrize("how", ["removed", "spoilt"])
def test_inputs_that_go_away_while_they_are_read_are_made_again(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """As where another run finds them spoilt, or somebody prunes the cache."""
    right = compute(tmp_path / "right").value("total")
    ran(log)
    work, times = executing.work, 0

    def disturbed(job: Any) -> Any:
        nonlocal times
        if job.step == "total" and (times := times + 1) == 1:
            [entry, _] = (tmp_path / "cache" / "squares").iterdir()
            if how == "removed":
                shutil.rmtree(entry)
            else:
                (entry / "squares.parquet").write_bytes(b"")
        return work(job)

    monkeypatch.setattr(executing, "work", disturbed)
    assert compute(tmp_path).value("total").equals(right)
    assert times == 2
    assert len([line for line in ran(log) if line.startswith("squares")]) == 3


def test_inputs_that_go_away_again_and_again_are_an_error(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, times = executing.work, 0

    def disturbed(job: Any) -> Any:
        nonlocal times
        if job.step == "total":
            times += 1
            shutil.rmtree(tmp_path / "cache" / "squares")
        return work(job)

    monkeypatch.setattr(executing, "work", disturbed)
    with pytest.raises(Exception, match="squares"):
        compute(tmp_path)
    assert times == 3


def test_what_is_read_at_the_end_is_compared_with_its_digest_however_large(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    right = compute(tmp_path).value("total")
    ran(log)
    monkeypatch.setattr(caching, "_SMALL", -1)
    [entry] = (tmp_path / "cache" / "total").iterdir()
    flip(entry / "total.parquet")
    done = execute(graph(tmp_path / "in"), Cache(tmp_path / "cache"), show=False, wanted={"total"})
    assert done.value("total").equals(right)
    assert ran(log) == ["total"]
    assert "total.parquet is not what was written; it is computed again" in caplog.text


def test_what_another_run_made_meanwhile_is_read(tmp_path: Path) -> None:
    """Others may read it by now: it must not be replaced under their hands."""
    before = make(tmp_path).stat().st_ino
    with Cache(tmp_path).claim("steps", KEY, RECIPE) as claim:
        assert claim.made is not None
        assert not claim.folder.exists()
    assert (tmp_path / "steps" / KEY).stat().st_ino == before
    with Cache(tmp_path, "refresh").claim("steps", KEY, RECIPE) as claim:
        assert claim.made is None
        (claim.folder / "number").write_text("7")
    assert (tmp_path / "steps" / KEY).stat().st_ino != before


def test_an_entry_that_another_run_mended_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = make(tmp_path)
    Cache(tmp_path).reject("steps", KEY, "number is not what was written")
    assert folder.is_dir()
    assert not caplog.records
    flip(folder / "number")
    Cache(tmp_path).reject("steps", KEY, "number is not what was written")
    assert not folder.exists()
    assert "computed again" in caplog.text


def test_only_cache_removes_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path)
    flip(folder / "number")
    with pytest.raises(StoreError, match="only-cache"):
        Cache(tmp_path, "only-cache").find("steps", KEY)
    (folder / MANIFEST).unlink()
    with pytest.raises(StoreError, match="only-cache"):
        Cache(tmp_path, "only-cache").find("steps", KEY)
    assert folder.is_dir()


def test_locks_that_are_nobody_s_are_swept(tmp_path: Path) -> None:
    steps = make(tmp_path).parent
    ours = json.dumps({"host": here(), "pid": os.getpid(), "name": "ours"})
    theirs = json.dumps({"host": "another", "pid": 1, "name": "theirs"})
    dead = json.dumps({"host": here(), "pid": dead_pid(), "name": "dead"})
    files = {
        ".a.lock": (ours, 0.0, True),
        ".a.lock.0f": (ours, 0.0, True),  # being taken or released at this moment
        ".b.lock": (theirs, 60.0, True),
        ".c.lock": (theirs, 2 * ABANDONED_S, False),
        ".d.lock": ("", 60.0, True),
        ".e.lock": (dead[:20], 2 * ABANDONED_S, False),
        ".f.lock": (dead, 0.0, False),
        ".f.lock.0f": (dead, 0.0, False),  # killed while it took the lock
        ".f.lock.0f.gone": (dead, 0.0, False),
        ".g.lock.0f": ("", 0.0, False),  # killed before it had written who it is
    }
    for name, (text, silent, _) in files.items():
        (steps / name).write_text(text, encoding="utf-8")
        os.utime(steps / name, (time.time() - silent,) * 2)
    Cache(tmp_path).sweep()
    assert {path.name for path in steps.iterdir()} == {KEY, *(name for name, (*_, stays) in files.items() if stays)}


def test_waiting_for_another_run_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lock, "TELL_S", 0.3)
    monkeypatch.setattr(lock, "DEAD_S", 1.5)
    (tmp_path / "steps").mkdir()
    path = tmp_path / "steps" / f".{KEY}.lock"
    path.write_text(json.dumps({"host": "node7 pid:[1]", "pid": 12, "name": "theirs"}), encoding="utf-8")
    make(tmp_path)
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "being made by another run (process 12 on node7); this one waits and reads it" in record.message


def test_a_lock_held_for_a_moment_is_not_told(tmp_path: Path) -> None:
    told: list[str] = []
    with Lock(tmp_path / "lock", on_wait=told.append):
        pass
    assert told == []


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no shared memory to look into")
def test_semaphores_of_a_run_that_was_killed_with_all_its_processes_are_removed() -> None:
    code = (
        "import os, signal\n"
        "from interlingua.flow.processes import processes\n"
        "with processes(2) as executor:\n"
        "    executor.submit(os.getpid).result()\n"
        "    os.killpg(0, signal.SIGKILL)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    assert process.wait() == -signal.SIGKILL
    assert list(Path("/dev/shm").glob(f"sem.loky-{process.pid}-*"))
    remove_semaphores(process.pid)
    assert not list(Path("/dev/shm").glob(f"sem.loky-{process.pid}-*"))


@pytest.mark.parametrize("where", ["taken", "released"])
def test_a_signal_that_comes_while_a_lock_is_taken_or_released_leaves_none(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """It is raised behind any line, also behind the one that made the file."""
    name = {"taken": "_take", "released": "_release"}[where]
    method, calls = getattr(Lock, name), []

    def stopped(self: Lock, *arguments: Any) -> Any:
        calls.append(self)
        if len(calls) == 1 and where == "released":
            raise Stopped(signal.SIGTERM)
        done = method(self, *arguments)
        if len(calls) == 1:
            raise Stopped(signal.SIGTERM)
        return done

    monkeypatch.setattr(Lock, name, stopped)
    with pytest.raises(Stopped):
        compute(tmp_path)
    assert not list((tmp_path / "cache").rglob(".*"))


def test_a_signal_that_a_step_swallows_stops_the_run_behind_it(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, worked = executing.work, []
    monkeypatch.setattr("interlingua.stop._told", [])

    def swallowing(job: Any) -> Any:
        worked.append(job.step)
        with suppress(KeyboardInterrupt):
            stop(signal.SIGTERM)
        return work(job)

    monkeypatch.setattr(executing, "work", swallowing)
    with pytest.raises(Stopped):
        compute(tmp_path)
    assert set(worked) == {"squares"}
    assert not list((tmp_path / "cache").rglob(".*"))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_group_ends_nothing_that_tidies_up_behind_the_others(number: signal.Signals) -> None:
    """A terminal that closes sends it to all of them."""
    code = (
        "import os, signal, sys, time\n"
        "from interlingua.cli.stopping import stopping\n"
        "from interlingua.flow.processes import processes\n"
        "with stopping(), processes(2) as executor:\n"
        "    executor.submit(os.getpid).result()\n"
        "    os.killpg(0, int(sys.argv[1]))\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(int(number))]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)
    _, said = process.communicate()
    assert said.partition("Traceback")[0] == "stopped; the same command goes on where it stopped\n"  # then typer's Exit
    assert not list(Path("/dev/shm").glob(f"sem.loky-{process.pid}-*"))


def test_a_lock_is_taken_although_its_file_is_swept_away_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, swept = os.link, []

    def link_late(source: Path, target: Path) -> None:
        if not swept:
            swept.append(source)
            source.unlink()
        link(source, target)

    monkeypatch.setattr(os, "link", link_late)
    with Lock(tmp_path / "lock"):
        assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    assert swept
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", ["_release", "rename", "unlink"])
def test_a_lock_is_let_go_although_a_signal_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Nobody tidies up behind a lock that no job of a graph holds, such as those on what a study reads."""
    kind: Any = Lock if where == "_release" else Path
    method, calls = getattr(kind, where), []

    def stopped(self: Any, *arguments: Any, **options: Any) -> Any:
        calls.append(self)
        if len(calls) == 1 and where == "_release":
            raise Stopped(signal.SIGTERM)
        done = method(self, *arguments, **options)
        if len(calls) == 1:
            raise Stopped(signal.SIGTERM)
        return done

    held = Lock(tmp_path / "lock")
    held.__enter__()
    monkeypatch.setattr(kind, where, stopped)
    with pytest.raises(Stopped):
        held.__exit__()
    assert not list(tmp_path.iterdir())
