"""``interlingua norms audit`` as a user calls it; what it finds is tested in ``tests/study/test_audit.py``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


def test_too_few_languages_for_the_model(interlingua: Cli, study_folder: Path, cache: Path) -> None:
    said = interlingua("norms", "audit", study_folder / "study.toml", "--against", "", "--workers", "1")
    assert said.code == 0
    first, *_ = lines = said.out.splitlines()
    assert re.match(r"valence: held-out words are predicted by \S+ from layer [0-6]$", first)
    english = next(line for line in lines if line.startswith("en   valence"))
    assert re.search(r"no second norm; r = -?0\.\d\d \(-?0\.\d\d to 0\.\d\d\) on 40 held-out words", english)
    assert "can't be judged: it takes four languages" in english
    assert "de   valence      no second norm, and an unseen language: the model is not asked" in lines
    assert "FLAGGED" not in said.out
    start = lines.index("en, valence: the words that disagree most (z here, z predicted)")
    assert all(re.match(r"  \S+  [+-]\d\.\d  [+-]\d\.\d$", line) for line in lines[start + 1 : start + 11])
    assert len(list((cache / "activations").glob("*/manifest.json"))) == 3  # of the seen languages


def test_without_the_model(interlingua: Cli, study_folder: Path, cache: Path) -> None:
    said = interlingua("norms", "audit", study_folder / "study.toml", "--against", "", "--no-model")
    rows = [line.split(maxsplit=2) for line in said.out.splitlines()]
    assert {row[0] for row in rows} == {"en", "es", "fr", "de"}
    assert {row[2] for row in rows} == {"no second norm"}
    assert not cache.exists()


def test_a_model_that_cannot_be_had(interlingua: Cli, study_folder: Path, cache: Path) -> None:
    study = study_folder / "study.toml"
    said = interlingua("norms", "audit", study, "--against", "", "--set", "models=['./nowhere']")
    assert "no model folder ./nowhere" in said.error
    assert "--no-model audits by the second norm only" in said.error
    assert not cache.exists()
