"""Steer a model by hand: within a block of code all its passes are shifted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from interlingua.causal.unit_set import UnitSet
from interlingua.errors import ConfigError, ModelError
from interlingua.models.heads import Head
from interlingua.models.loading import LoadedModel

Floats = NDArray[np.float64]
Mask = Sequence[Sequence[bool]] | torch.Tensor

#: Tokens that a text is gone on with.
CONTINUED = 20


@contextmanager
def steered(model: LoadedModel, units: UnitSet, dose: float, *, at: Mask | None = None) -> Iterator[None]:
    """Shift units by dose x sign x SD in every forward pass of the model inside the block.

    Parameters
    ----------
    model
        From `interlingua.load_model`, in float32 for numbers that are to be compared.
    units
        Of this model, from `UnitSet.read`.
    dose
        SDs of each unit; negative ones steer the other way.
    at
        Tokens, shape (sentences, tokens), in passes of that shape; by default all.

    Raises
    ------
    ModelError
        If the set is another model's, or its site can't be had in this one.

    Examples
    --------
    >>> units = UnitSet.read(Path("valence.json"))                      # doctest: +SKIP
    >>> with steered(model, units, dose=2):                             # doctest: +SKIP
    ...     states = model.model(**inputs).last_hidden_state
    """
    if units.fingerprint != model.fingerprint:
        raise ModelError(
            f"the unit set is of {units.model} (fingerprint {units.fingerprint[:12]}), and this is {model.name} "
            f"({model.fingerprint[:12]}): units of one model mean nothing in another"
        )
    with model.sites.address(units.site, units.layer).edit(_shifted(units, dose, at)):
        yield


def text_vectors(model: LoadedModel, units: UnitSet, dose: float, text: str) -> tuple[Floats, Floats]:
    """Return the mean of a text's tokens in the last layer without and with a shift at all of them, shape (width,).

    Raises
    ------
    ConfigError
        If the text is blank.
    ModelError
        As `steered`.
    """
    if not text.strip():
        raise ConfigError("the text is blank; give one to steer")
    encoded = model.tokenizer([text], truncation=True, max_length=model.max_length, return_tensors="pt")
    inputs = {name: encoded[name].to(model.device) for name in ("input_ids", "attention_mask") if name in encoded}

    def vector() -> Floats:
        with torch.no_grad():
            states: torch.Tensor = model.model(**inputs, return_dict=True).last_hidden_state
        return np.asarray(states[0].double().mean(dim=0).cpu().numpy())

    before = vector()
    with steered(model, units, dose):
        return before, vector()


def continuations(model: LoadedModel, head: Head, units: UnitSet, dose: float, text: str) -> tuple[str, str]:
    """Return what a decoder writes behind a text, always the likeliest token, without and with a shift at all tokens.

    Parameters
    ----------
    model
        A decoder.
    head
        Its head.
    units, dose, text
        As of `text_vectors`.

    Raises
    ------
    ModelError
        As `steered`.
    """
    without = _continued(model, head, text)
    with steered(model, units, dose):
        return without, _continued(model, head, text)


def _continued(model: LoadedModel, head: Head, text: str) -> str:
    encoding = model.tokenizer([text], truncation=True, max_length=model.max_length - CONTINUED).encodings[0]
    ids = list(encoding.ids)
    while encoding.special_tokens_mask[len(ids) - 1]:  # an end of the text would be one
        ids.pop()
    given = len(ids)
    for _ in range(CONTINUED):
        with torch.no_grad():
            states = model.model(input_ids=torch.tensor([ids], device=model.device), return_dict=True).last_hidden_state
            following = int(head(states[0, -1:])[0].argmax())
        if following == model.tokenizer.eos_token_id:
            break
        ids.append(following)
    whole, start = (model.tokenizer.decode(some, skip_special_tokens=True) for some in (ids, ids[:given]))
    return str(whole[len(start) :])


def _shifted(units: UnitSet, dose: float, at: Mask | None) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(values: torch.Tensor) -> torch.Tensor:
        shift = torch.tensor(units.shift(dose, values.shape[-1]), dtype=values.dtype, device=values.device)
        if at is None:
            return values + shift
        return values + torch.as_tensor(at, device=values.device)[..., None] * shift

    return change
