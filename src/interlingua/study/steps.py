"""The steps that run in workers: each reads its inputs, does one thing, and leaves its result in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from interlingua.models import Activations, LoadedModel, extract, load_model
from interlingua.models.loading import Device, Dtype
from interlingua.probes import Design, fit_probes, load_weights, save_weights
from interlingua.seeds import derive_seed
from interlingua.study.cache import Cache, atomic_folder, code_version, content_key
from interlingua.study.sections import Extraction, Probes
from interlingua.units import LayerData, rank_units

#: What a ranking says of a unit of a layer.
LAYER_COLUMNS = ("layer", "unit", "index", "score", "sign", "rank")
OnProgress = Callable[[float], None]


@dataclass(frozen=True)
class Job:
    """One (model, language) of a study: its sentences and where its activations lie.

    `spec` is what the study calls the model, `model` what results call it.
    """

    spec: str
    model: str
    language: str
    contexts: pd.DataFrame
    activations: Path
    key: str


@lru_cache(maxsize=1)
def loaded_model(spec: str, dtype: Dtype, device: Device) -> LoadedModel:
    """Return the model, kept between the tasks of one worker."""
    return load_model(spec, dtype=dtype, device=device)


def extract_task(job: Job, options: Extraction, on_progress: OnProgress) -> None:
    """Compute the activations of one language and leave them in the job's file, in place of any that are there."""
    model = loaded_model(job.spec, options.dtype, options.device)
    # `extract` would open a finished file: under another name it computes, and what is there stays until it has.
    fresh = job.activations.with_suffix(".fresh.safetensors")
    fresh.unlink(missing_ok=True)
    extract(
        model,
        job.contexts,
        pooling=options.pooling,
        boundary_piece=options.boundary_piece,
        batch_tokens=options.batch_tokens,
        store_dtype=options.store_dtype,
        path=fresh,
        on_progress=lambda done, total, _: on_progress(done / total),
    )
    fresh.replace(job.activations)


def probe_key(job: Job, variable: str, options: Probes, seed: int) -> str:
    """Return the cache key of a language's probes: the activations, the ratings and split, and every option."""
    ratings = job.contexts[["context_id", "word", "split", variable]]
    hashes = pd.util.hash_pandas_object(ratings, index=False).to_numpy()
    return content_key(
        model=job.model,
        activations=job.key,
        ratings=hashlib.sha256(hashes.tobytes()).hexdigest(),
        variable=variable,
        options=options.model_dump(mode="json"),
        seed=seed,
        code=code_version("probes", "stats"),
    )


def probe_task(
    job: Job, variable: str, options: Probes, seed: int, cache: Cache, on_progress: OnProgress
) -> pd.DataFrame:
    """Fit one language's probes for one variable; return the table of `interlingua.probes.fit_probes`."""
    loaded_model.cache_clear()  # it has done its work, and the network's Gram matrix needs the room
    key = probe_key(job, variable, options, seed)
    folder = cache.path("probes", key)
    if not cache.has("probes", key):
        results = fit_probes(
            Activations.open(job.activations),
            job.contexts,
            variable,
            model=job.model,
            probes=options.methods,
            whole=options.whole,
            folds=options.folds,
            standardise=options.standardise,
            l1=options.l1,
            l2=options.l2,
            adam_epochs=options.adam_epochs,
            draws=options.bootstrap,
            seed=derive_seed(seed, "probes", job.language, variable),
            on_progress=lambda done, total, _: on_progress(done / total),
        )
        with atomic_folder(folder) as partial:
            results.table.to_parquet(partial / "table.parquet", index=False)
            save_weights(partial / "weights.safetensors", results.weights)
    return pd.read_parquet(folder / "table.parquet")


def rank_task(
    job: Job, variable: str, methods: tuple[str, ...], options: Probes, seed: int, cache: Cache, on_progress: OnProgress
) -> pd.DataFrame:
    """Rank the units of every layer by every method; return the rankings of the contract."""
    fitted = probe_key(job, variable, options, seed)
    key = content_key(probes=fitted, methods=methods, code=code_version("units", "stats"))

    def compute() -> Mapping[str, pd.DataFrame]:
        design = Design(Activations.open(job.activations), job.contexts, standardise=options.standardise)
        design = design.rated(variable)
        y, _ = design.ratings(variable)
        weights = load_weights(cache.path("probes", fitted) / "weights.safetensors")
        parts = []
        for layer in range(design.n_layers):
            data = LayerData(design.train(layer), y, design.train_words, layer, design.width, weights)
            parts += [rank_units(data, method).assign(method=method) for method in methods]
            on_progress((layer + 1) / design.n_layers)
        table = pd.concat(parts, ignore_index=True)
        table = table.assign(model=job.model, language=job.language, variable=variable)
        return {"rankings": table[["model", "language", "variable", "method", *LAYER_COLUMNS]]}

    return cache.frames("rankings", key, compute)["rankings"]


def activation_key(fingerprint: str, contexts: str, options: Extraction) -> str:
    """Return the cache key of activations: model, sentences and how the target is read, never the ratings."""
    return content_key(
        model=fingerprint,
        contexts=contexts,
        options=options.model_dump(mode="json", exclude={"batch_tokens", "device"}),
        code=code_version("models"),
    )
