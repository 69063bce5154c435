"""Single units in an unseen language, against statsmodels and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats

from interlingua.errors import StatsError
from interlingua.units import layer_table, transfer

WIDTH, LAYER = 30, 7
FIRST = WIDTH * LAYER
Data = tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int64]]


@pytest.fixture(scope="module")
def finnish() -> Data:
    """Fifty words of eight sentences; unit 4 carries the rating, unit 9 says nothing at all."""
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(50), 8)
    y = rng.uniform(size=50)[words]
    X = 3 + rng.normal(size=(50, WIDTH))[words] + rng.normal(size=(400, WIDTH))
    X[:, 4] += 6 * y
    X[:, 9] = 0.1
    return X.astype(np.float32), y, words


def test_agrees_with_statsmodels(finnish: Data) -> None:
    X, y, words = finnish
    row = transfer(X, y, words, {FIRST + 4: 11}, layer=LAYER, seed=0).iloc[0]
    z = stats.zscore(X[:, 4].astype(np.float64))
    plain = sm.OLS(y, sm.add_constant(z)).fit()
    clustered = sm.OLS(y, sm.add_constant(z)).fit(cov_type="cluster", cov_kwds={"groups": words}, use_t=True)
    np.testing.assert_allclose(
        row[["b", "se", "t", "df", "p"]].astype(float),
        [plain.params[1], plain.bse[1], plain.tvalues[1], 398, plain.pvalues[1]],
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        row[["b_cluster", "se_cluster", "t_cluster", "df_cluster", "p_cluster"]].astype(float),
        [plain.params[1], clustered.bse[1], clustered.tvalues[1], 49, clustered.pvalues[1]],
        rtol=1e-9,
    )
    assert (row["n_languages"], row["n"], row["n_words"]) == (11, 400, 50)


def test_percentile_is_the_place_among_all_units(finnish: Data) -> None:
    table = layer_table(*finnish, layer=LAYER)
    assert table["unit"].tolist() == list(range(FIRST, FIRST + WIDTH))
    size = table["t_cluster"].abs()
    expected = [stats.percentileofscore(size, t, kind="mean") for t in size]
    np.testing.assert_allclose(table["percentile"], expected)
    assert table["percentile"].idxmax() == 4
    assert table["percentile"].idxmin() == 9


def test_baseline_is_the_mean_of_random_units(finnish: Data) -> None:
    table = transfer(*finnish, [FIRST + 4, FIRST], layer=LAYER, seed=3, n_random=12)
    every = layer_table(*finnish, layer=LAYER)
    drawn = every.iloc[np.random.default_rng(3).choice(WIDTH, size=12, replace=False)]
    for row in table.itertuples():
        assert row.baseline_abs_b == pytest.approx(drawn["b"].abs().mean())
        assert row.baseline_abs_t == pytest.approx(drawn["t"].abs().mean())
        assert row.baseline_p == pytest.approx(2 * stats.t(398).sf(drawn["t"].abs().mean()))
        assert row.baseline_abs_t_cluster == pytest.approx(drawn["t_cluster"].abs().mean())
        assert row.baseline_share_p05 == pytest.approx((drawn["p"] < 0.05).mean())
        assert row.baseline_share_p05_cluster == pytest.approx((drawn["p_cluster"] < 0.05).mean())
    # A layer with fewer units than asked for is its own baseline.
    whole = transfer(*finnish, [FIRST], layer=LAYER, seed=3).iloc[0]
    assert whole["baseline_abs_b"] == pytest.approx(every["b"].abs().mean())


def test_columns_order_and_unknown_counts(finnish: Data) -> None:
    table = transfer(*finnish, [FIRST + 20, FIRST + 1], layer=LAYER, seed=0)
    assert table["unit"].tolist() == [FIRST + 20, FIRST + 1]
    assert table["n_languages"].isna().all()
    columns = """layer unit n_languages b se t df p b_cluster se_cluster t_cluster df_cluster p_cluster percentile
    baseline_abs_b baseline_abs_t baseline_p baseline_abs_t_cluster baseline_share_p05 baseline_share_p05_cluster
    n n_words"""
    assert " ".join(table.columns).split() == columns.split()
    assert transfer(*finnish, [], layer=LAYER, seed=0).columns.equals(table.columns)


def test_scale_of_the_activations_does_not_matter(finnish: Data) -> None:
    X, y, words = finnish
    scaled = X.astype(np.float64) * np.linspace(0.01, 100, WIDTH) - 40
    pd.testing.assert_frame_equal(layer_table(X, y, words, layer=0), layer_table(scaled, y, words, layer=0), rtol=1e-6)


def test_a_unit_of_another_layer(finnish: Data) -> None:
    with pytest.raises(StatsError, match="unit 240 is not in layer 7, whose units are 210 to 239"):
        transfer(*finnish, [FIRST, FIRST + WIDTH], layer=LAYER, seed=0)
