"""What a ranking method is given, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.probes.methods import get as get_probe
from interlingua.tables.layout import Layout

ProbeKey = tuple[str, str, int]
"""(probe, curve, layer), the key of a fitted probe's weights; the layer of a whole-network probe is -1."""


@dataclass(frozen=True, eq=False)
class LayerData:
    """Everything from which the units of one layer can be ranked, for one language and variable.

    Attributes
    ----------
    X : ndarray of float, shape (m, width)
        Activations of the layer for the training sentences, standardised.
    y : ndarray of float, shape (m,)
        Ratings.
    words : ndarray, shape (m,)
        The word of each sentence.
    layer : int
        Layer number, 0 = embeddings.
    width : int
        Units in the layer.
    weights : mapping of (probe, curve, layer) to ndarray
        Weights of the fitted probes per standard deviation of a unit: shape (width,) for curve "layer",
        (n_units,) of the network for curve "whole".
    """

    X: NDArray[np.floating]
    y: NDArray[np.floating]
    words: NDArray[np.generic]
    layer: int
    width: int
    weights: Mapping[ProbeKey, NDArray[np.floating]]

    def __post_init__(self) -> None:
        if np.shape(self.X) != (len(self.y), self.width) or len(self.words) != len(self.y):
            raise StatsError(
                f"layer {self.layer}: X has shape {np.shape(self.X)}, but there are {len(self.y)} ratings, "
                f"{len(self.words)} words and {self.width} units"
            )

    @property
    def layout(self) -> Layout:
        """Where the layer's units stand: layers of one width, as far as this one."""
        return Layout.of_layer(self.layer, self.width)


class RankingMethod(ABC):
    """Scores the units of a layer by how much of the rating they carry.

    Attributes
    ----------
    name : str
        Name in studies and in the column `method`.
    label : str
        How figures and text call it.
    summary : str
        One line for a reader of the report: what the score is.
    needs : tuple of (str, str), or None
        The (probe, curve) that must have been fitted first; None if the activations suffice.
    least_draws : int
        Draws of a null that it gets at least, however few a study draws; more than 0 where they cost next to nothing.
    """

    name: str
    label: str
    summary: str
    needs: tuple[str, str] | None = None
    least_draws: int = 0

    @property
    def repeatable(self) -> bool:
        """Whether it can be repeated hundreds of times: it needs no probe, or one of the layer that can be refitted."""
        if self.needs is None:
            return True
        probe, curve = self.needs
        return curve == "layer" and get_probe(probe).refittable

    @abstractmethod
    def scores(self, data: LayerData) -> NDArray[np.float64]:
        """Return a signed score for each unit: its size ranks, its sign is the direction.

        Parameters
        ----------
        data : LayerData
            The layer.

        Returns
        -------
        ndarray of float64, shape (width,)
        """

    def scores_of_draws(
        self, data: LayerData, drawn: NDArray[np.float64], weights: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the scores on other ratings of the same sentences; a method may know a faster way than one by one.

        Parameters
        ----------
        data : LayerData
            The layer.
        drawn : ndarray, shape (m, draws)
            Ratings, a column a draw.
        weights : ndarray, shape (draws, width), optional
            Those of the probe that it `needs`, refitted to each draw.

        Returns
        -------
        ndarray of float64, shape (draws, width)
        """
        rows = []
        for i in range(drawn.shape[1]):
            fitted = {} if weights is None or self.needs is None else {(*self.needs, data.layer): weights[i]}
            rows.append(self.scores(replace(data, y=drawn[:, i], weights=fitted)))
        return np.array(rows)
