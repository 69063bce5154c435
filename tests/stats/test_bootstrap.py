"""The bootstrap over words, against scipy's and against a plain loop with the same draws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.bootstrap import bootstrap_r, word_means

Array = NDArray[np.float64]


def words_and_sentences(seed: int, n_words: int = 40, n: int = 6) -> tuple[Array, Array, NDArray[np.int64]]:
    """Return ratings, predictions that are half the word's, and words, the rows in no order."""
    rng = np.random.default_rng(seed)
    words = rng.permutation(np.repeat(np.arange(n_words), rng.integers(1, n, size=n_words)))
    rating, word_noise = rng.normal(size=(2, n_words))
    prediction = 0.6 * rating[words] + word_noise[words] + rng.normal(size=len(words)) + 30
    return rating[words], prediction, words


def r(a: Array, b: Array, axis: int = -1) -> Array:
    a, b = a - a.mean(axis, keepdims=True), b - b.mean(axis, keepdims=True)
    return np.asarray((a * b).sum(axis) / np.sqrt((a * a).sum(axis) * (b * b).sum(axis)))


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_agrees_with_scipy_on_words(method: str) -> None:
    y_true, y_pred, words = word_means(*words_and_sentences(0))
    ours = bootstrap_r(y_true, y_pred, words, draws=999, seed=5, method=method)  # type: ignore[arg-type]
    # scipy takes its indices from the generator in the same way, so the draws are the same.
    theirs = stats.bootstrap(
        (y_true, y_pred),
        r,
        n_resamples=999,
        paired=True,
        vectorized=True,
        method="BCa" if method == "bca" else "percentile",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert ours.r == pytest.approx(stats.pearsonr(y_true, y_pred).statistic, abs=1e-14)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-10)


def test_agrees_with_a_loop_over_sentences() -> None:
    y_true, y_pred, words = words_and_sentences(1)
    order = list(dict.fromkeys(words))
    rows = [np.flatnonzero(words == word) for word in order]
    taken = np.random.default_rng(9).integers(len(order), size=(300, len(order)))
    draws = []
    for draw in taken:
        here = np.concatenate([rows[word] for word in draw])
        draws.append(stats.pearsonr(y_true[here], y_pred[here]).statistic)
    ours = bootstrap_r(y_true, y_pred, words, draws=300, seed=9, level=0.9, method="percentile")
    assert (ours.low, ours.high) == pytest.approx(tuple(np.quantile(draws, [0.05, 0.95])), abs=1e-12)


def test_word_means() -> None:
    y_true, y_pred, words = word_means([1, 5, 3], [2, 0, 4], ["sun", "rain", "sun"])
    np.testing.assert_allclose(y_true, [2, 5])
    np.testing.assert_allclose(y_pred, [3, 0])
    assert list(words) == [0, 1]


def test_covers_where_sentences_alone_would_not() -> None:
    """Unrelated ratings and predictions, both shared by a word's 10 sentences: r = 0 in 95 % of intervals."""
    rng = np.random.default_rng(3)
    by_word = by_sentence = 0
    for run in range(200):
        rating, prediction = rng.normal(size=(2, 60)).repeat(10, axis=1)
        words = np.repeat(np.arange(60), 10)
        low, high = bootstrap_r(rating, prediction, words, draws=300, seed=run)[1:]
        by_word += low <= 0 <= high
        low, high = bootstrap_r(rating, prediction, np.arange(600), draws=300, seed=run)[1:]
        by_sentence += low <= 0 <= high
    assert 0.90 <= by_word / 200 <= 0.98
    assert by_sentence / 200 < 0.6


def test_same_seed_same_interval() -> None:
    data = words_and_sentences(2)
    assert bootstrap_r(*data, seed=1) == bootstrap_r(*data, seed=1)
    assert bootstrap_r(*data, seed=1) != bootstrap_r(*data, seed=2)


def test_no_interval_where_nothing_varies() -> None:
    y_true, _, words = words_and_sentences(4)
    constant = bootstrap_r(y_true, np.full(len(words), 0.1), words, seed=0)
    assert constant.r == 0
    assert np.isnan([constant.low, constant.high]).all()
    one_word = bootstrap_r([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], ["sun"] * 3, seed=0)
    assert one_word.r == pytest.approx(0.5)
    assert np.isnan(one_word.low)


def test_perfect_prediction_has_a_bca_interval() -> None:
    y = np.random.default_rng(0).normal(size=30)
    interval = bootstrap_r(y, 2 * y, np.arange(30), seed=0, method="bca")
    assert tuple(interval) == pytest.approx((1, 1, 1), abs=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 0}, "draws is 0"),
        ({"level": 95}, "level is 95"),
        ({"method": "t"}, "'percentile' or 'bca'"),
    ],
)
def test_bad_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        bootstrap_r([1.0, 2.0], [1.0, 2.0], [0, 1], seed=0, **options)  # type: ignore[arg-type]


def test_lengths_must_agree() -> None:
    with pytest.raises(StatsError, match="groups has shape"):
        bootstrap_r([1.0, 2.0], [1.0, 2.0], [0], seed=0)
    with pytest.raises(StatsError, match="one value a row"):
        word_means([1.0, 2.0], [1.0], [0, 1])
