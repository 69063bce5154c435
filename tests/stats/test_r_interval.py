"""Intervals of r over words, against a plain loop; what they cover is in ``test_coverage.py``."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.r_interval import mean_r_interval, r_interval, word_means

Array = NDArray[np.float64]


def words_and_sentences(seed: int, n_words: int = 40, n: int = 6) -> tuple[Array, Array, NDArray[np.int64]]:
    """Return ratings, predictions that are half the word's, and words, the rows in no order."""
    rng = np.random.default_rng(seed)
    words = rng.permutation(np.repeat(np.arange(n_words), rng.integers(1, n, size=n_words)))
    rating, word_noise = rng.normal(size=(2, n_words))
    prediction = 0.6 * rating[words] + word_noise[words] + rng.normal(size=len(words)) + 30
    return rating[words], prediction, words


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_agrees_with_a_loop_that_leaves_each_word_out(level: float) -> None:
    y_true, y_pred, words = words_and_sentences(0)
    kept = [words != word for word in np.unique(words)]
    z = np.arctanh([stats.pearsonr(y_true[rows], y_pred[rows]).statistic for rows in kept])
    r = stats.pearsonr(y_true, y_pred).statistic
    half = stats.t(39).ppf((1 + level) / 2) * np.sqrt(39 * np.var(z))
    found = r_interval(y_true, y_pred, [f"word {word}" for word in words], level=level)
    assert found == pytest.approx((r, np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)), abs=1e-12)


def test_of_normal_words_it_is_about_fisher_s() -> None:
    y_true, y_pred = np.random.default_rng(1).normal(size=(2, 4000)) + np.random.default_rng(2).normal(size=4000)
    expected = stats.pearsonr(y_true, y_pred).confidence_interval()
    found = r_interval(y_true, y_pred, np.arange(4000))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=2e-3)


def test_word_means() -> None:
    y_true, y_pred, words = word_means([1, 5, 3], [2, 0, 4], ["sun", "rain", "sun"])
    np.testing.assert_allclose(y_true, [2, 5])
    np.testing.assert_allclose(y_pred, [3, 0])
    assert list(words) == [0, 1]


def test_covers_where_sentences_alone_would_not() -> None:
    """Unrelated ratings and predictions, both shared by a word's 10 sentences: r = 0 in 95 % of intervals."""
    rng = np.random.default_rng(3)
    by_word = by_sentence = 0
    for _ in range(300):
        rating, prediction = rng.normal(size=(2, 60)).repeat(10, axis=1)
        low, high = r_interval(rating, prediction, np.repeat(np.arange(60), 10))[1:]
        by_word += low <= 0 <= high
        low, high = r_interval(rating, prediction, np.arange(600))[1:]
        by_sentence += low <= 0 <= high
    assert 0.91 <= by_word / 300 <= 0.985
    assert by_sentence / 300 < 0.6


def test_no_interval_where_nothing_varies() -> None:
    y_true, _, words = words_and_sentences(4)
    constant = r_interval(y_true, np.full(len(words), 0.1), words)
    assert constant.r == 0
    assert np.isnan([constant.low, constant.high]).all()
    for few in (["sun"] * 3, ["sun", "sun", "rain"]):
        found = r_interval([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], few)
        assert found.r == pytest.approx(0.5)
        assert np.isnan(found.low)
    # Without the one word that differs, nothing does.
    alone = r_interval([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 1.0], range(4))
    assert np.isnan(alone.low)


def test_perfect_prediction_has_an_interval() -> None:
    y = np.random.default_rng(0).normal(size=30)
    assert tuple(r_interval(y, 2 * y, np.arange(30))) == pytest.approx((1, 1, 1), abs=1e-7)
    assert tuple(r_interval(y, -2 * y, np.arange(30))) == pytest.approx((-1, -1, -1), abs=1e-7)


def test_mean_of_languages_is_jackknifed_on_fisher_s_scale() -> None:
    r = np.array([0.9, 0.5, 0.8, 0.7])
    z = np.arctanh([np.delete(r, i).mean() for i in range(4)])
    half = stats.t(3).ppf(0.975) * np.sqrt(3 * np.var(z))
    centre = np.arctanh(r.mean())
    expected = (r.mean(), np.tanh(centre - half), np.tanh(centre + half))
    assert mean_r_interval(r) == pytest.approx(expected)
    assert mean_r_interval([*r, np.nan]) == pytest.approx(expected)


def test_too_few_languages_have_no_interval() -> None:
    one = mean_r_interval([0.5])
    assert one.estimate == 0.5
    assert np.isnan(one[1:]).all()
    assert np.isnan(mean_r_interval([np.nan])).all()
    assert np.isfinite(mean_r_interval([0.5, 0.6])).all()


def test_bad_input() -> None:
    with pytest.raises(StatsError, match="level is 95"):
        r_interval([1.0, 2.0, 4.0], [1.0, 2.0, 0.0], [0, 1, 2], level=95)
    with pytest.raises(StatsError, match="groups has shape"):
        r_interval([1.0, 2.0], [1.0, 2.0], [0])
    with pytest.raises(StatsError, match="one value a row"):
        word_means([1.0, 2.0], [1.0], [0, 1])
