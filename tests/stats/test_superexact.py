"""The super exact test against exact integers, R, scipy, brute force and its own invariants.

``data/superexact_exact.csv`` holds ``log P(X >= x)`` to 20 digits: rows of ``golden/kx_100of768_exact.csv`` and
``golden/psets_exact.csv`` of the developers' reference data (exact integer arithmetic), and, as ``exact_integers``,
values for large universes from the same formula as `exact_tail` below.
"""

from __future__ import annotations

import doctest
import importlib
import math
import re
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from textwrap import dedent

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from interlingua.errors import StatsError
from interlingua.stats._hypergeom import intersection_log_pmf, intersection_log_sf, log_choose
from interlingua.stats._moments import MAX_EXPECTED, log_sf_by_moments
from interlingua.stats.superexact import superexact, superexact_pmf, superexact_sf

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "super-exact-test.md"


def exact_tail(x: int, sizes: tuple[int, ...], n: int) -> Fraction:
    """P(X >= x) in exact integers: inclusion-exclusion over T_j, the ways to share j given elements."""
    total = math.prod(math.comb(n, size) for size in sizes)
    if x <= 0:
        return Fraction(1)
    signed = 0
    for j in range(x, min(sizes) + 1):
        ways = math.comb(n, j) * math.prod(math.comb(n - j, size - j) for size in sizes)
        signed += (-1) ** (j - x) * math.comb(j - 1, x - 1) * ways
    return Fraction(signed, total)


def relative_error(log_p: float, exact_log_p: float) -> float:
    """|p / exact - 1| from logarithms; where both are -inf, 0."""
    if np.isneginf(exact_log_p) or np.isneginf(log_p):
        return 0.0 if log_p == exact_log_p else np.inf
    return abs(math.expm1(log_p - exact_log_p))


@st.composite
def sizes_and_universe(draw: st.DrawFn, max_n: int = 40, max_sets: int = 5) -> tuple[list[int], int]:
    n = draw(st.integers(1, max_n))
    return draw(st.lists(st.integers(0, n), min_size=1, max_size=max_sets)), n


@st.composite
def random_sets(draw: st.DrawFn, max_n: int = 30, max_sets: int = 6) -> tuple[list[list[int]], int]:
    n = draw(st.integers(1, max_n))
    of_universe = st.lists(st.integers(0, n - 1), unique=True, max_size=n)
    return draw(st.lists(of_universe, min_size=2, max_size=max_sets)), n


class TestTailAgainstExactIntegers:
    def test_selected_reference_values(self) -> None:
        table = pd.read_csv(HERE / "data" / "superexact_exact.csv")
        assert len(table) == 71
        for row in table.itertuples():
            sizes = [int(size) for size in row.sizes.split()]
            log_p = superexact_sf(row.x, sizes, row.n, log=True)
            assert relative_error(log_p, row.log_sf) <= 1e-11, row
            assert math.isclose(superexact_sf(row.x, sizes, row.n), math.exp(row.log_sf), rel_tol=1e-11)

    def test_all_k_sets_of_100_of_768(self, shared: Path) -> None:
        table = pd.read_csv(shared / "golden" / "kx_100of768_exact.csv")
        for k, rows in table.groupby("k"):
            log_p = superexact_sf(rows["x"].to_numpy(), [100] * k, 768, log=True)
            assert np.abs(np.expm1(log_p - rows["logp_ge_exact"])).max() <= 1e-11
            p = superexact_sf(rows["x"].to_numpy(), [100] * k, 768)
            normal = rows["p_ge_exact"] > 1e-300
            np.testing.assert_allclose(p[normal], rows["p_ge_exact"][normal], rtol=1e-11)

    def test_all_unequal_tiny_and_extreme_sets(self, shared: Path) -> None:
        table = pd.read_csv(shared / "golden" / "psets_exact.csv", dtype={"L": str})
        assert len(table) == 539
        for row in table.itertuples():
            sizes = [int(size) for size in row.L.split(";")]
            # The reference has P(X > x), ours is P(X >= x).
            answers = {
                "upper_exactlog": superexact_sf(row.x + 1, sizes, row.n, log=True),
                "d_exactlog": superexact_pmf(row.x, sizes, row.n, log=True),
            }
            for column, log_p in answers.items():
                exact = getattr(row, column)
                if not np.isnan(exact):
                    assert relative_error(log_p, exact) <= 1e-11, (row, column)
            lower = 1 - superexact_sf(row.x + 1, sizes, row.n)
            assert math.isclose(lower, math.exp(row.lower_exactlog), rel_tol=1e-9, abs_tol=1e-13)

    @given(sizes_and_universe())
    def test_any_sizes(self, case: tuple[list[int], int]) -> None:
        sizes, n = case
        x = np.arange(-1, n + 2)
        exact = [exact_tail(int(value), tuple(sizes), n) for value in x]
        np.testing.assert_allclose(superexact_sf(x, sizes, n), [float(p) for p in exact], rtol=1e-12)
        pmf = [float(p - q) for p, q in zip(exact, [*exact[1:], Fraction(0)], strict=True)]
        np.testing.assert_allclose(superexact_pmf(x, sizes, n), pmf, rtol=1e-12)

    def test_windows_of_large_steps_lose_nothing(self) -> None:
        # Sets so large that a step is evaluated in blocks of rows and windows of columns.
        sizes, n = (900, 1100, 1300), 2500
        for x in (1, 150, 206, 280, 500, 899):
            exact = exact_tail(x, sizes, n)
            log_exact = math.log(exact.numerator) - math.log(exact.denominator)
            assert relative_error(superexact_sf(x, sizes, n, log=True), log_exact) <= 1e-11

    def test_log_choose_keeps_its_digits_in_a_large_universe(self) -> None:
        for k in (0, 1, 2, 10, 1000, 99_999):
            assert math.isclose(
                float(log_choose(100_000, k, 100_000)),
                math.log(math.comb(100_000, k)),
                rel_tol=1e-14,
                abs_tol=1e-12,
            )


