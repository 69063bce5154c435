"""All probes of one language and variable."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import ConfigError, suggest
from interlingua.probes.design import WHOLE, Design, LayerSource, Standardise
from interlingua.probes.evaluate import evaluate, layer_contributions
from interlingua.probes.fitters import (
    FitOptions,
    FittedProbe,
    fit_adam,
    fit_cross_validated,
    fit_elastic_net,
)
from interlingua.probes.penalty import ELASTIC_NET_PENALTIES, grouped_folds
from interlingua.probes.ridge import RIDGE_PENALTIES
from interlingua.probes.weights_io import WeightKey

PROBES = ("elastic-net", "elastic-net-cv", "ridge", "adam")
"""The probes, by the names that tables use."""

PROBE_COLUMNS = tuple(
    "model language variable probe curve layer r r_low r_high r_word r_word_low r_word_high r_cv "
    "l1 l2 gap n_nonzero n_constant n_train n_test n_test_words at_edge".split()
)
"""The columns of a probe table, explained at `ProbeResults`."""

Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, what was just done)."""


@dataclass(frozen=True)
class ProbeResults:
    """Probes of one language and variable.

    Attributes
    ----------
    table : pandas.DataFrame
        A row for each probe, curve and layer, with the columns `PROBE_COLUMNS`: `curve` is "whole" (the
        layer is -1), "layer" (a probe of its own for each layer) or "zeroed" (the whole-network probe with all
        other layers zeroed at test time); `r` to `r_word_high` as in `Performance`; `r_cv` is the mean r over
        folds of training words, NaN where it was not computed; `l1`, `l2` in the units of Eq. 1; `gap`
        relative to the null loss (NaN for Adam); `at_edge` says that the chosen penalty is the smallest or
        largest of its grid.
    weights : dict of (probe, curve, layer) to ndarray
        Weights of standardised units; curve is "whole" (n_layers * width,) or "layer" (width,).
    """

    table: pd.DataFrame
    weights: dict[WeightKey, NDArray[np.floating]]


