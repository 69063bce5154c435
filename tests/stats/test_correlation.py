"""Pearson's r against scipy and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats import correlation
from interlingua.stats.correlation import pearson, pearson_columns


def test_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    assert pearson(a, b) == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-14)
    assert pearson(a, -3 * a + 2) == pytest.approx(-1, abs=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_agree_with_numpy(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    y = rng.uniform(size=90)
    # A large offset is where sums of squares would lose their digits.
    X = (rng.normal(size=(90, 33)) + 0.4 * y[:, None] + 500).astype(dtype)
    expected = np.corrcoef(X.astype(np.float64), y, rowvar=False)[-1, :-1]
    np.testing.assert_allclose(pearson_columns(X, y), expected, atol=1e-12)
    monkeypatch.setattr(correlation, "_CHUNK_BYTES", 8 * 90 * 7)  # seven columns at a time
    np.testing.assert_allclose(pearson_columns(X, y), expected, atol=1e-12)


def test_constant_columns_have_no_correlation() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(size=50)
    X = np.column_stack([np.full(50, 0.1), y, np.zeros(50)])
    np.testing.assert_allclose(pearson_columns(X, y), [0, 1, 0], atol=1e-14)
    assert (pearson_columns(X, np.full(50, 0.3)) == 0).all()


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0], "same number of rows"),
        ([1.0], [1.0], "two rows"),
        ([1.0, np.nan], [1.0, 2.0], r"a\[1\] is nan"),
        ([1.0, 2.0], [1.0, np.inf], r"y\[1\] is inf"),
    ],
)
def test_bad_input(a: list[float], b: list[float], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        pearson(a, b)


def test_bad_column_is_named() -> None:
    X = np.ones((4, 6))
    X[2, 5] = np.nan
    with pytest.raises(StatsError, match="column 5"):
        pearson_columns(X, np.arange(4.0))
