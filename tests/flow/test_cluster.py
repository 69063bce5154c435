"""Workers elsewhere, by Dask: what is not fit to compute is told in a line, and what is computes as processes do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from toy_graph import DIES, STEPS, graph

from interlingua.errors import ConfigError, WorkerError
from interlingua.flow import Cache, Step, cluster, greeting
from interlingua.flow.batch import KINDS, job_script
from interlingua.flow.cluster import Where, connected
from interlingua.flow.execute import execute
from interlingua.flow.spread import Spread

pytest.importorskip("distributed", reason="needs the extra 'cluster'")


def compute(folder: Path, where: Where, steps: list[Step] = STEPS) -> Any:
    with connected(where, folder / "cache") as workers:
        return execute(graph(folder / "in", steps), Cache(folder / "cache"), show=False, cluster=workers)


@pytest.fixture
def here(log: Path, dask_cluster: Any) -> Any:
    """Return a cluster whose workers know the toy graph's log."""
    dask_cluster.environment = {**dask_cluster.environment, "INTERLINGUA_TOY_LOG": str(log)}
    return dask_cluster


def test_a_graph_is_computed_there_as_here(here: Any, tmp_path: Path) -> None:
    """And a step for a device by the worker that says that it has a GPU."""
    plain, with_gpu = here.worker(), here.worker("--resources", "GPU=1")
    where = Where(scheduler=here.address)
    device = [Step(**{**vars(step), "place": "device" if step.name == "squares" else "any"}) for step in STEPS]
    with connected(where, tmp_path / "there" / "cache") as workers:
        assert workers is not None
        until = time.monotonic() + 60
        while workers.slots < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        cache = Cache(tmp_path / "there" / "cache")
        there = execute(graph(tmp_path / "in", device), cache, show=False, cluster=workers)
        tasks = Spread(cluster=workers)
        assert sorted(tasks.over(abs, [(-number,) for number in range(40)])) == list(range(40))
        with pytest.raises(WorkerError, match=r"a worker failed \(ZeroDivisionError: .*division.*\)"):
            list(tasks.over(divmod, [(1, 0)]))
    here_too = execute(graph(tmp_path / "in", device), Cache(tmp_path / "own"), show=False)
    assert there.value("total").equals(here_too.value("total"))
    assert {node.step.name for node in there.computed} == {"squares", "total", "nothing"}
    assert {one["pid"] for one in here.computed() if one["place"] == "device"} == {with_gpu.pid}
    assert {one["pid"] for one in here.computed()} <= {plain.pid, with_gpu.pid}
    assert {made.host for made in there.made.values()} == {os.uname().nodename}


def test_a_step_that_ends_every_worker_that_takes_it_is_given_up(here: Any, tmp_path: Path) -> None:
    here.environment = {**here.environment, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    worker = here.worker()
    with pytest.raises(WorkerError, match=r"workers ended by themselves again and again, while dies: (en|de) was"):
        compute(tmp_path, Where(scheduler=here.address), [DIES])
    assert worker.wait(20) == 7


def test_a_scheduler_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 1.0)
    started = time.monotonic()
    with pytest.raises(WorkerError, match=r"--scheduler tcp://127\.0\.0\.1:9: no Dask scheduler answers there \("):
        compute(tmp_path, Where(scheduler="tcp://127.0.0.1:9"))
    assert time.monotonic() - started < 30
    with pytest.raises(WorkerError, match="--scheduler nonsense: no Dask scheduler answers there"):
        compute(tmp_path, Where(scheduler="nonsense"))
    assert not list((tmp_path / "cache" / ".cluster").iterdir())