def fit_probes(
    activations: LayerSource,
    contexts: pd.DataFrame,
    variable: str,
    *,
    model: str | None = None,
    probes: Sequence[str] = ("elastic-net", "elastic-net-cv", "ridge"),
    whole: bool = True,
    cv_whole: bool = False,
    layers: Literal["all"] | Iterable[int] = "all",
    folds: int = 5,
    standardise: Standardise = "train",
    l1: float = 0.001,
    l2: float = 0.001,
    elastic_net_penalties: Sequence[float] = ELASTIC_NET_PENALTIES,
    ridge_penalties: Sequence[float] = RIDGE_PENALTIES,
    tol: float = 1e-6,
    adam_epochs: int = 500,
    draws: int = 1000,
    seed: int,
    design: Design | None = None,
    on_progress: Progress | None = None,
) -> ProbeResults:
    """Fit the probes of one language and variable (paper, section 4.2).

    Parameters
    ----------
    activations : LayerSource
        Activations of the language's sentences.
    contexts : pandas.DataFrame
        Its contexts, row i belonging to row i of the activations.
    variable : str
        Which rating; rows without one are left out.
    model : str, optional
        Name of the model in the table; that of the activations by default.
    probes : sequence of str
        Some of `PROBES`. "adam" is of the whole network only.
    whole : bool
        Fit probes of the whole network, and so the zeroed curve: "elastic-net" and "adam".
    cv_whole : bool
        Cross-validate on the whole network too, and fit "elastic-net-cv" and "ridge" to it. Costly: for
        9,984 units minutes, and three Gram matrices (2.4 GB) at a time.
    layers : "all" or iterable of int
        Layers that get probes of their own.
    folds : int
        Folds of training words.
    standardise : {"train", "each-split"}
        As for `Design`.
    l1, l2 : float
        Penalties of "elastic-net" and "adam"; the paper's by default.
    elastic_net_penalties, ridge_penalties : sequence of float
        Grids of l1 = l2 and of l2 for the cross-validated probes.
    tol : float
        Largest duality gap relative to the null loss.
    adam_epochs : int
        Epochs of "adam".
    draws : int
        Bootstrap draws of the intervals.
    seed : int
        Of folds, draws and Adam's initial weights. The language is mixed into it: with one start for every
        language Adam's probes would agree by their start.
    design : Design, optional
        One built before from the same activations and contexts, so that variables share its Gram matrices;
        `standardise` is then ignored.
    on_progress : callable, optional
        Called with (steps done, steps in all, what was done).

    Returns
    -------
    ProbeResults

    Raises
    ------
    ConfigError
        If a probe, the variable, a layer or an option does not exist.
    ContextsError, StatsError
        If contexts and activations don't fit together, a split is empty, there are fewer training words
        than folds, or ratings are constant.
    """
    chosen = _check_probes(probes, whole=whole)
    shared = Design(activations, contexts, standardise=standardise) if design is None else design
    used = shared.rated(variable)
    y, y_test = used.ratings(variable)
    options = FitOptions(l1, l2, elastic_net_penalties, ridge_penalties, tol, adam_epochs)
    language_seed = zlib.crc32(f"{seed} {activations.language}".encode())
    fold_of_row = grouped_folds(used.train_words, folds, language_seed)
    of_layers = [probe for probe in chosen if probe != "adam"]
    numbers = _check_layers(layers, activations) if of_layers else []
    of_network = [p for p in chosen if p in ("elastic-net", "adam") or cv_whole] if whole else []
    steps: list[tuple[int, list[str]]] = [(WHOLE, [p]) for p in of_network] + [
        (i, of_layers) for i in numbers
    ]

    rows: list[dict[str, object]] = []
    weights: dict[WeightKey, NDArray[np.floating]] = {}

    def add(fitted: FittedProbe, curve: str, layer: int, predictions: NDArray[np.float64]) -> None:
        own = fitted.weights
        if curve == "zeroed":
            own = own[layer * used.width : (layer + 1) * used.width]
        rows.append(
            {
                "model": activations.model if model is None else model,
                "language": activations.language,
                "variable": variable,
                "probe": fitted.probe,
                "curve": curve,
                "layer": layer,
                **asdict(evaluate(y_test, predictions, used.test_words, draws=draws, seed=language_seed)),
                # Cross-validation is of the probe as a whole, never of one layer of it.
                "r_cv": float("nan") if curve == "zeroed" else fitted.r_cv,
                "l1": fitted.l1,
                "l2": fitted.l2,
                "gap": fitted.gap,
                "n_nonzero": int(np.count_nonzero(own)),
                "n_constant": used.n_constant(layer),
                "n_train": len(y),
                "n_test": len(y_test),
                "n_test_words": int(used.test_words.max()) + 1,
                "at_edge": fitted.at_edge,
            }
        )

    for done, (layer, names) in enumerate(steps, start=1):
        if names == ["adam"]:
            fits = [fit_adam(used, y, options, seed=language_seed)]
        elif layer == WHOLE and not cv_whole:
            fits = [fit_elastic_net(used, WHOLE, y, options)]
        else:
            fits = fit_cross_validated(used, layer, y, fold_of_row, names, options)
        for fitted in fits:
            weights[fitted.probe, "whole" if layer == WHOLE else "layer", layer] = fitted.weights
            if layer != WHOLE:
                add(fitted, "layer", layer, used.test(layer) @ fitted.weights)
                continue
            contributions = layer_contributions(used, fitted.weights)
            add(fitted, "whole", WHOLE, contributions.sum(axis=0))
            for i, predictions in enumerate(contributions):
                add(fitted, "zeroed", i, predictions)
        if on_progress is not None:
            what = f"{names[0]}, whole network" if layer == WHOLE else f"layer {layer}"
            on_progress(done, len(steps), f"{activations.language} {variable}: {what}")
    return ProbeResults(pd.DataFrame(rows, columns=list(PROBE_COLUMNS)), weights)


def _check_probes(probes: Sequence[str], *, whole: bool) -> list[str]:
    for probe in probes:
        if probe not in PROBES:
            raise ConfigError(
                f"unknown probe {probe!r}: use some of {', '.join(PROBES)}{suggest(probe, PROBES)}"
            )
    if "adam" in probes and not whole:
        raise ConfigError("the probe 'adam' is of the whole network: use whole=True or leave it out")
    return list(dict.fromkeys(probes))


def _check_layers(layers: Literal["all"] | Iterable[int], activations: LayerSource) -> list[int]:
    if layers == "all":
        return list(range(activations.n_layers))
    numbers = sorted({int(i) for i in layers})
    for i in numbers:
        if not 0 <= i < activations.n_layers:
            raise ConfigError(
                f"layer {i} does not exist: {activations.model} has layers 0 to {activations.n_layers - 1}"
            )
    return numbers
