"""The paper's probe: the elastic net of Eq. 1 at penalties that are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.elastic_net import solve_gram
from interlingua.probes.inputs import FitOptions, FittedProbe, Inputs, Penalty
from interlingua.probes.methods.base import Equations, ProbeMethod, Rated
from interlingua.probes.methods.registry import register
from interlingua.probes.refit import refit_elastic_net


class ElasticNet(ProbeMethod):
    """The elastic net of Eq. 1, solved exactly, at `l1` and `l2` of the options."""

    name = "elastic-net"
    label = "elastic net (Eq. 1)"
    reads = ("layer", "whole")
    sparse = True
    refittable = True
    refit_s, grows = 0.068, 2.5

    def pairs(self, options: FitOptions) -> Sequence[Penalty]:
        """Return its one penalty."""
        return ((options.l1, options.l2),)

    def fit(self, inputs: Inputs) -> FittedProbe:
        """Solve Eq. 1."""
        penalty = (inputs.options.l1, inputs.options.l2)
        return inputs.elastic_net(self.name, penalty, r_cv=inputs.elastic_net_r(penalty))

    def refit(
        self, layer: Rated, drawn: NDArray[np.float64], penalties: Penalty | Sequence[Penalty] | None
    ) -> NDArray[np.float64]:
        """Solve Eq. 1 for each column."""
        return refit_elastic_net(layer.X, layer.gram, drawn, penalties)

    def refit_at(
        self, equations: Equations, penalty: Penalty, *, tol: float, start: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Solve Eq. 1 there."""
        l1, l2 = penalty
        return solve_gram(equations.gram, equations.xy, equations.y, l1=l1, l2=l2, tol=tol, warm_start=start).weights

    def seconds(self, layers: int, *, whole: bool, adam_epochs: int) -> float:
        """Add the whole network's Gram matrix."""
        return super().seconds(layers, whole=whole, adam_epochs=adam_epochs) + 3.0 * whole


register(ElasticNet())
