"""Corrections against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from interlingua.errors import StatsError
from interlingua.stats.multiplicity import adjust, bonferroni_within_degree

STATSMODELS = {"bh": "fdr_bh", "by": "fdr_by", "bonferroni": "bonferroni", "holm": "holm"}
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.parametrize("method", STATSMODELS)
@settings(max_examples=20)  # statsmodels collects garbage in every call for Holm
@given(p=p_values)
def test_agrees_with_statsmodels(method: str, p: list[float]) -> None:
    expected = multipletests(p, method=STATSMODELS[method])[1]
    np.testing.assert_allclose(adjust(p, method), expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("method", STATSMODELS)
def test_missing_tests_are_not_counted(method: str) -> None:
    p = np.array([[0.01, np.nan], [0.04, 0.03]])
    adjusted = adjust(p, method)
    assert np.isnan(adjusted[0, 1])
    np.testing.assert_allclose(adjusted[~np.isnan(p)], adjust(p[~np.isnan(p)], method))
    assert np.isnan(adjust([np.nan], method)).all()


@pytest.mark.parametrize("bad", [-0.1, 1.5, np.inf])
def test_not_a_p_value(bad: float) -> None:
    with pytest.raises(StatsError, match="not a p-value"):
        adjust([0.2, bad])


def test_unknown_method() -> None:
    with pytest.raises(StatsError, match="did you mean 'holm'"):
        adjust([0.2], "holms")


def test_within_degree() -> None:
    """P(X >= 1) for k of 13 sets of 100 out of 768 (kx_100of768_exact.csv), times the subsets of k."""
    exact = {
        7: 0.00048722916078646120818,
        8: 0.00006345394511234486087,
        10: 1.0758427708220623216e-6,
        11: 1.4008375417014048774e-7,
    }
    corrected = [float(bonferroni_within_degree(p, 13, degree)) for degree, p in exact.items()]
    # PAPER.md, section 4: 0.84, 0.08, 3e-4, 1e-5.
    assert corrected == pytest.approx([0.84, 0.08, 3e-4, 1e-5], rel=0.1)
    assert bonferroni_within_degree([0.5, 0.0], 5, 2).tolist() == [1, 0]
    with pytest.raises(StatsError, match="degree 14"):
        bonferroni_within_degree(0.1, 13, 14)
