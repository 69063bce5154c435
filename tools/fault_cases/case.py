"""A case: one fault of commit ea68ace, and what shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fault_cases.tool import Tool

Run = Callable[[Tool], str]


@dataclass(frozen=True)
class Case:
    """A fault and what shows it.

    Attributes
    ----------
    name
        Its number and, where a number names several faults, a word: ``"A7 overflow"``.
    says
        What was wrong, in a sentence.
    run
        Makes its inputs in the tool's folder, runs the tool, and returns what is wrong, or nothing.
    not_shown
        Why it can't be shown on the old commit, where it can't.
    """

    name: str
    says: str
    run: Run
    not_shown: str = ""


CASES: dict[str, Case] = {}


def fault(name: str, says: str, not_shown: str = "") -> Callable[[Run], Run]:
    """Declare the decorated function as what shows a fault."""

    def declare(run: Run) -> Run:
        if name in CASES:
            raise ValueError(f"{name} is declared twice")
        CASES[name] = Case(name, says, run, not_shown)
        return run

    return declare


def order(name: str) -> tuple[str, int, str]:
    """Return what cases are sorted by: ``A2`` before ``A10``."""
    found = re.match(r"([A-Z])(\d+)", name)
    if found is None:
        raise ValueError(f"{name!r} begins with no number of a fault")
    return found[1], int(found[2]), name


def first(*problems: str) -> str:
    """Return the first of several problems, or nothing."""
    return next((problem for problem in problems if problem), "")
