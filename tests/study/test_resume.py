"""The same study gives the same bytes; a stopped one goes on; the cache does what its policy says."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from interlingua.errors import StoreError
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.study import runner, steps
from interlingua.study.config import Study


def table_bytes(results: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((results / "tables").iterdir())}


@pytest.fixture
def study(small: Any) -> Study:
    return load_study(small.file)


@pytest.fixture
def without_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawing out: it is tested by itself, and takes longer than all the rest."""
    monkeypatch.setattr("interlingua.report.build_report", lambda folder: folder / "report.html")


@pytest.fixture
def cache(small: Any, tmp_path: Path) -> Path:
    """Return a copy of the cache that the first run left."""
    return Path(shutil.copytree(small.cache, tmp_path / "cache"))


def test_a_fresh_cache_and_two_workers_give_the_same_bytes(small: Any, tmp_path: Path) -> None:
    """Through the real command line, too."""
    command = [
        Path(sys.executable).with_name("interlingua"),
        "run",
        small.file,
        "-o",
        tmp_path / "out",
        "--workers",
        "2",
    ]
    environment = {**os.environ, "INTERLINGUA_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    environment["OMP_NUM_THREADS"] = "2"  # the first run had one, as tests/conftest.py says
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"report: {tmp_path / 'out' / 'report.html'}" in done.stdout
    assert "permuted ratings: done" in done.stderr
    first, second = table_bytes(small.results), table_bytes(tmp_path / "out")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.usefixtures("without_report")
def test_a_run_stopped_by_an_error_leaves_nothing_and_goes_on(
    small: Any, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, extract = steps.fit_probes, steps.extract
    fitted, extracted = [], []

    def stop_at_the_third(*arguments: Any, **options: Any) -> Any:
        fitted.append(arguments[2])
        if len(fitted) == 3:
            raise RuntimeError("the power failed")
        return fit(*arguments, **options)

    def count(*arguments: Any, **options: Any) -> Any:
        extracted.append(options["path"])
        return extract(*arguments, **options)

    monkeypatch.setattr(steps, "fit_probes", stop_at_the_third)
    monkeypatch.setattr(steps, "extract", count)
    out = tmp_path / "made" / "for" / "it"
    with pytest.raises(RuntimeError, match="the power failed"):
        run(study, output=out, workers=1, cache_dir=tmp_path / "cache", show_progress=False)
    assert {entry.name for entry in tmp_path.iterdir()} == {"cache"}
    assert len(extracted) == 4 + 3  # the languages, and those that choose units for the control
    assert len(list((tmp_path / "cache" / "probes").iterdir())) == 2

    run(study, output=out, workers=1, cache_dir=tmp_path / "cache", show_progress=False)
    assert len(extracted) == 4 + 3  # none again
    assert len(fitted) == 3 + 3 + 5  # of five and the control's five, the two that were finished are read
    assert table_bytes(out) == table_bytes(small.results)


@pytest.mark.usefixtures("without_report")
def test_only_cache_computes_nothing_that_is_there(
    small: Any, study: Study, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("computed again")

    for name in ("extract", "fit_probes", "rank_units"):
        monkeypatch.setattr(steps, name, refuse)
    run(study, output=tmp_path / "out", workers=1, policy="only-cache", cache_dir=cache, show_progress=False)
    assert table_bytes(tmp_path / "out") == table_bytes(small.results)


def test_only_cache_names_what_is_missing(study: Study, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"activations.*safetensors: not in the cache \(policy 'only-cache'\)"):
        run(study, output=tmp_path / "out", policy="only-cache", cache_dir=tmp_path / "cache", show_progress=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("without_report")
def test_refresh_computes_again_and_replaces(
    small: Any, study: Study, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the cached file is wrong: only computing again can tell."""
    of_english = next(job for job in jobs_of(study, cache) if job.language == "en")
    of_french = next(job for job in jobs_of(study, cache) if job.language == "fr")
    right = of_english.activations.read_bytes()
    shutil.copy(of_french.activations, of_english.activations)
    run(study, output=tmp_path / "out", workers=1, policy="refresh", cache_dir=cache, show_progress=False)
    assert of_english.activations.read_bytes() == right
    assert table_bytes(tmp_path / "out") == table_bytes(small.results)
    assert not list(cache.rglob("*.partial"))
    assert not list(cache.rglob("*fresh*"))


def jobs_of(study: Study, cache: Path) -> list[steps.Job]:
    material, models = runner.look_at(study, cache)
    return runner.make_jobs(material, models, runner.Cache(cache))


def test_an_option_of_the_probes_leaves_activations_alone(study: Study, cache: Path) -> None:
    other = study.model_copy(update={"probes": study.probes.model_copy(update={"l1": 0.01}), "seed": 1})
    [before, *_], [after, *_] = jobs_of(study, cache), jobs_of(other, cache)
    assert steps.probe_key(before, "valence", study.probes, 0) == steps.probe_key(before, "valence", study.probes, 0)
    assert steps.probe_key(before, "valence", study.probes, 0) != steps.probe_key(before, "length", study.probes, 0)
    assert steps.probe_key(before, "valence", study.probes, 0) != steps.probe_key(before, "valence", other.probes, 0)
    assert after.key != before.key  # another seed draws other words
    same_words = study.model_copy(update={"probes": other.probes})
    assert [job.key for job in jobs_of(same_words, cache)] == [job.key for job in jobs_of(study, cache)]


def test_a_folder_renamed_is_another_model_in_the_tables(study: Study, cache: Path) -> None:
    """Activations may be the same to the byte: what was cached under another name must not come back."""
    [job, *_] = jobs_of(study, cache)
    renamed = steps.Job(job.spec, "other", job.language, job.contexts, job.activations, job.key)
    assert steps.probe_key(job, "valence", study.probes, 0) != steps.probe_key(renamed, "valence", study.probes, 0)


def test_ctrl_c_says_how_to_go_on_and_leaves_nothing(small: Any, tmp_path: Path) -> None:
    command = [
        Path(sys.executable).with_name("interlingua"),
        "run",
        small.file,
        "-o",
        tmp_path / "out",
        "--workers",
        "1",
    ]
    environment = {**os.environ, "INTERLINGUA_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("activations ..."):
            break
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait() == 130
    assert rest.splitlines()[-1] == "stopped; the same command goes on where it stopped"
    assert "Traceback" not in rest
    assert {entry.name for entry in tmp_path.iterdir()} <= {"cache"}
