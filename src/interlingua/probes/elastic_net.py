"""The paper's probe, Equation 1, solved exactly.

Minimises over weights w and an unpenalised bias b::

    (1/m) |y - X w - b|^2 + l1 |w|_1 + l2 |w|_2^2

by scikit-learn's coordinate descent on a float64 Gram matrix and a last step in closed form, and certifies
the answer by a duality gap. Of a large network only a growing set of promising units is solved for, until none
outside it can gain: their part of the Gram matrix fits in the cache (Massias, Gramfort & Salmon 2018).

In scikit-learn's terms alpha = l1 / 2 + l2 and l1_ratio = (l1 / 2) / alpha, so that the paper's l1 = l2 = .001
is alpha = .0015, l1_ratio = 1/3. Its `tol` is not our gap, which is worked out here, from two dual points.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError

_MAX_PASSES = 100_000
_MAX_POLISH = 10
_ROUNDING = 1e-14  # a gap below this is rounding error
_FIRST_SET = 512  # units to start with, of a network that has more than twice as many
# scikit-learn's tolerances, one after the other, each from the last one's weights, until the gap is reached.
_TOLERANCES = tuple(10.0**-k for k in range(3, 14))


@dataclass(frozen=True)
class ElasticNetFit:
    """A solution of Eq. 1.

    Attributes
    ----------
    weights : ndarray of float64, shape (n,)
        Weights; exact zeros are zeros.
    intercept : float
        The bias.
    objective : float
        Value of Eq. 1.
    gap : float
        Upper bound of (objective - smallest possible objective) / null loss, where the null loss is that of
        all weights 0, the variance of y.
    n_nonzero : int
        Number of weights other than 0.
    n_iter : int
        Passes of coordinate descent.
    converged : bool
        Whether gap <= tol.
    """

    weights: NDArray[np.float64]
    intercept: float
    objective: float
    gap: float
    n_nonzero: int
    n_iter: int
    converged: bool


@dataclass(frozen=True)
class GramSolution:
    """A solution of Eq. 1 from Gram quantities; attributes as in `ElasticNetFit`."""

    weights: NDArray[np.float64]
    objective: float
    gap: float
    n_iter: int
    converged: bool


def elastic_net(
    X: ArrayLike,
    y: ArrayLike,
    *,
    l1: float,
    l2: float,
    tol: float = 1e-10,
    gram: NDArray[np.float64] | None = None,
    warm_start: ArrayLike | None = None,
) -> ElasticNetFit:
    """Solve Eq. 1 of the paper to a given duality gap.

    Parameters
    ----------
    X : array_like, shape (m, n)
        Inputs (usually standardised); any column means, as the bias takes them up.
    y : array_like, shape (m,)
        Ratings.
    l1, l2 : float
        Penalties >= 0, not both 0, in the units of Eq. 1.
    tol : float
        Largest duality gap, as a share of the null loss. The last step is in closed form, so that a gap far
        below the usual 1e-6 costs hardly more.
    gram : ndarray of float64, shape (n, n), optional
        X'X of the centred columns, if it is known already.
    warm_start : array_like, shape (n,), optional
        Weights to start from; zeros by default.

    Returns
    -------
    ElasticNetFit

    Raises
    ------
    StatsError
        If shapes differ, a value is not finite, y is constant, or a penalty is out of its range.
    """
    inputs = np.asarray(X, dtype=np.float64)
    target = np.asarray(y, dtype=np.float64)
    if inputs.ndim != 2 or target.shape != inputs.shape[:1]:
        raise StatsError(f"X has shape {inputs.shape} and y {target.shape}: both need the same rows")
    if not (np.isfinite(inputs).all() and np.isfinite(target).all()):
        raise StatsError("X or y holds a value that is not finite: leave out rows without a rating first")
    mean = inputs.mean(axis=0)
    centred = inputs - mean
    centred_y = target - target.mean()
    solution = solve_gram(
        centred.T @ centred if gram is None else gram,
        centred.T @ centred_y,
        centred_y,
        l1=l1,
        l2=l2,
        tol=tol,
        warm_start=warm_start,
    )
    return ElasticNetFit(
        weights=solution.weights,
        intercept=float(target.mean() - mean @ solution.weights),
        objective=solution.objective,
        gap=solution.gap,
        n_nonzero=int(np.count_nonzero(solution.weights)),
        n_iter=solution.n_iter,
        converged=solution.converged,
    )


def solve_gram(
    gram: NDArray[np.float64],
    xy: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    l1: float,
    l2: float,
    tol: float = 1e-10,
    warm_start: ArrayLike | None = None,
) -> GramSolution:
    """Solve Eq. 1 from X'X and X'y, which is all that it needs of the inputs.

    Parameters
    ----------
    gram : ndarray of float64, shape (n, n)
        X'X of the centred inputs.
    xy : ndarray of float64, shape (n,)
        X'y of the centred inputs and ratings.
    y : ndarray of float64, shape (m,)
        The centred ratings.
    l1, l2, tol, warm_start
        As for `elastic_net`.

    Returns
    -------
    GramSolution

    Raises
    ------
    StatsError
        If y is constant or a penalty is out of its range.
    """
    _check_penalty(l1, l2)
    if not y @ y > 0:
        raise StatsError("all ratings are the same: there is nothing to learn")
    problem = _Problem(gram, np.ascontiguousarray(xy), float(y @ y), m=len(y), l1=l1, l2=l2)
    n = len(xy)
    weights = np.zeros(n) if warm_start is None else np.array(warm_start, dtype=np.float64)
    size = n if n <= 2 * _FIRST_SET or l1 == 0 else _FIRST_SET
    passes = 0
    while True:
        gradient = problem.gradient(weights)
        left_out = weights == 0
        size = max(size, min(n, 2 * (n - int(left_out.sum()))))
        chosen = np.arange(n)
        if size < n:
            # Those in use, then those that would gain most.
            chosen = np.sort(np.argpartition(-np.where(left_out, np.abs(gradient), np.inf), size)[:size])
        left_out[chosen] = False
        weights[chosen], n_iter = _solve(problem.restricted(chosen), y, weights[chosen], tol)
        passes += n_iter
        gradient = problem.gradient(weights)
        if not (np.abs(gradient[left_out]) > problem.alpha).any():
            break
        size = min(n, size * 3 // 2)
    gap = problem.gap(weights, gradient)
    return GramSolution(weights, problem.objective(weights), gap, passes, gap <= tol)


def duality_gap(
    weights: ArrayLike,
    *,
    gram: NDArray[np.float64],
    xy: NDArray[np.float64],
    yy: float,
    m: int,
    l1: float,
    l2: float,
) -> float:
    """Return how far weights can be from the minimum of Eq. 1, as a share of the null loss.

    The smaller of two gaps, both of which bound objective(weights) - minimum from above. One scales the
    residual until it is feasible in the dual of the Lasso that Eq. 1 becomes when sqrt(m l2) I is put
    under X (Fercoq, Gramfort & Salmon 2015). The other takes the residual itself as the dual point: then
    the gap is a sum over units of Fenchel-Young losses, none of them negative, that falls with the square of
    the error. It needs l2 > 0.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Any weights.
    gram, xy : ndarray of float64, shapes (n, n) and (n,)
        X'X and X'y of the centred inputs and ratings.
    yy : float
        Sum of squares of the centred ratings, > 0.
    m : int
        Number of rows.
    l1, l2 : float
        Penalties of Eq. 1, not both 0.

    Returns
    -------
    float
        >= 0.
    """
    _check_penalty(l1, l2)
    w = np.asarray(weights, dtype=np.float64)
    problem = _Problem(gram, xy, yy, m=m, l1=l1, l2=l2)
    return problem.gap(w, problem.gradient(w))


class _Problem:
    """Eq. 1 times m / 2, that is |y - Xw|^2 / 2 + alpha |w|_1 + beta |w|_2^2 / 2."""

    def __init__(
        self, gram: NDArray[np.float64], xy: NDArray[np.float64], yy: float, *, m: int, l1: float, l2: float
    ) -> None:
        self.gram, self.xy, self.yy, self.m, self.l1, self.l2 = gram, xy, yy, m, l1, l2
        self.alpha, self.beta = m * l1 / 2, m * l2

    def restricted(self, units: NDArray[np.int64]) -> _Problem:
        """Return the problem of some of the units, whose part of X'X is small enough to stay in the cache."""
        # Coordinate descent reads rows of X'X, one after the other: they must be contiguous.
        every = len(units) == len(self.xy)
        gram = np.ascontiguousarray(self.gram if every else self.gram[np.ix_(units, units)])
        return _Problem(gram, self.xy[units], self.yy, m=self.m, l1=self.l1, l2=self.l2)

    def gradient(self, w: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return X'(y - Xw)."""
        return self.xy - self.gram @ w

    def objective(self, w: NDArray[np.float64]) -> float:
        """Return Eq. 1."""
        return float(self._scaled_objective(w, self.gradient(w))) * 2 / self.m

    def gap(self, w: NDArray[np.float64], gradient: NDArray[np.float64]) -> float:
        """Return the duality gap over the null loss, yy / 2 here."""
        gap = self._scaled_residual_gap(w, gradient)
        if self.beta > 0:
            excess = np.maximum(np.abs(gradient) - self.alpha, 0.0)
            losses = self.alpha * np.abs(w) + self.beta / 2 * w * w + excess * excess / (2 * self.beta)
            gap = min(gap, float((losses - w * gradient).sum()))
        return max(gap, 0.0) / (self.yy / 2)

    def _scaled_objective(self, w: NDArray[np.float64], gradient: NDArray[np.float64]) -> float:
        residual_ss = self.yy - w @ self.xy - w @ gradient
        return float(residual_ss / 2 + self.alpha * np.abs(w).sum() + self.beta / 2 * (w @ w))

    def _scaled_residual_gap(self, w: NDArray[np.float64], gradient: NDArray[np.float64]) -> float:
        largest = float(np.abs(gradient - self.beta * w).max())
        scale = 1.0 if largest <= self.alpha else self.alpha / largest
        residual_ss = self.yy - w @ self.xy - w @ gradient + self.beta * (w @ w)
        dual = scale * (self.yy - w @ self.xy) - scale * scale / 2 * residual_ss
        return self._scaled_objective(w, gradient) - float(dual)


def _solve(
    problem: _Problem, y: NDArray[np.float64], weights: NDArray[np.float64], tol: float
) -> tuple[NDArray[np.float64], int]:
    passes = 0
    for tolerance in _TOLERANCES:
        if problem.alpha > 0:  # without l1 there is nothing to search: `_polish` has the answer
            weights, n_iter = _coordinate_descent(problem, y, weights, tolerance)
            passes += n_iter
        weights, gap = _polish(problem, weights)
        if gap <= tol:
            break
    return weights, passes


def _coordinate_descent(
    problem: _Problem, y: NDArray[np.float64], start: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.float64], int]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import enet_path

    alpha = (problem.alpha + problem.beta) / problem.m
    with warnings.catch_warnings():
        # Whether it converged is decided by our own gap.
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefficients, _, n_iter = enet_path(
            # Given the Gram matrix, the inputs serve for their shape only.
            np.broadcast_to(0.0, (problem.m, len(start))),
            y,
            alphas=[alpha],
            l1_ratio=problem.alpha / (problem.alpha + problem.beta),
            precompute=problem.gram,
            Xy=problem.xy,
            coef_init=start.copy(),
            tol=tolerance,
            max_iter=_MAX_PASSES,
            check_input=False,
            return_n_iter=True,
        )
    return coefficients[:, 0].copy(), int(n_iter[0])


