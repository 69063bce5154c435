"""Clustered regression against statsmodels and R's sandwich."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from interlingua.errors import StatsError
from interlingua.stats import correlation
from interlingua.stats.clustered import cluster_ols, cluster_ols_columns


def test_agrees_with_r() -> None:
    """R sandwich vcovCL(type = "HC1") on simulated data, a copy of the developers' ``golden/cluster_ols.csv``."""
    data = pd.read_csv(Path(__file__).parent / "data" / "cluster_ols.csv")
    fit = cluster_ols(data["y"], data["x"], data["w"])
    assert fit.se == pytest.approx(0.0625739381684, rel=1e-11)
    assert fit.t == pytest.approx(0.202398461571, rel=1e-10)
    assert fit.p == pytest.approx(0.839942367076, rel=1e-11)
    assert fit.df == 122


def test_agrees_with_statsmodels(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    words = rng.permutation(np.repeat(np.arange(25), rng.integers(1, 12, size=25)))
    n = len(words)
    y = rng.normal(size=25)[words] + 40
    X = rng.normal(size=(n, 9)) + rng.normal(size=(25, 9))[words] + 0.3 * y[:, None] - 200
    monkeypatch.setattr(correlation, "_CHUNK_BYTES", 8 * n * 4)  # blocks of four columns
    ours = cluster_ols_columns(y, X, [f"word {word}" for word in words])
    for column, row in ours.iterrows():
        model = sm.OLS(y, sm.add_constant(X[:, int(str(column))]))
        plain = model.fit()
        clustered = model.fit(cov_type="cluster", cov_kwds={"groups": words}, use_t=True)
        expected = [plain.params[1], plain.bse[1], plain.tvalues[1], n - 2, plain.pvalues[1]]
        np.testing.assert_allclose(row[["b", "se", "t", "df", "p"]], expected, rtol=1e-9)
        expected = [clustered.bse[1], clustered.tvalues[1], 24, clustered.pvalues[1]]
        np.testing.assert_allclose(row[["se_cluster", "t_cluster", "df_cluster", "p_cluster"]], expected, rtol=1e-9)


def test_one_row_a_cluster_is_hc1() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 30))
    expected = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC1").bse[1]
    assert cluster_ols(y, x, np.arange(30)).se == pytest.approx(expected, rel=1e-12)


def test_plain_errors_reject_too_often_and_clustered_ones_do_not() -> None:
    """123 words x 15 sentences, a null predictor that is half word-level: 45 % and 5 % (PAPER.md, 4)."""
    rng = np.random.default_rng(2)
    words = np.repeat(np.arange(123), 15)
    X = rng.normal(size=(123, 2000))[words] + rng.normal(size=(1845, 2000))
    table = cluster_ols_columns(rng.normal(size=123)[words], X, words)
    assert 0.40 < (table["p"] < 0.05).mean() < 0.50
    assert 0.03 < (table["p_cluster"] < 0.05).mean() < 0.07


def test_constant_column_predicts_nothing() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=12)
    row = cluster_ols_columns(y, np.full((12, 1), 0.1), np.repeat(np.arange(4), 3)).iloc[0]
    assert (row["b"], row["t"], row["p"], row["t_cluster"], row["p_cluster"]) == (0, 0, 1, 0, 1)
    assert np.isnan([row["se"], row["se_cluster"]]).all()


def test_constant_outcome_is_not_predicted() -> None:
    X = np.random.default_rng(4).normal(size=(12, 5))
    table = cluster_ols_columns(np.full(12, 0.1), X, np.repeat(np.arange(4), 3))
    assert (table[["b", "t", "t_cluster"]] == 0).all(axis=None)
    assert (table[["p", "p_cluster"]] == 1).all(axis=None)


@pytest.mark.parametrize(
    ("y", "x", "clusters", "message"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0], [0, 1, 2], "same number of rows"),
        ([1.0, 2.0], [1.0, 3.0], [0, 1], "three rows"),
        ([1.0, 2.0, 4.0], [1.0, 3.0, 0.0], [0, 0, 0], "two clusters"),
        ([1.0, np.nan, 4.0], [1.0, 3.0, 0.0], [0, 0, 1], r"y\[1\]"),
        ([1.0, 2.0, 4.0], [1.0, np.nan, 0.0], [0, 0, 1], "column 0"),
    ],
)
def test_bad_input(y: list[float], x: list[float], clusters: list[int], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        cluster_ols(y, x, clusters)
