"""Few units of other languages in a language that has no say: against least squares by hand, and a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.subsets import SubsetRidge
from interlingua.stats.correlation import pearson
from interlingua.units.zero_shot import CurveFits, fit_curve, sizes, zero_shot

CODES = ("en", "es", "fr")


def probes(code: str, *, shared: bool) -> SubsetRidge:
    """Return a language whose rating goes with unit 2 most and with unit 7 less; elsewhere if it is not `shared`."""
    rng = np.random.default_rng(sum(map(ord, code)))
    words = np.repeat(np.arange(120), 2)
    y = rng.normal(size=120)[words]
    X = rng.normal(size=(240, 20))
    first, second = (2, 7) if shared else (12, 17)
    X[:, first] += 1.5 * y
    X[:, second] -= 0.5 * y
    table = pd.DataFrame({"language": code, "word": [f"w{word}" for word in words], "valence": y})
    table["split"] = np.where(words < 96, "train", "test")
    design = Design(Activations.from_arrays([X.astype(np.float32)], {"language": code}), table)
    return SubsetRidge(design, "valence", 0, folds=3, seed=1)


def fitted(shared: bool) -> tuple[dict[str, CurveFits], np.ndarray]:
    chosen = {code: np.array([2, 7, 1]) for code in CODES}
    random = np.stack([np.random.default_rng(n).permutation(20)[:10] for n in range(30)])
    of_language = {code: probes(code, shared=shared or code == "en") for code in CODES}
    return {code: fit_curve(one, chosen, random, (1, 3, 10)) for code, one in of_language.items()}, random


def test_sizes_end_at_the_top() -> None:
    assert sizes(71) == (1, 3, 5, 10, 20, 40, 71)
    assert sizes(10) == (1, 3, 5, 10)
    assert sizes(1) == (1,)


def test_one_shared_unit_predicts_and_random_ones_do_not() -> None:
    fits, random = fitted(shared=True)
    units = np.array([2, 7, 1])
    one, of_random = zero_shot(fits, "fr", units, random, 1)
    three, _ = zero_shot(fits, "fr", units, random, 3)
    words = fits["fr"].words
    assert one == pytest.approx(pearson(words.y, words.X[:, 2]))  # the sign is the others', and is right
    assert three > one > 0.7
    assert of_random.shape == (30,)
    assert np.median(of_random) < 0.3
    # By hand: the mean of the others' weights.
    weights = (fits["en"].chosen["fr", 3] + fits["es"].chosen["fr", 3]) / 2
    assert three == pytest.approx(pearson(words.y, words.X[:, units] @ weights))


def test_units_that_are_not_shared_do_not_predict() -> None:
    fits, random = fitted(shared=False)
    for size in (1, 3):
        there, _ = zero_shot(fits, "fr", np.array([2, 7, 1]), random, size)
        assert abs(there) < 0.25


def test_fewer_units_than_wanted_are_all_that_there_are() -> None:
    fits, random = fitted(shared=True)
    assert fits["en"].chosen["es", 10].shape == (3,)
    three, _ = zero_shot(fits, "es", np.array([2, 7, 1]), random, 3)
    ten, _ = zero_shot(fits, "es", np.array([2, 7, 1]), random, 10)
    assert ten == pytest.approx(three)
