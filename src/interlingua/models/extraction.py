"""One forward pass over the contexts: every unit of every site and layer, averaged over the target's tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from interlingua.contexts.table import contexts_hash
from interlingua.errors import ConfigError, ContextsError, ModelError, StoreError
from interlingua.models.batching import Batch, Padded, pad, plan_batches, plan_shards
from interlingua.models.loading import LoadedModel
from interlingua.models.reading import read_sites
from interlingua.models.shards import ShardFolder, ShardMemory
from interlingua.models.store import Activations
from interlingua.models.targets import BoundaryPiece, Overflow, Pooling, Target, locate_targets, pooled_tokens
from interlingua.models.trial import BatchLayout, PaddingSide, embedding_rows, to_device, why_not_finite
from interlingua.tables import RESID, Layout, Site
from interlingua.tables.shapes import HeadValues

if TYPE_CHECKING:
    import pandas as pd

StoreDtype = Literal["float32", "float16"]
Progress = Callable[[int, int, int], None]

SHARD_ROWS = 1024
"""Least number of rows after which a run that writes a file saves what it has."""

_COLUMNS = ("context_id", "text", "start", "end")
# What must agree for a file to count as the answer; library versions and the device may differ.
_ANSWER = (
    "model",
    "fingerprint",
    "tokenizer",
    "pooling",
    "boundary_piece",
    "on_overflow",
    "dtype",
    "store_dtype",
    "contexts",
)


def extract(
    model: LoadedModel,
    contexts: pd.DataFrame,
    *,
    site: Site = RESID,
    layers: Sequence[int] | None = None,
    heads: HeadValues = "units",
    pooling: Pooling = "mean",
    boundary_piece: BoundaryPiece = "exclude",
    on_overflow: Overflow = "window",
    batch_tokens: int = 1024,
    store_dtype: StoreDtype = "float32",
    padding_side: PaddingSide | None = None,
    path: str | Path | None = None,
    on_progress: Progress | None = None,
) -> Activations:
    """Extract the activations of every unit of a site at every target, as in the paper's section 3 (13 x 768 units).

    Parameters
    ----------
    model, contexts
        As of `extract_sites`.
    site, layers
        Which units: by default all hidden states.
    heads, pooling, boundary_piece, on_overflow, batch_tokens, store_dtype, padding_side, on_progress
        As of `extract_sites`.
    path
        Where to write the activations; None keeps them in memory.

    Returns
    -------
    activations
        Row i is row i of `contexts`.

    Raises
    ------
    ContextsError, ModelError, StoreError
        As of `extract_sites`.
    """
    found = extract_sites(
        model,
        contexts,
        {site: layers},
        heads=heads,
        pooling=pooling,
        boundary_piece=boundary_piece,
        on_overflow=on_overflow,
        batch_tokens=batch_tokens,
        store_dtype=store_dtype,
        padding_side=padding_side,
        paths=None if path is None else {site: path},
        on_progress=on_progress,
    )
    return found[site]


def extract_sites(
    model: LoadedModel,
    contexts: pd.DataFrame,
    wanted: Mapping[Site, Sequence[int] | None],
    *,
    heads: HeadValues = "units",
    pooling: Pooling = "mean",
    boundary_piece: BoundaryPiece = "exclude",
    on_overflow: Overflow = "window",
    batch_tokens: int = 1024,
    store_dtype: StoreDtype = "float32",
    padding_side: PaddingSide | None = None,
    paths: Mapping[Site, str | Path] | None = None,
    on_progress: Progress | None = None,
) -> dict[Site, Activations]:
    """Extract the activations of several sites at every target, in one pass.

    A sentence gives the same vector alone and in any batch, up to rounding (1e-5 relative in float32). Rows
    with the same sentence share its forward pass. The average is taken in float32, whatever the model's type.

    Parameters
    ----------
    model
        From `interlingua.models.load_model`.
    contexts
        n rows of one language with the columns ``context_id, text, start, end`` at least; ``text[start:end]``
        is the target.
    wanted
        The layers of each site; None is all that it has.
    heads
        At the site of heads: ``"units"``, each number that a head gives; ``"whole"``, the length of what it gives.
    pooling
        ``"mean"`` over the target's tokens (paper), its ``"first"`` or its ``"last"`` token; the token ``"after"`` it
        (special tokens count), the ``"end"`` (the sentence's last token that is not special), or the mean of the whole
        ``"sentence"`` without special tokens.
    boundary_piece
        Whether a lone word-boundary piece directly in front of the target counts: ``"include"`` as in the
        paper's study, ``"exclude"`` otherwise. See `interlingua.models.targets.target_mask`.
    on_overflow
        ``"window"`` or ``"error"`` for a sentence longer than the model takes.
    batch_tokens
        Most tokens in a forward pass, padding counted. On two cores 512 to 1,024 is best; a GPU takes more.
    store_dtype
        Of what is kept; float16 halves the file and keeps three digits.
    padding_side
        Side on which a batch is filled up; None is the tokenizer's. Where a model's values would differ from those
        of the sentence alone, the other side, and where both would, no side: then only sentences of equal length
        share a batch. ``metadata["padding"]`` says which it was.
    paths
        Where to write the activations of each site; None keeps them in memory. While it runs, finished shards stand in
        the folder ``<path>.partial``, and the same call takes up from there. A finished file with the same
        content is opened, and nothing is run for it.
    on_progress
        Called with (sentences done, sentences in all, tokens done), once at the start and after each batch;
        what an earlier run had finished counts as done.

    Returns
    -------
    activations
        Of each site; row i is row i of `contexts`.

    Raises
    ------
    ContextsError
        If a column is missing, there is no row, or a target has no token; names the row.
    ModelError
        If the model lacks a site or layer (says why), or gives values that are not finite.
    StoreError
        If a file can't be written, or holds other activations.
    """
    _check(contexts, batch_tokens, store_dtype, heads, padding_side)
    contexts = contexts.reset_index(drop=True)
    layouts = {site: model.shapes.layout(site, layers, heads) for site, layers in wanted.items()}
    languages = contexts["language"].unique().tolist() if "language" in contexts else []
    metadata = {
        "model": model.name,
        "revision": model.revision,
        "fingerprint": model.fingerprint,
        "tokenizer": f"{type(model.tokenizer).__name__}, {len(model.tokenizer)} entries",
        "language": " ".join(languages),
        "pooling": pooling,
        "boundary_piece": boundary_piece,
        "on_overflow": on_overflow,
        "dtype": model.dtype,
        "store_dtype": store_dtype,
        "device": model.device,
        "contexts": contexts_hash(contexts),
        **{name: version(name) for name in ("torch", "transformers", "tokenizers")},
    }
    files = {site: Path(path) for site, path in (paths or {}).items()}
    there = {site: path for site, path in files.items() if path.exists()}
    finished = {site: _open_finished(path, metadata, layouts[site]) for site, path in there.items()}
    left = {site: layout for site, layout in layouts.items() if site not in finished}
    if not left:
        return finished

    targets = locate_targets(model, contexts, boundary_piece=boundary_piece, on_overflow=on_overflow, pooling=pooling)
    _check_vocabulary(model, targets)
    metadata["windowed"] = str(sum(target.windowed for target in targets))
    metadata["unknown_targets"] = str(sum(target.unknown for target in targets))
    for controls in ("text", "token"):
        metadata[f"controls_as_{controls}"] = str(sum(target.controls == controls for target in targets))
    together = model.layouts[padding_side or model.tokenizer.padding_side]
    metadata["padding"] = together.note
    pooled = [pooled_tokens(target, pooling) for target in targets]
    shards = plan_shards(plan_batches(targets, pooled, batch_tokens, together.together), SHARD_ROWS)
    rows = [np.concatenate([batch.rows for batch in shard]) for shard in shards]
    plan = {"batch_tokens": batch_tokens, "padding": together.side, "shard_rows": [len(r) for r in rows]}
    stores = {
        site: _store(files.get(site), {"metadata": metadata, **plan}, rows, layout, np.dtype(store_dtype))
        for site, layout in left.items()
    }

    done = [all(i in store for store in stores.values()) for i in range(len(shards))]
    progress = _Progress(on_progress, len(targets))
    progress.add([batch for i, shard in enumerate(shards) if done[i] for batch in shard])
    for i, shard in enumerate(shards):
        if not done[i]:
            for site, values in _run_shard(model, shard, together, left, progress).items():
                _check_finite(model, values, rows[i], contexts)
                stores[site].write(i, _cast(values, store_dtype))
    return finished | {site: store.finish(metadata) for site, store in stores.items()}


def _store(
    path: Path | None,
    manifest: Mapping[str, Any],
    rows: Sequence[NDArray[np.int64]],
    layout: Layout,
    dtype: np.dtype[Any],
) -> ShardFolder | ShardMemory:
    if path is None:
        return ShardMemory(rows, layout, dtype)
    return ShardFolder(path, {**manifest, "layout": repr(layout)}, rows, layout, dtype)


class _Progress:
    """Counts what is done and passes it on."""

    def __init__(self, on_progress: Progress | None, total: int) -> None:
        self.on_progress, self.total = on_progress, total
        self.rows = self.tokens = 0

    def add(self, batches: Sequence[Batch]) -> None:
        self.rows += sum(len(batch.rows) for batch in batches)
        self.tokens += sum(batch.n_tokens for batch in batches)
        if self.on_progress is not None:
            self.on_progress(self.rows, self.total, self.tokens)


def _run_shard(
    model: LoadedModel,
    shard: Sequence[Batch],
    together: BatchLayout,
    layouts: Mapping[Site, Layout],
    progress: _Progress,
) -> dict[Site, NDArray[np.float32]]:
    """Forward a shard's batches; returns shape (layers, rows of the shard, width) of each site."""
    n_rows = sum(len(batch.rows) for batch in shard)
    # The shard is gathered on the device, so that a GPU is waited for once a shard, not once a batch.
    values = {
        site: torch.empty(
            (len(layout.layers), n_rows, layout.width(layout.layers[0])), dtype=torch.float32, device=model.device
        )
        for site, layout in layouts.items()
    }
    at = 0
    for batch in shard:
        end = at + len(batch.rows)
        of_batch = {site: of_site[:, at:end] for site, of_site in values.items()}
        _pool_batch(model, pad(batch, together.fill, left=together.side == "left"), together, layouts, of_batch)
        progress.add([batch])
        at = end
    return {site: of_site.cpu().numpy() for site, of_site in values.items()}


def _pool_batch(
    model: LoadedModel,
    batch: Padded,
    together: BatchLayout,
    layouts: Mapping[Site, Layout],
    out: Mapping[Site, torch.Tensor],
) -> None:
    """Run the model on a batch and write each target's average into `out`, shape (layers, R, width) of each site."""
    take, weights = to_device(batch.take, model.device), to_device(batch.weights, model.device)
    place = {site: {layer: i for i, layer in enumerate(layout.layers)} for site, layout in layouts.items()}

    def see(site: Site, layer: int, states: torch.Tensor) -> None:
        pieces = states.flatten(0, 1)[take].float()
        of_heads = layouts[site].heads
        if of_heads and pieces.shape[-1] != layouts[site].width(layer):  # heads as wholes
            pieces = pieces.reshape(*pieces.shape[:-1], of_heads, -1).norm(dim=-1)
        torch.sum(pieces * weights, dim=1, out=out[site][place[site][layer]])

    wanted = {site: layout.layers for site, layout in layouts.items()}
    with torch.inference_mode():
        read_sites(model.model, together, model.sites, wanted, see, batch.ids, batch.mask, batch.positions)


def _cast(values: NDArray[np.float32], store_dtype: StoreDtype) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        cast = values.astype(store_dtype, copy=False)
    if not np.isfinite(cast).all():
        raise StoreError(
            f"activations of up to {np.abs(values).max():.0f} don't fit float16; choose store_dtype='float32'"
        )
    return cast


def _check(
    contexts: pd.DataFrame, batch_tokens: int, store_dtype: str, heads: str, padding_side: PaddingSide | None
) -> None:
    missing = [name for name in _COLUMNS if name not in contexts]
    if missing:
        raise ContextsError(f"the contexts have no column '{missing[0]}'; they need {', '.join(_COLUMNS)}")
    if contexts.empty:
        raise ContextsError("the contexts hold no sentence; give at least one row")
    if batch_tokens < 1:
        raise ConfigError(f"batch_tokens is {batch_tokens}; it must be 1 or more")
    if store_dtype not in get_args(StoreDtype):
        raise ConfigError(f"store_dtype is '{store_dtype}'; it must be 'float32' or 'float16'")
    if heads not in get_args(HeadValues):
        raise ConfigError(f"heads is '{heads}'; it must be 'units' or 'whole'")
    if padding_side not in (None, *get_args(PaddingSide)):
        raise ConfigError(f"padding_side is '{padding_side}'; it must be 'left', 'right' or None")


def _check_vocabulary(model: LoadedModel, targets: Sequence[Target]) -> None:
    size = embedding_rows(model.model)
    largest = max(max(target.ids) for target in targets)
    if largest >= size:
        raise ModelError(
            f"the tokenizer of {model.name} gives id {largest}, but its model knows {size} tokens; "
            "tokenizer and weights are not of one model"
        )


def _check_finite(
    model: LoadedModel, values: NDArray[np.float32], rows: NDArray[np.int64], contexts: pd.DataFrame
) -> None:
    bad = ~np.isfinite(values).all(axis=(0, 2))
    if bad.any():
        row = int(rows[np.flatnonzero(bad)[0]])
        raise ModelError(
            f"{model.name} gives values that are not finite for {int(bad.sum())} sentences, the first at "
            f"context {contexts['context_id'].iloc[row]} (row {row}): {why_not_finite(model.name, model.model)}"
        )


def _open_finished(path: Path, metadata: Mapping[str, str], layout: Layout) -> Activations:
    """Open a finished file if it is the answer to this call, and refuse to write over any other."""
    activations = Activations.open(path)
    if activations.layout != layout:
        raise StoreError(f"{path} holds other activations (of other units); delete it or give another path")
    differing = [name for name in _ANSWER if activations.metadata.get(name) != metadata[name]]
    if differing:
        name = differing[0]
        raise StoreError(
            f"{path} holds other activations ({name} is '{activations.metadata.get(name, '')}', asked for is "
            f"'{metadata[name]}'); delete it or give another path"
        )
    return activations
