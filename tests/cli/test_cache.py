"""``interlingua cache``: what it lists, finds and removes, on entries as `flow.Cache` makes them and on bad ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interlingua.flow import Cache
from interlingua.flow.cache import MANIFEST, content_key
from interlingua.flow.lock import BEAT_S, Lock, here
from interlingua.questions.order import questions
from interlingua.run import upkeep
from interlingua.run.contents import look
from interlingua.run.stale import is_stale, known_steps
from interlingua.study.steps import FACTS, STEPS

Cli = Callable[..., Any]
DAY = 86_400


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a cache that has not been made yet."""
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make(root: Path, step: str = "activations", days: float = 0.0, **files: int) -> Path:
    """Make an entry, so old and with files of so many bytes, and return its folder."""
    make.number += 1  # type: ignore[attr-defined]
    recipe = {"step": step, "at": {"model": "org/model", "language": "en"}, "number": make.number}  # type: ignore[attr-defined]
    key = content_key(recipe)
    with Cache(root).claim(step, key, recipe) as claim:
        for name, length in (files or {"values": 1_000}).items():
            (claim.folder / name).write_bytes(bytes(length))
    folder = root / step / key
    edit(folder, seconds=120.0, made={"host": "node7", "when": when(days)})
    return folder


make.number = 0  # type: ignore[attr-defined]


def edit(folder: Path, **changes: Any) -> None:
    file = folder / MANIFEST
    file.write_text(json.dumps(json.loads(file.read_text()) | changes), encoding="utf-8")


def when(days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * DAY))


def fill(file: Path, length: int = 100) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(length))
    return file


