"""The audit's steps on made-up languages, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interlingua.models import Activations
from interlingua.probes.out_of_fold import out_of_fold
from interlingua.questions.audit import AUDIT, HELD_OUT, HELD_OUT_R, POWER, QUESTION, SUMMARY, TRIED, WORDS
from interlingua.questions.audit.compute import (
    best_layer,
    compare_with,
    power,
    predictions,
    verdicts,
)
from interlingua.questions.audit.held_out import held_out, held_out_tried
from interlingua.questions.audit.show import glance, section
from interlingua.report.results import Results
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables.layout import Layout

CODES = ("en", "es", "fr", "de", "it", "pt")
CELL = Cell("made-up", "valence", 1, 3, Layout.even(2, 12))
FOLDS, SEED = 3, 7


def made_up(code: str, *, shuffled: bool = False) -> tuple[Activations, pd.DataFrame]:
    """Return two layers of 12 units, the second of which knows the ratings, and two sentences a word."""
    rng = np.random.default_rng(sum(map(ord, code)))
    rating = np.repeat(rng.uniform(0, 1, 60), 2)
    layers = rng.normal(size=(2, 120, 12)).astype(np.float32)
    layers[1] += 2 * rng.normal(size=12) * (rating[:, None] - 0.5)
    if shuffled:
        rating = np.repeat(rng.permutation(rating[::2]), 2)
    words = np.repeat([f"{code}{number}" for number in range(60)], 2)
    table = pd.DataFrame({"language": code, "word": words, "split": ["train"] * 90 + ["test"] * 30, "valence": rating})
    table.loc[[4, 5], "valence"] = np.nan  # not rated
    return Activations.from_arrays(layers, {"language": code, "model": "made-up"}), table


NO_NORM = pd.DataFrame({"language": [], "variable": [], "word": [], "norm": [], "rating": []})


@pytest.fixture(scope="module")
def material() -> dict[str, tuple[Activations, pd.DataFrame]]:
    return {code: made_up(code, shuffled=code == "de") for code in CODES}


@pytest.fixture(scope="module")
def found(material: dict[str, tuple[Activations, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """What the question's steps leave."""
    by_language = [held_out(*material[code], CELL, language=code, folds=FOLDS, seed=SEED) for code in CODES]
    tables = {
        "held_out": HELD_OUT.concat([HELD_OUT.check(one["held_out"]) for one in by_language]),
        "held_out_r": HELD_OUT_R.concat([HELD_OUT_R.check(one["held_out_r"]) for one in by_language]),
    }
    ratings = {code: table for code, (_, table) in material.items()}
    tables |= verdicts(tables["held_out"], tables["held_out_r"], ratings, NO_NORM, CELL)
    activations = {code: of_language for code, (of_language, _) in material.items()}
    tables |= power(activations, ratings, tables["audit"], CELL, folds=FOLDS, seed=SEED)
    return {**tables, **{table.name: table.check(tables[table.name]) for table in (AUDIT, WORDS, POWER, SUMMARY)}}


def test_every_output_is_declared_and_made(found: dict[str, pd.DataFrame]) -> None:
    assert {output.name for step in QUESTION.steps for output in step.outputs} == set(found)
    assert TRIED not in QUESTION.steps


def test_the_shuffled_language_is_flagged_and_no_other(found: dict[str, pd.DataFrame]) -> None:
    audit = found["audit"]
    assert audit["language"].tolist() == list(CODES)
    assert audit.set_index("language")["flag"].to_dict() == {code: code == "de" for code in CODES}
    assert (audit["n_words"] == 59).all()
    assert set(audit["layer"]) == {1}