class TestTailInvariants:
    @given(sizes_and_universe(max_n=1000), st.randoms(use_true_random=False))
    def test_order_of_the_sets_does_not_matter(self, case: tuple[list[int], int], random: object) -> None:
        sizes, n = case
        shuffled = list(sizes)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        x = np.arange(min(sizes) + 1)
        np.testing.assert_array_equal(superexact_sf(x, sizes, n, log=True), superexact_sf(x, shuffled, n, log=True))

    @given(sizes_and_universe(max_n=1000))
    def test_probabilities_sum_to_one_and_have_the_right_mean(self, case: tuple[list[int], int]) -> None:
        sizes, n = case
        x = np.arange(min(sizes) + 1)
        pmf = superexact_pmf(x, sizes, n)
        assert math.isclose(pmf.sum(), 1.0, rel_tol=1e-11)
        mean = n * math.prod(size / n for size in sizes)
        assert math.isclose(pmf @ x, mean, rel_tol=1e-11, abs_tol=1e-300)
        sf = superexact_sf(x, sizes, n)
        assert (np.diff(sf) <= 0).all()
        assert math.isclose(sf[1:].sum(), mean, rel_tol=1e-11, abs_tol=1e-300)

    @given(sizes_and_universe(max_n=200, max_sets=3))
    def test_a_set_of_everything_changes_nothing(self, case: tuple[list[int], int]) -> None:
        sizes, n = case
        x = np.arange(min(sizes) + 1)
        np.testing.assert_allclose(
            superexact_sf(x, [*sizes, n], n, log=True), superexact_sf(x, sizes, n, log=True), rtol=1e-12
        )

    @given(st.integers(1, 2000), st.data())
    def test_two_sets_are_hypergeometric(self, n: int, data: st.DataObject) -> None:
        a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
        x = np.arange(min(a, b) + 1)
        distribution = scipy.stats.hypergeom(n, a, b)
        np.testing.assert_allclose(superexact_pmf(x, [a, b], n), distribution.pmf(x), rtol=1e-9, atol=1e-290)
        np.testing.assert_allclose(superexact_sf(x, [a, b], n), distribution.sf(x - 1), rtol=1e-8, atol=1e-290)

    @pytest.mark.parametrize(("n", "sizes"), [(4, (2, 3, 2)), (5, (2, 2, 3)), (4, (1, 3, 3, 2)), (6, (3, 4))])
    def test_every_possible_outcome_counted(self, n: int, sizes: tuple[int, ...]) -> None:
        choices = [list(combinations(range(n), size)) for size in sizes]
        shared = [len(set.intersection(*map(set, drawn))) for drawn in product(*choices)]
        frequency = np.bincount(shared, minlength=n + 1) / len(shared)
        np.testing.assert_allclose(superexact_pmf(np.arange(n + 1), sizes, n), frequency, rtol=1e-12)

    def test_certain_and_impossible(self) -> None:
        assert superexact_sf(0, [100] * 13, 768) == 1.0
        assert superexact_sf(-3, [5, 5], 9) == 1.0
        assert str(superexact_sf(1, [5, 5], 9, log=True)) == "0.0"  # 5 + 5 > 9: at least one is shared
        assert superexact_sf(6, [5, 5], 9) == 0.0
        assert superexact_pmf([-1, 0, 6], [5, 5], 9, log=True).tolist() == [-np.inf] * 3

    def test_shapes(self) -> None:
        x = np.array([[1, 2], [3, 4]])
        sf = superexact_sf(x, [100, 100], 768)
        assert sf.shape == (2, 2)
        assert isinstance(superexact_sf(3, [100, 100], 768), float)
        assert sf[1, 0] == superexact_sf(3, [100, 100], 768)
        assert isinstance(superexact_pmf(np.int64(3), [100, 100], 768, log=True), float)

    def test_far_tail_near_one_keeps_its_digits(self) -> None:
        # P(X >= 1) for two sets differs from 1 by P(X = 0), 3e-7, which a sum of upper terms would not resolve.
        exact = superexact_pmf(0, [100, 100], 768)
        assert math.isclose(-superexact_sf(1, [100, 100], 768, log=True), exact, rel_tol=1e-6)


