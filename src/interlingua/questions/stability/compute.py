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
from interlingua.tables.cells import cells, select
from interlingua.units.methods.correlation import Correlation
from interlingua.units.stability import curve_over_k, halves, method_agreement, selection_frequency

#: Sizes of the top, as shares of the width, for the curve over k.
SHARES = (0.02, 0.05, 0.1, 0.13, 0.185, 0.25, 0.35, 0.5)
#: Splits of the words into halves: each costs as much as two draws.
SPLITS = 20
#: The probe, and the ranking by its weights, that depends on a seed.
_ADAM = "adam"
#: What is known of rankings that can be repeated on other words.
_OF_WORDS = (
    "mean_frequency",
    "median_frequency",
    "halves_shared",
    "halves_lowest",
    "halves_expected",
    "k",
    "pairs_shared",
)


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
    """Draw a language's words anew, or part them into halves, and say which of its top units are there again."""
    # The atlas shows the stability of |correlation|, whatever the study ranks by.
    repeated = penalties(cell, probes, [Correlation.name, *methods], language)
    design = Design(activations, ratings, standardise=standardise)
    every = selection_frequency(
        design,
        cell.variable,
        cell.layer,
        repeated,
        cell.k,
        draws=draws,
        seed=derive_seed(seed, "stability", cell.model, language, cell.variable),
    )
    apart = halves(
        design,
        cell.variable,
        cell.layer,
        repeated,
        cell.k,
        draws=SPLITS,
        seed=derive_seed(seed, "halves", cell.model, language, cell.variable),
    )
    top = every[every["selected"]]
    units = cell.layout.unit(cell.layer, top["index"].to_numpy())
    table = top.assign(unit=units).drop(columns=["selected", "index"]).reset_index(drop=True)
    return {
        "stability": cell.stamp(table, language=language),
        "stability_halves": cell.stamp(apart, language=language),
    }


def compare(rankings: pd.DataFrame, cell: Cell) -> dict[str, pd.DataFrame | None]:
    """Compare languages at other sizes of the top, and a language's rankings with each other."""
    rows = cell.rows(rankings)
    sizes = sorted({round(share * cell.width) for share in SHARES} - {0})  # of a narrow layer, some are the same
    agreement = method_agreement(rows, cell.k)
    return {
        "k_curve": curve_over_k(rows, cell.width, sizes),
        "method_agreement": agreement if len(agreement) else None,  # of one ranking
    }


def summary(
    stability: pd.DataFrame, halves: pd.DataFrame, seeds: pd.DataFrame, pairs: pd.DataFrame
) -> dict[str, pd.DataFrame | None]:
    """Average over units and languages, by ranking; what pairs of languages share stands beside what halves do."""
    nan = float("nan")
    rows: list[dict[str, object]] = []
    for where, of_method in cells(stability):
        apart = select(halves, **where).sort_values("shared", kind="stable")
        rows.append(
            {
                **where,
                "mean_frequency": float(of_method["frequency"].mean()),
                "median_frequency": float(of_method["frequency"].median()),
                "halves_shared": float(apart["shared"].mean()),
                "halves_lowest": float(apart["shared"].iloc[0]),
                "halves_lowest_language": str(apart["language"].iloc[0]),
                "halves_expected": float(apart["expected"].mean()),
                "k": int(apart["k"].iloc[0]),
                "pairs_shared": float(select(pairs, **where)["observed"].mean()),
                "seeds_share": nan,
            }
        )
    for where, of_cell in cells(seeds):
        nothing = {**dict.fromkeys(_OF_WORDS, nan), "halves_lowest_language": None}
        rows.append({**where, "method": _ADAM, **nothing, "seeds_share": float(of_cell["share"].mean())})
    return {"stability_summary": pd.DataFrame(rows) if rows else None}
