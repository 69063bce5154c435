"""What lies in the cache is compared with what was written before it is used: spoilt entries are computed again."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from toy_graph import compute, ran

from interlingua.errors import StoreError
from interlingua.flow import cache as caching
from interlingua.flow.cache import MANIFEST


def results(tmp_path: Path, **options: Any) -> dict[str, str]:
    done = compute(tmp_path, **options)
    return {f"{n.step.name} {n.at} {name}": digest for n, m in done.made.items() for name, digest in m.digests.items()}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Compare files at once, or only when something is to read them."""
    if request.param == "large":
        monkeypatch.setattr(caching, "_SMALL", -1)
    return str(request.param)


@pytest.mark.parametrize("spoil", ["flip", "cut", "empty", "manifest", "no file"])
def test_a_spoilt_entry_is_mended_with_a_line_of_warning(
    tmp_path: Path, log: Path, size: str, spoil: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = results(tmp_path)
    ran(log)
    for kind in ("squares", "total"):
        for entry in sorted((tmp_path / "cache" / kind).iterdir()):
            name = {"squares": "raw.safetensors", "total": "total.parquet"}[kind]
            file = entry / (MANIFEST if spoil == "manifest" else name)
            {
                "flip": flip,
                "manifest": flip,
                "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
                "empty": lambda path: path.write_bytes(b""),
                "no file": lambda path: path.unlink(),
            }[spoil](file)
    if size == "large" and spoil in ("flip", "cut", "empty"):
        # Nothing reads the raw arrays while their reader is in the cache; it is found spoilt only where it is read.
        shutil.rmtree(tmp_path / "cache" / "nothing")
        shutil.rmtree(tmp_path / "cache" / "total")
    with caplog.at_level(logging.WARNING, logger="interlingua"):
        assert results(tmp_path) == before
    assert {"squares de", "squares en", "total"} <= set(ran(log))
    warned = [record.message for record in caplog.records if "computed again" in record.message]
    assert len(warned) >= 2
    assert all("\n" not in line for line in warned)
    caplog.clear()
    assert results(tmp_path) == before
    assert ran(log) == []
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert not list((tmp_path / "cache").glob("*/.*"))


def test_another_entry_in_place_of_one_is_found(tmp_path: Path, log: Path) -> None:
    """As where the activations of the untrained control lie in the model's place, with a manifest that fits them."""
    before = results(tmp_path)
    ran(log)
    one, other = sorted((tmp_path / "cache" / "squares").iterdir())
    shutil.rmtree(one)
    shutil.copytree(other, one)
    assert results(tmp_path) == before
    assert len(ran(log)) == 1


def test_only_cache_refuses_what_is_spoilt(tmp_path: Path, log: Path) -> None:
    compute(tmp_path)
    [entry] = (tmp_path / "cache" / "total").iterdir()
    flip(entry / "total.parquet")
    with pytest.raises(StoreError, match=r"total\.parquet is not what was written \(policy 'only-cache'\); run with"):
        compute(tmp_path, policy="only-cache")
    assert entry.is_dir()


def test_a_manifest_of_another_recipe_does_not_count(tmp_path: Path, log: Path) -> None:
    compute(tmp_path)
    ran(log)
    [entry] = (tmp_path / "cache" / "total").iterdir()
    manifest = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
    manifest["recipe"]["seed"] = 6
    (entry / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    compute(tmp_path)
    assert ran(log) == ["total"]
