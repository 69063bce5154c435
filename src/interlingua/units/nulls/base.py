"""What a null is given, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray


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
    def draw(
        self,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        words: NDArray[np.int64],
        r: float | None,
        draws: int,
        *,
        seed: int,
    ) -> NDArray[np.float64]:
        """Return ratings drawn under the null.

        Parameters
        ----------
        X : ndarray, shape (m, width)
            Standardised activations of one language.
        y : ndarray, shape (m,)
            Its ratings.
        words : ndarray of int, shape (m,)
            The word of each sentence, numbered from 0.
        r : float, optional
            How well the real ratings can be predicted for other words; some nulls don't need it.
        draws, seed : int
            How many, and their seed.

        Returns
        -------
        ndarray, shape (m, draws)
            One rating a word in each draw.
        """
