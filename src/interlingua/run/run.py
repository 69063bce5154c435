"""Run a study: its graph computed, its tables, atlas and report written."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.errors import StoreError, reason
from interlingua.flow import Cache, cache_root
from interlingua.flow.cluster import OWN, Cluster, Where, connected
from interlingua.flow.execute import Done, execute
from interlingua.flow.processes import cores, memory, one_thread
from interlingua.flow.spread import Spread
from interlingua.models.training import trained_on
from interlingua.questions.order import tables as declared_tables
from interlingua.run.atlas import atlas_of
from interlingua.run.folder import ResultFolder
from interlingua.run.graph import study_graph
from interlingua.run.report import build_report, labels
from interlingua.stop import stop_if_told
from interlingua.study.config import Study
from interlingua.study.controls import DRAWS, OTHERS
from interlingua.study.outputs import ActivationsFile
from interlingua.study.prepare import ModelInStudy, Prepared, prepare
from interlingua.tables.layout import RESID
from interlingua.tables.schema import Table, version

logger = logging.getLogger("interlingua")

#: Seconds that the atlas and the report take.
REPORT_S = 12.0


def run(
    study: Study,
    *,
    output: Path | str | None = None,
    workers: int | None = None,
    policy: str = "reuse",
    cache_dir: Path | str | None = None,
    show_progress: bool | None = None,
    where: Where = OWN,
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
    where
        Workers elsewhere, by Dask, instead of processes of this machine.

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
    cache = Cache(Path(cache_dir or cache_root()), policy)
    final = Path(output) if output is not None else Path("results") / study.name
    folder = ResultFolder(final, study.name)
    try:
        # Before anything is read: workers that can't be used are told at once.
        with connected(where, cache.root) as cluster, one_thread():
            _compute(study, cache, workers, show_progress, folder, cluster)
        stop_if_told()
        folder.finish()
    except OSError as error:
        folder.discard()
        raise StoreError(f"{error.filename or final}: {reason(error)}; nothing was left in {final}") from error
    except BaseException:
        folder.discard()
        raise
    return final


def _compute(
    study: Study,
    cache: Cache,
    workers: int | None,
    show: bool | None,
    folder: ResultFolder,
    cluster: Cluster | None,
) -> None:
    cache.sweep()
    prepared = prepare(study, cache, Spread(workers or cores(), cluster))
    graph, not_asked = study_graph(prepared, cache)
    if cluster is None and workers is not None and workers > cores():
        logger.warning("%d workers on %d cores: more than there are cores make it slower", workers, cores())
    workers = (workers or default_workers(prepared)) if cluster is None else cluster.slots
    # Without a cluster a GPU is this process's; else the jobs go to workers that have one.
    on_gpu = cluster is None and any(model.device != "cpu" for model in prepared.models)
    stop_if_told()
    declared = declared_tables()
    done = execute(
        graph,
        cache,
        workers=workers,
        here=lambda node: on_gpu and node.step.place == "device",
        show=show,
        further={"report": REPORT_S},
        wanted={*declared, ActivationsFile().name},
        cluster=cluster,
    )
    folder.write_tables(result_tables(done, declared.values()))
    study = _as_run(study, prepared)
    record = {
        "study": study.name,
        "study_sha256": hashlib.sha256(study.to_toml().encode()).hexdigest(),
        "seed": study.seed,
        "tables": version(declared.values()),
        "workers": workers,
        "machines": _machines(done),
        "models": [_model_record(model) for model in prepared.models],
        "labels": labels(study),
        "not_asked": not_asked,
        "activations": _activations(done, prepared),
        "seconds": {phase: round(seconds, 1) for phase, seconds in done.seconds.items()},
    }
    folder.write_record(study.to_toml(), record)
    atlas_of(folder.partial, prepared, cache)
    build_report(folder.partial)


def _as_run(study: Study, prepared: Prepared) -> Study:
    """Return the study with the number format that was used, so that it is the same study on any machine."""
    [dtype] = {model.facts.dtype for model in prepared.models}
    return study.model_copy(update={"extraction": study.extraction.model_copy(update={"dtype": dtype})})


def result_tables(done: Done, declared: Sequence[Table] | Any) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Yield the declared tables that a computed graph leaves, each whole."""
    for table in declared:
        if done.graph.making(table.name):
            yield table, done.value(table.name)


def default_workers(prepared: Prepared) -> int:
    """Return how many workers there are cores and memory for."""
    layouts = [
        (model.layout(site), model.study.probes.whole and site == RESID)
        for model in prepared.models
        for site in model.study.sites
    ]
    units = max(layout.n_units if whole else max(layout.widths) for layout, whole in layouts)
    rows = int(prepared.material.contexts.table.groupby("language").size().max())
    # Probes of the whole network, or else of a layer, take the most: the standardised inputs, their Gram matrix, and
    # copies of both; and a model that is kept for its next job, where it is computed by workers.
    weights = max((model.facts.bytes for model in prepared.models if model.device == "cpu"), default=0.0)
    return max(1, int(min(cores(), 0.8 * memory() / (2 * 8 * units * (units + rows) + weights))))


def _model_record(model: ModelInStudy) -> dict[str, Any]:
    facts = {name: value for name, value in vars(model.facts).items() if name != "name"}
    facts["sites"] = {site: asdict(model.layout(site)) for site in model.study.sites}
    known = {"control": model.control, "trained_on": trained_on(model.spec)}
    return {"spec": model.spec, "name": model.name, **known, **facts, "device": model.device}


def _machines(done: Done) -> list[dict[str, Any]]:
    """Return the machines that computed what the results are made of, now or before, and how many steps each did."""
    counts = Counter((made.host, made.processor) for made in done.made.values())
    kinds = {processor for _, processor in counts if processor}
    if len(kinds) > 1:
        logger.warning(
            "computed on processors of %d kinds (%s): the last digits may differ from those of one kind alone",
            len(kinds),
            ", ".join(sorted(kinds)),
        )
    return [
        {"host": host, "processor": processor, "steps": count} for (host, processor), count in sorted(counts.items())
    ]


def _activations(done: Done, prepared: Prepared) -> list[dict[str, Any]]:
    """Return the place in the cache of every (model, site, language)'s activations."""
    read = {model.name: model.material for model in prepared.models}
    return [
        {
            **node.at,
            "sentences": len(read[node.at["model"]].language(node.at["language"])),
            "key": done.made[node].folder.name,
        }
        for part in ("", DRAWS, OTHERS)
        for node in done.graph.of("activations", part)
    ]
