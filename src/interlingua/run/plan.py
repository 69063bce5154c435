"""What a study would do, before anything runs: its words, its steps, sentences, tokens, disk and time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interlingua import languages
from interlingua.flow import Cache, Graph, cache_root
from interlingua.flow.progress import duration
from interlingua.study.config import Study
from interlingua.study.controls import DRAWS, OTHERS
from interlingua.study.steps import PASS
from interlingua.study.words import Words, look_at_words, table_of
from interlingua.tables.layout import RESID

# What needs torch, or takes long to import, is imported when words and problems have been told.
if TYPE_CHECKING:
    from interlingua.flow.graph import Node
    from interlingua.study.prepare import ModelInStudy, Prepared


#: Below this share of a core other programs count.
BUSY = 0.75


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
    cache
        Where results are kept.
    workers
        How many processes the estimate is for.
    seconds
        Estimate of the whole run, waiting included.
    why
        If asked for: for each step that would run, the reasons with how many of its nodes have each.
    share
        Share of a core that each worker had when the machine was measured.
    """

    study: str
    rows: list[dict[str, Any]]
    phases: dict[str, float]
    nodes: dict[str, tuple[int, int]]
    not_asked: dict[str, str]
    cache: str
    workers: int
    seconds: float
    why: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    share: float = 1.0

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
        by = f" with {self.workers} workers" if self.workers > 1 else ""
        lines.append(f"  {'in all':<18} {_about(self.seconds)} on this machine{by}")
        if self.share < BUSY:
            lines.append(
                f"other programs are at work here: when it was measured, each worker had {self.share:.0%} of a core; "
                f"if that stays so, it takes {duration(self.seconds / self.share)}"
            )
        lines += [f"not asked: {reason}" for reason in self.not_asked.values()]
        return "\n".join(lines + list(self._why()))

    def _why(self) -> Iterator[str]:
        if self.why:
            yield ""
            yield "would run, and why:"
        for step, reasons in self.why.items():
            for reason, count in reasons.items():
                yield f"  {step:<22} {count:>4}  {reason}"


def make_plan(study: Study, *, workers: int | None = None, words: Words | None = None, why: bool = False) -> Plan:
    """Say what running a study would take: its graph, less what is in the cache, by a measure of this machine.

    Nothing is computed and no weights are loaded: the configuration of a model that was never looked at tells its
    shape.

    Parameters
    ----------
    study
        The study.
    workers
        Of the run; by default as many as it would have.
    words
        What `interlingua.study.words.look_at_words` found; by default it looks.
    why
        Say why each step would run.

    Raises
    ------
    InterlinguaError
        If anything that the study names is missing or wrong, as `run` would.
    """
    from interlingua.flow.schedule import makespan
    from interlingua.run.graph import study_graph
    from interlingua.run.measure import measure
    from interlingua.run.run import REPORT_S, default_workers
    from interlingua.run.why import why as reasons_of
    from interlingua.study.prepare import look_at_all_models
    from interlingua.study.size import LOAD_S

    cache = Cache(cache_root())
    begun = time.process_time()
    looked = words or look_at_words(study, cache.root)
    looked.problems.told(f"study '{study.name}'")
    assert looked.material is not None, "what can't be put together is a problem, or waits for a search"
    prepared = look_at_all_models(study, looked.material, cache, weights=False)
    workers = workers or default_workers(prepared)
    shapes = [(model.facts.width, model.facts.dtype, model.device) for model in prepared.models]
    took = time.process_time() - begun
    measured = measure(shapes, workers, cache)
    begun = time.process_time()
    graph, not_asked = study_graph(prepared, cache, measured.layer)
    cached = graph.cached(cache)
    took += time.process_time() - begun
    # First, as a model stands beside its draws of random weights here: a tokenizer is loaded once for all of them.
    rows = [_row(node, prepared, node in cached) for node in _extractions(graph)]

    def seconds(node: Node) -> float:
        return node.seconds * (1.0 if node.step.place == "device" else measured.numerics)

    phases: dict[str, float] = {}
    nodes: dict[str, tuple[int, int]] = {}
    for node in graph.nodes:
        phase = node.step.says
        there, every = nodes.get(phase, (0, 0))
        nodes[phase] = (there + (node in cached), every + 1)
        phases[phase] = phases.get(phase, 0.0) + (0.0 if node in cached else seconds(node) / workers)
    report = REPORT_S * measured.numerics
    loading = sum(model.facts.parameters * LOAD_S for model in prepared.models if model.outlined)
    # Reading and looking is what was just done; workers start if there is anything to compute.
    starting = measured.start_s if len(cached) < len(graph.nodes) else 0.0
    return Plan(
        study.name,
        rows,
        phases | {"report": report},
        nodes,
        not_asked,
        str(cache.root),
        workers,
        took + loading + starting + makespan(graph, cached, workers, seconds) + report,
        reasons_of(graph, cached, cache) if why else {},
        measured.share,
    )


def describe_words(study: Study, words: Words) -> str:
    """Return the rated words as text, and which corpora were not searched yet."""
    names = {code: languages.get(code).name for code in study.languages}
    lines = [*table_of(words.rated, names)]
    for code in words.unsearched:
        corpus = study.languages[code].corpus
        assert corpus is not None
        lines.append(
            f"{names[code]} ({code}): {corpus.source} was not searched yet; 'interlingua contexts build' does, or a run"
        )
    return "\n".join(lines)


def _extractions(graph: Graph) -> list[Node]:
    """Return the nodes that run models, the study's own models first."""
    return [node for part in ("", DRAWS, OTHERS) for node in graph.of(PASS.name, part)]


def _row(node: Node, prepared: Prepared, cached: bool) -> dict[str, Any]:
    from interlingua.run.graph import count_tokens

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
    sites = dict.fromkeys((RESID, *model.study.sites))
    return n * sum(model.layout(site).n_units for site in sites) * size


def _about(seconds: float) -> str:
    return "done" if seconds == 0 else f"about {duration(seconds)}"
