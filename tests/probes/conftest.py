"""A small study: words with a rating that a few units of a few layers carry, six sentences each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from interlingua.models.store import Activations

Study = tuple[Activations, pd.DataFrame]


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    def make(language: str = "en", *, seed: int = 0, n_words: int = 40, sentences: int = 6) -> Study:
        rng = np.random.default_rng(seed)
        n_layers, width = 3, 10
        words = np.repeat([f"w{i:03d}" for i in range(n_words)], sentences)
        valence = np.repeat(rng.uniform(size=n_words), sentences)
        layers = rng.normal(size=(n_layers, len(words), width)) @ rng.normal(size=(width, width))
        layers = layers * 3 + rng.normal(size=(n_layers, 1, width)) * 5
        layers[1, :, 3] += 6 * valence
        layers[1, :, 7] -= 9 * valence
        layers[2, :, 2] += 3 * valence
        layers[0, :, 5] = 0.1  # a unit that never varies
        contexts = pd.DataFrame(
            {
                "context_id": [f"{language}-{i:05d}" for i in range(len(words))],
                "language": language,
                "word": words,
                "split": np.where(np.arange(len(words)) < 0.8 * len(words), "train", "test"),
                "valence": valence,
                "arousal": np.repeat(rng.uniform(size=n_words), sentences),
            }
        )
        metadata = {"language": language, "model": "tiny"}
        return Activations.from_arrays(layers.astype(np.float32), metadata), contexts

    return make


@pytest.fixture
def study(make_study: Callable[..., Study]) -> Study:
    return make_study()
