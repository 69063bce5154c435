"""Languages left out in turn: what passes between the steps, what is counted, and what is said where nothing is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.questions.left_out import CHOSEN, FITS, LEAVE_ONE_OUT, LEAVE_ONE_OUT_UNITS, QUESTION, RANDOM, SETS
from interlingua.questions.left_out import SUMMARY as COUNTS
from interlingua.questions.left_out.compute import choose, fit, put_together
from interlingua.questions.left_out.show import draw, glance, section
from interlingua.questions.left_out.store import read_fits, read_sets, store_fits, store_sets
from interlingua.questions.question import Asked
from interlingua.report.results import Results
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.study.config import Study
from interlingua.tables import Table
from interlingua.tables.layout import Layout
from interlingua.units import LayerData, rank_units
from interlingua.units.leave_one_out import UnitSets, collect, fit_sets, unit_sets

WIDTH, DRAWS, SEED = 14, 20, 3
CELL = Cell("m", "valence", 1, 4, Layout.even(2, WIDTH))
LANGUAGES = ("en", "fi", "zh")


def activations_of(language: str, seed: int) -> tuple[Activations, pd.DataFrame]:
    """Thirty words of two sentences; some units of layer 1 hold the rating, and five sentences have none."""
    rng = np.random.default_rng(seed)
    words = np.repeat(np.arange(30), 2)
    rating = rng.uniform(size=30)[words]
    X = rng.normal(size=(2, 60, WIDTH)).astype(np.float32)
    X[1, :, [2, 5, 6, 11]] += 3 * rating.astype(np.float32)
    rating[10:15] = np.nan
    ratings = pd.DataFrame(
        {
            "language": language,
            "word": [f"{language}{number}" for number in words],
            "split": np.where(words < 22, "train", "test"),
            "valence": rating,
        }
    )
    return Activations.from_arrays(X, {"language": language, "model": "m"}), ratings


MATERIAL = {code: activations_of(code, seed) for seed, code in enumerate(LANGUAGES)}


#: Of English ten training words and all test words are translations of training words elsewhere, of Finnish three.
ELSEWHERE = pd.DataFrame(
    [("en", f"en{number}") for number in (*range(8, 18), *range(22, 30))]
    + [("fi", f"fi{number}") for number in (0, 1, 22)],
    columns=["language", "word"],
).assign(model="m", site="resid", variable="valence")


def linked_of(code: str) -> set[str]:
    return set(ELSEWHERE.loc[ELSEWHERE["language"] == code, "word"])


def ranked(languages: tuple[str, ...] = LANGUAGES) -> pd.DataFrame:
    """Rankings of both layers by |correlation|, and by one that uses no unit at all."""
    parts = []
    for code in languages:
        design = Design(*MATERIAL[code]).rated("valence")
        y, _ = design.ratings("valence")
        for layer in range(2):
            table = rank_units(LayerData(design.train(layer), y, design.train_words, layer, WIDTH, {}), "correlation")
            parts.append(table.assign(language=code, method="zeros", score=0.0))
            parts.append(table.assign(language=code, method="correlation"))
    return pd.concat(parts, ignore_index=True).assign(model="m", site="resid", variable="valence")


def kept(output: Any, value: Any, folder: Path) -> Any:
    """Return what the next step gets of a value."""
    path = folder / f"{output.name}{output.suffix}"
    output.write(path, output.empty() if value is None else value)
    return output.read(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("steps")


@pytest.fixture(scope="module")
def sets() -> UnitSets:
    rows = CELL.rows(ranked())
    return unit_sets(rows, CELL.k, draws=DRAWS, seed=derive_seed(SEED, "leave one out", "m", "valence"))


def stepwise(languages: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """Take the three steps, everything written and read between them."""
    first = choose(ranked(languages), CELL, random_units=DRAWS, seed=SEED)
    inputs = [kept(output, first[output.name], folder) for output in (SETS, CHOSEN, RANDOM)]
    fits = {
        code: kept(
            FITS,
            fit(*MATERIAL[code], CELL, *inputs, ELSEWHERE, language=code, folds=3, standardise="train", seed=SEED)[
                FITS.name
            ],
            folder,
        )
        for code in languages
    }
    return put_together(*inputs, fits)


@pytest.fixture(scope="module")
def result(folder: Path) -> dict[str, Any]:
    return stepwise(LANGUAGES, folder)


def test_sets_come_back_as_they_were(sets: UnitSets, folder: Path) -> None:
    stored = store_sets(sets)
    read = read_sets(stored.sets, stored.chosen, kept(RANDOM, stored.random, folder))
    assert list(read.chosen) == list(sets.chosen)
    assert {method for method, _ in read.chosen} == {"zeros", "correlation"}
    for key, units in sets.chosen.items():
        assert len(units) == (0 if key[0] == "zeros" else 4)
        pd.testing.assert_frame_equal(read.chosen[key], units, check_exact=True)
    same_arrays(read.random, sets.random)
    assert list(read.random) == [0, 4]


def test_fits_come_back_as_they_were(sets: UnitSets, folder: Path) -> None:
    fits = fit_sets(Design(*MATERIAL["fi"]), "valence", 1, "fi", sets, linked={"fi3"}, folds=3, seed=1)
    read = read_fits(kept(FITS, store_fits(fits), folder))
    for one, other in ((fits.chosen, read.chosen), (fits.r_chosen, read.r_chosen), (fits.r_random, read.r_random)):
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key], other[key], strict=True)
    same_arrays(read.random, fits.random)
    np.testing.assert_array_equal(read.words.X, fits.words.X, strict=True)
    np.testing.assert_array_equal(read.words.y, fits.words.y, strict=True)
    np.testing.assert_array_equal(read.unlinked, fits.unlinked, strict=True)
    assert read.n_test_words == fits.n_test_words
    pd.testing.assert_frame_equal(read.singles, fits.singles, check_exact=True, check_like=True)


def same_arrays(one: Mapping[int, list[NDArray[Any]]], other: Mapping[int, list[NDArray[Any]]]) -> None:
    assert one.keys() == other.keys()
    for size in one:
        np.testing.assert_array_equal(np.array(one[size]), np.array(other[size]), strict=True)


def test_the_steps_are_the_analysis_in_one_go(sets: UnitSets, result: dict[str, Any]) -> None:
    fits = {}
    for code in LANGUAGES:
        seed = derive_seed(SEED, "leave one out", "m", code, "valence")
        fits[code] = fit_sets(
            Design(*MATERIAL[code]), "valence", 1, code, sets, linked=linked_of(code), folds=3, seed=seed
        )
    seed = derive_seed(SEED, "leave one out", "m", "valence")
    whole = collect(CELL.rows(ranked()), sets, fits)
    pd.testing.assert_frame_equal(result["leave_one_out"], whole.table, check_exact=True)
    pd.testing.assert_frame_equal(result["leave_one_out_units"], whole.units, check_exact=True)


def test_r_without_translations_is_of_the_other_words(sets: UnitSets, result: dict[str, Any]) -> None:
    """Word by word from the sentences: the mean of the other languages' weights on words that are linked to none."""
    table = result["leave_one_out"].set_index(["method", "language"])
    for code in LANGUAGES:
        row = table.loc["correlation", code]
        assert row["n_words_unlinked"] == row["n_words"] - len(linked_of(code))
        units = sets.chosen["correlation", code]["index"].to_numpy()
        weights = []
        for other in LANGUAGES:
            if other != code:
                own = derive_seed(SEED, "leave one out", "m", other, "valence")
                fits = fit_sets(Design(*MATERIAL[other]), "valence", 1, other, sets, folds=3, seed=own)
                weights.append(fits.chosen["correlation", code])
        activations, ratings = MATERIAL[code]
        train = ((ratings["split"] == "train") & ratings["valence"].notna()).to_numpy()
        X = activations.layer(1).astype(float)
        X = ((X - X[train].mean(axis=0)) / X[train].std(axis=0))[:, units] @ np.mean(weights, axis=0)
        rows = ratings.assign(predicted=X).dropna(subset="valence")
        words = rows[~rows["word"].isin(linked_of(code))].groupby("word")[["predicted", "valence"]].mean()
        assert row["r_zero_shot_unlinked"] == pytest.approx(words.corr().iloc[0, 1], abs=1e-6)
    assert table.loc[("correlation", "zh"), "r_zero_shot_unlinked"] == table.loc[("correlation", "zh"), "r_zero_shot"]


