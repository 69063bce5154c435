"""What the draws of a null or a bootstrap take from the probes of the real ratings."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from interlingua.study.cell import Cell
from interlingua.units import methods as ranking_methods

Penalty = tuple[float, float]
"""l1 and l2 in the units of Eq. 1."""


def penalties(cell: Cell, probes: pd.DataFrame, methods: Iterable[str], language: str) -> dict[str, Penalty | None]:
    """Return those of the ranking methods that can be repeated for every draw.

    Each has the (l1, l2) of its probe in the cell's layer, or None if it has no probe.
    """
    rows = cell.rows(probes, language=language, curve="layer")
    fitted = {row.probe: (float(row.l1), float(row.l2)) for row in rows.itertuples()}
    found = {name: ranking_methods.get(name) for name in methods}
    return {
        name: None if method.needs is None else fitted[method.needs[0]]
        for name, method in found.items()
        if method.repeatable
    }
