"""Fitting a linear mixed model by REML, with Satterthwaite's degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from interlingua.errors import StatsError
from interlingua.stats.mixed.criterion import Floats, RemlCriterion
from interlingua.stats.mixed.descent import CONVERGED, COSTS_NOTHING, LIMIT, NEGATIVE, ROUNDED, starting_points


@dataclass(frozen=True)
class RemlFit:
    """A REML fit, in the units of the data.

    Attributes
    ----------
    estimates : ndarray, shape (p,)
        Fixed effects.
    se : ndarray, shape (p,)
        Their standard errors.
    df : ndarray, shape (p,)
        Satterthwaite degrees of freedom, >= 0.
    variances : ndarray, shape (K + 1,)
        Variance of each component in the order given, then of the residual. A component on the boundary is
        exactly zero.
    criterion : float
        Minus twice the restricted log-likelihood at the optimum.
    theta : ndarray, shape (K,)
        The optimum in the scaled problem: a warm start for a similar one.
    regular : bool
        False where the criterion is flat or still sloping at the optimum, so that df are not to be trusted.
    """

    estimates: Floats
    se: Floats
    df: Floats
    variances: Floats
    criterion: float
    theta: Floats
    regular: bool


def fit_reml(criterion: RemlCriterion, starts: Floats | None = None) -> RemlFit:
    """Minimise the REML criterion.

    Parameters
    ----------
    criterion : RemlCriterion
    starts : ndarray, shape (S, K), optional
        Where to start, in scaled units (`RemlFit.theta`); by default `starting_points`.

    Returns
    -------
    RemlFit

    Raises
    ------
    StatsError
        When the random terms leave no residual variance.
    """
    theta = _search(criterion, starting_points(criterion.components) if starts is None else starts)
    if (theta >= LIMIT).any():
        raise StatsError("the random terms explain the response exactly: no residual variance is left")
    v, regular = _newton(criterion, _prune(criterion, theta))
    estimates, variances, gradient = criterion.fixed_effects(v)
    value, _, hessian = criterion.derivatives(v)
    df = _satterthwaite(variances, gradient, hessian, v)
    return RemlFit(
        estimates=estimates,
        se=np.sqrt(variances),
        df=df,
        variances=criterion.unscale(v),
        criterion=value,
        theta=np.sqrt(v[:-1] / v[-1]),
        regular=regular and bool(np.isfinite(df).all()),
    )


def _satterthwaite(c: Floats, gradient: Floats, hessian: Floats, v: Floats) -> Floats:
    """Return ``2 c^2 / (g'Ag)``, ``A = 2 H^-1``, over the variances `v` off zero, for each squared error `c`."""
    free = v > 0
    # In units of the variances themselves; directions in which the criterion is flat tell nothing.
    scaled = (hessian * v[:, None] * v)[np.ix_(free, free)]
    g = (gradient * v)[:, free]
    uncertainty = 2 * np.linalg.pinv(scaled, rcond=1e-9, hermitian=True)
    spread = np.einsum("ij,jk,ik->i", g, uncertainty, g)
    return np.divide(2 * c**2, spread, out=np.full_like(c, np.nan), where=spread > 0)


def _search(criterion: RemlCriterion, starts: Floats) -> Floats:
    bounds = [(0.0, LIMIT)] * criterion.n_components
    options = {"ftol": 1e-11, "gtol": 1e-5, "maxiter": 500}
    found = [
        scipy.optimize.minimize(criterion.profile, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        for start in starts
    ]
    return np.asarray(min(found, key=lambda result: float(result.fun)).x)


def _prune(criterion: RemlCriterion, theta: Floats) -> Floats:
    """Return `theta` with the components set to zero, smallest first, that the criterion does not miss."""
    best = criterion.profile(theta)[0]
    pruned = theta.copy()
    for k in np.argsort(theta, kind="stable"):
        trial = pruned.copy()
        trial[k] = 0.0
        if criterion.profile(trial)[0] <= best + COSTS_NOTHING:
            pruned = trial
    return pruned


def _newton(criterion: RemlCriterion, theta: Floats) -> tuple[Floats, bool]:
    """Return the variances at the minimum downhill of `theta`, and whether it is a regular one.

    Components at zero stay there while the criterion does not fall off zero. Regular means that the
    gradient vanishes and that the Hessian of the components off zero is positive definite.
    """
    v = np.append(theta**2, 1.0)
    v *= criterion.residual_variance(theta)
    point = criterion.derivatives(v)
    tolerance = CONVERGED
    for _ in range(200):
        _, gradient, hessian = point
        direction, decrement, definite = _downhill(v, gradient, hessian)
        if decrement <= tolerance:
            wanted = int(np.argmin(np.where(v > 0, 0.0, gradient)))
            if v[wanted] > 0 or gradient[wanted] * v[-1] >= NEGATIVE:
                return v, definite
            direction = np.where(np.arange(len(v)) == wanted, v[-1], 0.0)
        found = _line_search(criterion, v, point, direction)
        if found is None:
            return v, definite and decrement <= ROUNDED
        if found[1][0] >= point[0]:
            tolerance = ROUNDED
        v, point = found
    return v, False


def _line_search(
    criterion: RemlCriterion, v: Floats, point: tuple[float, Floats, Floats], direction: Floats
) -> tuple[Floats, tuple[float, Floats, Floats]] | None:
    """Return a better point in `direction`, bent at the bounds, with its derivatives; None without one."""
    value, gradient, _ = point
    for shrink in 0.5 ** np.arange(50):
        trial = np.maximum(v + shrink * direction, 0.0)
        trial[-1] = max(trial[-1], v[-1] / 10)
        new = criterion.derivatives(trial)
        if new[0] <= value + 1e-4 * float(gradient @ (trial - v)) + 1e-13 * abs(value):
            return trial, new
    return None


def _downhill(v: Floats, gradient: Floats, hessian: Floats) -> tuple[Floats, float, bool]:
    """Return a Newton step from the variances `v` by the components off zero.

    Returns
    -------
    direction : ndarray, shape (K + 1,)
    decrement : float
        Twice what the criterion would lose, were it quadratic.
    definite : bool
        Whether the Hessian of these components is positive definite.
    """
    # A small component whose criterion rises from zero on goes straight to zero: Newton steps that are bent
    # at the bounds would stall (Bertsekas 1982, SIAM Journal on Control and Optimization 20, 221-246).
    leaving = (v > 0) & (v < 1e-3 * v[-1]) & (gradient > np.maximum(0.0, hessian.diagonal() * v))
    free = (v > 0) & ~leaving
    # Relative to the variances themselves, which may differ by orders of magnitude.
    g = (gradient * v)[free]
    roots, axes = np.linalg.eigh((hessian * v[:, None] * v)[np.ix_(free, free)])
    flat = np.abs(roots) <= 1e-9 * np.abs(roots).max()
    along = axes.T @ g
    inverse = np.divide(1.0, np.abs(roots), out=np.zeros_like(roots), where=~flat)  # |.|: also off a saddle
    relative = -axes @ (along * inverse)
    direction = np.where(leaving, -v, 0.0)
    direction[free] = v[free] * relative * min(1.0, 3.0 / np.abs(relative).max(initial=1.0))
    decrement = float(inverse @ along**2 + (gradient * v)[leaving].sum())
    return direction, decrement, bool((roots[~flat] > 0).all() and not flat.any())
