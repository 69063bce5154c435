"""Folds of whole words, and r on held-out words, against scikit-learn fitted on each fold's own rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr
from sklearn.linear_model import ElasticNet, Ridge

from interlingua.errors import ConfigError, StatsError
from interlingua.probes import RidgeCrossValidation, choose_penalty, grouped_folds, split_folds
from interlingua.probes.design import Moments
from interlingua.probes.penalty import best_penalty, cross_validate_elastic_net


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    words = np.repeat([f"w{i}" for i in range(30)], 4)
    word_effect = np.repeat(rng.normal(size=(30, 12)), 4, axis=0)
    X = word_effect + rng.normal(size=(120, 12))
    y = np.repeat(word_effect[::4, 0] - word_effect[::4, 1] + rng.normal(size=30), 4)
    return X - X.mean(axis=0), y, words


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(1, 5), min_size=3, max_size=30),
    folds=st.integers(2, 3),
    seed=st.integers(0, 1000),
)
def test_folds_share_no_word(counts: list[int], folds: int, seed: int) -> None:
    words = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    fold_of_row = grouped_folds(words, folds, seed)
    folds_of_word = [set(fold_of_row[words == word]) for word in range(len(counts))]
    assert all(len(found) == 1 for found in folds_of_word)
    sizes = np.bincount([found.pop() for found in folds_of_word], minlength=folds)
    assert len(sizes) == folds
    assert np.ptp(sizes) <= 1


def test_folds_follow_the_seed() -> None:
    words = np.repeat(np.arange(40), 3)
    np.testing.assert_array_equal(grouped_folds(words, 5, 7), grouped_folds(words, 5, 7))
    assert (grouped_folds(words, 5, 7) != grouped_folds(words, 5, 8)).any()


@pytest.mark.parametrize("folds", [1, 4])
def test_impossible_folds(folds: int) -> None:
    with pytest.raises(StatsError, match=f"cannot make {folds} folds of 3 training words"):
        grouped_folds(["a", "a", "b", "c"], folds, 0)


def test_moments_without_rows_are_those_of_the_others() -> None:
    X = np.random.default_rng(0).normal(size=(50, 8)) + 10
    left, expected = Moments.of(X).without(X[:20]), Moments.of(X[20:])
    assert left.m == expected.m == 30
    np.testing.assert_allclose(left.mean, expected.mean, rtol=1e-12)
    np.testing.assert_allclose(left.gram, expected.gram, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(expected.gram, np.cov(X[20:].T, bias=True) * 30, rtol=1e-10)


def test_elastic_net_scores_agree_with_scikit_learn(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    X, y, words = data
    fold_of_row = grouped_folds(words, 4, 0)
    penalties = [(0.01, 0.01), (0.3, 0.1), (0.001, 0.001)]
    scores = cross_validate_elastic_net(X, y, split_folds(X, fold_of_row), penalties)
    for (l1, l2), score in zip(penalties, scores, strict=True):
        rs = []
        for fold in range(4):
            out = fold_of_row == fold
            alpha = l1 / 2 + l2
            oracle = ElasticNet(alpha=alpha, l1_ratio=l1 / 2 / alpha, tol=1e-10, max_iter=100_000)
            rs.append(pearsonr(oracle.fit(X[~out], y[~out]).predict(X[out]), y[out]).statistic)
        assert score == pytest.approx(np.mean(rs), abs=1e-4)


@pytest.mark.parametrize("columns", [12, 200], ids=["more rows", "more units"])
def test_ridge_scores_agree_with_scikit_learn(data: tuple[np.ndarray, np.ndarray, np.ndarray], columns: int) -> None:
    X, y, words = data
    X = X @ np.random.default_rng(1).normal(size=(12, columns))
    fold_of_row = grouped_folds(words, 3, 0)
    Y = np.column_stack([y, np.roll(y, 7), y**2])
    penalties = (0.01, 1.0, 30.0)
    scores = RidgeCrossValidation(X, split_folds(X, fold_of_row)).scores(Y, penalties)
    for i, l2 in enumerate(penalties):
        for k in range(3):
            rs = []
            for fold in range(3):
                out = fold_of_row == fold
                oracle = Ridge(alpha=(~out).sum() * l2, solver="svd").fit(X[~out], Y[~out, k])
                rs.append(pearsonr(oracle.predict(X[out]), Y[out, k]).statistic)
            assert scores[i, k] == pytest.approx(np.mean(rs), abs=1e-6)


@pytest.mark.parametrize("kind", ["elastic-net", "ridge"])
def test_the_choice_is_the_best_of_its_grid(data: tuple[np.ndarray, np.ndarray, np.ndarray], kind: str) -> None:
    X, y, words = data
    grid = (0.001, 0.1, 0.3, 1.0, 100.0)
    choice = choose_penalty(X + 4, y, words, kind=kind, penalties=grid, seed=3)  # type: ignore[arg-type]
    assert choice.r == choice.mean_r.max()
    assert choice.penalties[np.argmax(choice.mean_r)] == choice.best
    assert (np.diff(choice.penalties) > 0).all()
    assert not choice.at_edge
    again = choose_penalty(X, y, words, kind=kind, penalties=[choice.best, 1e-9], seed=3)  # type: ignore[arg-type]
    assert again.at_edge
    assert again.best == choice.best
    assert again.r == pytest.approx(choice.r, abs=1e-3)


def test_a_prediction_without_variance_counts_as_zero(
    data: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    X, y, words = data
    scores = cross_validate_elastic_net(X, y, split_folds(X, grouped_folds(words, 3, 0)), [(1e3, 1.0)])
    assert scores.tolist() == [0.0]


def test_of_equal_penalties_the_largest_is_taken() -> None:
    choice = best_penalty([0.1, 0.001, 0.01, 1.0], [0.5, 0.2, 0.5, 0.1])
    assert choice.best == 0.1
    assert choice.mean_r.tolist() == [0.2, 0.5, 0.5, 0.1]
    assert not choice.at_edge


def test_bad_arguments(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    X, y, words = data
    with pytest.raises(ConfigError, match="did you mean 'ridge'"):
        choose_penalty(X, y, words, kind="rigde")  # type: ignore[arg-type]
    with pytest.raises(StatsError, match="same rows"):
        choose_penalty(X, y[1:], words, kind="ridge")
