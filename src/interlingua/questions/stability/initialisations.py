"""Adam's probe from several initialisations: how far its units depend on where it began."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from interlingua.models import Activations
from interlingua.probes import WHOLE, Design, adam_probe
from interlingua.probes.design import Standardise
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.units.methods import LayerData
from interlingua.units.ranking import rank_units
from interlingua.units.stability import method_agreement

#: Sizes of the top, as shares of the width, for the curve over k.
SHARES = (0.02, 0.05, 0.1, 0.13, 0.185, 0.25, 0.35, 0.5)
#: The probe, and the ranking by its weights, that depends on a seed.
_ADAM = "adam"


def adam_seeds(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    *,
    language: str,
    probes: Sequence[str],
    seeds: int,
    standardise: Standardise,
    l1: float,
    l2: float,
    epochs: int,
    seed: int,
) -> dict[str, pd.DataFrame | None]:
    """Fit Adam's probe from several initialisations, and compare the top units; nothing where it is not fitted."""
    if _ADAM not in probes:
        return {"adam_seeds": None}
    design = Design(activations, ratings, standardise=standardise).rated(cell.variable)
    y, _ = design.ratings(cell.variable)
    own = derive_seed(seed, "adam seeds", cell.model, language, cell.variable)
    inputs = np.concatenate([design.train(i).astype(np.float32) for i in design.layers], axis=1)
    fit = adam_probe(
        inputs,
        np.repeat(y[:, None], seeds, axis=1),
        seed=[derive_seed(own, number) for number in range(seeds)],
        l1=l1,
        l2=l2,
        epochs=epochs,
    )
    rows = []
    for number in range(seeds):
        weights = {(_ADAM, "whole", WHOLE): fit.weights[:, number]}
        data = LayerData(design.train(cell.layer), y, design.train_words, cell.layer, cell.width, weights)
        # Seeds stand where rankings do: what two of them have in common is then the same question.
        rows.append(rank_units(data, _ADAM).assign(method=f"seed {number + 1}"))
    rankings = pd.concat(rows, ignore_index=True).assign(language=language)
    return {"adam_seeds": cell.stamp(method_agreement(rankings, cell.k))}
