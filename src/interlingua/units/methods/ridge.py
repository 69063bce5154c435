"""Weights of the layer's ridge regression."""

from interlingua.units.methods.registry import register
from interlingua.units.methods.weights import ProbeWeights

register(
    ProbeWeights(
        name="ridge",
        label="ridge (penalty by CV)",
        summary="|weight| of the layer's ridge regression, penalty by cross-validation over words",
        needs=("ridge", "layer"),
    )
)
