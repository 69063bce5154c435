"""The same study gives the same bytes; a stopped one goes on; the cache does what its policy says."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from interlingua import models
from interlingua.errors import StoreError
from interlingua.flow import Cache, Graph, cache, execute
from interlingua.models import Activations, extraction
from interlingua.run.graph import study_graph
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.study import extracting, fitting
from interlingua.study.config import Study
from interlingua.study.prepare import prepare


def table_bytes(results: Path) -> dict[str, bytes]:
    """Return the tables' files, less those for LaTeX, which the report writes as it shows them."""
    files = sorted((results / "tables").iterdir())
    return {file.name: file.read_bytes() for file in files if file.suffix != ".tex"}


def entries(cache: Path, step: str) -> list[Path]:
    """Return the finished entries of a step."""
    return [file.parent for file in (cache / step).glob("*/manifest.json")]


def by_place(folder: Path) -> dict[str, Path]:
    """Return the finished entries of a step by what they are of."""
    made = {
        file.parent: json.loads(file.read_text(encoding="utf-8"))["recipe"]["at"]
        for file in folder.glob("*/manifest.json")
    }
    return {json.dumps(at): entry for entry, at in made.items()}


def graph_of(study: Study, cache: Path) -> Graph:
    return study_graph(prepare(study, Cache(cache)), Cache(cache))[0]


@pytest.fixture
def study(small: Any) -> Study:
    return load_study(small.file)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no node be computed, no entry be written and no weights be loaded."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("computed, written or loaded again")

    monkeypatch.setattr(execute, "work", refuse)
    monkeypatch.setattr(cache.Cache, "claim", refuse)
    monkeypatch.setattr("interlingua.models.loading.load_model", refuse)
    monkeypatch.setattr("interlingua.models.loading.load_parts", refuse)


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """Count how often each (step, key) is computed."""
    counts: Counter[tuple[str, str]] = Counter()
    work = execute.work

    def counting(job: Any) -> Any:
        counts[job.step, job.key] += 1
        return work(job)

    monkeypatch.setattr(execute, "work", counting)
    return counts


