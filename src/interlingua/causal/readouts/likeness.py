"""How much more a sentence is like those of high-rated words than like those of low-rated ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interlingua.causal.readouts.base import Fitted, Readout, Training
from interlingua.causal.readouts.registry import register
from interlingua.errors import StatsError

if TYPE_CHECKING:
    import torch

#: So many words at either end of the ratings, or a quarter of all if those are fewer.
ENDS = 24


class Likeness(Readout):
    """The cosine of the sentence's vector to high-rated words' sentences, less that to low-rated words' sentences."""

    name = "likeness"
    label = "likeness of the sentence"
    says = (
        "The cosine of the sentence's vector (mean of its tokens in the last layer) to the mean of sentences of "
        "high-rated training words, less that to low-rated ones: by that a search would be moved."
    )
    unit = "own"
    order = 20

    def fit(self, training: Training) -> Fitted:
        """Average the sentences of the words at either end of the ratings, a sentence a word."""
        from torch.nn.functional import normalize

        _, first = np.unique(training.words, return_index=True)
        order = first[np.argsort(training.ratings[first], kind="stable")]
        number = min(ENDS, len(order) // 4)
        if number < 2 or training.ratings[order[0]] == training.ratings[order[-1]]:
            raise StatsError("too few training words with different ratings: a sentence can't be likened to their ends")
        low, high = (_mean(training, rows) for rows in (order[:number], order[-number:]))
        axis = high - low

        def read(_: torch.Tensor, sentence: torch.Tensor) -> torch.Tensor:
            return normalize(sentence.double(), dim=-1) @ axis

        return read


def _mean(training: Training, rows: NDArray[np.int64]) -> torch.Tensor:
    """Return the direction of the mean of sentences, each of length 1."""
    from torch.nn.functional import normalize

    vectors = normalize(training.sentences(np.sort(rows)).double(), dim=-1)
    return normalize(vectors.mean(dim=0), dim=-1)


register(Likeness())
