"""Jackknife intervals against scipy, and what they cover (more in ``test_coverage.py``)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.jackknife import jackknife, ratio_interval


def test_of_a_mean_it_is_the_interval_of_the_t_test() -> None:
    values = np.random.default_rng(0).normal(size=7)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    found = jackknife(values.mean(), [np.delete(values, i).mean() for i in range(7)], level=0.9)
    assert found == pytest.approx((values.mean(), expected.low, expected.high))


def test_of_any_statistic_it_is_the_textbook_formula() -> None:
    """Efron and Tibshirani 1993, equation 11.5, written out."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 9))
    left_out = [np.corrcoef(np.delete(x, i), np.delete(y, i))[0, 1] for i in range(9)]
    found = jackknife(0.3, left_out)
    half = stats.t(8).ppf(0.975) * np.sqrt(8 * np.var(left_out))
    assert found == pytest.approx((0.3, 0.3 - half, 0.3 + half))


def test_too_few_or_undefined_has_no_interval() -> None:
    assert np.isnan(jackknife(0.5, [0.5])[1:]).all()
    assert jackknife(0.5, [0.5]).estimate == 0.5
    assert np.isnan(jackknife(1.0, [1.0, np.nan, 2.0])[1:]).all()
    with pytest.raises(StatsError, match="between 0 and 1"):
        jackknife(1.0, [1.0, 2.0], level=95)
    with pytest.raises(StatsError, match="shape"):
        jackknife(1.0, [[1.0, 2.0]])


def tables(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    a, b = (rng.uniform(1, 5, size=(n, n)) for _ in range(2))
    return a + a.T, b + b.T


def test_ratio_is_of_the_means_over_pairs() -> None:
    a, b = tables(5)
    off = ~np.eye(5, dtype=bool)
    found = ratio_interval(a, b)
    assert found.estimate == pytest.approx(a[off].mean() / b[off].mean())
    logs = []
    for i in range(5):
        kept = off & (np.arange(5) != i) & (np.arange(5)[:, None] != i)
        logs.append(np.log(a[kept].mean() / b[kept].mean()))
    half = stats.t(4).ppf(0.975) * np.sqrt(4 * np.var(logs))
    assert np.log(found[1:]) == pytest.approx((np.log(found.estimate) - half, np.log(found.estimate) + half))
    inverse = ratio_interval(b, a)
    assert inverse == pytest.approx((1 / found.estimate, 1 / found.high, 1 / found.low))


def test_two_languages_have_a_ratio_and_no_interval() -> None:
    a, b = tables(2)
    found = ratio_interval(a, b)
    assert found.estimate == pytest.approx(a[0, 1] / b[0, 1])
    assert np.isnan(found[1:]).all()


def test_nothing_shared_has_no_interval_and_no_warning() -> None:
    a, _ = tables(4)
    nothing = np.zeros((4, 4))
    assert np.isnan(ratio_interval(a, nothing)).all()
    found = ratio_interval(nothing, a)
    assert found.estimate == 0
    assert np.isnan(found[1:]).all()
    one_pair = nothing.copy()
    one_pair[0, 1] = one_pair[1, 0] = 2.0  # without the first language nothing is left
    assert np.isnan(ratio_interval(one_pair, a)[1:]).all()
    with pytest.raises(StatsError, match="shapes"):
        ratio_interval(a, nothing[:3])
