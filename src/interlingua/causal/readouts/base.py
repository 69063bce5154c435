"""What a readout is given, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

# Studies name readouts before anything runs, and need no torch for that.
if TYPE_CHECKING:
    import torch

    from interlingua.causal.edits import Applied, Edit

Fitted = Callable[[Any, Any], Any]
"""Takes the target's and the sentence's last vector, tensors (S, width), and returns a number a sentence, (S,)."""


class OwnSentences(ABC):
    """A fitted readout that sets words into sentences of its own.

    Attributes
    ----------
    how : str
        Which these are, and what is read there, for a reader.
    """

    how: str

    @abstractmethod
    def unedited(self, words: Sequence[str]) -> NDArray[np.float64]:
        """Return a number a word, shape (n,)."""

    @abstractmethod
    def first_order(self, words: Sequence[str], edits: Mapping[str, Edit]) -> dict[str, NDArray[np.float32]]:
        """Return the first-order effect of each edit of each unit, shape (n, width): `Bench.first_order`."""

    @abstractmethod
    def edited(
        self, words: Sequence[str], edits: Sequence[Applied], *, apart: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the numbers with each edit, and how far what the model says is from what it says without.

        Returns
        -------
        values, divergence : ndarray, shape (edits, n)
            The latter NaN if it is not asked for (`apart`).
        """


@dataclass(frozen=True, eq=False)
class Training:
    """One language's training words, as the unedited model has them.

    Attributes
    ----------
    vectors : ndarray, shape (m, width)
        Vector of each training sentence's target in the last layer.
    ratings : ndarray, shape (m,)
        One value a word.
    words, concepts : ndarray of int64, shape (m,)
        The word of each sentence, and what stays together in cross-validation, numbered from 0.
    texts : ndarray of object, shape (m,)
        The word of each sentence, as it is written.
    sentences : callable
        Takes numbers of training sentences and returns the mean vector of their tokens in the last layer, (k, width).
    slots : callable
        Returns `interlingua.causal.slots.Slots`, in which the model is asked for words; an error says why it can't.
    folds, seed : int
        Of cross-validation.
    """

    vectors: NDArray[np.floating]
    ratings: NDArray[np.float64]
    words: NDArray[np.int64]
    concepts: NDArray[np.int64]
    texts: NDArray[np.object_]
    sentences: Callable[[NDArray[np.int64]], torch.Tensor]
    slots: Callable[[], Any]
    folds: int
    seed: int

    def rated(self, ratings: NDArray[np.float64]) -> Training:
        """Return the same with other ratings; sentences without one (NaN) are left out."""
        kept = np.flatnonzero(np.isfinite(ratings))
        _, words = np.unique(self.words[kept], return_inverse=True)
        _, concepts = np.unique(self.concepts[kept], return_inverse=True)
        return replace(
            self,
            vectors=self.vectors[kept],
            ratings=ratings[kept],
            words=words,
            concepts=concepts,
            texts=self.texts[kept],
            sentences=lambda rows: self.sentences(kept[rows]),
        )


class Readout(ABC):
    """Reads the rating behind the edited layer.

    Attributes
    ----------
    name : str
        Name in studies and tables.
    label : str
        What a report calls it.
    says : str
        A sentence for a reader of the report: what it reads.
    unit : {"rating", "own"}
        Whether it reads in the units of the rating, or in units of its own, which are divided by its SD over words.
    order : int
        Where it stands among the readouts.
    """

    name: str
    label: str
    says: str
    unit: Literal["rating", "own"]
    order: int

    @abstractmethod
    def fit(self, training: Training) -> Fitted | OwnSentences:
        """Return the readout of a language, through which gradients can flow.

        Raises
        ------
        InterlinguaError
            If the training words, or the model, don't allow it (fewer than folds, all rated alike, no head).
        """
