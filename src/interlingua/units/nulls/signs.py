"""One language's top units, and their signs, on ratings drawn under a null."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import ConfigError
from interlingua.probes.penalty import ELASTIC_NET_PENALTIES, best_penalty, cross_validate_elastic_net
from interlingua.probes.refit import refit_elastic_net, refit_ridge
from interlingua.units.methods import LayerData
from interlingua.units.methods import get as get_method
from interlingua.units.nulls.base import RatedLayer
from interlingua.units.nulls.tops import Signs, top_signs

#: The ranking by an elastic net whose penalty cross-validation chooses.
BY_CV = "elastic-net-cv"

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
    weights = None if ranking.needs is None else _refitted(layer, drawn, ranking.needs[0], penalties)
    data = LayerData(layer.X, layer.y, layer.words, 0, layer.X.shape[1], {})
    return top_signs(ranking.scores_of_draws(data, drawn, weights), k)


def chosen_again(layer: RatedLayer, drawn: NDArray[np.float64]) -> list[Penalty]:
    """Return the penalties of an elastic net that cross-validation chooses for each column of drawn ratings.

    Parameters
    ----------
    layer : RatedLayer
        The language's layer.
    drawn : ndarray, shape (m, draws)
    """
    grid = [(penalty, penalty) for penalty in ELASTIC_NET_PENALTIES]
    scores = [cross_validate_elastic_net(layer.X, column, layer.splits, grid) for column in drawn.T]
    return [(best, best) for best in (best_penalty(ELASTIC_NET_PENALTIES, of_grid).best for of_grid in scores)]


def _refitted(
    layer: RatedLayer, drawn: NDArray[np.float64], probe: str, penalties: Penalty | list[Penalty] | None
) -> NDArray[np.float64]:
    """Return the weights of the probe on each column, shape (draws, width)."""
    if probe == "ridge":
        return refit_ridge(layer.path, layer.ridge, drawn)
    if probe not in ("elastic-net", "elastic-net-cv") or penalties is None:
        raise ConfigError(f"probe {probe!r} can't be refitted: use 'ridge', or an elastic net with l1 and l2")
    each = [penalties] * drawn.shape[1] if isinstance(penalties, tuple) else penalties
    return refit_elastic_net(layer.X, layer.gram, drawn, each)
