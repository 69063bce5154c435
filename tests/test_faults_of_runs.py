"""The faults of commit ea68ace that caches, stopped runs and results show: none is here (see `tools/faults.py`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))

from fault_cases import CASES, Case, ends, order, pages, spoilt
from fault_cases.tool import Server, Tool

CHOSEN = [
    CASES[name]
    for name in sorted(CASES, key=order)
    if CASES[name].run.__module__ in {module.__name__ for module in (ends, pages, spoilt)}
]


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc, and limits them")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(Path(__file__).resolve().parents[1] / "src", tmp_path_factory.mktemp("kept"))
    yield server
    server.close()


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name)
def test_it_is_mended(case: Case, server: Server, tmp_path: Path) -> None:
    assert case.run(Tool(server, tmp_path)) == ""
