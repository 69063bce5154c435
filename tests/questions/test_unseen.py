"""Single units in an unseen language: the steps on made-up languages, and what is told for each outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.models import Activations
from interlingua.questions.question import Asked
from interlingua.questions.unseen import BESIDE_OWN, COUNTS, QUESTION, SUMMARY, TRANSFER, TRANSFER_UNITS
from interlingua.questions.unseen.compute import over_languages, shared_units
from interlingua.questions.unseen.regressions import every_unit
from interlingua.questions.unseen.show import brief, claim, draw, glance, section, tile
from interlingua.report.results import Results
from interlingua.report.words import p_text
from interlingua.study.cell import Cell
from interlingua.tables.layout import Layout

WIDTH, FACTORS, N_WORDS = 60, 20, 150
CELL = Cell("m", "valence", 1, 4, Layout.even(2, WIDTH))
OPTIONS: dict[str, Any] = {
    "language": "ko",
    "methods": ("correlation", "ridge"),
    "random_units": 12,
    "folds": 3,
    "seed": 1,
}
SHARED = (WIDTH + 2, WIDTH + 5, WIDTH + 11, WIDTH + 50)


def material(code: np.ndarray | None = None) -> tuple[Activations, pd.DataFrame]:
    """Return two sentences a word; units follow twenty factors, the rating that of the shared units, or `code`."""
    rng = np.random.default_rng(0)
    loadings = 0.3 * rng.normal(size=(FACTORS, WIDTH))
    loadings[1 + np.arange(WIDTH) % (FACTORS - 1), np.arange(WIDTH)] += 1
    loadings[:, [unit - WIDTH for unit in SHARED]] = 0  # no component is larger than the others
    loadings[0, [unit - WIDTH for unit in SHARED]] = [1.0, -1.0, 1.0, 1.0]
    words = np.repeat(np.arange(N_WORDS), 2)
    factors = rng.normal(size=(N_WORDS, FACTORS))
    X = (factors @ loadings)[words] + 0.5 * rng.normal(size=(len(words), WIDTH))
    direction = np.eye(FACTORS)[0] if code is None else code
    rating = (factors @ direction + 0.5 * rng.normal(size=N_WORDS))[words]
    rating[:4] = np.nan
    layers = np.stack([rng.normal(size=X.shape), X]).astype(np.float32)
    table = pd.DataFrame({"word": [f"w{word}" for word in words], "split": "unseen", "valence": rating})
    return Activations.from_arrays(layers, {"language": "ko", "model": "m"}), table


def tables_of(method: str = "correlation", units: tuple[int, ...] = SHARED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what the languages that choose share: units, and their signs."""
    where = {"model": "m", "site": "resid", "variable": "valence", "method": method, "layer": 1}
    highest = pd.DataFrame([{**where, "degree": 3, "units": " ".join(map(str, units))}])
    rows = [{**where, "unit": unit, "n_positive": 2, "n_negative": 1} for unit in units]
    signs = pd.DataFrame(rows)
    signs.loc[signs["unit"] == WIDTH + 5, ["n_positive", "n_negative"]] = [0, 3]
    return highest, signs


def found(draws: int = 99, nulls: tuple[str, ...] = ("own codes",), **others: Any) -> dict[str, pd.DataFrame]:
    highest, signs = tables_of()
    made = shared_units(*material(**others), CELL, highest, signs, draws=draws, nulls=nulls, **OPTIONS)
    counts = made.pop("transfer_counts")
    assert counts is not None
    made |= over_languages(COUNTS.check(counts))
    declared = {table.name: table for table in (TRANSFER, BESIDE_OWN, SUMMARY)}
    return {
        name: declared[name].empty() if made[name] is None else declared[name].check(made[name]) for name in declared
    }


def test_units_that_carry_the_rating_replicate() -> None:
    tables = found()
    beside = tables["transfer_own_codes"]
    assert beside["unit"].tolist() == sorted(SHARED)
    assert beside["sign_agrees"].all()
    assert beside["replicates"].tolist() == (beside["p_own"] < 0.05).tolist()
    row = tables["transfer_summary"].set_index("method").loc["correlation"]
    assert (row["n_units"], row["n_agree"], row["own_draws"]) == (4, 4, 99)
    assert row["n_replicated"] == beside["replicates"].sum() >= 2
    assert row["own_replicated"] < 0.5
    assert row["p_replicated_holm"] == row["p_replicated"] < 0.05  # one language is asked
    assert (row["n"], row["n_words"]) == (296, 148)
    assert row["r_cross_validated"] > 0.6
    assert tables["transfer"]["n_languages"].tolist() == [3] * 4


