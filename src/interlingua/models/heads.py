"""The head with which a model says words: the next one, or the one behind a mask; from its last hidden states."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

from interlingua.errors import ModelError
from interlingua.models.loading import LoadedModel
from interlingua.models.opening import load_with_head
from interlingua.models.registry import ModelSpec
from interlingua.models.specs import parse_spec
from interlingua.models.trial import plain_layout

#: Most by which logits may differ from those of the whole model, relative to the largest of them.
_ROUNDING = 1e-4


class _Given(nn.Module):
    """Stands in the place of all that is before a head, and gives it last hidden states."""

    def __init__(self) -> None:
        super().__init__()
        self.states = torch.empty(0)

    def forward(self, *_: Any, **__: Any) -> BaseModelOutputWithPastAndCrossAttentions:
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=self.states)


@dataclass(frozen=True, eq=False)
class Head:
    """What a model's head says.

    Attributes
    ----------
    mask
        Id of the token behind which it says words; None: it says the next one.
    """

    mask: int | None
    _whole: Any
    _given: _Given

    def __call__(self, vectors: Tensor) -> Tensor:
        """Return log probabilities of all tokens, shape (S, vocabulary), at last hidden states, (S, width).

        Gradients flow through it.
        """
        return self._logits(vectors).log_softmax(dim=-1)

    def _logits(self, vectors: Tensor) -> Tensor:
        self._given.states = vectors[:, None]
        ids = torch.zeros(len(vectors), 1, dtype=torch.long, device=vectors.device)
        logits: Tensor = self._whole(input_ids=ids, return_dict=True).logits[:, 0].float()
        return logits


def load_head(spec: str | ModelSpec, model: LoadedModel, *, local_files_only: bool = False) -> Head:
    """Load the head of a model: next words of a decoder, masked ones of an encoder.

    Its weights are opened beside the model's once more; all but the head's are let go again. What it gives is compared
    with what the whole model gives.

    Parameters
    ----------
    spec
        What `load_model` was given.
    model
        What that returned.
    local_files_only
        Take a hub model from the local cache, without asking the hub.

    Raises
    ------
    ModelError
        If it has no trained head, or one that can't be had from its last hidden states.
    """
    found = parse_spec(spec) if isinstance(spec, str) else spec
    found = replace(found, revision=model.revision or found.revision)
    try:
        return _load(found, model, local_files_only)
    except ModelError as error:
        raise ModelError(f"{model.name} has no trained head to say words with: {error}") from error


def _load(found: ModelSpec, model: LoadedModel, local_files_only: bool) -> Head:
    mask = None if model.is_decoder else model.tokenizer.mask_token_id
    if mask is None and not model.is_decoder:
        raise ModelError("its tokenizer has no mask")
    dtype = getattr(torch, model.dtype)
    whole = load_with_head(found, dtype, causal=model.is_decoder, local_files_only=local_files_only)
    whole = whole.to(model.device).eval().requires_grad_(False)
    ids = torch.arange(min(5, model.max_length), device=model.device)[None]
    inputs = {"input_ids": ids} | ({"attention_mask": torch.ones_like(ids)} if plain_layout(model.model).mask else {})
    given = _Given()
    head = Head(mask, whole, given)
    with torch.no_grad():
        wanted = whole(**inputs, return_dict=True).logits[0].float()
        setattr(whole, whole.base_model_prefix, given)
        try:
            logits = head._logits(model.model(**inputs, return_dict=True).last_hidden_state[0])
            same = bool((logits - wanted).abs().max() <= _ROUNDING * wanted.abs().max())
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
            same = False
    if not same:
        raise ModelError("what it says does not follow from its last hidden states alone")
    return head
