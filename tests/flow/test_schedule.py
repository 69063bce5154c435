"""The time that a graph takes on so many workers, against schedules that are known."""

from __future__ import annotations

from typing import Any

import pytest

from interlingua.flow.graph import Graph, Node
from interlingua.flow.schedule import makespan
from interlingua.flow.step import Step


def node(name: str, *parents: Node) -> Node:
    from interlingua.flow.graph import Reading

    output: Any = None
    step = Step(name, name, "a:b", (), {}, ())
    return Node(step, {}, "", {}, 0, {str(i): Reading(output, (one,), ()) for i, one in enumerate(parents)})


def test_a_chain_waits_for_itself_and_others_share() -> None:
    first = node("first")
    second = node("second", first)
    third = node("third", second)
    others = [node(f"other {number}") for number in range(4)]
    graph = Graph([first, second, third, *others])
    seconds = {"first": 2.0, "second": 3.0, "third": 4.0}

    def of(one: Node) -> float:
        return seconds.get(one.step.name, 1.0)

    assert makespan(graph, (), 1, of) == pytest.approx(13)
    assert makespan(graph, (), 2, of) == pytest.approx(9)  # the chain; the others beside it
    assert makespan(graph, (), 9, of) == pytest.approx(9)
    assert makespan(graph, {first, second}, 2, of) == pytest.approx(4)
    assert makespan(graph, set(graph.nodes), 2, of) == 0
    assert makespan(Graph(), (), 2, of) == 0


def test_the_longest_goes_first() -> None:
    nodes = [node(str(number)) for number in range(5)]
    seconds = dict(zip(nodes, (1.0, 1.0, 1.0, 1.0, 4.0), strict=True))
    assert makespan(Graph(nodes), (), 2, seconds.__getitem__) == pytest.approx(4)
