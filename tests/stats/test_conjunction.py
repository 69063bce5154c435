"""Partial conjunction: against enumeration of the definition, and its error rates on truths of its own making."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.conjunction import partial_conjunction
from interlingua.stats.multiplicity import adjust


def p_of_sign(r: float, n_words: int, least: float, sign: int) -> float:
    return float(stats.norm.sf((sign * np.arctanh(r) - np.arctanh(least)) * np.sqrt(n_words - 3)))


@pytest.mark.parametrize("independent", [True, False])
@pytest.mark.parametrize("languages", [1, 2, 4])
def test_it_is_the_definition(languages: int, independent: bool) -> None:
    rng = np.random.default_rng(0)
    r, n_words = rng.uniform(-0.9, 0.9, size=(4, 30)), np.array([20, 40, 80, 33])
    found = partial_conjunction(r, n_words, languages=languages, least=0.2, independent=independent)
    for unit in range(30):
        by_sign = {}
        for sign in (1, -1):
            p = sorted(p_of_sign(r[i, unit], n_words[i], 0.2, sign) for i in range(4))
            last = p[languages - 1 :]
            if independent:
                by_sign[sign] = stats.combine_pvalues(last, method="fisher").pvalue
            else:
                by_sign[sign] = (4 - languages + 1) * last[0]
        assert found.p[unit] == pytest.approx(min(1.0, 2 * min(by_sign.values())), rel=1e-9)
        assert found.sign[unit] == min(by_sign, key=lambda sign: by_sign[sign])


def truths(rng: np.random.Generator, n: int, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Return true correlations and in how many languages each unit's exceeds .2 with one sign."""
    rho = np.where(rng.random((n, units)) < 0.5, 0.0, 0.2) * rng.choice([-1, 1], size=units)
    carried = rng.integers(0, n + 1, size=units)
    for unit in range(units // 4):
        rho[rng.permutation(n)[: carried[unit]], unit] = 0.5
    carries = np.maximum((rho > 0.2 + 1e-9).sum(axis=0), (rho < -0.2 - 1e-9).sum(axis=0))
    return rho, carries


@pytest.mark.parametrize("independent", [True, False])
@pytest.mark.parametrize("languages", [2, 5, 8])
def test_false_discoveries_are_few_and_true_ones_many(languages: int, independent: bool) -> None:
    rng = np.random.default_rng(languages)
    rates, powers = [], []
    for _ in range(60):
        rho, carries = truths(rng, 8, 300)
        r = np.tanh(np.arctanh(rho) + rng.normal(size=rho.shape) / np.sqrt(417))
        found = partial_conjunction(r, np.full(8, 420), languages=languages, least=0.2, independent=independent)
        chosen = adjust(found.p, "bh") <= 0.05
        rates.append((carries[chosen] < languages).mean() if chosen.any() else 0.0)
        powers.append(chosen[carries >= languages].mean())
    assert np.mean(rates) <= 0.05
    assert np.mean(powers) > 0.8


def test_opposite_signs_are_no_agreement() -> None:
    r = np.array([[0.7, 0.7], [-0.7, 0.7]])
    found = partial_conjunction(r, np.array([100, 100]), languages=2, least=0.1, independent=True)
    assert found.p[0] > 0.9
    assert found.p[1] < 1e-6
    either = partial_conjunction(r, np.array([100, 100]), languages=1, least=0.1, independent=True)
    assert (either.p < 1e-6).all()


def test_a_perfect_correlation_is_strong_evidence_and_no_error() -> None:
    found = partial_conjunction(np.ones((3, 1)), np.full(3, 50), languages=3, least=0.3, independent=True)
    assert 0 <= found.p[0] < 1e-20


@pytest.mark.parametrize(
    ("r", "n_words", "options", "match"),
    [
        (np.zeros(3), [10, 10, 10], {}, r"\(n, units\)"),
        (np.full((2, 2), 1.5), [10, 10], {}, "between -1 and 1"),
        (np.full((2, 2), np.nan), [10, 10], {}, "between -1 and 1"),
        (np.zeros((2, 2)), [10, 3], {}, "3 words"),
        (np.zeros((2, 2)), [10, 10], {"languages": 3}, "from 1 to 2"),
        (np.zeros((2, 2)), [10, 10], {"least": 1.0}, "least is 1.0"),
    ],
)
def test_what_can_t_be_asked(r: np.ndarray, n_words: list[int], options: dict[str, float], match: str) -> None:
    with pytest.raises(StatsError, match=match):
        partial_conjunction(r, n_words, **{"languages": 2, "least": 0.2, "independent": True, **options})
