"""Permuted ratings: nothing is encoded anywhere, and what is shared comes from the activations alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlingua.units.nulls.base import Null, RatedLayer
from interlingua.units.nulls.registry import register


class Permuted(Null):
    """The ratings of a language permuted among its words, those of translations together."""

    name = "permuted"
    label = "permuted ratings"
    seed_label = "permuted ratings"
    says = "No language encodes the rating: ratings are permuted among words, those of linked translations together."
    order = 10

    def draw(self, layer: RatedLayer, draws: int, *, seed: int) -> NDArray[np.float64]:
        """Return permutations of the ratings among the words."""
        return layer.ratings[layer.linked.orders(layer.ratings, draws, seed=seed)][layer.words]


register(Permuted())
