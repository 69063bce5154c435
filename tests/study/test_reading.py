"""Options of questions, nulls by name, and options by dotted key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from interlingua.errors import ConfigError
from interlingua.study.config import Study
from interlingua.study.reading import read_study
from interlingua.study.sections import Section
from interlingua.units import nulls

STUDY = """
name = "made"
models = ["mbert"]
variables = ["valence"]
languages = ["en", "de"]
norms = "labmt"
"""


class Inner(Section):
    """Options within options."""

    steps: int = 3


class Distance(Section):
    """Options of a question that is made up."""

    threshold: Annotated[float, Field(gt=0)] = 0.5
    measure: Literal["angle", "length"] = "angle"
    limit: int | None = None
    inner: Inner = Inner()


class Causal(Section):
    """Options of another one."""

    layers: tuple[int, ...] = ()


SECTIONS: Mapping[str, type[Section]] = {"distance": Distance, "causal": Causal}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_options_of_every_question_stand_in_the_resolved_study(file: Path, tmp_path: Path) -> None:
    file.write_text(STUDY + "[questions.distance]\nthreshold = 0.25\n", encoding="utf-8")
    study = read_study(file, overrides={"questions.distance.inner.steps": 7}, sections=SECTIONS)
    assert study.questions == {"distance": Distance(threshold=0.25, inner=Inner(steps=7)), "causal": Causal()}
    written = tomllib.loads(study.to_toml())["questions"]
    assert written == {
        "distance": {"threshold": 0.25, "measure": "angle", "inner": {"steps": 7}},
        "causal": {"layers": []},
    }
    (tmp_path / "again.toml").write_text(study.to_toml(), encoding="utf-8")
    again = read_study(tmp_path / "again.toml", sections=SECTIONS)
    assert again == study
    assert isinstance(again.questions["distance"], Distance)
    # As a mapping, too: what a study is made of is kept as it is.
    assert Study.model_validate(dict(study)) == study
    assert Study.model_validate(study.model_dump()).option("questions.distance.inner.steps") == 7


def test_without_options_of_questions_a_study_has_no_such_table(file: Path) -> None:
    study = read_study(file)
    assert study.questions == {}
    assert "questions" not in tomllib.loads(study.to_toml())


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (
            {"questions.distanse": {}},
            r"no key 'questions\.distanse' \(did you mean 'distance'\?\); known here: distance,",
        ),
        (
            {"questions.distance.treshold": 1},
            r"no key 'questions\.distance\.treshold' \(did you mean 'threshold'\?\); known here: threshold, measure,",
        ),
        ({"questions.distance.inner.step": 1}, r"no key 'questions\.distance\.inner\.step' .*; known here: steps$"),
        (
            {"questions.distance.threshold": 0},
            r"questions\.distance\.threshold: give a number \(above 0\) \(given: 0\)",
        ),
        ({"questions.distance.measure": "width"}, r"questions\.distance\.measure: .*'angle' or 'length'"),
        ({"questions.distance": 3}, r"questions\.distance: .*\(given: 3\)"),
        ({"questions": 3}, r"questions: give a table \[questions\.KEY\] each"),
    ],
)
def test_what_questions_do_not_know(file: Path, overrides: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=rf"study\.toml: .*{says}"):
        read_study(file, overrides=overrides, sections=SECTIONS)


def test_where_no_question_has_options_none_is_known(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no key 'questions\.distance'; known here: none"):
        read_study(file, overrides={"questions.distance.threshold": 1})


def test_known_keys_are_those_of_the_section_where_the_unknown_one_stands(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"'languages\.de\.corpus\.form' \(did you mean 'forms'\?\); .* segmenter"):
        read_study(file, overrides={"languages": {"en": {}, "de": {"corpus": {"source": "x.txt", "form": "exact"}}}})
    with pytest.raises(ConfigError, match=r"'norm' \(did you mean 'norms'\?\); known here: name, .*, norms, contexts$"):
        read_study(file, overrides={"norm": "labmt"})


def test_all_nulls_are_drawn_by_default(file: Path) -> None:
    study = read_study(file)
    assert study.units.nulls == nulls.names()
    assert tomllib.loads(study.to_toml())["units"]["nulls"] == list(nulls.names())
    assert read_study(file, overrides={"units.nulls": ["own codes"]}).units.nulls == ("own codes",)
    assert read_study(file, overrides={"units.nulls": []}).units.nulls == ()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            ["permutde"],
            r"units\.nulls: unknown null 'permutde' \(did you mean 'permuted'\?\): use one of permuted, own",
        ),
        (["permuted", "permuted"], r"units\.nulls: 'permuted' stands there twice"),
    ],
)
def test_nulls_that_can_not_be_drawn(file: Path, given: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_study(file, overrides={"units.nulls": given})


def test_options_by_dotted_key(file: Path) -> None:
    study = read_study(file, sections=SECTIONS)
    assert study.option("probes.folds") == 5
    assert study.option("seed") == 0
    assert study.option("sampling") == study.sampling
    assert study.option("languages.de.norms") == "labmt"
    assert study.option("questions.distance.threshold") == 0.5
    for key, says in (
        ("probes.fold", r"no option 'probes\.fold' \(did you mean 'folds'\?\); known here: methods, "),
        ("questions.distanse.threshold", r"'questions\.distanse\.threshold' \(did you mean 'distance'\?\)"),
        ("seed.one", r"no option 'seed\.one'; known here: none"),
        ("probes.model_fields", r"no option 'probes\.model_fields'"),
    ):
        with pytest.raises(ConfigError, match=says):
            study.option(key)
