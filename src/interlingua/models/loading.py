"""Load any encoder or decoder, from whatever source."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from interlingua.errors import ModelError
from interlingua.models.devices import Dtype, Quantisation, main_device, resolve
from interlingua.models.opening import (
    count_numbers,
    fingerprint_of,
    load_parts,
    load_tokenizer_of,
    locate_commit,
    read_config,
)
from interlingua.models.pretrained import empty_model
from interlingua.models.registry import ModelSpec
from interlingua.models.sites import Sites, find_sites, locate_sites
from interlingua.models.specs import parse_spec
from interlingua.models.trial import BatchLayout, PaddingSide, embedding_rows, longest, try_model
from interlingua.tables.shapes import UnitShapes


@dataclass(frozen=True)
class ModelShape:
    """What a plan needs to know of a model that is not loaded.

    Parameters
    ----------
    name
        As in results.
    n_layers
        Number of layers, the embeddings (layer 0) included.
    width
        Units in a layer.
    """

    name: str
    n_layers: int
    width: int


@dataclass(frozen=True)
class Outline:
    """What a configuration tells of a model.

    Parameters
    ----------
    name, revision, fingerprint, is_decoder
        As of `LoadedModel`.
    layers, width
        Its shape: layers (the embeddings included), units in a layer.
    parameters, word_embeddings
        How many numbers it has, and how many of these are word embeddings.
    mlp, head_units, heads, why
        As of `interlingua.tables.shapes.UnitShapes`.
    """

    name: str
    revision: str
    fingerprint: str
    layers: int
    width: int
    is_decoder: bool
    parameters: int
    word_embeddings: int
    mlp: int
    head_units: int
    heads: int
    why: str


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model ready to give its hidden states: in evaluation mode, without pooling or language-model head.

    Parameters
    ----------
    name
        As in results.
    revision
        The hub commit, or "" for a folder or a built-in model.
    tokenizer
        A fast tokenizer (it gives character offsets).
    model
        The `transformers` model; the encoder alone where there is a decoder besides.
    n_layers
        Number of layers, the embeddings (layer 0) included.
    width
        Units in a layer.
    max_length
        Most tokens in a sentence, special tokens included.
    is_decoder
        Whether a token sees only what stands to its left (found by trying).
    dtype, device
        Of the weights, as text: the number format (``"float32"``; ``"bfloat16, 4bit"`` where they are quantised), and
        where sentences go in and values come out (``"cpu"``, ``"cuda:1"``).
    fingerprint
        What the numbers depend on: the hub commit, or a sha256 of weights, configuration and tokenizer.
    layouts
        How sentences are put side by side in a batch that is filled up on the left, or on the right (found by trying).
    sites
        Where its MLP units and heads are, or why they can't be had (found by its family, and by trying).
    """

    name: str
    revision: str
    tokenizer: Any
    model: Any
    n_layers: int
    width: int
    max_length: int
    is_decoder: bool
    dtype: str
    device: str
    fingerprint: str
    layouts: Mapping[PaddingSide, BatchLayout]
    sites: Sites

    @property
    def shapes(self) -> UnitShapes:
        """How many units it has at each site."""
        return self.sites.shapes(self.n_layers, self.width)

    @property
    def pad_id(self) -> int:
        """Token id that fills up a batch."""
        return self.layouts[self.tokenizer.padding_side].fill

    @property
    def count(self) -> tuple[int, int]:
        """How many numbers it has, and how many of these are word embeddings; of a quantised one as before."""
        return self.model.num_parameters(), count_numbers(self.model)[1]


def load_model(
    spec: str | ModelSpec,
    *,
    dtype: Dtype = "float32",
    device: str = "auto",
    quantisation: Quantisation = "none",
    trust: bool = False,
    revision: str | None = None,
    local_files_only: bool = False,
) -> LoadedModel:
    """Load a model and its tokenizer; a hub id and a local folder go the same way.

    Code that a repository brings along is never run. A model that is not computed on the processor, or that is
    quantised, is compared with itself in float32 on the processor first (`interlingua.models.comparing`).

    Parameters
    ----------
    spec
        See `interlingua.models.parse_spec`, or what that returned.
    dtype
        Of the weights. ``"auto"``: bfloat16 where the processor computes in it natively, else float32.
    device
        ``"auto"`` is CUDA where there is one; ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``, or ``"spread"``: over all
        GPUs and, where those are full, the processor's memory.
    quantisation
        ``"8bit"`` or ``"4bit"``: weights of linear layers are rounded so far (bitsandbytes).
    trust
        Open weights that are a pickle, too, which can run code when it is opened.
    revision
        Hub revision, instead of the card's.
    local_files_only
        Take a hub model from the local cache, without asking the hub.

    Raises
    ------
    ModelError
        If the model is unknown, can't be had, can't be read, has no fast tokenizer, does not fit the memory, or gives
        other values than the processor does.
    """
    found = _parsed(spec, revision)
    found = replace(found, trusted=found.trusted or trust)
    where = resolve(dtype, device, quantisation)
    parts = load_parts(found, where, local_files_only=local_files_only)
    tokenizer = parts.tokenizer
    _check_fast(found.name, tokenizer)
    model = _trim(parts.model).eval()
    _check_vocabulary(found.name, tokenizer, embedding_rows(model))
    max_length = longest(tokenizer, model)
    tried = try_model(found.name, tokenizer, model, max_length)
    if parts.reference is not None:
        parts.reference.check(found.name, where, model, tried.layouts[tokenizer.padding_side])
    return LoadedModel(
        name=found.name,
        revision=parts.commit,
        tokenizer=tokenizer,
        model=model,
        n_layers=tried.n_layers,
        width=tried.width,
        max_length=max_length,
        is_decoder=tried.is_decoder,
        dtype=where.numbers,
        device=main_device(where.device),
        fingerprint=parts.fingerprint,
        layouts=tried.layouts,
        sites=find_sites(found.name, model, tried.sentence),
    )


