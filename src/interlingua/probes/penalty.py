"""The penalty chosen by cross-validation on the training words.

Folds are of whole words, and of whole concepts where those are known: the sentences of a word share its rating, so a
split by sentence would let a probe recognise the word. Units are standardised once, by all training sentences, not
again in each fold; only the means are removed fold by fold. That uses no ratings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import ConfigError, StatsError, suggest
from interlingua.probes.design import Moments
from interlingua.probes.elastic_net import solve_gram
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath
from interlingua.stats.correlation import centre_columns
from interlingua.stats.groups import group_codes

ELASTIC_NET_PENALTIES: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
"""The default grid of l1 = l2; it holds the paper's .001."""

_CV_TOL = 1e-4  # r of a fold is noisy to .01: the exact fit comes after the choice

Kind = Literal["elastic-net", "ridge"]


@dataclass(frozen=True)
class PenaltyChoice:
    """What cross-validation found.

    Attributes
    ----------
    penalties : ndarray of float64, shape (k,)
        The grid, ascending: l2 of ridge, l1 = l2 of the elastic net.
    mean_r : ndarray of float64, shape (k,)
        Pearson r with the ratings of the held-out sentences, averaged over folds.
    best : float
        The penalty with the highest mean r; of equal ones the largest.
    r : float
        Its mean r.
    at_edge : bool
        Whether it is the smallest or the largest of the grid, so that a wider one may do better.
    """

    penalties: NDArray[np.float64]
    mean_r: NDArray[np.float64]
    best: float
    r: float
    at_edge: bool


@dataclass(frozen=True)
class Fold:
    """One fold.

    Attributes
    ----------
    held_out : ndarray of bool, shape (m,)
        The rows that r is measured on.
    moments : Moments
        Of the other rows.
    """

    held_out: NDArray[np.bool_]
    moments: Moments


def grouped_folds(words: ArrayLike, folds: int, seed: int) -> NDArray[np.int64]:
    """Deal whole words, or concepts, out to folds at random.

    Parameters
    ----------
    words : array_like, shape (m,)
        The word of each row, or its concept (`interlingua.probes.Design.train_concepts`).
    folds : int
        Number of folds, >= 2.
    seed : int
        Source of the shuffle.

    Returns
    -------
    ndarray of int64, shape (m,)
        The fold of each row, 0 to folds - 1; the folds' numbers of words differ by one at most.

    Raises
    ------
    StatsError
        If there are fewer words than folds, or fewer than two folds.
    """
    labels = np.asarray(words)
    codes, n_words = group_codes(labels, len(labels))
    if not 2 <= folds <= n_words:
        raise StatsError(f"cannot make {folds} folds of {n_words} training words: folds must be 2 to {n_words}")
    fold_of_word = np.empty(n_words, dtype=np.int64)
    fold_of_word[np.random.default_rng(seed).permutation(n_words)] = np.arange(n_words) % folds
    return fold_of_word[codes]


def split_folds(
    X: NDArray[np.float64], fold_of_row: NDArray[np.int64], gram: NDArray[np.float64] | None = None
) -> list[Fold]:
    """Prepare what every fit on the folds shares: Gram matrices as the total less the fold's own rows.

    Parameters
    ----------
    X : ndarray of float64, shape (m, n)
        Inputs whose columns have mean 0.
    fold_of_row : ndarray of int64, shape (m,)
        From `grouped_folds`.
    gram : ndarray of float64, shape (n, n), optional
        X'X if it is known.
    """
    everything = Moments(len(X), np.zeros(X.shape[1]), X.T @ X if gram is None else gram)
    masks = [fold_of_row == k for k in np.unique(fold_of_row)]
    return [Fold(mask, everything.without(X[mask])) for mask in masks]


def cross_validate_elastic_net(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    folds: Sequence[Fold],
    penalties: Sequence[tuple[float, float]],
) -> NDArray[np.float64]:
    """Return the mean r over folds of the elastic net at each penalty.

    Parameters
    ----------
    X : ndarray of float64, shape (m, n)
        Inputs whose columns have mean 0.
    y : ndarray of float64, shape (m,)
        Ratings.
    folds : sequence of Fold
        From `split_folds`.
    penalties : sequence of (l1, l2)
        In the units of Eq. 1, in any order.

    Returns
    -------
    ndarray of float64, shape (len(penalties),)
        A fold where all predictions or all ratings are equal counts as r = 0.
    """
    scores = np.zeros(len(penalties))
    # From the largest penalty down, each fit from the weights of the last one.
    order = sorted(range(len(penalties)), key=lambda i: penalties[i], reverse=True)
    for fold in folds:
        kept = ~fold.held_out
        centred = np.where(kept, y - y[kept].mean(), 0.0)
        xy = X.T @ centred
        weights = np.zeros((X.shape[1], len(penalties)))
        last = None
        for i in order:
            l1, l2 = penalties[i]
            last = solve_gram(fold.moments.gram, xy, centred[kept], l1=l1, l2=l2, tol=_CV_TOL, warm_start=last).weights
            weights[:, i] = last
        scores += column_r(X[fold.held_out] @ weights, y[fold.held_out, None])
    return scores / len(folds)


