"""What is done to units: shifted along the rating, set to a mean, to another word's values, or to zero.

Every edit changes each unit by itself, so that the first-order effect of a set of units is the sum of theirs.

References
----------
Antverg, O., & Belinkov, Y. (2022). On the pitfalls of analyzing individual neurons in language models. ICLR.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Edit(ABC):
    """How the value of every unit of a layer would change; where it is done, is said by what applies it."""

    @abstractmethod
    def change(self, values: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the change of every unit, shape (S, T, width) or what broadcasts to it.

        Parameters
        ----------
        values : Tensor, shape (S, T, width)
            The layer's states.
        rows : ndarray of int64, shape (S,)
            The sentences' numbers.
        """


@dataclass(frozen=True, eq=False)
class Steer(Edit):
    """Units are shifted by one vector, whatever the word.

    Parameters
    ----------
    shift : ndarray, shape (width,)
        Dose x sign x SD of each unit.
    """

    shift: Floats

    def change(self, values: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the shift."""
        return _like(self.shift, values)


@dataclass(frozen=True, eq=False)
class SetTo(Edit):
    """Units are set to one value each: their mean over the language's words, or zero.

    Parameters
    ----------
    value : ndarray, shape (width,)
        Of each unit. Zeros measure outliers, not meaning: a few units have means far from 0.
    """

    value: Floats

    def change(self, values: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return what is missing to the values."""
        return _like(self.value, values) - values


@dataclass(frozen=True, eq=False)
class Donor(Edit):
    """Units get the values that they have at another word: a chosen one (`swap`), or a random one (`resample`).

    Parameters
    ----------
    values : ndarray, shape (n, width)
        For each sentence, those of the other word.
    """

    values: NDArray[np.floating]

    def change(self, values: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return what is missing to the other word's values."""
        return _like(self.values[rows], values)[:, None] - values


@dataclass(frozen=True, eq=False)
class Applied:
    """An edit of some units of a layer, or along one direction in it.

    Parameters
    ----------
    edit : Edit
        What is done.
    units : ndarray of int64, shape (k,), or None
        To which; None: along `direction`.
    direction : ndarray, shape (width,), optional
        Of any length; what the edit would change along it is changed, all else stays.
    """

    edit: Edit
    units: NDArray[np.int64] | None
    direction: Floats | None = None

    def to(self, values: torch.Tensor, at: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return edited values.

        Parameters
        ----------
        values : Tensor, shape (S, T, width)
            The layer's states.
        at : Tensor of bool, shape (S, T)
            Tokens at which it is done.
        rows : ndarray of int64, shape (S,)
            The sentences' numbers.
        """
        change = self.edit.change(values, rows).expand_as(values)
        if self.units is not None:
            chosen = torch.zeros(values.shape[-1], dtype=torch.bool, device=values.device)
            chosen[torch.tensor(self.units.tolist(), device=values.device)] = True
            return torch.where(at[..., None] & chosen, values + change, values)
        assert self.direction is not None
        along = _like(self.direction / np.linalg.norm(self.direction), values)
        return torch.where(at[..., None], values + (change @ along)[..., None] * along, values)


def swap_partners(ratings: Floats) -> NDArray[np.int64]:
    """Return for each word another that differs much in its rating: half of all words further by rank, in a circle.

    Parameters
    ----------
    ratings : ndarray, shape (n,)
        n of two or more.
    """
    return _in_circle(np.argsort(ratings, kind="stable"), len(ratings) // 2)


def random_partners(n: int, seed: int) -> NDArray[np.int64]:
    """Return for each of n words (two or more) another, at random."""
    return _in_circle(np.random.default_rng(seed).permutation(n), 1)


def _in_circle(order: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    partners = np.empty(len(order), dtype=np.int64)
    partners[order] = np.roll(order, -step)
    return partners


def _like(array: NDArray[np.floating], values: torch.Tensor) -> torch.Tensor:
    return torch.tensor(array, dtype=values.dtype, device=values.device)
