"""The REML criterion of a linear mixed model with independent variance components.

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
import scipy
from numpy.typing import NDArray

from interlingua.errors import StatsError

Floats = NDArray[np.float64]


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


class RemlCriterion:
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
            listed = ", ".join(f"'{name}'" for name, lost in zip(names, aliased, strict=True) if lost)
            raise StatsError(f"these fixed effects are combinations of the others in the data: {listed}: drop them")
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
        self.components = tuple(components)
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
        half, _ = scipy.linalg.lapack.dtrtrs(lower, scale[:, None] * self._cross[:q], lower=1)
        f = self._cross - half.T @ half  # [Z X y]' (V / v_0)^-1 [Z X y]
        information = f[q : q + p, q : q + p]
        lower_x = np.linalg.cholesky(information)
        half_x, _ = scipy.linalg.lapack.dtrtrs(lower_x, f[q : q + p], lower=1)
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

    def residual_variance(self, theta: Floats) -> float:
        """Return the best residual variance at relative standard deviations `theta`, in scaled units."""
        return self._state(theta).pyy / (self.n - self.p)

    def fixed_effects(self, v: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the fixed effects, their variances, and the gradient of these in the variances `v`.

        Parameters
        ----------
        v : ndarray, shape (K + 1,)
            As for `derivatives`, in scaled units.

        Returns
        -------
        estimates : ndarray, shape (p,)
            In the units of the data.
        variances : ndarray, shape (p,)
            Their squared standard errors, in the units of the data.
        gradient : ndarray, shape (p, K + 1)
            In units of `variances` over those of `v`.
        """
        parts, v0 = v[:-1], float(v[-1])
        state = self._state(np.sqrt(parts / v0))
        contrasts = np.linalg.inv(self._r)  # row j: coefficient j of X in those of the orthonormal X
        inverse = np.linalg.inv(state.information)
        variances = v0 * np.einsum("ij,jk,ik->i", contrasts, inverse, contrasts)
        gradient = np.empty((self.p, len(v)))
        gradient[:, :-1] = np.add.reduceat((contrasts @ inverse @ state.xz) ** 2, self._first, axis=1)
        gradient[:, -1] = (variances - gradient[:, :-1] @ parts) / v0
        estimates = contrasts @ (self._ols + self._unit * (inverse @ state.xy))
        return estimates, self._unit**2 * variances, self._unit**2 * gradient

    def unscale(self, v: Floats) -> Floats:
        """Return variances given in scaled units in those of the data, shape (K + 1,)."""
        return v * (self._unit / np.append(self._lengths, 1.0)) ** 2


def _blocks(matrix: Floats, first: NDArray[np.intp]) -> Floats:
    """Return the sums of the blocks of a (q, q) matrix, one per pair of components."""
    return np.add.reduceat(np.add.reduceat(matrix, first, axis=0), first, axis=1)