class TestMomentSeries:
    @settings(max_examples=300)
    @given(
        n=st.integers(2, 3000),
        shares=st.lists(st.floats(0.001, 1.0), min_size=1, max_size=4, unique=True),
        data=st.data(),
    )
    def test_agrees_with_hypergeometric_steps(self, n: int, shares: list[float], data: st.DataObject) -> None:
        sizes = np.unique([max(1, round(share * n)) for share in shares])
        counts = np.array([data.draw(st.integers(0, 6)) for _ in sizes])
        expected = n * np.prod((sizes / n) ** counts)
        if counts.sum() == 0 or expected > MAX_EXPECTED:
            return
        multiset = tuple(np.repeat(sizes, counts).tolist())
        x = data.draw(st.integers(1, multiset[0]))
        log_p = log_sf_by_moments(np.array([x]), counts[None], sizes, np.array([expected]), n)[0]
        assert relative_error(log_p, intersection_log_sf(multiset, n)[x]) <= 1e-10

    def test_many_rows_are_each_their_own(self) -> None:
        rng = np.random.default_rng(0)
        sizes = np.array([30, 50, 80])
        counts = rng.integers(1, 4, size=(5000, 3))
        x = rng.integers(1, 6, size=5000)
        expected = 768 * np.prod((sizes / 768) ** counts, axis=1)
        together = log_sf_by_moments(x, counts, sizes, expected, 768)
        for i in range(0, 5000, 611):
            multiset = tuple(np.repeat(sizes, counts[i]).tolist())
            assert relative_error(together[i], intersection_log_sf(multiset, 768)[x[i]]) <= 1e-10


