"""Where nodes are computed on this machine: in this process, or in processes of one thread each.

Two one-thread processes beat one two-thread process here: a forward pass of short sentences and a coordinate descent
both gain little from a second thread. And as everything has one thread, results have the same bytes however many
workers there are.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


#: Where a container's limit of memory stands (cgroups 2 and 1).
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory() -> float:
    """Return the memory in bytes that this process may use: the machine's, or its container's; plenty if unknown."""
    try:
        known = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        known = float("inf")
    return min(known, *(_limit(Path(path)) for path in _LIMITS))


def free_memory() -> float | None:
    """Return the bytes of memory that nobody uses and this process may, None if that can't be told."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return None
    return min(free, memory())


def _limit(path: Path) -> float:
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such file, or "max"
        return float("inf")


def processor_name() -> str:
    """Return what the processor is called."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside the block.

    The number of threads changes the order in which sums are taken, and so the last digits of results.
    """
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 0
    with threadpool_limits(1):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(threads)


class Here(Executor):
    """Computes in this process, when something is submitted: what a GPU wants, and what a debugger can follow."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function and return its result as a future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            if not isinstance(error, Exception):  # Ctrl-C is not a node's failure
                raise
            future.set_exception(error)
        return future


def _live_no_longer_than(parent: int) -> None:
    """End this worker when its parent is no more, however that ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Begin threads and processes inside the block that signals to the group do not reach: this process ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Processes(Executor):
    """joblib's processes (loky): they import what they need, and one that dies is noticed."""

    def __init__(self, workers: int) -> None:
        from multiprocessing import resource_tracker

        from joblib.externals import loky

        # What tidies up behind all others is begun before them: Python's lets signals through again when it has begun.
        with _without_interrupts():
            resource_tracker.ensure_running()
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with _without_interrupts():
            self._loky = loky.ProcessPoolExecutor(
                max_workers=workers, timeout=300, env=threads, initializer=_live_no_longer_than, initargs=(os.getpid(),)
            )

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a call to a process; the first one starts them."""
        with _without_interrupts():
            future: Future[Any] = self._loky.submit(fn, *args, **kwargs)
        return future

    def end(self, *, kill: bool) -> None:
        """End the processes, in the midst of what they do or when they have done it."""
        self._loky.shutdown(wait=True, kill_workers=kill)


def remove_semaphores(pid: int) -> None:
    """Remove what joblib left in shared memory for a run that was killed with all its processes."""
    for left in Path("/dev/shm").glob(f"sem.loky-{pid}-*"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Yield an executor of so many processes, or of this one for a single worker; they end with the block."""
    if workers <= 1:
        yield Here()
        return
    with warnings.catch_warnings():
        # loky replaces a worker that has grown; that is as it should be, and nothing is lost.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
        executor = _Processes(workers)
        try:
            yield executor
        except BaseException:
            executor.end(kill=True)
            raise
        executor.end(kill=False)
