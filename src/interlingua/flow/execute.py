"""Compute a graph: what is in the cache is read, the rest goes to executors as soon as what it reads is there."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from interlingua.errors import WorkerError
from interlingua.flow.cache import Cache, Made
from interlingua.flow.cluster import Cluster, Lost
from interlingua.flow.graph import Graph, Node, Reading, Source
from interlingua.flow.outputs import Output
from interlingua.flow.processes import Here, processes
from interlingua.flow.progress import Progress
from interlingua.flow.work import Input, Item, Job, progress_file, work
from interlingua.stop import stop_if_told

#: Seconds between two looks at how far nodes are.
_LOOK_EVERY_S = 0.5
#: How often a node is tried whose inputs went away while it read them.
_TRIES = 3

Seconds = dict[str, float]


@dataclass(frozen=True)
class Done:
    """A computed graph.

    Parameters
    ----------
    graph
        It.
    made
        Each node's entry in the cache.
    seconds
        What each phase took, in seconds from its first node to its last.
    computed
        The nodes that were not in the cache.
    """

    graph: Graph
    made: Mapping[Node, Made]
    seconds: Seconds
    computed: tuple[Node, ...]

    def value(self, output: str, part: str = "", **at: str) -> Any:
        """Return the value of an output, of all the places that it has (see `Output`), or at some of them."""
        nodes = [
            node
            for node in self.graph.making(output, part)
            if all(node.at.get(dim) == place for dim, place in at.items())
        ]
        assert nodes, f"no node leaves '{output}' at {at}"
        dims = tuple(dim for dim in nodes[0].step.per if dim not in at)
        reading = Reading(nodes[0].step.output(output), tuple(nodes), dims)
        return _input(reading, self.made).value()


def execute(
    graph: Graph,
    cache: Cache,
    *,
    workers: int = 1,
    here: Callable[[Node], bool] = lambda node: False,
    show: bool | None = None,
    further: Mapping[str, float] | None = None,
    wanted: Collection[str] = (),
    cluster: Cluster | None = None,
) -> Done:
    """Compute every node of a graph.

    Parameters
    ----------
    graph
        What to compute.
    cache
        Where results are looked for and left.
    workers
        Processes of one thread each; 1 computes in this process.
    here
        Which nodes are computed in this process in any case, as a GPU is only ever used by one.
    show
        Draw a progress bar; by default only on a terminal.
    further
        Phases (name to seconds) that come behind these, for the time that is left.
    wanted
        Outputs that are read when all is computed: their files are what was written, then.
    cluster
        Workers elsewhere, instead of processes of this machine.

    Returns
    -------
    Done

    Raises
    ------
    WorkerError
        If a process ended by itself.
    Exception
        What the first node that failed raised; the others are given up.
    """
    cached = {} if cache.policy == "refresh" else graph.cached(cache)
    if cluster is None:
        workers = max(1, min(workers, graph.width(cached)))  # joblib starts them all at once

    def slots() -> int:
        return workers if cluster is None else cluster.slots

    phases = _phases(graph, cached, slots()) | dict(further or {})
    under_way: dict[Node, Job] = {}
    try:
        with (
            Progress(phases, show=show) as progress,
            processes(workers) if cluster is None else cluster.used() as executor,
        ):
            return _Run(graph, cache, progress, executor, lambda: 2 * slots(), here, under_way).run(wanted)
    except BaseException:
        # Processes of its own are dead by now, and could not tidy up; workers elsewhere end what they are at.
        for job in under_way.values() if cluster is None else ():
            cache.abandon(job.step, job.key, job.owner)
            progress_file(job).unlink(missing_ok=True)
        raise


class _Run:
    """The state of one computation of a graph."""

    def __init__(
        self,
        graph: Graph,
        cache: Cache,
        progress: Progress,
        executor: Executor,
        most: Callable[[], int],
        here: Callable[[Node], bool],
        under_way: dict[Node, Job],
    ) -> None:
        self.graph, self.cache, self.progress = graph, cache, progress
        self.executor, self.most, self.here, self.own = executor, most, here, Here()
        self.ready: list[tuple[Node, Job]] = []
        self.made: dict[Node, Made] = {}
        self.fresh: dict[tuple[str, str], Made] = {}  # by step and key: what was computed here, whatever the policy
        self.under_way = under_way
        self.owner = uuid.uuid4().hex[:8]
        self.futures: dict[Future[Made], Node] = {}
        self.computed: list[Node] = []
        self.shares: dict[Node, float] = {}
        self.waiting = list(graph.nodes)
        self.failures: Counter[Node] = Counter()
        self.phases = {phase: [n for n in graph.nodes if n.step.says == phase] for phase in _names(graph)}

    def run(self, wanted: Collection[str]) -> Done:
        with self._watched():
            while self.waiting or self.ready or self.futures or self._spoilt_results(wanted):
                stop_if_told()
                self.waiting = self._look_at(self.waiting)
                self._send()
                at_once = 0 if any(self.here(node) for node, _ in self.ready) else None
                for future in wait(self.futures, at_once, return_when=FIRST_COMPLETED).done:
                    self._take(future)
        return Done(self.graph, self.made, dict(self.progress.seconds), tuple(self.computed))

    def _look_at(self, waiting: list[Node]) -> list[Node]:
        """Read what is in the cache, note what is ready, and return the nodes that must wait."""
        left = []
        keys = {job.key for job in self.under_way.values()} | {job.key for _, job in self.ready}
        for node in waiting:
            if not all(parent in self.made for parent in node.parents):
                left.append(node)
                continue
            job = _job(node, self.made, self.cache, self.owner)
            if job.key in keys:  # the same work for another part of the graph
                left.append(node)
            elif found := self.fresh.get((job.step, job.key)) or self.cache.find(job.step, job.key):
                self._done(node, found)
            elif spoilt := self._spoilt(node):
                left += [*spoilt, node]
            else:
                keys.add(job.key)
                self.ready.append((node, job))
        self.ready = _in_order(self.ready)
        return left

    def _spoilt(self, node: Node) -> list[Node]:
        """Return the nodes whose files this one is to read, but which are no longer what was written: to do again."""
        pairs = [(parent, reading.output) for reading in node.reads.values() for parent in reading.parents]
        return [
            parent
            for parent, output in pairs
            if isinstance(parent, Node) and parent in self.made and self._is_spoilt(parent, output)
        ]

    def _spoilt_results(self, wanted: Collection[str]) -> bool:
        """Look at what is read when all is computed, and have done again what is no longer what was written."""
        again = [
            node
            for node in self.graph.nodes
            if not node.part
            and any(output.name in wanted and self._is_spoilt(node, output) for output in node.step.outputs)
        ]
        self.waiting += again
        return bool(again)

    def _is_spoilt(self, node: Node, output: Output) -> bool:
        """Return whether a file of a node is not what was written; the node then counts as not made."""
        file = f"{output.name}{output.suffix}"
        if not self.cache.spoilt(self.made[node], [file]):
            return False
        made = self.made.pop(node)
        self.shares[node] = 0.0
        self.fresh.pop((node.step.name, made.folder.name), None)
        self.cache.reject(node.step.name, made.folder.name, f"{file} is not what was written")
        return True

    def _send(self) -> None:
        """Give the executor as much as it may have at once, and compute one node here, if one is for here.

        The rest waits with us: what becomes ready meanwhile may take longer, and joblib's executor stumbles over what
        still waits with it when it is shut down.
        """
        most = self.most()
        for node, job in [pair for pair in self.ready if not self.here(pair[0])]:
            if len(self.futures) >= most:
                break
            self._submit(self.executor, node, job)
        for node, job in [pair for pair in self.ready if self.here(pair[0])][:1]:
            self._submit(self.own, node, job)

    def _submit(self, executor: Executor, node: Node, job: Job) -> None:
        self.ready.remove((node, job))
        self.progress.report(node.step.says, self._share(node.step.says), ", ".join(node.at.values()))
        self.under_way[node] = job
        try:
            future = executor.submit(work, job)
        except BrokenExecutor as error:
            raise _ended_by_itself(node, error) from error
        self.futures[future] = node
        if future.done():  # computed here
            self._take(future)

    def _take(self, future: Future[Made]) -> None:
        node = self.futures.pop(future)
        try:
            made = future.result()
        except BrokenExecutor as error:
            raise _ended_by_itself(node, error) from error
        except Exception:
            if not self._may_try_again(node):
                raise
            return
        job = self.under_way.pop(node)
        self.computed.append(node)
        self.fresh[job.step, job.key] = made
        self._done(node, made)

    def _may_try_again(self, node: Node) -> bool:
        """Let a node that failed wait for its inputs if they went away or were spoilt while it read them.

        Another run may have found one spoilt, or somebody may be emptying the cache. Any other failure stays one.
        """
        there = [parent for parent in node.parents if parent in self.made]
        for parent in there:
            self.cache.forget(self.made[parent])
        gone = self._spoilt(node)
        self.failures[node] += 1
        if (not gone and len(there) == len(node.parents)) or self.failures[node] == _TRIES:
            return False
        self.under_way.pop(node)
        self.waiting += [*gone, node]
        return True

    def _done(self, node: Node, made: Made) -> None:
        self.made[node] = made
        self.shares[node] = 1.0
        self._tell(node.step.says)

    def _tell(self, phase: str, doing: str = "") -> None:
        nodes = self.phases[phase]
        all_done = all(node in self.made for node in nodes)
        self.progress.report(phase, 1.0 if all_done else min(self._share(phase), 0.999), doing)

    def _share(self, phase: str) -> float:
        nodes = self.phases[phase]
        return sum(self.shares.get(node, 0.0) for node in nodes) / len(nodes)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Look now and then how far the nodes under way are."""
        ended = Event()

        def look() -> None:
            while not ended.wait(_LOOK_EVERY_S):
                for node, job in list(self.under_way.items()):
                    try:
                        self.shares[node] = float(progress_file(job).read_text(encoding="ascii"))
                    except (OSError, ValueError):
                        continue
                    self._tell(node.step.says, ", ".join(node.at.values()))

        thread = Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _in_order(ready: list[tuple[Node, Job]]) -> list[tuple[Node, Job]]:
    """Put the longest first, so that no worker is left alone with a long one at the end.

    Before all others come those that need a model, one model after the other: a process keeps it while its next job
    needs it, and loading it again may take longer than the job.
    """

    def place(pair: tuple[Node, Job]) -> tuple[bool, str, float]:
        node, job = pair
        return (not job.keeps, job.keeps, -node.seconds)

    return sorted(ready, key=place)


