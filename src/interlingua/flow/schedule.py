"""How long a graph takes on so many workers, from an estimate of each node: the schedule of `flow.execute`, played."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container

from interlingua.flow.graph import Graph, Node


def makespan(graph: Graph, made: Container[Node], workers: int, seconds: Callable[[Node], float]) -> float:
    """Return the seconds from the first node to the last.

    Parameters
    ----------
    graph
        What is computed.
    made
        The nodes that are there already.
    workers
        How many nodes at once.
    seconds
        Of each node.

    Notes
    -----
    A free worker takes the longest node of those whose inputs are there; in a run those that need a model come first.
    Waiting for chains of nodes is counted by that, which the sum over workers leaves out.
    """
    order = {node: number for number, node in enumerate(graph.nodes)}
    missing = {node: sum(parent not in made for parent in node.parents) for node in graph.nodes if node not in made}
    children: dict[Node, list[Node]] = {}
    for node in missing:
        for parent in node.parents:
            children.setdefault(parent, []).append(node)
    ready = [(-seconds(node), order[node], node) for node, left in missing.items() if left == 0]
    heapq.heapify(ready)
    busy: list[tuple[float, int, Node]] = []
    now = 0.0
    while ready or busy:
        while ready and len(busy) < workers:
            negative, number, node = heapq.heappop(ready)
            heapq.heappush(busy, (now - negative, number, node))
        now, _, done = heapq.heappop(busy)
        for child in children.get(done, ()):
            missing[child] -= 1
            if missing[child] == 0:
                heapq.heappush(ready, (-seconds(child), order[child], child))
    return now
