"""What a null is given, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.probes import Design
from interlingua.probes.penalty import (
    Fold,
    PenaltyChoice,
    RidgeCrossValidation,
    best_penalty,
    grouped_folds,
    split_folds,
)
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath
from interlingua.stats.groups import group_sums
from interlingua.units.nulls.linked import Linked


@dataclass(frozen=True, eq=False)
class RatedLayer:
    """One language's activations of a layer at its training sentences, with their ratings.

    Attributes
    ----------
    X : ndarray, shape (m, width)
        Standardised activations: columns of mean 0.
    y : ndarray, shape (m,)
        Ratings, one value a word.
    words : ndarray of int, shape (m,)
        The word of each sentence, numbered from 0.
    folds : ndarray of int, shape (m,)
        The fold of each sentence in cross-validation, whole words (and concepts) together.
    linked : Linked
        Which words move together with their translations.
    gram : ndarray, shape (width, width)
        X'X.
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    words: NDArray[np.int64]
    folds: NDArray[np.int64]
    linked: Linked
    gram: NDArray[np.float64]

    @classmethod
    def of(
        cls, design: Design, variable: str, layer: int, *, folds: int = 5, seed: int, linked: Linked | None = None
    ) -> RatedLayer:
        """Return a layer of a language.

        Parameters
        ----------
        design : Design
            The language's standardised inputs.
        variable : str
            The rated variable.
        layer : int
            A layer.
        folds, seed : int
            Of the cross-validation.
        linked : Linked, optional
            By default no word is linked.
        """
        design = design.rated(variable)
        y, _ = design.ratings(variable)
        words = design.train_words
        return cls(
            design.train(layer),
            y,
            words,
            grouped_folds(design.train_concepts, folds, seed),
            Linked.none(int(words.max()) + 1) if linked is None else linked,
            design.gram(layer),
        )

    def rated(self, y: NDArray[np.float64]) -> RatedLayer:
        """Return the layer with other ratings of its sentences; what does not depend on them is shared."""
        other = replace(self, y=y)
        other.__dict__.update({name: getattr(self, name) for name in ("splits", "ridge", "path", "components")})
        return other

    @property
    def n_words(self) -> int:
        """Number of words."""
        return int(self.words.max()) + 1

    @cached_property
    def ratings(self) -> NDArray[np.float64]:
        """The rating of each word, shape (n_words,).

        Raises
        ------
        StatsError
            If two sentences of a word have different ratings.
        """
        ratings = np.full(self.n_words, np.nan)
        ratings[self.words] = self.y
        if not np.array_equal(ratings[self.words], self.y):
            raise StatsError("a word has more than one rating: drawing ratings of words needs one rating a word")
        return ratings

    def word_means(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of each word's sentences, shape (n_words, k)."""
        return np.asarray(group_sums(columns, self.words, self.n_words) / np.bincount(self.words)[:, None])

    @cached_property
    def splits(self) -> list[Fold]:
        """The folds, prepared."""
        return split_folds(self.X, self.folds, self.gram)

    @cached_property
    def ridge(self) -> RidgeCrossValidation:
        """Ridge on the folds: one decomposition for the real ratings and all draws."""
        return RidgeCrossValidation(self.X, self.splits)

    @cached_property
    def path(self) -> RidgePath:
        """Ridge on all sentences."""
        return RidgePath(self.X, gram=self.gram)

    @cached_property
    def components(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Principal components of the word means: scores (n_words, components), orthonormal, and singular values."""
        means = self.word_means(self.X)
        axes, singular, _ = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
        kept = singular > singular[0] * len(means) * np.finfo(float).eps
        return axes[:, kept], singular[kept]

    @cached_property
    def _chosen(self) -> PenaltyChoice:
        return best_penalty(RIDGE_PENALTIES, self.ridge.scores(self.y[:, None], RIDGE_PENALTIES)[:, 0])

    @property
    def r(self) -> float:
        """How well ridge predicts the ratings: mean r over held-out folds, at the penalty that is best there."""
        return self._chosen.r

    @property
    def l2(self) -> float:
        """That penalty, in the units of Eq. 1."""
        return self._chosen.best

    def r_of(self, drawn: NDArray[np.float64], penalties: Sequence[float] = RIDGE_PENALTIES) -> NDArray[np.float64]:
        """Return the same `r` of other ratings of the sentences, each with its own penalty.

        Parameters
        ----------
        drawn : ndarray, shape (m, draws)
        penalties : sequence of float
            Those that are tried.

        Returns
        -------
        ndarray, shape (draws,)
        """
        return np.asarray(self.ridge.scores(drawn, penalties).max(axis=0))


class Null(ABC):
    """Draws ratings of which nothing is shared between languages, to compare the units they would share then.

    Attributes
    ----------
    name : str
        Name in studies and in the column `null`.
    label : str
        What a report calls it.
    seed_label : str
        What it is called where its seeds are derived: another word here, and every draw is another.
    says : str
        One sentence for a reader of the report: what the languages are like under it.
    order : int
        Where it stands among the nulls, the first with the lowest.
    """

    name: str
    label: str
    seed_label: str
    says: str
    order: int

    @abstractmethod
    def draw(self, layer: RatedLayer, draws: int, *, seed: int) -> NDArray[np.float64]:
        """Return ratings drawn under the null.

        Parameters
        ----------
        layer : RatedLayer
            One language.
        draws, seed : int
            How many, and the language's seed. What languages share in a draw (`RatedLayer.linked`) has a seed of
            its own, which is the same in all of them.

        Returns
        -------
        ndarray, shape (m, draws)
            One rating a word in each draw.
        """
