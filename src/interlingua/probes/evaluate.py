"""How well predictions follow the ratings of the test words, with intervals, and the curve over layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError
from interlingua.probes.design import Design
from interlingua.stats.r_interval import r_interval, word_means


@dataclass(frozen=True)
class Performance:
    """Pearson r with 95 % intervals over words (`interlingua.stats.r_interval`).

    Attributes
    ----------
    r, r_low, r_high : float
        Over sentences, as in the paper.
    r_word, r_word_low, r_word_high : float
        Over words: the predictions of a word's sentences averaged.
    """

    r: float
    r_low: float
    r_high: float
    r_word: float
    r_word_low: float
    r_word_high: float


def evaluate(y_true: ArrayLike, y_pred: ArrayLike, words: ArrayLike) -> Performance:
    """Return r by sentence and by word, each with its interval.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (m,)
        Ratings and predictions of the test sentences.
    words : array_like, shape (m,)
        Their words.

    Returns
    -------
    Performance
        r is 0 where all predictions are equal.
    """
    by_sentence = r_interval(y_true, y_pred, words)
    by_word = r_interval(*word_means(y_true, y_pred, words))
    return Performance(by_sentence.r, by_sentence.low, by_sentence.high, by_word.r, by_word.low, by_word.high)


def layer_contributions(design: Design, weights: ArrayLike) -> NDArray[np.float64]:
    """Return what each layer adds to the test predictions of a whole-network probe.

    Row i is the prediction (less the bias) with all layers but i zeroed at test time, which is how the
    authors' public code draws the paper's Figure 3; the sum over rows is the prediction of the whole probe.

    Parameters
    ----------
    design : Design
        The inputs.
    weights : array_like, shape (n_units,)
        Weights of the probe, by unit id.

    Returns
    -------
    ndarray of float64, shape (n_layers, m_test)

    Raises
    ------
    StatsError
        If the number of weights is not that of the network's units.
    """
    flat, layout = np.asarray(weights, dtype=np.float64), design.layout
    if flat.shape != (layout.n_units,):
        raise StatsError(
            f"weights have shape {flat.shape}, but the network has {len(design.layers)} x {design.width} units"
        )
    return np.stack([design.test(i) @ flat[layout.block(i)] for i in design.layers])