def _polish(problem: _Problem, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Solve for the weights in closed form, given which of them are not 0 and their signs.

    Primal-dual active sets (Ito & Kunisch): where support and signs are those of the solution, one linear
    system gives it to rounding; where a few are wrong, the next guess is better. Steps that don't lower the
    duality gap are not taken, so the worst that can happen is that nothing does.
    """
    gradient = problem.gradient(weights)
    gap = problem.gap(weights, gradient)
    scale = float(problem.gram.diagonal().max())
    for _ in range(_MAX_POLISH):
        if gap <= _ROUNDING:
            break
        shifted = scale * weights + gradient - problem.beta * weights
        support = np.flatnonzero(np.abs(shifted) > problem.alpha)
        if len(support) == 0:
            break
        system = problem.gram[np.ix_(support, support)]
        system.flat[:: len(support) + 1] += problem.beta
        try:
            factor = scipy.linalg.cho_factor(system, overwrite_a=True, check_finite=False)
        except scipy.linalg.LinAlgError:  # l2 = 0 and more units than rows
            break
        guess = np.zeros_like(weights)
        right = problem.xy[support] - problem.alpha * np.sign(shifted[support])
        guess[support] = scipy.linalg.cho_solve(factor, right, check_finite=False)
        guess_gradient = problem.gradient(guess)
        guess_gap = problem.gap(guess, guess_gradient)
        if not guess_gap < gap:
            break
        weights, gradient, gap = guess, guess_gradient, guess_gap
    return weights, gap


def _check_penalty(l1: float, l2: float) -> None:
    if not (l1 >= 0 and l2 >= 0 and l1 + l2 > 0 and np.isfinite(l1 + l2)):
        raise StatsError(f"penalties are l1 = {l1}, l2 = {l2}, but both must be >= 0 and one of them > 0")
