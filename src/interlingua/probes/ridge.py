"""Ridge probes for many penalties and many ratings at the cost of one eigendecomposition.

Minimises (1/m) |y - X w - b|^2 + l2 |w|_2^2, so penalties are in the units of Eq. 1. The inputs never change
under a permutation of the ratings: neither does what is decomposed here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError

RIDGE_PENALTIES: tuple[float, ...] = tuple(float(p) for p in np.logspace(-4, 3, 15))
"""The default grid, two penalties a decade, in the units of Eq. 1."""


@dataclass(frozen=True)
class RidgeFit:
    """A ridge solution.

    Attributes
    ----------
    weights : ndarray of float64, shape (n,) or (n, k)
        Weights, a column for each column of y.
    intercept : ndarray of float64, shape () or (k,)
        The bias.
    """

    weights: NDArray[np.float64]
    intercept: NDArray[np.float64]


class RidgePath:
    """All ridge solutions on one set of inputs.

    Parameters
    ----------
    X : ndarray of float64, shape (m, n)
        Inputs whose columns have mean 0.
    gram : ndarray of float64, shape (n, n), optional
        X'X if it is known.

    Notes
    -----
    Decomposes X'X (n, n) = V S V' into w = V (V'X'y / (S + m l2)) or, where there are fewer rows than units,
    XX' (m, m) = U S U' into w = X'U (U'y / (S + m l2)).
    """

    def __init__(self, X: NDArray[np.float64], *, gram: NDArray[np.float64] | None = None) -> None:
        self.m, n = X.shape
        self._X = X
        self._dual = n > self.m
        matrix = X @ X.T if self._dual else (X.T @ X if gram is None else gram)
        values, self._vectors = np.linalg.eigh(matrix)
        self._values = np.maximum(values, 0.0)  # rounding can leave them just below 0
        self._basis = X.T @ self._vectors if self._dual else self._vectors
        # Units without variance have no weight: the decomposition leaves rounding errors there.
        self._basis[~X.any(axis=0)] = 0.0

    def targets(self, Y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the coordinates of the ratings that `weights` and `shrunk` start from.

        Parameters
        ----------
        Y : ndarray of float64, shape (m, k)
            Ratings, a column each; they are centred here.

        Returns
        -------
        ndarray of float64, shape (min(m, n), k)
        """
        centred = Y - Y.mean(axis=0)
        return self._vectors.T @ (centred if self._dual else self._X.T @ centred)

    def shrunk(self, targets: NDArray[np.float64], l2: ArrayLike) -> NDArray[np.float64]:
        """Return the solution in the coordinates of `project`.

        Parameters
        ----------
        targets : ndarray of float64, shape (min(m, n), k)
            From `targets`.
        l2 : float or array_like, shape (k,)
            Penalty, one for all or one for each column.
        """
        return targets / (self._values[:, None] + self.m * np.asarray(l2, dtype=np.float64))

    def project(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return rows in coordinates such that `project(X) @ shrunk(...)` are predictions less the bias."""
        return X @ self._basis

    def weights(self, Y: NDArray[np.float64], l2: ArrayLike) -> NDArray[np.float64]:
        """Return the weights for each column of `Y`.

        Parameters
        ----------
        Y : ndarray of float64, shape (m, k)
            Ratings.
        l2 : float or array_like, shape (k,)
            Penalty, one for all or one for each column.

        Returns
        -------
        ndarray of float64, shape (n, k)
        """
        return self._basis @ self.shrunk(self.targets(Y), l2)


def ridge(X: ArrayLike, y: ArrayLike, *, l2: ArrayLike) -> RidgeFit:
    """Fit ridge regression in the units of Eq. 1, the bias not penalised.

    Parameters
    ----------
    X : array_like, shape (m, n)
        Inputs.
    y : array_like, shape (m,) or (m, k)
        Ratings; several columns cost hardly more than one.
    l2 : float or array_like, shape (k,)
        Penalty > 0, one for all columns or one each. scikit-learn's `Ridge(alpha)` has alpha = m l2.

    Returns
    -------
    RidgeFit

    Raises
    ------
    StatsError
        If shapes differ, a value is not finite, or a penalty is not positive.
    """
    inputs = np.asarray(X, dtype=np.float64)
    target = np.asarray(y, dtype=np.float64)
    if inputs.ndim != 2 or target.ndim not in (1, 2) or len(target) != len(inputs):
        raise StatsError(f"X has shape {inputs.shape} and y {target.shape}: both need the same rows")
    if not (np.isfinite(inputs).all() and np.isfinite(target).all()):
        raise StatsError("X or y holds a value that is not finite: leave out rows without a rating first")
    if not (np.asarray(l2, dtype=np.float64) > 0).all():
        raise StatsError(f"the ridge penalty l2 is {np.asarray(l2).tolist()}, but must be > 0")
    mean = inputs.mean(axis=0)
    weights = RidgePath(inputs - mean).weights(target.reshape(len(target), -1), l2)
    if target.ndim == 1:
        weights = weights[:, 0]
    return RidgeFit(weights, np.asarray(target.mean(axis=0) - mean @ weights))
