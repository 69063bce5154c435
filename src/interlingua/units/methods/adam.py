"""Weights of the whole-network probe fitted as the authors' public code does."""

from interlingua.units.methods.registry import register
from interlingua.units.methods.weights import ProbeWeights

register(
    ProbeWeights(
        name="adam",
        label="elastic net (Adam, as the authors ran it)",
        summary="|weight| of the layer's units in the whole-network probe that Adam fits as the authors did",
        needs=("adam", "whole"),
    )
)
