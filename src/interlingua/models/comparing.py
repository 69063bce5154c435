"""Whether a model gives elsewhere what it gives on the processor in float32: one batch tells, when it is loaded.

A GPU may compute wrongly (Apple's is known for it), and a quantised model may be another model.
"""

from __future__ import annotations

import gc
import logging
from dataclasses import dataclass
from typing import Any

import torch

from interlingua.errors import ModelError
from interlingua.models.devices import Where
from interlingua.models.placing import place
from interlingua.models.trial import BatchLayout, States, effect, forward, plain_layout, sentences

logger = logging.getLogger("interlingua")

BOUNDS = {"float32": 0.001, "float16": 0.02, "bfloat16": 0.1, "8bit": 0.3, "4bit": 0.5}
"""By how much of its length a vector of a layer may differ from the processor's in float32, in the mean over a batch's
tokens: by number format and, where weights are quantised, by that. On the processor itself all-MiniLM-L6-v2 and
gemma-3-270m differ by 2e-7 (float32), .002 (float16; gemma overflows), .01 and .02 (bfloat16), .05 and .11 (8bit), .26
and .33 (4bit)."""


@dataclass(frozen=True)
class Reference:
    """What a model gives on the processor in float32 for the sentences of one batch, each alone.

    Parameters
    ----------
    sentences
        Token ids.
    states
        Hidden states of each sentence.
    whole
        Whether all layers were computed; of a model that is cut off the last state is not the layer's.
    """

    sentences: tuple[tuple[int, ...], ...]
    states: tuple[States, ...]
    whole: bool

    @classmethod
    def of(cls, name: str, tokenizer: Any, model: Any, max_length: int, *, whole: bool = True) -> Reference:
        """Compute it.

        Parameters
        ----------
        name, tokenizer, model, max_length
            The model, in float32 on the processor.
        whole
            Whether it has all its layers.
        """
        texts = sentences(name, tokenizer, model, max_length)[:3]
        states = []
        for ids in texts:
            with torch.inference_mode():
                states.append(forward(model, plain_layout(model), *place([ids], 0, left=False)[:2]))
        gc.collect()
        return cls(texts, tuple(states), whole)

    def differs(self, model: Any, layout: BatchLayout) -> float:
        """Return by how much of its length a vector differs in the worst layer, in the mean over tokens."""
        batches = [self.sentences] if layout.together == "any" else [(one,) for one in self.sentences]
        found: list[tuple[tuple[int, ...], States]] = []
        for batch in batches:
            ids, mask, positions, begins = place(batch, layout.fill, left=layout.side == "left")
            with torch.inference_mode():
                hidden = forward(model, layout, ids, mask, positions)
            for row, (sentence, begin) in enumerate(zip(batch, begins.tolist(), strict=True)):
                own = tuple(state[row : row + 1, begin : begin + len(sentence)].float().cpu() for state in hidden)
                found.append((sentence, own))
        layers = len(self.states[0]) - (0 if self.whole else 1)
        differences = [
            effect(before[:layers], after[:layers], slice(None))
            for before, (_, after) in zip(self.states, found, strict=True)
        ]
        return float(torch.cat(differences, dim=1).mean(dim=1).max())

    def check(self, name: str, where: Where, model: Any, layout: BatchLayout) -> float:
        """Compare a model with it, and return by how much it differs.

        Raises
        ------
        ModelError
            If it differs by more than `BOUNDS` allow.
        """
        off = self.differs(model, layout)
        bound = BOUNDS[where.dtype] if where.quantisation == "none" else BOUNDS[where.quantisation]
        # Written so that what is no number is too much.
        if not off <= bound:
            raise ModelError(
                f"{name} on {where.device} in {where.numbers} differs from the processor in float32 by {off:.2g} of a "
                f"vector's length, and {bound:g} is allowed: what it gives there can't be trusted; choose another "
                "extraction.device, extraction.dtype or extraction.quantisation"
            )
        logger.info("%s on %s in %s: within %.2g of the processor in float32", name, where.device, where.numbers, off)
        return off
