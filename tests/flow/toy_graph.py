"""A toy graph of the steps of toy_steps, and what it ran."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interlingua.flow import Arrays, Cache, Graph, Source, Step
from interlingua.flow.cache import file_digest
from interlingua.flow.execute import Done, execute
from interlingua.tables import Column, Table

LANGUAGE, VALUE = Column("language", "a code", "language"), Column("value", "a number", "count")
SQUARES = Table("squares", "a number", (), (LANGUAGE, VALUE))
TOTAL = Table("total", "the total", (), (VALUE, Column("raw", "of the raw ones", "count")))
NOTHING = Table("nothing", "nothing", ("value",), (VALUE,))
LATE = Table("late", "late", (), (LANGUAGE, VALUE))
SQUARE = Step(
    "squares",
    "squares",
    "toy_steps:squares",
    ("language",),
    {"numbers": "numbers"},
    (SQUARES, Arrays("raw")),
    ("units.power",),
)
STEPS = [
    SQUARE,
    Step("total", "total", "toy_steps:total", (), {"squares": "squares", "raw": "raw"}, (TOTAL,), seeded=True),
    Step("nothing", "total", "toy_steps:nothing", (), {"total": "total"}, (NOTHING,)),
]
DIES = Step("dies", "dies", "toy_steps:dies", ("language",), {"numbers": "numbers"}, (LATE,))
FAILS = Step("fails", "fails", "toy_steps:fails", ("language",), {"numbers": "numbers"}, (LATE,))
OPTIONS = {"units.power": 2, "units.speed": 1}


def ran(log: Path) -> list[str]:
    lines = log.read_text(encoding="utf-8").splitlines()
    log.write_text("", encoding="utf-8")
    return sorted(lines)


def graph(
    folder: Path,
    steps: list[Step] = STEPS,
    options: dict[str, Any] = OPTIONS,
    numbers: int = 3,
    codes: tuple[str, ...] = ("en", "de"),
) -> Graph:
    folder.mkdir(exist_ok=True, parents=True)
    sources = []
    for code in codes:
        path = folder / f"{code}-{numbers}.parquet"
        SQUARES.write(path, pd.DataFrame({"language": code, "value": np.arange(numbers)}))
        sources.append(Source("numbers", {"language": code}, SQUARES, path, file_digest(path)))
    made = Graph(sources=sources)
    made.add(
        steps,
        places=lambda step: [{"language": code} for code in codes] if step.per else [{}],
        has_role=lambda at, role: not role or at["language"] == role,
        option=options.__getitem__,
        seed=5,
        size=lambda step, at: None,
        module_of=lambda package, name: package,
    )
    return made


def compute(folder: Path, policy: str = "reuse", workers: int = 1, **changes: Any) -> Done:
    return execute(graph(folder / "in", **changes), Cache(folder / "cache", policy), workers=workers, show=False)
