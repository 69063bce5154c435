"""What a probe says of words whose ratings it has not seen.

A file of its own, so that these predictions do not depend on the code that reads and compares norms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes.out_of_fold import OutOfFold, out_of_fold
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell

#: Layers tried where the study does not name one: neighbours differ little, and r is wanted, not the layer.
LAYERS_TRIED = 7


def held_out(
    activations: Activations, ratings: pd.DataFrame, cell: Cell, *, language: str, folds: int, seed: int
) -> dict[str, pd.DataFrame]:
    """Predict every word of a language from the other words, at the cell's layer."""
    own = derive_seed(seed, "audit", cell.model, language, cell.variable)
    found = out_of_fold(*rated_rows(activations, ratings, cell.variable, cell.layer), folds=folds, seed=own)
    return {
        "held_out": cell.stamp(found.words, language=language),
        "held_out_r": cell.stamp(_r_row(found), language=language),
    }


def held_out_tried(
    activations: Activations,
    ratings: pd.DataFrame,
    *,
    model: str,
    site: str,
    variable: str,
    language: str,
    choose: str | int,
    folds: int,
    seed: int,
    on_progress: Callable[[float], None],
) -> dict[str, pd.DataFrame]:
    """Predict every word of a language from the other words, from each layer to try."""
    own = derive_seed(seed, "audit", model, language, variable)  # as in a run, so that at one layer both say the same
    where = {"model": model, "site": site, "variable": variable, "language": language}
    rows, words = [], []
    layers = layers_to_try(choose, activations.layers)
    for layer in layers:
        found = out_of_fold(*rated_rows(activations, ratings, variable, layer), folds=folds, seed=own)
        rows.append(_r_row(found).assign(**where, layer=layer))
        words.append(found.words.assign(**where, layer=layer))
        on_progress(len(rows) / len(layers))
    return {
        "held_out_tried": pd.concat(rows, ignore_index=True),
        "held_out_tried_words": pd.concat(words, ignore_index=True),
    }


def layers_to_try(choose: str | int, layers: Sequence[int]) -> list[int]:
    """Return the layers from which ratings are predicted: the one that is named, or a few evenly spaced ones."""
    if isinstance(choose, int):
        return [choose]
    return sorted({layers[round(place)] for place in np.linspace(0, len(layers) - 1, LAYERS_TRIED)})


def rated_rows(
    activations: Activations, ratings: pd.DataFrame, variable: str, layer: int
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.object_]]:
    """Return a layer's activations, the ratings and the words of the rated sentences, of whatever split."""
    rated = ratings[variable].notna().to_numpy()
    return (
        activations.layer(layer)[rated],
        ratings.loc[rated, variable].to_numpy(),
        ratings.loc[rated, "word"].to_numpy(dtype=object),
    )


def _r_row(found: OutOfFold) -> pd.DataFrame:
    return pd.DataFrame([{"n_words": found.n_words, "r": found.r, "r_low": found.r_low, "r_high": found.r_high}])
