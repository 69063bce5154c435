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
        "Does the choice of units hang on single words?",
    ]
    assert [row.question for row in groups["all models and variables"]] == ["Do languages that share more do better?"]
    texts = [text for rows in groups.values() for row in rows for text in row]
    assert all(texts)
    assert not any("nan" in text for text in texts)


def test_figures_are_those_of_the_tables(results: Results) -> None:
    rows = answers(results)
    null = results.of("null", variable="valence", method="correlation").iloc[0]
    shares = rows["Do languages share its units?"]
    assert f"{null.mean_fe / null.own_fe:.2f} times as many units as with codes of their own" in shares.answer
    assert f"({null.corrected_fe:.2f} times as many as on permuted ratings)" in shares.answer
    assert "from 3 draws" in shares.sure
    layer = results.layer("model", "valence")
    probes = results.of("probes", variable="valence", probe="ridge", curve="layer", layer=layer)
    assert (
        f"r = {probes['r_word'].mean():.2f} over words, mean of 3 languages"
        in rows["Does the model know valence?"].answer
    )
    stability = results.of("stability", variable="valence", method="correlation")["frequency"]
    again = rows["Does the choice of units hang on single words?"].answer
    assert again == f"A unit of the top is there again in {100 * stability.mean():.0f} % of the draws"
    transfer = results.of("transfer", variable="valence", method="correlation")
    working = (transfer["p_cluster"] * len(transfer) < 0.05).sum()
    assert rows["Do single units work in German?"].answer.startswith(f"{working} of {len(transfer)} units predict")
    control = results.of("controls", variable="valence", method="correlation").iloc[0]
    interval = f"(95 % interval {control.fe_ratio_low:.2f} to {control.fe_ratio_high:.2f})"
    assert rows["Is it learnt?"].sure.startswith(f"{control.fe_ratio:.2f} times as many {interval}")


def test_answers_follow_the_p_values(results: Results) -> None:
    change(results, "null", p_fe=1 / 201, p_own_fe=1 / 201, p_signed_fe=1 / 201, p_own_signed_fe=0.2, draws=200)
    change(results, "transfer", p_cluster=1e-9)
    change(results, "controls", fe_ratio_low=1.2)
    rows = answers(results)
    shares = rows["Do languages share its units?"]
    assert shares.answer.startswith("Yes: ")
    assert shares.sure == "p = .0050 from 200 draws, the least that so many can give; permuted ratings: p = .0050"
    assert rows["Do they use them in the same direction?"].answer.startswith("Not shown: ")
    n = len(results.of("transfer", variable="valence", method="correlation"))
    assert rows["Do single units work in German?"].answer.startswith(f"{n} of {n} units")
    assert rows["Is it learnt?"].answer.startswith("Yes: ")

    change(results, "null", p_own_fe=0.2)  # they encode it, but do they share it?
    change(results, "transfer", p_cluster=0.9)
    change(results, "controls", fe_ratio_low=0.9)
    rows = answers(results)
    assert rows["Do languages share its units?"].answer.startswith("Not shown: ")
    assert rows["Do single units work in German?"].answer.startswith("0 of ")
    assert rows["Is it learnt?"].answer.startswith("Not shown: ")


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
    summary = results.tables["pairs_summary"].assign(corrected_fe=1.5, p_fe=0.01, p_own_fe=0.01)
    without = summary.assign(languages="without es", corrected_fe=1.25, p_own_fe=0.04)
    results.tables["flagged_overlap"] = pd.concat([summary.assign(languages="all"), without])
    models = results.tables["alignment_models"].assign(estimate=0.01, p_permutation=0.01)
    without = models.assign(languages="without es", p_permutation=0.3)
    results.tables["flagged_alignment"] = pd.concat([models.assign(languages="all"), without])

    rows = answers(results)
    assert rows["Do the ratings belong to the words?"].answer == "Not in Spanish"
    assert rows["Does the model know valence?"].answer.startswith("In all but Spanish: ")
    assert rows["And without Spanish?"].answer == "Yes: 1.25 times as many as on permuted ratings"
    assert rows["And without Spanish?"].sure == "p = .0400 against codes of their own, = .0100 on permuted ratings"
    all_of_them, without_spanish = glance(results)["all models and variables"]
    assert all_of_them.answer.startswith("Yes: ")
    assert without_spanish.question == "And without Spanish?"
    assert without_spanish.answer.startswith("Not shown: ")


def test_three_languages_and_no_second_norm_tell_nothing_of_the_ratings(results: Results) -> None:
    change(results, "audit", flag=False, r_other_norm=float("nan"))
    rows = answers(results)
    assert rows["Do the ratings belong to the words?"].answer == "Can't be told from 3 languages and no second norm"
    change(results, "audit", r_other_norm=0.9)
    answer = answers(results)["Do the ratings belong to the words?"].answer
    assert answer == "Nothing speaks against it in any of 3 languages"


def test_a_ranking_that_can_t_be_repeated_says_so(results: Results) -> None:
    null = results.tables["null"]
    results.tables["null"] = null[null["method"] != "correlation"]
    assert "not repeated on permuted" in answers(results)["Do languages share its units?"].test


def test_what_a_study_did_not_do_is_not_asked_but_for_unseen_languages(results: Results) -> None:
    for name in ("null", "controls", "transfer", "transfer_units", "leave_one_out", "confounds"):
        del results.tables[name]
    rows = answers(results)
    assert len(rows) == 5
    assert rows["Do single units work in German?"].answer == "Not tested"
    assert "null is too easy" in rows["Do languages share its units?"].test


def test_one_model_and_one_variable_have_one_table(results: Results) -> None:
    results.tables["pairs_summary"] = results.of("pairs_summary", variable="valence")
    [(title, rows)] = glance(results).items()
    assert title == "model · valence"
    assert rows[-1].question == "Do languages that share more do better?"