def command(small: Any, folder: Path, workers: int) -> tuple[list[str | Path], dict[str, str]]:
    """Return the command that runs the small study, its cache and results in `folder`, and its environment."""
    program = Path(sys.executable).with_name("interlingua")
    environment = {**os.environ, "INTERLINGUA_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    return [program, "run", small.file, "-o", folder / "out", "--workers", str(workers)], environment


def test_a_fresh_cache_and_two_workers_give_the_same_bytes(small: Any, tmp_path: Path) -> None:
    """Through the real command line, too."""
    line, environment = command(small, tmp_path, 2)
    environment["OMP_NUM_THREADS"] = "2"  # the first run had one, as tests/conftest.py says
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"report: {tmp_path / 'out' / 'report.html'}" in done.stdout
    # One line a phase, when it is done.
    phases = [text.partition(":")[0] for text in done.stderr.splitlines() if text.partition(": ")[2].startswith("done")]
    assert "permuted ratings" in phases
    assert [phase for phase in set(phases) - {"models"} if phases.count(phase) > 1] == []
    first, second = table_bytes(small.results), table_bytes(tmp_path / "out")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.usefixtures("without_pages")
def test_a_run_stopped_by_an_error_leaves_nothing_and_goes_on(
    small: Any, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, extract = fitting.fit_probes, extracting.extract_sites
    fitted, extracted = [], []

    def stop_at_the_third(*arguments: Any, **options: Any) -> Any:
        fitted.append(arguments[2])
        if len(fitted) == 3:
            raise RuntimeError("the power failed")
        return fit(*arguments, **options)

    def count(*arguments: Any, **options: Any) -> Any:
        extracted.append(options["paths"])
        return extract(*arguments, **options)

    monkeypatch.setattr(fitting, "fit_probes", stop_at_the_third)
    monkeypatch.setattr(extracting, "extract_sites", count)
    out = tmp_path / "made" / "for" / "it"
    with pytest.raises(RuntimeError, match="the power failed"):
        run(study, output=out, workers=1, cache_dir=tmp_path / "cache", show_progress=False)
    assert {entry.name for entry in tmp_path.iterdir()} == {"cache"}
    draws = study.scrutiny.untrained_draws
    assert draws == 2
    assert len(extracted) == 4 + 3 * draws  # the languages, and for each control those that choose units
    assert len(list((tmp_path / "cache" / "probes").iterdir())) == 2

    run(study, output=out, workers=1, cache_dir=tmp_path / "cache", show_progress=False)
    assert len(extracted) == 4 + 3 * draws  # none again
    assert len(fitted) == 3 + 3 + 5 * draws  # of five and each control's five, the two that were finished are read
    assert table_bytes(out) == table_bytes(small.results)


SMALL_SHARDS = {"extraction.batch_tokens": 100}
KILLED = f"""
import os, signal, sys
from pathlib import Path
from interlingua.models import Activations, extraction
from interlingua.models.shards import ShardFolder
from interlingua.run.run import run
from interlingua.run.study import load_study

extraction.SHARD_ROWS = 16
write, written = ShardFolder.write, []

def write_and_die(self, *arguments):
    write(self, *arguments)
    written.append(self)
    if len(written) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

ShardFolder.write = write_and_die
study = load_study(sys.argv[1], overrides={SMALL_SHARDS!r})
run(study, output=Path(sys.argv[2]), cache_dir=Path(sys.argv[3]), workers=1)
"""


def test_an_extraction_that_was_killed_goes_on_from_its_shards(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = [sys.executable, "-c", KILLED, small.file, tmp_path / "out", tmp_path / "cache"]
    killed = subprocess.run(code, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "out").exists()
    assert entries(tmp_path / "cache", "activations") == []
    [unfinished] = (tmp_path / "cache" / "pass").glob(".*.unfinished")
    finished = [load_file(file)["values"].shape[1] for file in unfinished.rglob("*.safetensors")]
    assert len(finished) == 3

    forwarded: list[int] = []
    run_shard = extraction._run_shard

    def counting(model: Any, shard: Any, *others: Any) -> Any:
        forwarded.append(sum(len(batch.rows) for batch in shard))
        return run_shard(model, shard, *others)

    def enough(*_: Any, **__: Any) -> None:
        raise RuntimeError("enough")

    monkeypatch.setattr(extraction, "SHARD_ROWS", 16)
    monkeypatch.setattr(extraction, "_run_shard", counting)
    monkeypatch.setattr(fitting, "fit_probes", enough)
    study = load_study(small.file, overrides=SMALL_SHARDS)
    with pytest.raises(RuntimeError, match="enough"):
        run(study, output=tmp_path / "out", workers=1, cache_dir=tmp_path / "cache", show_progress=False)
    # Of the language that was under way only what was left is forwarded.
    assert sum(forwarded) == 80 * (4 + 3) - sum(finished)
    assert 3 * 16 <= sum(finished) < 80
    assert not list((tmp_path / "cache" / "pass").glob(".*.unfinished"))
    # Other batches give other last bits, and what reads them another key.
    made, expected = (by_place(folder / "activations") for folder in (tmp_path / "cache", small.cache))
    # All is forwarded, though fitting, which ends this run, may begin before the last part is cut from it.
    assert len(expected) - 1 <= len(made)
    assert made.keys() <= expected.keys()
    for at in made:
        ours, theirs = (Activations.open(found[at] / "activations.safetensors") for found in (made, expected))
        for layer in range(7):
            np.testing.assert_allclose(ours.layer(layer), theirs.layer(layer), rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("without_pages", "refused")
@pytest.mark.parametrize("policy", ["reuse", "only-cache"])
def test_a_second_run_computes_writes_and_loads_nothing(
    small: Any, study: Study, cache: Path, tmp_path: Path, policy: str
) -> None:
    """Whatever the policy, and of the scrutiny and the audit as of everything else; so the cache may be read-only."""
    before = sorted(cache.rglob("*"))
    run(study, output=tmp_path / "out", workers=1, policy=policy, cache_dir=cache, show_progress=False)
    assert table_bytes(tmp_path / "out") == table_bytes(small.results)
    assert sorted(cache.rglob("*")) == before


@pytest.mark.usefixtures("without_pages", "refused")
def test_the_resolved_study_of_a_result_folder_is_the_same_study(small: Any, cache: Path, tmp_path: Path) -> None:
    study = load_study(small.results / "study.toml")
    run(study, output=tmp_path / "out", workers=1, cache_dir=cache, show_progress=False)
    assert table_bytes(tmp_path / "out") == table_bytes(small.results)


@pytest.mark.usefixtures("without_pages")
@pytest.mark.parametrize("step", ["pass", "activations", "stability", "audit_power", "leave_one_out"])
def test_only_cache_names_what_is_missing(study: Study, cache: Path, tmp_path: Path, step: str) -> None:
    for entry in entries(cache, step):
        shutil.rmtree(entry)
    missing = rf"cache/{step}/[0-9a-f]{{32}}: not in the cache \(policy 'only-cache'\)"
    with pytest.raises(StoreError, match=missing):
        run(study, output=tmp_path / "out", policy="only-cache", cache_dir=cache, show_progress=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("without_pages")
def test_refresh_computes_every_node_once_and_replaces(
    small: Any,
    study: Study,
    cache: Path,
    tmp_path: Path,
    flag: Callable[..., None],
    worked: Counter[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where the cached file is wrong: only computing again can tell. And where a language is flagged."""
    loaded: Counter[Any] = Counter()
    load_model = models.load_model

    def count(spec: Any, **options: Any) -> Any:
        loaded[spec] += 1
        return load_model(spec, **options)

    monkeypatch.setattr(models, "load_model", count)
    record = json.loads((small.results / "run.json").read_text(encoding="utf-8"))
    english, french = (
        next(entry["key"] for entry in record["activations"] if (entry["model"], entry["language"]) == ("model", code))
        for code in ("en", "fr")
    )
    of_english, of_french = (cache / "activations" / key / "activations.safetensors" for key in (english, french))
    right = of_english.read_bytes()
    shutil.copy(of_french, of_english)
    flag("es")
    begun = time.monotonic()
    run(study, output=tmp_path / "out", workers=1, policy="refresh", cache_dir=cache, show_progress=False)
    took = time.monotonic() - begun
    nodes = graph_of(study, cache).cached(Cache(cache))
    assert worked == Counter((node.step.name, made.folder.name) for node, made in nodes.items())
    assert set(worked.values()) == {1}
    # Once for all languages, and once more to be edited; the first draw of random weights for each of two variables.
    *others, edited = sorted((spec.untrained, times) for spec, times in loaded.items())
    assert others == [(False, 2), (True, 1)]
    assert edited in ((True, 2), (True, 3))
    assert of_english.read_bytes() == right
    first, second = table_bytes(small.results), table_bytes(tmp_path / "out")
    assert first.keys() == second.keys()
    changed = {name.partition(".")[0] for name in first if first[name] != second[name]}
    flagged = {"flagged_overlap", "flagged_null", "flagged_alignment"}
    assert flagged <= changed <= {"audit", "audit_power", "audit_noticed", "audit_summary"} | flagged
    assert not list(cache.rglob("*.partial"))
    assert not list(cache.rglob("*.old"))

    def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(pairs) == len(dict(pairs)), pairs
        return dict(pairs)

    text = (tmp_path / "out" / "run.json").read_text(encoding="utf-8")
    seconds = json.loads(text, object_pairs_hook=each_once)["seconds"]
    assert seconds.keys() == {node.step.says for node in nodes}
    assert 0 <= max(seconds.values()) <= took + 0.1


def cached_steps(study: Study, cache: Path) -> tuple[set[str], set[str]]:
    """Return the steps of which every node is in the cache, and those of which none is."""
    graph = graph_of(study, cache)
    found = graph.cached(Cache(cache))
    every, none = set(), set()
    for step in {node.step.name for node in graph.nodes}:
        there = [node in found for node in graph.nodes if node.step.name == step]
        every |= {step} if all(there) else set()
        none |= set() if any(there) else {step}
    return every, none


def test_an_option_leaves_alone_what_does_not_depend_on_it(study: Study, cache: Path) -> None:
    steps = {node.step.name for node in graph_of(study, cache).nodes}
    assert cached_steps(study, cache) == (steps, set())
    probes = study.model_copy(update={"probes": study.probes.model_copy(update={"l1": 0.01})})
    every, none = cached_steps(probes, cache)
    assert {"activations", "material", "transfer_units"} <= every
    assert {"probes", "rankings", "overlap", "null", "controls"} <= none
    units = study.model_copy(update={"units": study.units.model_copy(update={"random_units": 10})})
    every, none = cached_steps(units, cache)
    assert {"activations", "probes", "rankings", "null", "transfer_units", "audit"} <= every
    assert {"transfer", "left_out_sets"} <= none
    _, none = cached_steps(study.model_copy(update={"seed": 1}), cache)
    assert {"activations", "probes"} <= none  # another seed draws other words


def test_each_language_and_variable_has_a_key_of_its_own(study: Study, cache: Path) -> None:
    made = graph_of(study, cache).cached(Cache(cache))
    for step in ("activations", "probes", "rankings", "held_out"):
        folders = [entry.folder for node, entry in made.items() if node.step.name == step]
        assert len(set(folders)) == len(folders) > 2


def test_a_folder_renamed_is_another_model_in_the_tables(small: Any, study: Study, cache: Path, tmp_path: Path) -> None:
    """Activations may be the same to the byte: what was cached under another name must not come back."""
    (tmp_path / "renamed").mkdir()
    for file in Path(study.models[0]).iterdir():
        (tmp_path / "renamed" / file.name).symlink_to(file)
    renamed = study.model_copy(update={"models": (str(tmp_path / "renamed"),)})
    every, none = cached_steps(renamed, cache)
    assert {"probes", "rankings", "overlap"} <= none
    assert every <= {"material", "reliability", "subwords", "causal_beside"}


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_says_how_to_go_on_and_leaves_nothing(small: Any, tmp_path: Path, workers: int) -> None:
    line, environment = command(small, tmp_path, workers)
    process = subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    under_way = tmp_path / "cache" / "pass"
    until = time.monotonic() + 120
    while not (under_way.is_dir() and list(under_way.iterdir())):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: its workers get it, too
    said = process.stderr.read()
    assert process.wait() == 130
    assert said.splitlines()[-1] == "stopped; the same command goes on where it stopped"
    assert "Traceback" not in said
    assert {entry.name for entry in tmp_path.iterdir()} <= {"cache"}
