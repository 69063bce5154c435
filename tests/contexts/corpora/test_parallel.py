"""Shards on a Dask cluster of this machine: the same result, and everything stopped afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas.testing as pdt
import pytest

from interlingua.contexts.corpora import open_corpus, search_corpus
from interlingua.contexts.corpora.parallel import spread
from interlingua.errors import ContextsError

distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster'")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """One scheduler and one worker, threads of this process, on the loopback interface."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, host="127.0.0.1", protocol="tcp"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in range(5):
        rows = (
            f"{n}\tThe cat number {'abcdefghij'[n % 10]} of {'xyzuvw'[n % 6]} and {part} sleeps.\n" for n in range(40)
        )
        (tmp_path / f"{part}-sentences.txt").write_text("".join(rows), encoding="utf-8")
    return tmp_path


def test_a_scheduler_gives_the_same_sentences(folder: Path, address: str) -> None:
    corpus = open_corpus(folder, "en")
    seen: list[Any] = []
    spread_out = search_corpus(["cat", "whale"], corpus, "en", n=9, scheduler=address, on_progress=seen.append)
    here = search_corpus(["cat", "whale"], corpus, "en", n=9)
    pdt.assert_frame_equal(spread_out.contexts.table, here.contexts.table)
    pdt.assert_frame_equal(spread_out.yield_table, here.yield_table)
    pdt.assert_frame_equal(spread_out.provenance, here.provenance)
    assert [progress.shards for progress in seen] == [1, 2, 3, 4, 5]


def test_an_error_on_a_worker_is_the_error(folder: Path, address: str) -> None:
    (folder / "3-sentences.txt").write_text("no tab\n", encoding="utf-8")
    with pytest.raises(ContextsError, match=r"3-sentences\.txt, line 1: expected number TAB sentence"):
        search_corpus(["cat"], open_corpus(folder, "en"), "en", scheduler=address)


def test_some_other_failure_is_named(address: str) -> None:
    with pytest.raises(ContextsError, match=r"a Dask worker failed \(ZeroDivisionError: .*division.*\)"):
        list(spread(divmod, [(1, 0)], workers=1, scheduler=address))


def test_only_so_many_tasks_are_under_way(address: str) -> None:
    given: list[int] = []

    class Counted(list[tuple[int]]):
        def __iter__(self) -> Iterator[tuple[int]]:
            for task in range(40):
                given.append(task)
                yield (task,)

    results = spread(abs, Counted(), workers=1, scheduler=address)
    next(results)
    assert len(given) <= 6
    assert sorted([0, *results])[-1] == 39


def test_no_scheduler_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interlingua.contexts.corpora.parallel._CONNECT_S", "1s")
    started = time.monotonic()
    with pytest.raises(ContextsError, match=r"--scheduler tcp://127\.0\.0\.1:9: no Dask scheduler answers"):
        search_corpus(["cat"], open_corpus(folder, "en"), "en", scheduler="tcp://127.0.0.1:9")
    assert time.monotonic() - started < 60


def test_a_batch_system_without_its_settings() -> None:
    pytest.importorskip("dask_jobqueue")
    with pytest.raises(ContextsError, match=r"--scheduler slurm: .*jobqueue\.yaml"):
        list(spread(abs, [(1,)], workers=1, scheduler="slurm"))
