"""A toy graph: what is computed, what is read from the cache, and what happens when something fails."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import toy_steps
from toy_graph import (
    DIES,
    FAILS,
    LANGUAGE,
    LATE,
    OPTIONS,
    SQUARE,
    SQUARES,
    STEPS,
    TOTAL,
    VALUE,
    compute,
    graph,
    ran,
)

from interlingua.errors import ConfigError, StoreError, TableError, WorkerError
from interlingua.flow import Arrays, Cache, Graph, Read, Source, Step
from interlingua.flow import execute as executing
from interlingua.flow.cache import MANIFEST, file_digest
from interlingua.flow.execute import execute
from interlingua.flow.graph import Node


def test_values_are_gathered_by_place_and_read_from_the_cache_afterwards(tmp_path: Path, log: Path) -> None:
    done = compute(tmp_path)
    assert done.value("total").to_dict("list") == {"value": [2 * (0 + 1 + 4) + 5], "raw": [6]}
    assert list(done.value("squares")["language"]) == ["en"] * 3 + ["de"] * 3
    assert list(done.value("squares", language="de")["value"]) == [0, 1, 4]
    assert list(done.value("raw")) == ["en", "de"]
    assert done.value("nothing").empty
    assert list(done.value("nothing").columns) == ["value"]
    assert ran(log) == ["nothing", "squares de", "squares en", "total"]
    again = compute(tmp_path)
    assert (ran(log), again.computed) == ([], ())
    assert again.value("total").equals(done.value("total"))


class Named:
    """A source that is known by what reads it, as models are: there is no file."""

    name, suffix = "numbers", ""

    def __init__(self, value: int) -> None:
        self.value = value

    def read(self, path: Path) -> pd.DataFrame:
        return pd.DataFrame({"value": [self.value]})

    def write(self, path: Path, value: Any) -> None:
        raise AssertionError


def test_each_source_is_read_by_its_own_output(tmp_path: Path, log: Path) -> None:
    made = Graph(sources=[Source("numbers", {"language": c}, Named(n), Path(), c) for c, n in (("en", 2), ("de", 3))])
    made.add(
        [SQUARE, Step("all", "all", "toy_steps:every", (), {"numbers": "numbers"}, (TOTAL,))],
        places=lambda step: [{"language": "en"}, {"language": "de"}] if step.per else [{}],
        has_role=lambda at, role: True,
        option=OPTIONS.__getitem__,
        seed=5,
        size=lambda step, at: None,
        module_of=lambda package, name: package,
    )
    done = execute(made, Cache(tmp_path / "cache"), show=False)
    assert done.value("squares").to_dict("list") == {"language": ["en", "de"], "value": [4, 9]}
    assert done.value("total").to_dict("list") == {"value": [5], "raw": [2]}


def test_processes_leave_the_same_bytes(tmp_path: Path, log: Path) -> None:
    one, two = compute(tmp_path / "a"), compute(tmp_path / "b", workers=2)
    assert ran(log) == sorted(2 * ["nothing", "squares de", "squares en", "total"])
    digests = [sorted(digest for made in done.made.values() for digest in made.digests.values()) for done in (one, two)]
    assert digests[0] == digests[1]


def test_what_does_not_change_a_result_stops_the_recomputing(tmp_path: Path, log: Path) -> None:
    """0 and 1 are their own squares and cubes: other options leave the same bytes, and what reads them stays."""
    compute(tmp_path, numbers=2)
    ran(log)
    compute(tmp_path, numbers=2, options={**OPTIONS, "units.power": 3})
    assert ran(log) == ["squares de", "squares en"]
    compute(tmp_path, numbers=3, options={**OPTIONS, "units.power": 3})
    assert ran(log) == ["nothing", "squares de", "squares en", "total"]


def test_settings_are_no_part_of_the_key_and_options_are(tmp_path: Path, log: Path) -> None:
    tuned = [replace(SQUARE, settings=("speed=units.speed",), function="toy_steps:squares_tuned")]
    toy_steps.squares_tuned = lambda numbers, *, language, power, speed: {  # type: ignore[attr-defined]
        "squares": pd.DataFrame({"language": language, "value": numbers["value"] ** power * 1}),
        "raw": {"x": numbers["value"].to_numpy()},
    }
    assert len(compute(tmp_path, steps=tuned).computed) == 2
    assert not compute(tmp_path, steps=tuned, options={**OPTIONS, "units.speed": 9}).computed
    assert len(compute(tmp_path, steps=tuned, options={**OPTIONS, "units.power": 9}).computed) == 2


def test_each_entry_has_its_recipe_and_a_digest_a_file(tmp_path: Path, log: Path) -> None:
    done = compute(tmp_path)
    for node, made in done.made.items():
        manifest = json.loads((made.folder / MANIFEST).read_text(encoding="utf-8"))
        assert node.key(manifest["recipe"]) == made.folder.name
        files = {file.name for file in made.folder.iterdir()} - {MANIFEST}
        assert files == set(manifest["files"])
        for name, facts in manifest["files"].items():
            assert facts == {"sha256": file_digest(made.folder / name), "bytes": (made.folder / name).stat().st_size}
    assert not [path for path in (tmp_path / "cache").rglob(".*") if path.name != ".progress"]


def test_an_entry_without_one_of_its_files_is_computed_again(tmp_path: Path, log: Path) -> None:
    done = compute(tmp_path)
    ran(log)
    [total] = done.graph.of("total")
    (done.made[total].folder / "total.parquet").unlink()
    compute(tmp_path)
    assert ran(log) == ["total"]


def test_refresh_computes_each_node_once_and_only_cache_none(tmp_path: Path, log: Path) -> None:
    with pytest.raises(StoreError, match=r"squares.*not in the cache \(policy 'only-cache'\)"):
        compute(tmp_path, policy="only-cache")
    compute(tmp_path)
    ran(log)
    compute(tmp_path, policy="refresh")
    assert ran(log) == ["nothing", "squares de", "squares en", "total"]
    compute(tmp_path, policy="only-cache")
    assert ran(log) == []
    with pytest.raises(ConfigError, match=r"'reus' is not one of.*did you mean 'reuse'"):
        compute(tmp_path, policy="reus")


@pytest.mark.parametrize("workers", [1, 2])
def test_what_fails_leaves_no_entry_but_what_it_can_go_on_from(tmp_path: Path, log: Path, workers: int) -> None:
    with pytest.raises(RuntimeError, match="the power failed"):
        compute(tmp_path, steps=[FAILS], workers=workers)
    kept = [path.name for path in (tmp_path / "cache" / "fails").iterdir()]
    assert kept
    assert all(name.endswith(".unfinished") for name in kept)
    (tmp_path / "power").touch()
    done = compute(tmp_path, steps=[FAILS], workers=workers)
    assert len(done.value("late")) == 2
    assert not [path for path in (tmp_path / "cache" / "fails").iterdir() if path.name.startswith(".")]


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_however_many_nodes_wait_when_one_fails_nothing_else_is_said(tmp_path: Path, log: Path) -> None:
    first = replace(FAILS, function="toy_steps:fails_first")
    many = tuple(f"l{number}" for number in range(30))
    with pytest.raises(RuntimeError, match="the power failed"):
        compute(tmp_path, steps=[first], workers=2, codes=many)
    assert len(ran(log)) < len(many)
    (tmp_path / "power").touch()
    assert list(compute(tmp_path, steps=[first], workers=2, codes=many).value("late")["language"]) == list(many)


def test_no_more_is_handed_out_than_workers_can_soon_take(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What still waits with joblib's executor when it is shut down ends in a traceback, now and then."""
    out, most = 0, 0

    class Counting(ThreadPoolExecutor):
        def submit(self, *arguments: Any, **options: Any) -> Any:
            nonlocal out, most
            out += 1
            most = max(most, out)
            future = super().submit(*arguments, **options)
            future.add_done_callback(taken)
            return future

    def taken(_: Any) -> None:
        nonlocal out
        out -= 1

    monkeypatch.setattr(executing, "processes", lambda workers: Counting(1))
    slow = replace(FAILS, function="toy_steps:fails_first")
    many = tuple(f"l{number}" for number in range(1, 20))
    assert len(compute(tmp_path, steps=[slow], workers=2, codes=many).value("late")) == len(many)
    assert most <= 4


