"""Which units carry a rating in how many languages: the step on made-up languages, and what is said as it comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interlingua.questions.conjunction import QUESTION
from interlingua.questions.conjunction.compute import conjunction
from interlingua.questions.conjunction.show import claim, draw, glance, section
from interlingua.questions.question import Asked
from interlingua.questions.similarity.compute import profiles
from interlingua.report.results import Results
from interlingua.report.style import house_style
from interlingua.report.table import laid_out
from interlingua.stats.multiplicity import adjust
from interlingua.study.cell import Cell
from interlingua.study.config import Study
from interlingua.study.steps import PROBES
from interlingua.tables import Table
from interlingua.tables.layout import Layout

WIDTH, N_TRAIN = 90, 144
CELL = Cell("m", "valence", 1, 10, Layout.even(2, WIDTH))
TABLES: dict[str, Table] = {table.name: table for table in QUESTION.tables}
NAMES = {"de": "German", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French", "it": "Italian"}
SIX = tuple(NAMES)
NO_LINKS = pd.DataFrame({"language": [], "word": [], "concept": []})
NO_STRATA = pd.DataFrame({"model": [], "variable": [], "language": [], "word": []})
STRATA = pd.DataFrame({"model": ["m"], "variable": ["valence"], "language": ["de"], "word": ["de1"]})


def probes_of(codes: tuple[str, ...], *names: str) -> pd.DataFrame:
    """Return sparse probes of layer 1 with 10, 11, ... weights, and of layer 0 with more."""
    rows = [
        {"language": code, "probe": name, "layer": layer, "n_nonzero": 10 + number + 50 * (layer == 0)}
        for name in names
        for number, code in enumerate(codes)
        for layer in (0, 1)
    ]
    table = pd.DataFrame(rows, columns=["language", "probe", "layer", "n_nonzero"])
    return table.assign(model="m", site="resid", variable="valence", curve="layer").astype({"n_nonzero": "int64"})


def steps(
    made: Any,
    *,
    sparse: tuple[str, ...] = ("ridge", "elastic-net", "elastic-net-cv"),
    strata: pd.DataFrame = NO_STRATA,
    least: float = 0.2,
    grid: tuple[float, ...] = (0.1, 0.3),
) -> dict[str, pd.DataFrame]:
    """Take the real steps, and return what they leave, as declared."""
    found = {
        code: profiles(
            *of_language,
            NO_LINKS,
            model="m",
            variable="valence",
            language=code,
            splits=2,
            seed=4,
            on_progress=lambda share: None,
        )["unit_profiles"]
        for code, of_language in made.words.items()
    }
    probes = probes_of(tuple(made.words), *sparse)
    tables = conjunction(found, strata, probes, CELL, least=least, grid=grid, fitted=sparse)
    assert set(tables) == set(TABLES)
    return {name: TABLES[name].check(frame) for name, frame in tables.items() if frame is not None}


def results_of(tables: Mapping[str, pd.DataFrame]) -> Results:
    read = dict(tables)
    read["layer_choice"] = pd.DataFrame({"model": ["m"], "variable": ["valence"], "layer": [1], "chosen": [True]})
    read["languages"] = pd.DataFrame({"language": list(NAMES), "name": list(NAMES.values())})
    return Results(Path(), TABLES, {"sites": ["resid"]}, {}, read)


def told(tables: Mapping[str, pd.DataFrame]) -> tuple[str, Any, str]:
    """Return the claim, the row at a glance, and the finding."""
    results = results_of(tables)
    (row,) = glance(results, "m", "valence")
    (finding,) = section(results).findings
    return claim(results, "m", "valence"), row, finding


@pytest.fixture(scope="module")
def made(made_up: Callable[..., Any]) -> Any:
    return made_up(0.9, SIX, size=0.45)


@pytest.fixture(scope="module")
def found(made: Any) -> dict[str, pd.DataFrame]:
    return steps(made)


def true_degree(made: Any, least: float) -> np.ndarray:
    """Return in how many languages each unit's true correlation exceeds a least size with one sign."""
    r = np.stack(list(made.r.values()))
    return np.maximum((r > least).sum(axis=0), (r < -least).sum(axis=0))


