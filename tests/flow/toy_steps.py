"""Functions of a toy graph, which worker processes import by name."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

#: A file that collects what ran, one line each: appended to by all processes.
LOG = "INTERLINGUA_TOY_LOG"


def _ran(what: str) -> None:
    with Path(os.environ[LOG]).open("a", encoding="utf-8") as file:
        file.write(f"{what}\n")


@dataclass(frozen=True)
class Model:
    """Like a model's source: it takes long to load, and a process keeps it while its next job needs it."""

    name: str = "weights"
    suffix: str = ""
    kept: bool = True

    def read(self, path: Path) -> str:
        _ran(f"loads {path.name}")
        return path.name


def extracts(weights: str, *, model: str, language: str) -> dict:
    time.sleep(0.05)  # so that the other process has its turn
    return {"late": pd.DataFrame({"language": [f"{weights} {language}"], "value": [1]})}


def squares(numbers: pd.DataFrame, *, language: str, power: int, on_progress: Callable[[float], None]) -> dict:
    _ran(f"squares {language}")
    on_progress(0.5)
    return {
        "squares": pd.DataFrame({"language": language, "value": numbers["value"] ** power}),
        "raw": {"x": numbers["value"].to_numpy()},
    }


def total(squares: pd.DataFrame, raw: dict[str, dict[str, np.ndarray]], *, seed: int) -> dict:
    _ran("total")
    several = sum(int(raw[language]["x"].sum()) for language in raw)
    return {"total": pd.DataFrame({"value": [int(squares["value"].sum()) + seed], "raw": [several]})}


def every(numbers: Mapping[str, pd.DataFrame]) -> dict:
    values = [int(numbers[language]["value"].sum()) for language in numbers]
    return {"total": pd.DataFrame({"value": [sum(values)], "raw": [len(values)]})}


def nothing(total: pd.DataFrame) -> dict:
    _ran("nothing")
    return {"nothing": None}


def fails(numbers: pd.DataFrame, *, language: str, unfinished: Path) -> dict:
    _ran(f"fails {language}")
    unfinished.mkdir(parents=True, exist_ok=True)
    (unfinished / "half").write_text("done", encoding="utf-8")
    if not Path(os.environ[LOG]).with_name("power").exists():
        raise RuntimeError("the power failed")
    return {"late": pd.DataFrame({"language": [language], "value": [1]})}


def fails_first(numbers: pd.DataFrame, *, language: str, unfinished: Path) -> dict:
    if language != "l0":
        time.sleep(0.2)
        _ran(f"fails {language}")
        return {"late": pd.DataFrame({"language": [language], "value": [1]})}
    return fails(numbers, language=language, unfinished=unfinished)


def where(numbers: pd.DataFrame, *, language: str) -> dict:
    return {"late": pd.DataFrame({"language": [language], "value": [os.getpid()]})}


def dies(numbers: pd.DataFrame, *, language: str) -> dict:
    os._exit(7)
