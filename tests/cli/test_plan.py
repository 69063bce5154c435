"""``interlingua plan``: words and problems first, without torch; then an estimate by a measure of this machine."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from interlingua.flow import Cache
from interlingua.norms import find_file, get_card
from interlingua.run import measure as measuring
from interlingua.run.measure import Measure, measure
from interlingua.run.plan import make_plan
from interlingua.run.study import load_study

Cli = Callable[..., Any]
WITHOUT_TORCH = """
import sys
sys.argv = ["interlingua", "plan", sys.argv[1], "--words"]
from interlingua.cli.main import main
try:
    main()
except SystemExit as ended:
    heavy = "torch transformers distributed matplotlib sklearn statsmodels formulaic scipy.linalg scipy.sparse"
    loaded = [name for name in heavy.split() if name in sys.modules]
    print("loaded:", loaded, "code:", ended.code)
"""


def test_words_are_told_without_torch(small: Any, tmp_path: Path) -> None:
    environment = {**os.environ, "INTERLINGUA_CACHE": str(tmp_path / "cache")}
    line = [sys.executable, "-c", WITHOUT_TORCH, small.file]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=environment)
    *said, last = done.stdout.splitlines()
    assert last in ("loaded: [] code: 0", "loaded: [] code: None")
    assert not (tmp_path / "cache").exists()
    # As the source has them: unscaled, all rated words, not those that are drawn.
    table = pd.read_csv(small.file.with_name("en.csv"))
    at = said.index(
        f"English (en), valence: {len(table)} rated words, {table['Mean'].min():g} to {table['Mean'].max():g}"
    )
    ordered = table.sort_values("Mean", kind="stable")
    lowest = ", ".join(f"{row.word} {row.Mean:g}" for row in ordered.head(5).itertuples())
    assert said[at + 1] == f"  lowest   {lowest}"
    ordered = table.sort_values("Mean", ascending=False, kind="stable")
    highest = ", ".join(f"{row.word} {row.Mean:g}" for row in ordered.head(5).itertuples())
    assert said[at + 2] == f"  highest  {highest}"
    # Spanish has one of the variables only.
    assert [text.partition(":")[0] for text in said if "rated words" in text] == [
        *("English (en), valence", "English (en), length", "Spanish (es), valence"),
        *("French (fr), valence", "French (fr), length", "German (de), valence", "German (de), length"),
    ]


def test_the_words_of_the_built_in_study_are_those_of_its_package(tmp_path: Path) -> None:
    file = find_file(get_card("labmt-id"))
    environment = {**os.environ, "INTERLINGUA_CACHE": str(tmp_path / "cache")}
    line = [sys.executable, "-c", WITHOUT_TORCH, "demo"]
    *said, last = subprocess.run(line, capture_output=True, text=True, check=True, env=environment).stdout.splitlines()
    assert last in ("loaded: [] code: 0", "loaded: [] code: None")
    _, *rows = (line.split("\t") for line in gzip.decompress(file.read_bytes()).decode("utf-8").splitlines())
    ratings = {word.strip(): float(row[2]) for row in reversed(rows) if (word := row[0])}
    up, down = (sorted(ratings.values(), reverse=reverse) for reverse in (False, True))
    at = said.index(f"Indonesian (id), valence: {len(ratings):,} rated words, {up[0]:g} to {down[0]:g}")
    for text, which, ends in zip(said[at + 1 :], ("lowest", "highest"), (up[:5], down[:5]), strict=False):
        name, words = text.split(maxsplit=1)
        told = dict(part.rsplit(" ", 1) for part in words.split(", "))
        assert (name, [f"{ratings[word]:g}" for word in told]) == (which, list(told.values()))
        assert list(told.values()) == [f"{rating:g}" for rating in ends]


def test_all_problems_are_told_at_once_and_the_words_all_the_same(interlingua: Cli, small: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(small.file.parent, tmp_path / "study"))
    (folder / "fr.csv").unlink()
    spanish = pd.read_csv(folder / "es.csv").rename(columns={"Mean": "Other"})
    spanish.to_csv(folder / "es.csv", index=False)
    said = interlingua("plan", folder / "study.toml", "--set", 'scrutiny.audit_against="labmtt"', "--models", "mbertt")
    assert said.code == 2
    assert "error: study 'small': 4 problems: (1) " in said.err
    for problem in ("labmtt", "unknown model 'mbertt' (did you mean 'mbert'?)", "languages.es: ", "fr.csv"):
        assert problem in said.err
    assert len(said.err.splitlines()) == 1
    assert re.search(r"^English \(en\), valence: 60 rated words", said.out, re.MULTILINE)
    assert "in all" not in said.out


def test_problems_of_what_was_read_are_told_together(interlingua: Cli, small: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(small.file.parent, tmp_path / "study"))
    for code in ("en", "fr"):
        table = pd.read_csv(folder / f"{code}.csv")
        table.assign(length=7).to_csv(folder / f"{code}.csv", index=False)
    said = interlingua("plan", folder / "study.toml", "--set", 'sampling.scale="none"')
    assert said.code == 2
    for code in ("en", "fr"):
        for split in ("train", "test"):
            assert f"language '{code}': all ratings of 'length' in the {split} split are equal" in said.err


def test_a_known_model_s_shape_is_compared_before_it_is_looked_at(interlingua: Cli, small: Any) -> None:
    said = interlingua("plan", small.file, "--models", "mbert", "--set", "layer.choose=13", "--set", "units.k=800")
    assert "layer.choose: mbert has no layer 13; its layers are 0 to 12" in said.error


def test_a_plan_loads_no_weights_and_measures_once_a_day(
    study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("weights were loaded, or the machine was measured again")

    monkeypatch.setattr("interlingua.models.loading.load_parts", refuse)
    study = load_study(study_folder / "study.toml")
    first = make_plan(study, workers=1)
    assert first.seconds > sum(first.phases.values()) * 0.99
    assert first.phases["activations"] > 0
    monkeypatch.setattr(measuring, "_measured", refuse)
    again = make_plan(study, workers=1)
    assert again.phases == first.phases
    [kept] = (tmp_path / "cache" / "measure").glob("*/measure.json")
    day_ago = time.time() - 86_401
    os.utime(kept, (day_ago, day_ago))
    with pytest.raises(AssertionError, match="measured again"):
        make_plan(study, workers=1)
    with pytest.raises(AssertionError, match="measured again"):
        make_plan(study, workers=2)


def test_an_estimate_follows_the_measure(study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))
    study = load_study(study_folder / "study.toml")
    found = []
    for layer_s, numerics in ((0.0, 1.0), (0.01, 1.0), (0.02, 1.0), (0.02, 3.0)):
        measured = Measure({"384 float32 cpu": layer_s}, numerics, 0.0)
        monkeypatch.setattr(measuring, "measure", lambda *_, one=measured: one)
        found.append(make_plan(study, workers=1).phases)
    loading, fast, slow_model, slow = found
    assert loading["activations"] > 0
    passes = [one["activations"] - loading["activations"] for one in (fast, slow_model)]
    assert passes[1] == pytest.approx(2 * passes[0])
    assert slow["probes"] == pytest.approx(3 * fast["probes"])
    assert slow["report"] == pytest.approx(3 * fast["report"])


def test_a_measure_is_of_all_shapes_and_workers(tmp_path: Path) -> None:
    found = measure([(64, "float32", "cpu"), (128, "float32", "cpu")], 2, Cache(tmp_path))
    assert 0 < found.layer((64, "float32", "cpu")) < found.layer((128, "float32", "cpu")) < 5
    assert 0.02 < found.numerics < 50
    assert found.start_s > 0
    [manifest] = tmp_path.glob("measure/*/manifest.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["recipe"]["workers"] == 2


def test_why_says_what_changed(interlingua: Cli, small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Path(shutil.copytree(small.cache, tmp_path / "cache"))
    monkeypatch.setenv("INTERLINGUA_CACHE", str(cache))
    said = interlingua("plan", small.file, "--why", "--workers", "1")
    assert "would run, and why" not in said.out
    said = interlingua(
        "plan", small.file, "--why", "--workers", "1", "--set", "probes.l1=0.01", "--set", "units.permutations=4"
    )
    lines = said.out.partition("would run, and why:\n")[2].splitlines()
    told = {(line.split()[0], line.split(maxsplit=2)[2].strip()) for line in lines}
    assert ("probes", "l1 was 0.001, is 0.01") in told
    assert ("rankings", "it reads what is to be computed: probes") in told
    assert ("null_ratings", "draws was 3, is 4") in told or any(
        step == "null_ratings" and "it reads what is to be computed" in reason for step, reason in told
    )
    assert "activations" not in {step for step, _ in told}

    for manifest in cache.glob("rankings/*/manifest.json"):
        text = json.loads(manifest.read_text(encoding="utf-8"))
        text["recipe"]["source"], text["recipe"]["versions"]["numpy"] = "0" * 64, "1.0.0"
        manifest.write_text(json.dumps(text), encoding="utf-8")
    # Activations that a ranking reads: not those of an unseen language.
    at = [
        json.loads(path.read_text(encoding="utf-8"))["recipe"]["at"] for path in cache.glob("rankings/*/manifest.json")
    ]
    ranked = {(place["model"], place["language"]) for place in at}
    for manifest in cache.glob("activations/*/manifest.json"):
        place = json.loads(manifest.read_text(encoding="utf-8"))["recipe"]["at"]
        if (place["model"], place["language"]) in ranked:
            (manifest.parent / "activations.safetensors").unlink()
            break
    said = interlingua("plan", small.file, "--why", "--workers", "1")
    assert re.search(r"rankings +\d+  numpy was 1\.0\.0, is \d\S+; the code that it runs has changed", said.out)
    assert re.search(r"activations +1  its entry is damaged", said.out)
    assert re.search(r"rankings +\d+  it reads what is to be computed: activations", said.out)
