"""Probes of one layer again, on other ratings (permuted ones)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import ConfigError
from interlingua.probes.design import Design
from interlingua.probes.elastic_net import solve_gram
from interlingua.probes.penalty import RidgeCrossValidation, best_penalty, grouped_folds, split_folds
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath

_TOL = 1e-5  # of the null loss: which units stand at the top no longer changes below it


def refit_layer(
    design: Design,
    layer: int,
    Y: NDArray[np.float64],
    probe: str,
    *,
    l1: float | None = None,
    l2: float | None = None,
    folds: int = 5,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Fit a probe of one layer to each column of `Y`; the inputs' Gram matrix serves all of them.

    Parameters
    ----------
    design : Design
        The inputs.
    layer : int
        A layer.
    Y : ndarray, shape (m, draws)
        Ratings of the training sentences, a column each.
    probe : {"ridge", "elastic-net", "elastic-net-cv"}
        Ridge chooses its penalty by cross-validation for every column anew; the elastic nets take `l1` and `l2`.
    l1, l2 : float, optional
        Penalties of the elastic nets, in the units of Eq. 1.
    folds, seed : int
        Of ridge's cross-validation.

    Returns
    -------
    ndarray, shape (draws, width)
        Weights of standardised units.

    Raises
    ------
    ConfigError
        If the probe is another one, or an elastic net has no penalties.
    """
    X, gram = design.train(layer), design.gram(layer)
    if probe == "ridge":
        split = split_folds(X, grouped_folds(design.train_words, folds, seed), gram)
        scores = RidgeCrossValidation(X, split).scores(Y, RIDGE_PENALTIES)
        best = np.array([best_penalty(RIDGE_PENALTIES, column).best for column in scores.T])
        return RidgePath(X, gram=gram).weights(Y, best).T
    if probe not in ("elastic-net", "elastic-net-cv") or l1 is None or l2 is None:
        raise ConfigError(f"probe {probe!r} can't be refitted: use 'ridge', or an elastic net with l1 and l2")
    centred = Y - Y.mean(axis=0)
    products = X.T @ centred
    return np.stack(
        [solve_gram(gram, products[:, i], centred[:, i], l1=l1, l2=l2, tol=_TOL).weights for i in range(Y.shape[1])]
    )
