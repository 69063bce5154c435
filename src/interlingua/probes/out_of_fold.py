"""What a probe says of every word of a language, each word by a probe that has not seen its rating."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError
from interlingua.probes.penalty import column_r, grouped_folds, split_folds
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath
from interlingua.stats.correlation import centre_columns
from interlingua.stats.groups import group_codes, group_sums
from interlingua.stats.r_interval import r_interval


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Held-out predictions of all words of a language.

    Attributes
    ----------
    n_words : int
    r, r_low, r_high : float
        Pearson's r of ratings and predictions over words, and its 95 % interval (`interlingua.stats.r_interval`).
    words : DataFrame
        ``word, rating, predicted, z_rating, z_predicted, difference``: the last three standardised over words,
        and z_rating - z_predicted; the words that disagree most with their rating come first.
    """

    n_words: int
    r: float
    r_low: float
    r_high: float
    words: pd.DataFrame


def out_of_fold(X: ArrayLike, y: ArrayLike, words: ArrayLike, *, folds: int = 5, seed: int) -> OutOfFold:
    """Predict every word's rating from a layer, by ridge probes that were fitted to other words.

    Parameters
    ----------
    X : array_like, shape (m, width)
        Activations of one layer at all sentences of a language, of whatever split.
    y : array_like, shape (m,)
        Ratings, one value a word.
    words : array_like, shape (m,)
        The word of each sentence.
    folds, seed : int
        Of the cross-validation by word.

    Returns
    -------
    OutOfFold

    Raises
    ------
    StatsError
        If shapes differ, a value is not finite, a word has two ratings, all ratings are equal, or there are
        fewer words than folds.
    """
    predicted = predict_out_of_fold(X, y, words, folds=folds, seed=seed)
    labels = np.asarray(words, dtype=object)
    first = ~pd.Series(labels).duplicated().to_numpy()
    ratings = np.asarray(y, dtype=np.float64)[first]
    interval = r_interval(ratings, predicted, np.arange(len(ratings)))
    table = pd.DataFrame(
        {
            "word": labels[first],
            "rating": ratings,
            "predicted": predicted,
            "z_rating": (ratings - ratings.mean()) / ratings.std(),
            "z_predicted": (predicted - predicted.mean()) / predicted.std(),
        }
    )
    table["difference"] = table["z_rating"] - table["z_predicted"]
    order = table["difference"].abs().sort_values(ascending=False, kind="stable").index
    return OutOfFold(
        n_words=len(ratings),
        r=interval.r,
        r_low=interval.low,
        r_high=interval.high,
        words=table.loc[order].reset_index(drop=True),
    )


def predict_out_of_fold(
    X: ArrayLike, y: ArrayLike, words: ArrayLike, *, folds: int = 5, seed: int
) -> NDArray[np.float64]:
    """Return the held-out predictions of every word, for one set of ratings or many at once.

    Parameters
    ----------
    X : array_like, shape (m, width)
        Activations of one layer; standardised here (over all sentences: no ratings are used for it).
    y : array_like, shape (m,) or (m, k)
        Ratings, one value a word; further columns cost little.
    words : array_like, shape (m,)
        The word of each sentence.
    folds, seed : int
        Of the cross-validation by word.

    Returns
    -------
    ndarray of float64, shape (n_words,) or (n_words, k)
        The mean prediction over a word's sentences, words in the order of their first sentence.

    Raises
    ------
    StatsError
        As `out_of_fold`.

    Notes
    -----
    One penalty serves all folds, that with the highest mean r over them: folds that shrink differently could not
    be put on one scale. Choosing among fifteen flatters r by about .02 where nothing is known. Every fold's
    predictions are centred on the mean of all words: the mean of the training words is higher where the
    held-out ones are low, which would make r negative where nothing is known.
    """
    inputs, ratings, codes = _checked(X, y, words)
    columns = ratings.reshape(len(ratings), -1)
    size = np.bincount(codes)
    n_words = len(size)
    by_word = group_sums(columns, codes, n_words) / size[:, None]
    if not np.allclose(by_word[codes], columns, rtol=1e-12, atol=1e-12):
        word = np.asarray(words)[np.argmax(np.abs(by_word[codes] - columns).max(axis=1))]
        raise StatsError(f"word {str(word)!r} has more than one rating: give one rating a word")
    fold_of_word = grouped_folds(np.arange(n_words), folds, seed)
    word_means = group_sums(inputs, codes, n_words) / size[:, None]
    penalties = np.asarray(RIDGE_PENALTIES)
    predictions = np.zeros((len(penalties), n_words, columns.shape[1]))
    scores = np.zeros((len(penalties), columns.shape[1]))
    for number, fold in enumerate(split_folds(inputs, fold_of_word[codes])):
        held = fold_of_word == number
        path = RidgePath(inputs[~fold.held_out] - fold.moments.mean, gram=fold.moments.gram)
        targets = path.targets(columns[~fold.held_out])
        projected = path.project(word_means[held] - fold.moments.mean)
        for i, l2 in enumerate(penalties):
            predictions[i, held] = projected @ path.shrunk(targets, l2)
            scores[i] += column_r(predictions[i, held], by_word[held])
    # Of equal penalties the largest, as everywhere.
    best = len(penalties) - 1 - np.argmax(scores[::-1], axis=0)
    chosen = predictions[best, :, np.arange(len(best))].T + by_word.mean(axis=0)
    return chosen[:, 0] if ratings.ndim == 1 else chosen


def _checked(
    X: ArrayLike, y: ArrayLike, words: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    inputs, ratings = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if inputs.ndim != 2 or ratings.ndim not in (1, 2) or len(ratings) != len(inputs):
        raise StatsError(f"X has shape {inputs.shape} and y {ratings.shape}: both need the same rows")
    if not (np.isfinite(inputs).all() and np.isfinite(ratings).all()):
        raise StatsError("X or y holds a value that is not finite: leave out rows without a rating first")
    if (np.ptp(ratings, axis=0) == 0).any():
        raise StatsError("all words have the same rating: there is nothing to predict")
    codes, _ = group_codes(words, len(inputs))
    centred, norm = centre_columns(inputs)
    return centred * (np.sqrt(len(inputs)) * (norm > 0) / np.where(norm > 0, norm, 1.0)), ratings, codes
