"""A model from an edited place on: only the blocks behind it run, from states that were computed once.

A place is the input of a module: of a block, for the residual stream between blocks. What is edited there is what the rest
of the network reads, whatever hooks the library has of its own on a block's output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from interlingua.errors import ModelError
from interlingua.models.loading import LoadedModel
from interlingua.models.placing import place
from interlingua.models.targets import Pooling, Target, pooled_tokens
from interlingua.models.trial import to_device

Change = Callable[[torch.Tensor], torch.Tensor]
"""Takes the values at a place, shape (S, T, width), and returns those that the network goes on with."""

#: Most by which a run from cached states may differ from a whole one, relative to the values' size.
_ROUNDING = 1e-4


@dataclass(frozen=True, eq=False)
class Sentences:
    """Sentences that run together.

    Attributes
    ----------
    rows : ndarray of int64, shape (S,)
        Their numbers among all sentences.
    inputs : dict of str to Tensor
        What the model takes, shape (S, T) each.
    target, tokens : Tensor of float32, shape (S, T)
        What averages over the target's tokens, and over all tokens of the sentence: 1 / number there, 0 elsewhere.
    at : Tensor of bool, shape (S, T)
        The tokens at which edits are done.
    """

    rows: NDArray[np.int64]
    inputs: dict[str, torch.Tensor]
    target: torch.Tensor
    tokens: torch.Tensor
    at: torch.Tensor

    @property
    def size(self) -> int:
        """Tokens, padding counted."""
        return self.target.numel()

    def repeated(self, times: int) -> Sentences:
        """Return the sentences so many times, one after the other."""
        inputs = {name: tensor.repeat(times, 1) for name, tensor in self.inputs.items()}
        others = (tensor.repeat(times, 1) for tensor in (self.target, self.tokens, self.at))
        return Sentences(np.tile(self.rows, times), inputs, *others)


def batches(
    model: LoadedModel,
    targets: Sequence[Target],
    batch_tokens: int,
    *,
    pooling: Pooling = "mean",
    all_tokens: bool = False,
) -> list[Sentences]:
    """Put sentences side by side, the longest first, each as often as it is given.

    Parameters
    ----------
    model
        How its sentences may be put side by side was found when it was loaded.
    targets
        n sentences with their targets.
    batch_tokens
        Most tokens in a batch, padding counted.
    pooling
        Which of the target's tokens are read.
    all_tokens
        Whether edits are done at all tokens of a sentence instead of the target's.
    """
    layout = model.layouts[model.tokenizer.padding_side]
    order = sorted(range(len(targets)), key=lambda row: (-len(targets[row].ids), row))
    groups: list[list[int]] = []
    for row in order:
        last = groups[-1] if groups else []
        longest = len(targets[last[0]].ids) if last else 0
        equal = bool(last) and len(targets[row].ids) == longest
        fits = bool(last) and (len(last) + 1) * longest <= batch_tokens
        if fits and (layout.together == "any" or (layout.together == "equal" and equal)):
            last.append(row)
        else:
            groups.append([row])
    return [_sentences(model, targets, group, pooling, all_tokens) for group in groups]


def _sentences(
    model: LoadedModel, targets: Sequence[Target], rows: list[int], pooling: Pooling, all_tokens: bool
) -> Sentences:
    layout = model.layouts[model.tokenizer.padding_side]
    chosen = [targets[row] for row in rows]
    ids, mask, positions, begin = place([t.ids for t in chosen], layout.fill, left=layout.side == "left")
    target, at = np.zeros(ids.shape, dtype=np.float32), np.zeros(ids.shape, dtype=bool)
    for row, (one, first) in enumerate(zip(chosen, begin.tolist(), strict=True)):
        pooled = pooled_tokens(one, pooling)
        target[row, [first + token for token in pooled]] = 1 / len(pooled)
        at[row, [first + token for token in one.tokens]] = True
    tokens = (mask / mask.sum(axis=1, keepdims=True)).astype(np.float32)
    inputs = {"input_ids": to_device(ids, model.device)}
    if layout.mask:
        inputs["attention_mask"] = to_device(mask, model.device)
    if layout.positions and positions is not None:
        inputs["position_ids"] = to_device(positions, model.device)
    others = (to_device(array, model.device) for array in (target, tokens, mask > 0 if all_tokens else at))
    return Sentences(np.array(rows, dtype=np.int64), inputs, *others)


@dataclass(eq=False)
class Network:
    """A model whose blocks behind a layer can be run by themselves.

    Parameters
    ----------
    model
        Loaded in float32.
    layer
        Number of the layer whose units are edited: layer l is the input of block l.

    Raises
    ------
    ModelError
        If the model is not in float32, its blocks are not found, or no block stands behind the layer.
    """

    model: LoadedModel
    layer: int
    skips: bool = field(init=False, default=False)
    """Whether blocks before the layer are left out; where a model's blocks need each other, all of them run."""

    def __post_init__(self) -> None:
        name = self.model.name
        if self.model.dtype != "float32":
            raise ModelError(f"{name}: units are edited in float32; load it with dtype='float32'")
        self._blocks = _blocks(self.model)
        if not 0 <= self.layer < len(self._blocks):
            raise ModelError(
                f"{name}: layer {self.layer} is its last, and no block reads it: edit one of 0 to {len(self._blocks) - 1}"
            )
        self.model.model.requires_grad_(False)
        self._tuples: list[bool] = []
        self.skips = self._try_skipping()

    @property
    def behind(self) -> int:
        """Number of blocks behind the layer."""
        return len(self._blocks) - self.layer

    def start(self, batch: Sentences) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the layer's states and the last ones of an unedited pass, shape (S, T, width) each."""
        held: list[torch.Tensor] = []

        def hold(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            held.append(_hidden(args, kwargs))

        hook = self._blocks[self.layer].register_forward_pre_hook(hold, with_kwargs=True)
        try:
            with torch.no_grad():
                last = self._last(batch)
        finally:
            hook.remove()
        return held[0].clone(), last

    def run(self, batch: Sentences, states: torch.Tensor) -> torch.Tensor:
        """Return the last states, shape (S, T, width), from those of the layer, through which gradients may flow."""

        def put(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
            if args:
                return (states, *args[1:]), kwargs
            return args, {**kwargs, "hidden_states": states}

        hook = self._blocks[self.layer].register_forward_pre_hook(put, with_kwargs=True)
        try:
            with self._without_blocks(self.layer if self.skips else 0):
                return self._last(batch)
        finally:
            hook.remove()

    def _last(self, batch: Sentences) -> torch.Tensor:
        states: torch.Tensor = self.model.model(**batch.inputs, return_dict=True).last_hidden_state
        return states

    @contextmanager
    def _without_blocks(self, first: int) -> Iterator[None]:
        """Let the blocks before the first hand on what they are given."""
        for block, is_tuple in zip(self._blocks[:first], self._tuples, strict=False):
            block.forward = _hand_on(is_tuple)
        try:
            yield
        finally:
            for block in self._blocks[:first]:
                del block.forward

    def _try_skipping(self) -> bool:
        """Return whether a run without the first blocks gives what a whole one gives."""
        ids = list(range(min(5, self.model.max_length)))
        batch = _sentences(self.model, [Target(tuple(ids), (len(ids) - 1,))], [0], "mean", False)
        hooks = [block.register_forward_hook(self._note) for block in self._blocks]
        try:
            states, last = self.start(batch)
        finally:
            for hook in hooks:
                hook.remove()
        self.skips = True
        try:
            with torch.no_grad():
                again = self.run(batch, states)
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
            return False
        return bool((again - last).abs().max() <= _ROUNDING * last.abs().max())

    def _note(self, _: Any, __: Any, output: Any) -> None:
        self._tuples.append(isinstance(output, tuple))


def _hand_on(is_tuple: bool) -> Callable[..., Any]:
    def forward(*args: Any, **kwargs: Any) -> Any:
        states = _hidden(args, kwargs)
        return (states,) if is_tuple else states

    return forward


def _hidden(args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    states: torch.Tensor = args[0] if args else kwargs["hidden_states"]
    return states


def _blocks(model: LoadedModel) -> list[Any]:
    """Return the blocks of a model, in their order."""
    for module in model.model.modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == model.n_layers - 1:
            return list(module)
    raise ModelError(f"{model.name}: its {model.n_layers - 1} blocks are not found, so units can't be edited in it")
