"""REML of a linear mixed model with independent variance components.

The model of ``n`` observations, ``p`` fixed effects and ``K`` variance components is::

    y = X b + sum_k Z_k u_k + e,    u_k ~ N(0, v_k I),    e ~ N(0, v_0 I),
    V = v_0 I + sum_k v_k Z_k Z_k',

and the REML criterion is minus twice the restricted log-likelihood, with lme4's constants::

    d = log|V| + log|X'V^-1 X| + y'Py + (n - p) log 2 pi,    P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1.

Nothing of size n x n is ever formed: all quantities come from the cross-products of ``[Z X y]`` and one
Cholesky factor of size q, the number of levels of all grouping factors together (Bates et al. 2015,
Journal of Statistical Software 67(1), section 3). Internally `X` is made orthonormal, `y` is replaced by its
residuals on `X` in units of their own standard deviation, and every `Z_k` is scaled to a root mean square of
one. The criterion is unchanged but for a constant, and the starts and tolerances then suit any data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.optimize import minimize

from interlingua.errors import StatsError

Floats = NDArray[np.float64]

# In units of the scaled problem. A relative standard deviation at the limit means that nothing is left for
# the residual, a criterion without a minimum.
_LIMIT = 1e4
_COSTS_NOTHING = 1e-7  # of the criterion, in which differences below about 1 mean nothing
_NEGATIVE = -1e-7  # a gradient at zero below this says that the component is wanted after all
_CONVERGED = 1e-16  # Newton decrement: squared distance to the optimum in standard errors
_ROUNDED = 1e-8  # the same where rounding allows no further step


@dataclass(frozen=True)
class Component:
    """One variance component: which level each row has, and what its effect is multiplied by.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Level of the grouping factor, 0 to the number of levels minus one, all of them present.
    values : ndarray, shape (n,)
        Ones for a random intercept, the covariate for a random slope.
    """

    codes: NDArray[np.intp]
    values: Floats


@dataclass(frozen=True)
class _State:
    """The criterion at one point, with the cross-products through ``V / v_0`` that its derivatives need."""

    value: float
    pyy: float  # y'Py
    spread: Floats  # Z'PZ, (q, q)
    score: Floats  # Z'Py, (q,)
    information: Floats  # X'(V / v_0)^-1 X, (p, p)
    xz: Floats  # X'(V / v_0)^-1 Z, (p, q)
    xy: Floats  # X'(V / v_0)^-1 y, (p,)


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


class RemlProblem:
    """Cross-products of one data set, and the REML criterion with its derivatives.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response.
    x : ndarray, shape (n, p)
        Fixed-effects design, of full column rank.
    components : sequence of Component
        At least one.
    names : sequence of str
        Names of the columns of `x`, for the error message.

    Raises
    ------
    StatsError
        When a column of `x` is a combination of those before it, when no degree of freedom is left, when `x`
        explains `y` exactly, or when a covariate of a random slope is zero throughout.
    """

    def __init__(self, y: Floats, x: Floats, components: Sequence[Component], names: Sequence[str]) -> None:
        self.n, self.p = x.shape
        if self.n <= self.p:
            raise StatsError(
                f"{self.n} rows can't estimate {self.p} fixed effects and a variance: "
                "use more rows or a shorter formula"
            )
        q_factor, self._r = np.linalg.qr(x)
        aliased = np.abs(np.diag(self._r)) <= 1e-9 * np.linalg.norm(x, axis=0)
        if aliased.any():
            listed = ", ".join(f"'{names[i]}'" for i in np.flatnonzero(aliased))
            raise StatsError(
                f"these fixed effects are combinations of the others in the data: {listed}: drop them"
            )
        self._ols = q_factor.T @ y
        residual = y - q_factor @ self._ols
        residual -= q_factor @ (q_factor.T @ residual)
        self._unit = float(np.sqrt(residual @ residual / (self.n - self.p)))
        if self._unit <= 1e-10 * float(np.sqrt(np.mean(y**2))):
            raise StatsError("the fixed effects explain the response exactly: no variation is left to model")
        self._lengths = np.array([np.sqrt(np.mean(c.values**2)) for c in components])
        if (self._lengths == 0).any():
            raise StatsError("the covariate of a random slope is zero in every row: drop that random term")
        sizes = [int(c.codes.max()) + 1 for c in components]
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
        self._of = np.repeat(np.arange(len(sizes)), sizes)  # component of each column of Z
        self._q = int(sum(sizes))
        z = np.zeros((self.n, self._q))
        rows = np.arange(self.n)
        for component, first, length in zip(components, self._first, self._lengths, strict=True):
            z[rows, first + component.codes] = component.values / length
        w = np.column_stack([z, q_factor, residual / self._unit])
        self._cross = w.T @ w
        self.n_components = len(sizes)
        self._offset = 2 * float(np.log(np.abs(np.diag(self._r))).sum()) + 2 * (self.n - self.p) * float(
            np.log(self._unit)
        )

    def _state(self, theta: Floats) -> _State:
        """Return the criterion at relative standard deviations `theta`, the residual variance profiled out."""
        q, p, dof = self._q, self.p, self.n - self.p
        scale = theta[self._of]
        inner = scale[:, None] * self._cross[:q, :q] * scale
        inner[np.diag_indices(q)] += 1.0
        lower = np.linalg.cholesky(inner)
        half, _ = lapack.dtrtrs(lower, scale[:, None] * self._cross[:q], lower=1)
        f = self._cross - half.T @ half  # [Z X y]' (V / v_0)^-1 [Z X y]
        information = f[q : q + p, q : q + p]
        lower_x = np.linalg.cholesky(information)
        half_x, _ = lapack.dtrtrs(lower_x, f[q : q + p], lower=1)
        projected = f - half_x.T @ half_x
        pyy = float(projected[-1, -1])
        log_det = 2 * float(np.log(lower.diagonal()).sum() + np.log(lower_x.diagonal()).sum())
        return _State(
            value=log_det + dof * (1 + float(np.log(2 * np.pi * pyy / dof))) + self._offset,
            pyy=pyy,
            spread=projected[:q, :q],
            score=projected[:q, -1],
            information=information,
            xz=f[q : q + p, :q],
            xy=f[q : q + p, -1],
        )

    def profile(self, theta: Floats) -> tuple[float, Floats]:
        """Return the profiled criterion and its gradient.

        Parameters
        ----------
        theta : ndarray, shape (K,)
            Standard deviations of the components relative to the residual's, >= 0, in scaled units.

        Returns
        -------
        value : float
        gradient : ndarray, shape (K,)
        """
        state = self._state(theta)
        traces = np.add.reduceat(state.spread.diagonal(), self._first)
        squares = np.add.reduceat(state.score**2, self._first)
        return state.value, 2 * theta * (traces - (self.n - self.p) * squares / state.pyy)

    def derivatives(self, v: Floats) -> tuple[float, Floats, Floats]:
        """Return the criterion, its gradient and its Hessian in the variances.

        Parameters
        ----------
        v : ndarray, shape (K + 1,)
            Variances of the components, >= 0, and of the residual, > 0, in scaled units.

        Returns
        -------
        value : float
        gradient : ndarray, shape (K + 1,)
        hessian : ndarray, shape (K + 1, K + 1)

        Notes
        -----
        With ``K_k = Z_k Z_k'``, the gradient is ``tr(P K_k) - y'P K_k P y`` and the Hessian
        ``-tr(P K_j P K_k) + 2 y'P K_j P K_k P y``. For the residual, ``K_0 = I`` follows from ``P V P = P``.
        """
        parts, v0, dof = v[:-1], float(v[-1]), self.n - self.p
        state = self._state(np.sqrt(parts / v0))
        k = self.n_components
        first = self._first
        traces, forms = np.empty(k + 1), np.empty(k + 1)
        traces[:k] = np.add.reduceat(state.spread.diagonal(), first) / v0
        forms[:k] = np.add.reduceat(state.score**2, first) / v0**2
        traces[k] = (dof - parts @ traces[:k]) / v0
        forms[k] = (state.pyy / v0 - parts @ forms[:k]) / v0
        weighted = state.score[:, None] * state.spread * state.score
        double_traces = self._residual_row(_blocks(state.spread**2, first) / v0**2, traces, parts, v0)
        double_forms = self._residual_row(_blocks(weighted, first) / v0**3, forms, parts, v0)
        # _state() has the residual variance at its best value, pyy / dof: put v0 in its place.
        value = state.value + dof * float(np.log(v0 * dof / state.pyy)) + state.pyy / v0 - dof
        return value, traces - forms, 2 * double_forms - double_traces

    @staticmethod
    def _residual_row(blocks: Floats, single: Floats, parts: Floats, v0: float) -> Floats:
        """Return `blocks` with the residual's row and column, from ``P = (P V P)`` solved for ``P P``."""
        k = len(parts)
        full = np.empty((k + 1, k + 1))
        full[:k, :k] = blocks
        full[k, :k] = full[:k, k] = (single[:k] - blocks @ parts) / v0
        full[k, k] = (single[k] - parts @ full[:k, k]) / v0
        return full

    def fit(self, starts: Sequence[Floats] | None = None) -> RemlFit:
        """Minimise the criterion.

        Parameters
        ----------
        starts : sequence of ndarray, shape (K,), optional
            Where to start, in scaled units (`RemlFit.theta`); by default several places, the same for all data.

        Returns
        -------
        RemlFit

        Raises
        ------
        StatsError
            When the random terms leave no residual variance.
        """
        theta = self._search(self._starts() if starts is None else starts)
        if (theta >= _LIMIT).any():
            raise StatsError("the random terms explain the response exactly: no residual variance is left")
        pruned = self._prune(theta)
        v, regular = self._newton(pruned)
        unwanted = v[:-1] == 0
        slope = self.derivatives(v)[1][:-1]
        if (wanted := unwanted & (slope < _NEGATIVE)).any():
            v, regular = self._newton(np.where(wanted, np.maximum(theta, 0.01), np.sqrt(v[:-1] / v[-1])))
        return self._finish(v, regular)

    def _starts(self) -> list[Floats]:
        k = self.n_components
        starts = [np.full(k, size) for size in (0.3, 1.0, 3.0)]
        if k > 1:
            starts += [np.where(np.arange(k) == j, 1.0, 0.05) for j in range(k)]
        return starts

    def _search(self, starts: Sequence[Floats]) -> Floats:
        bounds = [(0.0, _LIMIT)] * self.n_components
        options = {"ftol": 1e-11, "gtol": 1e-5, "maxiter": 500}
        found = [
            minimize(self.profile, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
            for start in starts
        ]
        return np.asarray(min(found, key=lambda result: float(result.fun)).x)

    def _prune(self, theta: Floats) -> Floats:
        """Return `theta` with the components set to zero, smallest first, that the criterion does not miss."""
        best = self.profile(theta)[0]
        pruned = theta.copy()
        for k in np.argsort(theta, kind="stable"):
            trial = pruned.copy()
            trial[k] = 0.0
            if self.profile(trial)[0] <= best + _COSTS_NOTHING:
                pruned = trial
        return pruned

    def _newton(self, theta: Floats) -> tuple[Floats, bool]:
        """Return the variances at the minimum downhill of `theta`, and whether it is a regular one.

        Components at zero stay there while the criterion does not fall off zero. Regular means that the
        gradient vanishes and that the Hessian of the components off zero is positive definite.
        """
        v = np.append(theta**2, 1.0)
        v *= self._state(theta).pyy / (self.n - self.p)
        point = self.derivatives(v)
        tolerance = _CONVERGED
        for _ in range(200):
            _, gradient, hessian = point
            direction, decrement, definite = _downhill(v, gradient, hessian)
            if decrement <= tolerance:
                wanted = int(np.argmin(np.where(v > 0, 0.0, gradient)))
                if v[wanted] > 0 or gradient[wanted] * v[-1] >= _NEGATIVE:
                    return v, definite
                direction = np.where(np.arange(len(v)) == wanted, v[-1], 0.0)
            found = self._line_search(v, point, direction)
            if found is not None:
                v, point = found
            elif tolerance < decrement <= _ROUNDED:
                tolerance = _ROUNDED
            else:
                break
        return v, False

    def _line_search(
        self, v: Floats, point: tuple[float, Floats, Floats], direction: Floats
    ) -> tuple[Floats, tuple[float, Floats, Floats]] | None:
        """Return a better point in `direction`, bent at the bounds, with its derivatives; None without one."""
        value, gradient, _ = point
        for shrink in 0.5 ** np.arange(50):
            trial = np.maximum(v + shrink * direction, 0.0)
            trial[-1] = max(trial[-1], v[-1] / 10)
            new = self.derivatives(trial)
            if new[0] <= value + 1e-4 * float(gradient @ (trial - v)) + 1e-13 * abs(value):
                return trial, new
        return None

    def _finish(self, v: Floats, regular: bool) -> RemlFit:
        """Return the fit at the scaled variances `v`, in the units of the data."""
        k = self.n_components
        v0 = float(v[-1])
        theta = np.sqrt(v[:-1] / v0)
        state = self._state(theta)
        value, _, hessian = self.derivatives(v)
        contrasts = np.linalg.inv(self._r)  # row j: coefficient j of X in those of the orthonormal X
        inverse = np.linalg.inv(state.information)
        covariance = v0 * inverse
        c = np.einsum("ij,jk,ik->i", contrasts, covariance, contrasts)
        gradient = np.empty((self.p, k + 1))  # of each c in the variances
        gradient[:, :k] = np.add.reduceat((contrasts @ inverse @ state.xz) ** 2, self._first, axis=1)
        gradient[:, k] = (c - gradient[:, :k] @ v[:-1]) / v0
        free = v > 0
        scaled = (hessian * v[:, None] * v)[np.ix_(free, free)]
        g = (gradient * v)[:, free]
        uncertainty = 2 * np.linalg.pinv(scaled, rcond=1e-9, hermitian=True)
        spread = np.einsum("ij,jk,ik->i", g, uncertainty, g)
        df = np.divide(2 * c**2, spread, out=np.full(self.p, np.nan), where=spread > 0)
        lengths = np.append(self._lengths, 1.0)
        return RemlFit(
            estimates=contrasts @ (self._ols + self._unit * (inverse @ state.xy)),
            se=self._unit * np.sqrt(c),
            df=df,
            variances=v * (self._unit / lengths) ** 2,
            criterion=value,
            theta=theta,
            regular=regular and bool(np.isfinite(df).all()),
        )


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


def _blocks(matrix: Floats, first: NDArray[np.intp]) -> Floats:
    """Return the sums of the blocks of a (q, q) matrix, one per pair of components."""
    return np.add.reduceat(np.add.reduceat(matrix, first, axis=0), first, axis=1)
