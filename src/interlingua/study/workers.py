"""Independent tasks on the cores of this machine, one thread each.

Two one-thread processes beat one two-thread process here: a forward pass of short sentences and a
coordinate descent both gain little from a second thread. And as everything has one thread (the main process, too:
`interlingua.study.runner.run`), results have the same bytes however many workers there are.
"""

from __future__ import annotations

import os
import queue
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from interlingua.study.progress import Report


@dataclass(frozen=True)
class Task:
    """A call of a module-level function: ``function(*arguments, on_progress=...)``.

    ``cost`` is its estimated share of the phase in any unit; ``label`` says what it does.
    """

    label: str
    cost: float
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> float:
    """Return this machine's memory in bytes; plenty where it can't be told."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


def run_tasks(tasks: Sequence[Task], *, workers: int, report: Report) -> list[Any]:
    """Run `tasks` and return their results in order; the first error stops the rest and is raised here.

    With one worker (or one task) everything runs in this process, which is what a GPU wants and what a debugger
    can follow.
    """
    total = sum(task.cost for task in tasks) or 1.0
    shares = [0.0] * len(tasks)

    def advance(number: int, share: float) -> None:
        shares[number] = share
        report(
            sum(task.cost * done for task, done in zip(tasks, shares, strict=True)) / total * 0.999,
            tasks[number].label,
        )

    if workers <= 1 or len(tasks) <= 1:
        results = []
        for number, task in enumerate(tasks):
            results.append(task.function(*task.arguments, on_progress=lambda share, n=number: advance(n, share)))
            advance(number, 1.0)
    else:
        results = _run_parallel(tasks, workers, advance)
    report(1.0, "")
    return results


def _run_parallel(tasks: Sequence[Task], workers: int, advance: Callable[[int, float], None]) -> list[Any]:
    from multiprocessing import Manager

    from joblib import Parallel, delayed, parallel_config

    # The longest first, so that no worker is left alone with a long one at the end.
    order = sorted(range(len(tasks)), key=lambda number: -tasks[number].cost)
    with Manager() as manager:
        messages = manager.Queue()
        listener = threading.Thread(target=_listen, args=(messages, advance), daemon=True)
        listener.start()
        try:
            with parallel_config(backend="loky", inner_max_num_threads=1), warnings.catch_warnings():
                # loky replaces a worker that has grown; that is as it should be, and nothing is lost.
                warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
                outcomes = Parallel(n_jobs=workers, batch_size=1, pre_dispatch="all")(
                    delayed(_call)(number, tasks[number], messages) for number in order
                )
        finally:
            messages.put(None)
            listener.join()
    by_number = dict(zip(order, outcomes, strict=True))
    return [by_number[number] for number in range(len(tasks))]


def _call(number: int, task: Task, messages: queue.Queue[tuple[int, float] | None]) -> Any:
    result = task.function(*task.arguments, on_progress=lambda share: messages.put((number, share)))
    messages.put((number, 1.0))
    return result


def _listen(messages: queue.Queue[tuple[int, float] | None], advance: Callable[[int, float], None]) -> None:
    while (message := messages.get()) is not None:
        advance(*message)