class TestTable:
    @pytest.fixture
    def thirteen(self) -> dict[str, list[int]]:
        table = pd.read_csv(HERE / "data" / "sets13_100of768.csv")
        return {name: table[name].tolist() for name in table}

    def test_r_on_thirteen_sets(self, thirteen: dict[str, list[int]]) -> None:
        """R SuperExactTest 1.2.1, ``supertest(sets, n=768)``, random sets: copies of the developers' golden files."""
        in_r = pd.read_csv(HERE / "data" / "supertest13_R_sample.csv")
        in_r["sets"] = in_r["Intersections"].str.replace(" & ", " ")
        table = superexact(thirteen, 768)
        assert len(table) == 2**13 - 14
        both = in_r.merge(table, on="sets", how="left", validate="one_to_one")
        assert (both["observed"] == both["Observed.Overlap"]).all()
        assert (both["degree"] == both["Degree"]).all()
        np.testing.assert_allclose(both["expected"], both["Expected.Overlap"], rtol=1e-12)
        np.testing.assert_allclose(both["fe"], both["FE"], rtol=1e-12)
        two = both["observed"] >= 2
        assert two.sum() > 100
        np.testing.assert_allclose(both["p"][two], both["P.value"][two], rtol=1e-10)
        # R's P(X >= 1) is 1 - P(X = 0) and loses its digits where that is near 1.
        one = both["observed"] == 1
        np.testing.assert_allclose(both["p"][one], both["P.value"][one], rtol=1e-3)
        assert (both["p"][both["observed"] == 0] == 1).all()

    def test_exact_where_r_is_not(self) -> None:
        # 13 sets of 100 of 768 that have one element in common; R's 1 - P(X = 0) is off by 4.5e-4 here.
        table = superexact([[0, *(1 + (59 * i + j) % 767 for j in range(99))] for i in range(13)], 768)
        highest = table.iloc[-1]
        assert highest[["degree", "observed", "members"]].tolist() == [13, 1, "0"]
        assert relative_error(highest["log_p"], -19.85826438098535946) <= 1e-12  # kx_100of768_exact.csv

    @settings(deadline=None)
    @given(random_sets())
    def test_naive_enumeration(self, case: tuple[list[list[int]], int]) -> None:
        sets, n = case
        names = [f"s{i}" for i in range(len(sets))]
        table = superexact(dict(zip(names, sets, strict=True)), n, min_degree=1)
        choices = [c for degree in range(1, len(sets) + 1) for c in combinations(range(len(sets)), degree)]
        assert len(table) == len(choices) == 2 ** len(sets) - 1
        for row, chosen in zip(table.itertuples(index=False), choices, strict=True):
            members = sorted(set.intersection(*(set(sets[i]) for i in chosen)))
            sizes = [len(sets[i]) for i in chosen]
            assert row.sets == " ".join(names[i] for i in chosen)
            assert row.degree == len(chosen)
            assert row.observed == len(members)
            assert row.members == " ".join(map(str, members))
            assert math.isclose(row.expected, n * math.prod(size / n for size in sizes), rel_tol=1e-14)
            if row.expected:
                assert math.isclose(row.fe, len(members) / row.expected, rel_tol=1e-12)
            else:
                assert math.isnan(row.fe)
            exact = float(exact_tail(len(members), tuple(sizes), n))
            assert row.log_p <= 0
            assert math.isclose(row.p, exact, rel_tol=1e-11)
            assert math.isclose(math.exp(row.log_p), row.p, rel_tol=1e-14)

    @settings(deadline=None)
    @given(random_sets(), st.integers(0, 2**32 - 1))
    def test_relabelling_the_elements_changes_members_only(self, case: tuple[list[list[int]], int], seed: int) -> None:
        sets, n = case
        new_label = np.random.default_rng(seed).permutation(n)
        relabelled = superexact([new_label[members] for members in sets], n)
        table = superexact(sets, n)
        pd.testing.assert_frame_equal(table.drop(columns="members"), relabelled.drop(columns="members"))
        for before, after in zip(table["members"], relabelled["members"], strict=True):
            assert sorted(new_label[int(e)] for e in before.split()) == [int(e) for e in after.split()]

    def test_independent_sets_have_fold_enrichment_near_one_and_valid_p(self) -> None:
        rng = np.random.default_rng(3)
        fe, p = [], []
        for _ in range(150):
            table = superexact([rng.choice(768, 100, replace=False) for _ in range(3)], 768, members=False)
            fe.append(table["fe"].to_numpy())
            p.append(table["p"].to_numpy()[:3])
        # A pair's SD is 0.22 and a triple's about 0.7, over 150 draws 0.02 and 0.06.
        np.testing.assert_allclose(np.mean(fe, axis=0)[:3], 1, atol=0.06)
        assert abs(np.mean(fe, axis=0)[3] - 1) < 0.2
        # p of a discrete statistic is conservative: at .05 it rejects at 19 of 100 shared, .0448.
        assert abs((np.array(p) <= 0.05).mean() - superexact_sf(19, [100, 100], 768)) < 0.03

    def test_identical_sets(self) -> None:
        table = superexact([range(100)] * 4, 768)
        assert (table["observed"] == 100).all()
        np.testing.assert_allclose(
            table["log_p"], [superexact_sf(100, [100] * d, 768, log=True) for d in table["degree"]], rtol=1e-12
        )
        assert table["members"].nunique() == 1

    def test_twenty_unequal_sets(self) -> None:
        rng = np.random.default_rng(5)
        sets = [np.append(rng.choice(np.arange(1, 768), 90 + i, replace=False), 0) for i in range(20)]
        table = superexact(sets, 768)
        assert len(table) == 2**20 - 21
        assert (table["observed"] >= 1).all()
        assert table["degree"].is_monotonic_increasing
        for row in table.sample(60, random_state=0).itertuples():
            chosen = [int(name) for name in row.sets.split()]
            members = sorted(set.intersection(*(set(sets[i].tolist()) for i in chosen)))
            assert row.members == " ".join(map(str, members))
            log_p = superexact_sf(len(members), [len(sets[i]) for i in chosen], 768, log=True)
            assert relative_error(row.log_p, log_p) <= 1e-10

    def test_min_degree_and_members(self) -> None:
        sets = {"a": [0, 1], "b": [1, 2], "c": [1, 3]}
        table = superexact(sets, 5, min_degree=3, members=False)
        assert table["sets"].tolist() == ["a b c"]
        assert "members" not in table
        assert superexact(sets, 5)["members"].tolist() == ["1"] * 4
        assert superexact({"a": [0], "b": [1]}, 5)["members"].tolist() == [""]
        single = superexact({"a": [4, 2]}, 5, min_degree=1)
        assert single[["observed", "p", "members"]].to_numpy().tolist() == [[2, 1.0, "2 4"]]

    def test_elements_may_come_in_any_container(self) -> None:
        expected = superexact({"a": [3, 1], "b": [1, 4]}, 5)
        given_ = {"a": np.array([1, 3], dtype=np.uint8), "b": {4, 1}}
        pd.testing.assert_frame_equal(superexact(given_, 5), expected)
        pd.testing.assert_frame_equal(superexact({"a": pd.Series([3, 1]), "b": iter((1, 4))}, 5), expected)


