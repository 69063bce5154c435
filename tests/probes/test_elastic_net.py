"""Eq. 1, against scikit-learn without a Gram matrix, celer, scikit-learn's Ridge and the conditions of optimality."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from interlingua.errors import StatsError
from interlingua.probes import duality_gap, elastic_net

PENALTIES = [(0.001, 0.001), (0.01, 0.01), (0.1, 0.003), (0.0003, 0.03)]


def problem(m: int, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Correlated inputs with means, and ratings in [0, 1] that a few of them carry."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, n // 2)) @ rng.normal(size=(n // 2, n)) + rng.normal(size=(m, n))
    X = X / X.std(axis=0) + rng.normal(size=n)
    y = X[:, :5] @ np.array([1.0, -0.5, 0.3, 0.2, -0.1]) + rng.normal(size=m)
    return X, (y - y.min()) / np.ptp(y)


def eq1(X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, l1: float, l2: float) -> float:
    return float(np.mean((y - X @ w - b) ** 2) + l1 * np.abs(w).sum() + l2 * (w @ w))


def gap_of(X: np.ndarray, y: np.ndarray, w: np.ndarray, l1: float, l2: float) -> float:
    Xc, yc = X - X.mean(axis=0), y - y.mean()
    return duality_gap(w, gram=Xc.T @ Xc, xy=Xc.T @ yc, yy=float(yc @ yc), m=len(y), l1=l1, l2=l2)


@pytest.mark.parametrize("shape", [(300, 40), (60, 90)])
@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
def test_agrees_with_scikit_learn(shape: tuple[int, int], l1: float, l2: float) -> None:
    X, y = problem(*shape)
    alpha = l1 / 2 + l2
    oracle = ElasticNet(alpha=alpha, l1_ratio=l1 / 2 / alpha, tol=1e-12, max_iter=1_000_000).fit(X, y)
    fit = elastic_net(X, y, l1=l1, l2=l2)
    expected = eq1(X, y, oracle.coef_, oracle.intercept_, l1, l2)
    assert fit.objective == pytest.approx(expected, rel=1e-8)
    assert fit.objective == pytest.approx(eq1(X, y, fit.weights, fit.intercept, l1, l2), rel=1e-10)
    np.testing.assert_allclose(fit.weights, oracle.coef_, atol=1e-6)
    assert fit.intercept == pytest.approx(oracle.intercept_, abs=1e-6)
    assert fit.n_nonzero == np.count_nonzero(oracle.coef_) == np.count_nonzero(fit.weights)
    assert fit.converged
    assert 0 <= fit.gap <= 1e-10


@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
def test_agrees_with_celer(l1: float, l2: float) -> None:
    celer = pytest.importorskip("celer")
    X, y = problem(200, 30)
    alpha = l1 / 2 + l2
    oracle = celer.ElasticNet(alpha=alpha, l1_ratio=l1 / 2 / alpha, tol=1e-10, max_iter=1000).fit(X, y)
    expected = eq1(X, y, oracle.coef_, oracle.intercept_, l1, l2)
    assert elastic_net(X, y, l1=l1, l2=l2).objective == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
def test_satisfies_the_conditions_of_optimality(l1: float, l2: float) -> None:
    X, y = problem(150, 200, seed=3)
    fit = elastic_net(X, y, l1=l1, l2=l2)
    residual = y - X @ fit.weights - fit.intercept
    slope = 2 / len(y) * X.T @ residual - 2 * l2 * fit.weights
    assert abs(residual.sum()) < 1e-10
    used = fit.weights != 0
    np.testing.assert_allclose(slope[used], l1 * np.sign(fit.weights[used]), atol=1e-9)
    assert np.abs(slope[~used]).max() <= l1 + 1e-9


@pytest.mark.parametrize(("l1", "l2"), [(0.0005, 0.0005), (0.02, 0.001), (0.0, 0.01)])
def test_large_networks_are_solved_in_growing_sets(l1: float, l2: float) -> None:
    X, y = problem(300, 1500, seed=2)
    fit = elastic_net(X, y, l1=l1, l2=l2)
    residual = y - X @ fit.weights - fit.intercept
    slope = 2 / len(y) * X.T @ residual - 2 * l2 * fit.weights
    used = fit.weights != 0
    np.testing.assert_allclose(slope[used], l1 * np.sign(fit.weights[used]), atol=1e-9)
    assert np.abs(slope[~used]).max(initial=0.0) <= l1 + 1e-9
    assert fit.converged
    warm = elastic_net(X, y, l1=l1, l2=l2, warm_start=np.ones(1500))
    np.testing.assert_allclose(warm.weights, fit.weights, atol=1e-8)


def test_without_l1_it_is_ridge() -> None:
    X, y = problem(80, 30)
    oracle = Ridge(alpha=len(y) * 0.02).fit(X, y)
    fit = elastic_net(X, y, l1=0.0, l2=0.02)
    np.testing.assert_allclose(fit.weights, oracle.coef_, rtol=1e-7, atol=1e-10)
    assert fit.converged


def test_without_l2_it_is_the_lasso() -> None:
    X, y = problem(50, 80)
    oracle = Lasso(alpha=0.01, tol=1e-12, max_iter=1_000_000).fit(X, y)
    fit = elastic_net(X, y, l1=0.02, l2=0.0)
    assert fit.objective == pytest.approx(eq1(X, y, oracle.coef_, oracle.intercept_, 0.02, 0.0), rel=1e-8)


def test_an_unreachable_gap_is_said() -> None:
    X, y = problem(50, 80)
    fit = elastic_net(X, y, l1=0.02, l2=0.01, tol=-1.0)
    assert not fit.converged
    assert fit.gap < 1e-9


def test_gram_and_warm_start_change_nothing() -> None:
    X, y = problem(120, 60)
    fit = elastic_net(X, y, l1=0.003, l2=0.001)
    centred = X - X.mean(axis=0)
    again = elastic_net(X, y, l1=0.003, l2=0.001, gram=centred.T @ centred, warm_start=fit.weights)
    np.testing.assert_allclose(again.weights, fit.weights, atol=1e-12)
    assert again.n_iter <= fit.n_iter
    start = np.ones(X.shape[1])
    far = elastic_net(X, y, l1=0.003, l2=0.001, warm_start=start)
    np.testing.assert_allclose(far.weights, fit.weights, atol=1e-9)
    np.testing.assert_array_equal(start, 1.0)


def test_constant_units_get_no_weight() -> None:
    X, y = problem(100, 20)
    X[:, 4] = 0.0
    X[:, 9] = 7.0
    fit = elastic_net(X, y, l1=0.001, l2=0.001)
    assert fit.weights[4] == 0
    assert fit.weights[9] == 0
    np.testing.assert_allclose(
        np.delete(fit.weights, [4, 9]),
        elastic_net(np.delete(X, [4, 9], axis=1), y, l1=0.001, l2=0.001).weights,
        atol=1e-9,
    )


def test_a_large_penalty_leaves_the_mean() -> None:
    X, y = problem(60, 20)
    fit = elastic_net(X, y, l1=100.0, l2=1.0)
    assert fit.n_nonzero == 0
    assert fit.intercept == pytest.approx(y.mean())
    assert fit.objective == pytest.approx(y.var())
    assert fit.gap == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("l1", "l2"), [*PENALTIES, (0.05, 0.0), (0.0, 0.01)])
@pytest.mark.parametrize("seed", range(5))
def test_the_gap_bounds_what_is_left_to_gain(l1: float, l2: float, seed: int) -> None:
    X, y = problem(70, 90, seed=seed)
    best = elastic_net(X, y, l1=l1, l2=l2, tol=1e-12)
    rng = np.random.default_rng(seed)
    for scale in (0.0, 1e-4, 1e-2, 1.0):
        noise = rng.normal(size=90) * (rng.uniform(size=90) < 0.3)
        w = best.weights + scale * noise
        b = float(np.mean(y - X @ w))
        suboptimality = (eq1(X, y, w, b, l1, l2) - best.objective) / y.var()
        gap = gap_of(X, y, w, l1, l2)
        assert gap >= 0
        assert gap >= suboptimality - 1e-12
        # Not so loose as to be useless: it vanishes together with the error.
        if scale == 0.0:
            assert gap < 1e-11
    assert gap_of(X, y, np.zeros(90), l1, l2) <= 1 + 1e-12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"l1": -0.1}, "must be >= 0"),
        ({"l1": 0.0, "l2": 0.0}, "must be >= 0"),
        ({"l2": float("nan")}, "must be >= 0"),
        ({"y": np.ones(30)}, "nothing to learn"),
        ({"y": np.ones(29)}, "same rows"),
        ({"y": np.full(30, np.nan)}, "not finite"),
    ],
)
def test_bad_arguments(change: dict[str, object], message: str) -> None:
    X, y = problem(30, 10)
    arguments: dict[str, object] = {"X": X, "y": y, "l1": 0.001, "l2": 0.001} | change
    with pytest.raises(StatsError, match=message):
        elastic_net(**arguments)  # type: ignore[arg-type]
