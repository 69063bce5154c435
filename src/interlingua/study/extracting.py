"""What is taken from a model: its facts, and the activations of one language."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.models import extract_sites
from interlingua.study.facts import Facts
from interlingua.study.model import Handle, stored_facts
from interlingua.study.outputs import ActivationsFile, SiteFile
from interlingua.tables import HEADS, MLP, RESID, SITES, Site

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
            mlp=model.shapes.mlp,
            head_units=model.shapes.head_units,
            heads=model.shapes.heads,
            why=model.shapes.why,
            quantisation=weights.quantisation,
        )
    }


def forward(
    weights: Handle,
    sentences: pd.DataFrame,
    *,
    sites: Sequence[Site],
    layers: Mapping[Site, Sequence[int]],
    heads: Any,
    pooling: Any,
    boundary_piece: Any,
    store_dtype: Any,
    batch_tokens: int,
    folder: Path,
    unfinished: Path,
    on_progress: OnProgress,
) -> None:
    """Read all sites in one pass over one language; a run that was stopped goes on from the shards it left."""
    # Words are compared in the residual stream, whatever the study's sites.
    wanted: dict[Site, Sequence[int] | None] = {site: layers.get(site) for site in (RESID, *sites)}
    paths = {site: unfinished / name_of(site) for site in SITES}
    for path in paths.values():
        path.unlink(missing_ok=True)  # of a run that was killed at the last moment: there is no digest of it
    if weights.stored is not None:
        found = weights.stored.activations(sentences, str(sentences["language"].iloc[0]))
        replace(found, metadata={**found.metadata, "store_dtype": store_dtype}).save(paths[RESID])
        _hand_over(paths, folder)
        return
    extract_sites(
        weights.model,
        sentences,
        wanted,
        heads=heads,
        pooling=pooling,
        boundary_piece=boundary_piece,
        batch_tokens=batch_tokens,
        store_dtype=store_dtype,
        paths={site: paths[site] for site in wanted},
        on_progress=lambda done, total, _: on_progress(done / total),
    )
    _hand_over(paths, folder)


def _hand_over(paths: Mapping[Site, Path], folder: Path) -> None:
    """Move what was read to the step's folder; sites that were not read leave an empty file."""
    for path in paths.values():
        path.touch()
        path.replace(folder / path.name)


def activations(resid: Path, mlp: Path, heads: Path, *, site: Site, folder: Path) -> None:
    """Take one site's activations from a pass: the same file under another name, where the file system has such."""
    of_site: Mapping[Site, Path] = {RESID: resid, MLP: mlp, HEADS: heads}
    file = folder / f"{ActivationsFile().name}{ActivationsFile.suffix}"
    try:
        file.hardlink_to(of_site[site])
    except OSError:
        shutil.copyfile(of_site[site], file)


def name_of(site: Site) -> str:
    """Return the name of the file that a pass leaves of a site."""
    return f"{SiteFile(site).name}{SiteFile.suffix}"