class TestErrors:
    @pytest.mark.parametrize(
        ("sets", "n", "message"),
        [
            ({}, 5, "no sets given"),
            ([], 5, "no sets given"),
            ({"a": [0], "b": [5]}, 5, r"set 'b': element 5 lies outside the universe 0 .. 4 \(n = 5\)"),
            ({"a": [0], "b": [-1]}, 5, "set 'b': element -1 lies outside"),
            ({"a": [0], "b": [2, 2]}, 5, "set 'b': element 2 is there more than once"),
            ({"a": [0], "b": [0.5]}, 5, "set 'b': elements must be whole numbers"),
            ({"a": [0], "b": ["x"]}, 5, "set 'b': elements must be whole numbers"),
            ({"a": [0], "b c": [1]}, 5, "must be a word without blanks; got 'b c'"),
            ({"a": [0], "": [1]}, 5, "must be a word without blanks"),
            ([[0]] * 21, 5, r"21 sets have 2\^21 - 1 intersections; superexact takes at most 20"),
            ([[0]], 5, "min_degree must lie in 1 .. 1"),
            ([[0], [1]], 0, r"n, the size of the universe, must lie in 1 .. 1,000,000; it is 0"),
            ([[0], [1]], 2.5, "must be a whole number, not 2.5"),
        ],
    )
    def test_sets(self, sets: object, n: object, message: str) -> None:
        with pytest.raises(StatsError, match=message):
            superexact(sets, n)  # type: ignore[arg-type]

    @pytest.mark.parametrize("function", [superexact_sf, superexact_pmf])
    def test_sizes(self, function: object) -> None:
        for arguments, message in [
            ((1, [5, 6], 5), r"sizes\[1\] is 6: a set of 5 elements can hold 0 to 5"),
            ((1, [5, -1], 5), r"sizes\[1\] is -1"),
            ((1, [], 5), "sizes must name 1 to 100 sets; got 0"),
            ((1, [1.5], 5), "sizes must be whole numbers"),
            ((1, [1] * 101, 5), "got 101"),
            ((0.5, [1], 5), "x must be a whole number"),
            ((1, [1], 2_000_000), "must lie in 1 .. 1,000,000"),
        ]:
            with pytest.raises(StatsError, match=message):
                function(*arguments)  # type: ignore[operator]

    def test_cached_arrays_cannot_be_spoilt(self) -> None:
        log_pmf = intersection_log_pmf((3, 4), 9)
        with pytest.raises(ValueError, match="read-only"):
            log_pmf[0] = 0.0
        own = superexact_pmf(np.arange(4), [3, 4], 9, log=True)
        own[:] = 7.0
        assert superexact_pmf(0, [3, 4], 9, log=True) != 7.0


def test_examples_of_the_page_run() -> None:
    """Every ``>>>`` example of the documentation page gives what it shows."""
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 3
    example = doctest.DocTestParser().get_doctest("\n".join(map(dedent, blocks)), {}, DOCS.name, str(DOCS), 0)
    assert example.examples
    results = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example)
    assert results.failed == 0


@pytest.mark.parametrize("module", ["superexact", "degrees"])
def test_examples_of_the_docstrings_run(module: str) -> None:
    results = doctest.testmod(importlib.import_module(f"interlingua.stats.{module}"))
    assert results.attempted
    assert results.failed == 0
