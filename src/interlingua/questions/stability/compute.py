"""Rankings made again: from other words, from other seeds, by other rankings, with other sizes of the top."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.design import Standardise
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.study.refitting import penalties
from interlingua.tables.cells import cells
from interlingua.units.methods.correlation import Correlation
from interlingua.units.stability import curve_over_k, method_agreement, selection_frequency

#: Sizes of the top, as shares of the width, for the curve over k.
SHARES = (0.02, 0.05, 0.1, 0.13, 0.185, 0.25, 0.35, 0.5)
#: The probe, and the ranking by its weights, that depends on a seed.
_ADAM = "adam"


def select_again(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    probes: pd.DataFrame,
    *,
    language: str,
    methods: Sequence[str],
    draws: int,
    standardise: Standardise,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Draw a language's words anew, and say how often each of its top units is there again."""
    # The atlas shows the stability of |correlation|, whatever the study ranks by.
    repeated = penalties(cell, probes, [Correlation.name, *methods], language)
    every = selection_frequency(
        Design(activations, ratings, standardise=standardise),
        cell.variable,
        cell.layer,
        repeated,
        cell.k,
        draws=draws,
        seed=derive_seed(seed, "stability", cell.model, language, cell.variable),
    )
    top = every[every["selected"]]
    units = cell.layout.unit(cell.layer, top["index"].to_numpy())
    table = top.assign(unit=units).drop(columns=["selected", "index"]).reset_index(drop=True)
    return {"stability": cell.stamp(table, language=language)}


def compare(rankings: pd.DataFrame, cell: Cell) -> dict[str, pd.DataFrame | None]:
    """Compare languages at other sizes of the top, and a language's rankings with each other."""
    rows = cell.rows(rankings)
    sizes = sorted({round(share * cell.width) for share in SHARES} - {0})  # of a narrow layer, some are the same
    agreement = method_agreement(rows, cell.k)
    return {
        "k_curve": curve_over_k(rows, cell.width, sizes),
        "method_agreement": agreement if len(agreement) else None,  # of one ranking
    }


def summary(stability: pd.DataFrame, seeds: pd.DataFrame) -> dict[str, pd.DataFrame | None]:
    """Average over units and languages, by ranking."""
    nan = float("nan")
    rows = [
        {
            **where,
            "mean_frequency": float(of_method["frequency"].mean()),
            "median_frequency": float(of_method["frequency"].median()),
            "seeds_share": nan,
        }
        for where, of_method in cells(stability)
    ]
    rows += [
        {
            **where,
            "method": _ADAM,
            "mean_frequency": nan,
            "median_frequency": nan,
            "seeds_share": float(of_cell["share"].mean()),
        }
        for where, of_cell in cells(seeds)
    ]
    return {"stability_summary": pd.DataFrame(rows) if rows else None}
