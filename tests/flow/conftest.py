"""The toy graph can be imported, here and in worker processes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_steps


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "log"
    file.touch()
    monkeypatch.setenv(toy_steps.LOG, str(file))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return file
