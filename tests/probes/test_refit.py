"""Refitted probes against fits of scikit-learn, one column at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet, Ridge

from interlingua.models import Activations
from interlingua.probes import Design, fit_probes, refit_elastic_net, refit_ridge
from interlingua.probes.penalty import RidgeCrossValidation, grouped_folds, split_folds
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath

N_WORDS, SENTENCES, WIDTH = 30, 4, 12


@pytest.fixture
def contexts() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    word = np.repeat(np.arange(N_WORDS), SENTENCES)
    return pd.DataFrame(
        {
            "language": "en",
            "word": [f"w{number}" for number in word],
            "split": np.where(word % 5 == 0, "test", "train"),
            "valence": rng.random(N_WORDS)[word],
        }
    )


@pytest.fixture
def activations(contexts: pd.DataFrame) -> Activations:
    rng = np.random.default_rng(2)
    layers = rng.normal(size=(2, len(contexts), WIDTH))
    layers[:, :, :3] += 4 * contexts["valence"].to_numpy()[:, None]
    return Activations.from_arrays(layers.astype(np.float32), {"model": "m", "language": "en"})


@pytest.fixture
def design(activations: Activations, contexts: pd.DataFrame) -> Design:
    return Design(activations, contexts).rated("valence")


@pytest.fixture
def drawn(design: Design) -> np.ndarray:
    """Return permuted ratings, a column a draw."""
    rng = np.random.default_rng(3)
    y, _ = design.ratings("valence")
    by_word = np.array([y[design.train_words == word][0] for word in range(design.train_words.max() + 1)])
    return np.column_stack([rng.permutation(by_word)[design.train_words] for _ in range(4)])


def test_elastic_net_columns_are_scikit_learns(design: Design, drawn: np.ndarray) -> None:
    l1, l2 = 0.02, 0.01
    weights = refit_elastic_net(design.train(1), design.gram(1), drawn, [(l1, l2)] * drawn.shape[1])
    # (1/m)|r|^2 + l1|w| + l2|w|^2 is twice scikit-learn's objective with alpha = l1/2 + l2, l1_ratio = (l1/2)/alpha.
    alpha = l1 / 2 + l2
    oracle = ElasticNet(alpha=alpha, l1_ratio=l1 / 2 / alpha, tol=1e-12, max_iter=100_000)
    for column in range(drawn.shape[1]):
        expected = oracle.fit(design.train(1), drawn[:, column]).coef_
        assert weights[column] == pytest.approx(expected, abs=2e-3)
    assert weights.shape == (4, WIDTH)
    assert (weights == 0).any()


def again(design: Design, columns: np.ndarray, folds: int = 5) -> np.ndarray:
    X = design.train(1)
    cross_validation = RidgeCrossValidation(X, split_folds(X, grouped_folds(design.train_words, folds, 5)))
    return refit_ridge(RidgePath(X), cross_validation, columns)


def test_ridge_chooses_the_penalty_of_each_column_by_itself(design: Design, drawn: np.ndarray) -> None:
    y, _ = design.ratings("valence")
    columns = np.column_stack([y, drawn])
    weights = again(design, columns)
    m = len(y)
    penalties = []
    for column in range(columns.shape[1]):
        fits = [Ridge(alpha=m * l2).fit(design.train(1), columns[:, column]).coef_ for l2 in RIDGE_PENALTIES]
        distances = [np.abs(weights[column] - fit).max() for fit in fits]
        assert min(distances) < 1e-10
        penalties.append(int(np.argmin(distances)))
    assert len(set(penalties)) > 1
    alone = again(design, columns[:, [2]])
    assert alone[0] == pytest.approx(weights[2])
    assert not np.array_equal(weights, again(design, columns, folds=2))


def test_the_real_ratings_give_the_probes_of_the_study(
    design: Design, activations: Activations, contexts: pd.DataFrame
) -> None:
    y, _ = design.ratings("valence")
    fitted = fit_probes(activations, contexts, "valence", probes=["elastic-net"], whole=False, l1=0.01, l2=0.02, seed=0)
    refitted = refit_elastic_net(design.train(0), design.gram(0), y[:, None], [(0.01, 0.02)])
    assert refitted[0] == pytest.approx(fitted.weights["elastic-net", "layer", 0], abs=2e-3)
