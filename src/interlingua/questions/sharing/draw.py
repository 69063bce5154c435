"""The units that a language would rank highest if its ratings were drawn under a null: the study's heaviest step.

It stands by itself so that a change of what is then said of the draws does not draw them again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.subsets import SubsetRidge
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.study.refitting import best_r, penalties
from interlingua.units.nulls import get, null_signs


def draw(
    activations: Activations,
    ratings: pd.DataFrame,
    probes: pd.DataFrame,
    rankings: pd.DataFrame,
    cell: Cell,
    *,
    language: str,
    methods: Sequence[str],
    nulls: Sequence[str],
    draws: int,
    standardise: Any,
    folds: int,
    seed: int,
    on_progress: Callable[[float], None],
) -> dict[str, Any]:
    """Rank one language's units on drawn ratings, by every method that can be repeated and under every null.

    Returns ``null_signs``, arrays of int8 (draws, width) by "<null>/<method>", and ``null_r_top``: how well a ridge
    probe that sees nothing but a method's top units predicts held-out words. Both are empty where nothing is drawn.
    """
    repeated = penalties(cell, probes, methods, language)
    if not (repeated and nulls and draws):
        return {"null_signs": {}, "null_r_top": None}
    design = Design(activations, ratings, standardise=standardise)
    subsets = SubsetRidge(
        design, cell.variable, cell.layer, folds=folds, seed=derive_seed(seed, "top units", language, cell.variable)
    )
    strength = best_r(cell, probes, language)
    signs, rows = {}, []
    for number, (method, penalty) in enumerate(repeated.items()):
        for null in nulls:
            signs[f"{null}/{method}"] = null_signs(
                design,
                cell.variable,
                cell.layer,
                method,
                cell.k,
                draws=draws,
                seed=derive_seed(seed, get(null).seed_label, cell.model, language, cell.variable, method),
                null=null,
                penalty=penalty,
                r=strength,
                folds=folds,
            )
        ranked = cell.rows(rankings, method=method)
        top = ranked.loc[(ranked["rank"] <= cell.k) & (ranked["score"] > 0), "index"].to_numpy()
        r_top = subsets.r_sentences(top, subsets.weights(top)) if len(top) else float("nan")
        rows.append({"language": language, "method": method, "r_top": r_top})
        on_progress((number + 1) / len(repeated))
    return {"null_signs": signs, "null_r_top": cell.stamp(pd.DataFrame(rows))}