def test_where_all_words_are_translations_there_is_no_r(sets: UnitSets) -> None:
    fits = {}
    for code in LANGUAGES:
        names = set(MATERIAL[code][1]["word"]) - {f"{code}0", f"{code}1"}
        fits[code] = fit_sets(Design(*MATERIAL[code]), "valence", 1, code, sets, linked=names, folds=3, seed=1)
    table = collect(CELL.rows(ranked()), sets, fits).table
    assert (table["n_words_unlinked"] == 2).all()
    assert table["r_zero_shot_unlinked"].isna().all()


@pytest.mark.parametrize(
    ("unlinked", "r", "said"),
    [
        ([28, 28, 28], [0.5, 0.6, 0.7], None),
        (
            [10, 25, 28],
            [0.4, 0.6, 0.7],
            r"no training word of the other languages \(10 to 28 of 28\) r is 0\.40 to 0\.70\.$",
        ),
        ([2, 1, 0], [np.nan] * 3, "r could not be had without them: what is predicted may be known from translations"),
    ],
)
def test_what_is_said_of_translations(
    result: dict[str, Any], unlinked: list[int], r: list[float], said: str | None
) -> None:
    table = result["leave_one_out"].copy()
    rows = table["method"] == "correlation"
    table.loc[rows, "n_words"] = 28
    table.loc[rows, "n_words_unlinked"] = unlinked
    table.loc[rows, "r_zero_shot_unlinked"] = r
    found = section(results_of({**result, "leave_one_out": table})).findings
    told = [finding for finding in found if "translations" in finding or "linked" in finding]
    assert len(told) == (said is not None)
    if said is not None:
        assert re.search(said, told[0]), told[0]


