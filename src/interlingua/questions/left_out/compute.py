"""Units chosen by all languages but one, tried in that one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.design import Standardise
from interlingua.questions.left_out.store import ByKey, read_fits, read_sets, store_fits, store_sets
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables.cells import cells, select
from interlingua.units.leave_one_out import collect, fit_sets, unit_sets

#: With fewer, a language that is left out would leave one behind that shares with none.
_FEWEST = 3
#: From this place among the random sets on, 0 to 100, a chosen set counts as better.
_BETTER = 95


def choose(
    rankings: pd.DataFrame, cell: Cell, *, random_units: int, seed: int
) -> dict[str, pd.DataFrame | Mapping[str, NDArray[Any]] | None]:
    """Choose units without each language, and draw random sets of as many; nothing with fewer than three languages."""
    rows = cell.rows(rankings)
    if rows["language"].nunique() < _FEWEST:
        return {"left_out_sets": None, "left_out_chosen": None, "left_out_random": {}}
    own = derive_seed(seed, "leave one out", cell.model, cell.variable)
    stored = store_sets(unit_sets(rows, cell.k, draws=random_units, seed=own))
    return {
        "left_out_sets": cell.stamp(stored.sets),
        "left_out_chosen": cell.stamp(stored.chosen) if len(stored.chosen) else None,
        "left_out_random": stored.random,
    }


def fit(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    sets: pd.DataFrame,
    chosen: pd.DataFrame,
    random: ByKey,
    elsewhere: pd.DataFrame,
    *,
    language: str,
    folds: int,
    standardise: Standardise,
    seed: int,
) -> dict[str, dict[str, NDArray[Any]]]:
    """Fit a language's probe on every set; `elsewhere` are the words linked to training words of other languages."""
    if sets.empty:
        return {"left_out_fits": {}}
    design = Design(activations, ratings, standardise=standardise)
    own = derive_seed(seed, "leave one out", cell.model, language, cell.variable)
    tried = read_sets(sets, chosen, random)
    linked = set(select(elsewhere, model=cell.model, variable=cell.variable, language=language)["word"])
    fits = fit_sets(design, cell.variable, cell.layer, language, tried, linked=linked, folds=folds, seed=own)
    return {"left_out_fits": store_fits(fits)}


def put_together(
    sets: pd.DataFrame,
    chosen: pd.DataFrame,
    random: ByKey,
    fits: Mapping[str, ByKey],
) -> dict[str, pd.DataFrame | None]:
    """Try the other languages' units and weights in each language, beside the random sets."""
    if sets.empty:
        return dict.fromkeys(("leave_one_out", "leave_one_out_units", "leave_one_out_summary"))
    found = collect(
        sets,  # says whose they are as well as the rankings do
        read_sets(sets, chosen, random),
        {str(language): read_fits(fits[str(language)]) for language in sets["language"].unique()},
    )
    summary = [
        {
            **where,
            "n_languages": len(rows),
            "better_than_95": int(np.count_nonzero(rows["percentile_r_zero_shot"] >= _BETTER)),
        }
        for where, rows in cells(found.table)
    ]
    return {
        "leave_one_out": found.table,
        "leave_one_out_units": found.units if len(found.units) else None,
        "leave_one_out_summary": pd.DataFrame(summary),
    }
