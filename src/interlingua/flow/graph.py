"""The static graph of a study: every step at every place that it is for, and what each of them reads."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from interlingua.flow.cache import Cache, Made, content_key
from interlingua.flow.outputs import Output
from interlingua.flow.source import source_digest
from interlingua.flow.step import Read, Step

Place = Mapping[str, str]
"""Where in a study something belongs: values of some of "model", "site", "variable", "language", "method"."""

#: The dimensions of what an absent step would have left: several values, none of which is there.
_NOWHERE = ("",)
#: How a node is computed: changed code there may change any result.
_WORK = "interlingua.flow.work"
#: Packages whose version may change the last digits of any result.
LIBRARIES = ("torch", "transformers", "numpy", "scipy", "scikit-learn", "pandas")


@dataclass(frozen=True)
class Source:
    """What a graph begins with: a file that lies there, known by its digest.

    A part of the graph reads those of its own, if there are any of the name, and else those of no part.
    """

    name: str
    at: Place
    output: Output
    path: Path
    digest: str
    part: str = ""


@dataclass(frozen=True, eq=False)
class Node:
    """A step at one place.

    Parameters
    ----------
    step, at
        What, and where in the study.
    part
        Of which part of the graph it is.
    options
        Its parameters' values.
    seed
        The study's.
    reads
        Parameter to what it reads there.
    size
        What its estimate is made from.
    modules
        Modules that its options name (`Step.plugins`).
    """

    step: Step
    at: Place
    part: str
    options: Mapping[str, Any]
    seed: int
    reads: Mapping[str, Reading]
    size: Any = None
    modules: tuple[str, ...] = ()

    @cached_property
    def seconds(self) -> float:
        """Estimate of how long it takes on one core."""
        return float(self.step.seconds(self.size))

    @property
    def label(self) -> str:
        """The step and its place, for messages."""
        return f"{self.step.says}: {', '.join(self.at.values())}" if self.at else self.step.says

    @cached_property
    def parents(self) -> list[Node]:
        """The nodes that it reads."""
        every = (parent for reading in self.reads.values() for parent in reading.parents)
        return list(dict.fromkeys(parent for parent in every if isinstance(parent, Node)))

    @property
    def source(self) -> frozenset[str]:
        """The modules whose closure is its source: its function, what its options name, what reads and writes."""
        read = {type(reading.output).__module__ for reading in self.reads.values()}
        left = {type(output).__module__ for output in self.step.outputs}
        return frozenset({self.step.function.partition(":")[0], _WORK, *self.loaded, *read, *left})

    @property
    def loaded(self) -> tuple[str, ...]:
        """The modules that are loaded by name: those of its options, and of what opens its inputs."""
        opening = (module for reading in self.reads.values() for module in getattr(reading.output, "modules", ()))
        return tuple(sorted({*self.modules, *opening}))

    def recipe(self, digest_of: Callable[[Node, Output], str]) -> dict[str, Any]:
        """Return everything that decides its results, from the digests of the outputs that it reads."""
        function = self.step.function
        return {
            "step": self.step.name,
            "function": function,
            "at": dict(self.at),
            "options": {
                name: _plain(self.options[name]) for name, key in self.step.keys.items() if not self._is_setting(key)
            },
            "seed": self.seed if self.step.seeded else None,
            "outputs": {output.name: getattr(output, "signature", "") for output in self.step.outputs},
            "source": source_digest(self.source),
            "loaded": list(self.loaded),
            "versions": {name: _version(name) for name in (*LIBRARIES, *self.step.packages)},
            "inputs": {
                name: [
                    [
                        dict(parent.at),
                        parent.digest if isinstance(parent, Source) else digest_of(parent, reading.output),
                    ]
                    for parent in reading.parents
                ]
                for name, reading in self.reads.items()
            },
        }

    def _is_setting(self, key: str) -> bool:
        return any(setting.rpartition("=")[2] == key for setting in self.step.settings)

    def key(self, recipe: Mapping[str, Any]) -> str:
        """Return the key of its entry in the cache."""
        return content_key(recipe)


@dataclass(frozen=True, eq=False)
class Reading:
    """What one parameter of a node is given: one value, or several by the `dims` in which their places differ."""

    output: Output
    parents: tuple[Node | Source, ...]
    dims: tuple[str, ...]


@dataclass
class Graph:
    """Nodes in an order in which each stands behind what it reads.

    Parameters
    ----------
    nodes
        All of them.
    """

    nodes: list[Node] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def of(self, step: str, part: str = "") -> list[Node]:
        """Return the nodes of a step, in the order of the study."""
        return [node for node in self.nodes if (node.step.name, node.part) == (step, part)]

    def making(self, output: str, part: str = "") -> list[Node]:
        """Return the nodes that leave an output."""
        return [n for n in self.nodes if n.part == part and output in {o.name for o in n.step.outputs}]

    def only(self, wanted: Iterable[Node]) -> Graph:
        """Return the part of the graph that these nodes need, themselves included."""
        needed: set[Node] = set()
        waiting = list(wanted)
        while waiting:
            node = waiting.pop()
            if node not in needed:
                needed.add(node)
                waiting += node.parents
        return Graph([node for node in self.nodes if node in needed], self.sources)

    def width(self, made: Container[Node]) -> int:
        """Return of how many nodes, besides those made, none waits for another: more are never computed at once.

        By Dilworth's theorem that is their number less as many as can each be followed by one of their own.
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import maximum_bipartite_matching

        place = {node: at for at, node in enumerate(node for node in self.nodes if node not in made)}
        before: dict[Node, set[int]] = {}
        for node in self.nodes:
            own = [before[parent] | {place[parent]} for parent in node.parents if parent in place]
            before[node] = set[int]().union(*own)
        pairs = [(earlier, at) for node, at in place.items() for earlier in before[node]]
        if not pairs:
            return len(place)
        rows, columns = zip(*pairs, strict=True)
        waits = csr_array(([True] * len(pairs), (rows, columns)), shape=(len(place), len(place)))
        return len(place) - int((maximum_bipartite_matching(waits) >= 0).sum())

    def cached(self, cache: Cache) -> dict[Node, Made]:
        """Return the nodes whose entries are complete in the cache, whatever its policy.

        A node behind one that is missing counts as missing: what it will read is not known yet.
        """
        made: dict[Node, Made] = {}
        for node in self.nodes:
            if all(parent in made for parent in node.parents):
                recipe = node.recipe(lambda parent, output: made[parent].digests[f"{output.name}{output.suffix}"])
                found = cache.peek(node.step.name, node.key(recipe))
                if found is not None:
                    made[node] = found
        return made

    def add(
        self,
        steps: Sequence[Step],
        *,
        part: str = "",
        places: Callable[[Step], Iterable[Place]],
        has_role: Callable[[Place, str], bool],
        option: Callable[[str], Any],
        seed: int,
        size: Callable[[Step, Place], Any],
        module_of: Callable[[str, str], str],
        absent: Iterable[Step] = (),
    ) -> None:
        """Add every step at each of its places.

        Parameters
        ----------
        steps
            In an order in which each stands behind what it reads.
        part
            A name for this part of the graph.
        places
            Where a step is for, in the order of the study.
        has_role
            Whether a place has a role.
        option
            The value of a dotted key of the study.
        seed
            The study's.
        size
            What the estimate of a step at a place is made from (`Step.seconds`).
        module_of
            The module that a name in a package of plugins comes from.
        absent
            Steps that this graph does without: what others read of them is a table without rows.
        """
        makers = {
            output.name: (step, output) for node in self.nodes for step in (node.step,) for output in step.outputs
        }
        makers |= {output.name: (step, output) for step in steps for output in step.outputs}
        left_out = {output.name: output for step in absent for output in step.outputs if output.name not in makers}
        sources: dict[str, list[Source]] = {}
        for source in self.sources:
            sources.setdefault(source.name, []).append(source)
        there: dict[tuple[str, str], list[Node]] = {}
        for node in self.nodes:
            there.setdefault((node.step.name, node.part), []).append(node)
        for step in steps:
            options = {name: option(key) for name, key in step.keys.items()}
            modules = [
                module_of(package, name) for parameter, package in step.plugged for name in _names(options[parameter])
            ]
            for at in places(step):
                reads = {
                    name: Reading(left_out[read.name], (), _NOWHERE)
                    if read.name in left_out
                    else _reading(step, at, read, part, sources, makers, there, has_role)
                    for name, read in step.inputs.items()
                }
                node = Node(step, at, part, options, seed, reads, size(step, at), tuple(modules))
                self.nodes.append(node)
                there.setdefault((step.name, part), []).append(node)


