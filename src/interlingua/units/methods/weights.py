"""Ranking by the weights of a fitted probe, as in section 5 of the paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import ConfigError, StatsError
from interlingua.units.methods.base import LayerData, RankingMethod


@dataclass(frozen=True)
class ProbeWeights(RankingMethod):
    """The weight that a linear probe gives to each unit, in ratings per standard deviation of the unit.

    Attributes
    ----------
    name, label, summary : str
        As in `RankingMethod`.
    needs : tuple of (str, str)
        The probe and its curve: "layer" for a probe of this layer alone, "whole" for the layer's slice of
        a probe of the whole network.
    """

    name: str
    label: str
    summary: str
    needs: tuple[str, str]

    def scores(self, data: LayerData) -> NDArray[np.float64]:
        """Return the weights of the layer's units, shape (width,)."""
        probe, curve = self.needs
        key = (probe, curve, data.layer if curve == "layer" else -1)
        if key not in data.weights:
            raise ConfigError(
                f"ranking {self.name!r} needs the weights of probe {probe!r} (curve {curve!r}) for layer "
                f"{data.layer}: add {probe!r} to the probes of the study"
            )
        weights = np.asarray(data.weights[key], dtype=np.float64)
        if curve == "whole":
            weights = weights[data.layout.block(data.layer)]
        if weights.shape != (data.width,):
            raise StatsError(
                f"probe {probe!r} (curve {curve!r}) has {len(weights)} weights for layer {data.layer}, which "
                f"has {data.width} units"
            )
        return weights
