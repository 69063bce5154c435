"""Correlation of each unit with the rating: no probe, so no unit hides another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlingua.stats.correlation import pearson_columns, pearson_table
from interlingua.units.methods.base import LayerData, RankingMethod
from interlingua.units.methods.registry import register


class Correlation(RankingMethod):
    """Pearson's r of a unit with the rating over the training sentences."""

    name = "correlation"
    label = "|correlation|"
    summary = "|r| of the unit with the rating over the training sentences"
    least_draws = 999

    def scores(self, data: LayerData) -> NDArray[np.float64]:
        """Return the signed r of each unit, shape (width,)."""
        return pearson_columns(data.X, data.y)

    def scores_of_draws(
        self, data: LayerData, drawn: NDArray[np.float64], weights: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the signed r of each unit with each draw by one product of matrices, shape (draws, width)."""
        return pearson_table(drawn, data.X)


register(Correlation())
