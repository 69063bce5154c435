"""The inputs of the probes of one language: standardised units, their Gram matrices, the words of the rows.

Everything that does not depend on the ratings is worked out once here and shared by all probes, variables,
penalties and permutations. Products are in float64: float32 ones floor the duality gap near 5e-6.

Memory: the Gram matrix of a whole network of 9,984 units takes 800 MB, of 4,992 units 200 MB. Probes of
single layers never form it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import ConfigError, ContextsError, StatsError, suggest
from interlingua.stats.groups import group_codes
from interlingua.tables.layout import Layout

WHOLE = -1
"""The number that stands for the whole network where a layer is asked for."""

Standardise = Literal["train", "each-split"]
STANDARDISE = ("train", "each-split")

_ROWS_AT_A_TIME = 1024


class LayerSource(Protocol):
    """What the probes need of `interlingua.models.Activations`: a matrix per layer, one row a sentence."""

    @property
    def language(self) -> str:
        """Language code."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def layers(self) -> tuple[int, ...]:
        """Numbers of the layers, ascending; 0 is the embeddings."""

    @property
    def width(self) -> int:
        """Units in a layer."""

    @property
    def layout(self) -> Layout:
        """Where its units stand in the network."""

    @property
    def n(self) -> int:
        """Number of sentences."""

    def layer(self, i: int, /) -> NDArray[np.float32]:
        """Return a layer, shape (n, width)."""


@dataclass(frozen=True)
class Moments:
    """What least squares needs to know of its inputs.

    Attributes
    ----------
    m : int
        Number of rows.
    mean : ndarray of float64, shape (n,)
        Mean of each column.
    gram : ndarray of float64, shape (n, n)
        Sums of products of the centred columns.
    """

    m: int
    mean: NDArray[np.float64]
    gram: NDArray[np.float64]

    @classmethod
    def of(cls, X: NDArray[np.float64]) -> Moments:
        """Return the moments of `X`, shape (m, n)."""
        mean = X.mean(axis=0)
        centred = X - mean
        return cls(len(X), mean, centred.T @ centred)

    def without(self, rows: NDArray[np.float64]) -> Moments:
        """Return the moments of the matrix less some of its rows, at the cost of those rows only.

        Parameters
        ----------
        rows : ndarray of float64, shape (k, n)
            Rows of the matrix, k < m.
        """
        deviations = rows - self.mean
        total = deviations.sum(axis=0)
        left = self.m - len(rows)
        gram = self.gram - deviations.T @ deviations
        gram -= np.outer(total, total / left)
        return Moments(left, self.mean - total / left, gram)


