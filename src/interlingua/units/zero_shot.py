"""How few units are enough? Each language is predicted by the first 1, 3, 5, ... units that the others choose.

A hundred units of a layer predict a rating whichever they are, so a comparison at the size of the top says least: with
few units the chosen ones stand out from random ones, if they do. Units and weights are the other languages' alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.subsets import SubsetRidge, WordMeans
from interlingua.stats.correlation import pearson

Index = NDArray[np.int64]
Weights = NDArray[np.float64]

#: Numbers of units that are tried below the size of the top.
SIZES = (1, 3, 5, 10, 20, 40)


@dataclass(frozen=True, eq=False)
class CurveFits:
    """One language's probes on the first units of every set.

    Attributes
    ----------
    chosen : dict of (str, int) to ndarray, shape (units,)
        (left-out language, number of units) to the weights.
    random : dict of int to ndarray, shape (sets, units)
        Number of units to the weights of each random set.
    words : WordMeans
        All words: standardised activations and ratings.
    """

    chosen: dict[tuple[str, int], Weights]
    random: dict[int, Weights]
    words: WordMeans


def sizes(k: int) -> tuple[int, ...]:
    """Return the numbers of units that are tried with `k` units at the top."""
    return (*(size for size in SIZES if size < k), k)


def fit_curve(
    probes: SubsetRidge, chosen: Mapping[str, Index], random: NDArray[np.int64], wanted: Sequence[int]
) -> CurveFits:
    """Fit one language's probe on the first units of every set.

    Parameters
    ----------
    probes : SubsetRidge
        Of the language's layer.
    chosen : mapping of str to ndarray of int
        Left-out language to the units that the others choose, best first; where they are fewer than wanted, all are
        taken (and random sets have more: compare no such sizes).
    random : ndarray of int, shape (sets, units)
        Random sets, which are tried by their first units, too.
    wanted : sequence of int
        Numbers of units.
    """
    of_chosen = {
        (language, size): probes.weights(units[:size]) for language, units in chosen.items() for size in wanted
    }
    of_random = {size: np.stack([probes.weights(units[:size]) for units in random]) for size in wanted}
    train, test = probes.train, probes.test
    words = WordMeans(np.concatenate([train.X, test.X]), np.concatenate([train.y, test.y]))
    return CurveFits(of_chosen, of_random, words)


def zero_shot(
    fits: Mapping[str, CurveFits], language: str, units: Index, random: NDArray[np.int64], size: int
) -> tuple[float, NDArray[np.float64]]:
    """Predict a language by the first units and the mean weights of the others.

    Parameters
    ----------
    fits : mapping of str to CurveFits
        Of every language.
    language : str
        The one that is left out.
    units : ndarray of int
        Those that the others choose, best first.
    random : ndarray of int, shape (sets, units)
        The random sets.
    size : int
        How many units.

    Returns
    -------
    r : float
        Pearson's r over all words of the language.
    r_random : ndarray of float64, shape (sets,)
        The same of each random set, weighted alike.
    """
    here, others = fits[language].words, [fit for code, fit in fits.items() if code != language]
    r = _r(here, units[:size], np.mean([fit.chosen[language, size] for fit in others], axis=0))
    weights = np.mean([fit.random[size] for fit in others], axis=0)
    return r, np.array([_r(here, one[:size], w) for one, w in zip(random, weights, strict=True)])


def _r(words: WordMeans, index: Index, weights: Weights) -> float:
    return pearson(words.y, words.X[:, index] @ weights)
