"""The tables of overlap, against R and against sets counted one by one."""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import false_discovery_control

from interlingua.errors import StatsError
from interlingua.units import Overlap, overlap

LANGUAGES = ["en", "es", "fr", "de"]
WIDTH, LAYER, K = 40, 3, 12


@pytest.fixture(scope="module")
def rankings() -> pd.DataFrame:
    """Four languages whose units partly agree: layer 3 of width 40."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=WIDTH)
    tables = []
    for language in LANGUAGES:
        weight = common + rng.normal(size=WIDTH)
        order = np.argsort(-np.abs(weight))
        tables.append(
            pd.DataFrame(
                {
                    "model": "tiny",
                    "language": language,
                    "variable": "valence",
                    "method": "ridge",
                    "layer": LAYER,
                    "unit": LAYER * WIDTH + order,
                    "index": order,
                    "score": np.abs(weight)[order],
                    "sign": np.sign(weight)[order].astype(int),
                    "rank": np.arange(1, WIDTH + 1),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def found(rankings: pd.DataFrame) -> Overlap:
    return overlap(rankings, WIDTH, k=K, draws=500, seed=0)


def tops(rankings: pd.DataFrame) -> dict[str, dict[int, int]]:
    """Return, counted here, language to unit to sign."""
    best = rankings[rankings["rank"] <= K]
    return {
        language: dict(zip(rows["unit"], rows["sign"], strict=True))
        for language, rows in best.groupby("language", sort=False)
    }


def test_agrees_with_r(shared: Path) -> None:
    """R SuperExactTest 1.2.1 on 13 sets of 100 out of 768 (golden/), moved to layer 5 of a network."""
    sets = pd.read_csv(shared / "golden" / "sets13_100of768.csv") + 5 * 768
    table = overlap({name: sets[name].to_numpy() for name in sets}, 768, draws=10, seed=0).overlap
    assert len(table) == 2**13 - 1 - 13
    ours = table.set_index(table["languages"].map(lambda names: frozenset(names.split())))
    reference = pd.read_csv(shared / "golden" / "supertest13_R_sample.csv")
    ours = ours.loc[[frozenset(names.split(" & ")) for names in reference["Intersections"]]]
    np.testing.assert_array_equal(ours["observed"], reference["Observed.Overlap"])
    np.testing.assert_allclose(ours["fe"], reference["FE"], rtol=1e-12)
    two_or_more = reference["Observed.Overlap"].to_numpy() >= 2  # R's P(X >= 1) is off by up to 4.5e-4
    np.testing.assert_allclose(ours["p"][two_or_more], reference["P.value"][two_or_more], rtol=1e-9)
    np.testing.assert_allclose(ours["p"], reference["P.value"], rtol=1e-3)


def test_every_intersection_with_its_units(found: Overlap, rankings: pd.DataFrame) -> None:
    sets = tops(rankings)
    expected = [
        (" ".join(names), degree, sorted(set.intersection(*(set(sets[name]) for name in names))))
        for degree in (2, 3, 4)
        for names in combinations(LANGUAGES, degree)
    ]
    table = found.overlap
    assert list(zip(table["languages"], table["degree"], strict=True)) == [row[:2] for row in expected]
    assert [[int(unit) for unit in units.split()] for units in table["units"]] == [row[2] for row in expected]
    assert table["observed"].tolist() == [len(row[2]) for row in expected]
    cell = table[["model", "variable", "method", "layer"]].drop_duplicates()
    assert cell.to_numpy().tolist() == [["tiny", "valence", "ridge", LAYER]]


def test_pairs(found: Overlap, rankings: pd.DataFrame) -> None:
    sets = tops(rankings)
    pairs = found.pairs
    assert list(pairs.columns[4:]) == (
        ["language_a", "language_b", "observed", "expected", "fe", "log_p", "p", "p_bh", "p_by", "same_sign"]
    )
    for row in pairs.itertuples():
        a, b = sets[row.language_a], sets[row.language_b]
        shared = a.keys() & b.keys()
        assert row.observed == len(shared)
        assert row.p == pytest.approx(stats.hypergeom(WIDTH, K, K).sf(len(shared) - 1), rel=1e-10)
        assert row.same_sign == pytest.approx(np.mean([a[unit] == b[unit] for unit in shared]))
    np.testing.assert_allclose(pairs["p_bh"], false_discovery_control(pairs["p"], method="bh"))
    np.testing.assert_allclose(pairs["p_by"], false_discovery_control(pairs["p"], method="by"))


def test_pairs_summary(found: Overlap) -> None:
    pairs, summary = found.pairs, found.pairs_summary.iloc[0]
    assert len(found.pairs_summary) == 1
    assert summary["n_pairs"] == 6
    assert summary["mean_overlap"] == pytest.approx(pairs["observed"].mean())
    assert summary["mean_fe"] == pytest.approx((pairs["observed"] / (K * K / WIDTH)).mean())
    assert summary["fe_over_1"] == sum(pairs["observed"] > K * K / WIDTH)
    assert summary["p_below_05"] == sum(pairs["p"] < 0.05)
    assert summary["p_bh_below_05"] == sum(pairs["p_bh"] < 0.05)
    same = pairs["same_sign"] * pairs["observed"]
    assert summary["same_sign"] == pytest.approx(same.sum() / pairs["observed"].sum())
    assert summary["mean_overlap_same_sign"] == pytest.approx(same.mean())


def test_degrees(found: Overlap, rankings: pd.DataFrame) -> None:
    shared_by = pd.Series([unit for units in tops(rankings).values() for unit in units]).value_counts()
    table = found.degrees
    assert table["n_languages"].tolist() == [1, 2, 3, 4]
    assert table["observed"].tolist() == [int((shared_by >= d).sum()) for d in (1, 2, 3, 4)]
    assert table["expected"].iloc[-1] == pytest.approx(WIDTH * (K / WIDTH) ** 4)
    assert table["p"].between(0, 1).all()


def test_highest_degree() -> None:
    sets = {"a": [1, 2, 3], "b": [1, 2, 9], "c": [2, 1, 8], "d": [3, 9, 8], "e": [7, 3, 4]}
    table = overlap(sets, 20, draws=10, seed=0).highest_degree
    assert table["languages"].tolist() == ["a b c", "a d e"]
    assert table["units"].tolist() == ["1 2", "3"]
    assert table["degree"].tolist() == [3, 3]
    assert (table["n_subsets"] == 10).all()
    np.testing.assert_allclose(table["expected"], 20 * 0.15**3)
    np.testing.assert_allclose(table["p_bonferroni"], np.minimum(10 * table["p"], 1))


def test_signs(found: Overlap, rankings: pd.DataFrame) -> None:
    sets = tops(rankings)
    expected = {}
    for unit in sorted({unit for units in sets.values() for unit in units}):
        names = [language for language in LANGUAGES if unit in sets[language]]
        signs = [sets[language][unit] for language in names]
        if len(names) > 1:
            expected[unit] = (len(names), " ".join(names), signs.count(1), signs.count(-1))
    table = found.signs.set_index("unit")
    columns = ["n_languages", "languages", "n_positive", "n_negative"]
    assert {unit: tuple(row) for unit, row in zip(table.index, table[columns].to_numpy(), strict=True)} == expected
    assert (np.diff(table["n_languages"]) <= 0).all()
    np.testing.assert_allclose(
        table["agreement"], table[["n_positive", "n_negative"]].max(axis=1) / table["n_languages"]
    )


def test_sets_and_rankings_say_the_same(found: Overlap, rankings: pd.DataFrame) -> None:
    sets = tops(rankings)
    again = overlap(
        {language: list(units) for language, units in sets.items()},
        WIDTH,
        signs={language: list(units.values()) for language, units in sets.items()},
        draws=500,
        seed=0,
    )
    for name in ("overlap", "pairs", "pairs_summary", "degrees", "highest_degree", "signs"):
        with_cell = getattr(found, name).drop(columns=["model", "variable", "method", "layer"])
        pd.testing.assert_frame_equal(with_cell, getattr(again, name))


def test_without_signs() -> None:
    found = overlap({"a": [1, 2], "b": [2, 3]}, 10, draws=10, seed=0)
    assert found.pairs["same_sign"].isna().all()
    assert found.pairs_summary["same_sign"].isna().all()
    assert found.signs["n_positive"].isna().all()


def test_languages_that_share_nothing_or_have_nothing() -> None:
    """A sparse probe may keep no unit at all: no evidence of overlap, and no crash."""
    nothing: NDArray[np.int64] = np.array([], dtype=np.int64)
    found = overlap({"a": [1, 2], "b": [3], "c": nothing}, 10, draws=10, seed=0)
    assert (found.overlap["p"] == 1).all()
    assert found.highest_degree.empty
    assert found.signs.empty
    assert found.pairs_summary["fe_over_1"].item() == 0
    assert np.isnan(found.pairs_summary["same_sign"].item())


def test_independent_sets_have_fold_enrichment_one() -> None:
    rng = np.random.default_rng(1)
    fe = [
        overlap({name: rng.choice(384, 71, replace=False) for name in "abcdef"}, 384, draws=10, seed=0)
        .pairs_summary["mean_fe"]
        .item()
        for _ in range(40)
    ]
    assert np.mean(fe) == pytest.approx(1, abs=4 * np.std(fe) / np.sqrt(40))


def test_bad_arguments(rankings: pd.DataFrame) -> None:
    with pytest.raises(StatsError, match="need k"):
        overlap(rankings, WIDTH, seed=0)
    with pytest.raises(StatsError, match="leave k out"):
        overlap({"a": [1], "b": [1]}, 10, k=1, seed=0)
    with pytest.raises(StatsError, match="at least two languages, not 1"):
        overlap(rankings[rankings["language"] == "en"], WIDTH, k=K, seed=0)
    with pytest.raises(StatsError, match="2 layers of 10 units"):
        overlap({"a": [1], "b": [11]}, 10, seed=0)
    for below in ([-1], [-1, 3]):
        with pytest.raises(StatsError, match="there is no unit -1"):
            overlap({"a": below, "b": [2] * (len(below) - 1)}, 10, seed=0)
    with pytest.raises(StatsError, match="more than once"):
        overlap({"a": [1, 1], "b": [2]}, 10, seed=0)
    with pytest.raises(StatsError, match="signs of language 'b'"):
        overlap({"a": [1], "b": [2]}, 10, signs={"a": [1], "b": [1, 1]}, seed=0)


@pytest.mark.parametrize("name", ["en GB", " en", "", "en\t", 3])
def test_names_with_blanks_are_refused_before_anything_is_computed(
    name: object, rankings: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["interlingua.units.overlap"], "select_top", lambda *_: pytest.fail("computed"))
    renamed = rankings.assign(language=rankings["language"].map(lambda code: name if code == "es" else code))
    with pytest.raises(StatsError, match="call each by a word without blanks"):
        overlap(renamed, WIDTH, k=K, seed=0)
    with pytest.raises(StatsError, match="call each by a word without blanks"):
        overlap({"en": [1, 2], name: [2, 3]}, WIDTH, seed=0)  # type: ignore[dict-item]
