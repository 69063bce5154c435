"""Units in at least d of k sets: exact means, and the simulated null against every possible outcome."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from interlingua.errors import StatsError
from interlingua.stats.degrees import degree_table, membership_sf, simulate_degrees
from interlingua.stats.superexact import superexact_pmf, superexact_sf


@given(st.integers(1, 500), st.data())
def test_membership_of_equal_sets_is_binomial(n: int, data: st.DataObject) -> None:
    size, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, 20))
    d = np.arange(-1, k + 3)
    expected = scipy.stats.binom.sf(d - 1, k, size / n)
    np.testing.assert_allclose(membership_sf(d, [size] * k, n), expected, rtol=1e-10, atol=1e-300)


@given(st.integers(1, 50), st.data())
def test_membership_of_unequal_sets_in_fractions(n: int, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(0, n), min_size=1, max_size=6))
    shares = [Fraction(size, n) for size in sizes]
    exact = [Fraction(0)] * (len(sizes) + 1)
    for held in product((0, 1), repeat=len(sizes)):
        p = Fraction(1)
        for share, in_set in zip(shares, held, strict=True):
            p *= share if in_set else 1 - share
        exact[sum(held)] += p
    tails = [float(sum(exact[d:])) for d in range(len(sizes) + 1)]
    np.testing.assert_allclose(membership_sf(np.arange(len(tails)), sizes, n), tails, rtol=1e-13)


def test_membership_of_a_scalar() -> None:
    assert isinstance(membership_sf(2, [10, 20], 100), float)
    assert membership_sf(0, [10, 20], 100) == 1.0
    assert membership_sf(3, [10, 20], 100) == 0.0
    assert membership_sf(2, [10, 20], 100) == pytest.approx(0.02, rel=1e-15)


@pytest.mark.parametrize(("n", "sizes"), [(4, (2, 2, 1)), (5, (3, 2, 2)), (3, (1, 2, 3, 1))])
def test_simulation_against_every_possible_outcome(n: int, sizes: tuple[int, ...]) -> None:
    k, draws = len(sizes), 40_000
    choices = [list(combinations(range(n), size)) for size in sizes]
    outcomes = np.array(
        [np.bincount(np.concatenate(drawn), minlength=n) for drawn in product(*choices)]
    )  # (outcomes, n): in how many sets each element lies
    simulated = simulate_degrees(sizes, n, draws=draws, seed=11)
    for d in range(1, k + 1):
        exact = np.bincount((outcomes >= d).sum(axis=1), minlength=n + 1) / len(outcomes)
        frequency = np.bincount(simulated[:, d - 1], minlength=n + 1) / draws
        assert (frequency[exact == 0] == 0).all()
        error = np.sqrt(exact * (1 - exact) / draws)
        np.testing.assert_array_less(np.abs(frequency - exact), 5 * error + 1e-12)


def test_simulation_of_thirteen_sets() -> None:
    sizes, n, draws = [100] * 6 + [80] * 7, 768, 20_000
    simulated = simulate_degrees(sizes, n, draws=draws, seed=0)
    assert simulated.shape == (draws, 13)
    np.testing.assert_array_equal(simulated.sum(axis=1), sum(sizes))  # each membership is counted once
    assert (np.diff(simulated, axis=1) <= 0).all()
    expected = n * membership_sf(np.arange(1, 14), sizes, n)
    error = simulated.std(axis=0) / np.sqrt(draws) + 1e-4
    np.testing.assert_array_less(np.abs(simulated.mean(axis=0) - expected), 5 * error)


def test_highest_degree_is_the_super_exact_distribution() -> None:
    draws = 50_000
    in_all = simulate_degrees([60, 50, 70], 100, draws=draws, seed=4)[:, -1]
    pmf = superexact_pmf(np.arange(51), [60, 50, 70], 100)
    frequency = np.bincount(in_all, minlength=51) / draws
    np.testing.assert_array_less(np.abs(frequency - pmf), 5 * np.sqrt(pmf * (1 - pmf) / draws) + 1e-4)


def test_table() -> None:
    sets = {"a": [0, 1, 2, 3], "b": [0, 1, 4, 5], "c": [0, 6, 7]}
    table = degree_table(sets, 30, draws=4000, seed=1)
    assert table.columns.tolist() == ["n_sets", "observed", "expected", "p"]
    assert table["n_sets"].tolist() == [1, 2, 3]
    assert table["observed"].tolist() == [8, 2, 1]
    np.testing.assert_allclose(table["expected"], 30 * membership_sf([1, 2, 3], [4, 4, 3], 30), rtol=1e-14)
    exact = superexact_sf(1, [4, 4, 3], 30)
    assert abs(table["p"][2] - exact) < 5 * np.sqrt(exact / 4000)
    pd.testing.assert_frame_equal(table, degree_table(list(sets.values()), 30, draws=4000, seed=1))
    assert not table["p"].equals(degree_table(sets, 30, draws=4000, seed=2)["p"])


def test_p_has_a_floor_and_a_ceiling() -> None:
    same = degree_table([range(100)] * 5, 768, draws=999)
    assert same["p"].tolist()[0] == 1.0
    assert same["p"].tolist()[2:] == [0.001] * 3
    none = degree_table([[0], [1], []], 10, draws=99)
    assert none["observed"].tolist() == [2, 0, 0]
    assert none["p"].tolist()[1:] == [1.0, 1.0]


def test_type_one_error_of_independent_sets() -> None:
    rng = np.random.default_rng(8)
    p = np.array(
        [
            degree_table([rng.choice(768, 100, replace=False) for _ in range(7)], 768, draws=399, seed=i)["p"]
            for i in range(300)
        ]
    )
    # d = 2 and 3 have counts of 60 to 200, so that p is nearly continuous; d = 5 and more are conservative.
    rejected = (p <= 0.05).mean(axis=0)
    assert (np.abs(rejected[1:3] - 0.05) < 0.04).all()
    assert (rejected < 0.09).all()


def test_errors() -> None:
    with pytest.raises(StatsError, match="draws must be at least 1; it is 0"):
        degree_table([[0], [1]], 5, draws=0)
    with pytest.raises(StatsError, match="element 7 lies outside"):
        degree_table([[0], [7]], 5)
    with pytest.raises(StatsError, match="d must be a whole number"):
        membership_sf(1.5, [1], 5)  # type: ignore[call-overload]
