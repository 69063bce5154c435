"""Many data sets with one formula, one on top of another: drawn, permuted, or otherwise alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interlingua.stats.mixed.criteria import Indices, RemlCriteria
from interlingua.stats.mixed.criterion import Component, Floats

_NO_LENGTH = 1e-12  # squared length of an axis, relative to the rows, below which it is rounding


@dataclass(frozen=True)
class Stack:
    """D data sets with their criteria, and what turns a minimum into a fixed effect.

    Made by `stack_up`. Axes are those of `RemlCriteria`, the large component's last.

    Attributes
    ----------
    criteria : RemlCriteria
    fittable : ndarray of bool, shape (D,)
        False where `RemlCriterion` would raise: a fixed effect is a combination of the others, no degree of freedom is
        left, the fixed effects explain the response, or a covariate of a random slope is zero.
    """

    criteria: RemlCriteria
    fittable: np.ndarray[tuple[int], np.dtype[np.bool_]]
    _least_squares: Floats  # the fixed effect without random ones, (D,)
    _unit: Floats  # what the response was divided by, (D,)
    _variance: Floats  # of the fixed effect without random ones, in units of the residual's, (D,)
    _pull: Floats  # by how much a unit along each axis moves the fixed effect, (D, q)
    _hidden: Floats  # the same of the axes without length, squared and summed for each component, (D, K)

    def effect(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return the fixed effect at relative standard deviations `theta` (D, K), and its standard error: (D,) each.

        Notes
        -----
        With ``W = T (I + TST)^-1 T``, the estimate is that of least squares less ``h'Wb``, where ``h`` is the pull,
        and its variance is the residual variance times that of least squares plus ``h'Wh``: Henderson's equations
        solved for the fixed effects.
        """
        criteria = self.criteria
        s, b = criteria.products()
        of = np.append(criteria.owner, np.full(criteria.lengths.shape[1], criteria.large))
        scale = theta[:, of]
        matrix = scale[:, :, None] * s * scale[:, None]
        matrix[:, range(len(of)), range(len(of))] += 1.0
        right = np.stack([scale * b, scale * self._pull], axis=2)
        solved = np.linalg.solve(matrix, right)
        (by, bh), (_, hh) = ((right[:, :, i, None] * solved).sum(axis=1).T for i in range(2))
        m = len(criteria.owner)
        residual = (criteria.cross[:, m, m] - by) / criteria.dof
        variance = self._variance + hh + (theta**2 * self._hidden).sum(axis=1)
        return self._least_squares - self._unit * bh, self._unit * np.sqrt(residual * variance)


def stack_up(y: Floats, x: Floats, components: Sequence[Component], n_rows: Indices, at: int) -> Stack:
    """Set up many data sets.

    Parameters
    ----------
    y : ndarray, shape (D, n)
        Responses. A data set that has fewer rows than the longest is filled up with zeros, here as in `x` and in the
        values of the components: rows of zeros change nothing.
    x : ndarray, shape (D, n, p)
        Fixed-effects designs, n > p.
    components : sequence of Component
        Their codes and values have shape (D, n). Levels need not occur in each data set.
    n_rows : ndarray of int, shape (D,)
        True rows of each data set.
    at : int
        The fixed effect that is wanted: a column of `x`.
    """
    p = x.shape[2]
    axes_x, r = np.linalg.qr(x)
    corners = np.abs(r.diagonal(axis1=1, axis2=2))
    fittable = (corners > 1e-9 * np.linalg.norm(x, axis=1)).all(axis=1) & (n_rows > p)
    dof = np.maximum(n_rows - p, 1).astype(np.float64)
    least_squares = axes_x.mT @ y[:, :, None]
    residual = y[:, :, None] - axes_x @ least_squares
    residual -= axes_x @ (axes_x.mT @ residual)
    unit = np.sqrt((residual**2).sum(axis=(1, 2)) / dof)
    fittable &= unit > 1e-10 * np.sqrt((y**2).sum(axis=1) / n_rows)
    contrast = np.linalg.inv(np.where(fittable[:, None, None], r, np.eye(p)))[:, at, None]
    axes: list[Floats] = []
    pulls: list[Floats] = []
    hidden = np.empty((len(y), len(components)))
    for k, component in enumerate(components):
        length = np.sqrt((component.values**2).sum(axis=1) / n_rows)
        fittable &= length > 0
        z = np.zeros((*y.shape, int(component.codes.max()) + 1))
        scaled = component.values / np.where(length > 0, length, 1.0)[:, None]
        np.put_along_axis(z, component.codes[:, :, None], scaled[:, :, None], axis=2)
        in_x = axes_x.mT @ z
        z -= axes_x @ in_x
        roots, turn = np.linalg.eigh(z.mT @ z)
        pull = (contrast @ in_x @ turn)[:, 0]
        n_axes = max(1, int((roots > _NO_LENGTH * n_rows[:, None]).sum(axis=1).max()))
        hidden[:, k] = (pull[:, :-n_axes] ** 2).sum(axis=1)
        axes.append(z @ turn[:, :, -n_axes:])
        pulls.append(pull[:, -n_axes:])
    sizes = [part.shape[2] for part in axes]
    large = int(np.argmax(sizes))
    order = [k for k in range(len(sizes)) if k != large]
    response = residual / np.where(fittable, unit, 1.0)[:, None, None]
    others = np.concatenate([*(axes[k] for k in order), response], axis=2)
    return Stack(
        RemlCriteria(
            owner=np.repeat(order, [sizes[k] for k in order]).astype(np.intp),
            large=large,
            dof=dof,
            lengths=(axes[large] ** 2).sum(axis=1),
            between=axes[large].mT @ others,
            cross=others.mT @ others,
        ),
        fittable,
        (contrast @ least_squares)[:, 0, 0],
        unit,
        (contrast**2).sum(axis=(1, 2)),
        np.concatenate([pulls[k] for k in [*order, large]], axis=1),
        hidden,
    )
