"""Whatever is wrong with a study: one line that says so, exit code 2, and nothing half-written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def folder(study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the small study that may be spoilt, in an otherwise empty working folder."""
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return Path(shutil.copytree(study_folder, tmp_path / "study"))


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def in_study(old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: replace(folder / "study.toml", old, new)


def sentences(folder: Path, text: str, more: str = "") -> None:
    """Give English sentences of its own."""
    (folder / "sentences.csv").write_text(text, encoding="utf-8")
    replace(
        folder / "study.toml", 'en = { norms = "en.csv"', f'en = {{ contexts = "sentences.csv", {more}norms = "en.csv"'
    )


def text_rating(folder: Path) -> None:
    lines = (folder / "fr.csv").read_text(encoding="utf-8").splitlines()
    word, _, rest = lines[5].split(",", 2)
    lines[5] = f"{word},high,{rest}"
    (folder / "fr.csv").write_text("\n".join(lines), encoding="utf-8")


def huge_rating(folder: Path) -> None:
    text_rating(folder)
    replace(folder / "fr.csv", "high", "1e150")
    replace(folder / "study.toml", "words = 40", 'words = 40\nscale = "none"')


def no_ratings(folder: Path) -> None:
    lines = (folder / "fr.csv").read_text(encoding="utf-8").splitlines()
    empty = [lines[0]] + [",".join([*line.split(",")[:-1], "NA"]) for line in lines[1:]]
    (folder / "fr.csv").write_text("\n".join(empty), encoding="utf-8")


def equal_ratings(folder: Path) -> None:
    lines = (folder / "fr.csv").read_text(encoding="utf-8").splitlines()
    equal = [lines[0]] + [",".join([*line.split(",")[:-1], "5"]) for line in lines[1:]]
    (folder / "fr.csv").write_text("\n".join(equal), encoding="utf-8")


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "unknown model": (in_study('models = ["', 'models = ["mbret", "'), r"unknown model 'mbret' \(did you mean 'mbert'"),
    "model folder that is none": (in_study('models = ["', 'models = ["./nowhere", "'), r"no model folder \./nowhere"),
    "a model twice": (in_study('models = ["', 'models = ["mbert", "mbert", "'), r"models: 'mbert' stands there twice"),
    "missing column": (
        in_study('valence = "Mean"', 'valence = "Maen"'),
        r"en\.csv has no column 'Maen' \(did you mean",
    ),
    "ratings that are not numbers": (text_rating, r"fr\.csv, row 6, word '.+': the rating of valence is 'high', not"),
    "a variable without ratings": (no_ratings, r"fr\.csv: no word has a rating of length"),
    "ratings that are all equal": (equal_ratings, r"fr\.csv: every rating of length is 5"),
    "target not in its sentence": (
        lambda folder: sentences(folder, "text,word\nThe cat sleeps.,dog\n"),
        r"sentences\.csv, row 2: the target 'dog' is not in its sentence 'The cat sleeps\.'",
    ),
    "sentences whose words are not rated": (
        lambda folder: sentences(folder, "text,word\nThe qqcat sleeps.,qqcat\n"),
        r"none of the 1 words of language 'en' is in its norms",
    ),
    "rating that is too large": (
        huge_rating,
        r"language 'fr', word '.*': the rating of 'valence' is 1e\+150, too large",
    ),
    "no column of sentences": (lambda folder: sentences(folder, "sentence,word\nA cat.,cat\n"), r"no column 'text'"),
    "no file of sentences": (
        in_study('en = { norms = "en.csv"', 'en = { contexts = "none.csv", norms = "en.csv"'),
        r"there is no file .*none\.csv",
    ),
    "language code that does not exist": (in_study("fr = {", "qx = {"), r"'qx' is not a language that is known"),
    "a language twice": (
        in_study("de = {", 'eng = { norms = "en.csv" }\nde = {'),
        r"'eng' is 'en', which stands there",
    ),
    "unseen language without an entry": (in_study('unseen = ["de"]', 'unseen = ["ko"]'), r"'ko' has no entry"),
    "too few languages": (in_study('unseen = ["de"]', 'unseen = ["de", "es", "fr"]'), r"languages: 1 of them choose"),
    "empty study": (lambda folder: (folder / "study.toml").write_text(""), r"study\.toml: the study file is empty"),
    "study that is not UTF-8": (
        lambda folder: (folder / "study.toml").write_bytes(b'name = "caf\xe9"'),
        r"study\.toml: not UTF-8 \(byte 11\)",
    ),
    "study that is not TOML": (lambda folder: (folder / "study.toml").write_text("name: x"), r"not valid TOML"),
    "empty norms": (lambda folder: (folder / "es.csv").write_text(""), r"es\.csv is empty"),
    "norms without rows": (lambda folder: (folder / "es.csv").write_text("word,Mean\n"), r"es\.csv holds no rows"),
    "norms that are not UTF-8": (
        lambda folder: (folder / "es.csv").write_bytes("word,Mean\naño,5\n".encode("latin-1")),
        r"es\.csv is not UTF-8: byte 0xf1 .* row 2",
    ),
    "unknown norms": (in_study('"fr.csv"', '"labtm"'), r"no norms are called 'labtm'"),
    "unknown key": (
        in_study("[sampling]", "[sampling]\nword = 3"),
        r"no key 'sampling\.word' \(did you mean 'words'\?\)",
    ),
    "unknown key of a language": (in_study('"fr.csv"', '"fr.csv", colums = {}'), r"no key .*colums.* 'columns'\?\)"),
    "unknown section": (in_study("[sampling]", "[samplign]"), r"no key 'samplign' \(did you mean 'sampling'\?\)"),
    "missing key": (in_study('variables = ["valence", "length"]', ""), r"the key 'variables' is missing"),
    "unknown preset": (
        in_study("[languages]", 'preset = "papers"\n[languages]'),
        r"no 'papers' \(did you mean 'paper'",
    ),
    "number out of range": (
        in_study("folds = 3", "folds = 1"),
        r"probes\.folds: give a whole number \(2 or more\) \(given: 1\)",
    ),
    "word for a number": (
        in_study("words = 40", 'words = "many"'),
        r"sampling\.words: give a whole number \(1 or more\) or 'smallest' or 'all'",
    ),
    "more words than are rated": (in_study("words = 40", "words = 500"), r"language 'en': 500 words are wanted, but"),
    "more frames than there are": (in_study("sentences = 2", "sentences = 99"), r"99 carrier sentences are asked for"),
    "too few words for the folds": (in_study("words = 40", "words = 3"), r"2 words of the train split have ratings"),
    "more units than the layer has": (in_study("[units]", "[units]\nk = 1000"), r"units\.k: .*from 1 to 384"),
    "a layer that is not there": (
        in_study("[units]", "[layer]\nchoose = 9\n[units]"),
        r"no layer 9; its layers are 0 to 6",
    ),
    "unknown ranking": (
        in_study("[units]", '[units]\nmethods = ["correlation", "rigde"]'),
        r"'rigde' \(did you mean 'ridge'\?\)",
    ),
    "ranking without its probe": (
        in_study("folds = 3", 'folds = 3\nmethods = ["elastic-net"]'),
        r"units\.methods: 'ridge'",
    ),
    "no probe of the network": (
        in_study("folds = 3", 'folds = 3\nmethods = ["ridge", "elastic-net-cv"]'),
        r"probes\.methods: add one that reads the whole network",
    ),
    "a name that is no folder's": (in_study('name = "small"', 'name = "../small"'), r"name: the name is also that of"),
    "several problems at once": (
        lambda folder: (
            replace(folder / "study.toml", "folds = 3", "folds = 1"),
            replace(folder / "study.toml", "[sampling]", "[sampling]\nword = 3"),
            replace(folder / "study.toml", "[languages]", "seed = -1\n[languages]"),
        ),
        r"3 problems: \(1\) seed: .* \(2\) there is no key 'sampling\.word' .* \(3\) probes\.folds: .*",
    ),
    "brackets without end": (in_study("words = 40", "words = " + "[" * 3000), r"study\.toml: .*brackets"),
    "a number of 5,000 digits": (in_study("words = 40", "words = " + "4" * 5000), r"study\.toml: .*digits"),
    "a null in a path": (in_study('"en.csv"', '"en\\u0000.csv"'), r"languages\.en\.norms: holds the character U\+0000"),
    "a name that no file can have": (
        in_study('"en.csv"', f'"{"e" * 300}.csv"'),
        r"languages\.en: .*File name too long|no file",
    ),
    "a model that no folder can be": (
        in_study('models = ["', f'models = ["{"m" * 300}", "'),
        r"models: 'm+…'|unknown model",
    ),
    "no variable of a language": (
        in_study(
            'es = { norms = "es.csv", columns = { valence = "Mean" }, variables = ["valence"] }',
            'es = { norms = "es.csv", columns = { valence = "Mean" } }',
        ),
        r"languages\.es: .*es\.csv has no column 'length'.*; if length is not rated there, write languages\."
        r"es\.variables = \[.valence.\]; if under another name, languages\.es\.columns = \{ length = .COLUMN. \}",
    ),
    "variable of a language only": (in_study('variables = ["valence"]', 'variables = ["x"]'), r"'x' is not among the"),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_study(
    interlingua: Cli, folder: Path, tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(folder)
    error = interlingua("run", folder / "study.toml").error
    assert re.search(message, error), error
    assert not list((tmp_path / "work").iterdir())
    # What only the model can tell is found when it has been looked at, and that look is kept.
    there = {path.name for path in (tmp_path / "cache").glob("*")}
    assert there == ({"facts"} if "its layers are" in error or "units.k: " in error else set())


OPTIONS: dict[str, tuple[list[str], str]] = {
    "no such study": (["run", "nothing.toml"], r"nothing\.toml: no such study file, and no built-in study"),
    "unknown cache policy": (
        ["run", "STUDY", "--cache", "reuze"],
        r"'reuze' is not one of .* \(did you mean 'reuse'\?\)",
    ),
    "setting without a value": (["run", "STUDY", "--set", "seed"], r"--set 'seed': write it as key=value"),
    "setting of nonsense": (["run", "STUDY", "--set", "no.such=1"], r"there is no key 'no'"),
    "setting below a value": (["run", "STUDY", "--set", "name.x=1"], r"--set name\.x: 'name' is not a section"),
    "setting of the wrong kind": (
        ["run", "STUDY", "--set", "seed=soon"],
        r"seed: give a whole number \(0 or more\) \(given: 'soon'\)",
    ),
    "lists and tables at the wrong place": (["run", "STUDY", "--set", "unseen=3"], r"unseen: .*\(given: 3\)"),
    "preset of the wrong kind": (["run", "STUDY", "--set", "preset=[1]"], r"preset: there is no 'a list of 1'"),
    "unknown model on the line": (["run", "STUDY", "--models", "xlmr"], r"unknown model 'xlmr' \(did you mean 'xlm-r'"),
    "data folder that is none": (["plan", "paper", "--data", "none"], r"none"),
    "unknown card": (["norms", "show", "en-waringer-2013"], r"did you mean 'en-warriner-2013'"),
    "unknown language of norms": (["norms", "--language", "Klingon"], r"'Klingon' is not a language"),
    "report of nothing": (["report", "nowhere"], r"nowhere: not a complete result folder"),
    "plan of a spoilt study": (
        ["plan", "STUDY", "--set", "languages.fr.norms=gone.csv"],
        r"there is no file .*gone\.csv",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), OPTIONS.values(), ids=OPTIONS.keys())
def test_spoilt_options(interlingua: Cli, folder: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    study = str(folder / "study.toml")
    error = interlingua(*(study if argument == "STUDY" else argument for argument in arguments)).error
    assert re.search(message, error), error
    assert not list((tmp_path / "work").iterdir())


def test_a_folder_that_holds_something_else(interlingua: Cli, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("years of work")
    error = interlingua("run", folder / "study.toml", "-o", tmp_path / "thesis").error
    assert "holds something other than results of 'small'; nothing was overwritten" in error
    assert (tmp_path / "thesis" / "chapter1.tex").read_text() == "years of work"
    assert not list(tmp_path.glob(".*"))


def test_results_of_another_study_or_with_notes_among_them(
    interlingua: Cli, small: Any, folder: Path, tmp_path: Path
) -> None:
    results = shutil.copytree(small.results, tmp_path / "results")
    said = interlingua("run", folder / "study.toml", "-o", results, "--set", "name=other")
    assert "holds something other than results of 'other'" in said.error
    (results / "notes.txt").write_text("mine")
    assert "holds 'notes.txt', which no run wrote" in interlingua("run", folder / "study.toml", "-o", results).error
    assert (results / "notes.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written(interlingua: Cli, folder: Path, tmp_path: Path) -> None:
    """Below a file not even root can make a folder."""
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "results", Path("/proc/nowhere/results")):
        error = interlingua("run", folder / "study.toml", "-o", place).error
        assert str(place) in error
        assert "choose another --output" in error
    assert (tmp_path / "file").read_text() == ""


def test_a_cache_that_cannot_be_written(
    interlingua: Cli, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "file" / "cache"))
    said = interlingua("run", folder / "study.toml", "--workers", "1")
    assert str(tmp_path / "file" / "cache") in said.error
    assert not list((tmp_path / "work").iterdir())


def test_an_output_whose_name_is_too_long(interlingua: Cli, folder: Path, tmp_path: Path) -> None:
    error = interlingua("run", folder / "study.toml", "-o", "x" * 256).error
    assert "File name too long" in error
    assert "choose another --output" in error
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize("command", ["report", "atlas"])
@pytest.mark.parametrize("name", ["run.json", "study.toml", "tables/pairs.parquet"])
def test_damaged_results(interlingua: Cli, small: Any, folder: Path, tmp_path: Path, command: str, name: str) -> None:
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    data = (results / name).read_bytes()
    for damaged in (data[: len(data) // 2], b"", b"[" * 5000):
        (results / name).write_bytes(damaged)
        assert str(results / name) in interlingua(command, results).error


def test_debug_shows_where(folder: Path) -> None:
    from interlingua.cli.main import main
    from interlingua.errors import ConfigError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["interlingua", "--debug", "run", "nothing.toml"])
        with pytest.raises(ConfigError):
            main()


@pytest.mark.parametrize("spoilt", ["target not in its sentence", "unknown key"])
def test_through_a_real_process(folder: Path, tmp_path: Path, spoilt: str) -> None:
    """No library says anything besides on standard error, either."""
    spoil, message = SPOILT[spoilt]
    spoil(folder)
    command = [Path(sys.executable).with_name("interlingua"), "run", folder / "study.toml"]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert re.search(message, line)
    assert not list((tmp_path / "work").iterdir())