def test_units_of_another_code_do_not() -> None:
    """The language encodes the rating as well, elsewhere: most units 'predict' it all the same."""
    code = np.random.default_rng(5).normal(size=FACTORS)
    code[0] = 0.2
    tables = found(code=code / np.linalg.norm(code))
    row = tables["transfer_summary"].set_index("method").loc["correlation"]
    assert row["baseline_share_p05_words"] > 0.1
    assert row["p_replicated"] > 0.05
    assert row["n_replicated"] < 2


def test_p_is_corrected_for_the_languages_of_a_ranking() -> None:
    [row] = (
        found()["transfer_summary"]
        .query("method == 'correlation'")
        .drop(columns="p_replicated_holm")
        .to_dict("records")
    )
    p = {("correlation", "ko"): 0.03, ("correlation", "ar"): 0.005, ("ridge", "ko"): 0.04, ("ridge", "ar"): 0.03}
    rows = [{**row, "method": method, "language": code, "p_replicated": value} for (method, code), value in p.items()]
    rows += [{**row, "method": "elastic-net", "language": code, "p_replicated": np.nan} for code in ("ko", "ar")]
    table = SUMMARY.check(over_languages(pd.DataFrame(rows))["transfer_summary"])
    assert table["p_replicated_holm"].tolist()[:4] == pytest.approx([0.03, 0.01, 0.06, 0.06])
    assert table["p_replicated_holm"].isna().tolist() == [False] * 4 + [True] * 2
    assert SUMMARY.check(over_languages(COUNTS.empty())["transfer_summary"]).empty


def test_without_own_codes_nothing_is_counted_against_them() -> None:
    for tables in (found(draws=0), found(nulls=("permuted",))):
        assert tables["transfer_own_codes"].empty
        row = tables["transfer_summary"].iloc[0]
        assert row["own_draws"] == 0
        assert row[["n_replicated", "own_top_5_percent", "p_median_percentile", "r_cross_validated"]].isna().all()
        assert row["n_units"] == 4


def test_a_ranking_that_shares_nothing_has_a_row_without_units() -> None:
    row = found()["transfer_summary"].set_index("method").loc["ridge"]
    assert (row["n_units"], row["p_below_05"], row["own_draws"]) == (0, 0, 0)
    assert np.isnan(row["baseline_share_p05"])


def test_every_unit_of_the_network_is_regressed() -> None:
    told: list[float] = []
    every = every_unit(*material(), model="m", site="resid", variable="valence", language="ko", on_progress=told.append)
    table = TRANSFER_UNITS.check(every["transfer_units"])
    assert table["unit"].tolist() == list(range(2 * WIDTH))
    assert told == [0.5, 1.0]
    of_layer = found()["transfer"].set_index("unit")
    for unit in SHARED:
        assert table.set_index("unit").loc[unit, "t_words"] == pytest.approx(of_layer.loc[unit, "t_words"])


def results(**changes: Any) -> Results:
    tables = found()
    summary = tables["transfer_summary"].query("method == 'correlation'").assign(**changes)
    every = every_unit(
        *material(), model="m", site="resid", variable="valence", language="ko", on_progress=lambda done: None
    )
    read = {
        **tables,
        **every,
        "transfer_summary": summary,
        "languages": pd.DataFrame({"language": ["ko", "ar"], "name": ["Korean", "Arabic"]}),
        "layer_choice": pd.DataFrame({"model": ["m"], "variable": ["valence"], "layer": [1], "chosen": [True]}),
    }
    declared = {table.name: table for table in QUESTION.tables}
    return Results(Path(), declared, {"units": {"headline": "correlation"}, "unseen": ["ko"]}, {}, read)


def test_a_replication_is_claimed() -> None:
    said = results(n_replicated=4)
    assert claim(said, "m", "valence") == (
        " With the sign that they have elsewhere and a |t| above 95 % of codes of the language's own, 4 of these 4 "
        "carry it in "
        f"Korean (p {p_text(said.table('transfer_summary')['p_replicated'].iloc[0])}), where units were not chosen; "
        "of the others this "
        "is not shown."
    )
    [row] = glance(said, "m", "valence")
    assert row.question == "Do single units work in Korean?"
    assert row.answer == "4 of 4 do, more than codes of its own would give; the others are not shown to"
    assert row.sure.startswith("codes of its own give ")
    assert "corrected" not in row.sure
    assert "are among the best 5 % of the layer (codes of its own give " in row.sure
    [finding] = section(said).findings
    assert ", more than a code of the language's own would give (" in finding
    assert " of 4 units, and in " in finding


