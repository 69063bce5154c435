"""What is left of r and of the shared units when properties of the words are partialled out."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables.cells import select
from interlingua.units import overlap
from interlingua.units.confounds import PARTIAL, frequency_gap, partial_out, word_covariates


def of_language(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    subwords: pd.DataFrame,
    concreteness: pd.DataFrame,
    *,
    language: str,
    folds: int,
    standardise: Any,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Partial the covariates of a language's words out of the ratings and of the units of the cell's layer."""
    words = _words(ratings)
    counts = dict(zip(subwords["word"], subwords["n_subwords"], strict=True))
    extra = {}
    if len(concreteness):
        extra["concreteness"] = dict(zip(concreteness["word"], concreteness["concreteness"], strict=True))
    found = partial_out(
        Design(activations, ratings, standardise=standardise),
        cell.variable,
        cell.layer,
        word_covariates(words, language, [counts[word] for word in words] if counts else None, extra),
        model=cell.model,
        k=cell.k,
        folds=folds,
        seed=derive_seed(seed, "confounds", cell.model, language, cell.variable),
    )
    return {
        "confounds": pd.DataFrame([found.row]).assign(site=cell.site, note=frequency_gap(language)),
        "partial_rankings": found.rankings.assign(site=cell.site),
    }


def together(
    confounds: pd.DataFrame, rankings: pd.DataFrame, pairs_summary: pd.DataFrame, cell: Cell, *, seed: int
) -> dict[str, pd.DataFrame]:
    """Compare the languages' units again, and take the means over the languages."""
    shared = overlap(rankings, cell.width, k=cell.k, seed=derive_seed(seed, PARTIAL)).pairs_summary
    plain = select(pairs_summary, method="correlation")["mean_fe"]
    summary = {
        "n_languages": len(confounds),
        "covariates": " ".join(dict.fromkeys(" ".join(confounds["covariates"]).split())),
        **{name: float(confounds[name].mean()) for name in ("r2_covariates", "r", "r_partial", "top_k_kept")},
        "k": cell.k,
        "mean_fe": float(shared["mean_fe"].iloc[0]),
        "plain_fe": float(plain.iloc[0]) if len(plain) else float("nan"),
    }
    return {"confounds_overlap": shared, "confounds_summary": cell.stamp(pd.DataFrame([summary]))}


def _words(ratings: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(map(str, ratings["word"])))
