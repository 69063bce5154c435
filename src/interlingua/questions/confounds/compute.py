"""What is left of r and of the shared units when properties of the words are partialled out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables.cells import select
from interlingua.units import overlap
from interlingua.units.confounds import PARTIAL, PartialOut, frequency_gap, partial_out, word_covariates
from interlingua.units.similarity import LEAST_WORDS, concepts_of, half_profiles, halves, similarity

Arrays = dict[str, NDArray[Any]]
#: Units and ratings as they are, and what is left of them.
PLAIN, LEFT = "plain", "left"


def of_language(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    subwords: pd.DataFrame,
    concreteness: pd.DataFrame,
    links: pd.DataFrame,
    *,
    language: str,
    folds: int,
    standardise: Any,
    splits: int,
    seed: int,
) -> dict[str, pd.DataFrame | Arrays]:
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
        "partial_profiles": _profiles(found, concepts_of(found.words, links, language), cell, language, splits, seed),
    }


def _profiles(
    found: PartialOut, concepts: NDArray[np.object_], cell: Cell, language: str, splits: int, seed: int
) -> Arrays:
    """Return the units' profiles in halves of the words, those of the question of similarity; none of too few words."""
    if len(found.words) < 2 * LEAST_WORDS:
        return {}
    of_study = derive_seed(seed, "similarity", cell.model, cell.variable)
    first = halves(list(concepts), language=language, splits=splits, seed=of_study)
    return {name: half_profiles(words, first) for name, words in ((PLAIN, found.plain), (LEFT, found.left))}


def together(
    confounds: pd.DataFrame,
    rankings: pd.DataFrame,
    profiles: Mapping[str, Arrays],
    pairs_summary: pd.DataFrame,
    cell: Cell,
    *,
    seed: int,
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
        **_alike(list(profiles.items())),
    }
    return {"confounds_overlap": shared, "confounds_summary": cell.stamp(pd.DataFrame([summary]))}


def _alike(profiles: list[tuple[str, Arrays]]) -> dict[str, float]:
    """Return rho-bar as it is and of what is left, which has an interval; NaN where a language has no profile."""
    if len(profiles) < 2 or not all(arrays for _, arrays in profiles):
        return dict.fromkeys(("rho", "rho_partial", "rho_partial_low", "rho_partial_high"), float("nan"))
    plain, left = (similarity({code: arrays[name] for code, arrays in profiles}) for name in (PLAIN, LEFT))
    return {"rho": plain.rho, "rho_partial": left.rho, "rho_partial_low": left.low, "rho_partial_high": left.high}


def _words(ratings: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(map(str, ratings["word"])))
