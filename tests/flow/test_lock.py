"""One maker at a time: over processes, over machines that see one folder, and when owners die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from interlingua.flow import Cache, lock
from interlingua.flow.cache import content_key
from interlingua.flow.lock import Lock, died_here, here

RECIPE = {"what": "a number"}
KEY = content_key(RECIPE)
#: Claims the entry, says so, and takes its time.
MAKER = """
import sys, time
from pathlib import Path
from interlingua.flow import Cache
from interlingua.flow.cache import content_key
root, seconds = Path(sys.argv[1]), float(sys.argv[2])
recipe = {"what": "a number"}
with Cache(root).claim("steps", content_key(recipe), recipe) as claim:
    print("waited" if claim.made else "making", flush=True)
    if claim.made is None:
        time.sleep(seconds)
        (claim.folder / "number").write_text("7")
"""


def maker(root: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", MAKER, root, str(seconds)], stdout=subprocess.PIPE, text=True)


def test_a_second_run_waits_and_reads(tmp_path: Path) -> None:
    first = maker(tmp_path, 1.5)
    assert first.stdout is not None
    assert first.stdout.readline() == "making\n"
    second = maker(tmp_path, 0)
    out, _ = second.communicate(timeout=20)
    assert out == "waited\n"
    assert first.wait(timeout=20) == second.returncode == 0
    made = Cache(tmp_path).peek("steps", KEY)
    assert made is not None
    assert (made.folder / "number").read_text() == "7"
    assert [path.name for path in (tmp_path / "steps").iterdir()] == [KEY]


def test_what_a_killed_owner_leaves_is_taken_over_at_once(tmp_path: Path) -> None:
    first = maker(tmp_path, 60)
    assert first.stdout is not None
    first.stdout.readline()
    first.kill()
    first.wait()
    assert len(list((tmp_path / "steps").glob(".*"))) == 2  # its lock and its half-made folder
    started = time.monotonic()
    out, _ = maker(tmp_path, 0).communicate(timeout=20)
    assert out == "making\n"
    assert time.monotonic() - started < lock.DEAD_S / 2
    assert [path.name for path in (tmp_path / "steps").iterdir()] == [KEY]


def test_another_machine_s_lock_holds_while_it_beats_and_is_taken_over_when_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "DEAD_S", 1.0)
    path = tmp_path / ".key.lock"
    path.write_text(json.dumps({"host": "another", "pid": os.getpid(), "name": "theirs"}), encoding="utf-8")
    ended = threading.Event()
    beats = 0

    def beat() -> None:
        nonlocal beats
        while not ended.wait(0.2) and beats < 12:
            os.utime(path, (beats, beats))  # their clock is far behind
            beats += 1

    thread = threading.Thread(target=beat)
    thread.start()
    started = time.monotonic()
    with Lock(path) as own:
        waited = time.monotonic() - started
        assert own.waited
        assert beats == 12
        assert waited > 12 * 0.2 + 0.8
        assert json.loads(path.read_text(encoding="utf-8"))["host"] == lock.here()
    ended.set()
    thread.join()
    assert list(tmp_path.iterdir()) == []


def test_two_hosts_on_one_folder_never_make_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    making, most, made = 0, 0, []

    def run(host: str) -> None:
        nonlocal making, most
        for number in range(6):
            recipe = {"number": number}
            with Cache(tmp_path).claim("steps", content_key(recipe), recipe, owner=host) as claim:
                if claim.made is not None:
                    continue
                making += 1
                most = max(most, making)
                time.sleep(0.02)
                (claim.folder / "number").write_text(str(number))
                made.append((host, number))
                making -= 1

    # Threads see one process number; that they are other hosts keeps them from taking each other's locks for dead.
    monkeypatch.setattr(lock, "here", lambda: threading.current_thread().name)
    threads = [threading.Thread(target=run, args=(name,), name=name) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1 or len({number for _, number in made}) == 6
    assert {path.name for path in (tmp_path / "steps").iterdir()} == {content_key({"number": n}) for n in range(6)}


def test_a_claim_that_fails_lets_go(tmp_path: Path) -> None:
    def fail() -> None:
        with Cache(tmp_path).claim("steps", KEY, RECIPE) as claim:
            (claim.folder / "half").touch()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert list((tmp_path / "steps").iterdir()) == []
    with Cache(tmp_path).claim("steps", KEY, RECIPE) as claim:
        assert claim.made is None


def test_sweeping_removes_what_the_dead_left_and_nothing_else(tmp_path: Path) -> None:
    dead = maker(tmp_path, 60)
    assert dead.stdout is not None
    dead.stdout.readline()
    dead.kill()
    dead.wait()
    steps = tmp_path / "steps"
    (steps / f".{'0' * 32}.99999.old").mkdir()
    (tmp_path / ".progress").mkdir()
    (tmp_path / ".progress" / f"steps-{KEY}").touch()
    (steps / f".{KEY}.unfinished").mkdir()
    other = {"what": "another"}
    with Cache(tmp_path).claim("steps", content_key(other), other) as claim:
        Cache(tmp_path).sweep()
        assert claim.folder.is_dir()
        assert (steps / f".{content_key(other)}.lock").is_file()
    assert {path.name for path in steps.iterdir()} == {content_key(other), "0" * 32, f".{KEY}.unfinished"}
    assert list((tmp_path / ".progress").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't say")
def test_who_ended_unasked_is_dead() -> None:
    """A killed process whose parent has not looked yet is still listed."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    owner = {"host": here(), "pid": process.pid}
    assert not died_here(owner)
    process.kill()
    end = time.monotonic() + 20
    while not died_here(owner) and time.monotonic() < end:
        time.sleep(0.01)
    assert died_here(owner)
    process.wait()
    assert died_here(owner)
