"""The same function over many tasks, in processes or on a cluster: what becomes a table before there is a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from interlingua.errors import InterlinguaError, WorkerError
from interlingua.flow.cluster import Cluster
from interlingua.flow.processes import processes

Result = TypeVar("Result")


@dataclass(frozen=True)
class Spread:
    """Where tasks are done.

    Parameters
    ----------
    workers
        Processes of one thread each.
    cluster
        Workers elsewhere, instead of these.
    """

    workers: int = 1
    cluster: Cluster | None = None

    @property
    def here(self) -> bool:
        """Whether all is done in this process."""
        return self.cluster is None and self.workers == 1

    def over(self, function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
        """Yield ``function(*task)`` of every task as they are done, in any order.

        Only twice as many tasks as there are workers are under way, so that results do not pile up.

        Raises
        ------
        WorkerError
            If a worker died, or the function raised something that is no `InterlinguaError`.
        """
        with processes(self.workers) if self.cluster is None else self.cluster.used() as executor:
            yield from self._results(executor, function, tasks)

    def _results(
        self, executor: Executor, function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]]
    ) -> Iterator[Result]:
        most = 2 * (self.workers if self.cluster is None else self.cluster.slots)
        remaining = iter(tasks)
        under_way: set[Future[Result]] = set()
        while True:
            under_way |= {executor.submit(function, *task) for task in islice(remaining, most - len(under_way))}
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                yield _result(future)


#: All in this process.
HERE = Spread()


def _result(future: Future[Result]) -> Result:
    try:
        return future.result()
    except InterlinguaError:
        raise
    except BrokenExecutor as error:
        raise WorkerError(
            f"a worker ended by itself ({error}); it may have been killed for want of memory. The same command goes on "
            "where it stopped"
        ) from error
    except Exception as error:
        first = next(iter(str(error).splitlines()), "no message")
        raise WorkerError(f"a worker failed ({type(error).__name__}: {first})") from error
