"""Clusters that a run starts itself: processes of this machine, or jobs of a batch system by dask-jobqueue."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from interlingua.errors import ConfigError, suggest

#: Batch systems by name, and dask-jobqueue's class for each. Its options are those of dask-jobqueue's own file,
#: ``~/.config/dask/jobqueue.yaml``, which a site writes once for every program, and what a command gives over them.
BATCH: Final = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
LOCAL: Final = "local"
KINDS: Final = (LOCAL, *BATCH)
_ABOUT = "docs/cluster.md"


def check_kind(kind: str) -> None:
    """Raise unless there is such a kind of cluster.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if kind not in KINDS:
        raise ConfigError(f"--cluster {kind}: there is no such kind{suggest(kind, KINDS)}; give {', '.join(KINDS)}")


@contextmanager
def started(kind: str, workers: int, job: Mapping[str, Any]) -> Iterator[Any]:
    """Start a cluster, and end it with the block.

    Parameters
    ----------
    kind
        One of `KINDS`.
    workers
        Processes of this machine, or jobs.
    job
        Options of dask-jobqueue's class.

    Raises
    ------
    ConfigError
        If there is no such kind, something is not installed, or what a job is is not said.
    """
    check_kind(kind)
    if kind == LOCAL:
        if job:
            raise ConfigError("--job says what a job of a batch system is; --cluster local has none")
        with _local(workers) as cluster:
            yield cluster
        return
    with _batch(kind, job) as cluster:
        cluster.scale(jobs=workers)
        yield cluster


def job_script(kind: str, job: Mapping[str, Any]) -> str:
    """Return the script that a batch system would be given for each job; nothing is submitted.

    Raises
    ------
    ConfigError
        As `started`; also for "local", which has no jobs.
    """
    check_kind(kind)
    if kind == LOCAL:
        raise ConfigError("--dry-run prints the script of a job; --cluster local has none")
    with _batch(kind, job) as cluster:
        return str(cluster.job_script())


def quiet() -> None:
    """Let Dask say nothing: what goes wrong is told by this program, in a line."""
    for name in (
        "distributed",
        "distributed.core",
        "distributed.client",
        "distributed.worker",
        "distributed.scheduler",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    import distributed

    # Ctrl-C is for this process, which then ends the workers. Memory is no reason to end one of them.
    with _without_interrupts():
        local_cluster: Any = distributed.LocalCluster
        cluster = local_cluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=None,
            host="127.0.0.1",
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )
    with cluster:
        yield cluster


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let children begin inside the block that Ctrl-C does not reach, while this process hears it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _batch(kind: str, job: Mapping[str, Any]) -> Iterator[Any]:
    import dask

    try:
        import dask_jobqueue
    except ImportError:
        raise ConfigError(f"--cluster {kind} needs dask-jobqueue; type: pip install 'interlingua[cluster]'") from None
    quiet()
    configured = dask.config.get(f"jobqueue.{kind}", {})
    cores = job.get("cores", configured.get("cores"))
    missing = [name for name in ("cores", "memory") if not job.get(name, configured.get(name))]
    if missing:
        raise ConfigError(
            f"--cluster {kind}: what is a job? Give --job cores=8 --job memory=24GB (and --job queue=..., "
            f"walltime=...), or say it once in ~/.config/dask/jobqueue.yaml ({_ABOUT}); missing: {', '.join(missing)}"
        )
    # Each worker computes on one thread; there is no dashboard to be found by others.
    options = {"processes": cores, **job}
    options["scheduler_options"] = {
        "dashboard": False,
        "dashboard_address": None,
        **configured.get("scheduler-options", {}),
        **job.get("scheduler_options", {}),
    }
    try:
        cluster = getattr(dask_jobqueue, BATCH[kind])(**options)
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ConfigError(
            f"--cluster {kind}: {first}; say what a job is by --job KEY=VALUE or in ~/.config/dask/jobqueue.yaml "
            f"({_ABOUT})"
        ) from None
    with cluster:
        yield cluster
