"""Held-out predictions of every word, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict

from interlingua.errors import StatsError
from interlingua.probes import grouped_folds
from interlingua.probes.out_of_fold import out_of_fold, predict_out_of_fold
from interlingua.probes.ridge import RIDGE_PENALTIES
from interlingua.stats.r_interval import r_interval

N_WORDS, WIDTH, FOLDS = 45, 8, 5


@pytest.fixture(scope="module")
def data() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Words of two to four sentences, not side by side."""
    rng = np.random.default_rng(3)
    words = rng.permutation(np.repeat(np.arange(N_WORDS), rng.integers(2, 5, N_WORDS)))
    rating = rng.normal(size=N_WORDS)
    X = rng.normal(size=(len(words), WIDTH)) * np.arange(1, WIDTH + 1) + 30
    X[:, 2] += 4 * rating[words]
    X[:, 6] -= 3 * rating[words]
    return X, rating[words], words


def _oracle(
    X: NDArray[np.float64], y: NDArray[np.float64], words: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return predictions and ratings of the words, in the order of their first row."""
    labels = list(dict.fromkeys(words.tolist()))
    fold = dict(zip(labels, grouped_folds(np.arange(len(labels)), FOLDS, seed), strict=True))
    of_row = np.array([fold[word] for word in words])
    X = stats.zscore(X)
    rating = np.array([y[words == word][0] for word in labels])
    of_word = np.array([fold[word] for word in labels])
    means = np.stack([X[words == word].mean(axis=0) for word in labels])
    predictions = np.zeros((len(RIDGE_PENALTIES), len(labels)))
    r = np.zeros((FOLDS, len(RIDGE_PENALTIES)))
    for k in range(FOLDS):
        kept, held = of_row != k, of_word == k
        for i, l2 in enumerate(RIDGE_PENALTIES):
            fit = Ridge(alpha=kept.sum() * l2).fit(X[kept], y[kept])
            # Less the mean of the training ratings: on the scale of all words.
            predictions[i, held] = fit.predict(means[held]) - y[kept].mean() + rating.mean()
            r[k, i] = np.corrcoef(predictions[i, held], rating[held])[0, 1]
    return predictions[int(np.argmax(r.mean(axis=0)))], rating


def test_each_word_by_a_probe_that_has_not_seen_it(
    data: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
) -> None:
    expected, rating = _oracle(*data, seed=7)
    np.testing.assert_allclose(predict_out_of_fold(*data, folds=FOLDS, seed=7), expected, rtol=1e-8)
    found = out_of_fold(*data, folds=FOLDS, seed=7)
    assert found.r == pytest.approx(np.corrcoef(expected, rating)[0, 1], rel=1e-9)
    assert found.r > 0.7
    assert (found.r_low, found.r_high) == pytest.approx(r_interval(rating, expected, np.arange(N_WORDS))[1:], rel=1e-6)
    assert found.n_words == N_WORDS


def test_the_words_that_disagree_most_come_first(
    data: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]],
) -> None:
    X, y, words = data
    best = int(words[np.argmax(y)])
    wrong = np.where(words == best, y.min(), y)
    names = np.array([f"word {i}" for i in words], dtype=object)
    table = out_of_fold(X, wrong, names, seed=0).words
    assert table["word"].iloc[0] == f"word {best}"
    assert table["difference"].iloc[0] < -2
    np.testing.assert_allclose(table["z_rating"], stats.zscore(table["rating"]))
    np.testing.assert_allclose(table["difference"], table["z_rating"] - stats.zscore(table["predicted"]))
    assert (table["difference"].abs().diff().dropna() <= 0).all()
    assert table["word"].is_unique


def test_folds_are_on_one_scale() -> None:
    # r is as high as that of scikit-learn's own cross-validated predictions of the words' means.
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(150), 2)
    rating = rng.uniform(size=150)
    X = rng.normal(size=(300, 12))
    X[:, :4] += 3 * rating[words, None] * [1, -1, 1, 1]
    theirs = cross_val_predict(RidgeCV(), X, rating[words], groups=words, cv=GroupKFold(5)).reshape(150, 2).mean(axis=1)
    assert out_of_fold(X, rating[words], words, seed=3).r == pytest.approx(np.corrcoef(theirs, rating)[0, 1], abs=0.02)


def test_many_ratings_at_once(data: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]) -> None:
    X, y, words = data
    rng = np.random.default_rng(0)
    Y = np.column_stack([y, rng.normal(size=N_WORDS)[words], -3 * y + 1])
    together = predict_out_of_fold(X, Y, words, seed=2)
    one_by_one = np.column_stack([predict_out_of_fold(X, column, words, seed=2) for column in Y.T])
    np.testing.assert_allclose(together, one_by_one, rtol=1e-9)
    np.testing.assert_allclose(together[:, 2], -3 * together[:, 0] + 1, rtol=1e-8)


def test_r_is_about_zero_where_nothing_is_known() -> None:
    # With the training words' mean in the predictions it would be about -.1 here.
    rng = np.random.default_rng(0)
    words = np.arange(60)
    X = rng.normal(size=(60, 20))
    Y = rng.normal(size=(60, 200))
    predicted = predict_out_of_fold(X, Y, words, seed=1)
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(predicted.T, Y.T, strict=True)]
    assert abs(np.mean(r)) < 3 * np.std(r) / np.sqrt(len(r)) + 0.03


def test_more_units_than_sentences_and_constant_ones() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=30)
    X = np.column_stack([y[:, None] + 0.5 * rng.normal(size=(30, 40)), np.full(30, 7.0)])
    assert out_of_fold(X, y, np.arange(30), seed=0).r > 0.8
    np.testing.assert_allclose(
        predict_out_of_fold(X, y, np.arange(30), seed=0), predict_out_of_fold(X[:, :-1], y, np.arange(30), seed=0)
    )


def test_what_is_refused(data: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]) -> None:
    X, y, words = data
    spoilt = y.copy()
    spoilt[0] += 1
    with pytest.raises(StatsError, match=f"word '{words[0]}' has more than one rating"):
        out_of_fold(X, spoilt, words, seed=0)
    with pytest.raises(StatsError, match="same rows"):
        out_of_fold(X, y[1:], words, seed=0)
    with pytest.raises(StatsError, match="same rating"):
        out_of_fold(X, np.ones(len(y)), words, seed=0)
    with pytest.raises(StatsError, match="not finite"):
        out_of_fold(X, np.where(words == 0, np.nan, y), words, seed=0)
    with pytest.raises(StatsError, match="folds must be 2 to 45"):
        out_of_fold(X, y, words, folds=46, seed=0)
