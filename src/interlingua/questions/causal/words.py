"""Which words of a language are for training, and which are read."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.seeds import derive_seed

_UNSEEN = "unseen"


def sides(ratings: pd.DataFrame, language: str, *, test_share: float, seed: int) -> NDArray[np.object_]:
    """Return "train" or "test" for each row: the study's split; an unseen language, which has none, is split here.

    Parameters
    ----------
    ratings
        Of one language, with the columns `word` and `split`.
    language
        It: the draw is its own.
    test_share
        Share of an unseen language's words that are read.
    seed
        The study's.
    """
    split = ratings["split"].to_numpy(dtype=object)
    if not (split == _UNSEEN).any():
        return split
    words = pd.unique(ratings["word"].to_numpy(dtype=object))
    order = np.random.default_rng(derive_seed(seed, "causal split", language)).permutation(len(words))
    test = set(words[order[: max(1, round(test_share * len(words)))]])
    return np.array(["test" if word in test else "train" for word in ratings["word"]], dtype=object)
