"""What a study would do, before anything runs: steps, sentences, tokens, disk and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interlingua.flow import Cache, Graph, cache_root
from interlingua.flow.graph import Node
from interlingua.flow.progress import duration
from interlingua.run.graph import count_tokens, study_graph
from interlingua.run.run import REPORT_S, default_workers
from interlingua.study.config import Study
from interlingua.study.controls import DRAWS, OTHERS
from interlingua.study.prepare import ModelInStudy, Prepared, prepare


@dataclass(frozen=True)
class Plan:
    """What a study would do.

    Attributes
    ----------
    rows
        A line a model and language: model, language, role, words, sentences, tokens, bytes of activations, whether
        they are in the cache already.
    phases
        Estimated seconds of each phase on this machine, of what is not in the cache.
    nodes
        For each phase, how many of its steps are in the cache already, and how many there are.
    not_asked
        The questions that the study does not ask, with the reason.
    """

    study: str
    rows: list[dict[str, Any]]
    phases: dict[str, float]
    nodes: dict[str, tuple[int, int]]
    not_asked: dict[str, str]
    cache: str

    def describe(self) -> str:
        """Return the plan as text."""
        header = (
            f"{'model':<22} {'language':<9} {'role':<7} {'words':>6} {'sentences':>9} {'tokens':>9} {'MB':>7}  cached"
        )
        lines = [f"study '{self.study}'", "", header]
        lines += [
            f"{row['model']:<22} {row['language']:<9} {row['role']:<7} {row['words']:>6,} {row['sentences']:>9,} "
            f"{row['tokens']:>9,} {row['bytes'] / 1e6:>7.0f}  {'yes' if row['cached'] else 'no'}"
            for row in self.rows
        ]
        tokens = sum(row["tokens"] for row in self.rows)
        new = sum(row["bytes"] for row in self.rows if not row["cached"])
        lines += [
            "",
            f"{tokens:,} tokens; {new / 1e6:,.0f} MB of activations to write in {self.cache}",
        ]
        for name, seconds in self.phases.items():
            cached, every = self.nodes.get(name, (0, 0))
            there = f"  ({cached} of {every} in the cache)" if cached else ""
            lines.append(f"  {name:<18} {_about(seconds)}{there}")
        lines.append(f"  {'in all':<18} {_about(sum(self.phases.values()))} on this machine")
        lines += [f"not asked: {reason}" for reason in self.not_asked.values()]
        return "\n".join(lines)


def make_plan(study: Study, *, workers: int | None = None) -> Plan:
    """Read a study's sources and say what running it would take: its graph, less what is in the cache.

    Computes nothing; but a model that was never looked at is loaded once, to learn its shape.

    Raises
    ------
    InterlinguaError
        If anything that the study names is missing or wrong, as `run` would.
    """
    cache = Cache(cache_root())
    prepared = prepare(study, cache)
    graph, not_asked = study_graph(prepared, cache)
    cached = graph.cached(cache)
    workers = workers or default_workers(prepared)
    phases: dict[str, float] = {}
    nodes: dict[str, tuple[int, int]] = {}
    for node in graph.nodes:
        phase = node.step.says
        there, every = nodes.get(phase, (0, 0))
        nodes[phase] = (there + (node in cached), every + 1)
        phases[phase] = phases.get(phase, 0.0) + (0.0 if node in cached else node.seconds / workers)
    rows = [_row(node, prepared, node in cached) for node in _extractions(graph)]
    return Plan(study.name, rows, phases | {"report": REPORT_S}, nodes, not_asked, str(cache.root))


def _extractions(graph: Graph) -> list[Node]:
    """Return the nodes that leave activations, the study's own models first."""
    return [node for part in ("", DRAWS, OTHERS) for node in graph.of("activations", part)]


def _row(node: Node, prepared: Prepared, cached: bool) -> dict[str, Any]:
    model = next(model for model in prepared.models if model.name == node.at["model"])
    language = node.at["language"]
    contexts = model.material.language(language)
    return {
        "model": model.name,
        "language": language,
        "role": "control" if model.control else "unseen" if language in prepared.study.unseen else "seen",
        "words": contexts["word"].nunique(),
        "sentences": len(contexts),
        "tokens": count_tokens(model, model.material, language),
        "bytes": _bytes(model, len(contexts)),
        "cached": cached,
    }


def _bytes(model: ModelInStudy, n: int) -> int:
    size = 2 if model.study.extraction.store_dtype == "float16" else 4
    return n * model.facts.layout.n_units * size


def _about(seconds: float) -> str:
    return "done" if seconds == 0 else f"about {duration(seconds)}"
