"""One probe on one set of inputs: the units of a layer or of the whole network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.adam import adam_probe
from interlingua.probes.design import Design
from interlingua.probes.elastic_net import duality_gap, solve_gram
from interlingua.probes.penalty import (
    ELASTIC_NET_PENALTIES,
    RidgeCrossValidation,
    best_penalty,
    cross_validate_elastic_net,
    split_folds,
)
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath

NAN = float("nan")


@dataclass(frozen=True)
class FitOptions:
    """How probes are fitted; the defaults are the paper's where the paper says.

    Attributes
    ----------
    l1, l2 : float
        Penalties of "elastic-net" and "adam".
    elastic_net_penalties, ridge_penalties : sequence of float
        Grids of the cross-validated probes.
    tol : float
        Largest duality gap relative to the null loss.
    adam_epochs : int
        Epochs of "adam".
    """

    l1: float = 0.001
    l2: float = 0.001
    elastic_net_penalties: Sequence[float] = ELASTIC_NET_PENALTIES
    ridge_penalties: Sequence[float] = RIDGE_PENALTIES
    tol: float = 1e-10
    adam_epochs: int = 500


@dataclass(frozen=True)
class FittedProbe:
    """A fitted probe.

    Attributes
    ----------
    probe : str
        Its name.
    weights : ndarray, shape (n,)
        Weights of standardised units.
    l1, l2 : float
        Its penalties in the units of Eq. 1.
    gap : float
        Duality gap relative to the null loss, NaN for Adam.
    r_cv : float
        Mean r over folds of training words, NaN where it was not computed.
    at_edge : bool
        Whether the chosen penalty is the smallest or largest of its grid.
    """

    probe: str
    weights: NDArray[np.floating]
    l1: float
    l2: float
    gap: float
    r_cv: float = NAN
    at_edge: bool = False


def fit_cross_validated(
    design: Design,
    layer: int,
    y: NDArray[np.float64],
    *,
    fold_of_row: NDArray[np.int64],
    probes: Sequence[str],
    options: FitOptions,
) -> list[FittedProbe]:
    """Fit probes to a layer or the network, with r on held-out training words.

    Parameters
    ----------
    design : Design
        The inputs.
    layer : int
        A layer, or `WHOLE`.
    y : ndarray of float64, shape (m,)
        Ratings of the training sentences.
    fold_of_row : ndarray of int64, shape (m,)
        From `grouped_folds`.
    probes : sequence of str
        Some of "elastic-net" (its penalty is fixed), "elastic-net-cv" and "ridge".
    options : FitOptions
        Penalties and grids.

    Returns
    -------
    list of FittedProbe
        In the order of `probes`.
    """
    if not probes:
        return []
    X, gram = design.train(layer), design.gram(layer)
    folds = split_folds(X, fold_of_row, gram)
    fixed = (options.l1, options.l2)
    grid = tuple(options.elastic_net_penalties) if "elastic-net-cv" in probes else ()
    # One path a fold serves the fixed penalty and the grid.
    pairs = list(dict.fromkeys([*([fixed] if "elastic-net" in probes else []), *((p, p) for p in grid)]))
    scores = dict(zip(pairs, cross_validate_elastic_net(X, y, folds, pairs), strict=True)) if pairs else {}
    fitted = []
    for probe in probes:
        if probe == "ridge":
            fitted.append(_ridge(X, gram, y, RidgeCrossValidation(X, folds), options))
        elif probe == "elastic-net":
            fitted.append(fit_elastic_net(design, layer, y, options, r_cv=float(scores[fixed])))
        else:
            choice = best_penalty(grid, [scores[p, p] for p in grid])
            chosen = FitOptions(l1=choice.best, l2=choice.best, tol=options.tol)
            best = fit_elastic_net(design, layer, y, chosen, r_cv=choice.r)
            fitted.append(FittedProbe(probe, best.weights, best.l1, best.l2, best.gap, best.r_cv, choice.at_edge))
    return fitted


def fit_elastic_net(
    design: Design, layer: int, y: NDArray[np.float64], options: FitOptions, *, r_cv: float = NAN
) -> FittedProbe:
    """Solve Eq. 1 on a layer or the network at the penalties of `options`.

    Parameters
    ----------
    design, layer, y, options
        As for `fit_cross_validated`.
    r_cv : float
        Its r on held-out words, if known.
    """
    solution = solve_gram(
        design.gram(layer),
        design.xy(layer, y),
        y - y.mean(),
        l1=options.l1,
        l2=options.l2,
        tol=options.tol,
    )
    return FittedProbe("elastic-net", solution.weights, options.l1, options.l2, solution.gap, r_cv)


def fit_adam(
    design: Design,
    y: NDArray[np.float64],
    options: FitOptions,
    *,
    seed: int,
    on_epoch: Callable[[int, int], None] | None = None,
) -> FittedProbe:
    """Train the authors' probe on the whole network.

    Parameters
    ----------
    design, y, options
        As for `fit_cross_validated`.
    seed : int
        Of the initial weights.
    on_epoch : callable, optional
        Called with (epoch, epochs).
    """
    inputs = np.concatenate([design.train(i).astype(np.float32) for i in range(design.n_layers)], axis=1)
    fit = adam_probe(inputs, y, seed=seed, l1=options.l1, l2=options.l2, epochs=options.adam_epochs, on_epoch=on_epoch)
    return FittedProbe("adam", fit.weights, options.l1, options.l2, NAN)


def _ridge(
    X: NDArray[np.float64],
    gram: NDArray[np.float64],
    y: NDArray[np.float64],
    cross_validation: RidgeCrossValidation,
    options: FitOptions,
) -> FittedProbe:
    grid = tuple(options.ridge_penalties)
    choice = best_penalty(grid, cross_validation.scores(y[:, None], grid)[:, 0])
    weights = RidgePath(X, gram=gram).weights(y[:, None], choice.best)[:, 0]
    centred = y - y.mean()
    gap = duality_gap(
        weights, gram=gram, xy=X.T @ centred, yy=float(centred @ centred), m=len(y), l1=0.0, l2=choice.best
    )
    return FittedProbe("ridge", weights, 0.0, choice.best, gap, choice.r, choice.at_edge)
