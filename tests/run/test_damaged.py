"""Pages of a damaged result folder: one line that names the file, never a traceback, never a wrong page in silence."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import interlingua
from interlingua.errors import InterlinguaError, StoreError, TableError
from interlingua.questions.order import tables
from interlingua.report.results import Results
from interlingua.run.atlas import rebuild_atlas
from interlingua.run.folder import ResultFolder
from interlingua.run.report import build_report

#: What stands in no run.json, though JSON or a text editor allow it.
WRONG_JSON = ("", "[]", "{}", "null", "3", '"x"', "[" * 50_000, "1" * 5_000, '{"tables": []}', '{"a": NaN}', "\ufeff{}")
WRONG_VALUES: tuple[Any, ...] = (None, [], {}, 3, "x", [{}], {"a": []}, True)


@pytest.fixture(scope="module")
def whole(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the results that tests damage and mend again."""
    return Path(shutil.copytree(small.results, tmp_path_factory.mktemp("damaged") / "results"))


@pytest.fixture
def folder(small: Any, whole: Path) -> Iterator[Path]:
    yield whole
    for name in files(small.results):
        path = whole / name
        if path.is_dir():
            path.rmdir()
        shutil.copy(small.results / name, path)


def files(folder: Path) -> list[str]:
    """Return all that pages are made from."""
    return ["study.toml", "run.json", *sorted(f"tables/{path.name}" for path in (folder / "tables").glob("*.parquet"))]