def of_two(p: float, corrected: float, **changes: Any) -> Results:
    """Return the results of two unseen languages, each with these p."""
    said = results(p_replicated=p, p_replicated_holm=corrected, n_replicated=2, **{"own_draws": 200, **changes})
    rows = said.table("transfer_summary")
    said._read["transfer_summary"] = pd.concat([rows, rows.assign(language="ar")], ignore_index=True)
    said.study["unseen"] = ["ko", "ar"]
    return said


def texts_of(said: Results) -> list[str]:
    """Return all that is told of unseen languages: claim, answers, findings, chapter, figure."""
    place = {"model": "m", "variable": "valence"}
    told, figure = brief(said, place, "elsewhere"), tile(said, place)
    assert told is not None
    rows = glance(said, "m", "valence")
    answers = [row.answer for row in rows] + [row.sure for row in rows]
    return [claim(said, "m", "valence"), *answers, *section(said).findings, told.text, figure.sure if figure else ""]


def test_what_is_told_of_two_languages_follows_the_corrected_p() -> None:
    """With p = .03 either language by itself would be claimed; corrected, neither is."""
    claimed, *answers, chapter, figure = texts_of(of_two(0.02, 0.04))
    assert "2 of these 4 carry it in Korean (corrected p = .0400) and 2 of these 4 carry it in Arabic (corr" in claimed
    assert (
        "in Korean and Arabic more of them work than if the language had a random code (corrected p < .05)" in chapter
    )
    assert figure.endswith("corrected p = .0400 and = .0400")
    assert sum("p = .0200 from 200 draws, p = .0400 corrected for 2 languages (Holm)" in text for text in answers) == 4
    claimed, *answers, chapter, _ = texts_of(of_two(0.03, 0.06))
    assert "That any of them carry it in Korean and Arabic is not shown" in claimed
    assert sum("not shown to be more than codes of its own would give" in text for text in answers) == 2
    assert sum("not more than a code of the language's own might give" in text for text in answers) == 2
    assert chapter.endswith("in Korean and Arabic this is not shown.")


def test_draws_must_be_enough_for_the_corrected_p() -> None:
    claimed, *answers, chapter, figure = texts_of(of_two(0.03, 0.06, own_draws=30))
    few = "an't be told: the study draws 30 codes of its own, too few for 2 unseen languages"
    assert sum(few in text for text in answers) == 4
    assert (claimed, figure) == ("", "")
    assert chapter.startswith("Whether single units work in Korean and Arabic can't be told")


def test_no_replication_is_not_claimed() -> None:
    said = results(p_replicated_holm=0.3, n_replicated=1)
    assert "That any of them carry it in Korean is not shown" in claim(said, "m", "valence")
    assert glance(said, "m", "valence")[0].answer == (
        "1 of 4 do, not shown to be more than codes of its own would give"
    )
    assert ", not more than a code of the language's own might give (" in section(said).findings[0]


@pytest.mark.parametrize(("draws", "word"), [(0, "no"), (5, "5")])
def test_too_few_draws_are_not_taken_for_an_answer(draws: int, word: str) -> None:
    said = results(own_draws=draws)
    assert claim(said, "m", "valence") == ""
    [row] = glance(said, "m", "valence")
    assert row.answer.startswith(f"Can't be told: the study draws {word} codes of its own; p < .05 in ")
    assert "can't be told" in section(said).findings[0]


def test_one_unit_is_one() -> None:
    said = results(own_draws=5, n_units=1, p_below_05=1)
    assert glance(said, "m", "valence")[0].answer.endswith("; p < .05 in 1 of 1 unit")
    assert " in 1 of 1 unit, and in " in section(said).findings[0]


def test_where_nothing_could_be_tested_the_reason_is_told() -> None:
    said = results(n_units=0, own_draws=0)
    [row] = glance(said, "m", "valence")
    assert (row.answer, row.sure) == (
        "Not tested",
        "No unit is shared by two languages or more, so there is none to test in Korean.",
    )
    assert claim(said, "m", "valence") == ""
    absent = results()
    absent._read["transfer_summary"] = SUMMARY.empty()
    assert "Korean has no ratings of valence" in glance(absent, "m", "valence")[0].sure


def test_the_page_shows_declared_columns_and_draws() -> None:
    said = results()
    for shown in section(said).tables:
        assert set(shown.columns.split()) <= set(said.tables[shown.table].names)
    drawn = draw(said)
    assert drawn is not None
    assert drawn[0].axes[0].get_title() == "Korean: m · valence, layer 1"


def test_a_study_without_unseen_languages_is_told_how_to_name_one() -> None:
    from types import SimpleNamespace

    assert "unseen = ['xx']" in QUESTION.asked(Asked(SimpleNamespace(unseen=()), {}, {}))  # type: ignore[arg-type]
    assert QUESTION.asked(Asked(SimpleNamespace(unseen=("ko",)), {}, {})) == ""  # type: ignore[arg-type]