def test_units_that_carry_it_are_found_and_few_others(made: Any, found: dict[str, pd.DataFrame]) -> None:
    units = found["conjunction_units"]
    assert units["unit"].tolist() == list(range(WIDTH, 2 * WIDTH))
    degree = true_degree(made, 0.2)
    for least in (2, 4, 6):
        chosen = units["carried_by"].to_numpy() >= least
        assert chosen.sum() >= 3
        assert (degree[chosen] < least).mean() <= 0.05
    r = np.stack([made.r[code] for code in SIX])
    everywhere = units["carried_by"].to_numpy() == 6
    assert (units["sign"].to_numpy() == np.sign(r.mean(axis=0)))[everywhere].all()


def test_it_is_the_definition_by_hand(found: dict[str, pd.DataFrame], made: Any) -> None:
    """From sentences to counts without the package: word means, Fisher's combination, Benjamini and Hochberg."""
    r = []
    for activations, ratings in made.words.values():
        train = (ratings["split"] == "train").to_numpy()
        means = (
            pd.DataFrame(activations.layer(1)[train].astype(float)).groupby(ratings["word"].to_numpy()[train]).mean()
        )
        r.append(means.corrwith(ratings[train].groupby("word")["valence"].first()).to_numpy())
    z = np.arctanh(np.array(r))
    for least in (0.1, 0.2, 0.3):
        for u in range(2, 7):
            fisher, bonferroni = [], []
            for unit in range(WIDTH):
                by_sign = []
                for sign in (1, -1):
                    of_languages = np.sort(
                        stats.norm.sf((sign * z[:, unit] - np.arctanh(least)) * np.sqrt(N_TRAIN - 3))
                    )
                    p = stats.combine_pvalues(of_languages[u - 1 :], method="fisher").pvalue
                    by_sign.append((p, (6 - u + 1) * of_languages[u - 1]))
                fisher.append(min(1.0, 2 * min(p for p, _ in by_sign)))
                bonferroni.append(min(1.0, 2 * min(p for _, p in by_sign)))
            row = found["conjunction"].query("layer == 1 and at_least == @u and least == @least").iloc[0]
            counts = [int((stats.false_discovery_control(p) <= 0.05).sum()) for p in (fisher, bonferroni)]
            assert [row["n_independent"], row["n_any"]] == counts
            assert row["n_units"] == counts[0]  # no word is linked
    least_r = found["conjunction_units"].set_index("unit")["least_r"]
    sign = found["conjunction_units"]["sign"].to_numpy()
    np.testing.assert_allclose(least_r, (np.array(r) * sign).min(axis=0), atol=1e-6)


def test_counts_stand_by_layer_and_over_the_network(found: dict[str, pd.DataFrame]) -> None:
    table = found["conjunction"]
    assert set(table["layer"]) == {-1, 0, 1}
    assert table.groupby("layer")["width"].first().to_dict() == {-1: 2 * WIDTH, 0: WIDTH, 1: WIDTH}
    assert (table.query("layer == 0 and least >= 0.2")["n_units"] == 0).all()
    assert set(table["least"]) == {0.1, 0.2, 0.3}
    assert (table["default"] == (table["least"] == 0.2)).all()
    for _, rows in table.groupby(["layer", "least"]):
        assert rows["n_units"].is_monotonic_decreasing  # in more languages there are fewer
    counts = found["conjunction_summary"].iloc[0]
    at_layer = table.query("layer == 1 and default").set_index("at_least")["n_units"]
    carried = found["conjunction_units"]["carried_by"]
    assert (counts["in_all"], counts["in_two"]) == ((carried >= 6).sum(), (carried >= 2).sum())
    assert counts["most"] == ceil(0.75 * 6)
    # A unit that is shown in six languages may by chance not be shown in five; hardly any are such.
    assert abs(counts["in_most"] - at_layer[5]) <= 1
    network = table.query("layer == -1 and default").set_index("at_least")["n_units"]
    assert 0 < network[6] <= at_layer[6]