def flip(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 1, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def cut(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def empty(path: Path, _: random.Random) -> None:
    path.write_bytes(b"")


def delete(path: Path, _: random.Random) -> None:
    path.unlink()


def noise(path: Path, rng: random.Random) -> None:
    path.write_bytes(rng.randbytes(200))


def make_a_folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()


def swap(path: Path, rng: random.Random) -> None:
    other = rng.choice(sorted(path.parents[path.parent.name == "tables"].rglob("*.parquet")))
    ours, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(ours)


def rewrite(path: Path, rng: random.Random) -> None:
    """Write a table that pandas reads without complaint, or JSON or TOML of another shape."""
    if path.name == "run.json":
        record = json.loads(path.read_text(encoding="utf-8"))
        record[rng.choice(sorted(record))] = rng.choice(WRONG_VALUES)
        path.write_text(rng.choice((json.dumps(record), *WRONG_JSON)), encoding="utf-8")
    elif path.name == "study.toml":
        text = path.read_text(encoding="utf-8")
        path.write_text(rng.choice(("x = 1", "x = " + "[" * 3000, text.replace("[units]", "[unit]"), text + "\na = 1")))
    else:
        table = pd.read_parquet(path)
        column = rng.choice(list(table))
        ways: list[Callable[[], pd.DataFrame]] = [
            lambda: table.head(0) if len(table) else table.astype(str).assign(more=1),
            lambda: pd.concat([table, table]).assign(more=1),
            lambda: table.assign(**{column: None}),
            lambda: table.assign(**{column: np.nan}),
            lambda: table.astype(str),
            lambda: table.drop(columns=column),
        ]
        rng.choice(ways)().to_parquet(path, index=False)


DAMAGES = (flip, flip, cut, empty, delete, noise, make_a_folder, swap, rewrite, rewrite)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_damaged_is_named(small: Any, folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    pages = sorted(path for path in folder.rglob("*") if path.suffix in (".html", ".svg"))
    times = {path: path.stat().st_mtime_ns for path in pages}
    refused = 0
    for _ in range(25):
        name, damage = rng.choice(sorted(before)), rng.choice(DAMAGES)
        damage(folder / name, rng)
        spoilt = [name for name, data in before.items() if _bytes(folder / name) != data]
        build = rng.choice((build_report, lambda folder: rebuild_atlas(folder, cache_dir=small.cache)))
        if spoilt:
            with pytest.raises(InterlinguaError) as error:
                build(folder)
            said = str(error.value)
            assert any(str(folder / name) in said for name in spoilt), (damage, name, said)
            assert len(said.splitlines()) == 1
            refused += 1
        for name in spoilt:
            if (folder / name).is_dir():
                (folder / name).rmdir()
            (folder / name).write_bytes(before[name])
    assert refused > 15
    assert {path: path.stat().st_mtime_ns for path in pages} == times  # nothing was drawn before it was refused


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def test_a_table_that_the_run_did_not_write(folder: Path) -> None:
    name = next(name for name in tables() if not (folder / "tables" / f"{name}.parquet").exists())
    path = folder / "tables" / f"{name}.parquet"
    tables()[name].empty().to_parquet(path)
    try:
        with pytest.raises(StoreError, match=rf"{name}\.parquet: this run did not write it"):
            build_report(folder)
    finally:
        path.unlink()


def test_pages_don_t_need_what_is_for_people(small: Any, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(small.results, tmp_path / "results"))
    for path in (*(copy / "tables").glob("*.csv"), *(copy / "tables").glob("*.tex"), copy / "report.html"):
        path.unlink()
    shutil.rmtree(copy / "figures")
    build_report(copy)
    assert (copy / "report.html").read_bytes() == (small.results / "report.html").read_bytes()


def test_a_wrong_table_under_a_right_digest_is_held_to_its_declaration(
    folder: Path, seal: Callable[[Path], None]
) -> None:
    path = folder / "tables" / "pairs.parquet"
    pd.read_parquet(path).drop(columns="fe").to_parquet(path, index=False)
    seal(folder)
    with pytest.raises(TableError, match=r"pairs\.parquet: table 'pairs' lacks its column 'fe'"):
        Results.read(folder, tables()).table("pairs")


@pytest.mark.parametrize("key", ["study", "files", "models", "activations", "labels", "not_asked"])
def test_a_record_without_a_key(folder: Path, key: str) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    del record[key]
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(StoreError, match=rf"run\.json: its key '{key}' is missing"):
        build_report(folder)


def test_read_tables_reads_what_the_run_wrote(folder: Path, tmp_path: Path) -> None:
    path = folder / "tables" / "pairs.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(StoreError, match=r"pairs\.parquet: is not what the run wrote"):
        interlingua.read_tables(folder)
    path.unlink()
    with pytest.raises(StoreError, match=r"pairs\.parquet: can't be read \(No such file"):
        interlingua.read_tables(str(folder))
    (folder / "run.json").write_text("[" * 50_000, encoding="utf-8")
    with pytest.raises(StoreError, match=r"run\.json: nested too deep"):
        interlingua.read_tables(folder)
    (tmp_path / "tables").mkdir()  # tables alone, as somebody may have copied them
    (tmp_path / "tables" / "pairs.parquet").write_bytes(whole)
    assert list(interlingua.read_tables(tmp_path)) == ["pairs"]
    (tmp_path / "tables" / "pairs.parquet").write_bytes(whole[:-9])
    with pytest.raises(TableError, match=r"pairs\.parquet: can't be read as a table"):
        interlingua.read_tables(tmp_path)


def test_activations_of_the_atlas_that_are_not_what_was_written(small: Any, tmp_path: Path) -> None:
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    cache = Path(shutil.copytree(small.cache, tmp_path / "cache"))
    shown = [entry["key"] for entry in json.loads((results / "run.json").read_text())["activations"]]
    path = cache / "activations" / shown[0] / "activations.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 64
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"activations\.safetensors: .* are not what the run wrote; 'interlingua run"):
        rebuild_atlas(results, cache_dir=cache)
    path.unlink()
    with pytest.raises(StoreError, match="are not in the cache"):
        rebuild_atlas(results, cache_dir=cache)


def test_a_file_in_the_place_of_the_atlas_is_replaced(small: Any, tmp_path: Path) -> None:
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    shutil.rmtree(results / "atlas")
    (results / "atlas").write_text("no folder")
    assert rebuild_atlas(str(results), cache_dir=str(small.cache)).is_file()
    assert not list(results.glob(".*"))


def test_a_full_disk_is_told_as_one(small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries write, too, and their errors have no words of the system's; the page that was there stays."""
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    page = (results / "report.html").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError("Error writing bytes to file. Detail: [errno 28] No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(StoreError, match=r"report\.html: can't be written \(Error writing.*No space left"):
            build_report(results)
    with monkeypatch.context() as patch:
        patch.setattr("interlingua.run.report.save", full)
        with pytest.raises(StoreError, match=r"results: Error writing bytes.*No space left on device$"):
            build_report(results)
    assert (results / "report.html").read_bytes() == page


@pytest.mark.parametrize("name", ["x" * 256, "x" * 250, "é" * 128, "a\0b"])
def test_a_name_that_no_folder_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="choose another --output"):
        ResultFolder(tmp_path / name, "small")
    assert not list(tmp_path.iterdir())


def test_a_link_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(StoreError, match=r"choose another --output"):
        ResultFolder(tmp_path / "a" / "results", "small")


def test_results_whose_record_is_damaged_are_not_replaced(folder: Path) -> None:
    (folder / "run.json").write_text("[" * 50_000, encoding="utf-8")
    with pytest.raises(StoreError, match="holds something other than results of 'small'; nothing was overwritten"):
        ResultFolder(folder, "small")


def test_text_is_a_place_for_results_and_for_the_cache(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interlingua.run.run.build_report", lambda folder: folder)
    monkeypatch.setattr("interlingua.run.run.atlas_of", lambda folder, *_: folder)
    study = interlingua.load_study(str(small.file))
    results = interlingua.run(
        study, output=str(tmp_path / "out"), cache_dir=str(small.cache), workers=1, show_progress=False
    )
    assert results == tmp_path / "out"
    assert list(interlingua.read_tables(str(results))) == list(interlingua.read_tables(small.results))
