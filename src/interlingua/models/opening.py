"""A model's parts, from whatever source: configuration, tokenizer, weights, and what its numbers depend on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from interlingua.errors import ModelError
from interlingua.models import sources
from interlingua.models.comparing import Reference
from interlingua.models.devices import Where, check_memory, fitting_layers, main_device
from interlingua.models.pretrained import empty_model, quiet
from interlingua.models.registry import ModelSpec
from interlingua.models.trial import longest


@dataclass(frozen=True, eq=False)
class Parts:
    """What a source brings.

    Parameters
    ----------
    tokenizer, model
        Of `transformers`; the model where it is computed.
    commit
        The hub commit, or "".
    fingerprint
        What the numbers depend on.
    reference
        What the model gives on the processor in float32, where it is computed elsewhere or is quantised.
    """

    tokenizer: Any
    model: Any
    commit: str
    fingerprint: str
    reference: Reference | None = None


def load_parts(found: ModelSpec, where: Where, *, local_files_only: bool) -> Parts:
    """Load tokenizer and model.

    Raises
    ------
    ModelError
        If they can't be had or read, the weights are not whole, or there is too little memory.
    """
    with _open(found, local_files_only=local_files_only) as opened:
        config = opened.config()  # what is wrong with it is told first
        tokenizer = opened.tokenizer()
        dtype, options = getattr(torch, where.dtype), {} if found.untrained else where.options
        whole = empty_model(found.name, config, whole=True)
        parameters, embeddings = count_numbers(whole)
        try:
            check_memory(found.name, where, parameters, embeddings)
        except ModelError:
            opened.check()  # a configuration that is not the weights' is told in its own words
            raise
        reference = None
        if not where.plain:
            layers = fitting_layers(found.name, parameters, embeddings, config.get_text_config().num_hidden_layers)
            model = opened.random(torch.float32, found.seed) if found.untrained else opened.reference(layers)
            reference = Reference.of(
                found.name, tokenizer, model.eval(), longest(tokenizer, model), whole=found.untrained or layers is None
            )
            del model
        if found.untrained:
            model = opened.random(dtype, found.seed)
        else:
            model = opened.placed(dtype, options) if options else opened.model(dtype)
        if not options:
            model = model.to(main_device(where.device))
    return Parts(tokenizer, model, opened.commit, fingerprint_of(found, opened.commit), reference)


def count_numbers(model: Any) -> tuple[int, int]:
    """Return how many numbers a model has, and how many of these are word embeddings."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return parameters, model.get_input_embeddings().weight.numel()


def load_tokenizer_of(found: ModelSpec, *, local_files_only: bool) -> Any:
    """Load a model's tokenizer alone."""
    with _open(found, local_files_only=local_files_only) as opened:
        return opened.tokenizer()


def load_with_head(found: ModelSpec, dtype: torch.dtype, *, causal: bool, local_files_only: bool) -> Any:
    """Load a model with the head that says words; errors are reasons alone (`OpenedModel.with_head`)."""
    if found.untrained:
        raise ModelError("its weights are random")
    with _open(found, local_files_only=local_files_only) as opened:
        return opened.with_head(dtype, causal=causal)


def read_config(found: ModelSpec, *, local_files_only: bool) -> Any:
    """Return the `transformers` configuration of a model."""
    with _open(found, local_files_only=local_files_only) as opened:
        return opened.config()


def names_a_head(found: ModelSpec) -> bool:
    """Return whether a configuration names a head that says words; a GGUF file names none, its family may have one."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    config = read_config(found, local_files_only=False)
    if config.architectures:
        return any(name.endswith(("CausalLM", "LMHeadModel", "MaskedLM")) for name in config.architectures)
    return config.model_type in set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES) - set(MODEL_FOR_MASKED_LM_MAPPING_NAMES)


def locate_commit(found: ModelSpec, *, local_files_only: bool) -> str:
    """Return the commit that a hub model's revision stands for, and "" for any other model."""
    source = sources.get(found.source)
    with quiet(bars=source.downloads):
        return source.commit(found, local_files_only=local_files_only)


def fingerprint_of(found: ModelSpec, commit: str) -> str:
    """Return what a model's numbers depend on: the hub commit, or a sha256 of its files."""
    fingerprint = sources.get(found.source).fingerprint(found, commit)
    return f"untrained, seed {found.seed}, {fingerprint}" if found.untrained else fingerprint


@contextmanager
def _open(found: ModelSpec, *, local_files_only: bool) -> Iterator[sources.OpenedModel]:
    source = sources.get(found.source)
    with quiet(bars=source.downloads):
        yield source.open(found, local_files_only=local_files_only)
