"""Workers on other machines, by Dask (``pip install 'interlingua[cluster]'``): an executor of the same shape."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from interlingua.errors import ConfigError, StoreError, WorkerError, reason
from interlingua.flow.batch import LOCAL, check_kind, quiet, started
from interlingua.flow.greeting import Greeting, answer, installed, on_worker
from interlingua.flow.processes import cores

#: Seconds until a scheduler must have answered, and until the first worker must be there (a batch system may take
#: hours: there is no limit).
CONNECT_S, WORKER_S = 15.0, 60.0
#: The resource of Dask by which workers say that they have a GPU: ``dask worker ... --resources GPU=1``.
GPU: Final = "GPU"
#: Seconds for which the number of workers is taken to be what it was.
_LOOK_EVERY_S = 2.0
#: What it is called when a worker does not find this package, or not this part of it.
_NOT_THERE = ("ModuleNotFoundError", "ImportError", "AttributeError")

logger = logging.getLogger("interlingua")


@dataclass(frozen=True)
class Where:
    """Where a run computes, if not in processes of its own.

    Parameters
    ----------
    scheduler
        Address of a running Dask scheduler, ``tcp://host:8786``.
    cluster
        A kind of cluster to start: "local", "slurm", "pbs", "lsf" or "sge".
    workers
        How many processes or jobs that has.
    job
        What a job is, for dask-jobqueue.
    """

    scheduler: str | None = None
    cluster: str | None = None
    workers: int | None = None
    job: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scheduler is not None and self.cluster is not None:
            raise ConfigError("give --scheduler (one that runs) or --cluster (one to start), not both")
        if self.cluster is not None:
            check_kind(self.cluster)
        elif self.job:
            raise ConfigError("--job says what a job of --cluster slurm (pbs, lsf) is; there is no --cluster")
        if self.scheduler is not None and self.workers is not None:
            raise ConfigError("--workers: a scheduler that runs has its own workers; leave --workers out")

    @property
    def elsewhere(self) -> bool:
        """Whether it is any other place than processes of the run's own."""
        return self.scheduler is not None or self.cluster is not None


#: Processes of the run's own.
OWN = Where()


class Lost(BrokenExecutor):
    """What computed a job is no more, as often as it was tried."""


