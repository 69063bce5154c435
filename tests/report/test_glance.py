"""The study at a glance: its answers follow from the tables, and change when they do."""

from __future__ import annotations

import pytest

from interlingua.report.results import Results
from interlingua.report.words import Row
from interlingua.run.report import told

WITHOUT = "And without the words that the model itself places next to a word of another language?"


def answers(results: Results, title: str = "model · valence") -> dict[str, Row]:
    return {row.question: row for row in told(results).glance[title]}


def change(results: Results, table: str, null: str = "", **columns: object) -> None:
    """Give columns of a table other values; with `null` only in the rows of that null."""
    frame = results.table(table).copy()
    rows = frame["null"] == null if null else slice(None)
    for name, values in columns.items():
        frame.loc[rows, name] = values
    results._read[table] = frame


def test_every_question_is_asked_of_every_variable(results: Results) -> None:
    groups = told(results).glance
    assert list(groups) == ["model · valence", "model · length", "all models and variables"]
    for variable in ("valence", "length"):
        assert [row.question for row in groups[f"model · {variable}"]] == [
            "How much do languages share?",
            WITHOUT,
            "Which units carry it?",
            "Do the units of other languages predict a language?",
            *(["How few of them are enough?"] if variable == "valence" else []),  # length has two languages only
            "Do languages share its units?",
            "Do they use them in the same direction?",
            "Do the ratings belong to the words?",
            f"Does the model know {variable}?",
            "Do languages share top units without common concepts?",
            "Is it learnt?",
            "Does the model use them, by the probe of the last layer?",
            "Does the model use them, by the likeness of the sentence?",
            "Does the model use them, by the choice of words?",
            "Does the model use them, in the untrained model?",
            "Do single units work in German?",
            "Is it only how long or frequent words are?",
            "How firm is the choice of units against other words?",
        ]
    assert [row.question for row in groups["all models and variables"]] == ["Do languages that share more do better?"]
    texts = [text for rows in groups.values() for row in rows for text in row]
    assert all(texts)
    assert not any("nan" in text for text in texts)


def test_figures_are_those_of_the_tables(results: Results) -> None:
    change(results, "transfer_summary", own_draws=200)
    rows = answers(results)
    null = results.of("null", variable="valence", method="correlation").set_index("null")
    own, permuted = null.loc["own codes"], null.loc["permuted"]
    shares = rows["Do languages share its units?"]
    assert f"{own.mean_fe / own.null_fe:.2f} times as many units as with codes of their own" in shares.answer
    assert f"({permuted.mean_fe / permuted.null_fe:.2f} times as many as on permuted ratings)" in shares.answer
    assert "from 999 draws" in shares.sure
    crossed = results.of("audit", variable="valence")["r_oof"]
    known = rows["Does the model know valence?"].answer
    assert f"r = {crossed.mean():.2f} over all words, mean of 3 languages" in known
    apart = results.of("stability_halves", variable="valence", method="correlation")["shared"]
    again = rows["How firm is the choice of units against other words?"].answer
    assert again.startswith(f"Halves share {apart.mean():.1f} of ")
    beside = results.of("transfer_own_codes", variable="valence", method="correlation")
    working = rows["Do single units work in German?"].answer
    assert working.startswith(f"{beside['replicates'].sum()} of {len(beside)} do, ")
    control = results.of("controls_summary", variable="valence", method="correlation", at="chosen").iloc[0]
    interval = f"(95 % interval {control.fe_ratio_low:.2f} to {control.fe_ratio_high:.2f})"
    assert rows["Is it learnt?"].sure.startswith(f"{control.fe_ratio:.2f} times as many {interval}")


def test_answers_follow_the_p_values(results: Results) -> None:
    change(results, "null", p_fe=1 / 201, p_signed_fe=1 / 201, p_shared=1 / 201, draws=200)
    change(results, "transfer_summary", p_replicated_holm=0.01, own_draws=200)
    change(results, "controls_summary", fe_ratio_low=1.2)
    rows = answers(results)
    shares = rows["Do languages share its units?"]
    assert shares.answer.startswith("Yes: ")
    assert shares.sure.startswith(
        "of number and signs: p = .0050 against codes of their own and permuted ratings, from 200 draws each, the "
        "least that so many can give; "
    )
    assert rows["Do they use them in the same direction?"].answer.startswith("Yes: ")
    assert rows["Do single units work in German?"].answer.endswith("; the others are not shown to")
    assert rows["Is it learnt?"].answer.startswith("Yes: ")

    # Units in common whose signs are anybody's are not shown to be shared.
    change(results, "null", "own codes", p_signed_fe=0.2, p_shared=0.2)
    rows = answers(results)
    assert rows["Do languages share its units?"].answer.startswith("Not shown: by their number it is")
    assert rows["Do they use them in the same direction?"].answer.startswith("Not shown: ")

    # They encode it, but do they share it?
    change(results, "null", "own codes", p_fe=0.2, p_shared=0.2)
    change(results, "transfer_summary", p_replicated_holm=0.2)
    change(results, "controls_summary", fe_ratio_low=0.9)
    rows = answers(results)
    assert rows["Do languages share its units?"].answer.startswith("Not shown: ")
    assert rows["Do single units work in German?"].answer.endswith(
        "do, not shown to be more than codes of its own would give"
    )
    assert rows["Is it learnt?"].answer.startswith("Not shown: ")

    # Of either null: permuted ratings alone are not enough, and neither are codes of their own.
    change(results, "null", "own codes", p_fe=0.01, p_signed_fe=0.01, p_shared=0.01)
    change(results, "null", "permuted", p_fe=0.2, p_shared=0.2)
    assert answers(results)["Do languages share its units?"].answer.startswith("Not shown by their number, but by ")


