"""Which languages each unit is at the top of: every unit belongs to one set of languages."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from interlingua.study.cell import Cell
from interlingua.tables.cells import select


def intersections(rankings: pd.DataFrame, cell: Cell, *, methods: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Count the units at the top of exactly each set of languages, and of each language.

    Parameters
    ----------
    rankings
        Of all languages; what has no score above 0 is at no top.
    cell
        The model, variable and layer.
    methods
        The rankings that are told of.
    """
    rows = cell.rows(rankings)
    top = rows[(rows["rank"] <= cell.k) & (rows["score"] > 0)]
    codes = list(dict.fromkeys(rows["language"]))
    sets, sizes = [], []
    for method in methods:
        of_method = select(top, method=method)
        members = of_method.groupby("unit")["language"].agg(lambda found: " ".join(sorted(found, key=codes.index)))
        counts = members.value_counts(sort=False)
        sets += [
            {"method": method, "languages": name, "n_languages": len(name.split()), "n_units": int(n)}
            for name, n in counts.items()
        ]
        sizes += [
            {"method": method, "language": code, "n_units": len(select(of_method, language=code))} for code in codes
        ]
    columns = ["method", "languages", "n_languages", "n_units"]
    return {
        "intersections": cell.stamp(pd.DataFrame(sets, columns=columns)),
        "set_sizes": cell.stamp(pd.DataFrame(sizes)),
    }
