"""The elastic net, its penalty (l1 = l2) chosen by cross-validation over words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.elastic_net import solve_gram
from interlingua.probes.inputs import FitOptions, FittedProbe, Inputs, Penalty
from interlingua.probes.methods.base import Equations, ProbeMethod, Rated
from interlingua.probes.methods.registry import register
from interlingua.probes.penalty import ELASTIC_NET_PENALTIES, best_penalty, cross_validate_elastic_net
from interlingua.probes.refit import refit_elastic_net


class ElasticNetByCV(ProbeMethod):
    """The elastic net of Eq. 1 at the penalty with the highest r on held-out training words."""

    name = "elastic-net-cv"
    label = "elastic net (penalty by CV)"
    sparse = True
    chooses = True
    refittable = True
    refit_s, grows = 0.02, 2.5

    def pairs(self, options: FitOptions) -> Sequence[Penalty]:
        """Return the grid."""
        return tuple((penalty, penalty) for penalty in options.elastic_net_penalties)

    def fit(self, inputs: Inputs) -> FittedProbe:
        """Choose the penalty, and solve Eq. 1 there."""
        grid = tuple(inputs.options.elastic_net_penalties)
        choice = best_penalty(grid, [inputs.elastic_net_r((penalty, penalty)) for penalty in grid])
        return inputs.elastic_net(self.name, (choice.best, choice.best), r_cv=choice.r, at_edge=choice.at_edge)

    def refit(
        self, layer: Rated, drawn: NDArray[np.float64], penalties: Penalty | Sequence[Penalty] | None
    ) -> NDArray[np.float64]:
        """Solve Eq. 1 for each column, by default at the penalty of the real ratings: a choice costs thirty fits."""
        return refit_elastic_net(layer.X, layer.gram, drawn, penalties)

    def refit_at(
        self, equations: Equations, penalty: Penalty, *, tol: float, start: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Solve Eq. 1 there."""
        l1, l2 = penalty
        return solve_gram(equations.gram, equations.xy, equations.y, l1=l1, l2=l2, tol=tol, warm_start=start).weights

    def choose(self, layer: Rated, drawn: NDArray[np.float64]) -> list[Penalty]:
        """Choose among the default grid for each column."""
        grid = [(penalty, penalty) for penalty in ELASTIC_NET_PENALTIES]
        scores = [cross_validate_elastic_net(layer.X, column, layer.splits, grid) for column in drawn.T]
        return [(best, best) for best in (best_penalty(ELASTIC_NET_PENALTIES, of_grid).best for of_grid in scores)]


register(ElasticNetByCV())
