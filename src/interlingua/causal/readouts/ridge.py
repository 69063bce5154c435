"""A ridge probe of the last layer, fitted on the unedited vectors of training words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interlingua.causal.readouts.base import Fitted, Readout, Training
from interlingua.causal.readouts.registry import register
from interlingua.errors import StatsError
from interlingua.probes.design import column_scale
from interlingua.probes.penalty import RidgeCrossValidation, best_penalty, grouped_folds, split_folds
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath

if TYPE_CHECKING:
    import torch


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

    def fit(self, training: Training) -> Fitted:
        """Fit it, the penalty by cross-validation over training words."""
        import torch

        y = training.ratings
        if np.ptp(y) == 0:
            raise StatsError("all training words have one rating: no probe can be fitted")
        raw = training.vectors.astype(np.float64)
        mean, scale = column_scale(raw)
        X = (raw - mean) / scale
        folds = split_folds(X, grouped_folds(training.concepts, training.folds, training.seed))
        scores = RidgeCrossValidation(X, folds).scores(y[:, None], RIDGE_PENALTIES)[:, 0]
        found = RidgePath(X).weights(y[:, None], best_penalty(RIDGE_PENALTIES, scores).best)[:, 0] / scale
        weights, intercept = torch.from_numpy(found), float(y.mean() - mean @ found)

        def read(target: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
            return target.double() @ weights.to(target.device) + intercept

        return read


register(Probe())