def _reading(
    step: Step,
    at: Place,
    read: Read,
    part: str,
    sources: Mapping[str, Sequence[Source]],
    makers: Mapping[str, tuple[Step, Output]],
    there: Mapping[tuple[str, str], Sequence[Node]],
    has_role: Callable[[Place, str], bool],
) -> Reading:
    wanted = read.part or part
    named = sources.get(read.name, ())
    given = [source for source in named if source.part == wanted] or [source for source in named if not source.part]
    parents: Sequence[Node | Source]
    if given:
        parents, output, dims = given, given[0].output, tuple(given[0].at)
    else:
        assert read.name in makers, f"{step.name} reads '{read.name}', which no step leaves and no source is"
        maker, output = makers[read.name]
        parents, dims = there.get((maker.name, wanted), ()), maker.per
    at = {**at, **read.at}
    place = {dim: at[dim] for dim in dims if dim in at}.items()
    fitting = [
        parent for parent in parents if place <= parent.at.items() and (not read.role or has_role(parent.at, read.role))
    ]
    free = tuple(dim for dim in dims if dim not in at)
    assert free or len(fitting) == 1, f"{step.name} at {dict(at)} reads {len(fitting)} of '{read.name}'"
    if isinstance(first := next(iter(fitting), None), Source):  # each is read by an output of its own, as models are
        output = first.output
    return Reading(output, tuple(fitting), free)


@cache
def _version(package: str) -> str:
    try:
        return installed(package)
    except PackageNotFoundError:
        return ""


def _names(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(map(str, value))


def _plain(value: Any) -> Any:
    """Return an option as what JSON can write."""
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
