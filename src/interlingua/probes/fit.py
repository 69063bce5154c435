"""All probes of one language and variable."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import ConfigError
from interlingua.probes.design import WHOLE, Design, LayerSource, Standardise
from interlingua.probes.evaluate import evaluate, layer_contributions
from interlingua.probes.inputs import NAN, FitOptions, FittedProbe, Inputs
from interlingua.probes.methods import ProbeMethod, get
from interlingua.probes.penalty import ELASTIC_NET_PENALTIES, grouped_folds
from interlingua.probes.ridge import RIDGE_PENALTIES
from interlingua.probes.weights_io import WeightKey

_WHICH = ("model", "language", "variable", "probe", "curve", "layer")
_HOW_WELL = ("r", "r_low", "r_high", "r_word", "r_word_low", "r_word_high", "r_cv")
_HOW = ("l1", "l2", "gap", "n_nonzero", "n_constant", "n_train", "n_test", "n_test_words", "at_edge")
PROBE_COLUMNS = (*_WHICH, *_HOW_WELL, *_HOW)
"""The columns of a probe table, explained at `ProbeResults`."""

OnShare = Callable[[int, int], None]
Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, what was just done)."""


@dataclass(frozen=True)
class ProbeResults:
    """Probes of one language and variable.

    Attributes
    ----------
    table : pandas.DataFrame
        A row for each probe, curve and layer, with the columns `PROBE_COLUMNS`: `curve` is "whole" (the
        layer is -1), "layer" (a probe of its own for each layer) or "zeroed" (the whole-network probe with
        all other layers zeroed at test time); `r` to `r_word_high` as in `Performance`; `r_cv` is the mean r over
        folds of training words, NaN where it was not computed; `l1`, `l2` in the units of Eq. 1; `gap`
        relative to the null loss (NaN for Adam); `at_edge` says that the chosen penalty is the smallest or
        largest of its grid.
    weights : dict of (probe, curve, layer) to ndarray
        Weights of standardised units; curve is "whole" (n_units,) or "layer" (width,).
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
    tol: float = 1e-10,
    adam_epochs: int = 500,
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
        Names of probes (`interlingua.probes.methods`). "adam" is of the whole network only.
    whole : bool
        Fit the probes that read the whole network to it, and so the zeroed curve: "elastic-net" and "adam".
    cv_whole : bool
        Fit those of layers to the whole network too, with r by cross-validation. Costly: for 9,984 units minutes, and
        three Gram matrices (2.4 GB) at a time.
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
    seed : int
        Of folds and Adam's initial weights. The language is mixed into it: with one start for every
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
    language_seed = zlib.crc32(f"{seed} {used.language}".encode())
    fold_of_row = grouped_folds(used.train_concepts, folds, language_seed)
    of_layers = [probe for probe in chosen if "layer" in probe.reads]
    numbers = _check_layers(layers, activations) if of_layers else []
    of_network = [p for p in chosen if "whole" in p.reads or cv_whole] if whole else []
    ticker = _Ticker(on_progress, len(numbers) + sum(probe.share for probe in of_network))

    def inputs(layer: int, fitted: Sequence[ProbeMethod], *, r: bool = True, on_share: OnShare | None = None) -> Inputs:
        pairs = [pair for probe in fitted for pair in probe.pairs(options)] if r else []
        return Inputs(used, layer, y, fold_of_row, options, language_seed, r, pairs, on_share)

    rows: list[dict[str, object]] = []
    weights: dict[WeightKey, NDArray[np.floating]] = {}
    named = {"model": model or activations.model, "language": used.language, "variable": variable}
    counts = {"n_train": len(y), "n_test": len(y_test), "n_test_words": len(np.unique(used.test_words))}

    def add(fitted: FittedProbe, curve: str, layer: int, predictions: NDArray[np.float64]) -> None:
        zeroed = curve == "zeroed"
        own = fitted.weights[used.layout.block(layer)] if zeroed else fitted.weights
        row: dict[str, object] = {**named, "probe": fitted.probe, "curve": curve, "layer": layer}
        row |= asdict(evaluate(y_test, predictions, used.test_words))
        # Cross-validation is of the probe as a whole, never of one layer of it.
        row |= {"r_cv": NAN if zeroed else fitted.r_cv, "l1": fitted.l1, "l2": fitted.l2, "gap": fitted.gap}
        row |= {"n_nonzero": np.count_nonzero(own), "n_constant": used.n_constant(layer), **counts}
        rows.append(row | {"at_edge": fitted.at_edge})

    for probe in of_network:
        fitted = probe.fit(inputs(WHOLE, [probe], r=cv_whole, on_share=partial(ticker.on_share, probe)))
        weights[probe.name, "whole", WHOLE] = fitted.weights
        contributions = layer_contributions(used, fitted.weights)
        add(fitted, "whole", WHOLE, contributions.sum(axis=0))
        for layer, predictions in enumerate(contributions):
            add(fitted, "zeroed", layer, predictions)
        ticker.end(probe, f"{used.language} {variable}: {probe.name}, whole network")
    for layer in numbers:
        X_test, shared_inputs = used.test(layer), inputs(layer, of_layers)
        for fitted in (probe.fit(shared_inputs) for probe in of_layers):
            weights[fitted.probe, "layer", layer] = fitted.weights
            add(fitted, "layer", layer, X_test @ fitted.weights)
        ticker.tick(f"{used.language} {variable}: layer {layer}")
    return ProbeResults(pd.DataFrame(rows, columns=list(PROBE_COLUMNS)), weights)


class _Ticker:
    """Counts steps. A probe that takes longer than all the rest counts as several (`ProbeMethod.share`)."""

    def __init__(self, on_progress: Progress | None, total: int) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0
        self._of_probe = 0

    def tick(self, what: str) -> None:
        """Report one more step."""
        self._done += 1
        if self._on_progress is not None:
            self._on_progress(self._done, self._total, what)

    def on_share(self, probe: ProbeMethod, done: int, total: int) -> None:
        """Report a probe's steps as far as they are done, all but the last."""
        while self._of_probe < min(done * probe.share // total, probe.share - 1):
            self._of_probe += 1
            self.tick(f"{probe.name}, {done} of {total}")

    def end(self, probe: ProbeMethod, what: str) -> None:
        """Report the steps of a probe that are left."""
        for _ in range(probe.share - self._of_probe):
            self.tick(what)
        self._of_probe = 0


def _check_probes(probes: Sequence[str], *, whole: bool) -> list[ProbeMethod]:
    chosen = [get(name) for name in dict.fromkeys(probes)]
    for probe in chosen:
        if probe.reads == ("whole",) and not whole:
            raise ConfigError(f"the probe {probe.name!r} is of the whole network: use whole=True or leave it out")
    return chosen


def _check_layers(layers: Literal["all"] | Iterable[int], activations: LayerSource) -> list[int]:
    if layers == "all":
        return list(activations.layers)
    numbers = sorted({int(i) for i in layers})
    for i in numbers:
        if i not in activations.layers:
            raise ConfigError(
                f"layer {i} does not exist: {activations.model} has layers {activations.layers[0]} to "
                f"{activations.layers[-1]}"
            )
    return numbers
