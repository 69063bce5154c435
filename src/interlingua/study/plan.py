"""What a study would do, before anything runs: steps, sentences, tokens, disk and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlingua.models import matrix_speed, sentence_tokens
from interlingua.study.cache import Cache, default_cache_dir
from interlingua.study.config import Study
from interlingua.study.nulls import repeatable
from interlingua.study.sources import Material
from interlingua.study.steps import Job

if TYPE_CHECKING:
    from interlingua.study.runner import ModelInStudy

#: Of a matrix product's speed, what a forward pass of short sentences reaches.
_EFFICIENCY = 0.45
#: Seconds on one core, measured on the built-in study (width 384, 3,328 training sentences): the exact Eq. 1 on
#: the whole network, all probes of a layer, Adam for 500 epochs. They grow with the square of the width.
_WHOLE_S, _LAYER_S, _ADAM_S = 3.0, 0.4, 12.0
#: The same for one draw of ratings under a null, the rankings of a layer, the scrutiny of a language, and one draw of
#: its words.
_DRAW_S, _RANK_S, _SCRUTINY_S, _STABILITY_S = 0.011, 0.05, 3.0, 0.045
_FIXED_S = 12.0


@dataclass(frozen=True)
class Plan:
    """What a study would do.

    Attributes
    ----------
    rows
        A line a model and language: model, language, role, words, sentences, tokens, bytes of activations, whether
        they are in the cache already.
    phases
        Estimated seconds of each phase on this machine.
    """

    study: str
    rows: list[dict[str, Any]]
    phases: dict[str, float]
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
        lines += [f"  {name:<18} about {_words(seconds)}" for name, seconds in self.phases.items()]
        lines.append(f"  {'in all':<18} about {_words(sum(self.phases.values()))} on this machine")
        return "\n".join(lines)


def make_plan(study: Study, *, workers: int | None = None) -> Plan:
    """Read a study's sources and models and say what running it would take. Computes nothing.

    Raises
    ------
    InterlinguaError
        If anything that the study names is missing or wrong, as `run` would.
    """
    from interlingua.study.runner import default_workers, look_at, make_jobs

    cache = Cache(default_cache_dir())
    material, models = look_at(study, cache.root)
    jobs = make_jobs(material, models, cache)
    tokens = count_tokens(models, jobs)
    by_name = {model.name: model for model in models}
    rows = [
        {
            "model": job.model,
            "language": job.language,
            "role": _role(study, by_name[job.model], job.language),
            "words": job.contexts["word"].nunique(),
            "sentences": len(job.contexts),
            "tokens": n_tokens,
            "bytes": _bytes(by_name[job.model], len(job.contexts)),
            "cached": job.activations.exists(),
        }
        for job, n_tokens in zip(jobs, tokens, strict=True)
    ]
    phases = estimate_phases(study, material, models, jobs, tokens, workers or default_workers(models, jobs))
    return Plan(study.name, rows, phases, str(cache.root))


def count_tokens(models: Sequence[ModelInStudy], jobs: Sequence[Job]) -> list[int]:
    """Return the number of tokens of each job."""
    tokenizers = {model.name: model.tokenizer for model in models}
    return [int(sentence_tokens(tokenizers[job.model], list(job.contexts["text"])).sum()) for job in jobs]


def estimate_phases(
    study: Study,
    material: Material,
    models: Sequence[ModelInStudy],
    jobs: Sequence[Job],
    tokens: Sequence[int],
    workers: int,
) -> dict[str, float]:
    """Estimate the seconds of each phase: forward passes by this machine's own speed, the rest from measured times."""
    by_name = {model.name: model for model in models}
    speed = {dtype: matrix_speed(dtype) for dtype in {model.options.dtype for model in models}}
    forward = 0.0
    probing = ranking = drawing = controls = scrutiny = 0.0
    for job, n_tokens in zip(jobs, tokens, strict=True):
        facts = by_name[job.model].facts
        if not job.activations.exists():
            products = 2 * (facts["parameters"] - facts["word_embeddings"]) * n_tokens
            forward += products / (_EFFICIENCY * speed[by_name[job.model].options.dtype])
        part = by_name[job.model].study
        if job.language in part.seen:
            size = (facts["width"] / 384) ** 2 * (0.5 + len(job.contexts) / 8320)
            size *= sum(job.language in material.rated_languages(variable) for variable in study.variables)
            probes = part.probes.methods
            whole = _WHOLE_S * (
                part.probes.whole and "elastic-net" in probes
            ) + _ADAM_S * part.probes.adam_epochs / 500 * ("adam" in probes)
            probing += size * (whole + facts["layers"] * _LAYER_S * len(probes) / 3)
            ranking += size * facts["layers"] * _RANK_S * len(part.units.methods) / 4
            draws = size * len(repeatable(part)) * 2 * study.units.permutations * _DRAW_S  # of two nulls
            if by_name[job.model].control:
                controls += draws
            else:
                drawing += draws
                scrutiny += size * (_SCRUTINY_S + study.scrutiny.stability * _STABILITY_S)
    seconds = {
        "activations": forward,
        "probes": probing,
        "rankings": ranking,
        "permuted ratings": drawing,
    }
    if any(model.control for model in models):
        seconds["controls"] = controls
    seconds["scrutiny"] = scrutiny
    return {name: value / workers for name, value in seconds.items()} | {"report": _FIXED_S}


def _role(study: Study, model: ModelInStudy, language: str) -> str:
    return "control" if model.control else "unseen" if language in study.unseen else "seen"


def _bytes(model: ModelInStudy, n: int) -> int:
    size = 2 if model.options.store_dtype == "float16" else 4
    return int(n * model.facts["layers"] * model.facts["width"] * size)


def _words(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )
