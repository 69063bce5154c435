"""Mean pairwise overlap, and the models of section 7 against lme4, scipy and statsmodels."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.mixed import mixed_model
from interlingua.units import PAPER_MODEL, alignment_models, mpo, overlap

LANGUAGES = ["en", "es", "fr", "de", "nl", "it", "pl", "el"]


def points(models: tuple[str, ...], variables: tuple[str, ...], *, slope: float = 0.02, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    by_language = rng.normal(scale=0.02, size=len(LANGUAGES))
    return pd.DataFrame(
        [
            {
                "model": model,
                "variable": variable,
                "language": language,
                "mpo": (overlapped := 15 + rng.normal(scale=2)),
                "r": 0.2 + slope * overlapped + by_language[i] + rng.normal(scale=0.02),
            }
            for model in models
            for variable in variables
            for i, language in enumerate(LANGUAGES)
        ]
    )


def test_mpo_is_equation_2() -> None:
    rng = np.random.default_rng(0)
    sets = {language: set(rng.choice(60, 20, replace=False).tolist()) for language in LANGUAGES}
    pairs = overlap({name: list(units) for name, units in sets.items()}, 60, draws=10, seed=0).pairs
    table = mpo(pairs)
    expected = [np.mean([len(sets[a] & sets[b]) for b in LANGUAGES if b != a]) for a in LANGUAGES]
    assert table["language"].tolist() == LANGUAGES
    np.testing.assert_allclose(table["mpo"], expected)


def test_mpo_of_every_cell() -> None:
    def cell(model: str, times: int) -> pd.DataFrame:
        rows = [(a, b, times * (i + 1)) for i, (a, b) in enumerate(combinations("xyz", 2))]
        return pd.DataFrame(rows, columns=["language_a", "language_b", "observed"]).assign(
            model=model, variable="valence", method="ridge", layer=5
        )

    table = mpo(pd.concat([cell("mBERT", 1), cell("XLM-R", 10)]))
    assert list(table.columns) == ["model", "variable", "method", "layer", "language", "mpo"]
    assert table["model"].tolist() == ["mBERT"] * 3 + ["XLM-R"] * 3
    assert table["mpo"].tolist() == [1.5, 2, 2.5, 15, 20, 25]
    with pytest.raises(StatsError, match="'x' is in 1 pairs, but 2 other languages"):
        mpo(cell("mBERT", 1).iloc[1:])


def test_papers_model_agrees_with_lme4(shared: Path) -> None:
    """Row F1 of golden/lmm_lmerTest_tight.csv (lme4 1.1-31, lmerTest 3.1-3), first simulated table."""
    table = alignment_models(pd.read_csv(shared / "golden" / "lmm_sim1.csv"), draws=100, seed=0)
    assert table["formula"].tolist() == [PAPER_MODEL, "r ~ mpo + model*variable + (1|language)"]
    paper = table.iloc[0]
    assert paper["n"] == 52
    assert paper["estimate"] == pytest.approx(0.0116132603034, rel=1e-5)
    assert paper["se"] == pytest.approx(0.00289650624524, rel=1e-5)
    assert paper["df"] == pytest.approx(0.262631690598, rel=1e-4)
    assert paper["p"] == pytest.approx(0.496756920449, rel=1e-4)
    assert "singular" in paper["note"]
    # Around the paper's estimate no interval holds.
    assert np.isnan(paper["ci_low"])
    assert table["ci_low"].iloc[1] < table["estimate"].iloc[1] < table["ci_high"].iloc[1]
    assert table["p_permutation"].between(1 / 101, 1).all()


def test_simple_model_drops_factors_with_one_level() -> None:
    table = alignment_models(points(("e5",), ("valence", "arousal")), draws=100, seed=0)
    assert np.isnan(table["estimate"].iloc[0])
    assert "1 model and 2 variables" in table["note"].iloc[0]
    simple = table.iloc[1]
    assert simple["formula"] == "r ~ mpo + variable + (1|language)"
    assert simple["estimate"] == pytest.approx(0.02, abs=4 * simple["se"])
    table = alignment_models(points(("e5", "mBERT"), ("valence",)), draws=100, seed=0)
    assert table["formula"].iloc[1] == "r ~ mpo + model + (1|language)"


def test_one_model_and_variable_is_least_squares() -> None:
    data = points(("e5",), ("valence",), seed=2)
    row = alignment_models(data, draws=2000, seed=0).iloc[1]
    fit = sm.OLS(data["r"], sm.add_constant(data["mpo"])).fit()
    assert row["formula"] == "r ~ mpo"
    np.testing.assert_allclose(
        row[["estimate", "se", "df", "t", "p"]].astype(float),
        [fit.params["mpo"], fit.bse["mpo"], 6, fit.tvalues["mpo"], fit.pvalues["mpo"]],
        rtol=1e-9,
    )
    left_out = [stats.linregress(*np.delete(data[["mpo", "r"]].to_numpy(), i, axis=0).T).slope for i in range(8)]
    half = stats.t(7).ppf(0.975) * np.sqrt(7 * np.var(left_out))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((row["estimate"] - half, row["estimate"] + half), rel=1e-9)
    exact = stats.permutation_test(
        (data["mpo"].to_numpy(),),
        lambda x: np.abs(stats.linregress(x, data["r"]).slope),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=2000,
        rng=np.random.default_rng(1),
    ).pvalue
    assert row["p_permutation"] == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_few_points_are_arranged_in_all_ways(n: int) -> None:
    data = points(("e5",), ("valence",), seed=3).head(n)
    row = alignment_models(data, draws=2000, seed=0).iloc[1]
    x, y = data["mpo"].to_numpy(), data["r"].to_numpy()
    exact = stats.permutation_test(
        (x,),
        lambda x: np.abs(stats.linregress(x, y).slope),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=2000,
    ).pvalue
    assert row["p_permutation"] == pytest.approx(exact, rel=1e-12)
    assert row["p_permutation"] == alignment_models(data, draws=2000, seed=9)["p_permutation"].iloc[1]
    arrangements = {3: 6, 4: 24, 5: 120}[n]
    assert f"the share of all {arrangements} arrangements" in row["note"]
    assert f"can't be below 1/{arrangements}." in row["note"]
    assert np.isnan(row[["ci_low", "ci_high"]].astype(float)).all() == (n == 3)
    assert ("3 languages are too few to leave each out in turn" in row["note"]) == (n == 3)


def test_the_interval_of_a_mixed_model_leaves_languages_out() -> None:
    data = points(("e5", "mBERT"), ("valence", "arousal"), seed=1)
    row = alignment_models(data, draws=19, seed=0).iloc[1]
    left_out = [
        mixed_model(row["formula"], data[data["language"] != language]).coefficients.loc["mpo", "estimate"]
        for language in LANGUAGES
    ]
    half = stats.t(7).ppf(0.975) * np.sqrt(7 * np.var(left_out))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((row["estimate"] - half, row["estimate"] + half))


def test_an_interval_that_can_t_be_had_is_told() -> None:
    data = points(("e5",), ("valence",)).head(4).assign(mpo=[13.0, 13.0, 13.0, 15.0])
    row = alignment_models(data, draws=100, seed=0).iloc[1]
    assert np.isnan(row["ci_low"])
    assert "without one of the languages all others share as much" in row["note"]


def test_arrangements_of_few_languages_are_told_of_mixed_models() -> None:
    data = points(("e5", "mBERT"), ("valence", "arousal"), seed=1)
    few = alignment_models(data[data["language"].isin(LANGUAGES[:4])], draws=2000, seed=0)
    assert few["note"].str.contains("all 24 arrangements of the languages").all()
    assert (few["p_permutation"] * 24 % 1 < 1e-9).all()
    for note in alignment_models(data, draws=60, seed=0)["note"]:
        assert "arrangements" not in note


def test_no_relation_gives_uniform_permutation_p() -> None:
    p = [
        alignment_models(points(("e5",), ("valence",), slope=0, seed=seed), draws=199, seed=seed).iloc[1][
            "p_permutation"
        ]
        for seed in range(200)
    ]
    assert 0.02 <= np.mean(np.array(p) <= 0.05) <= 0.09
    assert np.mean(p) == pytest.approx(0.5, abs=0.07)


def test_points_that_are_missing_are_named_in_the_note() -> None:
    data = points(("e5",), ("valence",))
    data.loc[2, "r"] = np.nan
    table = alignment_models(data, draws=100, seed=0)
    assert (table["n"] == 7).all()
    assert table["note"].str.startswith("1 of 8 points without overlap or r").all()


def test_too_few_languages_or_no_variation() -> None:
    data = points(("e5",), ("valence", "arousal"))
    two = alignment_models(data[data["language"].isin(["en", "es"])], draws=100, seed=0)
    assert two["estimate"].isna().all()
    assert "three languages or more; here: 2 languages" in two["note"].iloc[1]
    flat = alignment_models(data.assign(mpo=13.0), draws=100, seed=0)
    assert "same mean pairwise overlap" in flat["note"].iloc[1]


def test_bad_points() -> None:
    data = points(("e5",), ("valence",))
    with pytest.raises(StatsError, match="no column 'mpo'"):
        alignment_models(data.drop(columns="mpo"), seed=0)
    with pytest.raises(StatsError, match="e5 valence en twice"):
        alignment_models(pd.concat([data, data]), seed=0)
    with pytest.raises(StatsError, match="more than one ranking method"):
        alignment_models(pd.concat([data.assign(method="ridge"), data.assign(method="adam")]), seed=0)
