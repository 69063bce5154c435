"""The place of results: several runs at it, runs that were killed, and what somebody else put there."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from interlingua.errors import StoreError
from interlingua.flow import Cache
from interlingua.flow.cache import MANIFEST
from interlingua.run import folder as folders
from interlingua.run.folder import ResultFolder
from interlingua.run.graph import _put
from interlingua.study.inputs import Frame


def filled(final: Path, study: str = "mine", says: str = "") -> ResultFolder:
    folder = ResultFolder(final, study)
    (folder.partial / "run.json").write_text(json.dumps({"study": study, "says": says}), encoding="utf-8")
    return folder


def says(final: Path) -> str:
    return str(json.loads((final / "run.json").read_text(encoding="utf-8"))["says"])


def dead(name: str) -> str:
    """Return a name beside a result folder as a process of this machine that is no more gave it."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return name.replace("PID", f"{process.pid}-{folders._place()}")


def test_two_runs_into_one_folder_both_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    final = tmp_path / "made" / "out"
    first = filled(final, says="first")
    assert not caplog.records
    second = filled(final, says="second")
    assert f"process {os.getpid()} is writing results to the same folder, too" in caplog.text
    second.finish()
    first.finish()
    assert says(final) == "first"
    assert list(final.parent.iterdir()) == [final]


def test_results_that_appear_between_two_renames_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tmp_path / "out"
    first, second = filled(final, says="first"), filled(final, says="second")
    rename, waiting = Path.rename, [first]

    def rename_late(self: Path, target: Path) -> Path:
        if self == second.partial and waiting:
            waiting.pop().finish()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_late)
    second.finish()
    assert (waiting, says(final)) == ([], "second")
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize("what", ["another study", "a note", "a file"])
def test_what_somebody_put_there_meanwhile_is_not_replaced(tmp_path: Path, what: str) -> None:
    final = tmp_path / "out"
    folder = filled(final)
    if what == "a file":
        final.write_text("theirs")
    else:
        other = filled(final, "theirs" if what == "another study" else "mine")
        other.finish()
        if what == "a note":
            (final / "note.txt").write_text("theirs")
    with pytest.raises(StoreError, match=r"(holds|is a file).*choose another --output"):
        folder.finish()
    folder.discard()
    assert list(tmp_path.iterdir()) == [final]


def test_what_dead_runs_left_is_removed_and_what_living_ones_write_stays(tmp_path: Path) -> None:
    final = tmp_path / "out"
    left = tmp_path / dead(".out.PID.0123abcd.partial")
    (left / "tables").mkdir(parents=True)
    other = tmp_path / dead(".out.more.PID.0123abcd.partial")  # of the folder out.more
    other.mkdir()
    elsewhere = tmp_path / ".out.1-00000000.0123abcd.partial"
    elsewhere.mkdir()
    living = filled(final)
    assert set(tmp_path.iterdir()) == {other, elsewhere, living.partial}
    filled(final)
    assert living.partial.is_dir()


def test_results_that_a_killed_run_was_about_to_replace_are_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    final = tmp_path / "out"
    filled(final, says="old").finish()
    final.rename(tmp_path / dead(".out.PID.0123abcd.old"))
    ResultFolder(final, "mine").discard()
    assert says(final) == "old"
    assert "put back" in caplog.text

    # A run on another machine may be about to put new ones there, but not for a minute.
    moved = tmp_path / ".out.1-00000000.0123abcd.old"
    final.rename(moved)
    ResultFolder(final, "mine").discard()
    assert not final.exists()
    monkeypatch.setattr(folders, "_PUT_BACK_S", -1.0)
    ResultFolder(final, "mine").discard()
    assert says(final) == "old"
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize("how", ["manifest", "no file", "bytes"])
def test_a_spoilt_source_is_made_again_with_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str) -> None:
    frame = pd.DataFrame({"word": ["a", "b"]})
    source = _put(Cache(tmp_path), Frame("words"), {}, frame)
    right = source.path.read_bytes()
    with caplog.at_level(logging.WARNING):
        _put(Cache(tmp_path), Frame("words"), {}, frame)
    assert not caplog.records
    if how == "manifest":
        (source.path.parent / MANIFEST).write_text("{")
    elif how == "no file":
        source.path.unlink()
    else:
        source.path.write_bytes(right[:-1])
    assert _put(Cache(tmp_path, "only-cache"), Frame("words"), {}, frame).digest == source.digest
    assert source.path.read_bytes() == right
    [record] = caplog.records
    assert "computed again" in record.message
