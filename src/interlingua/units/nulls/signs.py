"""One language's top units, and their signs: on its ratings, and on ratings drawn under a null."""

from __future__ import annotations

import numpy as np

from interlingua.probes import Design, refit_layer
from interlingua.units.methods import LayerData
from interlingua.units.methods import get as get_method
from interlingua.units.nulls.registry import get as get_null
from interlingua.units.nulls.tops import Signs, top_signs


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
