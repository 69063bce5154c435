"""The elastic net as the authors ran it: Adam on the whole network, the norm not squared, stopped early."""

from __future__ import annotations

import numpy as np

from interlingua.probes.adam import adam_probe
from interlingua.probes.inputs import NAN, FittedProbe, Inputs
from interlingua.probes.methods.base import ProbeMethod
from interlingua.probes.methods.registry import register


class Adam(ProbeMethod):
    """The authors' probe of the whole network, from weights drawn at random."""

    name = "adam"
    label = "elastic net (Adam, as the authors ran it)"
    reads = ("whole",)
    share = 20

    def fit(self, inputs: Inputs) -> FittedProbe:
        """Train it in float32, in the order of the file."""
        design, options = inputs.design, inputs.options
        every = np.concatenate([design.train(i).astype(np.float32) for i in design.layers], axis=1)
        fit = adam_probe(
            every,
            inputs.y,
            seed=inputs.seed,
            l1=options.l1,
            l2=options.l2,
            epochs=options.adam_epochs,
            on_epoch=inputs.on_share,
        )
        return FittedProbe(self.name, fit.weights, options.l1, options.l2, NAN)

    def seconds(self, layers: int, *, whole: bool, adam_epochs: int) -> float:
        """Count its epochs."""
        return 12.0 * adam_epochs / 500 * whole


register(Adam())
