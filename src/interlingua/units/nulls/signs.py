"""One language's top units, and their signs, on ratings drawn under a null."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.methods import get as get_probe
from interlingua.units.methods import LayerData
from interlingua.units.methods import get as get_method
from interlingua.units.nulls.base import RatedLayer
from interlingua.units.nulls.tops import Signs, top_signs

Penalty = tuple[float, float]
"""l1 and l2 in the units of Eq. 1."""


def null_signs(
    layer: RatedLayer,
    drawn: NDArray[np.float64],
    method: str,
    k: int,
    *,
    penalties: Penalty | list[Penalty] | None = None,
) -> Signs:
    """Rank one language's units on drawn ratings.

    Parameters
    ----------
    layer : RatedLayer
        The language's layer.
    drawn : ndarray, shape (m, draws)
        Ratings of its sentences (`interlingua.units.nulls.Null.draw`).
    method : str
        Ranking method. Its probe is refitted for every draw.
    k : int
        Units at the top.
    penalties : (float, float) or a list of them, optional
        l1 and l2 of an elastic net: the paper's, or those that cross-validation chose on the real ratings (choosing
        them again for every draw costs thirty fits each); or of each draw its own (`chosen_again`). Ridge chooses again
        for every draw.

    Returns
    -------
    ndarray of int8, shape (draws, width)
        The sign of each of the top `k` units, 0 for all others.

    Raises
    ------
    ConfigError
        If the method is not known, its probe can't be refitted, or an elastic net has no penalties.
    """
    ranking = get_method(method)
    weights = None if ranking.needs is None else get_probe(ranking.needs[0]).refit(layer, drawn, penalties)
    data = LayerData(layer.X, layer.y, layer.words, 0, layer.X.shape[1], {})
    return top_signs(ranking.scores_of_draws(data, drawn, weights), k)


def keeps_penalty(method: str) -> bool:
    """Return whether a ranking's probe chooses its penalty, and keeps that of the real ratings on drawn ones."""
    needs = get_method(method).needs
    return needs is not None and get_probe(needs[0]).chooses


def chosen_again(layer: RatedLayer, drawn: NDArray[np.float64], method: str) -> list[Penalty]:
    """Return the penalties that the probe of a ranking chooses for each column of drawn ratings anew.

    Parameters
    ----------
    layer : RatedLayer
        The language's layer.
    drawn : ndarray, shape (m, draws)
    method : str
        A ranking that `keeps_penalty`.
    """
    needs = get_method(method).needs
    assert needs is not None, method
    return get_probe(needs[0]).choose(layer, drawn)