def test_units_stand_at_each_least_correlation(found: dict[str, pd.DataFrame]) -> None:
    carried = found["conjunction_carried"]
    assert set(carried["least"]) == {0.1, 0.2, 0.3}
    own = carried.query("least == 0.2").set_index("unit")["carried_by"]
    units = found["conjunction_units"].set_index("unit")["carried_by"]
    assert own.to_dict() == units[units > 0].to_dict()
    by = {least: rows.set_index("unit")["carried_by"] for least, rows in carried.groupby("least")}
    assert set(by[0.3].index) < set(by[0.2].index) < set(by[0.1].index)


def test_marginal_counts_are_those_of_t_tests(made: Any, found: dict[str, pd.DataFrame]) -> None:
    rows = found["carries"].set_index("language")
    for number, (code, (activations, ratings)) in enumerate(made.words.items()):
        train = (ratings["split"] == "train").to_numpy()
        means = (
            pd.DataFrame(activations.layer(1)[train].astype(float)).groupby(ratings["word"].to_numpy()[train]).mean()
        )
        y = ratings[train].groupby("word")["valence"].first()[means.index]
        p = [stats.pearsonr(means[unit], y).pvalue for unit in range(WIDTH)]
        assert rows.loc[code, "n_carry"] == (adjust(np.array(p), "bh") <= 0.05).sum()
        assert rows.loc[code, "n_add"] == 10 + number  # of the probe whose penalty is chosen, at the layer
        assert (rows.loc[code, "n_words"], rows.loc[code, "width"]) == (N_TRAIN, WIDTH)


def test_what_is_said_where_units_carry_it(found: dict[str, pd.DataFrame]) -> None:
    text, row, finding = told(found)
    counts = found["conjunction_summary"].iloc[0]
    fewer = f"{counts['in_most']} in 5 or more, {counts['in_two']} in two or more"
    assert text == (
        f" {counts['in_all']} units are shown to carry valence (|r| above 0.2) in all 6 languages, {fewer}."
    )
    assert row.answer == f"{counts['in_all']} of 90 units in all 6 languages, {fewer}"
    assert row.sure == (  # rounded, and so not "or more"
        f"|r| above 0.2; unit {counts['best_unit']} (units are numbered through all layers) has the largest least "
        "correlation, "
        f"{counts['best_r']:.2f}, which is observed and not tested"
    )
    network = found["conjunction"].query("layer == -1 and default").set_index("at_least")["n_units"]
    assert f"Of all 180 units of the network {network[6]} in all 6 languages, {network[2]} in two or more." in finding
    carries = found["carries"]["n_carry"]
    assert (
        f"the rating goes with {carries.min()} to {carries.max()} of 90 units; a sparse probe gives 10 to 15 a weight"
        in finding
    )
    assert "which ones is not identified, as after layer normalisation" in finding
    shown = {table.title: table for table in section(results_of(found)).tables}
    assert len(shown) == 4
    of_units = shown["Units that carry it in two languages or more"]
    assert len(of_units.frame) == counts["in_two"]
    assert laid_out(results_of(found), of_units)["rows"]
    with house_style():
        drawn = draw(results_of(found))
    assert drawn is not None
    assert len(drawn[0].axes[0].get_lines()) == 3


def test_without_a_sparse_probe_nothing_is_said_of_what_adds(made: Any) -> None:
    tables = steps(made, sparse=("ridge",))
    assert tables["carries"]["n_add"].isna().all()
    finding = told(tables)[2]
    assert finding.endswith("how many add to the others was not asked, as the study fits no sparse probe.")
    assert "identified" not in finding


def test_linked_words_ask_for_a_test_under_any_dependence(made: Any, found: dict[str, pd.DataFrame]) -> None:
    tables = steps(made, strata=STRATA)
    table, before = tables["conjunction"], found["conjunction"]
    assert table["linked"].all()
    assert (table["n_units"] == table["n_any"]).all()
    assert (table["n_independent"] == before["n_independent"]).all()
    assert table["n_units"].sum() < before["n_units"].sum()
    assert told(tables)[1].sure.endswith("so the test is one that holds under any dependence")
    assert "linked" not in told(found)[1].sure
    # Of another variable's links nothing follows.
    assert not steps(made, strata=STRATA.assign(variable="arousal"))["conjunction"]["linked"].any()