def test_a_scheduler_without_workers(here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WORKER_S", 1.0)
    here.start()
    with pytest.raises(WorkerError, match=r"it answers, but no worker has joined it; start some: dask worker tcp"):
        compute(tmp_path, Where(scheduler=here.address))


def test_workers_of_another_version(here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here.worker()
    other = dict(greeting.installed()) | {"numpy": "1.0.0"}
    monkeypatch.setattr(cluster, "installed", lambda: other)
    told = r"the worker on \S+ \(process \d+\) is of another version: it has numpy \d\S+, this machine 1\.0\.0;"
    with pytest.raises(WorkerError, match=told):
        compute(tmp_path, Where(scheduler=here.address))
    monkeypatch.setattr(cluster, "installed", lambda: {"interlingua": "of source 0123456789"})
    with pytest.raises(WorkerError, match=r"it has interlingua of source [0-9a-f]{10}, this machine of source 01234"):
        compute(tmp_path, Where(scheduler=here.address))


def test_workers_that_lack_the_package(here: Any, tmp_path: Path) -> None:
    here.start()
    stub = here.folder / "stub" / "interlingua"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text("", encoding="utf-8")
    (here.folder / "trace.py").write_text("", encoding="utf-8")
    here.worker(environment={"PYTHONPATH": str(stub.parent)})
    with pytest.raises(WorkerError, match=r"the worker tcp://\S+ is of another version, or has no interlingua at all"):
        compute(tmp_path, Where(scheduler=here.address))


def test_a_cache_that_workers_do_not_see(here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here all processes see the same files, so the word that a run leaves for them is left nowhere."""
    here.worker()
    elsewhere = tmp_path / "mine" / ".cluster" / "word"

    @contextmanager
    def nowhere(root: Path) -> Iterator[greeting.Greeting]:
        yield greeting.Greeting(elsewhere, "word", greeting.installed())

    monkeypatch.setattr(cluster, "_greeting", nowhere)
    told = (
        rf"the worker on \S+ \(process \d+\) can't see the cache {tmp_path}/mine of this run; put the cache where all"
    )
    with pytest.raises(WorkerError, match=told):
        compute(tmp_path, Where(scheduler=here.address))
    # Another cache that lies under the same path there.
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text("another word", encoding="ascii")
    with pytest.raises(WorkerError, match=told):
        compute(tmp_path, Where(scheduler=here.address))


def test_workers_of_several_threads(here: Any, tmp_path: Path) -> None:
    here.worker("--nthreads", "2")
    with pytest.raises(WorkerError, match=r"has 2 threads, .* start it with --nthreads 1 \(and --nworkers 2\)"):
        compute(tmp_path, Where(scheduler=here.address))


def test_a_cluster_of_its_own_ends_with_the_run(tmp_path: Path, log: Path) -> None:
    done = compute(tmp_path, Where(cluster="local", workers=2))
    assert len(done.computed) == len(done.graph.nodes)
    import psutil

    until = time.monotonic() + 20
    while [child for child in psutil.Process().children(recursive=True) if "dask" in " ".join(child.cmdline())]:
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("slurm", ["#SBATCH -p short", "#SBATCH -t 02:00:00", "#SBATCH --mem=8G", "#SBATCH --cpus-per-task=4"]),
        ("pbs", ["#PBS -q short", "#PBS -l walltime=02:00:00", "#PBS -l select=1:ncpus=4:mem=7630MB"]),
        ("lsf", ["#BSUB -q short", "#BSUB -W 02:00:00", "#BSUB -n 4", "#BSUB -M 8000"]),
    ],
)
def test_the_script_of_a_job(kind: str, expected: list[str]) -> None:
    pytest.importorskip("dask_jobqueue")
    job: dict[str, Any] = {"cores": 4, "memory": "8GB", "queue": "short", "walltime": "02:00:00"}
    if kind == "lsf":
        job["lsf_units"] = "mb"
    lines = job_script(kind, job).splitlines()
    assert lines[0].startswith("#!")
    assert [line for line in expected if line not in lines] == [], lines
    command = lines[-1]
    assert "distributed.cli.dask_worker tcp://" in command
    # Four processes of one thread each: the same bytes as here.
    assert "--nworkers 4" in command
    assert "--nthreads 1" in command


def test_what_a_job_is_must_be_said() -> None:
    pytest.importorskip("dask_jobqueue")
    with pytest.raises(
        ConfigError, match=r"--cluster slurm: what is a job\? Give --job cores=8 .* missing: cores, mem"
    ):
        job_script("slurm", {})
    with pytest.raises(ConfigError, match="--cluster slurm: "):
        job_script("slurm", {"cores": 1, "memory": "1GB", "colour": "red"})
    with pytest.raises(ConfigError, match="--cluster local has none"):
        job_script("local", {})


def test_two_places_are_one_too_many() -> None:
    with pytest.raises(ConfigError, match=r"give --scheduler .* or --cluster .*, not both"):
        Where(scheduler="tcp://a:1", cluster="local")
    with pytest.raises(ConfigError, match=r"--cluster slrum: there is no such kind \(did you mean 'slurm'\?\)"):
        Where(cluster="slrum")
    with pytest.raises(ConfigError, match="--job says what a job"):
        Where(job={"cores": 1})
    with pytest.raises(ConfigError, match="a scheduler that runs has its own workers"):
        Where(scheduler="tcp://a:1", workers=3)
    assert KINDS == ("local", "slurm", "pbs", "lsf", "sge")


def test_without_dask_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"need Dask; type: pip install 'interlingua\[cluster\]'"):
        compute(tmp_path, Where(scheduler="tcp://127.0.0.1:9"))
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with pytest.raises(ConfigError, match=r"needs dask-jobqueue; type: pip install 'interlingua\[cluster\]'"):
        job_script("slurm", {"cores": 1, "memory": "1GB"})
