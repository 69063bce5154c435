"""Low outliers, against the published example and the closed form of Grubbs' test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.outliers import low_outliers

# Rosner (1983), vitamin E data, as in NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17.3.
ROSNER = [
    *(-0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69, 1.70),
    *(1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40),
    *(2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01),
]


def test_rosner_s_example() -> None:
    # Two-sided at .05, its critical values are those of one side at .025; the deviates 3.118 and 2.942 of the
    # first two don't reach them (3.158, 3.151), that of the third, 3.179 over 3.143, brings all three in.
    flipped = -np.array(ROSNER)
    found = low_outliers(flipped, alpha=0.025, most=10)
    assert sorted(-flipped[found]) == [5.34, 5.42, 6.01]
    assert not low_outliers(flipped, alpha=0.025, most=2).any()
    assert not low_outliers(ROSNER, alpha=0.025, most=1).any()


@pytest.mark.parametrize("n", [4, 7, 9, 13])
def test_one_outlier_is_a_t_test_of_the_lowest_against_the_rest(n: int) -> None:
    # Grubbs' statistic is a monotone function of the deleted residual, Student's t with n - 2 df.
    rng = np.random.default_rng(n)
    found, expected = [], []
    for shift in np.linspace(0, 8, 40):
        values = rng.normal(size=n)
        values[0] -= shift
        lowest = int(np.argmin(values))
        rest = np.delete(values, lowest)
        t = (rest.mean() - values[lowest]) / (rest.std(ddof=1) * np.sqrt(1 + 1 / (n - 1)))
        found.append(low_outliers(values, most=1)[lowest])
        expected.append(stats.t.sf(t, n - 2) * n < 0.05)
    assert found == expected
    assert len(set(found)) == 2


def test_two_low_values_do_not_hide_each_other() -> None:
    values = [*np.linspace(0.8, 1.2, 11), -1.0, -1.02]
    assert np.flatnonzero(low_outliers(values)).tolist() == [11, 12]
    assert not low_outliers(values, most=1).any()


def test_high_values_and_few_values_are_left_alone() -> None:
    assert not low_outliers([0.1, 0.11, 0.12, 0.1, 0.11, 9.0]).any()
    assert not low_outliers([0.0, 5.0, 5.0]).any()
    assert not low_outliers([1.0] * 6).any()
    assert low_outliers([]).shape == (0,)


def test_what_is_refused() -> None:
    with pytest.raises(StatsError, match="finite"):
        low_outliers([1.0, np.nan, 2.0, 3.0])
    with pytest.raises(StatsError, match="alpha is 2"):
        low_outliers([1.0] * 5, alpha=2)
    with pytest.raises(StatsError, match="at least three must be left"):
        low_outliers([1.0] * 5, most=3)
