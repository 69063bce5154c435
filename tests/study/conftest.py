"""Fixtures of tests that run whole studies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest


@pytest.fixture
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave report and atlas out: they are tested by themselves, and take longer than all the rest."""
    monkeypatch.setattr("interlingua.run.run.build_report", lambda folder: folder / "report.html")
    monkeypatch.setattr("interlingua.run.run.atlas_of", lambda folder, *_: folder / "atlas" / "index.html")


@pytest.fixture
def cache(small: Any, tmp_path: Path) -> Path:
    """Return a copy of the cache that the first run left."""
    return Path(shutil.copytree(small.cache, tmp_path / "cache"))


@pytest.fixture
def flag(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes the audit of this test flag languages; without them it is the audit of the run."""
    from interlingua.questions.audit import compute

    judge = compute.judge

    def flag(*languages: str) -> None:
        def flagging(found: Mapping[str, Any], *others: Any) -> pd.DataFrame:
            table = judge(found, *others)
            return table.assign(flag=table["language"].isin(languages))

        monkeypatch.setattr(compute, "judge", flagging)
        shutil.rmtree(cache / "audit")  # its key does not know that it was tampered with

    return flag
