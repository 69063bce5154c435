"""Shards spread over processes and machines by Dask (``pip install 'interlingua[cluster]'``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

from interlingua.errors import ContextsError, InterlinguaError

Result = TypeVar("Result")

#: Batch systems by name, and dask-jobqueue's class for each. Its options are those of dask-jobqueue's own file,
#: ``~/.config/dask/jobqueue.yaml``: a site writes it once, for every program.
CLUSTERS: Final = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster", "sge": "SGECluster"}
_CONNECT_S: Final = "20s"


def spread(
    function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], *, workers: int, scheduler: str | None
) -> Iterator[Result]:
    """Yield ``function(*task)`` of every task as they are done, in any order.

    Only twice as many tasks as there are workers are under way, so that results do not pile up.

    Parameters
    ----------
    function, tasks
        Both travel to other processes, and must be importable or picklable there.
    workers
        Processes of one thread each on this machine, or jobs of a batch system.
    scheduler
        None: a cluster of processes on this machine; the address of a running Dask scheduler
        (``tcp://host:8786``), whose workers must have this package; or a name of `CLUSTERS`.

    Raises
    ------
    ContextsError
        If Dask is not installed, the scheduler does not answer, or a worker died.
    """
    distributed = _dask()
    with _client(distributed, workers, scheduler) as client:
        remaining = iter(tasks)
        ahead = 2 * max(workers, len(client.nthreads()), 1)
        futures = [client.submit(function, *task, pure=False) for task in islice(remaining, ahead)]
        done = distributed.as_completed(futures)
        futures.clear()
        for future in done:
            try:
                result: Result = future.result()
            except InterlinguaError:
                raise
            except Exception as error:
                first = next(iter(str(error).splitlines()), "no message")
                raise ContextsError(
                    f"a Dask worker failed ({type(error).__name__}: {first}); its log says why"
                ) from error
            future.release()
            for task in islice(remaining, 1):
                done.add(client.submit(function, *task, pure=False))
            yield result


@contextmanager
def _client(distributed: Any, workers: int, scheduler: str | None) -> Iterator[Any]:
    with ExitStack() as stack:
        if scheduler is None:
            address: Any = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", silence_logs=40
                )
            )
        elif scheduler in CLUSTERS:
            address = stack.enter_context(_batch_system(scheduler))
            address.scale(jobs=workers)
        else:
            address = scheduler
        try:
            client = stack.enter_context(distributed.Client(address, timeout=_CONNECT_S))
        except (OSError, ValueError) as error:
            raise ContextsError(
                f"--scheduler {scheduler}: no Dask scheduler answers ({error}); give its address, such as"
                f" tcp://127.0.0.1:8786, or one of {', '.join(CLUSTERS)}"
            ) from error
        yield client


def _batch_system(name: str) -> Any:
    try:
        import dask_jobqueue
    except ImportError:
        raise ContextsError(
            f"--scheduler {name} needs dask-jobqueue; type: pip install 'interlingua[cluster]'"
        ) from None
    try:
        return getattr(dask_jobqueue, CLUSTERS[name])()
    except ValueError as error:
        first = str(error).strip().splitlines()[0]
        raise ContextsError(
            f"--scheduler {name}: {first} Say what a job is in ~/.config/dask/jobqueue.yaml (see docs/corpora.md)"
        ) from error


def _dask() -> Any:
    try:
        import distributed
    except ImportError:
        raise ContextsError(
            "more than one worker needs Dask; type: pip install 'interlingua[cluster]', or use --workers 1"
        ) from None
    return distributed
