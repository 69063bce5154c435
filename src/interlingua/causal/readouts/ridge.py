"""A ridge probe of the last layer, fitted on the unedited vectors of training words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interlingua.causal.readouts.base import Readout, Training
from interlingua.causal.readouts.registry import register
from interlingua.errors import StatsError
from interlingua.probes.design import column_scale
from interlingua.probes.penalty import RidgeCrossValidation, best_penalty, grouped_folds, split_folds
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class LinearReader:
    """Reads a vector by weights.

    Attributes
    ----------
    weights : ndarray of float64, shape (width,)
        Of the last layer's units, as they are.
    intercept : float
    """

    weights: NDArray[np.float64]
    intercept: float

    def __call__(self, target: torch.Tensor, sentence: torch.Tensor) -> torch.Tensor:
        """Return a number for each of the targets' vectors, shape (S, width)."""
        import torch

        return target.double() @ torch.tensor(self.weights, device=target.device) + self.intercept


class Probe(Readout):
    """The rating that a probe reads from the target's vector."""

    name = "probe"
    label = "probe of the last layer"
    says = (
        "A ridge probe of the target's vector in the last layer, fitted in the language on unedited vectors of "
        "training words: it tells what could be read there, not what the model does with it."
    )
    unit = "rating"
    order = 10

    def fit(self, training: Training) -> LinearReader:
        """Fit it, the penalty by cross-validation over training words."""
        y = training.ratings
        if np.ptp(y) == 0:
            raise StatsError("all training words have one rating: no probe can be fitted")
        raw = training.vectors.astype(np.float64)
        mean, scale = column_scale(raw)
        X = (raw - mean) / scale
        folds = split_folds(X, grouped_folds(training.concepts, training.folds, training.seed))
        scores = RidgeCrossValidation(X, folds).scores(y[:, None], RIDGE_PENALTIES)[:, 0]
        found = RidgePath(X).weights(y[:, None], best_penalty(RIDGE_PENALTIES, scores).best)[:, 0] / scale
        return LinearReader(found, float(y.mean() - mean @ found))


register(Probe())
