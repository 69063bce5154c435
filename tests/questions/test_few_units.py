"""How few of the others' units predict a language: the steps on made-up languages, and what is said as it comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.probes import Design
from interlingua.questions.left_out import (
    CHOSEN,
    LEAVE_ONE_OUT,
    QUESTION,
    RANDOM,
    SETS,
    ZERO_SHOT,
    ZERO_SHOT_FITS,
    ZERO_SHOT_SUMMARY,
    compute,
)
from interlingua.questions.left_out.compute import choose
from interlingua.questions.left_out.curve import fit, put_together
from interlingua.questions.left_out.show import _WORDS, caveats, claim, draw_curve, glance, section
from interlingua.report.results import Results
from interlingua.report.style import house_style
from interlingua.stats.r_interval import mean_r_interval
from interlingua.study.cell import Cell
from interlingua.tables import Table
from interlingua.tables.layout import Layout
from interlingua.units import LayerData, rank_units
from interlingua.units.zero_shot import SIZES

WIDTH, DRAWS, SEED, K = 60, 30, 3, 12
CELL = Cell("m", "valence", 1, K, Layout.even(2, WIDTH))
NAMES = {"de": "German", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French"}
FIVE = tuple(NAMES)
TABLES: dict[str, Table] = {table.name: table for table in QUESTION.tables}


def kept(output: Any, value: Any, folder: Path) -> Any:
    """Return what the next step gets of a value."""
    path = folder / f"{output.name}{output.suffix}"
    output.write(path, output.empty() if value is None else value)
    return output.read(path)


def steps(
    made: Any, folder: Path, *, keep: int = WIDTH, k: int = K, without: str = "", whole: bool = False
) -> dict[str, pd.DataFrame]:
    """Take the real steps; a ranking gives a score to the best `keep` units only, and `without` has no ceiling.

    With `whole` each language is also left out with all of the top (``leave_one_out``).
    """
    cell = Cell("m", "valence", 1, k, CELL.layout)
    rankings = []
    for code, of_language in made.words.items():
        design = Design(*of_language).rated("valence")
        y, _ = design.ratings("valence")
        ranked = rank_units(LayerData(design.train(1), y, design.train_words, 1, WIDTH, {}), "correlation")
        ranked["score"] = ranked["score"].where(ranked["rank"] <= keep, 0.0)
        rankings.append(ranked.assign(language=code, method="correlation", model="m", site="resid", variable="valence"))
    first = choose(pd.concat(rankings, ignore_index=True), cell, random_units=DRAWS, seed=SEED)
    sets, chosen, random = (kept(output, first[output.name], folder) for output in (SETS, CHOSEN, RANDOM))
    options: dict[str, Any] = {"headline": "correlation", "folds": 3, "standardise": "train", "seed": SEED}
    fits = {
        code: kept(
            ZERO_SHOT_FITS, fit(*words, cell, chosen, random, language=code, **options)["zero_shot_fits"], folder
        )
        for code, words in made.words.items()
    }
    codes = [code for code in made.words if code != without]
    ceiling = pd.DataFrame({"language": codes, "r": np.linspace(0.8, 0.9, len(codes))})
    found = put_together(chosen, random, fits, cell, ceiling, headline="correlation")
    if whole:
        nowhere = pd.DataFrame({"model": [], "variable": [], "language": [], "word": []})
        how: dict[str, Any] = {"folds": 3, "standardise": "train", "seed": SEED}
        all_units = {
            code: compute.fit(*words, cell, sets, chosen, random, nowhere, language=code, **how)["left_out_fits"]
            for code, words in made.words.items()
        }
        found |= compute.put_together(sets, chosen, random, all_units)
    return {name: TABLES[name].check(frame) for name, frame in found.items() if frame is not None}


def results_of(tables: Mapping[str, pd.DataFrame]) -> Results:
    """Return results in which all languages were left out with all of the top, too."""
    read = dict(tables)
    whole = LEAVE_ONE_OUT.empty()
    rows = pd.DataFrame({"language": list(NAMES)}).assign(
        model="m", site="resid", variable="valence", method="correlation", layer=1
    )
    for column in LEAVE_ONE_OUT.columns:
        if column.name not in rows:
            rows[column.name] = 12 if column.kind == "count" else 0.5
    read["leave_one_out"] = LEAVE_ONE_OUT.check(rows[list(whole.columns)])
    read["leave_one_out_summary"] = rows.head(1).assign(n_languages=5, better_than_95=4)
    read["layer_choice"] = pd.DataFrame({"model": ["m"], "variable": ["valence"], "layer": [1], "chosen": [True]})
    read["languages"] = pd.DataFrame({"language": list(NAMES), "name": list(NAMES.values())})
    return Results(Path(), TABLES, {"sites": ["resid"], "units": {"headline": "correlation"}}, {}, read)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("steps")


@pytest.fixture(scope="module")
def shared(made_up: Callable[..., Any], folder: Path) -> dict[str, pd.DataFrame]:
    return steps(made_up(1.0, FIVE, width=WIDTH), folder)


@pytest.fixture(scope="module")
def own(made_up: Callable[..., Any], folder: Path) -> dict[str, pd.DataFrame]:
    return steps(made_up(0.0, FIVE, width=WIDTH), folder)


def test_one_shared_unit_predicts_a_language_that_has_no_say(
    made_up: Callable[..., Any], shared: dict[str, pd.DataFrame]
) -> None:
    """r of one unit is its own correlation there, in the others' direction; more units predict better."""
    made = made_up(1.0, FIVE, width=WIDTH)
    table = shared["zero_shot"]
    assert sorted(set(table["n_units"])) == [1, 3, 5, 10, 12]
    assert len(table) == 5 * 5
    for code in FIVE:
        others = np.mean([made.r[other] for other in FIVE if other != code], axis=0)
        r = table.query("language == @code and n_units == 1")["r"].iloc[0]
        activations, ratings = made.words[code]
        means = pd.DataFrame(activations.layer(1).astype(float)).groupby(ratings["word"].to_numpy()).mean()
        of_units = means.corrwith(ratings.groupby("word")["valence"].first()).to_numpy() * np.sign(others)
        assert np.abs(of_units - r).min() < 1e-6
        assert r > 0.4
    means = shared["zero_shot_summary"].set_index("n_units")
    assert means["mean_r"].is_monotonic_increasing
    assert (means["mean_r"] > means["random_r"] + 0.1).all()
    assert (means["better_than_95"] >= 4).all()
    assert means["ceiling"].tolist() == pytest.approx([0.85] * 5)


