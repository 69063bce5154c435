"""Stability of rankings, against draws made row by row."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn.linear_model import Ridge

from interlingua.errors import ConfigError, StatsError
from interlingua.units import curve_over_k, method_agreement, overlap, selection_frequency

Data = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]
N_WORDS, WIDTH, K, PENALTY = 30, 12, 4, 0.2


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(N_WORDS), rng.integers(1, 6, size=N_WORDS))
    y = rng.uniform(size=N_WORDS)[words]
    X = 5 + rng.normal(size=(N_WORDS, WIDTH))[words] + rng.normal(size=(len(words), WIDTH))
    X[:, 3] += 8 * y
    X[:, 7] = 2.0
    return X, y, words


def score(name: str, X: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return |r|, or |weight| of scikit-learn's ridge on standardised units; 0 for the constant unit."""
    vary = np.ptp(X, axis=0) > 0
    z = stats.zscore(X[:, vary])
    out = np.zeros(X.shape[1])
    if name == "correlation":
        out[vary] = np.abs(z.T @ stats.zscore(y) / len(y))
    else:
        out[vary] = np.abs(Ridge(alpha=PENALTY * len(y)).fit(z, y).coef_)  # |y-Xw|^2 + m l2 |w|^2
    return out


@pytest.mark.parametrize("name", ["correlation", "ridge"])
def test_agrees_with_drawing_the_rows(data: Data, name: str) -> None:
    X, y, words = data
    table = selection_frequency(X, y, words, scorer=name, k=K, draws=60, seed=4, penalty=PENALTY)
    counts = np.random.default_rng(4).multinomial(N_WORDS, np.full(N_WORDS, 1 / N_WORDS), size=60)
    chosen = np.zeros(WIDTH)
    for times in counts:
        rows = np.repeat(np.arange(len(y)), times[words])
        chosen[np.argsort(-score(name, X[rows], y[rows]))[:K]] += 1
    np.testing.assert_allclose(table["frequency"], chosen / 60)
    np.testing.assert_allclose(table["score"], score(name, X, y), atol=1e-10)
    assert set(table.loc[table["selected"], "index"]) == set(np.argsort(-score(name, X, y))[:K])
    assert table["frequency"].iloc[3] == 1
    assert table["frequency"].iloc[7] == 0


def test_batches_do_not_change_the_sum(data: Data) -> None:
    table = selection_frequency(*data, k=K, draws=150, seed=1)
    assert table["frequency"].sum() == pytest.approx(K)


def test_bad_options(data: Data) -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'correlation'\?"):
        selection_frequency(*data, scorer="correlations", k=K, seed=0)
    with pytest.raises(ConfigError, match="positive penalty"):
        selection_frequency(*data, scorer="ridge", k=K, seed=0)
    with pytest.raises(ConfigError, match="from 1 to 12"):
        selection_frequency(*data, k=13, seed=0)
    with pytest.raises(StatsError, match="at least one"):
        selection_frequency(*data, k=K, draws=0, seed=0)
    X, y, words = data
    with pytest.raises(StatsError, match="at least two, not 1"):
        selection_frequency(X, y, np.zeros_like(words), k=K, seed=0)
    with pytest.raises(StatsError, match="not finite"):
        selection_frequency(X, np.full_like(y, np.nan), words, k=K, seed=0)


@pytest.fixture(scope="module")
def rankings() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    common = rng.normal(size=50)
    tables = []
    for method, noise in [("ridge", 0.5), ("elastic-net", 1.0)]:
        for language in ("en", "es", "fr"):
            weight = common + noise * rng.normal(size=50)
            if method == "elastic-net":
                weight[np.abs(weight) < 0.8] = 0
            order = np.argsort(-np.abs(weight), kind="stable")
            ranks = {"unit": order, "score": np.abs(weight)[order], "sign": np.sign(weight)[order].astype(int)}
            tables.append(pd.DataFrame({"method": method, "language": language, "layer": 0, **ranks}))
            tables[-1]["rank"] = np.arange(1, 51)
    return pd.concat(tables, ignore_index=True)


def test_curve_over_k_agrees_with_overlap(rankings: pd.DataFrame) -> None:
    curve = curve_over_k(rankings, 50, [5, 0.3, 40])
    assert curve["k"].tolist() == [5, 15, 40] * 2
    for row in curve.itertuples():
        one = rankings[rankings["method"] == row.method]
        summary = overlap(one, 50, k=row.k, draws=10, seed=0).pairs_summary.iloc[0]
        assert row.mean_fe == pytest.approx(summary["mean_fe"])
        assert row.mean_overlap == pytest.approx(summary["mean_overlap"])
        assert row.same_sign == pytest.approx(summary["same_sign"])
        assert row.n_pairs == 3
    with pytest.raises(StatsError, match="at least two languages"):
        curve_over_k(rankings[rankings["language"] == "en"], 50, [5])


def test_method_agreement(rankings: pd.DataFrame) -> None:
    renamed = rankings[rankings["method"] == "ridge"].assign(method="again")
    table = method_agreement(pd.concat([rankings, renamed]), 10)
    assert len(table) == 3 * len(list(combinations("abc", 2)))
    same = table[(table["method_a"] == "ridge") & (table["method_b"] == "again")]
    assert same["share"].tolist() == [1, 1, 1]
    assert same["same_sign"].tolist() == [1, 1, 1]
    row = table[(table["language"] == "es") & (table["method_b"] == "elastic-net")].iloc[0]
    one, other = (
        rankings[(rankings["language"] == "es") & (rankings["method"] == method) & (rankings["rank"] <= 10)]
        for method in ("ridge", "elastic-net")
    )
    assert row["shared"] == len(set(one["unit"]) & set(other["unit"]))
    assert row["share"] == row["shared"] / 10
    assert row["k"] == 10
