"""The minima of many REML criteria at once, each from several starts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from interlingua.stats.mixed.criteria import Indices, RemlCriteria
from interlingua.stats.mixed.criterion import Component, Floats

# In units of the scaled problem; for `fit_reml` too. A relative standard deviation at the limit means that nothing is
# left for the residual, a criterion without a minimum.
LIMIT = 1e4
COSTS_NOTHING = 1e-7  # of the criterion, in which differences below about 1 mean nothing
NEGATIVE = -1e-7  # a gradient at zero below this says that the component is wanted after all
CONVERGED = 1e-16  # Newton decrement: about the squared distance to the optimum in standard errors
ROUNDED = 1e-8  # the same where rounding allows no further step

_NEAR = 1e-9  # Newton decrement at which a start is near enough to its minimum to be compared with others
_ZERO = 1e-6  # a relative standard deviation on its way to zero
_SMALL = 1e-3  # of a relative standard deviation that may have gone to zero too early


def minimise(criteria: RemlCriteria, starts: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the best minimum of each criterion.

    Every start goes downhill by Newton steps in the relative standard deviations. The criterion is a smooth and even
    function of these, so that there are no bounds to mind: a step across zero is mirrored, and a variance of zero is
    a minimum like others. Of the best, components that the criterion does not miss are set to zero, the smallest first,
    and a component at zero comes back where the criterion falls off zero.

    Parameters
    ----------
    criteria : RemlCriteria
        Of D data sets.
    starts : ndarray, shape (S, K)
        The same for all.

    Returns
    -------
    theta : ndarray, shape (D, K)
        Relative standard deviations, in scaled units.
    found : ndarray of bool, shape (D,)
        False where the random terms leave no residual variance.
    """
    n, n_starts = len(criteria), len(starts)
    theta, values = _descend(criteria.take(np.repeat(np.arange(n), n_starts)), np.tile(starts, (n, 1)), _NEAR)
    best = values.reshape(n, n_starts).argmin(axis=1)
    theta = _prune(criteria, theta.reshape(n, *starts.shape)[np.arange(n), best])
    for _ in range(20):
        theta, values = _descend(criteria, theta, CONVERGED)
        theta[theta < _ZERO] = 0.0
        back = _off_zero(criteria, theta, values)
        if (back == theta).all():
            break
        theta = back
    return theta, np.all(theta < LIMIT, axis=1)


def starting_points(components: Sequence[Component]) -> Floats:
    """Return where to start, in scaled units: the same for all data.

    The criterion of a formula with several components often has several minima, in which all components of a grouping
    factor (its intercepts and slopes) are large, or small. So every factor, every two, and all are large in one start.
    """
    factors: list[Indices] = []
    of = []
    for component in components:
        same = [i for i, codes in enumerate(factors) if np.array_equal(codes, component.codes)]
        of.append(same[0] if same else len(factors))
        if not same:
            factors.append(component.codes)
    k = len(factors)
    large = [chosen for size in sorted({0, 1, 2, k} & set(range(k + 1))) for chosen in combinations(range(k), size)]
    uniform = [np.full(len(of), size) for size in (0.2, 5.0, 80.0)]
    return np.array([*uniform, *(np.where(np.isin(of, chosen), 30.0, 1.0) for chosen in large)])


def _descend(criteria: RemlCriteria, theta: Floats, tolerance: float) -> tuple[Floats, Floats]:
    """Return the minimum downhill of each point, and its value."""
    theta = theta.copy()
    values, gradients, hessians = criteria.derivatives(theta)
    steps, decrements, slopes = _newton_steps(theta, gradients, hessians)
    shrink = np.ones(len(theta))
    going = np.flatnonzero(decrements > tolerance)
    for _ in range(200):
        if not len(going):
            break
        trial = np.minimum(np.abs(theta[going] + shrink[going, None] * steps[going]), LIMIT)
        new, gradients, hessians = criteria.take(going).derivatives(trial)
        rounding = 1e-13 * np.abs(values[going])
        lower = new <= values[going] + 1e-4 * shrink[going] * slopes[going] + rounding
        moved = going[lower]
        exhausted = np.zeros(len(going), dtype=bool)
        exhausted[lower] = (new[lower] >= values[moved]) & (decrements[moved] < ROUNDED)
        theta[moved], values[moved] = trial[lower], new[lower]
        steps[moved], decrements[moved], slopes[moved] = _newton_steps(trial[lower], gradients[lower], hessians[lower])
        shrink[moved] = 1.0
        shrink[going[~lower]] /= 4
        exhausted |= (shrink[going] < 1e-10) | (theta[going] >= LIMIT).any(axis=1)
        going = going[(decrements[going] > tolerance) & ~exhausted]
    return theta, values


def _newton_steps(theta: Floats, gradients: Floats, hessians: Floats) -> tuple[Floats, Floats, Floats]:
    """Return Newton steps in `theta` from derivatives in its square.

    Returns
    -------
    steps : ndarray, shape (D, K)
    decrements : ndarray, shape (D,)
        Twice what the criteria would lose, were they quadratic.
    slopes : ndarray, shape (D,)
        What they would lose, were they linear; below zero.
    """
    k = theta.shape[1]
    hessians = 4 * theta[:, :, None] * hessians * theta[:, None]
    hessians[:, range(k), range(k)] += 2 * gradients
    gradients = 2 * theta * gradients
    # Relative to the standard deviations themselves, which may differ by orders of magnitude.
    scale = np.maximum(theta, 0.1)
    roots, axes = np.linalg.eigh(hessians * scale[:, :, None] * scale[:, None])
    curved = np.abs(roots) > 1e-9 * np.abs(roots).max(axis=1, keepdims=True)
    inverse = np.divide(1.0, np.abs(roots), out=np.zeros_like(roots), where=curved)  # |.|: also off a saddle
    along = (axes.mT @ (gradients * scale)[:, :, None])[:, :, 0]
    relative = -(axes @ (along * inverse)[:, :, None])[:, :, 0]
    relative *= np.minimum(1.0, 1.5 / np.maximum(np.abs(relative).max(axis=1), 1.0))[:, None]
    steps = relative * scale
    return steps, (inverse * along**2).sum(axis=1), (gradients * steps).sum(axis=1)


def _prune(criteria: RemlCriteria, theta: Floats) -> Floats:
    """Return `theta` with the components set to zero, smallest first, that the criteria do not miss."""
    best = criteria.values(theta)
    for component in np.argsort(theta, axis=1, kind="stable").T:
        trial = theta.copy()
        np.put_along_axis(trial, component[:, None], 0.0, axis=1)
        theta = np.where((criteria.values(trial) <= best + COSTS_NOTHING)[:, None], trial, theta)
    return theta


def _off_zero(criteria: RemlCriteria, theta: Floats, values: Floats) -> Floats:
    """Return `theta` with components off zero where the criterion falls from zero on."""
    wanted = (theta < _SMALL) & (criteria.derivatives(theta)[1] < NEGATIVE)
    found = theta.copy()
    for size in 0.5 ** np.arange(12):
        if not wanted.any():
            break
        trial = np.where(wanted, size, theta)
        lower = wanted.any(axis=1) & (criteria.values(trial) < values)
        found[lower] = trial[lower]
        wanted[lower] = False
    return found
