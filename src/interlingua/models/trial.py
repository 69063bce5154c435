"""What a model does, found by trying it: its layers, whether it is a decoder, and how sentences may share a batch.

Configurations do not say reliably whether attention is causal, nor whether a model obeys the attention mask (FNet has
none, a convolution reads over it), nor which token ids it takes for padding by itself. A few passes of some twenty
tokens do.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from interlingua.errors import ModelError
from interlingua.models.placing import Together, place
from interlingua.models.pretrained import one_line

PaddingSide = Literal["left", "right"]
States = tuple[torch.Tensor, ...]

# Where a configuration that takes any length (relative positions) says what it was trained on, if it does.
_LENGTHS = ("max_position_embeddings", "n_positions", "n_ctx", "seq_length", "max_seq_len")
_UNSTATED_LENGTH = 2048
# A sentence of the trial: what stands before, in, and behind the tokens that are exchanged.
_BEFORE, _EXCHANGED, _BEHIND = 4, 12, 4
# In a decoder, what changes behind a token leaves nothing but rounding in it; elsewhere it counts for about as much as
# what changes before it (a ratio of .4 to 2 in sixty architectures, against 1e-6 in the decoders that are not exact).
_CAUSAL = 0.1
# Most by which a vector may differ between a sentence alone and in a batch, relative to its length: a share of what
# exchanging tokens changes (little in a model with small random weights), within bounds of what rounding makes.
_SHARE, _LEAST, _MOST = 3e-4, 1e-5, 1e-3
_SHARE_SHORT, _LEAST_SHORT, _MOST_SHORT = 0.1, 0.02, 0.05
_FAILURES = (RuntimeError, ValueError, TypeError, IndexError, AttributeError, AssertionError, KeyError)


@dataclass(frozen=True)
class BatchLayout:
    """How sentences are put side by side, so that each gets the values that it gets alone.

    Parameters
    ----------
    side
        Where shorter sentences are filled up.
    fill
        Token id that fills up.
    positions
        Whether the model must be told where each sentence's tokens stand.
    mask
        Whether the model takes an attention mask.
    together
        Which sentences may share a batch: ``"any"``, those of ``"equal"`` length (the model does not obey the mask),
        or ``"none"`` (a sentence's values depend on those beside it).
    """

    side: PaddingSide
    fill: int
    positions: bool
    mask: bool
    together: Together = "any"

    @property
    def note(self) -> str:
        """What the metadata of activations say of it."""
        return {
            "any": self.side,
            "equal": "none: padding changes this model's values, so only sentences of equal length share a batch",
            "none": "none: this model's values depend on what shares a batch, so each sentence is computed alone",
        }[self.together]


@dataclass(frozen=True)
class Tried:
    """What trying a model has shown.

    Parameters
    ----------
    n_layers, width
        Layers, the embeddings included, and units in each.
    is_decoder
        Whether a token sees only what stands to its left.
    layouts
        How sentences are put side by side when they are to be filled up on the left, and on the right.
    sentence
        Token ids of a sentence that the model takes.
    """

    n_layers: int
    width: int
    is_decoder: bool
    layouts: Mapping[PaddingSide, BatchLayout]
    sentence: tuple[int, ...]


def try_model(name: str, tokenizer: Any, model: Any, max_length: int) -> Tried:
    """Run the model on a few tokens and see.

    Raises
    ------
    ModelError
        If it does not take plain text, gives values that are not finite, or its layers differ in width.
    """
    trial = _Trial.of(name, tokenizer, model, max_length)
    alone, other = trial.alone[0], trial.alone_other
    widths = {state.shape[-1] for state in alone}
    if len(widths) != 1:
        raise ModelError(f"the layers of {name} differ in width ({sorted(widths)}); this is not supported")
    first, last = trial.outside
    before, behind = (float(effect(alone, other, tokens).mean(dim=1).max()) for tokens in (first, last))
    return Tried(len(alone), widths.pop(), before < _CAUSAL * behind, trial.find_layouts(), trial.sentences[0])


def forward(
    model: Any,
    layout: BatchLayout,
    ids: NDArray[np.int64],
    mask: NDArray[np.int64],
    positions: NDArray[np.int64] | None = None,
) -> States:
    """Return the hidden states of a batch, shape (S, T, width) each.

    The mask is given even where nothing is padded: without it, XLM takes every token that has the id of its padding
    for padding. To be called in `torch.inference_mode`.
    """
    inputs = {"input_ids": to_device(ids, model.device)}
    if layout.mask:
        inputs["attention_mask"] = to_device(mask, model.device)
    if layout.positions and positions is not None:
        inputs["position_ids"] = to_device(positions, model.device)
    states: States = model(**inputs, output_hidden_states=True, return_dict=True).hidden_states
    return states


def plain_layout(model: Any) -> BatchLayout:
    """Return how a sentence is given alone."""
    takes_mask = "attention_mask" in inspect.signature(model.forward).parameters
    return BatchLayout("right", 0, positions=False, mask=takes_mask)


def to_device(array: NDArray[Any], device: torch.device | str) -> torch.Tensor:
    """Copy an array to where the model is."""
    tensor = torch.from_numpy(array)
    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def longest(tokenizer: Any, model: Any) -> int:
    """Return the most tokens a sentence may have, special tokens included."""
    config = model.config.get_text_config()
    stated = [getattr(config, name, None) for name in _LENGTHS]
    limits = [value for value in stated if isinstance(value, int) and value > 0][:1] or [_UNSTATED_LENGTH]
    table = position_table(model)
    if table is not None and table.padding_idx is not None:
        # RoBERTa's positions begin after the padding index, so 514 rows serve 512 tokens.
        limits.append(table.num_embeddings - table.padding_idx - 1)
    return int(min(*limits, tokenizer.model_max_length))


def position_table(model: Any) -> torch.nn.Embedding | None:
    """Return the table of learned absolute positions of a BERT-like model, or None."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            return module
    return None


def embedding_rows(model: Any) -> int:
    """Return the number of tokens that a model knows."""
    return int(model.get_input_embeddings().weight.shape[0])


def why_not_finite(name: str, model: Any) -> str:
    """Say why a model gives values that are not finite, and what to do."""
    for parameter, values in model.named_parameters():
        bad = int((~torch.isfinite(values)).sum())
        if bad:
            return (
                f"{bad} numbers of its weights are not finite themselves, the first in {parameter}: the file is "
                f"damaged or was saved so; get the weights of {name} again, or take another model"
            )
    if model.dtype != torch.float32:
        return "load it with dtype='float32' (in a study, [extraction] dtype = \"float32\")"
    return "its weights are finite, so its values grow beyond float32; drop the sentence, or take another model"


@dataclass(frozen=True)
class _Trial:
    """A model and what it gives for three sentences alone: a long one, the same with other tokens, a short one."""

    name: str
    tokenizer: Any
    model: Any
    mask: bool
    sentences: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    outside: tuple[slice, slice]
    alone: tuple[States, States]
    alone_other: States

    @property
    def allowed(self) -> float:
        """The largest effect that counts as rounding."""
        exchanged = float(effect(self.alone[0], self.alone_other, slice(None)).mean(dim=1).max())
        if self.model.dtype == torch.float32:
            return min(max(_SHARE * exchanged, _LEAST), _MOST)
        return min(max(_SHARE_SHORT * exchanged, _LEAST_SHORT), _MOST_SHORT)

    @classmethod
    def of(cls, name: str, tokenizer: Any, model: Any, max_length: int) -> _Trial:
        long, other, short, outside = sentences(name, tokenizer, model, max_length)
        plain = plain_layout(model)
        runs = []
        for ids in (long, other, short):
            try:
                with torch.inference_mode():
                    states = forward(model, plain, *place([ids], 0, left=False)[:2])
            except _FAILURES as error:
                advice = "" if model.dtype == torch.float32 else "; try it with dtype='float32'"
                raise ModelError(f"{name} does not take plain text: {one_line(error)}{advice}") from error
            if not all(bool(torch.isfinite(state).all()) for state in states):
                raise ModelError(f"{name} gives values that are not finite: {why_not_finite(name, model)}")
            runs.append(states)
        return cls(name, tokenizer, model, plain.mask, (long, other, short), outside, (runs[0], runs[2]), runs[1])

    def find_layouts(self) -> dict[PaddingSide, BatchLayout]:
        """Return, for each side, the first way to put sentences side by side that changes nothing."""
        long, other, short = self.sentences
        sides: tuple[PaddingSide, PaddingSide] = ("left", "right")
        found: dict[PaddingSide, BatchLayout] = {}
        for side in sides:
            for layout in self._layouts(side):
                if self._same(layout, (long, short), self.alone):
                    found[side] = layout
                    break
        if found:
            return {side: found.get(side) or next(iter(found.values())) for side in sides}
        layout = BatchLayout("right", 0, positions=False, mask=self.mask, together="equal")
        if not self._same(layout, (long, other), (self.alone[0], self.alone_other)):
            layout = replace(layout, together="none")
        return dict.fromkeys(sides, layout)

    def _layouts(self, side: PaddingSide) -> list[BatchLayout]:
        # RoBERTa counts positions over the tokens that are not padding by itself; others have to be told.
        table = position_table(self.model)
        counts = table is not None and table.padding_idx is not None
        told = side == "left" and not counts and "position_ids" in inspect.signature(self.model.forward).parameters
        return [BatchLayout(side, fill, told, self.mask) for fill in self._fills()]

    def _fills(self) -> list[int]:
        """Return the ids that may fill up, the likeliest first: what the model itself takes for padding."""
        table, tokenizer = position_table(self.model), self.tokenizer
        known = (
            getattr(table, "padding_idx", None),
            getattr(self.model.config.get_text_config(), "pad_token_id", None),
            tokenizer.pad_token_id,
            tokenizer.eos_token_id,
            0,
        )
        size = embedding_rows(self.model)
        return list(dict.fromkeys(fill for fill in known if isinstance(fill, int) and 0 <= fill < size))

    def _same(self, layout: BatchLayout, sentences: Sequence[tuple[int, ...]], alone: Sequence[States]) -> bool:
        ids, mask, positions, begins = place(sentences, layout.fill, left=layout.side == "left")
        try:
            with torch.inference_mode():
                batch = forward(self.model, layout, ids, mask, positions)
        except _FAILURES:
            return False
        for row, (sentence, begin, states) in enumerate(zip(sentences, begins.tolist(), alone, strict=True)):
            own = [state[row : row + 1, begin : begin + len(sentence)] for state in batch]
            if len(own) != len(states) or any(a.shape != b.shape for a, b in zip(own, states, strict=True)):
                return False
            # Written so that values which are not finite are not the same.
            if not bool(effect(states, own, slice(None)).max() <= self.allowed):
                return False
        return True


def effect(states: Sequence[torch.Tensor], changed: Sequence[torch.Tensor], tokens: slice) -> torch.Tensor:
    """Return the length of the difference relative to the vector's, shape (n_layers, tokens), of the first sentence."""
    effects = []
    for before, after in zip(states, changed, strict=True):
        old, new = before[0, tokens].float(), after[0, tokens].float()
        # A token's vector may be nothing but zeros (padding's).
        size = old.norm(dim=-1).clamp_min(1e-6 * float(before.float().norm(dim=-1).mean()) + 1e-30)
        effects.append((new - old).norm(dim=-1) / size)
    return torch.stack(effects)


def sentences(
    name: str, tokenizer: Any, model: Any, max_length: int
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[slice, slice]]:
    """Return three sentences of token ids, special tokens where the tokenizer puts them, and what is not exchanged.

    A long one, the same with other tokens in its midst, and a short one.

    Raises
    ------
    ModelError
        If the tokenizer knows next to no pieces.
    """
    head, tail = _frame(tokenizer)
    size = embedding_rows(model)
    special = {*tokenizer.all_special_ids, *head, *tail}
    known = [i for i in sorted(tokenizer.get_vocab().values()) if i not in special and i < size]
    if len(known) < 2:
        raise ModelError(
            f"the tokenizer of {name} knows {len(known)} pieces besides its special tokens; give the model's own "
            "tokenizer files"
        )
    room = max(3, min(_BEFORE + _EXCHANGED + _BEHIND, max_length - len(head) - len(tail)))
    first = last = max(1, room * _BEFORE // (_BEFORE + _EXCHANGED + _BEHIND))
    chosen = [(2 * i + 1) * len(known) // (2 * room) for i in range(room)]
    exchanged = [(at + len(known) // 2) % len(known) if first <= i < room - last else at for i, at in enumerate(chosen)]
    long, other = ([known[at] for at in places] for places in (chosen, exchanged))
    short = long[: max(1, room // 3)]
    padding = getattr(model.config.get_text_config(), "pad_token_id", None)
    if padding in known:
        # A piece of text that has the id of the model's padding must not be taken for padding.
        short[-1] = padding
    begin, end = len(head), len(head) + room
    outside = slice(begin, begin + first), slice(end - last, end)
    return (*head, *long, *tail), (*head, *other, *tail), (*head, *short, *tail), outside


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the special tokens that stand before and behind a sentence."""
    encoding = tokenizer(["a"], truncation=False, padding=False, verbose=False).encodings[0]
    special = encoding.special_tokens_mask
    content = [i for i, is_special in enumerate(special) if not is_special]
    first, last = (content[0], content[-1]) if content else (len(special), len(special))
    return encoding.ids[:first], encoding.ids[last + 1 :]
