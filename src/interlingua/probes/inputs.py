"""What probes of one layer, or of the whole network, are fitted to, with what they share worked out once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.design import Design
from interlingua.probes.elastic_net import solve_gram
from interlingua.probes.penalty import (
    ELASTIC_NET_PENALTIES,
    Fold,
    RidgeCrossValidation,
    cross_validate_elastic_net,
    split_folds,
)
from interlingua.probes.ridge import RIDGE_PENALTIES

NAN = float("nan")

Penalty = tuple[float, float]
"""l1 and l2 in the units of Eq. 1."""


@dataclass(frozen=True)
class FitOptions:
    """How probes are fitted; the defaults are the paper's where the paper says.

    Attributes
    ----------
    l1, l2 : float
        Penalties of the probes that have them given ("elastic-net" and "adam").
    elastic_net_penalties, ridge_penalties : sequence of float
        Grids of the cross-validated probes.
    tol : float
        Largest duality gap relative to the null loss.
    adam_epochs : int
        Epochs of "adam".
    """

    l1: float = 0.001
    l2: float = 0.001
    elastic_net_penalties: Sequence[float] = ELASTIC_NET_PENALTIES
    ridge_penalties: Sequence[float] = RIDGE_PENALTIES
    tol: float = 1e-10
    adam_epochs: int = 500


@dataclass(frozen=True)
class FittedProbe:
    """A fitted probe.

    Attributes
    ----------
    probe : str
        Its name.
    weights : ndarray, shape (n,)
        Weights of standardised units.
    l1, l2 : float
        Its penalties in the units of Eq. 1.
    gap : float
        Duality gap relative to the null loss, NaN where there is none.
    r_cv : float
        Mean r over folds of training words, NaN where it was not computed.
    at_edge : bool
        Whether the chosen penalty is the smallest or largest of its grid.
    """

    probe: str
    weights: NDArray[np.floating]
    l1: float
    l2: float
    gap: float
    r_cv: float = NAN
    at_edge: bool = False


@dataclass(frozen=True, eq=False)
class Inputs:
    """A layer, or the network, of one language, with its ratings.

    Attributes
    ----------
    design : Design
        The standardised inputs.
    layer : int
        A layer, or `WHOLE`.
    y : ndarray of float64, shape (m,)
        Ratings of the training sentences.
    fold_of_row : ndarray of int64, shape (m,)
        From `grouped_folds`.
    options : FitOptions
        Penalties and grids.
    seed : int
        Of whatever a probe draws.
    cross_validated : bool
        Whether r on held-out training words is wanted, or the fit alone.
    pairs : sequence of (float, float)
        The (l1, l2) of elastic nets whose r on held-out words some probe asks for: one path a fold serves all of them.
    on_share : callable, optional
        Called with the share done, 0 to 1, by probes that take long.
    """

    design: Design
    layer: int
    y: NDArray[np.float64]
    fold_of_row: NDArray[np.int64]
    options: FitOptions
    seed: int
    cross_validated: bool = True
    pairs: Sequence[Penalty] = ()
    on_share: Callable[[int, int], None] | None = None

    @cached_property
    def X(self) -> NDArray[np.float64]:  # noqa: N802
        """Training inputs, shape (m, n), columns of mean 0."""
        return self.design.train(self.layer)

    @property
    def gram(self) -> NDArray[np.float64]:
        """X'X, shape (n, n)."""
        return self.design.gram(self.layer)

    @cached_property
    def folds(self) -> list[Fold]:
        """The folds, prepared."""
        return split_folds(self.X, self.fold_of_row, self.gram)

    @cached_property
    def ridge(self) -> RidgeCrossValidation:
        """Ridge on the folds."""
        return RidgeCrossValidation(self.X, self.folds)

    def elastic_net_r(self, penalty: Penalty) -> float:
        """Return the mean r over folds of an elastic net of one of the `pairs`; NaN where r is not wanted."""
        return self._elastic_net_r[penalty] if self.cross_validated else NAN

    @cached_property
    def _elastic_net_r(self) -> dict[Penalty, float]:
        pairs = list(dict.fromkeys(self.pairs))
        scores = cross_validate_elastic_net(self.X, self.y, self.folds, pairs)
        return {pair: float(score) for pair, score in zip(pairs, scores, strict=True)}

    def elastic_net(self, probe: str, penalty: Penalty, *, r_cv: float = NAN, at_edge: bool = False) -> FittedProbe:
        """Solve Eq. 1 at a penalty, and return it under a probe's name."""
        l1, l2 = penalty
        solution = solve_gram(
            self.gram,
            self.design.xy(self.layer, self.y),
            self.y - self.y.mean(),
            l1=l1,
            l2=l2,
            tol=self.options.tol,
        )
        return FittedProbe(probe, solution.weights, l1, l2, solution.gap, r_cv, at_edge)
