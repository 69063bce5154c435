"""What a probe is: what it reads, how it is fitted, and how it is fitted again to drawn ratings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import ConfigError
from interlingua.probes.inputs import FitOptions, FittedProbe, Inputs, Penalty
from interlingua.probes.penalty import Fold, RidgeCrossValidation
from interlingua.probes.ridge import RidgePath

Reads = Literal["layer", "whole"]


class Rated(Protocol):
    """What a probe is refitted to: one language's layer, with what does not depend on ratings worked out once."""

    @property
    def X(self) -> NDArray[np.float64]:  # noqa: N802
        """Inputs, shape (m, width), columns of mean 0."""

    @property
    def gram(self) -> NDArray[np.float64]:
        """X'X, shape (width, width)."""

    @property
    def splits(self) -> list[Fold]:
        """Folds of whole words."""

    @property
    def ridge(self) -> RidgeCrossValidation:
        """Ridge on the folds."""

    @property
    def path(self) -> RidgePath:
        """Ridge on all sentences."""


@dataclass(frozen=True, eq=False)
class Equations:
    """What least squares needs to know of standardised inputs and their ratings.

    Attributes
    ----------
    gram : ndarray of float64, shape (n, n)
        X'X.
    xy : ndarray of float64, shape (n,)
        X'y, the ratings centred.
    y : ndarray of float64, shape (m,)
        The centred ratings.
    """

    gram: NDArray[np.float64]
    xy: NDArray[np.float64]
    y: NDArray[np.float64]


class ProbeMethod(ABC):
    """A linear probe.

    Attributes
    ----------
    name : str
        Name in studies and in the column `probe`.
    label : str
        How figures and text call it.
    reads : tuple of {"layer", "whole"}
        What a study fits it to: every layer alone, the whole network (with `probes.whole`), or both.
    sparse : bool
        Whether most of its weights are 0, so that one that is not tells that the unit adds to the others.
    chooses : bool
        Whether it chooses its penalty by cross-validation, and keeps the chosen one where it is refitted to drawn
        ratings (`choose` chooses again).
    refittable : bool
        Whether `refit` and `refit_at` can fit it to a layer hundreds of times.
    share : int
        Steps of progress that one fit counts for.
    refit_s, grows : float
        Seconds of one `refit` on one core of a common machine, to a layer of the built-in study's size, and the power
        of the layer's width with which it grows.
    """

    name: str
    label: str
    reads: tuple[Reads, ...] = ("layer",)
    sparse: bool = False
    chooses: bool = False
    refittable: bool = False
    share: int = 1
    refit_s: float = 0.0055
    grows: float = 1.8

    @abstractmethod
    def fit(self, inputs: Inputs) -> FittedProbe:
        """Fit it to a layer or the network.

        Parameters
        ----------
        inputs : Inputs
            What to. Where `inputs.cross_validated`, the probe tells its r on held-out training words, too.

        Returns
        -------
        FittedProbe
            Weights of standardised units, shape (n,), and what the probe table says of them.
        """

    def pairs(self, options: FitOptions) -> Sequence[Penalty]:
        """Return the penalties of elastic nets whose r on held-out words it asks its inputs for."""
        return ()

    def refit(
        self, layer: Rated, drawn: NDArray[np.float64], penalties: Penalty | Sequence[Penalty] | None
    ) -> NDArray[np.float64]:
        """Fit it to each column of drawn ratings.

        Parameters
        ----------
        layer : Rated
            A layer.
        drawn : ndarray, shape (m, draws)
            Ratings of its sentences.
        penalties : (float, float) or sequence of them, optional
            l1 and l2 of the fit to the real ratings, or of each draw its own.

        Returns
        -------
        ndarray of float64, shape (draws, width)
            Weights of standardised units.

        Raises
        ------
        ConfigError
            If it can't be refitted, or not without penalties.
        """
        raise ConfigError(f"probe {self.name!r} can't be refitted to drawn ratings")

    def refit_at(
        self, equations: Equations, penalty: Penalty, *, tol: float, start: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Fit it to other sentences (words drawn anew) at the penalty that it has on all of them.

        Parameters
        ----------
        equations : Equations
            Of those sentences.
        penalty : (float, float)
            l1 and l2.
        tol : float
            Largest duality gap relative to the null loss, for probes that are solved in steps.
        start : ndarray, shape (width,), optional
            Weights to start from.

        Returns
        -------
        ndarray of float64, shape (width,)
            Weights of standardised units.

        Raises
        ------
        ConfigError
            If it can't be refitted.
        """
        raise ConfigError(f"probe {self.name!r} can't be refitted to other sentences")

    def choose(self, layer: Rated, drawn: NDArray[np.float64]) -> list[Penalty]:
        """Choose the penalty of each column of drawn ratings anew, for a probe that `chooses`.

        Raises
        ------
        ConfigError
            If it does not.
        """
        raise ConfigError(f"probe {self.name!r} does not choose its penalty")

    def seconds(self, layers: int, *, whole: bool, adam_epochs: int) -> float:
        """Return how long it takes on one core of a common machine, of a size as the built-in study's layers."""
        return 0.18 * layers * ("layer" in self.reads)
