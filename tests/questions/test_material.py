"""The languages of a made-up study, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from interlingua.questions.material import ISSUES, LANGUAGES
from interlingua.questions.material.compute import material
from interlingua.questions.material.show import section
from interlingua.report.results import Results


def sources(*unseen: str) -> pd.DataFrame:
    codes = ["en", "es", *unseen]
    numbers = {"words": 60, "sentences": 120, "train_words": 48, "test_words": 12}
    table = pd.DataFrame({"language": codes, "role": ["seen", "seen", *["unseen"] * len(unseen)], **numbers})
    table["rated_words"] = pd.Series([None, *[900] * (len(codes) - 1)], dtype="Int64")
    return table.assign(norms="labmt", licence="free", citation="")


def results(sources: pd.DataFrame, noticed: pd.DataFrame) -> Results:
    tables = {"languages": LANGUAGES, "issues": ISSUES}
    made = material(sources, noticed)
    found = {name: tables[name].empty() if frame is None else frame for name, frame in made.items()}
    return Results(Path(), tables, {}, {}, {name: tables[name].check(frame) for name, frame in found.items()})


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
    assert section(results(sources(), NOTHING)).tables[1].frame.empty
