"""The nulls: what is permuted, what is counted, and that they hold their level."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interlingua.errors import ConfigError, StatsError
from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.units import nulls, rank_units
from interlingua.units.methods import LayerData
from interlingua.units.nulls import (
    Null,
    Sharing,
    null_signs,
    null_summary,
    own_codes,
    permute_by_word,
    registry,
    signs_of_rankings,
    top_signs,
)

WIDTH, K = 60, 12


def random_signs(rng: np.random.Generator, draws: int) -> np.ndarray:
    """Return K random units with random signs in each draw."""
    signs = np.zeros((draws, WIDTH), dtype=np.int8)
    for row in signs:
        row[rng.choice(WIDTH, K, replace=False)] = rng.choice([-1, 1], K)
    return signs


def test_a_word_keeps_one_rating_and_the_ratings_stay_the_same() -> None:
    words = np.array([0, 0, 1, 2, 2, 2, 3, 4])
    ratings = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    permuted = permute_by_word(ratings[words], words, 50, seed=1)
    assert permuted.shape == (8, 50)
    for column in permuted.T:
        by_word = [set(column[words == word]) for word in range(5)]
        assert all(len(values) == 1 for values in by_word)
        assert Counter(value for values in by_word for value in values) == Counter(ratings)
    assert len({tuple(column) for column in permuted.T}) > 20
    assert not np.array_equal(permuted, permute_by_word(ratings[words], words, 50, seed=2))
    assert np.array_equal(permuted, permute_by_word(ratings[words], words, 50, seed=1))


def test_a_word_with_two_ratings_cannot_be_permuted() -> None:
    with pytest.raises(StatsError, match="a word has more than one rating"):
        permute_by_word(np.array([0.1, 0.2, 0.3]), np.array([0, 0, 1]), 2, seed=0)


def test_top_signs_are_of_the_largest_scores() -> None:
    assert top_signs(np.array([0.5, -2.0, 0.0, 1.0, -1.0]), 3).tolist() == [0, -1, 0, 1, -1]
    assert top_signs(np.array([1.0, -1.0, 1.0]), 2).tolist() == [1, -1, 0]  # ties by index
    assert top_signs(np.array([0.0, 0.0, 3.0]), 2).tolist() == [0, 0, 1]  # a unit without weight is not chosen


def test_sharing_counts_as_sets_do() -> None:
    rng = np.random.default_rng(4)
    languages = [random_signs(rng, 6) for _ in range(4)]
    sharing = Sharing.of(languages)
    for draw in range(6):
        sets = [{unit for unit in range(WIDTH) if signs[draw, unit]} for signs in languages]
        shared = [a & b for a, b in combinations(sets, 2)]
        assert sharing.pairs[draw].tolist() == [len(units) for units in shared]
        expected = K * K / WIDTH
        assert sharing.mean_fe[draw] == pytest.approx(np.mean([len(units) / expected for units in shared]))
        counts = Counter(unit for units in sets for unit in units)
        assert sharing.at_least[draw].tolist() == [sum(n >= d for n in counts.values()) for d in (1, 2, 3, 4)]
        assert sharing.highest[draw] == max(counts.values())
        same = sum(
            languages[a][draw, unit] == languages[b][draw, unit]
            for (a, b), units in zip(combinations(range(4), 2), shared, strict=True)
            for unit in units
        )
        total = sum(map(len, shared))
        assert sharing.same_sign[draw] == pytest.approx(same / total)
        assert sharing.signed_fe[draw] == pytest.approx((same - (total - same)) / len(shared) / expected)
        # P(X >= observed) of the hypergeometric distribution: the super exact test of two sets.
        p = stats.hypergeom.sf(sharing.pairs[draw] - 1, WIDTH, K, K)
        assert sharing.share_p05[draw] == pytest.approx((p < 0.05).mean())


def test_independent_languages_have_p_values_that_are_uniform_and_an_enrichment_of_one() -> None:
    rng = np.random.default_rng(5)
    summaries = []
    for _ in range(120):
        observed = [random_signs(rng, 1) for _ in range(4)]
        permuted = [random_signs(rng, 60) for _ in range(4)]
        summaries.append(null_summary(observed, permuted)[0])
    table = pd.DataFrame(summaries)
    assert table["null_fe"].mean() == pytest.approx(1, abs=0.01)
    assert table["corrected_fe"].mean() == pytest.approx(1, abs=0.03)
    assert table["null_same_sign"].mean() == pytest.approx(0.5, abs=0.01)
    for p in ("p_fe", "p_signed_fe", "p_highest_degree", "p_omnibus"):
        assert stats.kstest(table[p], "uniform").statistic < 0.15, p
    assert table["null_signed_fe"].mean() == pytest.approx(0, abs=0.02)
    assert table["p_fe"].min() >= 1 / 61
    assert table["null_share_p05"].mean() < 0.05  # a discrete test stays below its level
    assert (table["null_fe_low"] < table["null_fe_high"]).all()


def test_without_a_shared_unit_there_is_no_agreement_of_signs_to_test() -> None:
    rng = np.random.default_rng(8)
    apart = [np.zeros((1, WIDTH), np.int8) for _ in range(2)]
    apart[0][0, :K], apart[1][0, K : 2 * K] = 1, 1
    summary, *_ = null_summary(apart, [random_signs(rng, 19) for _ in range(2)])
    assert np.isnan(summary["same_sign"])
    assert summary["signed_fe"] == 0
    assert summary["p_signed_fe"] > 0.2
    assert summary["p_omnibus"] > 0.5
    assert summary["p_highest_degree"] > 0.5


def test_languages_that_agree_stand_out() -> None:
    rng = np.random.default_rng(6)
    shared = random_signs(rng, 1)
    permuted = [random_signs(rng, 99) for _ in range(3)]
    summary, degrees, pairs = null_summary([shared] * 3, permuted)
    assert summary["mean_fe"] == pytest.approx(WIDTH / K)
    assert summary["p_fe"] == summary["p_signed_fe"] == summary["p_omnibus"] == pytest.approx(0.01)
    assert summary["p_highest_degree"] == pytest.approx(0.01)
    assert summary["signed_fe"] == summary["mean_fe"]
    assert (summary["highest_degree"], summary["same_sign"]) == (3, 1)
    assert list(degrees["n_languages"]) == [1, 2, 3]
    assert degrees["p_null"].tolist() == pytest.approx([1.0, 0.01, 0.01])
    assert pairs["p_null"].tolist() == pytest.approx([0.01] * 3)
    null = [np.mean([(a[d] * b[d] != 0).sum() for d in range(99)]) for a, b in combinations(permuted, 2)]
    assert pairs["null_mean"].tolist() == pytest.approx(null)
    assert pairs["fe_corrected"].tolist() == pytest.approx([K / mean for mean in null])


@pytest.fixture
def design() -> Design:
    rng = np.random.default_rng(7)
    word = np.repeat(np.arange(40), 3)
    ratings = rng.random(40)[word]
    contexts = pd.DataFrame(
        {
            "language": "en",
            "word": [f"w{number}" for number in word],
            "split": np.where(word % 5 == 0, "test", "train"),
            "valence": ratings,
        }
    )
    layers = rng.normal(size=(2, len(word), WIDTH)).astype(np.float32)
    layers[1, :, :6] += 3 * ratings[:, None].astype(np.float32)
    return Design(Activations.from_arrays(layers, {"model": "m", "language": "en"}), contexts)


@pytest.mark.parametrize(("method", "penalty"), [("correlation", None), ("ridge", None), ("elastic-net", (0.01, 0.01))])
def test_permuted_signs_are_the_top_of_a_ranking_of_permuted_ratings(
    design: Design, method: str, penalty: tuple[float, float] | None
) -> None:
    signs = null_signs(design, "valence", 1, method, K, draws=5, seed=3, penalty=penalty)
    assert signs.shape == (5, WIDTH)
    assert set(np.unique(signs)) <= {-1, 0, 1}
    assert (np.abs(signs).sum(axis=1) <= K).all()
    assert len({tuple(row) for row in signs}) == 5
    again = null_signs(design, "valence", 1, method, K, draws=5, seed=3, penalty=penalty)
    assert np.array_equal(signs, again)
    # In a layer of noise every unit is as likely as any other.
    noise = null_signs(design, "valence", 0, method, K, draws=200, seed=4, penalty=penalty)
    assert np.abs(noise).mean(axis=0).max() < 2.5 * K / WIDTH
    assert noise.sum(axis=0).mean() == pytest.approx(0, abs=5)


def test_correlation_on_permuted_ratings_is_numpys(design: Design) -> None:
    rated = design.rated("valence")
    y, _ = rated.ratings("valence")
    permuted = permute_by_word(y, rated.train_words, 3, seed=3)
    signs = null_signs(design, "valence", 1, "correlation", K, draws=3, seed=3)
    for draw in range(3):
        r = np.array([np.corrcoef(column, permuted[:, draw])[0, 1] for column in rated.train(1).T])
        top = np.argsort(-np.abs(r))[:K]
        assert set(np.flatnonzero(signs[draw])) == set(top)
        assert (signs[draw, top] == np.sign(r[top])).all()


def test_signs_are_read_from_the_rankings(design: Design) -> None:
    rated = design.rated("valence")
    y, _ = rated.ratings("valence")
    data = LayerData(rated.train(1), y, rated.train_words, 1, WIDTH, {})
    ranking = rank_units(data, "correlation").assign(language="en")
    signs = signs_of_rankings(ranking, K)["en"]
    top = ranking[ranking["rank"] <= K]
    assert set(np.flatnonzero(signs[0])) == set(top["index"])
    assert (signs[0, top["index"]] == top["sign"]).all()


def sets(*members: list[int]) -> list[np.ndarray]:
    """Return one draw of languages with these units, all of them positive."""
    signs = [np.zeros((1, WIDTH), np.int8) for _ in members]
    for row, units in zip(signs, members, strict=True):
        row[0, units] = 1
    return signs


def test_of_two_that_reach_the_same_degree_the_one_with_more_units_there_is_higher() -> None:
    three, two_of_three = sets([0, 1, 2], [0, 3, 4], [0, 5, 6]), sets([0, 1, 2], [0, 1, 4], [0, 1, 6])
    more_pairs = sets([0, 1, 2], [0, 1, 2], [0, 5, 6])
    pairs_only = sets([0, 1, 2], [0, 1, 2], [5, 6, 7])
    permuted = [np.concatenate(rows) for rows in zip(pairs_only, three, more_pairs, two_of_three, strict=True)]

    def p(observed: list[np.ndarray]) -> float:
        return null_summary(observed, permuted)[0]["p_highest_degree"]

    assert [p(sharing) for sharing in (pairs_only, three, more_pairs, two_of_three)] == [1.0, 0.8, 0.6, 0.4]


def test_opposite_signs_count_against_each_other() -> None:
    half = sets([0, 1, 2, 3], [0, 1, 2, 3])
    half[1][0, :2] = -1
    sharing = Sharing.of(half)
    assert sharing.same_sign[0] == 0.5
    assert sharing.signed_fe[0] == 0
    assert sharing.mean_fe[0] == pytest.approx(4 / (4 * 4 / WIDTH))


def test_ratings_of_an_own_code_are_encoded_as_well_as_asked_each_in_its_own_direction() -> None:
    rng = np.random.default_rng(9)
    words = np.repeat(np.arange(400), 2)
    X = stats.zscore(rng.normal(size=(400, 20))[words] @ rng.normal(size=(20, 20)) + rng.normal(size=(800, 20)))
    y = rng.uniform(size=400)[words]
    drawn = own_codes(X, y, words, 0.7, 60, seed=1)
    assert drawn.shape == (800, 60)
    by_word = drawn[::2]
    np.testing.assert_array_equal(by_word, drawn[1::2])  # a word has one rating
    np.testing.assert_allclose(by_word.mean(axis=0), 0, atol=1e-12)
    means = (X[::2] + X[1::2]) / 2
    fitted = means @ np.linalg.lstsq(means, by_word, rcond=None)[0]
    explained = np.array([np.corrcoef(a, b)[0, 1] ** 2 for a, b in zip(fitted.T, by_word.T, strict=True)])
    # .49, and of the rest what 20 of 400 degrees of freedom fit by chance.
    assert explained.mean() == pytest.approx(0.49 + 0.51 * 20 / 400, abs=0.02)
    between = np.corrcoef(by_word.T)[np.triu_indices(60, 1)]
    assert np.abs(between.mean()) < 0.03
    assert np.abs(between).max() < 0.9
    # Without any strength they are permuted ratings.
    none = own_codes(X, y, words, -0.2, 3, seed=1)
    for column in none[::2].T:
        np.testing.assert_allclose(np.sort(column), np.sort(stats.zscore(y[::2])))


def test_units_that_go_together_are_shared_by_codes_of_their_own() -> None:
    """The same groups of units in every language, and ratings that all of them encode, unrelated to each other's."""
    rng = np.random.default_rng(10)
    loadings = np.repeat(np.eye(4), WIDTH // 4, axis=1)
    words = np.repeat(np.arange(200), 2)
    p_own = []
    for _ in range(25):
        observed: list[np.ndarray] = []
        drawn: dict[str, list[np.ndarray]] = {"permuted": [], "own codes": []}
        for code in ("en", "es", "fr"):
            X = (3 * rng.normal(size=(200, 4)) @ loadings)[words] + rng.normal(size=(400, WIDTH))
            y = own_codes(stats.zscore(X), rng.normal(size=200)[words], words, 0.9, 1, seed=int(rng.integers(1e9)))[
                :, 0
            ]
            frame = {"language": code, "word": [f"w{w}" for w in words], "valence": y}
            contexts = pd.DataFrame(frame | {"split": np.where(words % 20 == 0, "test", "train")})
            language = Design(Activations.from_arrays([X.astype(np.float32)], {"language": code}), contexts)
            rating, _ = language.ratings("valence")
            data = LayerData(language.train(0), rating, language.train_words, 0, WIDTH, {})
            ranking = rank_units(data, "correlation").assign(language=code)
            observed += signs_of_rankings(ranking, K).values()
            for null, signs in drawn.items():
                seed = int(rng.integers(1e9))
                signs.append(
                    null_signs(language, "valence", 0, "correlation", K, draws=19, seed=seed, null=null, r=0.9)
                )
        summary, degrees, _ = null_summary(observed, drawn["own codes"])
        p_own.append(summary["p_fe"])
        assert summary["null_fe_low"] <= summary["null_fe"] <= summary["null_fe_high"]
        assert degrees["p_null"].between(0.05, 1).all()
    assert np.mean(p_own) == pytest.approx(0.5, abs=0.2)


def test_a_sparse_probe_s_pairs_are_compared_by_their_enrichment() -> None:
    """Twice the units on permuted ratings share more units by chance, which is no evidence against the pair."""
    rng = np.random.default_rng(11)
    small = sets([0, 1, 2, 3], [0, 1, 2, 5])
    large = [np.zeros((99, WIDTH), np.int8) for _ in range(2)]
    for signs in large:
        for row in signs:
            row[rng.choice(WIDTH, 24, replace=False)] = 1
    _, _, pairs = null_summary(small, large)
    assert pairs["null_mean"].item() > 3  # more units than the 3 observed
    assert pairs["fe_corrected"].item() == pytest.approx(3 / (16 / WIDTH), rel=0.1)
    assert pairs["p_null"].item() == 0.01


def test_pairs_without_units_have_no_enrichment() -> None:
    observed = sets([0, 1], [0, 1], [])
    permuted = [np.concatenate([row] * 19) for row in observed]
    summary, _, pairs = null_summary(observed, permuted)
    assert summary["mean_fe"] == pytest.approx(2 / (4 / WIDTH))
    assert summary["null_fe"] == summary["mean_fe"]
    assert pairs["p_null"].isna().tolist() == [False, True, True]


def test_nulls_are_known_by_name_in_their_order() -> None:
    assert nulls.names() == ("permuted", "own codes")
    assert [nulls.get(name).label for name in nulls.names()] == ["permuted ratings", "codes of their own"]
    # Seeds are derived from these: another word, and every published draw is another.
    assert [nulls.get(name).seed_label for name in nulls.names()] == ["permuted ratings", "own codes"]
    assert [nulls.module_of(name).split(".")[-1] for name in nulls.names()] == ["permuted", "own_codes"]
    for look_up in (nulls.get, nulls.module_of):
        with pytest.raises(ConfigError, match=r"did you mean 'permuted'\?\): use one of permuted, own codes"):
            look_up("permutted")


def test_a_null_of_one_s_own(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reversed(Null):
        name = "reversed"
        label = seed_label = "reversed ratings"
        says = "The ratings are turned round."
        order = 15

        def draw(self, X, y, words, r, draws, *, seed):  # type: ignore[no-untyped-def]
            return np.repeat(-y[:, None], draws, axis=1)

    monkeypatch.setattr(registry, "_NULLS", dict(registry._NULLS))
    mine = nulls.register(Reversed())
    assert nulls.get("reversed") is mine
    assert nulls.names() == ("permuted", "reversed", "own codes")
    assert nulls.module_of("reversed") == __name__
    with pytest.raises(ConfigError, match="'reversed' exists already"):
        nulls.register(Reversed())
    turned = null_signs(design, "valence", 1, "correlation", K, draws=2, seed=0, null="reversed")
    rated = design.rated("valence")
    y, _ = rated.ratings("valence")
    ranking = rank_units(LayerData(rated.train(1), y, rated.train_words, 1, WIDTH, {}), "correlation")
    real = signs_of_rankings(ranking.assign(language="en"), K)["en"]
    assert (turned == -real).all()


def test_own_codes_need_their_strength(design: Design) -> None:
    with pytest.raises(StatsError, match="'own codes' needs r"):
        null_signs(design, "valence", 1, "correlation", K, draws=2, seed=0, null="own codes")
    rated = design.rated("valence")
    y, _ = rated.ratings("valence")
    drawn = own_codes(rated.train(1), y, rated.train_words, 0.5, 2, seed=0)
    got = nulls.get("own codes").draw(rated.train(1), y, rated.train_words, 0.5, 2, seed=0)
    np.testing.assert_array_equal(got, drawn)
    plain = nulls.get("permuted").draw(rated.train(1), y, rated.train_words, None, 2, seed=0)
    np.testing.assert_array_equal(plain, permute_by_word(y, rated.train_words, 2, seed=0))


def test_what_a_summary_says() -> None:
    rng = np.random.default_rng(12)
    observed, drawn = [[random_signs(rng, draws) for _ in range(3)] for draws in (1, 9)]
    summary, degrees, pairs = null_summary(observed, drawn)
    assert list(summary) == [
        *("draws", "mean_fe", "null_fe", "null_fe_low", "null_fe_high", "corrected_fe", "p_fe"),
        *("highest_degree", "null_highest_degree", "p_highest_degree", "p_omnibus"),
        *("same_sign", "null_same_sign", "signed_fe", "null_signed_fe", "p_signed_fe", "null_share_p05"),
    ]
    assert list(degrees) == ["n_languages", "null_mean", "p_null"]
    assert list(pairs) == ["null_mean", "fe_corrected", "p_null"]