def test_the_width_is_the_most_nodes_of_which_none_waits_for_another(tmp_path: Path) -> None:
    made = graph(tmp_path, steps=[*STEPS, FAILS], codes=("en", "de", "fr"))
    behind = {node: set(made.only([node]).nodes) - {node} for node in made.nodes}

    def widest(nodes: list[Node]) -> int:
        sets = (choice for n in range(len(nodes) + 1) for choice in combinations(nodes, n))
        return max(len(choice) for choice in sets if not any(a in behind[b] for a, b in permutations(choice, 2)))

    for there in (0, 1, len(made.nodes) // 2, len(made.nodes)):
        assert made.width(made.nodes[:there]) == widest(made.nodes[there:])
    assert 1 < made.width(()) < len(made.nodes)


def test_the_same_work_in_two_parts_is_done_once_whatever_the_policy(tmp_path: Path, log: Path) -> None:
    made = graph(tmp_path / "in", steps=[SQUARE])
    made.add(
        [SQUARE],
        part="controls",
        places=lambda step: [{"language": "en"}, {"language": "de"}],
        has_role=lambda at, role: True,
        option=OPTIONS.__getitem__,
        seed=5,
        size=lambda step, at: None,
        module_of=lambda package, name: package,
    )
    assert len(made.nodes) == 4
    for policy in ("reuse", "refresh"):
        done = execute(made, Cache(tmp_path / "cache", policy), show=False)
        assert ran(log) == ["squares de", "squares en"]
        assert len(done.computed) == 2
        assert done.value("squares", "controls").equals(done.value("squares"))


def test_what_is_for_this_process_is_computed_here_and_the_rest_in_others(tmp_path: Path, log: Path) -> None:
    where = Step("where", "where", "toy_steps:where", ("language",), {"numbers": "numbers"}, (LATE,))
    many = tuple(f"l{number}" for number in range(6))
    made = graph(tmp_path / "in", steps=[where], codes=many)
    here = {"l1", "l4"}
    done = execute(
        made, Cache(tmp_path / "cache"), workers=2, here=lambda node: node.at["language"] in here, show=False
    )
    found = done.value("late").set_index("language")["value"]
    assert set(found.index[found == os.getpid()]) == here


def test_a_worker_that_dies_is_told_in_a_line(tmp_path: Path, log: Path) -> None:
    with pytest.raises(WorkerError, match=r"ended by itself while it computed dies: .*--workers"):
        compute(tmp_path, steps=[DIES], workers=2)


def test_a_step_that_returns_another_table_is_an_error_at_once(tmp_path: Path, log: Path) -> None:
    wrong = replace(SQUARE, outputs=(replace(SQUARES, columns=(LANGUAGE, VALUE.but(name="number"))), Arrays("raw")))
    with pytest.raises(TableError, match=r"table 'squares' declares no column 'value'"):
        compute(tmp_path, steps=[wrong])


def test_a_role_leaves_the_others_out(tmp_path: Path, log: Path) -> None:
    only = replace(STEPS[1], reads={"squares": Read("squares", role="de"), "raw": Read("raw", role="de")})
    done = compute(tmp_path, steps=[SQUARE, only])
    assert done.value("total").to_dict("list") == {"value": [5 + 5], "raw": [3]}


def test_what_is_cached_is_known_without_computing(tmp_path: Path, log: Path) -> None:
    made = graph(tmp_path / "in")
    cache = Cache(tmp_path / "cache")
    assert made.cached(cache) == {}
    execute(made, cache, show=False)
    assert set(made.cached(cache)) == set(made.nodes)
    other = graph(tmp_path / "in", options={**OPTIONS, "units.power": 3})
    assert other.cached(cache) == {}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_process_loads_each_model_once(tmp_path: Path, log: Path, workers: int) -> None:
    """However long each language takes: the jobs of one model follow each other."""
    models, codes = tuple("abcdef"), ("en", "de", "fr", "zh")
    made = Graph(sources=[Source("weights", {"model": name}, toy_steps.Model(), Path(name), name) for name in models])
    step = Step(
        "late", "late", "toy_steps:extracts", ("model", "language"), {"weights": "weights"}, (LATE,), seconds=float
    )
    made.add(
        [step],
        places=lambda step: [{"model": name, "language": code} for name in models for code in codes],
        has_role=lambda at, role: True,
        option=OPTIONS.__getitem__,
        seed=5,
        size=lambda step, at: codes.index(at["language"]),
        module_of=lambda package, name: package,
    )
    execute(made, Cache(tmp_path / "cache"), workers=workers, show=False)
    loads = ran(log)
    assert set(loads) == {f"loads {name}" for name in models}
    assert all(loads.count(load) <= workers for load in loads)
