"""How firm the choice of units is: steps held against the analyses that they take, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.models import Activations
from interlingua.probes import Design, adam_probe
from interlingua.questions.stability import ADAM_SEEDS, HALVES, K_CURVE, METHOD_AGREEMENT, QUESTION, STABILITY
from interlingua.questions.stability import SUMMARY as MEANS
from interlingua.questions.stability.compute import compare, select_again, summary
from interlingua.questions.stability.initialisations import adam_seeds
from interlingua.questions.stability.show import brief, draw_k_curve, glance, section
from interlingua.report.results import Results
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables import Table
from interlingua.tables.layout import Layout
from interlingua.units.stability import curve_over_k, halves, selection_frequency

WIDTH, SEED = 40, 3
CELL = Cell("m", "valence", 1, 4, Layout.even(2, WIDTH))
PROBES = pd.DataFrame(
    {
        "model": "m",
        "site": "resid",
        "language": "en",
        "variable": "valence",
        "probe": ["ridge", "ridge", "adam"],
        "curve": ["layer", "layer", "whole"],
        "layer": [0, 1, -1],
        "l1": [0.0, 0.0, 0.001],
        "l2": [9.0, 0.2, 0.001],
    }
)


@pytest.fixture(scope="module")
def material() -> tuple[Activations, pd.DataFrame]:
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(24), 2)
    rating = rng.uniform(size=24)[words]
    X = rng.normal(size=(2, 48, WIDTH)).astype(np.float32)
    X[1, :, 3] += 4 * rating
    rating[4:7] = np.nan
    split = np.where(words < 18, "train", "test")
    ratings = pd.DataFrame(
        {"language": "en", "word": [f"w{number}" for number in words], "split": split, "valence": rating}
    )
    return Activations.from_arrays(X, {"language": "en", "model": "m"}), ratings


def rankings(methods: tuple[str, ...], width: int = WIDTH, layer: int = 1) -> pd.DataFrame:
    """Rankings of both layers in three languages, made up."""
    rng = np.random.default_rng(1)
    parts = [
        pd.DataFrame(
            {
                "model": "m",
                "site": "resid",
                "language": language,
                "variable": "valence",
                "method": method,
                "layer": at,
                "unit": Layout.even(2, width).unit(at, np.arange(width)),
                "index": np.arange(width),
                "score": 1.0,
                "sign": rng.choice([-1, 1], width),
                "rank": rng.permutation(width) + 1,
            }
        )
        for language in ("en", "fi", "zh")
        for at in range(2)
        for method in methods
    ]
    return pd.concat(parts, ignore_index=True)


def test_top_units_are_those_of_the_layer_with_how_often_they_are_there_again(material: Any) -> None:
    options: Any = {"language": "en", "draws": 6, "standardise": "train", "seed": SEED}
    found = select_again(*material, CELL, PROBES, methods=("ridge", "adam"), **options)
    table = STABILITY.check(found["stability"])
    seed = derive_seed(SEED, "stability", "m", "en", "valence")
    # |correlation| without being asked for; Adam's probe can't be fitted for every draw.
    methods = {"correlation": None, "ridge": (0.0, 0.2)}
    every = selection_frequency(Design(*material), "valence", 1, methods, CELL.k, draws=6, seed=seed)
    top = every[every["selected"]]
    assert table["method"].tolist() == ["correlation"] * 4 + ["ridge"] * 4 == top["method"].tolist()
    assert table["unit"].tolist() == (WIDTH + top["index"]).tolist()
    assert table["frequency"].tolist() == top["frequency"].tolist()
    assert WIDTH + 3 in set(table["unit"])
    apart = HALVES.check(found["stability_halves"])
    own = derive_seed(SEED, "halves", "m", "en", "valence")
    expected = halves(Design(*material), "valence", 1, methods, CELL.k, draws=20, seed=own)
    pd.testing.assert_frame_equal(apart[list(expected.columns)], expected)
    assert apart["language"].tolist() == ["en", "en"]


def test_adams_seeds_are_compared_where_it_is_fitted(material: Any) -> None:
    options: Any = {"language": "en", "seeds": 3, "standardise": "train", "l1": 0.01, "l2": 0.02, "epochs": 2}
    assert adam_seeds(*material, CELL, probes=("ridge",), seed=SEED, **options) == {"adam_seeds": None}
    found = adam_seeds(*material, CELL, probes=("ridge", "adam"), seed=SEED, **options)["adam_seeds"]
    table = ADAM_SEEDS.check(found)
    assert table[["method_a", "method_b"]].to_numpy().tolist() == [
        ["seed 1", "seed 2"],
        ["seed 1", "seed 3"],
        ["seed 2", "seed 3"],
    ]
    design = Design(*material).rated("valence")
    y, _ = design.ratings("valence")
    inputs = np.concatenate([design.train(0), design.train(1)], axis=1).astype(np.float32)
    own = derive_seed(SEED, "adam seeds", "m", "en", "valence")
    tops = [
        set(np.argsort(-np.abs(weights[WIDTH:]), kind="stable")[: CELL.k])
        for weights in (
            adam_probe(inputs, y, seed=derive_seed(own, number), l1=0.01, l2=0.02, epochs=2).weights
            for number in range(3)
        )
    ]
    assert table["shared"].tolist() == [len(tops[a] & tops[b]) for a, b in ((0, 1), (0, 2), (1, 2))]


def test_comparisons_are_of_the_cells_layer_only() -> None:
    every = rankings(("correlation", "ridge"))
    found = compare(every, CELL)
    curve, agreement = K_CURVE.check(found["k_curve"]), METHOD_AGREEMENT.check(found["method_agreement"])
    assert curve["k"].tolist() == [1, 2, 4, 5, 7, 10, 14, 20] * 2
    shares = (0.02, 0.05, 0.1, 0.13, 0.185, 0.25, 0.35, 0.5)
    pd.testing.assert_frame_equal(found["k_curve"], curve_over_k(every[every["layer"] == 1], WIDTH, shares))
    assert agreement[["language", "k", "layer"]].to_numpy().tolist() == [[code, 4, 1] for code in ("en", "fi", "zh")]
    at_top = every[(every["layer"] == 1) & (every["language"] == "fi") & (every["rank"] <= 4)]
    assert agreement["shared"].iloc[1] == at_top["unit"].duplicated().sum()


def test_one_ranking_agrees_with_no_other_and_a_narrow_layer_has_each_size_once() -> None:
    found = compare(rankings(("ridge",), width=10), Cell("m", "valence", 1, 4, Layout.even(2, 10)))
    assert found["method_agreement"] is None
    assert K_CURVE.check(found["k_curve"])["k"].tolist() == [1, 2, 4, 5]


def stability_of(**frequencies: list[float]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"method": method, "frequency": values, "unit": range(len(values)), "score": 1.0})
        for method, values in frequencies.items()
    ]
    return pd.concat(parts, ignore_index=True).assign(
        model="m", site="resid", variable="valence", layer=1, language="en"
    )


def seeds_of(shares: list[float]) -> pd.DataFrame:
    languages = ["en", "fi", "zh"][: len(shares)]
    table = pd.DataFrame({"language": languages, "shared": 1, "share": shares, "k": 4, "same_sign": 1.0})
    return table.assign(model="m", site="resid", variable="valence", layer=1, method_a="seed 1", method_b="seed 2")


STABLE = stability_of(correlation=[1.0, 0.5, 0.9], ridge=[0.1, 0.3])


def halves_of(**shared: tuple[float, float]) -> pd.DataFrame:
    """Return what halves share in English and French, by ranking."""
    rows = [
        {"method": method, "language": code, "shared": value}
        for method, values in shared.items()
        for code, value in zip(("en", "fr"), values, strict=True)
    ]
    table = pd.DataFrame(rows).assign(
        model="m", site="resid", variable="valence", layer=1, draws=20, n_words=9, k=4, expected=0.4
    )
    return HALVES.check(table.assign(shared_low=0.0, shared_high=4.0, same_sign=1.0))


APART = halves_of(correlation=(3.0, 2.0), ridge=(1.0, 1.5))
PAIRS = pd.DataFrame(
    {"model": "m", "site": "resid", "variable": "valence", "layer": 1, "method": "correlation", "observed": [1, 2]}
)  # ridge is not among the study's rankings


def test_the_summary_averages_by_ranking() -> None:
    found = summary(STABLE, APART, seeds_of([0.2, 0.5, 0.5]), PAIRS)["stability_summary"]
    table = MEANS.check(found).set_index("method")
    assert table["mean_frequency"].to_dict() == pytest.approx(
        {"correlation": 0.8, "ridge": 0.2, "adam": np.nan}, nan_ok=True
    )
    assert table["median_frequency"].to_dict() == pytest.approx(
        {"correlation": 0.9, "ridge": 0.2, "adam": np.nan}, nan_ok=True
    )
    assert table["halves_shared"].to_dict() == pytest.approx(
        {"correlation": 2.5, "ridge": 1.25, "adam": np.nan}, nan_ok=True
    )
    assert table["halves_lowest_language"].dropna().to_dict() == {"correlation": "fr", "ridge": "en"}
    assert table["pairs_shared"].to_dict() == pytest.approx(
        {"correlation": 1.5, "ridge": np.nan, "adam": np.nan}, nan_ok=True
    )
    assert table.loc["adam", "seeds_share"] == pytest.approx(0.4)
    alone = MEANS.check(summary(STABLE, APART, ADAM_SEEDS.empty(), PAIRS)["stability_summary"])
    assert list(alone["method"]) == ["correlation", "ridge"]
    nothing = summary(STABILITY.empty(), HALVES.empty(), ADAM_SEEDS.empty(), PAIRS)
    assert nothing == {"stability_summary": None}


def results_of(headline: str, shares: list[float], methods: tuple[str, ...] = ("correlation", "ridge")) -> Results:
    seeds = ADAM_SEEDS.check(seeds_of(shares)) if shares else ADAM_SEEDS.empty()
    declared: dict[str, Table] = {table.name: table for table in QUESTION.tables}
    made = {"stability": STABLE, "stability_halves": APART, "adam_seeds": seeds}
    made |= {**summary(STABLE, APART, seeds, PAIRS), **compare(rankings(methods), CELL)}
    read = {name: declared[name].check(frame) for name, frame in made.items() if frame is not None}
    read["languages"] = pd.DataFrame({"language": ["en", "fr"], "name": ["English", "French"]})
    read["layer_choice"] = pd.DataFrame({"model": ["m"], "variable": ["valence"]})
    study = {"units": {"headline": headline}, "scrutiny": {"stability": 7}}
    return Results(Path("nowhere"), declared, study, {"labels": {"correlation": "|correlation|"}}, read)


def test_what_is_said() -> None:
    results = results_of("ridge", [0.2, 0.5])
    found = section(results)
    assert found.findings == [
        "m · valence, |correlation|: two halves of a language's words share 2.5 of 4 units (by chance 0.4; least in "
        "French, 2.0); two languages, on twice as many words each, 1.5. When words are drawn anew, two thirds of "
        "them the same, "
        "a unit is at the top again in 80 % of 7 draws.",
        "m · valence, ridge: two halves of a language's words share 1.2 of 4 units (by chance 0.4; least in English, "
        "1.0). When words are drawn anew, two thirds of them the same, a unit is at the top again in 20 % of 7 draws.",
        "m · valence: two initialisations of Adam have 35 % of their top units in common.",
    ]
    told = brief(results, {"model": "m", "variable": "valence"}, "firm")
    assert told is not None
    assert told.text == "Halves of a language's words share 1.2 of 4 top units (by chance 0.4)."
    results._read["stability_summary"] = results.table("stability_summary").assign(k=1)
    told = brief(results, {"model": "m", "variable": "valence"}, "firm")
    assert told is not None
    assert "of 1 top unit (" in told.text
    results = results_of("ridge", [0.2, 0.5])
    for shown in found.tables:
        assert set(shown.columns.split()) <= set(results.tables[shown.table].names)
    (row,) = glance(results, "m", "valence")
    assert row.answer == "Halves share 1.2 of 4 units; by chance 0.4 (by other rankings: |correlation| 2.5)"
    assert row.sure.startswith(
        "least in English, 1.0; with words drawn anew, two thirds of them the same, a unit is there again"
    )


def test_of_a_ranking_that_cannot_be_repeated_correlation_is_told() -> None:
    (row,) = glance(results_of("adam", [0.2]), "m", "valence")
    assert row.answer.startswith("Halves share 2.5 of 4 units by |correlation|; by chance 0.4")
    assert row.sure.endswith("in 80 % of 7 draws")


def test_what_is_absent_is_not_shown() -> None:
    found = section(results_of("ridge", [], methods=("ridge",)))
    assert len(found.findings) == 2
    assert [shown.table for shown in found.tables] == ["stability_halves", "k_curve"]
    empty = Results(Path("nowhere"), {table.name: table for table in QUESTION.tables}, {}, {})
    assert draw_k_curve(empty) is None


def test_more_rankings_than_colours_can_be_drawn() -> None:
    drawn = draw_k_curve(results_of("ridge", [], methods=tuple(f"method {number}" for number in range(9))))
    assert drawn is not None
    looks = {(line.get_color(), line.get_marker()) for line in drawn[0].axes[0].lines[:9]}
    assert len(looks) == 9