class Cluster(Executor):
    """The workers of a Dask scheduler, of one thread each, which see the cache."""

    def __init__(self, client: Any, greeting: Greeting) -> None:
        self._client, self._greeting = client, greeting
        self._under_way: dict[Future[Any], Any] = {}
        self._known: tuple[float, dict[str, Any]] = (0.0, {})
        self._ended = threading.Event()

    @property
    def slots(self) -> int:
        """How many jobs can be computed at once, now."""
        return max(1, sum(int(worker["nthreads"]) for worker in self._workers().values()))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a call to a worker, one with a GPU if the job asks for it and there is any."""
        own: Future[Any] = Future()
        own.set_running_or_notify_cancel()
        on_device = bool(args) and getattr(args[0], "place", "any") == "device"
        resources = {GPU: 1} if on_device and self._has_gpu() else None
        call = partial(fn, **kwargs) if kwargs else fn
        remote = self._client.submit(on_worker, self._greeting, call, *args, pure=False, resources=resources)
        self._under_way[own] = remote
        remote.add_done_callback(partial(self._hand_over, own))
        return own

    @contextmanager
    def used(self) -> Iterator[Cluster]:
        """Give up what is under way if the block ends with an error.

        What a worker is in the midst of goes on there to its end, and lies in the cache then.
        """
        watch = threading.Thread(target=self._watch, daemon=True)
        self._ended.clear()
        watch.start()
        try:
            yield self
        except BaseException:
            with suppress(Exception):  # the scheduler may be no more
                self._client.cancel(list(self._under_way.values()), force=True)
            raise
        finally:
            self._ended.set()
            self._under_way.clear()

    def _hand_over(self, own: Future[Any], remote: Any) -> None:
        """Give the result, or the error, of a call to whoever waits for it."""
        from distributed.scheduler import KilledWorker

        self._under_way.pop(own, None)
        try:
            result = remote.result()
        except KilledWorker:
            own.set_exception(Lost("workers ended by themselves again and again"))
        except Exception as error:
            lost = remote.status in ("cancelled", "lost")
            own.set_exception(Lost("the scheduler is no more, or gave the work up") if lost else error)
        except BaseException:  # CancelledError of asyncio
            own.set_exception(Lost("the scheduler is no more, or gave the work up"))
        else:
            own.set_result(result)

    def _has_gpu(self) -> bool:
        return any(GPU in worker.get("resources", {}) for worker in self._workers().values())

    def _workers(self) -> dict[str, Any]:
        looked, workers = self._known
        if time.monotonic() - looked > _LOOK_EVERY_S:
            with suppress(OSError):  # between two connections
                workers = dict(self._client.scheduler_info(n_workers=-1)["workers"])
            self._known = time.monotonic(), workers
        return workers

    def _watch(self) -> None:
        """Say so when there is no worker left: nothing else would."""
        told = False
        while not self._ended.wait(10.0):
            with suppress(Exception):
                none = not self._workers()
                if none and not told:
                    logger.warning("no worker is left; this run waits until one joins its scheduler")
                told = none


@contextmanager
def connected(where: Where, root: Path) -> Iterator[Cluster | None]:
    """Connect to the workers of another place; None if a run computes in processes of its own.

    Parameters
    ----------
    where
        The place.
    root
        The cache, which all workers must see under this path.

    Raises
    ------
    ConfigError
        If Dask is not installed, or a batch system lacks options.
    WorkerError
        If no scheduler answers, no worker is there, or one of them is of another version, computes on several threads,
        or does not see the cache.
    """
    if not where.elsewhere:
        yield None
        return
    distributed = _dask()
    quiet()
    with ExitStack() as stack:
        greeting = stack.enter_context(_greeting(root))
        if where.cluster is not None:
            workers = where.workers or (cores() if where.cluster == LOCAL else 1)
            address: Any = stack.enter_context(started(where.cluster, workers, where.job))
        else:
            address = where.scheduler
        try:
            client = stack.enter_context(
                distributed.Client(address, timeout=CONNECT_S, set_as_default=False, name="interlingua")
            )
        except (OSError, ValueError, TypeError) as error:
            first = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise WorkerError(
                f"--scheduler {where.scheduler}: no Dask scheduler answers there ({first}); give the address that "
                "'dask scheduler' prints, such as tcp://127.0.0.1:8786"
            ) from None
        _wait_for_workers(client, where)
        _check(client, greeting)
        yield Cluster(client, greeting)


@contextmanager
def _greeting(root: Path) -> Iterator[Greeting]:
    """Leave a word in the cache that workers must be able to read."""
    token = uuid.uuid4().hex
    file = root.absolute() / ".cluster" / token
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(token, encoding="ascii")
    except OSError as error:
        raise StoreError(
            f"{root}: can't be written to ({reason(error)}); choose another cache with INTERLINGUA_CACHE=FOLDER"
        ) from None
    try:
        yield Greeting(file, token, installed())
    finally:
        for left in (file, *file.parent.glob(f"{token}-*")):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _wait_for_workers(client: Any, where: Where) -> None:
    waits_long = where.cluster not in (None, LOCAL)
    if waits_long and not client.nthreads():
        logger.info("waiting for the batch system to start the first worker")
    try:
        client.wait_for_workers(1, timeout=None if waits_long else WORKER_S)
    except (TimeoutError, OSError):
        raise WorkerError(
            f"--scheduler {where.scheduler}: it answers, but no worker has joined it; start some: "
            f"dask worker {where.scheduler} --nworkers 4 --nthreads 1"
        ) from None


def _check(client: Any, greeting: Greeting) -> None:
    """Raise unless every worker is fit to compute."""
    threads = {address: count for address, count in client.nthreads().items() if count != 1}
    if threads:
        address, count = next(iter(threads.items()))
        raise WorkerError(
            f"the worker {address} has {count} threads, but results have the same bytes on one only: start it with "
            f"--nthreads 1 (and --nworkers {count})"
        )
    for address, found in client.run(answer, greeting, on_error="return").items():
        if isinstance(found, WorkerError):
            raise found
        # What can't be read there comes back as the text of its error.
        if isinstance(found, BaseException) and any(name in repr(found) for name in _NOT_THERE):
            raise WorkerError(
                f"the worker {address} is of another version, or has no interlingua at all ({found}); install the same "
                "on all machines, and start the workers again"
            )
        if isinstance(found, BaseException):
            first = next(iter(str(found).splitlines()), "no message")
            raise WorkerError(f"the worker {address} can't be asked ({type(found).__name__}: {first})")


def _dask() -> Any:
    try:
        import distributed
    except ImportError:
        raise ConfigError("workers on other machines need Dask; type: pip install 'interlingua[cluster]'") from None
    return distributed
