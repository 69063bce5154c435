"""What is taken from a model: its facts, and the activations of one language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.models import extract
from interlingua.study.facts import Facts
from interlingua.study.model import Handle, stored_facts

OnProgress = Callable[[float], None]


def facts(weights: Handle) -> dict[str, Facts]:
    """Load a model once, to learn what must be known before anything runs (and that it can be loaded)."""
    if weights.stored is not None:
        return {"facts": stored_facts(weights.stored, weights.dtype)}
    model = weights.model
    parameters, word_embeddings = model.count
    return {
        "facts": Facts(
            name=model.name,
            revision=model.revision,
            fingerprint=model.fingerprint,
            layers=model.n_layers,
            width=model.width,
            is_decoder=model.is_decoder,
            dtype=weights.dtype,
            parameters=parameters,
            word_embeddings=word_embeddings,
            quantisation=weights.quantisation,
        )
    }


def activations(
    weights: Handle,
    sentences: pd.DataFrame,
    *,
    pooling: Any,
    boundary_piece: Any,
    store_dtype: Any,
    batch_tokens: int,
    folder: Path,
    unfinished: Path,
    on_progress: OnProgress,
) -> None:
    """Compute the activations of one language; a run that was stopped goes on from the shards it left."""
    path = unfinished / "activations.safetensors"
    path.unlink(missing_ok=True)  # of a run that was killed at the last moment: there is no digest of it
    if weights.stored is not None:
        found = weights.stored.activations(sentences, str(sentences["language"].iloc[0]))
        replace(found, metadata={**found.metadata, "store_dtype": store_dtype}).save(folder / path.name)
        return
    extract(
        weights.model,
        sentences,
        pooling=pooling,
        boundary_piece=boundary_piece,
        batch_tokens=batch_tokens,
        store_dtype=store_dtype,
        path=path,
        on_progress=lambda done, total, _: on_progress(done / total),
    )
    path.replace(folder / path.name)
