"""Regressions on single units against statsmodels' HC3, scipy, and what they reject where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats import correlation
from interlingua.stats.hc3 import hc3_columns, hc3_t, ols_columns


def test_agrees_with_statsmodels(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=25) + 40
    X = rng.exponential(size=(25, 9)) * np.tile([0.01, 1, 100], 3) + 0.3 * y[:, None] - 200
    monkeypatch.setattr(correlation, "_CHUNK_BYTES", 8 * 25 * 4)  # blocks of four columns
    ours, plain = hc3_columns(y, X), ols_columns(y, X)
    for column in range(9):
        model = sm.OLS(y, sm.add_constant(X[:, column]))
        robust, ordinary = model.fit(cov_type="HC3", use_t=True), model.fit()
        for row, fit in ((ours.loc[column], robust), (plain.loc[column], ordinary)):
            expected = [fit.params[1], fit.bse[1], fit.tvalues[1], 23, fit.pvalues[1]]
            np.testing.assert_allclose(row[["b", "se", "t", "df", "p"]], expected, rtol=1e-8)


def test_many_outcomes_at_once_are_as_one_after_the_other() -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(30, 4)) ** 3, rng.normal(size=(30, 6))
    Y[:, 2] = 0.1
    expected = np.column_stack([hc3_columns(outcome, X)["t"] for outcome in Y.T])
    np.testing.assert_allclose(hc3_t(Y, X), expected, rtol=1e-9)
    assert (expected[:, 2] == 0).all()


@pytest.mark.parametrize("n", [12, 123, 520])
def test_a_skewed_unit_is_not_believed_too_soon(n: int) -> None:
    """A lognormal unit that has nothing to do with the rating (the clustered p of before: .19, .13, .09)."""
    rng = np.random.default_rng(2)
    p = [hc3_columns(rng.normal(size=n), rng.lognormal(sigma=1.2, size=(n, 1)))["p"].iloc[0] for _ in range(1000)]
    rejected = stats.binomtest(int((np.array(p) < 0.05).sum()), len(p)).proportion_ci()
    assert rejected.low < 0.08
    assert rejected.high > 0.03


def test_it_sees_what_is_there() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 1))
    assert hc3_columns(x[:, 0] + rng.normal(size=60), x)["p"].iloc[0] < 1e-4


def test_constant_column_and_constant_outcome_predict_nothing() -> None:
    rng = np.random.default_rng(4)
    for table in (
        hc3_columns(rng.normal(size=12), np.full((12, 1), 0.1)),
        ols_columns(rng.normal(size=12), np.ones((12, 1))),
    ):
        row = table.iloc[0]
        assert (row["b"], row["t"], row["p"]) == (0, 0, 1)
        assert np.isnan(row["se"])
    for regress in (hc3_columns, ols_columns):
        table = regress(np.full(12, 0.1), rng.normal(size=(12, 5)))
        assert (table[["b", "t"]] == 0).all(axis=None)
        assert (table["p"] == 1).all()


def test_a_unit_that_one_word_alone_decides_says_nothing() -> None:
    x = np.zeros((12, 2))
    x[3, 0] = 5.0
    x[3:5, 1] = 5.0, 4.0
    y = np.arange(12.0)
    row, other = hc3_columns(y, x).itertuples()
    assert (row.t, row.p) == (0, 1)
    assert np.isnan(row.se)
    expected = sm.OLS(y, sm.add_constant(x[:, 1])).fit(cov_type="HC3", use_t=True)
    assert other.p == pytest.approx(expected.pvalues[1], rel=1e-9)


@pytest.mark.parametrize(
    ("y", "X", "message"),
    [
        ([1.0, 2.0, 3.0], [[1.0], [2.0]], "same number of rows"),
        ([1.0, 2.0], [[1.0], [3.0]], "three rows"),
        ([1.0, np.nan, 4.0], [[1.0], [3.0], [0.0]], r"y\[1\]"),
        ([1.0, 2.0, 4.0], [[1.0], [np.nan], [0.0]], "column 0"),
    ],
)
def test_bad_input(y: list[float], X: list[list[float]], message: str) -> None:
    for regress in (hc3_columns, ols_columns, hc3_t):
        with pytest.raises(StatsError, match=message):
            regress(y, X)
