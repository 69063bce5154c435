"""The REML criteria of many small data sets of one shape, all evaluated at once.

`RemlCriterion` is the criterion of one data set, with all that standard errors and degrees of freedom need. Draws of a
bootstrap or a permutation need the minimum only, but thousands of times. Here what does not change while a minimum is
searched is worked out once for each data set, and every operation is one call of numpy for all of them.

With ``M = I - X (X'X)^-1 X'``, ``S = Z'MZ``, ``b = Z'My`` and ``T`` the diagonal matrix of the standard deviations
relative to the residual's, the criterion of `RemlCriterion` is, but for a constant::

    log|I + TST| + (n - p) log y'Py,    y'Py = y'My - b'T (I + TST)^-1 Tb,

so the fixed effects are gone before the search begins. Two more steps make the matrices small:

- The effects of a component are independent and of one variance, so its columns may be turned: to the axes in which
  its block of ``S`` is diagonal. Axes without length are left out. (Two levels and an intercept in ``X`` leave one.)
- The component with the most axes, as a rule the languages, has a diagonal block then, and is taken out of
  ``I + TST`` by hand. What is left has a row for each axis of the other components: four for the paper's formula, none
  for a formula with one random term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interlingua.stats.mixed.criterion import Floats

Indices = NDArray[np.intp]

_NOTHING_LEFT = 1e-14  # a share of the response's variation that is rounding


class _Reduced(NamedTuple):
    """The criteria at some point, with the products that their derivatives need."""

    values: Floats
    shrunk: Floats  # 1 / (1 + theta^2 length) of the large component's axes, (D, L)
    rest: Floats  # products of the other axes and the response, the large component taken out, (D, m + 1, m + 1)
    inner: Floats  # T (I + TST)^-1 T of the other axes, (D, m, m)
    projected: Floats  # [Z y]'P[Z y] of the other axes, (D, m + 1, m + 1)
    pyy: Floats  # y'Py, (D,)


@dataclass(frozen=True)
class RemlCriteria:
    """Cross-products of D data sets, and their criteria with derivatives.

    Parameters
    ----------
    owner : ndarray of int, shape (m,)
        Component of each axis, without the large component's.
    large : int
        The component that is taken out by hand.
    dof : ndarray, shape (D,)
        Rows less fixed effects.
    lengths : ndarray, shape (D, L)
        Squared lengths of the axes of the large component.
    between : ndarray, shape (D, L, m + 1)
        Products of these axes with the others, and last with the response.
    cross : ndarray, shape (D, m + 1, m + 1)
        Products among the others and the response.
    """

    owner: Indices
    large: int
    dof: Floats
    lengths: Floats
    between: Floats
    cross: Floats

    def __len__(self) -> int:
        return len(self.dof)

    def take(self, which: Indices) -> RemlCriteria:
        """Return the criteria of some of the data sets, in that order; one may come several times."""
        kept = (self.dof[which], self.lengths[which], self.between[which], self.cross[which])
        return RemlCriteria(self.owner, self.large, *kept)

    def values(self, theta: Floats) -> Floats:
        """Return the criteria, but for a constant of each, shape (D,).

        Parameters
        ----------
        theta : ndarray, shape (D, K)
            Standard deviations of the components relative to the residual's, >= 0, in scaled units.
        """
        return self._reduced(theta).values

    def _reduced(self, theta: Floats) -> _Reduced:
        m, large = len(self.owner), theta[:, self.large, None] ** 2
        shrunk = 1 / (1 + large * self.lengths)
        rest = self.cross - self.between.mT @ ((large * shrunk)[:, :, None] * self.between)
        scale = theta[:, self.owner]
        matrix = scale[:, :, None] * rest[:, :m, :m] * scale[:, None]
        matrix[:, range(m), range(m)] += 1.0
        inner = scale[:, :, None] * np.linalg.inv(matrix) * scale[:, None]
        projected = rest - rest[:, :, :m] @ inner @ rest[:, :m]
        pyy = np.maximum(projected[:, m, m], _NOTHING_LEFT * self.dof)
        log_det = np.log1p(large * self.lengths).sum(axis=1) + np.linalg.slogdet(matrix)[1]
        return _Reduced(log_det + self.dof * np.log(pyy), shrunk, rest, inner, projected, pyy)

    def derivatives(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the criteria, and their gradients and Hessians in the relative variances ``theta**2``.

        Parameters
        ----------
        theta : ndarray, shape (D, K)
            As for `values`.

        Returns
        -------
        values : ndarray, shape (D,)
        gradients : ndarray, shape (D, K)
        hessians : ndarray, shape (D, K, K)

        Notes
        -----
        With ``A = Z'PZ``, ``a = Z'Py`` and subscripts for the axes of a component, the gradient is
        ``tr A_kk - (n - p) a_k'a_k / y'Py``, and the Hessian
        ``-|A_jk|^2 + (n - p) (2 a_j'A_jk a_k / y'Py - a_j'a_j a_k'a_k / (y'Py)^2)``.
        """
        values, shrunk, rest, inner, projected, pyy = self._reduced(theta)
        m, large = len(self.owner), self.large
        of = np.zeros((m, theta.shape[1]))  # which axes are a component's
        of[range(m), self.owner] = 1.0
        spread, score = projected[:, :m, :m], projected[:, :m, m]
        traces = spread.diagonal(axis1=1, axis2=2) @ of
        forms = score**2 @ of
        squares = of.T @ spread**2 @ of
        weighted = of.T @ (score[:, :, None] * spread * score[:, None]) @ of
        # The large component's block of A is diag(own) - left right', which is never formed.
        near = shrunk[:, :, None] * self.between
        own, right = self.lengths * shrunk, near[:, :, :m]
        left = right @ inner
        near = near - left @ rest[:, :m]
        beside, at = near[:, :, :m], near[:, :, m]
        products = (left * right).sum(axis=2)
        traces[:, large] = (own - products).sum(axis=1)
        forms[:, large] = (at**2).sum(axis=1)
        squares[:, large] = squares[:, :, large] = (beside**2).sum(axis=1) @ of
        squares[:, large, large] = (own * (own - 2 * products)).sum(axis=1)
        squares[:, large, large] += ((left.mT @ left) * (right.mT @ right)).sum(axis=(1, 2))
        weighted[:, large] = weighted[:, :, large] = ((at[:, None] @ beside)[:, 0] * score) @ of
        weighted[:, large, large] = (own * at**2).sum(axis=1)
        weighted[:, large, large] -= ((at[:, None] @ left) * (at[:, None] @ right)).sum(axis=(1, 2))
        ratio = self.dof / pyy
        both = forms[:, :, None] * forms[:, None] / pyy[:, None, None]
        gradients = traces - ratio[:, None] * forms
        return values, gradients, ratio[:, None, None] * (2 * weighted - both) - squares

    def products(self) -> tuple[Floats, Floats]:
        """Return ``S`` and ``b`` of all axes, the large component's last: shapes (D, q, q) and (D, q), q = m + L."""
        m = len(self.owner)
        q = m + self.lengths.shape[1]
        s = np.zeros((len(self), q, q))
        s[:, :m, :m] = self.cross[:, :m, :m]
        s[:, m:, :m] = self.between[:, :, :m]
        s[:, :m, m:] = self.between[:, :, :m].mT
        s[:, range(m, q), range(m, q)] = self.lengths
        return s, np.concatenate([self.cross[:, :m, m], self.between[:, :, m]], axis=1)
