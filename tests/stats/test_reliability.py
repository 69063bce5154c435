"""The reliability of mean ratings: against analysis of variance of single ratings, and what r becomes by it."""

from __future__ import annotations

import numpy as np
import pytest

from interlingua.errors import StatsError
from interlingua.stats import reliability


def rated(seed: int, n_words: int = 400, raters: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return each word's true rating, and what every rater says of it."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=n_words)
    return true, true[:, None] + 2.0 * rng.normal(size=(n_words, raters))


def test_it_is_the_one_of_an_analysis_of_variance() -> None:
    """Hoyt's reliability of raters nested in words: 1 - MS within / MS between."""
    _, single = rated(0)
    n, k = single.shape
    between = k * single.mean(axis=1).var(ddof=1)
    within = single.var(axis=1, ddof=1).mean()
    found = reliability(single.mean(axis=1), single.std(axis=1, ddof=1) / np.sqrt(k))
    assert found == pytest.approx(1 - within / between, rel=1e-12)
    assert n == 400


def test_r_over_its_root_is_the_r_with_endless_raters() -> None:
    corrected, raw = [], []
    for seed in range(20):
        true, single = rated(seed)
        predicted = true + np.random.default_rng(seed + 100).normal(size=len(true))
        rel = reliability(single.mean(axis=1), single.std(axis=1, ddof=1) / np.sqrt(12))
        raw.append(np.corrcoef(predicted, single.mean(axis=1))[0, 1])
        corrected.append(raw[-1] / np.sqrt(rel))
    assert np.mean(corrected) == pytest.approx(1 / np.sqrt(2), abs=0.02)
    assert np.mean(raw) < 0.64


def test_without_errors_it_is_one_and_with_words_alike_it_is_low() -> None:
    rng = np.random.default_rng(0)
    assert reliability(rng.normal(size=30), np.zeros(30)) == 1
    alike = rng.normal(size=(2000, 10))
    assert abs(reliability(alike.mean(axis=1), alike.std(axis=1, ddof=1) / np.sqrt(10))) < 0.1
    assert reliability([1.0, 2.0, 3.0], [5.0, 5.0, 5.0]) < 0


def test_what_has_none() -> None:
    assert np.isnan(reliability([1.0, 2.0], [0.1, 0.1]))
    assert np.isnan(reliability([2.0, 2.0, 2.0], [0.1, 0.1, 0.1]))
    with pytest.raises(StatsError, match="one of each a word"):
        reliability([1.0, 2.0, 3.0], [0.1])
    with pytest.raises(StatsError, match="no finite number"):
        reliability([1.0, 2.0, np.nan], [0.1, 0.1, 0.1])
    with pytest.raises(StatsError, match="below 0"):
        reliability([1.0, 2.0, 3.0], [0.1, -0.1, 0.1])
