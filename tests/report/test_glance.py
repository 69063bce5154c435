"""The study at a glance: its answers follow from the tables, and change when they do."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from interlingua.report.glance import Row, glance
from interlingua.report.results import Results


@pytest.fixture
def results(small: Any) -> Results:
    return Results.read(small.results)


def answers(results: Results, title: str = "model · valence") -> dict[str, Row]:
    return {row.question: row for row in glance(results)[title]}


def change(results: Results, table: str, **columns: object) -> None:
    results.tables[table] = results.tables[table].assign(**columns)


def test_every_question_is_asked_of_every_variable(results: Results) -> None:
    groups = glance(results)
    assert list(groups) == ["model · valence", "model · length", "all models and variables"]
    assert [row.question for row in groups["model · valence"]] == [
        "Do the ratings belong to the words?",
        "Does the model know valence?",
        "Do languages share its units?",
        "Do they use them in the same direction?",
        "Is it learnt?",
        "Do the units of other languages predict a language?",
        "Do single units work in German?",
        "Is it only how long or frequent words are?",
        "Would other words have chosen the same units?",
    ]
    assert [row.question for row in groups["all models and variables"]] == ["Do languages that share more do better?"]
    texts = [text for rows in groups.values() for row in rows for text in row]
    assert all(texts)
    assert not any("nan" in text for text in texts)


def test_figures_are_those_of_the_tables(results: Results) -> None:
    rows = answers(results)
    null = results.of("null", variable="valence", method="correlation").iloc[0]
    assert (
        f"{null.corrected_fe:.2f} times as many units as on permuted ratings"
        in rows["Do languages share its units?"].answer
    )
    assert "from 3 permutations" in rows["Do languages share its units?"].sure
    layer = results.layer("model", "valence")
    probes = results.of("probes", variable="valence", probe="ridge", curve="layer", layer=layer)
    assert (
        f"r = {probes['r_word'].mean():.2f} over words, mean of 3 languages"
        in rows["Does the model know valence?"].answer
    )
    stability = results.of("stability", variable="valence", method="correlation")["frequency"]
    again = rows["Would other words have chosen the same units?"].answer
    assert again == f"A unit of the top is there again in {100 * stability.mean():.0f} % of the draws"
    transfer = results.of("transfer", variable="valence", method="correlation")
    working = (transfer["p_cluster"] * len(transfer) < 0.05).sum()
    assert f": {working} of {len(transfer)} units" in rows["Do single units work in German?"].answer


def test_answers_follow_the_p_values(results: Results) -> None:
    change(results, "null", p_fe=1 / 201, p_signed_fe=0.2, draws=200)
    change(results, "transfer", p_cluster=1e-9)
    change(results, "leave_one_out", percentile_r_zero_shot=[99, 99, 10] * (len(results.tables["leave_one_out"]) // 3))
    rows = answers(results)
    shares = rows["Do languages share its units?"]
    assert shares.answer.startswith("Yes: ")
    assert shares.sure == "p = .0050 from 200 permutations, the least that so many can give"
    assert rows["Do they use them in the same direction?"].answer.startswith("Not shown: ")
    assert rows["Do single units work in German?"].answer.startswith("Yes: ")
    assert rows["Do the units of other languages predict a language?"].answer.startswith("Mostly: ")

    change(results, "null", p_fe=0.2)
    change(results, "transfer", p_cluster=0.04)
    change(results, "controls", corrected_fe=1.0, control_corrected_fe=1.5)
    rows = answers(results)
    assert rows["Do languages share its units?"].answer.startswith("Not shown: ")
    assert rows["Do single units work in German?"].answer.startswith("No: 0 of ")
    assert rows["Is it learnt?"].answer.startswith("No: ")


@pytest.mark.parametrize(
    ("estimate", "p", "answer"), [(0.02, 0.01, "Yes: "), (0.02, 0.2, "Not shown: "), (-0.02, 0.01, "Not shown: ")]
)
def test_alignment_takes_the_permutation_p(results: Results, estimate: float, p: float, answer: str) -> None:
    change(results, "alignment_models", estimate=estimate, p_permutation=p, p=0.001)
    [row] = glance(results)["all models and variables"]
    assert row.answer.startswith(answer)


def test_a_flagged_language_is_named_and_left_out(results: Results) -> None:
    audit, probes = results.tables["audit"], results.tables["probes"]
    results.tables["audit"] = audit.assign(flag=audit["language"] == "es")
    results.tables["probes"] = probes.assign(r_word_low=probes["r_word_low"].where(probes["language"] != "es", -0.1))
    both = [results.tables["pairs_summary"].assign(languages=which) for which in ("all", "without es")]
    results.tables["flagged_overlap"] = pd.concat([both[0], both[1].assign(mean_fe=1.25, n_pairs=1, p_below_05=1)])
    models = results.tables["alignment_models"].assign(estimate=0.01, p_permutation=0.01)
    without = models.assign(languages="without es", p_permutation=0.3)
    results.tables["flagged_alignment"] = pd.concat([models.assign(languages="all"), without])

    rows = answers(results)
    assert rows["Do the ratings belong to the words?"].answer == "Not in Spanish"
    assert rows["Does the model know valence?"].answer.startswith("In all but Spanish: ")
    assert rows["And without Spanish?"].answer == "1.25 times as many units as independent sets"
    all_of_them, without_spanish = glance(results)["all models and variables"]
    assert all_of_them.answer.startswith("Yes: ")
    assert without_spanish.question == "And without Spanish?"
    assert without_spanish.answer.startswith("Not shown: ")


def test_what_a_study_did_not_do_is_not_asked(results: Results) -> None:
    for name in ("null", "controls", "transfer", "leave_one_out", "confounds"):
        del results.tables[name]
    rows = answers(results)
    assert len(rows) == 4
    assert "null is too easy" in rows["Do languages share its units?"].test
    assert "permuted" not in rows["Do languages share its units?"].answer


def test_one_model_and_one_variable_have_one_table(results: Results) -> None:
    results.tables["pairs_summary"] = results.of("pairs_summary", variable="valence")
    [(title, rows)] = glance(results).items()
    assert title == "model · valence"
    assert rows[-1].question == "Do languages that share more do better?"
