"""The small study's results, read anew for every test, so that each may change tables as it likes."""

from __future__ import annotations

from typing import Any

import pytest

from interlingua.questions.order import tables
from interlingua.report.results import Results


@pytest.fixture
def results(small: Any) -> Results:
    return Results.read(small.results, tables())
