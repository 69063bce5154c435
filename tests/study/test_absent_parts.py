"""A study lacks an optional part, or its data have nothing for one: it ends in a whole result folder that says so."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import interlingua
from interlingua.cli.main import main
from interlingua.run.folder import CONTENTS

STUDY = """
name = "lacking"
models = ["{model}"]
variables = ["valence"]
[languages]
en = {{ norms = "en.csv" }}
es = {{ norms = "es.csv" }}
[sampling]
words = 20
sentences = 1
[probes]
folds = 2
whole = false
methods = ["ridge"]
[layer]
choose = 3
[units]
methods = ["correlation"]
permutations = 2
random_units = 5
[scrutiny]
stability = 2
audit_against = ""
controls = []
confounds = false
[alignment]
draws = 10
"""
GERMAN = {"languages.de.norms": "de.csv", "unseen": ["de"]}
#: The best unit alone, of random ratings: no two languages have the same one.
NOTHING_SHARED = {"units.k": 1}
#: Each language's random ratings of made-up words.
SEEDS = {"en": 0, "es": 1, "de": 2}


@pytest.fixture(scope="module")
def folder(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lacking")
    for code, seed in SEEDS.items():
        rng = np.random.default_rng(seed)
        words = {"".join(rng.choice(list("abcdefgilmnoprstu"), size=rng.integers(4, 8))) for _ in range(30)}
        rows = [f"{word},{rng.uniform(1, 9):.2f},{rng.uniform(1, 9):.2f}" for word in sorted(words)]
        (folder / f"{code}.csv").write_text("word,valence,arousal\n" + "\n".join(rows) + "\n", encoding="utf-8")
    sentences = [f"this is {word} {number},{word}," for number, word in enumerate(["sun", "moon", "star"] * 3)]
    (folder / "unrated.csv").write_text("text,word,valence\n" + "\n".join(sentences) + "\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY.format(model=minilm), encoding="utf-8")
    return folder


@pytest.fixture
def run(folder: Path, tmp_path: Path) -> Callable[..., Path]:
    def run(**changes: Any) -> Path:
        study = interlingua.load_study(folder / "study.toml", overrides=changes)
        output = tmp_path / "results"
        return interlingua.run(study, output=output, workers=1, cache_dir=folder / "cache", show_progress=False)

    return run


def text_of(results: Path) -> str:
    """Return the words of a whole result folder's report."""
    assert {entry.name for entry in results.iterdir()} == CONTENTS
    assert (results / "atlas" / "data" / "index.js").is_file()
    page = (results / "report.html").read_text(encoding="utf-8")
    page = re.sub(r'<style>.*?</style>|src="data:[^"]*"', "", page, flags=re.DOTALL)
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    # What follows is the record of the run, with names of its own.
    said, heading, _ = text.partition("How this was made, and what to cite Method")
    assert heading
    assert not re.search(r"\b(nan|inf|None|NaN)\b", said)
    return said


NO_UNSEEN = "This study names no unseen language, so none was asked for a test of the units."
NONE_TO_TEST = "No unit is shared by two languages or more, so there is none to test in German."


def test_no_unseen_language(run: Callable[..., Path]) -> None:
    results = run()
    text = text_of(results)
    # At a glance, and in the section of unseen languages.
    assert text.count(NO_UNSEEN) == 2
    assert "Do single units work in a language that was not asked? Not tested" in text
    tables = interlingua.read_tables(results)
    assert tables["highest_degree"]["units"].iloc[0]
    assert not {"transfer", "transfer_units", "transfer_summary"} & tables.keys()
    assert not (results / "figures" / "transfer.svg").exists()


@pytest.mark.parametrize("permutations", [0, 2])
def test_nothing_is_shared(run: Callable[..., Path], permutations: int) -> None:
    results = run(**GERMAN, **NOTHING_SHARED, **{"units.permutations": permutations})
    tables = interlingua.read_tables(results)
    assert tables["pairs"]["observed"].tolist() == [0]
    assert tables["highest_degree"].empty
    text = text_of(results)
    assert re.search(r"no unit is in the top( \d+)? \(those that carry valence most\) of two or more languages", text)
    assert text.count(NONE_TO_TEST) == 2
    # Every unit was regressed, all the same.
    assert set(tables["transfer_units"]["language"]) == {"de"}
    assert tables["transfer"].empty
    assert not (results / "figures" / "transfer.svg").exists()


def test_nothing_is_shared_and_no_language_unseen(run: Callable[..., Path]) -> None:
    text = text_of(run(**NOTHING_SHARED))
    assert text.count(NO_UNSEEN) == 2


def test_nothing_is_shared_by_model_and_control(run: Callable[..., Path]) -> None:
    results = run(**NOTHING_SHARED, **{"scrutiny.controls": ["untrained"], "scrutiny.confounds": True})
    assert interlingua.read_tables(results)["controls"]["fe_ratio"].isna().all()
    assert "Is it learnt? Not tested: no unit is shared there or here" in text_of(results)


def test_the_only_variable_is_not_rated_in_the_unseen_language(run: Callable[..., Path], folder: Path) -> None:
    results = run(**{"languages.de.contexts": str(folder / "unrated.csv"), "unseen": ["de"]})
    text = text_of(results)
    assert text.count("German has no ratings of valence, so nothing could be tested there.") == 2
    assert "transfer_units" not in interlingua.read_tables(results)


def test_one_of_two_variables_is_not_rated_in_the_unseen_language(run: Callable[..., Path]) -> None:
    results = run(**GERMAN, **{"variables": ["valence", "arousal"], "languages.de.variables": ["arousal"]})
    text = text_of(results)
    assert text.count("German has no ratings of valence, so nothing could be tested there.") == 2
    assert "German has no ratings of arousal" not in text
    assert set(interlingua.read_tables(results)["transfer"]["variable"]) == {"arousal"}
    assert (results / "figures" / "transfer.svg").is_file()


def test_by_command_and_again_by_report_and_atlas(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(folder / "cache"))
    output = tmp_path / "results"
    for command in (
        ["run", str(folder / "study.toml"), "--output", str(output), "--workers", "1"],
        ["report", str(output)],
        ["atlas", str(output)],
    ):
        monkeypatch.setattr(sys, "argv", ["interlingua", *command])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in {0, None}, capsys.readouterr().err
        assert NO_UNSEEN in text_of(output)