def _ended_by_itself(node: Node, error: BrokenExecutor) -> WorkerError:
    if isinstance(error, Lost):
        return WorkerError(f"{error}, while {node.label} was computed. The same command goes on where it stopped")
    return WorkerError(
        f"a worker process ended by itself while it computed {node.label}; it may have been killed for want of "
        "memory: give fewer --workers. The same command goes on where it stopped"
    )


def _phases(graph: Graph, cached: Mapping[Node, Made], workers: int) -> dict[str, float]:
    """Estimate the seconds of every phase that has something to compute."""
    seconds = dict.fromkeys(_names(graph), 0.0)
    for node in graph.nodes:
        if node not in cached:
            seconds[node.step.says] += node.seconds / workers
    return seconds


def _names(graph: Graph) -> list[str]:
    return list(dict.fromkeys(node.step.says for node in graph.nodes))


def _job(node: Node, made: Mapping[Node, Made], cache: Cache, owner: str) -> Job:
    def digest(parent: Node, output: Output) -> str:
        return made[parent].digests[f"{output.name}{output.suffix}"]

    recipe = node.recipe(digest)
    return Job(
        step=node.step.name,
        function=node.step.function,
        at=dict(node.at),
        key=node.key(recipe),
        recipe=recipe,
        inputs={name: _input(reading, made) for name, reading in node.reads.items()},
        outputs=node.step.outputs,
        options=dict(node.options),
        seed=node.seed if node.step.seeded else None,
        root=cache.root,
        owner=owner,
        policy=cache.policy,
        place=node.step.place,
    )


def _input(reading: Reading, made: Mapping[Node, Made]) -> Input:
    items = []
    for parent in reading.parents:
        if isinstance(parent, Source):
            items.append(Item(dict(parent.at), parent.path, parent.digest, parent.output))
        else:
            file = f"{reading.output.name}{reading.output.suffix}"
            path, digest = made[parent].folder / file, made[parent].digests[file]
            items.append(Item(dict(parent.at), path, digest, reading.output))
    return Input(reading.output, tuple(items), reading.dims)
