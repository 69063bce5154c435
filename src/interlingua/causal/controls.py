"""Sets of units to hold a tested set against: as many, alike in what an edit's size depends on, chosen by nothing else.

Each unit of the tested set is replaced by one of its nearest neighbours outside it. A draw is the same in all
languages, so that what is rare in several languages at once can be told from what is rare in one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StatsError

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

#: A draw replaces each unit by one of so many nearest neighbours.
NEIGHBOURS = 10


@dataclass(frozen=True, eq=False)
class ControlSets:
    """Sets drawn to match tested units.

    Attributes
    ----------
    tested : ndarray of int64, shape (n,)
        All units that any language tests.
    images : ndarray of int64, shape (draws, n)
        What replaces each of them in each draw; in a draw no unit stands twice.
    far : ndarray, shape (features,)
        Mean distance of a unit and what replaces it, in SDs of the feature over the layer's units.
    random : ndarray, shape (features,)
        The same of units paired at random.
    """

    tested: Index
    images: Index
    far: Floats
    random: Floats

    @property
    def distinct(self) -> int:
        """How many of the sets are different ones."""
        return len({tuple(row) for row in np.sort(self.images, axis=1).tolist()})


def replaced(tested: Index, images: Index, units: Index) -> Index:
    """Return what replaces some of the tested units in each draw, shape (draws, len(units))."""
    place = {unit: at for at, unit in enumerate(tested.tolist())}
    return images[:, [place[unit] for unit in units.tolist()]]


def control_sets(
    features: Floats, tested: Index, *, draws: int, seed: int, neighbours: int = NEIGHBOURS
) -> ControlSets:
    """Draw control sets.

    Parameters
    ----------
    features : ndarray, shape (width, k)
        What is matched, such as log SD and |mean|; each is scaled by its SD over units (outliers beyond three of them
        count as three).
    tested : ndarray of int64, shape (n,)
        The units to be replaced: more than half of the layer can't be.
    draws, seed : int
        How many.
    neighbours : int
        Nearest units among which a draw chooses.

    Raises
    ------
    StatsError
        If too few units are left to replace the tested ones.
    """
    width, n = len(features), len(tested)
    others = np.setdiff1d(np.arange(width), tested)
    if len(others) < n:
        raise StatsError(
            f"{n} of {width} units are tested, so there are not as many others to compare them with: test fewer"
        )
    scaled = _scaled(features)
    distance = np.linalg.norm(scaled[tested][:, None] - scaled[others][None], axis=2)
    nearest = np.argsort(distance, axis=1, kind="stable")
    rng = np.random.default_rng(seed)
    images = np.empty((draws, n), dtype=np.int64)
    for draw in range(draws):
        free = np.ones(len(others), dtype=bool)
        for unit in rng.permutation(n):
            choice = nearest[unit][free[nearest[unit]]][:neighbours]
            taken = rng.choice(choice)
            free[taken] = False
            images[draw, unit] = others[taken]
    far = np.abs(scaled[images] - scaled[tested][None]).mean(axis=(0, 1))
    pairs = rng.permutation(width)
    return ControlSets(tested, images, far, np.abs(scaled - scaled[pairs]).mean(axis=0))


def _scaled(features: Floats) -> Floats:
    """Return features by their SD over units, without what few outliers make of it."""
    low, high = np.quantile(features, [0.05, 0.95], axis=0)
    spread = np.clip(features, low, high).std(axis=0)
    centred = (features - np.median(features, axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.clip(centred, -3.0, 3.0)
