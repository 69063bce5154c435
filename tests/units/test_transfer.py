"""Single units in an unseen language, against statsmodels and scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.hc3 import hc3_columns
from interlingua.units import layer_table, transfer
from interlingua.units.transfer import beside_own_codes

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
    means = pd.DataFrame({"z": z, "y": y}).groupby(words).mean()
    by_word = sm.OLS(means["y"], sm.add_constant(means["z"])).fit(cov_type="HC3", use_t=True)
    np.testing.assert_allclose(
        row[["b", "se", "t", "df", "p"]].astype(float),
        [plain.params[1], plain.bse[1], plain.tvalues[1], 398, plain.pvalues[1]],
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        row[["b_words", "se_words", "t_words", "df_words", "p_words"]].astype(float),
        [by_word.params["z"], by_word.bse["z"], by_word.tvalues["z"], 48, by_word.pvalues["z"]],
        rtol=1e-9,
    )
    assert (row["n_languages"], row["n"], row["n_words"]) == (11, 400, 50)


def test_percentile_is_the_place_among_all_units(finnish: Data) -> None:
    table = layer_table(*finnish, layer=LAYER)
    assert table["unit"].tolist() == list(range(FIRST, FIRST + WIDTH))
    size = table["t_words"].abs()
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
        assert row.baseline_abs_t_words == pytest.approx(drawn["t_words"].abs().mean())
        assert row.baseline_share_p05 == pytest.approx((drawn["p"] < 0.05).mean())
        assert row.baseline_share_p05_words == pytest.approx((drawn["p_words"] < 0.05).mean())
    # A layer with fewer units than asked for is its own baseline.
    whole = transfer(*finnish, [FIRST], layer=LAYER, seed=3).iloc[0]
    assert whole["baseline_abs_b"] == pytest.approx(every["b"].abs().mean())


def test_columns_order_and_unknown_counts(finnish: Data) -> None:
    table = transfer(*finnish, [FIRST + 20, FIRST + 1], layer=LAYER, seed=0)
    assert table["unit"].tolist() == [FIRST + 20, FIRST + 1]
    assert table["n_languages"].isna().all()
    columns = """layer unit n_languages b se t df p b_words se_words t_words df_words p_words percentile
    baseline_abs_b baseline_abs_t baseline_p baseline_abs_t_words baseline_share_p05 baseline_share_p05_words
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


def draws(finnish: Data, n: int, seed: int) -> NDArray[np.float64]:
    """Ratings that the language encodes in directions of its own: as random mixtures of the units' word means."""
    X, _, words = finnish
    means = pd.DataFrame(X.astype(np.float64)).groupby(words).mean().to_numpy()
    rng = np.random.default_rng(seed)
    return np.asarray((stats.zscore(means[:, :9] @ rng.normal(size=(9, n))) + rng.normal(size=(50, n)))[words])


def test_units_beside_own_codes_one_by_one(finnish: Data) -> None:
    X, y, words = finnish
    own = draws(finnish, 39, seed=1)
    signs = {FIRST + 4: 1, FIRST + 1: -1, FIRST + 9: 1}
    found = beside_own_codes(*finnish, signs, own, layer=LAYER)
    means = pd.DataFrame(X.astype(np.float64)).groupby(words).mean().to_numpy()
    every = [hc3_columns(pd.Series(r).groupby(words).mean(), means)["t"].to_numpy() for r in [y, *own.T]]
    counts = []
    for t in every:
        places = [stats.percentileofscore(np.abs(t), abs(t[i]), kind="mean") for i in (4, 1, 9)]
        agrees = np.sign(t[[4, 1, 9]]) == [1, -1, 1]
        p = np.array([np.mean([abs(other[i]) >= abs(t[i]) for other in every]) for i in (4, 1, 9)])
        counts.append((int((agrees & (p < 0.05)).sum()), sum(place >= 95 for place in places), np.median(places)))
        if t is every[0]:
            assert found.table["sign_agrees"].tolist() == agrees.tolist()
            np.testing.assert_allclose(found.table["p_own"], p)
    assert found.table["unit"].tolist() == list(signs)
    assert found.table["replicates"].tolist() == [True, False, False]
    names = [("n_replicated", "replicated"), ("top_5_percent",) * 2, ("median_percentile",) * 2]
    for (real, name), values in zip(names, np.array(counts, dtype=float).T, strict=True):
        assert found.summary[real] == pytest.approx(values[0])
        assert found.summary[f"own_{name}"] == pytest.approx(values[1:].mean())
        assert found.summary[f"p_{name}"] == pytest.approx((values >= values[0] - 1e-9).mean())
        assert (values[1:] <= found.summary[f"own_{name}_95"] + 1e-9).mean() >= 0.95
    assert found.summary["own_draws"] == 39
    assert found.summary["n_agree"] == found.table["sign_agrees"].sum()


def test_a_unit_with_the_other_sign_does_not_replicate(finnish: Data) -> None:
    own = draws(finnish, 39, seed=1)
    found = beside_own_codes(*finnish, {FIRST + 4: -1}, own, layer=LAYER)
    assert (found.table["p_own"] < 0.05).all()
    assert found.summary["n_replicated"] == 0


def test_own_codes_are_not_mistaken_for_a_replication(finnish: Data) -> None:
    """Where the language has a code of its own, few of any units replicate: 2.5 % each, by sign and size together."""
    X, _, words = finnish
    real = draws(finnish, 150, seed=3)
    own = draws(finnish, 99, seed=4)
    signs = {FIRST + i: (-1) ** i for i in range(9)}
    found = [beside_own_codes(X, y, words, signs, own, layer=LAYER).summary for y in real.T]
    share = np.mean([one["n_replicated"] for one in found]) / len(signs)
    assert 0.01 < share < 0.045
    for name in ("replicated", "top_5_percent", "median_percentile"):
        rejected = sum(one[f"p_{name}"] < 0.05 for one in found)
        assert stats.binomtest(rejected, len(found), 0.05, alternative="greater").pvalue > 0.01, name


def test_nothing_to_hold_against_own_codes(finnish: Data) -> None:
    with pytest.raises(StatsError, match="one unit and one draw"):
        beside_own_codes(*finnish, {}, draws(finnish, 9, seed=0), layer=LAYER)