def test_codes_of_their_own_are_carried_by_no_unit_everywhere(made_up: Callable[..., Any]) -> None:
    tables = steps(made_up(0.0, SIX, size=0.45))
    text, row, finding = told(tables)
    assert text.startswith(" No unit is shown to carry valence (|r| above 0.2) in all 6 languages, ")
    assert row.answer.startswith("0 of 90 units in all 6 languages")
    assert "No unit is shown" in finding
    # By each language's own code many units go with the rating all the same.
    assert (tables["carries"]["n_carry"] > 30).all()


def test_where_nothing_is_encoded_no_unit_carries_it(made_up: Callable[..., Any]) -> None:
    text, row, finding = told(steps(made_up(None, SIX)))
    assert text == " No unit is shown to carry valence (|r| above 0.2) in two languages or more."
    assert row.answer == "No unit is shown to in two languages or more"
    assert row.sure == "|r| above 0.2"
    assert "Of all 180 units of the network 0 in all 6 languages, 0 in two or more." in finding
    assert "conjunction_units" not in {shown.table for shown in section(results_of(steps(made_up(None, SIX)))).tables}


def test_one_unit_is_one(found: dict[str, pd.DataFrame]) -> None:
    summary = found["conjunction_summary"].assign(in_all=1)
    assert told({**found, "conjunction_summary": summary})[0].startswith(" 1 unit is shown to carry valence")


@pytest.mark.parametrize(("least", "text"), [(0.25, "0.25"), (0.0, "0"), (0.125, "0.125")])
def test_the_least_correlation_is_said_as_it_is(made: Any, least: float, text: str) -> None:
    tables = steps(made, least=least, grid=(0.1,))
    assert f"(|r| above {text})" in told(tables)[0]
    assert set(tables["conjunction"]["least"]) == {least, 0.1}


@pytest.mark.parametrize(("n", "every"), [(2, "both languages"), (3, "all 3 languages")])
def test_few_languages(made_up: Callable[..., Any], n: int, every: str) -> None:
    tables = steps(made_up(0.95, SIX[:n], size=0.45))
    text, row, finding = told(tables)
    counts = tables["conjunction_summary"].iloc[0]
    beyond = f", {counts['in_two']} in two or more" if n == 3 else ""
    assert counts["in_all"] > 3
    assert text == f" {counts['in_all']} units are shown to carry valence (|r| above 0.2) in {every}{beyond}."
    assert row.answer == f"{counts['in_all']} of 90 units in {every}{beyond}"
    assert f"in {every}" in finding.partition("network")[2]


def test_one_language_has_no_others(made_up: Callable[..., Any]) -> None:
    tables = steps(made_up(0.9, SIX[:1]))
    assert tables == {}
    text, row, finding = told(tables)
    assert text == ""
    assert row.answer == "Not tested: fewer than two languages are rated"
    assert finding == "m · valence: fewer than two languages are rated."
    assert section(results_of(tables)).tables == ()
    assert draw(results_of(tables)) is None


def test_it_is_asked_where_two_languages_are_rated_for_one_variable() -> None:
    def asked(**rated: tuple[str, ...]) -> str:
        languages = {code: {"norms": "labmt"} for code in ("en", "es")}
        study = Study.model_validate({"name": "s", "models": ["m"], "variables": [*rated], "languages": languages})
        return QUESTION.asked(Asked(study, rated, dict.fromkeys(rated, ())))

    assert asked(valence=("en", "es"), arousal=("en",)) == ""
    assert "Fewer than two" in asked(valence=("en",), arousal=("es",))


def test_probes_of_the_test_have_the_columns_that_the_step_reads() -> None:
    assert {"language", "probe", "layer", "curve", "n_nonzero"} <= set(PROBES.names)
