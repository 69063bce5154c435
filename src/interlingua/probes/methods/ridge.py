"""Ridge regression, its penalty chosen by cross-validation over words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.elastic_net import duality_gap, solve_gram
from interlingua.probes.inputs import FittedProbe, Inputs, Penalty
from interlingua.probes.methods.base import Equations, ProbeMethod, Rated
from interlingua.probes.methods.registry import register
from interlingua.probes.penalty import best_penalty
from interlingua.probes.refit import refit_ridge
from interlingua.probes.ridge import RidgePath


class Ridge(ProbeMethod):
    """Ridge at the penalty with the highest r on held-out training words; for other ratings it chooses again."""

    name = "ridge"
    label = "ridge (penalty by CV)"
    refittable = True

    def fit(self, inputs: Inputs) -> FittedProbe:
        """Choose the penalty, and solve for it in closed form."""
        y, gram = inputs.y, inputs.gram
        grid = tuple(inputs.options.ridge_penalties)
        choice = best_penalty(grid, inputs.ridge.scores(y[:, None], grid)[:, 0])
        weights = RidgePath(inputs.X, gram=gram).weights(y[:, None], choice.best)[:, 0]
        centred = y - y.mean()
        gap = duality_gap(
            weights,
            gram=gram,
            xy=inputs.X.T @ centred,
            yy=float(centred @ centred),
            m=len(y),
            l1=0.0,
            l2=choice.best,
        )
        return FittedProbe(self.name, weights, 0.0, choice.best, gap, choice.r, choice.at_edge)

    def refit(
        self, layer: Rated, drawn: NDArray[np.float64], penalties: Penalty | Sequence[Penalty] | None
    ) -> NDArray[np.float64]:
        """Fit ridge to each column, its penalty chosen for every column anew."""
        return refit_ridge(layer.path, layer.ridge, drawn)

    def refit_at(
        self, equations: Equations, penalty: Penalty, *, tol: float, start: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Solve Eq. 1, without l1, there."""
        l1, l2 = penalty
        return solve_gram(equations.gram, equations.xy, equations.y, l1=l1, l2=l2, tol=tol, warm_start=start).weights


register(Ridge())
