"""Codes of their own: every language encodes a rating as well as the real one, where the real one is, but in a
direction of its own.

Permuted ratings are nowhere encoded. Languages that do encode a rating, but each in a direction of its own, can share
units because units go together in the same groups in every language; and the more so the more of the code lies in the
layer's first principal components, where that of real ratings lies. So a draw keeps how much of the real code lies in
each band of components, and how well the layer predicts the ratings of other words; the direction within each band is
random, and independent in every language.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from interlingua.probes.design import column_scale
from interlingua.units.nulls.base import Null, RatedLayer
from interlingua.units.nulls.registry import register

#: Draws on which the strength is set.
_CALIBRATED = 50
#: How near the draws' mean r comes to the real one, and how many strengths are tried for that at most.
_NEAR, _TRIES = 0.002, 8
#: Where bands of components end, each later one twice as far out. The first are narrow because real codes lie there:
#: with one band of five, codes that keep to the first three would be taken for shared ones (15 % at the level .05).
_EDGES = (0, 1, 3, 5, 10)
#: Components that a table tells the real code's share of.
FIRST = 5


class Code:
    """Where ridge finds a language's ratings: a coefficient for each principal component of the words' means.

    Parameters
    ----------
    layer : RatedLayer
        The language's layer, whose own ratings choose the penalty.

    Attributes
    ----------
    axes : ndarray, shape (n_words, components)
        The words' scores, orthonormal; the component of the largest variance first.
    """

    def __init__(self, layer: RatedLayer) -> None:
        self.axes, singular = layer.components
        # s^2 / (s^2 + n l2): what ridge leaves of a coefficient.
        self._shrinkage = singular**2 / (singular**2 + layer.n_words * layer.l2)

    def of(self, ratings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the coefficients for ratings of words, shape (components, k) for (n_words, k)."""
        return np.asarray(self._shrinkage[:, None] * (self.axes.T @ (ratings - ratings.mean(axis=0))))

    def share_of_first(self, ratings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of the first components in the variance of each column's code; 0 where there is none."""
        variance = self.of(ratings) ** 2
        total = variance.sum(axis=0)
        return np.divide(variance[:FIRST].sum(axis=0), total, out=np.zeros(len(total)), where=total > 0)

    @property
    def bands(self) -> list[slice]:
        """The components 1, 2-3, 4-5, 6-10, 11-20, 21-40, 41-80 and so on."""
        components = self.axes.shape[1]
        edges = list(_EDGES)
        while edges[-1] < components:
            edges.append(2 * edges[-1])
        edges = [edge for edge in edges if edge < components] + [components]
        return [slice(start, stop) for start, stop in pairwise(edges)]


class OwnCodes(Null):
    """Ratings that a language encodes as well as the real ones, in components as large, in random directions."""

    name = "own codes"
    label = "codes of their own"
    seed_label = "own codes"
    says = (
        "Every language encodes a rating as well as the real one, in principal components as large, but in a random "
        "direction of its own."
    )
    order = 20

    def draw(self, layer: RatedLayer, draws: int, *, seed: int) -> NDArray[np.float64]:
        """Return ``r s + sqrt(1 - r^2) e``: s in a random direction, e the permuted ratings, both of mean 0 and SD 1.

        r is such that cross-validated ridge predicts the draws as well as the real ratings, on average. Where it
        predicts even those of r = 1 less well, as with few words by chance it may, these are taken.
        """
        rng = np.random.default_rng(seed)
        code = Code(layer)
        real = code.of(layer.ratings[:, None])[:, 0]
        signal = np.zeros((layer.n_words, draws))
        for band in code.bands:
            direction = rng.normal(size=(len(real[band]), draws))
            direction *= np.linalg.norm(real[band]) / np.linalg.norm(direction, axis=0)
            signal += code.axes[:, band] @ direction
        signal = _standardised(signal)
        noise = _standardised(layer.ratings[layer.linked.orders(layer.ratings, draws, seed=int(rng.integers(2**32)))])

        few = slice(_CALIBRATED)

        def mixed(strength: float, of: slice = slice(None)) -> NDArray[np.float64]:
            return np.asarray((strength * signal[:, of] + np.sqrt(1 - strength**2) * noise[:, of])[layer.words])

        def reached(strength: float) -> float:
            return float(layer.r_of(mixed(strength, few)).mean())

        return mixed(_strength(layer.r, reached) if real.any() else 0.0)


def _strength(wanted: float, reached: Callable[[float], float]) -> float:
    """Return the strength at which `reached` is what is wanted; 0 or 1 where it is beyond what these reach."""
    if wanted <= 0:
        return 0.0
    tried: list[tuple[float, float]] = []
    strength = min(wanted, 1.0)
    for _ in range(_TRIES):
        miss = reached(strength) - wanted
        if abs(miss) <= _NEAR:
            break
        tried.append((strength, miss))
        strength = min(max(_next(tried), 0.0), 1.0)
        if strength == tried[-1][0]:
            break
    return strength


def _next(tried: list[tuple[float, float]]) -> float:
    """Return the strength to try after these (strength, by how much more than wanted it reaches)."""
    below, above = (
        max((t for t in tried if t[1] < 0), default=None),
        min((t for t in tried if t[1] > 0), default=None),
    )
    # Between the two nearest ones; else on the line through the last two: weak codes are read worse than that says.
    pair = [below, above] if below and above else tried[-2:]
    (first, of_first), (second, of_second) = pair[0], pair[-1]
    if (of_second - of_first) * (second - first) > 0:
        return second - of_second * (second - first) / (of_second - of_first)
    return tried[-1][0] - tried[-1][1]  # the curve is not far from a line of slope one


def _standardised(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    mean, scale = column_scale(columns)
    return (columns - mean) / scale


register(OwnCodes())
