"""Ridge probes that see only some units of a layer, for hundreds of sets of units at once.

Every set's normal equations are a submatrix of the layer's: the Gram matrix, those of the folds and X'y are
worked out once, and a set of 100 units then costs a few eigendecompositions of 100 x 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.design import Design
from interlingua.probes.penalty import best_penalty, column_r, grouped_folds, split_folds
from interlingua.probes.ridge import RIDGE_PENALTIES
from interlingua.stats.correlation import pearson
from interlingua.stats.groups import group_sums


class WordMeans(NamedTuple):
    """The sentences of each word averaged.

    Attributes
    ----------
    X : ndarray of float64, shape (n_words, width)
        Standardised activations.
    y : ndarray of float64, shape (n_words,)
        Ratings.
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]

    @classmethod
    def of(cls, X: NDArray[np.float64], y: NDArray[np.float64], words: NDArray[np.int64]) -> WordMeans:
        """Average the rows of each word, words numbered from 0."""
        n = int(words.max()) + 1
        size = np.bincount(words, minlength=n)
        return cls(group_sums(X, words, n) / size[:, None], group_sums(y, words, n) / size)


@dataclass(frozen=True, eq=False)
class _Equations:
    """Normal equations of one fit: m rows, X'X and X'y about their means."""

    m: int
    gram: NDArray[np.float64]
    xy: NDArray[np.float64]

    def weights(self, index: NDArray[np.int64], penalties: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the ridge weights of the units `index` at each penalty, shape (len(index), penalties)."""
        values, vectors = np.linalg.eigh(self.gram[np.ix_(index, index)])
        projected = vectors.T @ self.xy[index]
        scale = np.maximum(values, 0.0)[:, None] + self.m * penalties
        return np.asarray(vectors @ (projected[:, None] / scale))


class SubsetRidge:
    """Ridge probes of one language on any sets of units of one layer.

    Minimises (1/m) |y - X w - b|^2 + l2 |w|_2^2 over the training sentences; l2 has the highest mean r over
    the held-out words of cross-validation by word, chosen anew for each set.

    Parameters
    ----------
    design : Design
        The language's standardised inputs.
    variable : str
        The rated variable. Ratings are divided by their SD over the training sentences, so that weights of
        languages that were rated on different scales can be averaged.
    layer : int
        A layer.
    folds, seed : int
        Of the cross-validation.

    Attributes
    ----------
    train, test : WordMeans
        The training and the test words.
    """

    def __init__(self, design: Design, variable: str, layer: int, *, folds: int, seed: int) -> None:
        design = design.rated(variable)
        y, y_test = design.ratings(variable)
        y, y_test = y / y.std(), y_test / y.std()
        X, gram = design.train(layer), design.gram(layer)
        self._sentences = (design.test(layer), y_test)
        self.train = WordMeans.of(X, y, design.train_words)
        self.test = WordMeans.of(*self._sentences, design.test_words)
        self._penalties = np.asarray(RIDGE_PENALTIES)
        self._full = _Equations(len(X), gram, X.T @ (y - y.mean()))
        self._folds: list[tuple[_Equations, NDArray[np.int64]]] = []
        for fold in split_folds(X, grouped_folds(design.train_concepts, folds, seed), gram):
            kept = ~fold.held_out
            xy = X.T @ np.where(kept, y - y[kept].mean(), 0.0)
            held_words = np.unique(design.train_words[fold.held_out])
            self._folds.append((_Equations(fold.moments.m, fold.moments.gram, xy), held_words))

    def weights(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the weights of the probe that sees the units `index` (within the layer) only.

        Returns
        -------
        ndarray of float64, shape (len(index),)
            SDs of the rating per SD of a unit.
        """
        scores = np.zeros(len(self._penalties))
        for equations, words in self._folds:
            predictions = self.train.X[np.ix_(words, index)] @ equations.weights(index, self._penalties)
            scores += column_r(predictions, self.train.y[words, None])
        best = best_penalty(RIDGE_PENALTIES, scores / len(self._folds)).best
        return self._full.weights(index, np.array([best]))[:, 0]

    def r_test(self, index: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
        """Return r over the test words, the predictions of a word's sentences averaged."""
        return pearson(self.test.y, self.test.X[:, index] @ weights)

    def r_sentences(self, index: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
        """Return r over the test sentences, the measure of section 4.3."""
        X, y = self._sentences
        return pearson(y, X[:, index] @ weights)
