"""Regressions of an unseen language's ratings on every unit: a file of its own, as they need no null."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from interlingua.models import Activations
from interlingua.units.transfer import layer_table


def every_unit(
    activations: Activations,
    ratings: pd.DataFrame,
    *,
    model: str,
    site: str,
    variable: str,
    language: str,
    on_progress: Callable[[float], None],
) -> dict[str, pd.DataFrame]:
    """Regress the rating on every unit of the network, each alone."""
    rated = ratings[variable].notna().to_numpy()
    y, words = ratings.loc[rated, variable].to_numpy(), ratings.loc[rated, "word"].to_numpy()
    parts = []
    for number, layer in enumerate(activations.layers, start=1):
        parts.append(layer_table(activations.layer(layer)[rated], y, words, layer=layer))
        on_progress(number / len(activations.layers))
    table = pd.concat(parts, ignore_index=True)
    return {"transfer_units": table.assign(model=model, site=site, variable=variable, language=language)}
