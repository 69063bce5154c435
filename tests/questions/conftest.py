"""Languages that are made up with a known truth: what of their units' profiles they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from interlingua.models import Activations

Words = tuple[Activations, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class MadeUp:
    """Languages of which it is known what they share.

    Attributes
    ----------
    words
        Activations and ratings of each, a word a sentence or two.
    r
        True correlation of every unit of layer 1 with the rating, by language, shape (width,).
    """

    words: Mapping[str, Words]
    r: Mapping[str, NDArray[np.float64]]


def make(
    truth: float | None,
    codes: Sequence[str],
    *,
    n_words: int = 160,
    width: int = 90,
    size: float = 0.3,
    linked: int = 0,
    seed: int = 0,
) -> MadeUp:
    """Make up languages.

    Parameters
    ----------
    truth
        Correlation of two languages' true profiles in layer 1 (1: one code; 0: each its own); None: no unit of any
        language goes with the rating. In layer 0 none does.
    codes
        The languages.
    n_words, width
        Of each language (a tenth are test words; every second word has two sentences); units a layer.
    size
        Standard deviation of a profile on Fisher's scale.
    linked
        So many words of each language share concepts.
    seed
        Of everything.
    """
    rng = np.random.default_rng(seed)
    common = rng.normal(size=width)
    words, true = {}, {}
    for code in codes:
        own = np.sqrt(truth or 0) * common + np.sqrt(1 - (truth or 0)) * rng.normal(size=width)
        r = np.tanh(size * own) if truth is not None else np.zeros(width)
        y = rng.normal(size=n_words)
        means = r * y[:, None] + np.sqrt(1 - r**2) * rng.normal(size=(n_words, width))
        of_word = np.repeat(np.arange(n_words), np.where(np.arange(n_words) % 2, 2, 1))
        # Two sentences stand at equal distances from their word's mean.
        away = np.where(of_word % 2, np.where(np.r_[True, np.diff(of_word) > 0], 1.0, -1.0), 0.0)[:, None]
        layers = np.stack([rng.normal(size=(len(of_word), width)), means[of_word] + 0.5 * away])
        table = pd.DataFrame(
            {
                "language": code,
                "word": [f"{code}{number}" for number in of_word],
                "concept": [f"c{number}" if number < linked else "" for number in of_word],
                "split": np.where(of_word < 0.9 * n_words, "train", "test"),
                "valence": y[of_word],
            }
        )
        words[code] = Activations.from_arrays(layers.astype(np.float32), {"language": code, "model": "m"}), table
        true[code] = r
    return MadeUp(words, true)


@pytest.fixture(scope="session")
def made_up() -> Callable[..., MadeUp]:
    """Return what makes languages up."""
    return make
