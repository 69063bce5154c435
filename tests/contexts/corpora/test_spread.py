"""Shards in processes and on a Dask cluster: the same result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas.testing as pdt
import pytest

from interlingua.contexts.corpora import open_corpus, search_corpus
from interlingua.errors import ContextsError
from interlingua.flow.cluster import Where, connected
from interlingua.flow.spread import Spread


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for part in range(5):
        rows = (
            f"{n}\tThe cat number {'abcdefghij'[n % 10]} of {'xyzuvw'[n % 6]} and {part} sleeps.\n" for n in range(40)
        )
        (folder / f"{part}-sentences.txt").write_text("".join(rows), encoding="utf-8")
    return folder


def test_processes_and_a_cluster_give_the_same_sentences(folder: Path, dask_cluster: Any, tmp_path: Path) -> None:
    corpus = open_corpus(folder, "en")
    here = search_corpus(["cat", "whale"], corpus, "en", n=9)
    dask_cluster.worker()
    with connected(Where(scheduler=dask_cluster.address), tmp_path / "cache") as cluster:
        for spread in (Spread(2), Spread(cluster=cluster)):
            seen: list[Any] = []
            found = search_corpus(["cat", "whale"], corpus, "en", n=9, spread=spread, on_progress=seen.append)
            pdt.assert_frame_equal(found.contexts.table, here.contexts.table)
            pdt.assert_frame_equal(found.yield_table, here.yield_table)
            pdt.assert_frame_equal(found.provenance, here.provenance)
            assert [progress.shards for progress in seen] == [1, 2, 3, 4, 5]


def test_an_error_on_a_worker_is_the_error(folder: Path) -> None:
    (folder / "3-sentences.txt").write_text("no tab\n", encoding="utf-8")
    with pytest.raises(ContextsError, match=r"3-sentences\.txt, line 1: expected number TAB sentence"):
        search_corpus(["cat"], open_corpus(folder, "en"), "en", spread=Spread(2))


def test_only_so_many_tasks_are_under_way() -> None:
    given: list[int] = []

    class Counted(list[tuple[int]]):
        def __iter__(self) -> Any:
            for task in range(40):
                given.append(task)
                yield (task,)

    results = Spread(2).over(abs, Counted())
    next(results)
    assert len(given) <= 6
    assert sorted([0, *results])[-1] == 39