def describe(spec: str, *, revision: str | None = None, local_files_only: bool = False) -> ModelShape:
    """Return a model's name and shape without its weights: from its card, or else from its configuration.

    Raises
    ------
    ModelError
        If the model is unknown or its configuration can't be had.
    """
    found = parse_spec(spec, revision)
    if found.card is not None:
        return ModelShape(found.name, found.card.n_layers, found.card.width)
    text = read_config(found, local_files_only=local_files_only).get_text_config()
    return ModelShape(found.name, text.num_hidden_layers + 1, text.hidden_size)


def fingerprint(spec: str | ModelSpec, *, revision: str | None = None, local_files_only: bool = False) -> str:
    """Return the fingerprint that `load_model` would give, without loading the model.

    Raises
    ------
    ModelError
        If the model is unknown or its files can't be had.
    """
    found = _parsed(spec, revision)
    return fingerprint_of(found, locate_commit(found, local_files_only=local_files_only))


def outline(spec: str | ModelSpec, *, local_files_only: bool = False) -> Outline:
    """Return a model's shape from its configuration alone; no weights are read, or made.

    Whether it is a decoder is what its configuration says, where `load_model` tries it.

    Raises
    ------
    ModelError
        If its configuration can't be had, or no model can be made of it.
    """
    found = _parsed(spec, None)
    commit = locate_commit(found, local_files_only=local_files_only)
    config = read_config(found, local_files_only=local_files_only)
    text = config.get_text_config()
    empty = _trim(empty_model(found.name, config))
    shapes = locate_sites(found.name, empty).shapes(text.num_hidden_layers + 1, text.hidden_size)
    parameters, word_embeddings = count_numbers(empty)
    return Outline(
        revision=commit,
        fingerprint=fingerprint_of(found, commit),
        **vars(shapes),
        is_decoder=bool(getattr(text, "is_decoder", False)),
        parameters=parameters,
        word_embeddings=word_embeddings,
    )


def load_tokenizer(spec: str | ModelSpec, *, revision: str | None = None, local_files_only: bool = False) -> Any:
    """Load a model's tokenizer without its weights.

    Raises
    ------
    ModelError
        As `load_model`.
    """
    found = _parsed(spec, revision)
    tokenizer = load_tokenizer_of(found, local_files_only=local_files_only)
    _check_fast(found.name, tokenizer)
    return tokenizer


def _parsed(spec: str | ModelSpec, revision: str | None) -> ModelSpec:
    """Return what a name means; a model that was parsed before does not ask the sources again."""
    return parse_spec(spec, revision) if isinstance(spec, str) else spec


def _check_fast(name: str, tokenizer: Any) -> None:
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"{name} has no fast tokenizer, and only those give character offsets; convert it "
            "(tokenizer.json) or take another model"
        )


def _check_vocabulary(name: str, tokenizer: Any, rows: int) -> None:
    """Refuse a tokenizer that can't be the model's.

    Embeddings are often a little larger than the vocabulary, and a few tokens may have been added without them (which
    matters where a sentence has one); a quarter, or more than one in ten without an embedding, is another model's.
    """
    ids = tokenizer.get_vocab().values()
    beyond = sum(i >= rows for i in ids)
    if len(ids) * 4 < rows or beyond * 10 > len(ids):
        without = f", and its model has no embedding for {beyond:,} of these" if beyond else ""
        raise ModelError(
            f"the tokenizer of {name} has {len(ids):,} tokens, its model embeddings for {rows:,}{without}; they "
            "are not of one model: give the model's own tokenizer files"
        )


def _trim(model: Any) -> Any:
    """Keep what makes hidden states: no pooler, no cache of keys and values."""
    # Models that can be made without a pooler do without; SqueezeBERT can't.
    if getattr(model, "pooler", None) is not None and "add_pooling_layer" in inspect.signature(type(model)).parameters:
        model.pooler = None
    model.config.use_cache = False
    return model