def test_codes_of_their_own_predict_nothing_elsewhere(own: dict[str, pd.DataFrame]) -> None:
    means = own["zero_shot_summary"].set_index("n_units")
    assert (means["mean_r"].abs() < 0.25).all()
    assert (means["better_than_95"] <= 2).all()


def test_the_summary_is_the_mean_over_languages(shared: dict[str, pd.DataFrame]) -> None:
    for row in shared["zero_shot_summary"].itertuples():
        rows = shared["zero_shot"].query("n_units == @row.n_units")
        mean = mean_r_interval(rows["r"].to_numpy())
        assert (row.mean_r, row.mean_low, row.mean_high) == pytest.approx((rows["r"].mean(), mean.low, mean.high))
        assert row.random_r == pytest.approx(rows["random_r"].mean())
        assert row.better_than_95 == (rows["percentile"] >= 95).sum()
        assert row.n_languages == 5
    assert (shared["zero_shot"]["random_low"] <= shared["zero_shot"]["random_high"]).all()


def test_no_more_units_are_tried_than_the_others_choose(made_up: Callable[..., Any], folder: Path) -> None:
    """With two units a language the others choose few; random sets are never larger than what they are beside."""
    found = steps(made_up(1.0, FIVE, width=WIDTH), folder, keep=2)
    tried = sorted(set(found["zero_shot"]["n_units"]))
    assert tried[0] == 1
    assert max(tried) < 10
    results = results_of(found)
    row = glance(results, "m", "valence")[-1]
    assert "as many as at the top" not in row.answer
    assert "five units" not in claim(results, "m", "valence") or 5 in tried
    assert steps(made_up(1.0, FIVE, width=WIDTH), folder, keep=0) == {}


def test_a_small_top_ends_the_curve(made_up: Callable[..., Any], folder: Path) -> None:
    found = steps(made_up(1.0, FIVE, width=WIDTH), folder, k=4)
    assert found["zero_shot_summary"]["n_units"].tolist() == [1, 3, 4]
    results = results_of(found)
    assert "five" not in claim(results, "m", "valence")
    answer = glance(results, "m", "valence")[-1].answer
    assert "three units: " in answer
    assert "as many as at the top: " in answer


