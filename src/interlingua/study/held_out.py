"""What a study's first model says of its ratings: every word predicted by probes that have not seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from interlingua.errors import StoreError
from interlingua.models import Activations, one_thread
from interlingua.probes.out_of_fold import OutOfFold, out_of_fold
from interlingua.seeds import derive_seed
from interlingua.study.cache import Cache
from interlingua.study.checks import check_material, check_models
from interlingua.study.config import Study
from interlingua.study.plan import count_tokens, estimate_phases
from interlingua.study.progress import Progress
from interlingua.study.runner import ModelInStudy, default_workers, look_at_models, make_jobs
from interlingua.study.sources import Material
from interlingua.study.steps import Job, OnProgress, extract_task, loaded_model
from interlingua.study.workers import Task, run_tasks

#: Layers tried where the study does not name one: neighbours differ little, and r is wanted, not the layer.
LAYERS_TRIED = 7
#: Seconds on one core for one layer of a language of the built-in study (width 384, 4,160 sentences).
_LAYER_S = 0.3


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out predictions of one variable.

    Attributes
    ----------
    model : str
        As results call it.
    layer : int
        The layer that they are read from.
    predictions : dict of str to OutOfFold
        Of every seen language that has ratings.
    """

    model: str
    layer: int
    predictions: Mapping[str, OutOfFold]


def predict_ratings(
    study: Study,
    material: Material,
    variables: Sequence[str],
    *,
    cache_dir: Path,
    workers: int | None = None,
    show_progress: bool | None = None,
) -> dict[str, HeldOut]:
    """Predict the rating of every word of the seen languages from the study's first model.

    Parameters
    ----------
    study : Study
        Its ``layer.choose`` gives the layer if it is a number. Else it is that with the highest mean r over the
        languages, of all of the model's layers or seven of them, evenly spaced. One layer serves all languages, so
        the choice favours none of them.
    material : Material
        The study's sentences and ratings.
    variables : sequence of str
        Which ratings.
    cache_dir : Path
        Activations are read there if they are there, and else left there for a run.
    workers : int, optional
        Processes of one thread each; by default as many as there are cores and memory for.
    show_progress : bool, optional
        Draw a progress bar; by default only on a terminal.

    Returns
    -------
    dict of str to HeldOut
        By variable.

    Raises
    ------
    InterlinguaError
        If the model can't be had, a language has too few ratings, or the cache can't be written.

    Notes
    -----
    Folds and seeds are those of a run's own audit, so at one layer both say the same.
    """
    check_material(study, material)
    try:
        with one_thread():
            return _predict(study, material, variables, Cache(cache_dir), workers, show_progress)
    except OSError as error:
        raise StoreError(f"{error.filename or cache_dir}: {error.strerror or error}") from error


def layers_to_try(study: Study, n_layers: int) -> list[int]:
    """Return the layers from which ratings are predicted: the study's, or a few evenly spaced ones."""
    if isinstance(study.layer.choose, int):
        return [study.layer.choose]
    return sorted({round(layer) for layer in np.linspace(0, n_layers - 1, LAYERS_TRIED)})


def held_out_task(
    job: Job, variable: str, layers: Sequence[int], folds: int, seed: int, on_progress: OnProgress
) -> list[OutOfFold]:
    """Predict one language's ratings out of fold, from each of `layers`."""
    loaded_model.cache_clear()  # it has done its work
    activations = Activations.open(job.activations)
    rows = job.contexts[variable].notna().to_numpy()
    ratings = job.contexts.loc[rows, variable].to_numpy()
    words = job.contexts.loc[rows, "word"].to_numpy(dtype=object)
    found = []
    for layer in layers:
        found.append(out_of_fold(activations.layer(layer)[rows], ratings, words, folds=folds, seed=seed))
        on_progress(len(found) / len(layers))
    return found


def _predict(
    study: Study, material: Material, variables: Sequence[str], cache: Cache, workers: int | None, show: bool | None
) -> dict[str, HeldOut]:
    [model] = look_at_models(_part(study))
    check_models(study, [model])
    jobs = make_jobs(material, [model], cache)
    workers = workers or default_workers([model], jobs)
    layers = layers_to_try(study, model.facts["layers"])
    rated = {variable: material.rated_languages(variable) for variable in variables}
    cells = [(job, variable) for variable in variables for job in jobs if job.language in rated[variable]]
    missing = [job for job in jobs if not cache.has("activations", job.key, ".safetensors")]
    with Progress(_seconds(material, model, jobs, missing, len(layers) * len(cells), workers), show=show) as progress:
        if missing:
            run_tasks(
                [
                    Task(f"{job.model}, {job.language}", len(job.contexts), extract_task, (job, model.options))
                    for job in missing
                ],
                workers=workers if model.facts["device"] == "cpu" else 1,
                report=progress.phase("activations"),
            )
        tasks = []
        for job, variable in cells:
            seed = derive_seed(study.seed, "audit", job.model, job.language, variable)  # as in a run's own audit
            arguments = (job, variable, layers, study.probes.folds, seed)
            tasks.append(Task(f"{job.language}, {variable}", 1, held_out_task, arguments))
        done = run_tasks(tasks, workers=workers, report=progress.phase("held-out words"))
    by_cell = {(variable, job.language): found for (job, variable), found in zip(cells, done, strict=True)}
    result = {}
    for variable in variables:
        of_language = {code: found for (name, code), found in by_cell.items() if name == variable}
        best = int(np.argmax(np.mean([[one.r for one in found] for found in of_language.values()], axis=0)))
        predictions = {code: found[best] for code, found in of_language.items()}
        result[variable] = HeldOut(model.name, layers[best], predictions)
    return result


def _part(study: Study) -> Study:
    """Return the part of a study that is asked: its first model, the seen languages, and no probe of all layers."""
    return study.model_copy(
        update={
            "models": study.models[:1],
            "languages": {code: study.languages[code] for code in study.seen},
            "unseen": (),
            "probes": study.probes.model_copy(update={"whole": False}),
        }
    )


def _seconds(
    material: Material, model: ModelInStudy, jobs: Sequence[Job], missing: Sequence[Job], fits: int, workers: int
) -> dict[str, float]:
    """Estimate the seconds of both phases."""
    seconds = {}
    if missing:
        tokens = count_tokens([model], missing)
        whole = estimate_phases(model.study, material, [model], missing, tokens, workers)
        seconds["activations"] = whole["activations"]
    size = (model.facts["width"] / 384) ** 2 * np.mean([len(job.contexts) for job in jobs]) / 4160
    return seconds | {"held-out words": float(fits * size * _LAYER_S / workers)}
