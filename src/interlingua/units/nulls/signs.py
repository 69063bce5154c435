"""One language's top units, and their signs: on its ratings, and on ratings drawn under a null."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.probes import Design, refit_layer
from interlingua.units.methods import LayerData
from interlingua.units.methods import get as get_method
from interlingua.units.nulls.registry import get as get_null

Signs = NDArray[np.int8]


def null_signs(
    design: Design,
    variable: str,
    layer: int,
    method: str,
    k: int,
    *,
    draws: int,
    seed: int,
    null: str = "permuted",
    penalty: tuple[float, float] | None = None,
    r: float | None = None,
    folds: int = 5,
) -> Signs:
    """Rank one language's units on ratings drawn under a null hypothesis.

    Parameters
    ----------
    design : Design
        The language's standardised inputs.
    variable : str
        The rated variable.
    layer : int
        Layer.
    method : str
        Ranking method. Its probe is refitted for every draw.
    k : int
        Units at the top.
    draws, seed : int
        How many, and their seed; give languages different ones.
    null : str
        Name of the null (`interlingua.units.nulls.names`).
    penalty : (float, float), optional
        l1 and l2 of an elastic net: the paper's, or those that cross-validation chose on the real ratings (choosing
        them again for every draw would cost thirty fits each). Ridge chooses again for every draw.
    r : float, optional
        How well the real ratings are predicted for other words, for a null that needs it.
    folds : int
        Of ridge's cross-validation.

    Returns
    -------
    ndarray of int8, shape (draws, width)
        The sign of each of the top `k` units, 0 for all others.

    Raises
    ------
    ConfigError
        If the null or the method is not known.
    StatsError
        If the null needs `r` and there is none.
    """
    design = design.rated(variable)
    y, _ = design.ratings(variable)
    ranking = get_method(method)
    X, words = design.train(layer), design.train_words
    drawn = get_null(null).draw(X, y, words, r, draws, seed=seed)
    l1, l2 = penalty or (None, None)
    weights = None
    if ranking.needs is not None:
        weights = refit_layer(design, layer, drawn, ranking.needs[0], l1=l1, l2=l2, folds=folds, seed=seed)
    width = design.layout.width(layer)
    signs = np.zeros((draws, width), dtype=np.int8)
    for draw in range(draws):
        fitted = {} if weights is None or ranking.needs is None else {(*ranking.needs, layer): weights[draw]}
        data = LayerData(X, drawn[:, draw], words, layer, width, fitted)
        signs[draw] = top_signs(ranking.scores(data), k)
    return signs


def top_signs(scores: NDArray[np.float64], k: int) -> Signs:
    """Return the sign of each of the `k` units with the largest |score| (ties by index), 0 for all others."""
    best = np.argsort(-np.abs(scores), kind="stable")[:k]
    signs = np.zeros(len(scores), dtype=np.int8)
    signs[best] = np.sign(scores[best])
    return signs


def signs_of_rankings(rankings: pd.DataFrame, k: int) -> dict[str, Signs]:
    """Return each language's signs of its top `k` units, shape (1, width), from one cell's rankings."""
    signs: dict[str, Signs] = {}
    for language, rows in rankings.groupby("language", sort=False):
        row = np.zeros((1, len(rows)), dtype=np.int8)
        top = rows[rows["rank"] <= k]
        row[0, top["index"].to_numpy()] = top["sign"].to_numpy()
        signs[str(language)] = row
    return signs
