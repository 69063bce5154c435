"""What edits did, in numbers: against brute force, and against truths that simulations know."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interlingua.causal.controls import control_sets, replaced
from interlingua.causal.effects import (
    agreement,
    dose_response,
    first,
    joint,
    mean_over_words,
    random_directions,
    rank_p,
    relabelled_p,
    slope_over_words,
    unit_effects,
    widened,
)
from interlingua.errors import StatsError


def test_the_mean_has_the_interval_of_a_t_test() -> None:
    values = np.random.default_rng(0).normal(1, 2, size=40)
    found = mean_over_words(values)
    interval = stats.ttest_1samp(values, 0).confidence_interval()
    assert (found.estimate, found.low, found.high) == pytest.approx((values.mean(), interval.low, interval.high))


def test_the_slope_leaves_each_word_out() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(3, 1, size=25)
    y = 2 * x + rng.normal(size=25)
    found = slope_over_words(x, y)
    assert found.estimate == pytest.approx(stats.linregress(x, y).slope)
    left_out = [stats.linregress(np.delete(x, i), np.delete(y, i)).slope for i in range(25)]
    half = stats.t.ppf(0.975, 24) * np.sqrt(24 / 25 * np.sum((left_out - np.mean(left_out)) ** 2))
    assert (found.high - found.low) / 2 == pytest.approx(half)


def test_effects_of_units_add_up_to_those_of_sets() -> None:
    rng = np.random.default_rng(2)
    effects, on = rng.normal(size=(30, 8)), rng.normal(size=30)
    for of in (None, on):
        whole = effects[:, :3].sum(axis=1)
        wanted = whole.mean() if of is None else stats.linregress(on, whole).slope
        assert unit_effects(effects, of)[:3].sum() == pytest.approx(wanted)


def test_dose_response_that_bends_is_not_straight() -> None:
    doses = np.array([-2.0, -1.0, 1.0, 2.0])
    words = np.array([0.5, -0.1, 0.2])
    line = dose_response(doses, doses[:, None] * words)
    np.testing.assert_allclose(line.words, words)
    assert (line.straight, line.right_way) == (pytest.approx(1), pytest.approx(2 / 3))
    bent = dose_response(doses, doses[:, None] * words + 0.2 * (doses**2)[:, None])
    assert bent.straight < 0.7
    assert bent.slope.estimate == pytest.approx(0.2)


def test_p_counts_sets_beyond_and_is_never_below_what_distinct_sets_allow() -> None:
    controls, sets = np.arange(99.0), np.arange(99)[:, None]
    assert rank_p(200, controls, sets) == pytest.approx(1 / 100)
    assert rank_p(200, controls, sets % 4) == pytest.approx(1 / 5)
    assert rank_p(95, controls, sets) == pytest.approx((1 + 4) / 100)
    assert rank_p(2, controls, sets, greater=False) == pytest.approx((1 + 3) / 100)


def test_sets_that_have_units_in_common_are_spread_as_independent_ones() -> None:
    controls = np.array([1.0, 3.0, 5.0])
    apart = widened(controls, np.array([[0, 1], [2, 3], [4, 5]]), np.ones(6))
    # Each of six units is in a third of the sets: deviations grow by the root of (1 + 1/3) / (1 - 1/3), and by t(6).
    few = stats.t.isf(0.05, 6) / stats.norm.isf(0.05)
    np.testing.assert_allclose(apart, 3 + few * np.sqrt(2) * (controls - 3))
    # A unit that varies hardly at all tells nothing of the variance.
    two = widened(controls, np.array([[0, 1], [2, 3], [4, 5]]), np.array([1.0, 1.0, 1e-9, 1e-9, 1e-9, 1e-9]))
    few = stats.t.isf(0.05, 2) / stats.norm.isf(0.05)
    np.testing.assert_allclose(two, 3 + few * np.sqrt(2) * (controls - 3), rtol=1e-6)
    np.testing.assert_allclose(widened(controls, np.tile([4, 1], (3, 1)), np.ones(6)), 3)


def test_languages_that_are_moved_easily_count_no_more_than_others() -> None:
    tested = np.array([1.0, 100.0])
    controls = np.array([[0.5, 0.5, 2.0], [50.0, 50.0, 200.0]])
    statistic, of_controls = joint(tested, controls)
    alone, _ = joint(tested[:1], controls[:1])
    assert statistic == pytest.approx(alone)
    assert of_controls[2] > statistic > of_controls[0]


def test_predictions_that_are_too_small_are_a_bias() -> None:
    real = np.array([1.0, 0.2, -0.4, 0.6])
    assert agreement(real / 1.25, real)[:2] == pytest.approx((1, 0.2))
    assert agreement(real, real).holds
    assert not agreement(real / 1.25, real).holds
    assert not agreement(real[::-1], real).holds


def test_random_directions_have_the_length_of_the_shift_and_no_effect_on_average() -> None:
    gradient = np.random.default_rng(3).normal(size=50)
    shift = np.zeros(50)
    shift[:4] = (1.0, -2.0, 2.0, 4.0)
    slopes = random_directions(gradient, shift, draws=4000, seed=0)
    # A random direction of length 5 has a slope of variance 25 |gradient|^2 / width.
    expected = 5 * np.linalg.norm(gradient) / np.sqrt(50)
    assert slopes.std() == pytest.approx(expected, rel=0.05)
    assert abs(slopes.mean()) < 4 * expected / np.sqrt(4000)


def test_sharing_that_predicts_the_effect_is_found_and_chance_is_not() -> None:
    rng = np.random.default_rng(4)
    shared = rng.normal(size=(8, 8))
    r, p = relabelled_p(shared, shared + 0.3 * rng.normal(size=(8, 8)), draws=199, seed=0)
    assert r > 0.8
    assert p == pytest.approx(1 / 200)
    chance = [relabelled_p(rng.normal(size=(6, 6)), rng.normal(size=(6, 6)), draws=99, seed=i)[1] for i in range(60)]
    assert 0.3 < np.mean(chance) < 0.7


def test_sizes_end_with_the_whole_set() -> None:
    assert first((5, 10, 20), 12) == (5, 10, 12)
    assert first((5, 10), 5) == (5,)


def test_control_sets_are_near_distinct_and_hold_no_tested_unit() -> None:
    rng = np.random.default_rng(6)
    features = rng.normal(size=(120, 2))
    tested = np.sort(rng.permutation(120)[:20])
    found = control_sets(features, tested, draws=50, seed=1)
    assert found.images.shape == (50, 20)
    assert not np.isin(found.images, tested).any()
    assert all(len(set(row)) == 20 for row in found.images.tolist())
    assert found.distinct == 50
    assert (found.far < 0.6 * found.random).all()
    sets = replaced(found.tested, found.images, tested[[3, 0]])
    np.testing.assert_array_equal(sets, found.images[:, [3, 0]])
    np.testing.assert_array_equal(control_sets(features, tested, draws=50, seed=1).images, found.images)


def test_a_unit_with_an_equal_is_replaced_by_it() -> None:
    features = np.arange(60.0)[:, None]
    features[30:] = features[:30]
    tested = np.array([3, 14, 25])
    found = control_sets(features, tested, draws=5, seed=0, neighbours=1)
    assert (found.images == tested + 30).all()
    assert found.distinct == 1
    assert found.far == pytest.approx([0])


def test_more_than_half_of_a_layer_has_no_controls() -> None:
    with pytest.raises(StatsError, match="6 of 10 units are tested"):
        control_sets(np.zeros((10, 1)), np.arange(6), draws=3, seed=0)


@pytest.mark.parametrize(("width", "size"), [(200, 15), (384, 71)])
def test_p_is_uniform_where_the_tested_units_are_no_better_than_units_like_them(width: int, size: int) -> None:
    """The type-I benchmark has more draws; here it is seen that small p are no more frequent than they should be."""
    rng = np.random.default_rng(8)
    found = []
    for draw in range(250):
        log_sd, r, mean = rng.normal(0, 0.6, size=width), rng.normal(size=width), np.abs(rng.normal(size=width))
        tested = np.argsort(-np.abs(r))[:size]
        # What a unit adds depends on its SD, and not on how far it goes with the rating.
        effects = np.exp(log_sd) * (0.3 + rng.normal(size=width))
        sets = control_sets(np.column_stack([log_sd, mean]), tested, draws=39, seed=draw).images
        found.append(rank_p(effects[tested].sum(), widened(effects[sets].sum(axis=1), sets, np.exp(2 * log_sd)), sets))
    assert 0.015 <= np.mean(np.array(found) <= 0.05) <= 0.08
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)
