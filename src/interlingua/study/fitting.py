"""Probes and rankings of one language and variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from interlingua.models import Activations
from interlingua.probes import Design, fit_probes
from interlingua.seeds import derive_seed
from interlingua.tables import RESID, Site
from interlingua.units import LayerData, rank_units

OnProgress = Callable[[float], None]


def probes(
    activations: Activations,
    ratings: pd.DataFrame,
    *,
    model: str,
    site: Site,
    language: str,
    variable: str,
    methods: tuple[str, ...],
    whole: bool,
    folds: int,
    standardise: Any,
    l1: float,
    l2: float,
    adam_epochs: int,
    seed: int,
    on_progress: OnProgress,
) -> dict[str, Any]:
    """Fit all probes of one site, language and variable; of the whole network in the residual stream only."""
    results = fit_probes(
        activations,
        ratings,
        variable,
        model=model,
        probes=methods,
        whole=whole and site == RESID,
        folds=folds,
        standardise=standardise,
        l1=l1,
        l2=l2,
        adam_epochs=adam_epochs,
        seed=derive_seed(seed, "probes", language, variable),
        on_progress=lambda done, total, _: on_progress(done / total),
    )
    return {"probes": results.table.assign(site=site), "probe_weights": results.weights}


def rankings(
    activations: Activations,
    ratings: pd.DataFrame,
    weights: dict[tuple[str, str, int], Any],
    *,
    model: str,
    site: Site,
    language: str,
    variable: str,
    methods: tuple[str, ...],
    standardise: Any,
    on_progress: OnProgress,
) -> dict[str, pd.DataFrame]:
    """Rank the units of every layer by every method."""
    design = Design(activations, ratings, standardise=standardise).rated(variable)
    y, _ = design.ratings(variable)
    parts = []
    for number, layer in enumerate(design.layers, start=1):
        data = LayerData(design.train(layer), y, design.train_words, layer, design.width, weights)
        parts += [rank_units(data, method).assign(method=method) for method in methods]
        on_progress(number / len(design.layers))
    table = pd.concat(parts, ignore_index=True)
    return {"rankings": table.assign(model=model, site=site, language=language, variable=variable)}