class RidgeCrossValidation:
    """Ridge on every fold at every penalty, for any number of ratings of the same rows.

    Parameters
    ----------
    X : ndarray of float64, shape (m, n)
        Inputs whose columns have mean 0.
    folds : sequence of Fold
        From `split_folds`.

    Notes
    -----
    Building it takes one eigendecomposition a fold; `scores` is then only products of matrices, so that
    permuted ratings cost little.
    """

    def __init__(self, X: NDArray[np.float64], folds: Sequence[Fold]) -> None:
        self._folds = []
        for fold in folds:
            moments = fold.moments
            path = RidgePath(X[~fold.held_out] - moments.mean, gram=moments.gram)
            self._folds.append((fold.held_out, path, path.project(X[fold.held_out])))

    def scores(self, Y: NDArray[np.float64], penalties: Sequence[float]) -> NDArray[np.float64]:
        """Return the mean r over folds, shape (len(penalties), k).

        Parameters
        ----------
        Y : ndarray of float64, shape (m, k)
            Ratings, or permutations of them, a column each.
        penalties : sequence of float
            l2 > 0 in the units of Eq. 1.
        """
        total = np.zeros((len(penalties), Y.shape[1]))
        for held_out, path, projected in self._folds:
            targets = path.targets(Y[~held_out])
            for i, l2 in enumerate(penalties):
                total[i] += column_r(projected @ path.shrunk(targets, l2), Y[held_out])
        return total / len(self._folds)


def choose_penalty(
    X: ArrayLike,
    y: ArrayLike,
    words: ArrayLike,
    *,
    kind: Kind,
    penalties: Sequence[float] | None = None,
    folds: int = 5,
    seed: int = 0,
) -> PenaltyChoice:
    """Choose a penalty by cross-validation grouped by word.

    Parameters
    ----------
    X : array_like, shape (m, n)
        Training inputs.
    y : array_like, shape (m,)
        Their ratings.
    words : array_like, shape (m,)
        Their words.
    kind : {"elastic-net", "ridge"}
        Which probe; the elastic net has l1 = l2.
    penalties : sequence of float, optional
        The grid; `ELASTIC_NET_PENALTIES` or `RIDGE_PENALTIES` by default.
    folds : int
        Number of folds.
    seed : int
        Source of the folds.

    Returns
    -------
    PenaltyChoice

    Raises
    ------
    StatsError
        If shapes differ or there are fewer words than folds.
    ConfigError
        If `kind` is not one of the two.
    """
    if kind not in ("elastic-net", "ridge"):
        known = ("elastic-net", "ridge")
        raise ConfigError(f"unknown probe {kind!r}: use 'elastic-net' or 'ridge'{suggest(kind, known)}")
    inputs, target = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if inputs.ndim != 2 or target.shape != inputs.shape[:1] or np.shape(words) != target.shape:
        raise StatsError(
            f"X has shape {inputs.shape}, y {target.shape}, words {np.shape(words)}: all need the same rows"
        )
    inputs = inputs - inputs.mean(axis=0)
    prepared = split_folds(inputs, grouped_folds(words, folds, seed))
    if kind == "ridge":
        grid = RIDGE_PENALTIES if penalties is None else tuple(penalties)
        scores = RidgeCrossValidation(inputs, prepared).scores(target[:, None], grid)[:, 0]
    else:
        grid = ELASTIC_NET_PENALTIES if penalties is None else tuple(penalties)
        scores = cross_validate_elastic_net(inputs, target, prepared, [(p, p) for p in grid])
    return best_penalty(grid, scores)


def best_penalty(penalties: Sequence[float], mean_r: ArrayLike) -> PenaltyChoice:
    """Return the choice among penalties whose mean r is known.

    Parameters
    ----------
    penalties : sequence of float
        The grid, in any order.
    mean_r : array_like, shape (len(penalties),)
        Mean r over folds of each.
    """
    order = np.argsort(np.asarray(penalties, dtype=np.float64))
    grid = np.asarray(penalties, dtype=np.float64)[order]
    scores = np.asarray(mean_r, dtype=np.float64)[order]
    best = len(grid) - 1 - int(np.argmax(scores[::-1]))
    return PenaltyChoice(grid, scores, float(grid[best]), float(scores[best]), best in (0, len(grid) - 1))


def column_r(predictions: NDArray[np.float64], ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return r of each column of predictions with its column of ratings, 0 where one of them is constant."""
    left, left_norm = centre_columns(predictions)
    right, right_norm = centre_columns(ratings)
    products, scale = (left * right).sum(axis=0), left_norm * right_norm
    return np.divide(products, scale, out=np.zeros(len(products)), where=scale > 0)