def test_the_seed_is_that_of_older_results(
    material: dict[str, tuple[Activations, pd.DataFrame]], found: dict[str, pd.DataFrame]
) -> None:
    activations, table = material["fr"]
    rated = table["valence"].notna().to_numpy()
    direct = out_of_fold(
        activations.layer(1)[rated],
        table.loc[rated, "valence"],
        table.loc[rated, "word"],
        folds=FOLDS,
        seed=derive_seed(SEED, "audit", "made-up", "fr", "valence"),
    )
    row = found["audit"].set_index("language").loc["fr"]
    assert (row["r_oof"], row["r_oof_low"], row["r_oof_high"]) == (direct.r, direct.r_low, direct.r_high)
    worst = found["audit_words"].query("language == 'fr'")
    assert worst["word"].tolist() == direct.words["word"].head(10).tolist()
    assert worst["difference"].tolist() == direct.words["difference"].head(10).tolist()


def test_the_power_is_that_of_the_median_language(found: dict[str, pd.DataFrame]) -> None:
    right = found["audit"].query("not flag").sort_values("r_oof")
    assert set(found["audit_power"]["language"]) == {right["language"].iloc[len(right) // 2]}
    [summary] = found["audit_summary"].itertuples()
    assert (summary.n_languages, summary.n_flagged, summary.n_other_norm, summary.can_tell) == (6, 1, 0, True)
    rows = found["audit_power"]
    assert summary.share_noticed == rows[rows["detected"] >= 0.8]["share"].min()
    assert rows.loc[rows["share"] < summary.share_noticed, "detected"].max() < 0.8


def test_of_three_languages_nothing_can_be_told_without_a_second_norm(
    material: dict[str, tuple[Activations, pd.DataFrame]], found: dict[str, pd.DataFrame]
) -> None:
    few = ["en", "es", "fr"]
    rows = found["audit"][found["audit"]["language"].isin(few)]
    activations = {code: material[code][0] for code in few}
    ratings = {code: material[code][1] for code in few}
    alone = power(activations, ratings, rows, CELL, folds=FOLDS, seed=SEED)["audit_summary"]
    assert not SUMMARY.check(alone)["can_tell"].any()
    assert alone["share_noticed"].isna().all()
    compared = rows.assign(n_shared=[0, 20, 0])
    again = power(activations, ratings, compared, CELL, folds=FOLDS, seed=SEED)["audit_summary"]
    assert again["can_tell"].all()
    assert again["n_other_norm"].tolist() == [1]


def second_norm(table: pd.DataFrame, words: int, seed: int | None = None) -> pd.DataFrame:
    """Return a second norm of so many words, which agrees with the first, or (with a seed) doesn't."""
    rated = table.dropna().drop_duplicates("word").head(words)
    noise = np.random.default_rng(1).normal(0, 0.02, len(rated))
    rating = rated["valence"] + noise if seed is None else np.random.default_rng(seed).permutation(rated["valence"])
    code = rated["language"].iloc[0]
    return pd.DataFrame(
        {
            "language": code,
            "variable": "valence",
            "word": rated["word"].str.upper(),
            "norm": f"other-{code}",
            "rating": rating,
        }
    )


def test_a_second_norm_is_heard_where_it_shares_words_enough(
    material: dict[str, tuple[Activations, pd.DataFrame]], found: dict[str, pd.DataFrame]
) -> None:
    ratings = {code: table for code, (_, table) in material.items()}
    others = pd.concat(
        [second_norm(ratings["en"], 50), second_norm(ratings["es"], 50, 2), second_norm(ratings["fr"], 3)]
    )
    compared = compare_with(ratings, others, "valence")
    assert set(compared) == {"en", "es"}
    assert compared["en"].r > 0.9
    assert (compared["en"].source_b, compared["en"].n) == ("other-en", 50)
    audit = AUDIT.check(verdicts(found["held_out"], found["held_out_r"], ratings, others, CELL)["audit"])
    rows = audit.set_index("language")
    assert rows["flag"].to_dict() == {code: code in ("de", "es") for code in CODES}
    assert rows["other_norm"].to_dict() == {"en": "other-en", "es": "other-es", **dict.fromkeys(CODES[2:], "")}


def test_a_second_norm_does_not_judge_other_variables(
    material: dict[str, tuple[Activations, pd.DataFrame]], found: dict[str, pd.DataFrame]
) -> None:
    ratings = {code: table.rename(columns={"valence": "arousal"}) for code, (_, table) in material.items()}
    others = second_norm(material["es"][1], 50, 2).assign(variable="arousal")
    arousal = Cell("made-up", "arousal", 1, 3, CELL.layout)
    rows = verdicts(found["held_out"], found["held_out_r"], ratings, others, arousal)["audit"].set_index("language")
    assert rows.loc["es", "r_other_high"] < 0.7
    assert not rows.loc["es", "flag"]


def test_tried_layers_say_what_a_run_says(
    material: dict[str, tuple[Activations, pd.DataFrame]], found: dict[str, pd.DataFrame]
) -> None:
    told: list[float] = []
    parts = [
        held_out_tried(
            *material[code],
            model="made-up",
            variable="valence",
            language=code,
            choose="cv",
            folds=FOLDS,
            seed=SEED,
            on_progress=told.append,
        )
        for code in CODES
    ]
    rows, words = (output.concat([output.check(one[output.name]) for one in parts]) for output in TRIED.outputs)
    assert told[:2] == [0.5, 1.0]
    assert best_layer(rows) == 1  # the other knows nothing
    tried = predictions(rows[rows["layer"] == 1], words[words["layer"] == 1])
    for code, run in predictions(found["held_out_r"], found["held_out"]).items():
        assert tried[code].r == run.r
        pd.testing.assert_frame_equal(tried[code].words, run.words)


NAMES = {"en": "English", "es": "Spanish", "fr": "French", "de": "German", "it": "Italian", "pt": "Portuguese"}


def results(**tables: pd.DataFrame) -> Results:
    languages = pd.DataFrame({"language": list(NAMES), "name": list(NAMES.values())})
    return Results(Path(), {}, {}, {}, {"languages": languages, **tables})


def test_a_flagged_language_is_named(found: dict[str, pd.DataFrame]) -> None:
    said = results(**found)
    [row] = glance(said, "made-up", "valence")
    assert row.answer == "Not in German"
    assert "with another norm" not in row.sure
    findings = section(said).findings
    reason = found["audit"].set_index("language").loc["de", "reason"]
    assert findings[0] == f"made-up · valence: German is flagged. {reason}"
    assert findings[-1].startswith("How much shuffling would be noticed? Of ")


@pytest.mark.parametrize(
    ("can_tell", "share", "answer", "noticed"),
    [
        (True, 0.4, "Nothing speaks against it in any of 5 languages", "40 % of the words or more"),
        (False, np.nan, "Can't be told from 5 languages and no second norm", "not even all of the words"),
    ],
)
def test_what_is_told_where_nothing_is_flagged(
    found: dict[str, pd.DataFrame], can_tell: bool, share: float, answer: str, noticed: str
) -> None:
    audit = found["audit"].query("language != 'de'")
    summary = found["audit_summary"].assign(n_languages=5, n_flagged=0, can_tell=can_tell, share_noticed=share)
    said = results(**{**found, "audit": audit, "audit_summary": summary})
    [row] = glance(said, "made-up", "valence")
    assert row.answer == answer
    assert ("shuffled would be noticed" in row.sure) == (share == 0.4)
    assert "nan" not in row.sure
    told = section(said)
    assert told.findings[0].startswith("made-up · valence: no language is flagged. Held-out words' ratings are")
    assert noticed in told.findings[1]
    # Columns of a second norm stand there only where there is one.
    assert "r_other_norm" not in told.tables[0].columns
    with_norm = audit.assign(r_other_norm=[0.9, *[np.nan] * 4])
    said = results(**{**found, "audit": with_norm, "audit_summary": summary.assign(n_other_norm=1)})
    assert "r_other_norm" in section(said).tables[0].columns
    assert ", 0.90 with another norm" in glance(said, "made-up", "valence")[0].sure


def test_the_page_shows_declared_columns(found: dict[str, pd.DataFrame]) -> None:
    declared = {table.name: table for table in QUESTION.tables}
    with_norm = results(**{**found, "audit_summary": found["audit_summary"].assign(n_other_norm=1)})
    for shown in section(with_norm).tables:
        assert set(shown.columns.split()) <= set(declared[shown.table].names)