def lock(root: Path, step: str, key: str, host: str, pid: int, silent: float = 0.0) -> Path:
    """Write a lock whose owner gave its last sign of life so long ago."""
    path = fill(root / step / f".{key}.lock")
    path.write_text(json.dumps({"host": host, "pid": pid, "name": "theirs"}), encoding="utf-8")
    os.utime(path, (time.time() - silent,) * 2)
    return path


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def tree(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*")}


def columns(line: str) -> list[str]:
    return re.split(r"  +", line.strip())


@pytest.fixture
def crowded(root: Path) -> Path:
    """Return a cache that holds one of everything, but for living locks."""
    make(root, "activations", days=3, values=2_000_000)
    make(root, "activations", days=40, values=1_000_000)
    make(root, "probes", days=10)
    fill(root / "norms" / "en-warriner-2013" / "ratings.csv", 5_000)
    fill(root / "affective-interlingua" / "english.csv", 6_000)
    fill(root / "activations" / f".{'a' * 32}.unfinished" / "shard-00000.safetensors", 7_000)
    fill(root / "probes" / f".{'b' * 32}.4711.partial" / "probes.parquet", 8_000)
    fill(root / "corpora" / f"shards-{'c' * 32}" / "0.parquet", 9_000)
    lock(root, "probes", "b" * 32, here(), dead_pid())
    fill(root / ".progress" / f"probes-{'b' * 32}", 6)
    fill(root / "my notes.txt")
    fill(root / "probes" / "plot.png")
    return root


DOWNLOADED = {"norms/en-warriner-2013/ratings.csv", "affective-interlingua/english.csv"}
FOREIGN = {"my notes.txt", "probes/plot.png"}


def test_a_cache_that_is_not_there_yet(interlingua: Cli, root: Path) -> None:
    said = interlingua("cache")
    assert said.code == 0
    assert "not made yet" in said.out
    assert "no entries" in said.out
    assert interlingua("cache", "verify").code == 0
    assert "there is no cache" in interlingua("cache", "prune", "--all").error
    assert not root.exists()


def test_a_cache_that_is_a_file_is_an_error(interlingua: Cli, root: Path) -> None:
    root.write_text("")
    assert "INTERLINGUA_CACHE=FOLDER" in interlingua("cache").error


def test_the_list_has_a_line_per_step(interlingua: Cli, crowded: Path) -> None:
    said = interlingua("cache")
    assert said.code == 0
    assert interlingua("cache", "list").out == said.out
    rows = {line.split()[0]: columns(line) for line in said.out.splitlines() if line.strip()}
    assert rows["step"][:5] == ["step", "entries", "size", "newest", "oldest"]
    assert rows["activations"] == ["activations", "2", "3.0 MB", "3 days", "40 days", "4 min"]
    assert rows["probes"][1] == "1"
    assert rows["together"][1] == "3"
    assert max(map(len, said.out.splitlines())) <= 120


def test_the_list_says_what_else_lies_there(interlingua: Cli, crowded: Path) -> None:
    _, _, besides = interlingua("cache").out.partition("besides:\n")
    rows = [columns(line) for line in besides.splitlines()]
    sizes = {(row[0], row[-1]): row[1] for row in rows if row[0] != "lock"}
    assert sizes["norms", "en-warriner-2013"] == "5.0 kB"
    assert sizes["authors' data", "affective-interlingua"] == "6.0 kB"
    assert sizes["unfinished", f"activations/.{'a' * 32}.unfinished"] == "7.0 kB"
    assert sizes["leftover", f"probes/.{'b' * 32}.4711.partial"] == "8.0 kB"
    assert sizes["searched shards", f"corpora/shards-{'c' * 32}"] == "9.0 kB"
    assert {("not ours", "my notes.txt"), ("not ours", "probes/plot.png")} <= set(sizes)
    (dead,) = (row for row in rows if row[0] == "lock")
    assert "is no more" in dead[-1]


def test_entries_say_what_made_them(interlingua: Cli, crowded: Path) -> None:
    for command in (["cache"], ["cache", "list"]):
        lines = interlingua(*command, "--entries", "--step", "probes").out.splitlines()
        (row,) = (columns(line) for line in lines if line.startswith("probes"))
        assert row[:6] == ["probes", "org/model en", "1.3 kB", "2 min", "10 days", "node7"]
        assert list((crowded / "probes").glob(f"{row[6]}*"))
    assert "did you mean 'probes'" in interlingua("cache", "--entries", "--step", "probe").error


def test_long_names_keep_lines_short(interlingua: Cli, root: Path) -> None:
    folder = make(root)
    recipe = {"step": "activations", "at": {"model": "org/" + "very-long-" * 20 + "model", "language": "en"}}
    edit(folder, recipe=recipe, made={"host": "h" * 80, "when": when(0)})
    folder.rename(folder.with_name(content_key(recipe)))
    lines = interlingua("cache", "--entries").out.splitlines()
    assert max(map(len, lines)) <= 120
    assert "model en" in lines[-1]


def test_options_before_a_subcommand_are_refused(interlingua: Cli, crowded: Path) -> None:
    said = interlingua("cache", "--entries", "verify")
    assert said.code == 2
    assert "come behind 'verify'" in said.err


def test_json_holds_the_whole(interlingua: Cli, crowded: Path) -> None:
    found = json.loads(interlingua("cache", "--json").out)
    assert found["root"] == str(crowded)
    assert len(found["entries"]) == 3
    assert found["entries"][0]["place"] == ["org/model", "en"]
    assert found["entries"][0]["seconds"] == 120.0
    assert len(found["entries"][0]["key"]) == 32
    assert {other["kind"] for other in found["others"]} == {
        *("norms", "authors' data", "unfinished", "searched shards", "leftover", "not ours")
    }
    assert [entry["beats"] for entry in found["locks"]] == [False]


def test_a_living_lock_is_told(interlingua: Cli, root: Path) -> None:
    recipe = {"step": "probes"}
    with Cache(root).claim("probes", content_key(recipe), recipe) as claim:
        fill(claim.folder / "value")
        out = interlingua("cache").out
    assert f"held by process {os.getpid()}" in out


def test_verify_says_how_many_are_sound(interlingua: Cli, crowded: Path) -> None:
    said = interlingua("cache", "verify")
    assert said.code == 0
    assert "3 of 3 entries sound (3.0 MB read)" in said.out


def flipped(folder: Path) -> None:
    data = bytearray((folder / "values").read_bytes())
    data[500] ^= 4
    (folder / "values").write_bytes(data)


def another_s_manifest(folder: Path) -> None:
    shutil.copy(make(folder.parents[1]) / MANIFEST, folder)


def manifest(content: str | bytes) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / MANIFEST).write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def leading_out(folder: Path) -> None:
    text = (folder / MANIFEST).read_text().replace('"values"', '"../../../values"')
    shutil.move(folder / "values", folder.parents[2] / "values")
    (folder / MANIFEST).write_text(text)


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a flipped bit": (flipped, "values is not what was written"),
    "shorter": (lambda folder: fill(folder / "values", 900) and None, "values has 900 bytes, and 1,000 were written"),
    "missing": (lambda folder: (folder / "values").unlink(), "values is missing"),
    "a folder": (lambda folder: (folder / "values").unlink() or (folder / "values").mkdir(), "values"),
    "no manifest": (lambda folder: (folder / MANIFEST).unlink(), "has no manifest.json"),
    "another's manifest": (another_s_manifest, "its key is not the hash of its recipe"),
    "another step's": (lambda folder: None, "belongs to the step 'activations'"),
    "cut short": (lambda folder: manifest((folder / MANIFEST).read_bytes()[:-40])(folder), "manifest.json is damaged"),
    "not JSON": (manifest("nonsense"), "manifest.json is damaged"),
    "not text": (manifest(b"\xff\xfe\x00"), "manifest.json is damaged"),
    "empty": (manifest(""), "manifest.json is damaged"),
    "a list": (manifest("[]"), "manifest.json is damaged"),
    "files as a list": (manifest('{"recipe": {}, "files": [], "seconds": 1}'), "manifest.json is damaged"),
    "deep": (manifest("[" * 100_000), "manifest.json is damaged"),
    "a huge number": (manifest('{"seconds": ' + "9" * 5_000 + "}"), "manifest.json is damaged"),
    "leading out": (leading_out, "leads out of its folder"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_verify_finds_and_removes_what_is_not_sound(interlingua: Cli, root: Path, kind: str) -> None:
    sound, spoilt = make(root), make(root)
    spoil, why = FAULTS[kind]
    spoil(spoilt)
    if kind == "another step's":
        (root / "probes").mkdir()
        spoilt = spoilt.rename(root / "probes" / spoilt.name)
    others = len(list(root.glob("*/*"))) - 1
    said = interlingua("cache", "verify")
    assert said.code == 1
    assert re.search(rf"not sound: {spoilt.parent.name}/{spoilt.name}: .*{re.escape(why)}", said.out)
    assert f"{others} of {others + 1} entries sound" in said.out
    assert interlingua("cache").code == 0
    assert interlingua("cache", "--entries").code == 0
    found = json.loads(interlingua("cache", "verify", "--json").out)
    assert [one["key"] for one in found["unsound"]] == [spoilt.name]
    removed = interlingua("cache", "verify", "--remove")
    assert removed.code == 1
    assert "removed 1;" in removed.out
    assert not spoilt.exists()
    assert sound.exists()
    assert not list(root.glob("*/.*"))
    assert interlingua("cache", "verify").code == 0


def test_files_that_no_step_wrote_are_told_but_spoil_nothing(interlingua: Cli, root: Path) -> None:
    fill(make(root) / ".DS_Store")
    said = interlingua("cache", "verify")
    assert said.code == 0
    assert re.search(r"no step wrote activations/\w{32}/\.DS_Store", said.out)


def test_verify_leaves_what_is_being_made_again(interlingua: Cli, root: Path) -> None:
    spoilt = make(root)
    flipped(spoilt)
    with Lock(spoilt.with_name(f".{spoilt.name}.lock")):
        said = interlingua("cache", "verify", "--remove")
    assert said.code == 1
    assert f"as process {os.getpid()}" in said.out
    assert spoilt.exists()


def test_entries_that_are_removed_meanwhile_are_not_unsound(root: Path) -> None:
    make(root)
    gone = make(root)
    contents = look(root)
    shutil.rmtree(gone)
    checked = upkeep.verify(contents)
    assert (checked.sound, checked.gone, checked.unsound) == (1, 1, ())


def test_other_programs_folders_are_never_touched(interlingua: Cli, root: Path) -> None:
    make(root)
    fill(root / "http" / ("d" * 32) / "body")  # as a cache that somebody points INTERLINGUA_CACHE at may have
    fill(root / "web" / ("e" * 32) / MANIFEST)
    (root / "probes").symlink_to(fill(root.parent / "elsewhere" / "file").parent, target_is_directory=True)
    before = tree(root)
    assert interlingua("cache", "verify", "--remove").code == 0
    assert tree(root) == before
    interlingua("cache", "prune", "--all", "--downloads")
    assert {f"http/{'d' * 32}/body", f"web/{'e' * 32}/{MANIFEST}"} <= tree(root)
    assert (root.parent / "elsewhere" / "file").exists()


def test_prune_wants_to_know_what(interlingua: Cli, crowded: Path) -> None:
    before = tree(crowded)
    assert "--older DAYS" in interlingua("cache", "prune").error
    assert "--older DAYS" in interlingua("cache", "prune", "--dry-run").error
    assert "it holds activations, corpora, probes" in interlingua("cache", "prune", "--step", "nulls").error
    assert "0 or more" in interlingua("cache", "prune", "--older", "-1").error
    assert "0 or more" in interlingua("cache", "prune", "--older", "nan").error
    assert "one of them at a time" in interlingua("cache", "prune", "--stale", "--unfinished").error
    assert "belong to no step" in interlingua("cache", "prune", "--step", "probes", "--downloads").error
    assert tree(crowded) == before


@pytest.mark.parametrize(
    ("wishes", "entries", "rest"),
    [
        (["--older", "20"], 1, 0),
        (["--older", "5"], 2, 0),
        (["--step", "activations"], 2, 0),
        (["--step", "activations", "--older", "20"], 1, 0),
        (["--unfinished"], 0, 5),
        (["--unfinished", "--step", "activations"], 0, 1),
        (["--unfinished", "--older", "1"], 0, 0),
        (["--all"], 3, 5),
        (["--all", "--downloads"], 3, 7),
        (["--downloads"], 0, 2),
    ],
)
def test_prune_removes_what_the_dry_run_says(
    interlingua: Cli, crowded: Path, wishes: list[str], entries: int, rest: int
) -> None:
    before = tree(crowded)
    told = interlingua("cache", "prune", *wishes, "--dry-run")
    assert tree(crowded) == before
    facts = json.loads(interlingua("cache", "prune", *wishes, "--dry-run", "--json").out)
    assert (len(facts["entries"]), len(facts["others"]) + len(facts["locks"])) == (entries, rest)
    done = interlingua("cache", "prune", *wishes)
    assert done.code == 0
    assert done.out == told.out.replace("would remove", "removed")
    n = entries + rest
    assert re.search(r"removed nothing" if n == 0 else rf"removed {n} things?, \d", done.out)
    left = tree(crowded)
    assert len(list(crowded.glob("*/*/manifest.json"))) == 3 - entries
    assert left >= FOREIGN
    assert (left >= DOWNLOADED) is ("--downloads" not in wishes)
    if "--unfinished" in wishes or "--all" in wishes:
        assert ("--step" in wishes or "--older" in wishes) or not [name for name in left if "/." in name]


def test_prune_never_touches_what_a_living_lock_protects(interlingua: Cli, root: Path) -> None:
    held, free = make(root), make(root)
    half_made = fill(root / "activations" / f".{held.name}.unfinished" / "shard-00000.safetensors")
    fill(root / ".progress" / f"activations-{held.name}")
    fill(root / "corpora" / f"shards-{'c' * 32}" / "0.parquet")
    lock(root, "corpora", "f" * 32, "another machine", 1)
    with Lock(held.with_name(f".{held.name}.lock")):
        before = tree(root)
        said = interlingua("cache", "prune", "--all")
        assert before - tree(root) == {f"activations/{free.name}{end}" for end in ("", "/values", f"/{MANIFEST}")}
    assert said.code == 0
    assert f"kept: activations/{held.name[:10]}, as process {os.getpid()}" in said.out
    assert "kept: corpora" in said.out
    assert "a run is at work on this cache" in said.out
    assert half_made.exists()


def test_a_lock_that_another_machine_left_long_ago_protects_nothing(interlingua: Cli, root: Path) -> None:
    folder = make(root)
    silent = lock(root, "activations", folder.name, "another machine", 1, silent=600)
    started = time.monotonic()
    assert "removed 2 things" in interlingua("cache", "prune", "--step", "activations", "--older", "0").out
    assert time.monotonic() - started < 10 * BEAT_S  # nobody waits for it
    assert not folder.exists()
    assert not silent.exists()


def test_what_a_kill_left_between_two_renames_is_put_back(interlingua: Cli, root: Path) -> None:
    folder = make(root)
    folder.rename(folder.with_name(f".{folder.name}.4711.old"))
    interlingua("cache", "prune", "--unfinished")
    assert interlingua("cache", "verify").code == 0
    assert folder.exists()


def test_what_can_not_be_removed_is_told(interlingua: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(root)
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path == folder:
            raise PermissionError(13, "Permission denied")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    said = interlingua("cache", "prune", "--all")
    assert said.code == 1
    assert f"left: activations/{folder.name}: can't be removed (Permission denied)" in said.out
    assert "removed 0 of 1 thing" in said.out
    said = interlingua("cache", "prune", "--all", "--json")
    assert (said.code, len(json.loads(said.out)["left"])) == (1, 1)
    assert folder.exists()


def test_all_steps_are_known() -> None:
    every = [FACTS, *STEPS, *(step for question in questions() for step in question.steps)]
    assert list(known_steps().values()) == every
    for step in known_steps().values():  # what each reads is an output or a known source
        recipe = {
            "step": step.name,
            "function": step.function,
            "options": {key: [] for key in step.plugins},
            "source": 0,
        }
        assert is_stale(recipe) is True


def test_what_today_s_code_made_is_not_stale_and_other_code_s_is(
    interlingua: Cli, small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "cache"
    shutil.copytree(small.cache, root)
    monkeypatch.setenv("INTERLINGUA_CACHE", str(root))
    entries = look(root).entries
    told = {(entry.step, is_stale(entry.recipe)) for entry in entries}
    of_steps = {step for step, _ in told if step != "sources"}
    assert told == {(step, False) for step in of_steps} | {("sources", None)}
    assert {"facts", "activations", "probes", "rankings"} <= of_steps
    said = interlingua("cache", "prune", "--stale", "--dry-run")
    assert "would remove nothing" in said.out
    assert re.search(r"can't be told of \d+ entries", said.out)

    entry = next(entry for entry in entries if entry.step == "rankings")
    recipe = {**entry.recipe, "source": "0" * 64}
    shutil.copytree(entry.folder, other := entry.folder.with_name(content_key(recipe)))
    edit(other, recipe=recipe)
    assert "removed 1 thing" in interlingua("cache", "prune", "--stale").out
    assert not other.exists()
    assert len(look(root).entries) == len(entries)


def test_what_is_another_program_s_is_never_called_stale() -> None:
    rankings = known_steps()["rankings"]
    recipe = {"step": "rankings", "function": rankings.function, "options": {"methods": ["ridge"]}, "source": "0"}
    assert is_stale(recipe) is True
    assert is_stale({**recipe, "options": {"methods": ["ridge", "a method of their own"]}}) is None
    assert is_stale({**recipe, "function": "theirs.steps:rankings"}) is None
    assert is_stale({**recipe, "function": "interlingua.study.old:rankings"}) is True
    assert is_stale({**recipe, "step": "theirs"}) is None
    assert is_stale({"source": "ratings", "at": {}, "content": "0"}) is None
