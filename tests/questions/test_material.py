"""The languages of a made-up study, and what is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.questions.material import ISSUES, LANGUAGES, RELIABILITY
from interlingua.questions.material.compute import material
from interlingua.questions.material.reliability import reliabilities
from interlingua.questions.material.show import section
from interlingua.report.results import Results


def sources(*unseen: str) -> pd.DataFrame:
    codes = ["en", "es", *unseen]
    numbers = {"words": 60, "sentences": 120, "train_words": 48, "test_words": 12}
    table = pd.DataFrame({"language": codes, "role": ["seen", "seen", *["unseen"] * len(unseen)], **numbers})
    table["rated_words"] = pd.Series([None, *[900] * (len(codes) - 1)], dtype="Int64")
    return table.assign(norms="labmt", words_from="", frames="", licence="free", citation="")


#: Of a study's settings, what the section tells.
FLAT = {"sampling": {"flat": True}, "languages": {"en": {"contexts": "carriers"}, "es": {"contexts": "carriers"}}}
AS_THEY_COME = {"sampling": {"flat": False}, "languages": {"en": {"contexts": "a.csv"}, "es": {"contexts": "carriers"}}}


def results(
    sources: pd.DataFrame, noticed: pd.DataFrame, reliable: pd.DataFrame | None = None, study: Any = AS_THEY_COME
) -> Results:
    tables = {"languages": LANGUAGES, "issues": ISSUES, "reliability": RELIABILITY}
    made = {**material(sources, noticed), "reliability": reliable}
    found = {name: tables[name].empty() if frame is None else frame for name, frame in made.items()}
    return Results(Path(), tables, study, {}, {name: tables[name].check(frame) for name, frame in found.items()})


NOTHING = pd.DataFrame({"language": [], "kind": [], "count": [], "detail": []})


def test_languages_have_name_family_and_script() -> None:
    table = results(sources("zh"), NOTHING).table("languages").set_index("language")
    assert table.loc["zh", ["name", "family", "script"]].tolist() == ["Chinese", "Sino-Tibetan", "Hans"]
    assert table["rated_words"].dtype == "Int64"
    assert pd.isna(table.loc["en", "rated_words"])


@pytest.mark.parametrize(
    ("unseen", "said"),
    [
        ((), "units. "),
        (("zh",), "units; Chinese only tests them. "),
        (("zh", "fi"), "units; Chinese and Finnish only test"),
    ],
)
def test_which_languages_choose_and_which_test(unseen: tuple[str, ...], said: str) -> None:
    (finding,) = section(results(sources(*unseen), NOTHING)).findings
    assert finding.startswith(f"2 languages choose the {said}")
    assert "48 words for training and 12 for testing" in finding


def test_where_words_come_from_and_which_frames_they_stand_in_is_told_where_it_is_known() -> None:
    known = sources("zh").assign(
        norms=["A", "A", "B"], words_from=["tweets", "tweets", ""], frames=["", "Uno {word}.", ""]
    )
    said = section(results(known, NOTHING))
    assert " The words of A are tweets. " in said.findings[0]
    [shown] = [shown for shown in said.tables if shown.title == "Carrier sentences"]
    assert shown.frame["language"].tolist() == ["es"]
    of_none = section(results(sources(), NOTHING))
    assert "The words of" not in of_none.findings[0]
    assert "Carrier sentences" not in [shown.title for shown in of_none.tables]


@pytest.mark.parametrize(
    ("codes", "said"), [((), ""), (("en", "es"), "Words of English and Spanish that are tested are transl")]
)
def test_translations_on_both_sides_are_told(codes: tuple[str, ...], said: str) -> None:
    rows = [{"language": code, "kind": "concept in train and test", "count": 2, "detail": "cat"} for code in codes]
    (finding,) = section(results(sources(), pd.DataFrame(rows) if rows else NOTHING)).findings
    assert said in finding
    assert ("translations" in finding) == bool(codes)


def test_what_was_noticed_is_shown_even_twice() -> None:
    row = {"language": "en", "kind": "duplicates", "count": 2, "detail": "cat"}
    found = results(sources(), pd.DataFrame([row, row]))
    shown = {table.table: table.frame for table in section(found).tables}
    assert len(shown["issues"]) == 2
    assert [table.table for table in section(results(sources(), NOTHING)).tables] == ["languages"]


def rated(code: str, n: int, seed: int) -> pd.DataFrame:
    """Return words of two sentences each, some of them not rated."""
    rng = np.random.default_rng(seed)
    rating = pd.Series(rng.normal(size=n)).where(np.arange(n) >= 3)
    words = np.repeat(np.arange(n), 2)
    return pd.DataFrame({"word": [f"{code}{number}" for number in words], "valence": rating.to_numpy()[words]})


def errors_of(code: str, words: range, error: float, raters: float) -> pd.DataFrame:
    own = {"language": code, "variable": "valence", "error": error, "raters": raters}
    return pd.DataFrame({"word": [f"{code}{number}" for number in words]}).assign(**own)


def test_reliability_is_of_the_words_that_are_used_and_known() -> None:
    ratings = {"en": rated("en", 40, 0), "es": rated("es", 30, 1), "fr": rated("fr", 30, 2)}
    errors = pd.concat([errors_of("en", range(100), 0.3, 20.0), errors_of("es", range(20), 0.5, 9.5)])
    found = reliabilities(errors, ratings, variable="valence")["reliability"]
    assert found is not None
    table = RELIABILITY.check(found).set_index("language")
    assert list(table.index) == ["en", "es"]  # of French nothing is known
    assert table[["n_words", "n_known"]].values.tolist() == [[37, 37], [27, 17]]
    variance = ratings["es"].drop_duplicates("word").iloc[3:20]["valence"].var()
    assert table.loc["es", "reliability"] == pytest.approx(1 - 0.25 / variance)
    assert table.loc["es", ["raters", "error", "sd"]].tolist() == pytest.approx([9.5, 0.5, variance**0.5])
    assert reliabilities(errors, {"fr": ratings["fr"]}, variable="valence") == {"reliability": None}
    assert reliabilities(errors.head(0), ratings, variable="valence") == {"reliability": None}


def test_reliability_is_told_where_norms_have_it() -> None:
    rows = {"variable": "valence", "language": ["en", "es"], "n_words": 60, "n_known": 60, "error": 0.1, "sd": 0.5}
    table = pd.DataFrame({**rows, "raters": [19.6, 50.0], "reliability": [0.91, 0.97]})
    first, told = section(results(sources(), NOTHING, table)).findings
    assert told == (
        "Mean ratings of valence by 20 to 50 raters a word have a reliability of 0.91 to 0.97 in English and Spanish, "
        "by the raters' standard deviations."
    )
    assert "reliability" not in first
    (told,) = section(results(sources(), NOTHING, table.head(1).assign(raters=50.0))).findings[1:]
    assert "by 50 raters a word have a reliability of 0.91 in English, by" in told
    # Of too few words there is none, and nothing is said.
    nothing = table.assign(reliability=float("nan"))
    assert len(section(results(sources(), NOTHING, nothing)).findings) == 1


def test_how_words_were_drawn_and_what_their_sentences_are_is_told() -> None:
    (finding,) = section(results(sources(), NOTHING, study=FLAT)).findings
    assert "Words are drawn flat over the scale of the norms" in finding
    assert "The sentences are carrier frames" in finding
    (finding,) = section(results(sources(), NOTHING)).findings
    assert "flat" not in finding
    assert "carrier" not in finding  # of one language only