class Design:
    """Standardised training and test inputs of one language.

    Parameters
    ----------
    activations : LayerSource
        The activations of one model at the sentences of one language.
    contexts : pandas.DataFrame
        That language's table of contexts, row i belonging to row i of the activations; columns `word`,
        `split` and one per variable are used.
    standardise : {"train", "each-split"}
        Mean and standard deviation of each unit from the training sentences, or (as in the authors' public
        code) of the training and the test sentences each their own.
    rows : array_like of bool, shape (n,), optional
        The rows to use; all by default.

    Attributes
    ----------
    language : str
        Language code of the contexts.
    train_rows, test_rows : ndarray of int64
        Rows of the activations in each split.
    train_words, test_words : ndarray of int64
        The word of each of these rows, numbered within the split.
    train_concepts : ndarray of int64
        The concept of each training row, numbered: what folds keep together. A word without one is a concept of its
        own.

    Raises
    ------
    ContextsError
        If the table has another number of rows than the activations, more than one language, no training
        or no test sentences.
    ConfigError
        If `standardise` is not one of the two.

    Notes
    -----
    A unit that is constant over the training sentences gets scale 1, so that its standardised value and
    its weight are 0; `n_constant` counts them.
    """

    def __init__(
        self,
        activations: LayerSource,
        contexts: pd.DataFrame,
        *,
        standardise: Standardise = "train",
        rows: ArrayLike | None = None,
    ) -> None:
        if standardise not in STANDARDISE:
            near = suggest(standardise, STANDARDISE)
            raise ConfigError(f"standardise is {standardise!r}: use 'train' or 'each-split'{near}")
        _check_table(activations, contexts)
        self.activations = activations
        self.language = str(contexts["language"].iloc[0]) if "language" in contexts else activations.language
        self.contexts = contexts
        self.standardise = standardise
        self._rows = np.ones(len(contexts), dtype=bool) if rows is None else np.asarray(rows, dtype=bool)
        split = contexts["split"].to_numpy(dtype=object)
        words = contexts["word"].to_numpy(dtype=object)
        self.train_rows = np.flatnonzero(self._rows & (split == "train"))
        self.test_rows = np.flatnonzero(self._rows & (split == "test"))
        for name, chosen in (("train", self.train_rows), ("test", self.test_rows)):
            if len(chosen) < 2:
                raise ContextsError(
                    f"{self.language}: {len(chosen)} sentences with a rating have split {name!r}, "
                    "but a probe needs sentences of both splits ('train' and 'test')"
                )
        self.train_words, _ = group_codes(words[self.train_rows], len(self.train_rows))
        self.test_words, _ = group_codes(words[self.test_rows], len(self.test_rows))
        concepts = _concepts(contexts, words)[self.train_rows]
        self.train_concepts, _ = group_codes(concepts, len(concepts))
        self._scales: dict[tuple[int, str], tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        self._grams: dict[int, NDArray[np.float64]] = {}
        self._constant: dict[int, int] = {}
        self._restricted: dict[bytes, Design] = {}

    @property
    def layers(self) -> tuple[int, ...]:
        """Numbers of the layers, ascending; 0 is the embeddings."""
        return self.activations.layers

    @property
    def width(self) -> int:
        """Number of units of a layer."""
        return self.activations.width

    @property
    def layout(self) -> Layout:
        """Where the units stand in the network."""
        return self.activations.layout

    def rated(self, variable: str) -> Design:
        """Return the design of the rows that have a rating of `variable`: itself where all of them have.

        Variables that are rated on the same rows share one design and so its Gram matrices.

        Raises
        ------
        ConfigError
            If the table has no such column.
        """
        if variable not in self.contexts.columns:
            raise ConfigError(
                f"{self.language}: the contexts have no column {variable!r}"
                f"{suggest(variable, map(str, self.contexts.columns))}"
            )
        rated = self._rows & self.contexts[variable].notna().to_numpy(dtype=bool)
        used = np.zeros_like(self._rows)
        used[self.train_rows] = used[self.test_rows] = True
        if rated[used].all():
            return self
        key = np.packbits(rated).tobytes()
        if key not in self._restricted:
            self._restricted[key] = Design(self.activations, self.contexts, standardise=self.standardise, rows=rated)
        return self._restricted[key]

    def ratings(self, variable: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the ratings of the training and of the test sentences.

        Raises
        ------
        StatsError
            If one of the two is constant, so that there is nothing to learn or no r.
        """
        values = self.contexts[variable].to_numpy(dtype=np.float64)
        train, test = values[self.train_rows], values[self.test_rows]
        for name, part in (("training", train), ("test", test)):
            if np.ptp(part) == 0:
                raise StatsError(
                    f"{self.language}: every {name} sentence has the same {variable} "
                    f"({part[0]:g}): r is not defined, give words with different ratings"
                )
        return train, test

    def train(self, layer: int) -> NDArray[np.float64]:
        """Return the training inputs of a layer, (m, width), or of the network, (m, n_units)."""
        return self._matrix(layer, "train")

    def test(self, layer: int) -> NDArray[np.float64]:
        """Return the test inputs of a layer, (m_test, width), or of the network."""
        return self._matrix(layer, "test")

    def n_constant(self, layer: int) -> int:
        """Return how many units of a layer, or of the network, are constant over the training sentences."""
        if layer == WHOLE:
            return sum(self.n_constant(i) for i in self.layers)
        self._scale(layer, "train")
        return self._constant[layer]

    def gram(self, layer: int) -> NDArray[np.float64]:
        """Return X'X of the training inputs of a layer or of the network, computed once.

        A layer's matrix is a diagonal block of the network's, and is cut from it once that is there.

        Returns
        -------
        ndarray of float64, shape (n, n)
            Contiguous; not to be written to.
        """
        if layer not in self._grams:
            if layer == WHOLE:
                self._grams[WHOLE] = self._whole_gram()
            elif WHOLE in self._grams:
                block = self.layout.block(layer)
                self._grams[layer] = np.ascontiguousarray(self._grams[WHOLE][block, block])
            else:
                X = self.train(layer)
                self._grams[layer] = X.T @ X
        return self._grams[layer]

    def xy(self, layer: int, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return X'(y - mean y) of the training inputs.

        Parameters
        ----------
        layer : int
            A layer, or `WHOLE`.
        y : ndarray of float64, shape (m,) or (m, k)
            Ratings of the training sentences.

        Returns
        -------
        ndarray of float64, shape (n,) or (n, k)
        """
        centred = y - y.mean(axis=0)
        layers = self.layers if layer == WHOLE else (layer,)
        return np.concatenate([self.train(i).T @ centred for i in layers])

    def _matrix(self, layer: int, split: str) -> NDArray[np.float64]:
        if layer == WHOLE:
            return np.concatenate([self._matrix(i, split) for i in self.layers], axis=1)
        mean, scale = self._scale(layer, split)
        out = self._raw(layer, split).astype(np.float64)
        out -= mean
        out /= scale
        return out

    def _raw(self, layer: int, split: str) -> NDArray[np.float32]:
        return self.activations.layer(layer)[self.train_rows if split == "train" else self.test_rows]

    def _whole_gram(self) -> NDArray[np.float64]:
        layers = self.layers
        raw = np.concatenate([self._raw(i, "train") for i in layers], axis=1)
        mean, scale = (np.concatenate(part) for part in zip(*(self._scale(i, "train") for i in layers), strict=True))
        n = raw.shape[1]
        gram = np.zeros((n, n), order="F")
        # By blocks of rows, so that the inputs never stand in float64 as a whole; syrk fills one triangle.
        for start in range(0, len(raw), _ROWS_AT_A_TIME):
            block = raw[start : start + _ROWS_AT_A_TIME].astype(np.float64)
            block -= mean
            block /= scale
            gram = scipy.linalg.blas.dsyrk(1.0, block.T, beta=1.0, c=gram, overwrite_c=1)
        for here in map(self.layout.block, layers):
            later = slice(here.stop, n)
            gram[later, here] = gram[here, later].T
            gram[here, here] = np.triu(gram[here, here]) + np.triu(gram[here, here], 1).T
        return np.asarray(gram).T  # symmetric: the transpose is the same matrix in C order

    def _scale(self, layer: int, split: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if layer not in self.layers:
            raise ConfigError(
                f"layer {layer} does not exist: {self.activations.model} has layers {self.layers[0]} to "
                f"{self.layers[-1]}"
            )
        key = (layer, split if self.standardise == "each-split" else "train")
        if key not in self._scales:
            values = self._raw(layer, key[1]).astype(np.float64)
            if not np.isfinite(values).all():
                raise StatsError(
                    f"{self.language}: layer {layer} holds a value that is not finite; extract its activations again"
                )
            self._scales[key] = column_scale(values)
            if key[1] == "train":
                self._constant[layer] = int((np.ptp(values, axis=0) == 0).sum())
        return self._scales[key]


def _concepts(contexts: pd.DataFrame, words: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return what tells concepts apart: the concept's name, or of a word without one the word itself."""
    if "concept" not in contexts.columns:
        return words
    named = contexts["concept"].to_numpy(dtype=object)
    return np.array(
        [f"word {w}" if c == "" else f"concept {c}" for w, c in zip(words, named, strict=True)], dtype=object
    )


def column_scale(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the standard deviation of each column, which is 1 for a constant one.

    Parameters
    ----------
    values : ndarray of float64, shape (m, n)

    Returns
    -------
    mean, scale : ndarray of float64, shape (n,)
    """
    constant = np.ptp(values, axis=0) == 0
    # The mean of equal values may differ from them by rounding; the value itself gives exact zeros.
    mean = np.where(constant, values[0], values.mean(axis=0))
    return mean, np.where(constant, 1.0, values.std(axis=0))


def _check_table(activations: LayerSource, contexts: pd.DataFrame) -> None:
    if len(contexts) != activations.n:
        raise ContextsError(
            f"{activations.language}: the contexts have {len(contexts)} rows but the activations "
            f"{activations.n}; give the table that the activations were extracted from"
        )
    languages = [] if "language" not in contexts.columns else list(map(str, pd.unique(contexts["language"])))
    if len(languages) > 1:
        raise ContextsError(
            f"the contexts are of {len(languages)} languages ({', '.join(languages)}); give the rows of one"
        )
    if languages and activations.language not in ("", *languages):
        raise ContextsError(
            f"the activations are of {activations.language!r} but the contexts of {languages[0]!r}; "
            "give both of one language"
        )