@pytest.mark.parametrize(
    ("estimate", "p", "answer"),
    [(0.02, 0.01, "Yes: "), (0.02, 0.2, "Not shown: "), (-0.02, 0.01, "No, they do worse: ")],
)
def test_alignment_takes_the_permutation_p(results: Results, estimate: float, p: float, answer: str) -> None:
    change(results, "alignment_models", estimate=estimate, p_permutation=p, p=0.001)
    [row] = told(results).glance["all models and variables"]
    assert row.answer.startswith(answer)


def test_a_flagged_language_is_named_and_left_out(flagged: Results) -> None:
    rows = answers(flagged)
    assert rows["Do the ratings belong to the words?"].answer == "Not in Spanish"
    assert rows["Does the model know valence?"].answer.startswith("In all but Spanish: ")
    without = rows["And without Spanish?"]
    assert without.answer == (
        "Yes: 1.25 times as many as with codes of their own (1.25 times as many as on permuted ratings)"
    )
    assert without.sure == "of number and signs: p = .0400 against codes of their own, = .0100 on permuted ratings"
    of_all, without_spanish = told(flagged).glance["all models and variables"]
    assert of_all.answer.startswith("Yes: ")
    assert without_spanish.question == "And without Spanish?"
    assert without_spanish.answer.startswith("Not shown: ")

    flagged._read["flagged_null"] = flagged.table("flagged_null").head(0)
    without = answers(flagged)["And without Spanish?"]
    assert without.answer == "1.75 times as many units as independent sets would"
    assert "p < .05 in" in without.sure


def test_three_languages_and_no_second_norm_tell_nothing_of_the_ratings(results: Results) -> None:
    change(results, "audit", flag=False, r_other_norm=float("nan"))
    change(results, "audit_summary", n_flagged=0)
    rows = answers(results)
    assert rows["Do the ratings belong to the words?"].answer == "Can't be told from 3 languages and no second norm"
    change(results, "audit", r_other_norm=0.9)
    change(results, "audit_summary", n_other_norm=3, can_tell=True)
    row = answers(results)["Do the ratings belong to the words?"]
    assert row.answer == "Nothing speaks against it in any of 3 languages"
    assert "0.90 with another norm" in row.sure


def test_a_ranking_that_can_t_be_repeated_says_so(results: Results) -> None:
    null = results.table("null")
    results._read["null"] = null[null["method"] != "correlation"]
    assert "not repeated on permuted" in answers(results)["Do languages share its units?"].test


def test_what_a_study_did_not_do_is_not_asked_but_for_unseen_languages(results: Results) -> None:
    names = (
        "null",
        "similarity_null",
        "concept_disjoint",
        "controls",
        "controls_summary",
        "transfer",
        "transfer_units",
        "transfer_summary",
        "confounds",
        "confounds_summary",
        "causal_summary",
        "causal_untrained",
    )
    for name in names:
        results._read[name] = results.tables[name].empty()
    results.run["not_asked"] |= dict.fromkeys(("controls", "left_out", "causal", "confounds"), "Why.")
    rows = answers(results)
    assert list(rows) == [
        "How much do languages share?",
        WITHOUT,
        "Which units carry it?",
        "Do languages share its units?",
        "Do the ratings belong to the words?",
        "Does the model know valence?",
        "Do languages share top units without common concepts?",
        "Do single units work in German?",
        "How firm is the choice of units against other words?",
    ]
    assert rows["Do languages share top units without common concepts?"].answer.startswith("Not tested: ")
    assert rows["How much do languages share?"].sure == "not compared with ratings drawn under a null"
    assert rows["Do single units work in German?"].answer == "Not tested"
    assert "null is too easy" in rows["Do languages share its units?"].test
    assert list(told(results).not_asked.values())[1:4] == ["Why."] * 3


def test_one_model_and_one_variable_have_one_table(results: Results) -> None:
    results._read["layer_choice"] = results.of("layer_choice", variable="valence")
    [(title, rows)] = told(results).glance.items()
    assert title == "model · valence"
    assert rows[-1].question == "Do languages that share more do better?"


def test_a_model_without_a_head_is_not_asked_for_words(results: Results) -> None:
    row = answers(results)["Does the model use them, by the choice of words?"]
    assert row.answer == "Can't be asked"
    assert "has no trained head to say words with: its files hold none (cls.predictions." in row.sure
