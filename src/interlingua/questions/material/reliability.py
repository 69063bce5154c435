"""How reliable the mean ratings of a study's words are, where norms tell how far their raters differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from interlingua.stats.reliability import reliability
from interlingua.tables.cells import select


def reliabilities(
    errors: pd.DataFrame, ratings: Mapping[str, pd.DataFrame], *, variable: str
) -> dict[str, pd.DataFrame | None]:
    """Return the reliability of a variable's ratings in each language whose norms tell how far raters differ.

    Parameters
    ----------
    errors
        ``language, variable, word, error, raters``: of the norms' words.
    ratings
        By language: ``word`` and the variable, a row a sentence.
    variable
        Which.
    """
    rows = []
    for code, table in ratings.items():
        rated = table.dropna(subset=variable).groupby("word", sort=False)[variable].first()
        own = select(errors, language=code, variable=variable).set_index("word")
        known = rated.index.intersection(own.index, sort=False)
        if known.empty:
            continue
        error, raters = own.loc[known, "error"], own.loc[known, "raters"]
        found = reliability(rated[known], error)
        rows.append(
            {
                "variable": variable,
                "language": code,
                "n_words": len(rated),
                "n_known": len(known),
                "raters": float(raters.mean()),
                "error": float(np.sqrt((error**2).mean())),
                "sd": float(rated[known].std(ddof=1)),
                "reliability": found,
            }
        )
    return {"reliability": pd.DataFrame(rows) if rows else None}