def test_what_is_said(shared: dict[str, pd.DataFrame]) -> None:
    means = shared["zero_shot_summary"].set_index("n_units")
    results = results_of(shared)
    one, five = means.loc[1], means.loc[5]

    def signed(value: float) -> str:
        return f"{value:.2f}".replace("-", "−")

    reach = shared["zero_shot"].query("n_units == 1")["random_high"]
    last = means.loc[12]
    assert claim(results, "m", "valence") == (
        f" The one unit that the other languages choose first (unit {one['first_unit']} in each case) predicts a "
        "language that "
        f"was left out of the choice with r = {signed(one['mean_r'])} over words (random units: "
        f"{signed(one['random_r'])} on "
        f"average; 2.5 % of random units reach {signed(reach.min())} to {signed(reach.max())} or more, by language), "
        "the first "
        f"five units with {signed(five['mean_r'])} ({signed(five['random_r'])}); all 12 with "
        f"{signed(last['mean_r'])}, any 12 "
        f"units of the layer with {signed(last['random_r'])}."
    )
    differ = shared["zero_shot_summary"].assign(first_unit=pd.Series([pd.NA] * 5, dtype="Int64"))
    assert "in each case" not in claim(results_of({**shared, "zero_shot_summary": differ}), "m", "valence")
    [caveat] = caveats(results)
    assert f"any 12 of the layer's units together predict the rating with r {signed(last['random_r'])}: " in caveat
    row = glance(results, "m", "valence")[-1]
    assert row.question == "How few of them are enough?"
    for size, words in ((1, "one unit"), (10, "ten units"), (12, "as many as at the top")):
        told = f"{words}: {signed(means.loc[size, 'mean_r'])} ({signed(means.loc[size, 'random_r'])})"
        assert told in row.answer
    assert row.sure.startswith(f"the first unit is better than 95 % of random ones in {one['better_than_95']:.0f} of 5")
    assert row.sure.endswith("own probes of the layer have 0.85")
    assert [shown.table for shown in section(results).tables] == ["leave_one_out", "zero_shot_summary"]
    with house_style():
        drawn = draw_curve(results)
    assert drawn is not None
    axis = drawn[0].axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["1", "3", "5", "10", "12"]
    assert len(axis.get_lines()) == 5 + 3


def test_all_units_of_the_top_have_one_r_in_the_curve_and_where_a_language_is_left_out(
    made_up: Callable[..., Any], folder: Path
) -> None:
    """The curve's last point and the language left out are one fit, the folds that choose the penalty included."""
    found = steps(made_up(0.7, FIVE[:3], width=WIDTH), folder, whole=True)
    last = found["zero_shot"].query(f"n_units == {K}").set_index("language")
    all_units = found["leave_one_out"].set_index("language")
    assert len(last) == len(all_units) == 3
    for code, row in last.iterrows():
        assert row["r"] == pytest.approx(all_units.loc[code, "r_zero_shot"], abs=1e-9)
        assert row["random_r"] == pytest.approx(all_units.loc[code, "random_r_zero_shot"], abs=1e-9)
        assert row["percentile"] == all_units.loc[code, "percentile_r_zero_shot"]


def test_every_number_that_is_tried_has_a_word() -> None:
    assert set(SIZES) == set(_WORDS)


def test_without_a_curve_nothing_is_said_of_it(shared: dict[str, pd.DataFrame]) -> None:
    results = results_of({})
    assert claim(results, "m", "valence") == ""
    assert [row.question for row in glance(results, "m", "valence")] == [
        "Do the units of other languages predict a language?"
    ]
    assert draw_curve(results) is None
    assert [shown.table for shown in section(results).tables] == ["leave_one_out"]


def test_a_language_without_a_ceiling_has_a_curve_all_the_same(made_up: Callable[..., Any], folder: Path) -> None:
    found = steps(made_up(1.0, FIVE[:3], width=WIDTH), folder, without="de")
    assert found["zero_shot"].query("language == 'de'")["ceiling"].isna().all()
    assert found["zero_shot_summary"]["ceiling"].notna().all()
    assert found["zero_shot_summary"]["n_languages"].tolist() == [3] * 5
    assert list(ZERO_SHOT.names) == list(found["zero_shot"].columns)
    assert list(ZERO_SHOT_SUMMARY.names) == list(found["zero_shot_summary"].columns)


def test_two_languages_leave_none_out(made_up: Callable[..., Any], folder: Path) -> None:
    assert steps(made_up(1.0, FIVE[:2], width=WIDTH), folder) == {}
