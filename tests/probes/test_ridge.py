"""Ridge for many penalties and ratings at once, against scikit-learn's Ridge one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from interlingua.errors import StatsError
from interlingua.probes import RIDGE_PENALTIES, RidgePath, ridge


@pytest.fixture(params=[(80, 30), (40, 100)], ids=["more rows", "more units"])
def data(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    m, n = request.param
    rng = np.random.default_rng(1)
    return rng.normal(size=(m, n)) @ rng.normal(size=(n, n)) + 3, rng.normal(size=(m, 4)) + 1


@pytest.mark.parametrize("l2", RIDGE_PENALTIES[::3])
def test_agrees_with_scikit_learn(data: tuple[np.ndarray, np.ndarray], l2: float) -> None:
    X, Y = data
    fit = ridge(X, Y, l2=l2)
    oracle = Ridge(alpha=len(X) * l2, solver="svd").fit(X, Y)
    np.testing.assert_allclose(fit.weights.T, oracle.coef_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fit.intercept, oracle.intercept_, rtol=1e-6, atol=1e-8)


def test_one_rating_is_a_column_of_many_and_each_may_have_its_penalty(
    data: tuple[np.ndarray, np.ndarray],
) -> None:
    X, Y = data
    penalties = [0.01, 0.1, 1.0, 10.0]
    together = ridge(X, Y, l2=penalties)
    for k, l2 in enumerate(penalties):
        alone = ridge(X, Y[:, k], l2=l2)
        assert alone.weights.shape == (X.shape[1],)
        np.testing.assert_allclose(together.weights[:, k], alone.weights, rtol=1e-8, atol=1e-12)
        assert together.intercept[k] == pytest.approx(float(alone.intercept))


def test_projected_predictions_are_those_of_the_weights(data: tuple[np.ndarray, np.ndarray]) -> None:
    X, Y = data
    X = X - X.mean(axis=0)
    path = RidgePath(X, gram=X.T @ X)
    new = np.random.default_rng(2).normal(size=(7, X.shape[1]))
    np.testing.assert_allclose(
        path.project(new) @ path.shrunk(path.targets(Y), 0.3), new @ path.weights(Y, 0.3), atol=1e-10
    )


@pytest.mark.parametrize("l2", [0.0, -1.0, [0.1, 0.0, 0.1, 0.1]])
def test_the_penalty_must_be_positive(data: tuple[np.ndarray, np.ndarray], l2: object) -> None:
    with pytest.raises(StatsError, match="must be > 0"):
        ridge(*data, l2=l2)  # type: ignore[arg-type]


def test_rows_must_match(data: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(StatsError, match="same rows"):
        ridge(data[0], data[1][1:], l2=0.1)
