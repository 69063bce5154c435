"""A model from an edited layer on: only the blocks behind it run, from states that were computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from interlingua.errors import ModelError
from interlingua.models.loading import LoadedModel
from interlingua.models.placing import place
from interlingua.models.sites import Address
from interlingua.models.targets import Pooling, Target, pooled_tokens
from interlingua.models.trial import to_device
from interlingua.tables import RESID, Site

Change = Callable[[torch.Tensor], torch.Tensor]
"""Takes the values at a site, shape (S, T, width), and returns those that the network goes on with."""

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


class Start(NamedTuple):
    """What an unedited pass leaves, shape (S, T, width) each.

    Attributes
    ----------
    states : Tensor
        What goes into the first block that runs again.
    values : Tensor
        The units of the site and layer.
    last : Tensor
        The last hidden states.
    """

    states: torch.Tensor
    values: torch.Tensor
    last: torch.Tensor


@dataclass(eq=False)
class Network:
    """A model whose blocks behind a layer can be run by themselves.

    Parameters
    ----------
    model
        Loaded in float32.
    layer
        Number of the layer whose units are edited.
    site
        Where they are.

    Raises
    ------
    ModelError
        If the model is not in float32, the site can't be had in it, or no block stands behind the layer.
    """

    model: LoadedModel
    layer: int
    site: Site = RESID
    skips: bool = field(init=False, default=False)
    """Whether blocks before the layer are left out; where a model's blocks need each other, all of them run."""

    def __post_init__(self) -> None:
        name, self._blocks = self.model.name, self.model.sites.blocks
        if self.model.dtype != "float32":
            raise ModelError(f"{name}: units are edited in float32; load it with dtype='float32'")
        address = self.model.sites.address(self.site, self.layer)  # or why it can't be had
        if self.site == RESID and self.layer == len(self._blocks):
            raise ModelError(f"{name}: layer {self.layer} is its last, and no block reads it")
        # Layer l of the residual stream is what goes into block l; the other units of layer l are inside block l - 1.
        self._first = self.layer if self.site == RESID else self.layer - 1
        self._states = Address(self._blocks[self._first], "input")
        self._values = self._states if self.site == RESID else address
        self.model.model.requires_grad_(False)
        self._tuples: list[bool] = []
        self.skips = self._try_skipping()

    @property
    def behind(self) -> int:
        """Number of blocks that run behind an edit, of all."""
        return len(self._blocks) - self._first

    def start(self, batch: Sentences) -> Start:
        """Return what an unedited pass leaves."""
        states: list[torch.Tensor] = []
        values: list[torch.Tensor] = []
        with (
            torch.no_grad(),
            self._states.watch(lambda tensor: states.append(tensor.clone())),
            self._values.watch(lambda tensor: values.append(tensor.clone())),
        ):
            last = self._last(batch)
        return Start(states[0], values[0], last)

    def run(self, batch: Sentences, states: torch.Tensor, change: Change) -> torch.Tensor:
        """Return the last hidden states, shape (S, T, width), with the site's units changed.

        Parameters
        ----------
        batch
            The sentences.
        states
            What goes into the first block (`Start.states`).
        change
            Gradients flow through what it returns.
        """
        with ExitStack() as stack:
            if self.site != RESID:
                stack.enter_context(self._values.edit(change))
            put = change(states) if self.site == RESID else states
            stack.enter_context(self._states.edit(lambda _: put))
            stack.enter_context(self._without_blocks(self._first if self.skips else 0))
            return self._last(batch)

    def through(self, batch: Sentences, layers: Sequence[int]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return what a whole pass ends with, and the site's units in some layers; gradients flow through them.

        Parameters
        ----------
        batch
            The sentences.
        layers
            As `layer`: of the residual stream all but the last.

        Returns
        -------
        last : Tensor, shape (S, T, width)
        values : list of Tensor, shape (S, T, units of the layer) each
        """
        found: dict[int, torch.Tensor] = {}

        def keep(values: torch.Tensor, layer: int) -> torch.Tensor:
            # What comes first has no gradient yet; all that follows depends on it.
            found[layer] = values if values.requires_grad else values.detach().requires_grad_(True)
            return found[layer]

        with torch.enable_grad(), ExitStack() as stack:
            for layer in layers:
                inside = self.site != RESID
                address = (
                    self.model.sites.address(self.site, layer) if inside else Address(self._blocks[layer], "input")
                )
                stack.enter_context(address.edit(partial(keep, layer=layer)))
            last = self._last(batch)
        return last, [found[layer] for layer in layers]

    def _last(self, batch: Sentences) -> torch.Tensor:
        states: torch.Tensor = self.model.model(**batch.inputs, return_dict=True).last_hidden_state
        return states

    @contextmanager
    def _without_blocks(self, first: int) -> Iterator[None]:
        """Let the blocks before the first hand on what they are given."""
        skipped: list[Any] = list(self._blocks[:first])
        for block, is_tuple in zip(skipped, self._tuples, strict=False):
            block.forward = _hand_on(is_tuple)
        try:
            yield
        finally:
            for block in skipped:
                del block.forward

    def _try_skipping(self) -> bool:
        """Return whether a run without the first blocks gives what a whole one gives."""
        ids = tuple(range(min(5, self.model.max_length)))
        batch = _sentences(self.model, [Target(ids, (len(ids) - 1,))], [0], "mean", False)
        with ExitStack() as stack:
            for block in self._blocks:
                stack.enter_context(block.register_forward_hook(self._note))
            start = self.start(batch)
        self.skips = True
        try:
            with torch.no_grad():
                again = self.run(batch, start.states, lambda values: values)
        except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
            return False
        return bool((again - start.last).abs().max() <= _ROUNDING * start.last.abs().max())

    def _note(self, _: Any, __: Any, output: Any) -> None:
        self._tuples.append(isinstance(output, tuple))


def _hand_on(is_tuple: bool) -> Callable[..., Any]:
    def forward(*args: Any, **kwargs: Any) -> Any:
        states = args[0] if args else kwargs["hidden_states"]
        return (states,) if is_tuple else states

    return forward
