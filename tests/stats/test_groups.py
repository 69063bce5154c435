"""Sums over the rows of a word, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interlingua.errors import StatsError
from interlingua.stats.groups import group_codes, group_sums


def test_sums_agree_with_pandas_whatever_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    words = rng.choice(["sun", "rain", "snow"], size=40)
    values = rng.normal(size=(40, 5)).astype(np.float32)
    codes, n = group_codes(words, 40)
    expected = pd.DataFrame(values.astype(np.float64)).groupby(words, sort=False).sum()
    np.testing.assert_allclose(group_sums(values, codes, n), expected, rtol=1e-14)
    np.testing.assert_allclose(group_sums(values[:, 0], codes, n), expected[0], rtol=1e-14)
    assert list(expected.index) == list(dict.fromkeys(words))


def test_bad_groups() -> None:
    with pytest.raises(StatsError, match="3 rows"):
        group_codes(["a", "b"], 3)
    with pytest.raises(StatsError, match="row 1 has no group"):
        group_codes(np.array(["a", None], dtype=object), 2)
