"""How much languages share: truths that are made without the method, and what must not change it."""

from __future__ import annotations

import numpy as np
import pytest

from interlingua.errors import StatsError
from interlingua.units.similarity import (
    Similarity,
    WordsOf,
    components,
    correlations,
    half_profiles,
    halves,
    mean_between,
    similarity,
)

CODES = ("a", "b", "c", "d", "e", "f")


def languages(
    truth: float, *, seed: int, n_words: int = 300, width: int = 200, codes: tuple[str, ...] = CODES
) -> dict[str, WordsOf]:
    """Return languages whose units correlate with the rating as drawn: `truth` is the profiles' correlation."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=width)
    found = {}
    for code in codes:
        z = 0.25 * (np.sqrt(truth) * common + np.sqrt(1 - truth) * rng.normal(size=width))
        r = np.tanh(z)
        y = rng.normal(size=n_words)
        X = r * y[:, None] + np.sqrt(1 - r**2) * rng.normal(size=(n_words, width))
        found[code] = WordsOf(X, y)
    return found


def unlinked(words: dict[str, WordsOf], splits: int, seed: int) -> dict[str, np.ndarray]:
    return {c: halves([""] * len(one.X), language=c, splits=splits, seed=seed) for c, one in words.items()}


def shared(words: dict[str, WordsOf], splits: int = 20, seed: int = 0) -> Similarity:
    first = unlinked(words, splits, seed)
    return similarity({code: half_profiles(one, first[code]) for code, one in words.items()})


@pytest.mark.parametrize("truth", [1.0, 0.762, 0.303, 0.0])
def test_the_truth_is_recovered_whatever_the_sampling_error(truth: float) -> None:
    found = []
    for seed in range(12):
        words = languages(truth, seed=seed, n_words=120)
        found.append(shared(words, 5, seed))
    rho = np.array([one.rho for one in found])
    assert rho.mean() == pytest.approx(truth, abs=0.03)
    # Without the ceiling it would be far lower: half of the words say little of a unit.
    assert np.mean([one.mean_between for one in found]) < 0.85 * truth + 0.02
    assert all(one.high <= 1.0 for one in found)
    assert all(one.low < one.lower < one.rho for one in found)


def test_the_jackknife_covers_the_truth() -> None:
    """In 100 draws of 6 languages of one population; languages that differ are in benchmarks/coverage.py.

    The truth is that of the layer's units: with other units the common code would have another variance.
    """
    inside = []
    for seed in range(100):
        common = np.random.default_rng(seed).normal(size=150)
        truth = 0.762 * common.var() / (0.762 * common.var() + 1 - 0.762)
        found = shared(languages(0.762, seed=seed, n_words=150, width=150), 4, seed)
        inside.append(found.low <= truth <= found.high)
    assert np.mean(inside) >= 0.93


def test_signs_count() -> None:
    words = languages(1.0, seed=0, codes=("a", "b"))
    turned = {"a": words["a"], "b": WordsOf(-words["b"].X, words["b"].y)}
    assert shared(turned).rho == pytest.approx(-shared(words).rho)


def test_few_languages_have_no_interval() -> None:
    for n in (2, 3):
        words = languages(0.8, seed=0, codes=CODES[:n])
        found = shared(words, 4)
        assert np.isfinite(found.rho)
        assert np.isnan([found.low, found.high, found.lower]).all()
    with pytest.raises(StatsError, match="two or more"):
        shared({"a": words["a"]})


def test_pairs_have_their_own_ceiling_and_noise_has_none() -> None:
    words = languages(1.0, seed=3, codes=("a", "b", "c"))
    rng = np.random.default_rng(0)
    words["c"] = WordsOf(rng.normal(size=(300, 200)), rng.normal(size=300))
    found = shared(words)
    assert found.pairs[0, 1] == pytest.approx(1.0, abs=0.1)
    assert abs(found.between[0, 2]) < 0.2
    if found.ceiling[2] <= 0:
        assert np.isnan(found.rho)
        assert np.isnan(found.pairs[2]).all()
    assert np.isnan(np.diag(found.between)).all()


def test_a_concept_stands_in_one_half_everywhere() -> None:
    a = halves(["x", "y", *[""] * 38], language="a", splits=50, seed=0)
    b = halves([*[""] * 30, "y", "y", "x"], language="b", splits=50, seed=0)
    assert (a[:, 0] == b[:, 32]).all()
    assert (a[:, 1] == b[:, 30]).all()
    assert (a[:, 1] == b[:, 31]).all()
    assert (a[:, 0] != a[:, 1]).any()
    assert set(a.sum(axis=1)) == {20}
    assert set(b.sum(axis=1)) == {16}
    assert 0 < a[:, 0].mean() < 1
    assert (a[:, 2:] != halves([""] * 38, language="c", splits=50, seed=0)).any()
    with pytest.raises(StatsError, match="a: 10 words are too few"):
        halves([""] * 10, language="a", seed=0)


def test_draws_are_compared_by_the_same_number_as_the_real_ratings() -> None:
    words = languages(0.7, seed=5)
    first = unlinked(words, 3, 2)
    rng = np.random.default_rng(1)
    drawn = [
        WordsOf(one.X, np.column_stack([one.y, *(rng.permutation(one.y) for _ in range(30))])) for one in words.values()
    ]
    values = mean_between(drawn, list(first.values()))
    assert values.shape == (31,)
    assert values[0] == pytest.approx(shared(words, 3, 2).mean_between)
    assert abs(values[1:].mean()) < 0.02
    assert values[0] > values[1:].max()


def test_a_constant_unit_is_one_that_carries_nothing() -> None:
    words = languages(0.7, seed=5)
    constant = {code: WordsOf(np.column_stack([one.X, np.full(300, 3.0)]), one.y) for code, one in words.items()}
    assert correlations(constant["a"].X, constant["a"].y)[0, -1] == 0
    assert shared(constant).rho == pytest.approx(shared(words).rho, abs=0.02)


def test_components_are_what_the_profiles_were_made_of() -> None:
    shares, coverage = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        n, width, n_words = 8, 400, 400
        common = 0.2 * rng.normal(size=width)
        z = common + 0.1 * rng.normal(size=(n, width)) + rng.normal(size=(n, width)) / np.sqrt(n_words - 3)
        found = components(np.tanh(z), np.full(n, n_words))
        shares.append(found.share)
        assert found.noise == pytest.approx(1 / (n_words - 3))
        assert np.corrcoef(found.score, common)[0, 1] > 0.95
        coverage.append(np.mean(np.abs(found.score - (common - common.mean())) < 1.96 * found.sd))
        # The local false sign rate tells how many signs are wrong.
        wrong = np.mean(np.sign(found.score) != np.sign(common - common.mean()))
        assert wrong == pytest.approx(found.false_sign.mean(), abs=0.03)
    assert np.mean(shares) == pytest.approx(0.8, abs=0.03)
    assert np.mean(coverage) == pytest.approx(0.95, abs=0.02)


def test_components_of_nothing() -> None:
    rng = np.random.default_rng(0)
    found = components(np.tanh(rng.normal(size=(4, 300)) / np.sqrt(97)), np.full(4, 100))
    assert found.shared < 0.002
    assert found.own < 0.002
    same = components(np.zeros((3, 5)), np.full(3, 50))
    assert same.shared == 0
    assert np.isnan(same.share)
    assert (same.false_sign == 0.5).all()
