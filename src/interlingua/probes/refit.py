"""Probes of one layer again, on other ratings (permuted ones)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import ConfigError
from interlingua.probes.elastic_net import solve_gram
from interlingua.probes.penalty import RidgeCrossValidation, best_penalty
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath

_TOL = 1e-5  # of the null loss: which units stand at the top no longer changes below it


def refit_ridge(path: RidgePath, cross_validation: RidgeCrossValidation, Y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit ridge to each column of `Y`, its penalty chosen by cross-validation for every column anew.

    Parameters
    ----------
    path : RidgePath
        Of the layer's inputs.
    cross_validation : RidgeCrossValidation
        Of the same on folds.
    Y : ndarray, shape (m, draws)
        Ratings of the training sentences, a column each.

    Returns
    -------
    ndarray, shape (draws, width)
        Weights of standardised units.
    """
    scores = cross_validation.scores(Y, RIDGE_PENALTIES)
    best = np.array([best_penalty(RIDGE_PENALTIES, column).best for column in scores.T])
    return path.weights(Y, best).T


def refit_elastic_net(
    X: NDArray[np.float64],
    gram: NDArray[np.float64],
    Y: NDArray[np.float64],
    penalties: tuple[float, float] | Sequence[tuple[float, float]] | None,
) -> NDArray[np.float64]:
    """Fit an elastic net to each column of `Y`; the inputs' Gram matrix serves all of them.

    Parameters
    ----------
    X : ndarray, shape (m, width)
        Inputs whose columns have mean 0.
    gram : ndarray, shape (width, width)
        X'X.
    Y : ndarray, shape (m, draws)
        Ratings of the training sentences, a column each.
    penalties : (float, float) or sequence of them
        l1 and l2 of all columns or of each its own, in the units of Eq. 1.

    Returns
    -------
    ndarray, shape (draws, width)
        Weights of standardised units.

    Raises
    ------
    ConfigError
        If there are no penalties.
    """
    if penalties is None:
        raise ConfigError("an elastic net can't be refitted without penalties: give l1 and l2")
    each = [penalties] * Y.shape[1] if isinstance(penalties, tuple) else penalties
    centred = Y - Y.mean(axis=0)
    products = X.T @ centred
    return np.stack(
        [
            solve_gram(gram, products[:, i], centred[:, i], l1=l1, l2=l2, tol=_TOL).weights
            for i, (l1, l2) in enumerate(each)
        ]
    )
