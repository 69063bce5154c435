"""Load any Hugging Face encoder or decoder: by hub id, from a folder, or built in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch

from interlingua.errors import ConfigError, ModelError
from interlingua.models.pretrained import (
    fingerprint_of,
    load_parts,
    load_tokenizer_of,
    locate_commit,
    one_line,
    read_config,
)
from interlingua.models.registry import parse_spec

Dtype = Literal["float32", "bfloat16", "auto"]
Device = Literal["auto", "cpu", "cuda"]

# Where a configuration that takes any length (relative positions) says what it was trained on, if it does.
_LENGTHS = ("max_position_embeddings", "n_positions", "n_ctx", "seq_length", "max_seq_len")
_UNSTATED_LENGTH = 2048


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
        Of the weights, as text: ``"float32"`` or ``"bfloat16"``, ``"cpu"`` or ``"cuda"``.
    fingerprint
        What the numbers depend on: the hub commit, or a sha256 of weights, configuration and tokenizer.
    pad_id
        Token id that fills up a batch.
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
    pad_id: int


def load_model(
    spec: str,
    *,
    dtype: Dtype = "float32",
    device: Device = "auto",
    revision: str | None = None,
    local_files_only: bool = False,
    seed: int = 0,
) -> LoadedModel:
    """Load a model and its tokenizer; a hub id and a local folder go the same way.

    Code that a repository brings along is never run, and safetensors are preferred.

    Parameters
    ----------
    spec
        See `interlingua.models.registry.parse_spec`.
    dtype
        Of the weights. ``"auto"``: bfloat16 where the processor computes in it natively, else float32.
    device
        ``"auto"`` is CUDA where there is one.
    revision
        Hub revision, instead of the card's.
    local_files_only
        Take a hub model from the local cache, without asking the hub.
    seed
        Of the random weights of an ``untrained:`` model; nothing else uses it.

    Raises
    ------
    ModelError
        If the model is unknown, can't be had, can't be read, or has no fast tokenizer.
    """
    found = parse_spec(spec, revision)
    where = _resolve_device(device)
    kind = _resolve_dtype(dtype, where)
    parts = load_parts(found, getattr(torch, kind), seed, local_files_only=local_files_only)
    tokenizer = parts.tokenizer
    _check_fast(found.name, tokenizer)
    model = _trim(parts.model).eval().to(where)
    pad_id = _pad_id(tokenizer, model.config)
    max_length = _max_length(tokenizer, model)
    n_layers, width, is_decoder = _probe(found.name, tokenizer, model)
    return LoadedModel(
        name=found.name,
        revision=parts.commit,
        tokenizer=tokenizer,
        model=model,
        n_layers=n_layers,
        width=width,
        max_length=max_length,
        is_decoder=is_decoder,
        dtype=kind,
        device=where,
        fingerprint=parts.fingerprint,
        pad_id=pad_id,
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


def fingerprint(spec: str, *, revision: str | None = None, local_files_only: bool = False, seed: int = 0) -> str:
    """Return the fingerprint that `load_model` would give, without loading the model.

    Raises
    ------
    ModelError
        If the model is unknown or its files can't be had.
    """
    found = parse_spec(spec, revision)
    return fingerprint_of(found, locate_commit(found, local_files_only=local_files_only), seed)


def resolve(dtype: Dtype, device: Device) -> tuple[str, str]:
    """Return the number format and the device that `load_model` would take.

    Raises
    ------
    ModelError
        If the device is not there.
    """
    where = _resolve_device(device)
    return _resolve_dtype(dtype, where), where


def load_tokenizer(spec: str, *, revision: str | None = None, local_files_only: bool = False) -> Any:
    """Load a model's tokenizer without its weights.

    Raises
    ------
    ModelError
        As `load_model`.
    """
    found = parse_spec(spec, revision)
    tokenizer = load_tokenizer_of(found, local_files_only=local_files_only)
    _check_fast(found.name, tokenizer)
    return tokenizer


def _check_fast(name: str, tokenizer: Any) -> None:
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"{name} has no fast tokenizer, and only those give character offsets; convert it "
            "(tokenizer.json) or take another model"
        )


def has_native_bfloat16(device: str) -> bool:
    """Tell whether the processor has bfloat16 arithmetic of its own (AVX512-BF16, AMX, or a GPU's).

    Elsewhere bfloat16 is emulated, and slower than float32.
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in names)


def _resolve_device(device: Device) -> str:
    if device not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"device is '{device}'; it must be 'auto', 'cpu' or 'cuda'")
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise ModelError("device is 'cuda', but this PyTorch sees no CUDA device; choose device = 'cpu' or 'auto'")
    if device == "auto":
        return "cuda" if available else "cpu"
    return device


def _resolve_dtype(dtype: Dtype, device: str) -> str:
    if dtype not in ("float32", "bfloat16", "auto"):
        raise ConfigError(f"dtype is '{dtype}'; it must be 'float32', 'bfloat16' or 'auto'")
    if dtype == "auto":
        return "bfloat16" if has_native_bfloat16(device) else "float32"
    return dtype


def _trim(model: Any) -> Any:
    """Keep what makes hidden states: no pooler, no decoder beside an encoder, no cache of keys and values."""
    if getattr(model.config, "is_encoder_decoder", False):
        model = model.get_encoder()
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    model.config.use_cache = False
    return model


def _pad_id(tokenizer: Any, config: Any) -> int:
    """Return the padding token; a decoder without one pads with its end of text, which the mask hides."""
    candidates = (tokenizer.pad_token_id, tokenizer.eos_token_id, getattr(config, "pad_token_id", None))
    return next((c for c in candidates if c is not None), 0)


def _max_length(tokenizer: Any, model: Any) -> int:
    """Return the most tokens a sentence may have, special tokens included."""
    config = model.config.get_text_config()
    stated = [getattr(config, name, None) for name in _LENGTHS]
    limits = [value for value in stated if isinstance(value, int) and value > 0][:1] or [_UNSTATED_LENGTH]
    table = position_table(model)
    if table is not None and table.padding_idx is not None:
        # RoBERTa's positions begin after the padding index, so 514 rows serve 512 tokens.
        limits.append(table.num_embeddings - table.padding_idx - 1)
    return min(*limits, tokenizer.model_max_length)


def position_table(model: Any) -> torch.nn.Embedding | None:
    """Return the table of learned absolute positions of a BERT-like model, or None."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            return module
    return None


def _probe(name: str, tokenizer: Any, model: Any) -> tuple[int, int, bool]:
    """Run the model on three tokens, twice: how many layers, how wide, and is it a decoder.

    Configurations do not say reliably whether attention is causal; a later token that changes an earlier
    one's values does.
    """
    special = set(tokenizer.all_special_ids)
    known = [i for i in sorted(tokenizer.get_vocab().values()) if i not in special]
    ids = [known[len(known) // 4], known[len(known) // 2], known[3 * len(known) // 4]]
    runs = [torch.tensor([row], device=model.device) for row in (ids, [*ids[:2], ids[0]])]
    try:
        with torch.inference_mode():
            hidden, other = (
                model(input_ids=run, output_hidden_states=True, return_dict=True).hidden_states for run in runs
            )
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(f"{name} does not take plain text: {one_line(error)}") from error
    widths = {state.shape[-1] for state in hidden}
    if len(widths) != 1:
        raise ModelError(f"the layers of {name} differ in width ({sorted(widths)}); this is not supported")
    is_decoder = all(torch.equal(a[:, :2], b[:, :2]) for a, b in zip(hidden, other, strict=True))
    return len(hidden), widths.pop(), is_decoder
