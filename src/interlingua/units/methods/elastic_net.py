"""The paper's ranking: weights of the elastic net (Eq. 1) of the layer."""

from interlingua.units.methods.registry import register
from interlingua.units.methods.weights import ProbeWeights

register(
    ProbeWeights(
        name="elastic-net",
        label="elastic net (Eq. 1)",
        summary="|weight| of the layer's elastic net at the paper's penalty (Eq. 1, l1 = l2 = .001)",
        needs=("elastic-net", "layer"),
    )
)
register(
    ProbeWeights(
        name="elastic-net-cv",
        label="elastic net (penalty by CV)",
        summary="|weight| of the layer's elastic net, penalty by cross-validation over words",
        needs=("elastic-net-cv", "layer"),
    )
)
