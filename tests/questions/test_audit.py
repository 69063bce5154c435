"""The audit's steps on made-up languages, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interlingua.models import Activations
from interlingua.probes.out_of_fold import out_of_fold
from interlingua.questions.audit import AUDIT, HELD_OUT, HELD_OUT_R, NOTICED, POWER, QUESTION, SUMMARY, TRIED, WORDS
from interlingua.questions.audit.compute import (
    best_layer,
    compare_with,
    power,
    predictions,
    verdicts,
)
from interlingua.questions.audit.held_out import held_out, held_out_tried
from interlingua.questions.audit.noticed import summary
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
    tables |= powers(material, tables["audit"])
    outputs = (AUDIT, WORDS, POWER, NOTICED, SUMMARY)
    return {**tables, **{table.name: table.check(tables[table.name]) for table in outputs}}


def powers(material: dict[str, tuple[Activations, pd.DataFrame]], audit: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What the simulations of the audited languages leave."""
    each = [
        power(*material[code], audit, CELL, language=code, folds=FOLDS, seed=SEED)["audit_power"]
        for code in audit["language"]
    ]
    table = POWER.concat([POWER.check(one) for one in each if one is not None])
    return {"audit_power": table, **summary(audit, table, CELL)}


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


def test_shuffling_is_simulated_in_every_language_that_is_not_flagged(found: dict[str, pd.DataFrame]) -> None:
    rows = found["audit_power"]
    assert list(dict.fromkeys(rows["language"])) == [code for code in CODES if code != "de"]
    noticed = found["audit_noticed"].set_index("language")["share_noticed"]
    for code, of_language in rows.groupby("language"):
        assert noticed[code] == of_language[of_language["detected"] >= 0.8]["share"].min()
        assert of_language.loc[of_language["share"] < noticed[code], "detected"].max() < 0.8
    [row] = found["audit_summary"].itertuples()
    assert (row.n_languages, row.n_flagged, row.n_other_norm, row.can_tell) == (6, 1, 0, True)
    assert (row.best_share, row.worst_share) == (noticed.min(), noticed.max())
    assert noticed[row.best_language] == noticed.min()
    assert noticed[row.worst_language] == noticed.max()


def test_of_three_languages_nothing_can_be_told_without_a_second_norm(
    material: dict[str, tuple[Activations, pd.DataFrame]], found: dict[str, pd.DataFrame]
) -> None:
    rows = found["audit"][found["audit"]["language"].isin(["en", "es", "fr"])]
    alone = powers(material, rows)["audit_summary"]
    assert not SUMMARY.check(alone)["can_tell"].any()
    assert alone[["best_share", "worst_share"]].isna().all(axis=None)
    again = powers(material, rows.assign(n_shared=[0, 20, 0]))["audit_summary"]
    assert again["can_tell"].all()
    assert again["n_other_norm"].tolist() == [1]


def test_where_all_are_flagged_all_are_simulated(
    material: dict[str, tuple[Activations, pd.DataFrame]], found: dict[str, pd.DataFrame]
) -> None:
    rows = found["audit"][found["audit"]["language"].isin(["en", "es"])].assign(flag=True)
    assert set(powers(material, rows)["audit_power"]["language"]) == {"en", "es"}


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
            site="resid",
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
    assert findings[-1].startswith(
        "made-up · valence: shuffled ratings, simulated language by language, would be noticed"
    )


NOTHING = float("nan")


@pytest.mark.parametrize(
    ("best", "worst", "noticed"),
    [
        (
            ("fr", 0.4),
            ("en", 0.6),
            "from 40 % of the words on in French, and from 60 % on in English, where it takes most; less would go "
            "unnoticed",
        ),
        (
            ("fr", 0.4),
            ("en", NOTHING),
            "from 40 % of the words on in French, but in English not even that of all words",
        ),
        (("fr", NOTHING), ("en", NOTHING), "in no language, not even that of all words"),
        (("fr", 0.4), ("fr", 0.4), "from 40 % of the words on in French"),
    ],
)
def test_shuffling_is_told_of_the_language_that_it_is_true_of(
    found: dict[str, pd.DataFrame], best: tuple[str, float], worst: tuple[str, float], noticed: str
) -> None:
    row = found["audit_summary"].assign(
        best_language=best[0], best_share=best[1], worst_language=worst[0], worst_share=worst[1]
    )
    of_language = dict([worst, best])
    each = found["audit_noticed"].query("language in ['fr', 'en']")
    each = each.assign(
        share_noticed=[of_language.get(code, NOTHING if code == "en" else 0.5) for code in each["language"]]
    )
    said = results(**{**found, "audit_summary": row, "audit_noticed": each})
    assert glance(said, "made-up", "valence")[0].sure.endswith(f"; shuffled ratings would be noticed {noticed}")
    assert f"would be noticed {noticed} (in at least 80 %" in section(said).findings[-1]


@pytest.mark.parametrize(
    ("can_tell", "answer"),
    [
        (True, "Nothing speaks against it in any of 5 languages"),
        (False, "Can't be told from 5 languages and no second norm"),
    ],
)
def test_what_is_told_where_nothing_is_flagged(found: dict[str, pd.DataFrame], can_tell: bool, answer: str) -> None:
    audit = found["audit"].query("language != 'de'")
    row = found["audit_summary"].assign(n_languages=5, n_flagged=0, can_tell=can_tell)
    said = results(**{**found, "audit": audit, "audit_summary": row})
    [told] = glance(said, "made-up", "valence")
    assert told.answer == answer
    assert "nan" not in told.sure
    assert (
        section(said).findings[0].startswith("made-up · valence: no language is flagged. Held-out words' ratings are")
    )
    # Columns of a second norm stand there only where there is one.
    assert "r_other_norm" not in section(said).tables[0].columns
    with_norm = audit.assign(r_other_norm=[0.9, *[np.nan] * 4])
    said = results(**{**found, "audit": with_norm, "audit_summary": row.assign(n_other_norm=1)})
    assert "r_other_norm" in section(said).tables[0].columns
    assert ", 0.90 with another norm" in glance(said, "made-up", "valence")[0].sure


def test_the_page_shows_declared_columns(found: dict[str, pd.DataFrame]) -> None:
    declared = {table.name: table for table in QUESTION.tables}
    with_norm = results(**{**found, "audit_summary": found["audit_summary"].assign(n_other_norm=1)})
    for shown in section(with_norm).tables:
        assert set(shown.columns.split()) <= set(declared[shown.table].names)