def test_what_is_left_is_as_declared(result: dict[str, Any]) -> None:
    for table in (LEAVE_ONE_OUT, LEAVE_ONE_OUT_UNITS, COUNTS):
        assert list(table.check(result[table.name]).columns) == list(table.names)


def test_the_summary_counts_languages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of percentiles from 95 on, by ranking."""
    percentiles = iter([10.0, 95.0, 94.9, 96.0, 100.0, 0.0])

    def some(*arguments: Any, **options: Any) -> Any:
        found = collect(*arguments, **options)
        found.table["percentile_r_zero_shot"] = list(percentiles)
        return found

    monkeypatch.setattr("interlingua.questions.left_out.compute.collect", some)
    counts = stepwise(LANGUAGES, folder)["leave_one_out_summary"].set_index("method")
    assert counts["n_languages"].to_dict() == {"zeros": 3, "correlation": 3}
    assert counts["better_than_95"].to_dict() == {"zeros": 1, "correlation": 2}


def test_with_two_languages_nothing_is_left_out(folder: Path) -> None:
    assert set(stepwise(("en", "fi"), folder).values()) == {None}


def asked(**rated: tuple[str, ...]) -> str:
    languages = {code: {"norms": "labmt"} for code in LANGUAGES}
    study = Study.model_validate({"name": "s", "models": ["m"], "variables": [*rated], "languages": languages})
    return QUESTION.asked(Asked(study, rated, dict.fromkeys(rated, ())))


def test_it_is_asked_where_one_variable_has_three_languages() -> None:
    assert asked(valence=("en", "fi", "zh"), arousal=("en", "fi")) == ""
    assert "takes three" in asked(valence=("en", "fi"), arousal=("fi", "zh"))


def results_of(tables: dict[str, Any], headline: str = "correlation") -> Results:
    declared: dict[str, Table] = {table.name: table for table in QUESTION.tables}
    read = {name: declared[name].check(frame) for name, frame in tables.items()}
    read["layer_choice"] = pd.DataFrame({"model": ["m", "m"], "variable": ["valence", "arousal"]})
    read["languages"] = pd.DataFrame({"language": LANGUAGES, "name": ["English", "Finnish", "Chinese"]})
    return Results(Path("nowhere"), declared, {"units": {"headline": headline}}, {}, read)


def test_what_is_said(result: dict[str, Any]) -> None:
    better = int(result["leave_one_out_summary"].set_index("method").loc["correlation", "better_than_95"])
    results = results_of(result)
    found = section(results)
    assert f"random sets in {better} of 3 languages" in found.findings[0]
    assert found.findings[-1] == "m · arousal: fewer than three languages are rated, so none could be left out."
    assert set(found.tables[0].columns.split()) <= set(LEAVE_ONE_OUT.names)
    assert glance(results, "m", "valence")[0].answer == f"Better than 95 % of random sets in {better} of 3 languages"
    assert glance(results, "m", "arousal")[0].answer == "Not tested: fewer than three languages are rated"
    drawn = draw(results)
    assert drawn is not None
    assert "(4 units;" in drawn[1]
    assert [label.get_text() for label in drawn[0].axes[0].get_yticklabels()] == [
        results.names[code]
        for code in results.of("leave_one_out", method="correlation").sort_values("r_zero_shot")["language"]
    ]

    alone = results_of({**result, "leave_one_out": result["leave_one_out"].assign(n_units=1)})
    single = draw(alone)
    assert single is not None
    assert "(1 unit;" in single[1]


def test_a_ranking_without_units_says_so(result: dict[str, Any]) -> None:
    results = results_of(result, headline="zeros")
    assert "no unit carries the rating" in section(results).findings[0]
    assert glance(results, "m", "valence")[0].answer == "Not tested: no unit carries the rating"
    assert draw(results) is None


def test_without_results_there_is_no_figure_and_no_table() -> None:
    results = results_of({})
    assert section(results).tables == ()
    assert draw(results) is None
