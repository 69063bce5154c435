"""Run a study: every step in order, what is in the cache read, the rest spread over the cores."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from interlingua.contexts import contexts_hash
from interlingua.errors import ConfigError, StoreError, suggest
from interlingua.models import LoadedModel, load_model, one_thread, parse_spec
from interlingua.study import analysis
from interlingua.study.atlas_data import write_atlas
from interlingua.study.audit import check_second_norm
from interlingua.study.cache import Cache, Frames, Policy, default_cache_dir
from interlingua.study.checks import check_material, check_models
from interlingua.study.config import Study
from interlingua.study.controls import control_study, control_tables
from interlingua.study.nulls import null_tables
from interlingua.study.plan import count_tokens, estimate_phases
from interlingua.study.progress import Progress
from interlingua.study.replication import replication_table
from interlingua.study.results import ResultFolder
from interlingua.study.scrutiny import scrutiny_tables
from interlingua.study.sections import Extraction
from interlingua.study.sources import Material, gather
from interlingua.study.steps import Job, activation_key, extract_task, probe_task, rank_task
from interlingua.study.workers import Task, cores, memory, run_tasks


def run(
    study: Study,
    *,
    output: Path | None = None,
    workers: int | None = None,
    policy: str = "reuse",
    cache_dir: Path | None = None,
    show_progress: bool | None = None,
) -> Path:
    """Run a study from rated words to a report.

    Parameters
    ----------
    study
        What to run; `interlingua.load_study` reads it.
    output
        Result folder, ``results/<name>`` by default. Replaced only if it holds this study's results.
    workers
        Processes of one thread each; by default as many as there are cores and memory for. They don't change the
        results. A GPU is only ever used by one.
    policy
        Of the cache: ``reuse``, ``refresh`` or ``only-cache``.
    cache_dir
        The cache; the user's by default. A run that was stopped goes on from what it left there.
    show_progress
        Draw a progress bar; by default only on a terminal.

    Returns
    -------
    Path
        The result folder: ``study.toml``, ``run.json``, ``tables/``, ``figures/``, ``report.html`` and ``atlas/``.

    Raises
    ------
    InterlinguaError
        If anything that the study names is missing or wrong, or the results can't be written; nothing is then left
        in `output`.
    """
    if policy not in get_args(Policy):
        known = get_args(Policy)
        raise ConfigError(f"cache policy '{policy}' is not one of {', '.join(known)}{suggest(policy, known)}")
    final = output or Path("results") / study.name
    folder = ResultFolder(final, study.name)
    try:
        cache = Cache(cache_dir or default_cache_dir(), policy)  # type: ignore[arg-type]
        with one_thread():
            _compute(study, cache, workers, show_progress, folder)
        folder.finish()
    except OSError as error:
        folder.discard()
        raise StoreError(
            f"{error.filename or final}: {error.strerror or error}; nothing was left in {final}"
        ) from error
    except BaseException:
        folder.discard()
        raise
    return final


@dataclass(frozen=True)
class ModelInStudy:
    """What a study knows of a model before it runs: how it is loaded, and facts for the record.

    `study` is what it runs through: the study, or for a control the part of it that `control_study` gives.
    """

    study: Study
    control: bool
    spec: str
    name: str
    fingerprint: str
    options: Extraction
    facts: dict[str, Any]
    tokenizer: Any


def _compute(study: Study, cache: Cache, workers: int | None, show: bool | None, folder: ResultFolder) -> None:
    from interlingua.report import build_report

    times: dict[str, float] = {}
    started = time.monotonic()
    material, models = look_at(study, cache.root)
    times["sources"] = time.monotonic() - started
    on_gpu = any(model.facts["device"] != "cpu" for model in models)
    jobs = make_jobs(material, models, cache)
    workers = workers or default_workers(models, jobs)
    phases = estimate_phases(study, material, models, jobs, count_tokens(models, jobs), workers)
    with Progress(phases, show=show) as progress:

        def phase(name: str, tasks: list[Task]) -> list[Any]:
            begun = time.monotonic()
            done = run_tasks(
                tasks, workers=1 if on_gpu and name == "activations" else workers, report=progress.phase(name)
            )
            times[name] = time.monotonic() - begun
            return done

        options = {model.name: model.options for model in models}
        phase(
            "activations",
            [
                Task(f"{job.model}, {job.language}", len(job.contexts), extract_task, (job, options[job.model]))
                for job in jobs
                if not cache.has("activations", job.key, ".safetensors")
            ],
        )
        parts = {model.name: model.study for model in models}
        fits = [
            (job, variable, parts[job.model])
            for job in jobs
            for variable in study.variables
            if job.language in study.seen and job.language in material.rated_languages(variable)
        ]
        probes = phase(
            "probes",
            [
                Task(f"{job.language}, {variable}", 1, probe_task, (job, variable, part.probes, study.seed, cache))
                for job, variable, part in fits
            ],
        )
        rankings = phase(
            "rankings",
            [
                Task(
                    f"{job.language}, {variable}",
                    1,
                    rank_task,
                    (job, variable, part.units.methods, part.probes, study.seed, cache),
                )
                for job, variable, part in fits
            ],
        )
        fitted = analysis.Fitted(pd.concat(probes, ignore_index=True), pd.concat(rankings, ignore_index=True), jobs)
        tables = _tables(study, material, fitted, models, phase, cache)
        report = progress.phase("report")
        folder.write_tables(tables)
        record = {
            "study": study.name,
            "study_sha256": hashlib.sha256(study.to_toml().encode()).hexdigest(),
            "seed": study.seed,
            "workers": workers,
            "models": [
                {"spec": m.spec, "name": m.name, "control": m.control, "fingerprint": m.fingerprint, **m.facts}
                for m in models
            ],
            "activations": [
                {"model": job.model, "language": job.language, "sentences": len(job.contexts), "key": job.key}
                for job in jobs
            ],
            "seconds": {name: round(seconds, 1) for name, seconds in times.items()},
        }
        folder.write_record(study.to_toml(), record)
        contexts = {code: material.language(code) for code in study.languages}
        files = {(job.model, job.language): job.activations for job in jobs}
        write_atlas(folder.partial, study, contexts, files, tables)
        build_report(folder.partial)
        report(1.0, "")


def _tables(
    study: Study, material: Material, everything: analysis.Fitted, models: list[ModelInStudy], phase: Any, cache: Cache
) -> Frames:
    fitted = everything.of(model.name for model in models if not model.control)
    choice = analysis.layer_choice(study, fitted.probes)
    layers = analysis.chosen_layers(choice)
    tables: Frames = {
        "languages": analysis.language_table(study, material.n_rated, material.cards, material.contexts.table),
        "issues": material.contexts.issues,
        "probes": fitted.probes,
        "layer_choice": choice,
        "rankings": fitted.rankings,
    }
    tables |= analysis.overlap_tables(study, fitted, layers)
    tables |= null_tables(study, fitted, layers, tables, phase, cache)
    part = next((model.study for model in models if model.control), None)
    if part is not None:
        controls = everything.of(model.name for model in models if model.control)
        tables |= control_tables(part, controls, tables, phase, cache)
    tables |= analysis.transfer_tables(study, fitted, layers, tables["highest_degree"])
    tables |= analysis.alignment_tables(study, fitted, layers, tables["pairs"])
    tokenizers = {model.name: model.tokenizer for model in models}
    tables |= scrutiny_tables(study, material, fitted, layers, tables, tokenizers, phase, cache)
    if study.preset == "paper":
        n_languages = {
            variable: len(set(material.rated_languages(variable)) & set(study.seen)) for variable in study.variables
        }
        tables["replication"] = replication_table(tables, study.units.headline, n_languages)
    return tables


def look_at(study: Study, cache_dir: Path) -> tuple[Material, list[ModelInStudy]]:
    """Read the study's sources and models, the quick ones first, and check that they suit it.

    Raises
    ------
    InterlinguaError
        If anything is missing or wrong.
    """
    check_second_norm(study.scrutiny.audit_against)
    controls = control_study(study)
    for spec in (*study.models, *(controls.models if controls else ())):
        parse_spec(spec)
    material = gather(study, cache_dir)
    check_material(study, material)
    models = look_at_models(study)
    if controls:
        part = control_study(study, models[0].facts["width"])
        models += look_at_models(part or controls, control=True)
    check_models(study, models)
    return material, models


def look_at_models(study: Study, *, control: bool = False) -> list[ModelInStudy]:
    """Load each model once, to learn what must be known before anything runs (and that it can be loaded)."""
    looked = []
    for spec in study.models:
        model: LoadedModel = load_model(spec, dtype=study.extraction.dtype, device=study.extraction.device)
        facts = {
            "revision": model.revision,
            "layers": model.n_layers,
            "width": model.width,
            "is_decoder": model.is_decoder,
            "dtype": model.dtype,
            "device": model.device,
            "parameters": sum(p.numel() for p in model.model.parameters()),
            "word_embeddings": model.model.get_input_embeddings().weight.numel(),
        }
        options = study.extraction.model_copy(update={"dtype": model.dtype, "device": model.device})
        looked.append(
            ModelInStudy(study, control, spec, model.name, model.fingerprint, options, facts, model.tokenizer)
        )
    return looked


def default_workers(models: Sequence[ModelInStudy], jobs: Sequence[Job]) -> int:
    """Return how many workers there are cores and memory for."""
    units = max(model.facts["width"] * (model.facts["layers"] if model.study.probes.whole else 1) for model in models)
    rows = max(len(job.contexts) for job in jobs)
    # Probes of the whole network, or else of a layer, take the most: the standardised inputs, their Gram matrix, and
    # copies of both.
    return max(1, int(min(cores(), 0.8 * memory() / (2 * 8 * units * (units + rows)))))


def make_jobs(material: Material, models: list[ModelInStudy], cache: Cache) -> list[Job]:
    """Return one job a model and language, each with the place of its activations in the cache."""
    jobs = []
    for model in models:
        for code in model.study.languages:
            contexts = material.language(code)
            key = activation_key(model.fingerprint, contexts_hash(contexts), model.options)
            path = cache.path("activations", key, ".safetensors")
            jobs.append(Job(model.spec, model.name, code, contexts, path, key))
    return jobs
