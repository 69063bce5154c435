"""The units that a language would rank highest if its ratings were drawn under a null: the study's heaviest step.

It stands by itself so that a change of what is then said of the draws does not draw them again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.subsets import SubsetRidge
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.study.refitting import penalties
from interlingua.tables.cells import select
from interlingua.units import methods as ranking_methods
from interlingua.units.nulls import Code, Linked, RatedLayer, chosen_again, get, keeps_penalty, null_signs

#: Draws in which an elastic net chooses its penalty again, to compare: thirty fits each.
CHOSEN_AGAIN = 20
#: Draws whose encoding is told.
_TOLD = 100
#: Ratings that are drawn at least, where any are: what needs no probe uses them all.
LEAST_DRAWS = 999

ByNull = Mapping[str, NDArray[np.float64]]
"""Ratings of training words in each draw, (n_words, draws), by null."""


def draw_ratings(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    strata: pd.DataFrame,
    *,
    language: str,
    methods: Sequence[str],
    nulls: Sequence[str],
    draws: int,
    standardise: Any,
    folds: int,
    seed: int,
) -> dict[str, Any]:
    """Draw ratings of one language's training words under every null, for all that is compared with them.

    Returns ``null_ratings``, arrays (n_words, draws) by null, and ``null_encoding``: how the draws are encoded, beside
    the real ratings. Both are empty where the study draws nothing. The words are in the order of the sentences.
    """
    if not (nulls and draws):
        return {"null_ratings": {}, "null_encoding": None}
    layer = rated_layer(activations, ratings, cell, strata, language, standardise=standardise, folds=folds, seed=seed)
    most = max(LEAST_DRAWS, *(draws_of(name, draws) for name in methods))
    first = np.unique(layer.words, return_index=True)[1]
    found, encoding = {}, []
    for null in nulls:
        known = get(null)
        drawn = known.draw(layer, most, seed=derive_seed(seed, known.seed_label, cell.model, language, cell.variable))
        found[null] = drawn[first]
        encoding.append({"language": language, "null": null, **encoded(layer, drawn[:, :_TOLD])})
    return {"null_ratings": found, "null_encoding": cell.stamp(pd.DataFrame(encoding))}


def rank_drawn(
    activations: Activations,
    ratings: pd.DataFrame,
    probes: pd.DataFrame,
    rankings: pd.DataFrame,
    cell: Cell,
    strata: pd.DataFrame,
    drawn: ByNull,
    *,
    language: str,
    methods: Sequence[str],
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
    if not (repeated and drawn):
        return {"null_signs": {}, "null_r_top": None}
    layer = rated_layer(activations, ratings, cell, strata, language, standardise=standardise, folds=folds, seed=seed)
    signs = {}
    for number, (null, of_words) in enumerate(drawn.items()):
        for place, (method, penalty) in enumerate(repeated.items()):
            of_method = of_words[layer.words, : draws_of(method, draws)]
            signs[f"{null}/{method}"] = null_signs(layer, of_method, method, cell.k, penalties=penalty)
            on_progress((number + (place + 1) / len(repeated)) / len(drawn))
    r_top = _predicted_by_top(
        Design(activations, ratings, standardise=standardise), rankings, cell, list(repeated), language, folds, seed
    )
    return {"null_signs": signs, "null_r_top": r_top}


def rated_layer(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    strata: pd.DataFrame,
    language: str,
    *,
    standardise: Any,
    folds: int,
    seed: int,
) -> RatedLayer:
    """Return the cell's layer of a language with its linked words."""
    design = Design(activations, ratings, standardise=standardise).rated(cell.variable)
    words = pd.unique(ratings["word"].to_numpy(dtype=object)[design.train_rows])
    own = select(strata, model=cell.model, variable=cell.variable, language=language)
    linked = Linked.of(own, list(words), seed=derive_seed(seed, "linked words", cell.model, cell.variable))
    of_folds = derive_seed(seed, "folds of nulls", language, cell.variable)
    return RatedLayer.of(design, cell.variable, cell.layer, folds=folds, seed=of_folds, linked=linked)


def draws_of(method: str, draws: int) -> int:
    """Return how many draws a ranking gets where the study asks for so many."""
    return max(draws, ranking_methods.get(method).least_draws)


def encoded(layer: RatedLayer, drawn: NDArray[np.float64]) -> dict[str, float]:
    """Return how well and where in the layer drawn ratings are encoded, beside the real ones."""
    code = Code(layer)
    of_words = layer.word_means(drawn)
    r_drawn = float(layer.r_of(drawn).mean())
    return {
        "n_words": layer.n_words,
        "linked_words": layer.linked.n_linked,
        "r_cv": layer.r,
        "null_r_cv": r_drawn,
        "r_short": layer.r - r_drawn,
        "first_components": float(code.share_of_first(layer.ratings[:, None])[0]),
        "null_first_components": float(code.share_of_first(of_words).mean()),
    }


def _predicted_by_top(
    design: Design,
    rankings: pd.DataFrame,
    cell: Cell,
    methods: Sequence[str],
    language: str,
    folds: int,
    seed: int,
) -> pd.DataFrame:
    """Return how well a ridge probe of each method's top units predicts held-out sentences."""
    subsets = SubsetRidge(
        design, cell.variable, cell.layer, folds=folds, seed=derive_seed(seed, "top units", language, cell.variable)
    )
    rows = []
    for method in methods:
        ranked = cell.rows(rankings, method=method)
        top = ranked.loc[(ranked["rank"] <= cell.k) & (ranked["score"] > 0), "index"].to_numpy()
        r_top = subsets.r_sentences(top, subsets.weights(top)) if len(top) else float("nan")
        rows.append({"language": language, "method": method, "r_top": r_top})
    return cell.stamp(pd.DataFrame(rows))


def choose_again(
    activations: Activations,
    ratings: pd.DataFrame,
    probes: pd.DataFrame,
    cell: Cell,
    strata: pd.DataFrame,
    drawn: ByNull,
    *,
    language: str,
    methods: Sequence[str],
    draws: int,
    standardise: Any,
    folds: int,
    seed: int,
) -> dict[str, Any]:
    """Rank one language's units on the first drawn ratings again, the elastic net's penalty chosen for each of them.

    Returns ``again_signs``, arrays of int8 (draws, width) by "<null>/<method>"; empty where nothing is drawn, or the
    penalty of no ranking is chosen by cross-validation.
    """
    kept = [method for method in penalties(cell, probes, methods, language) if keeps_penalty(method)]
    if not (kept and drawn):
        return {"again_signs": {}}
    layer = rated_layer(activations, ratings, cell, strata, language, standardise=standardise, folds=folds, seed=seed)
    signs = {}
    for null, of_words in drawn.items():
        again = of_words[layer.words, : min(CHOSEN_AGAIN, draws)]
        for method in kept:
            chosen = chosen_again(layer, again, method)
            signs[f"{null}/{method}"] = null_signs(layer, again, method, cell.k, penalties=chosen)
    return {"again_signs": signs}
