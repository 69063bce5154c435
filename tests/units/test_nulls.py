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
from interlingua.probes import Design, choose_penalty
from interlingua.probes.penalty import grouped_folds
from interlingua.stats.multiplicity import adjust
from interlingua.units import nulls, rank_units
from interlingua.units.methods import LayerData
from interlingua.units.nulls import (
    Code,
    Linked,
    Null,
    RatedLayer,
    Sharing,
    chosen_again,
    null_signs,
    null_summary,
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


def rated_layer(
    X: np.ndarray, y: np.ndarray, words: np.ndarray, linked: Linked | None = None, *, seed: int = 0
) -> RatedLayer:
    """Return a layer whose columns have mean 0."""
    linked = Linked.none(int(words.max()) + 1) if linked is None else linked
    X = X - X.mean(axis=0)
    return RatedLayer(X, y, words, grouped_folds(words, 5, seed), linked, X.T @ X)


def permuted(layer: RatedLayer, draws: int, *, seed: int) -> np.ndarray:
    return nulls.get("permuted").draw(layer, draws, seed=seed)


def own_codes(layer: RatedLayer, draws: int, *, seed: int) -> np.ndarray:
    return nulls.get("own codes").draw(layer, draws, seed=seed)


def test_a_word_keeps_one_rating_and_the_ratings_stay_the_same() -> None:
    words = np.array([0, 0, 1, 2, 2, 2, 3, 4])
    ratings = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    layer = rated_layer(np.random.default_rng(0).normal(size=(8, 3)), ratings[words], words)
    drawn = permuted(layer, 50, seed=1)
    assert drawn.shape == (8, 50)
    for column in drawn.T:
        by_word = [set(column[words == word]) for word in range(5)]
        assert all(len(values) == 1 for values in by_word)
        assert Counter(value for values in by_word for value in values) == Counter(ratings)
    assert len({tuple(column) for column in drawn.T}) > 20
    assert not np.array_equal(drawn, permuted(layer, 50, seed=2))
    assert np.array_equal(drawn, permuted(layer, 50, seed=1))


def test_a_word_with_two_ratings_cannot_be_permuted() -> None:
    words = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    layer = rated_layer(np.random.default_rng(0).normal(size=(10, 3)), np.arange(10.0), words)
    with pytest.raises(StatsError, match="a word has more than one rating"):
        permuted(layer, 2, seed=3)


LINKS = pd.DataFrame(
    [  # word, stratum, block, place: a, b and c have a word in German and Italian; d has two in German
        *(("de", "a1", "de:1 it:1", 0, 0), ("de", "b1", "de:1 it:1", 1, 0), ("de", "c1", "de:1 it:1", 2, 0)),
        *(("it", "a2", "de:1 it:1", 0, 0), ("it", "b2", "de:1 it:1", 1, 0), ("it", "c2", "de:1 it:1", 2, 0)),
        *(("de", "d1", "de:2 it:1", 0, 0), ("de", "d1'", "de:2 it:1", 0, 1), ("it", "d2", "de:2 it:1", 0, 0)),
        *(("de", "e1", "de:2 it:1", 1, 0), ("de", "e1'", "de:2 it:1", 1, 1), ("it", "e2", "de:2 it:1", 1, 0)),
        *(("de", "f1", "de:1 it:2", 0, 0), ("it", "f2", "de:1 it:2", 0, 0), ("it", "f2'", "de:1 it:2", 0, 1)),
    ],
    columns=["language", "word", "stratum", "block", "place"],
)
WORDS = {
    "de": ["x1", "a1", "b1", "c1", "d1", "d1'", "e1", "e1'", "f1", "y1", "z1"],
    "it": ["e2", "d2", "c2", "b2", "a2", "f2", "f2'", "x2", "y2"],
}


def linked(language: str, seed: int = 5) -> Linked:
    return Linked.of(LINKS[LINKS["language"] == language], WORDS[language], seed=seed)


def test_translations_move_together_to_the_same_places() -> None:
    ratings = {code: np.linspace(0, 1, len(words)) for code, words in WORDS.items()}
    orders = {code: linked(code).orders(ratings[code], 200, seed=number) for number, code in enumerate(WORDS)}
    for code, order in orders.items():
        assert (np.sort(order, axis=0) == np.arange(len(WORDS[code]))[:, None]).all()  # each a permutation
    drawn = {code: dict(zip(WORDS[code], ratings[code][order], strict=True)) for code, order in orders.items()}
    of = {code: LINKS[LINKS["language"] == code] for code in WORDS}
    for concept in "abcdef":  # f is alone in its stratum, and is no less linked for it
        german, italian = drawn["de"][f"{concept}1"], drawn["it"][f"{concept}2"]
        assert np.corrcoef(german, italian)[0, 1] > 0.85, concept  # among ten words, places are coarse
    assert abs(np.corrcoef(drawn["de"]["x1"], drawn["it"]["x2"])[0, 1]) < 0.25
    for code, word in (("de", "d1"), ("de", "e1"), ("it", "f2")):  # words of one concept stand beside each other
        step = 1 / (len(WORDS[code]) - 1)
        np.testing.assert_allclose(np.abs(drawn[code][word] - drawn[code][f"{word}'"]), step)
    assert (linked("de").n_linked, linked("it").n_linked) == (len(of["de"]), len(of["it"]))
    # Every rating comes to every word.
    assert set(orders["de"][1]) == set(range(len(WORDS["de"])))
    # Unlinked words have the language's own seed; concepts the common one.
    luck = linked("de").orders(ratings["de"], 200, seed=7)
    assert not np.array_equal(luck, orders["de"])
    again = ratings["de"][luck]
    assert np.corrcoef(again[1], drawn["de"]["a1"])[0, 1] > 0.85
    assert abs(np.corrcoef(again[0], drawn["de"]["x1"])[0, 1]) < 0.25
    other = ratings["de"][linked("de", seed=6).orders(ratings["de"], 200, seed=0)]
    assert abs(np.corrcoef(other[1], drawn["de"]["a1"])[0, 1]) < 0.25


def test_meaningless_ratings_of_translations_are_expected_to_be_shared_as_far_as_they_are() -> None:
    """A truth from outside: six lists rate half of the same concepts each, by noise that is equal for translations.

    Nearly every concept is rated in a set of languages of its own. Permuted together, ratings share as many units as
    those of other such studies do; permuted apart, far fewer.
    """
    rng = np.random.default_rng(3)
    width, n, top = 40, 80, 8
    meanings = rng.normal(size=(n, width))
    codes = "abcdef"
    chosen = {code: np.sort(rng.permutation(n)[: n // 2]) for code in codes}
    X = {code: meanings[own] + 0.5 * rng.normal(size=(len(own), width)) for code, own in chosen.items()}
    rated = pd.DataFrame([(code, f"{c}") for code, own in chosen.items() for c in own], columns=["language", "word"])
    profile = rated.groupby("word")["language"].agg(" ".join)
    rows = rated.assign(stratum=rated["word"].map(profile), place=0)
    block = {word: number for _, of in rows.groupby("stratum") for number, word in enumerate(dict.fromkeys(of["word"]))}
    rows = rows[rows["stratum"].str.contains(" ")].assign(block=rows["word"].map(block))

    def shared(ratings: dict[str, np.ndarray]) -> np.ndarray:
        signs = []
        for code, y in ratings.items():
            layer = rated_layer(X[code], y[:, 0], np.arange(n // 2))
            signs.append(null_signs(layer, y, "correlation", top))
        return Sharing.of(signs).mean_fe

    truth = rng.normal(size=(n, 300))
    expected = shared({code: truth[own] for code, own in chosen.items()})
    drawn = {}
    for how in ("together", "apart"):
        ratings = {}
        for number, (code, own) in enumerate(chosen.items()):
            links = Linked.of(rows[rows["language"] == code], [str(c) for c in own], seed=9)
            layer = rated_layer(
                X[code], truth[own, 0], np.arange(n // 2), links if how == "together" else Linked.none(n // 2)
            )
            ratings[code] = nulls.get("permuted").draw(layer, 300, seed=number)
        drawn[how] = shared(ratings)
    assert expected.mean() > 1.2
    assert abs(drawn["apart"].mean() - 1) < 0.05
    # The means of 300 studies and of 300 draws lie apart by chance only: what is permuted are one study's ratings.
    assert drawn["together"].mean() == pytest.approx(expected.mean(), rel=0.1)
    assert np.quantile(drawn["together"], 0.95) == pytest.approx(np.quantile(expected, 0.95), rel=0.12)


def test_links_that_do_not_fit_the_words_are_mistakes() -> None:
    german = LINKS[LINKS["language"] == "de"]
    with pytest.raises(StatsError, match="'c1' is not among"):
        Linked.of(german, [word for word in WORDS["de"] if word != "c1"], seed=0)
    with pytest.raises(StatsError, match="'a1' is linked twice"):
        Linked.of(pd.concat([german, german.head(1)]), WORDS["de"], seed=0)
    none = Linked.of(german.head(0), WORDS["de"], seed=0)
    assert none.n_linked == 0
    y = np.arange(11.0)
    assert np.array_equal(none.orders(y, 5, seed=1), Linked.none(11).orders(y, 5, seed=1))


def test_ratings_that_are_equal_for_translations_stay_so_under_either_null() -> None:
    """Codes of their own are drawn with permuted ratings as their noise, which translations share, too."""
    rng = np.random.default_rng(1)
    n = 60
    rows = pd.DataFrame({"stratum": "de:1 it:1", "block": np.arange(n), "place": 0})
    ratings = rng.normal(size=n)
    layers = []
    for code in ("de", "it"):
        order = rng.permutation(n)  # each language lists its words in another order
        words = [f"{code}{concept}" for concept in order]
        own = rows.assign(word=[f"{code}{concept}" for concept in range(n)])
        links = Linked.of(own, words, seed=3)
        layers.append((order, rated_layer(rng.normal(size=(n, 8)), ratings[order], np.arange(n), links)))
    for null in ("permuted", "own codes"):
        drawn = []
        for seed, (order, layer) in enumerate(layers):
            of_concept = np.empty((n, 4))
            of_concept[order] = nulls.get(null).draw(layer, 4, seed=seed)
            drawn.append(of_concept)
        if null == "permuted":
            np.testing.assert_array_equal(*drawn)
        else:  # what ridge reads by chance from noise is little: the draws are nearly all noise
            r = [np.corrcoef(a, b)[0, 1] for a, b in zip(drawn[0].T, drawn[1].T, strict=True)]
            assert min(r) > 0.8
        assert not np.array_equal(drawn[0][:, 0], drawn[0][:, 1])


def test_top_signs_are_of_the_largest_scores() -> None:
    assert top_signs(np.array([0.5, -2.0, 0.0, 1.0, -1.0]), 3).tolist() == [0, -1, 0, 1, -1]
    assert top_signs(np.array([1.0, -1.0, 1.0]), 2).tolist() == [1, -1, 0]  # ties by index
    assert top_signs(np.array([0.0, 0.0, 3.0]), 2).tolist() == [0, 0, 1]  # a unit without weight is not chosen
    both = np.array([[1.0, -1.0, 1.0], [0.0, -1.0, 3.0]])
    assert top_signs(both, 2).tolist() == [[1, -1, 0], [0, -1, 1]]


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
    assert pairs["p_bh"].tolist() == pytest.approx([0.01] * 3)
    assert pairs["p_signed"].tolist() == pytest.approx([0.01] * 3)
    assert summary["pairs_below_05"] == 3
    assert degrees["as_many"].tolist() == [99, 0, 0]
    null = [np.mean([(a[d] * b[d] != 0).sum() for d in range(99)]) for a, b in combinations(permuted, 2)]
    assert pairs["null_mean"].tolist() == pytest.approx(null)
    assert pairs["fe_corrected"].tolist() == pytest.approx([K / mean for mean in null])


def test_units_in_common_with_signs_at_random_are_not_called_shared() -> None:
    rng = np.random.default_rng(14)
    places = np.flatnonzero(random_signs(rng, 1)[0])
    observed = [np.zeros((1, WIDTH), np.int8) for _ in range(2)]
    for signs in observed:
        signs[0, places] = 1
    observed[1][0, places[::2]] = -1  # one half with the same sign, one with the other
    summary, _, pairs = null_summary(observed, [random_signs(rng, 99) for _ in range(2)])
    assert summary["p_fe"] == pytest.approx(0.01)
    assert summary["p_shared"] == summary["p_signed_fe"] > 0.1
    assert pairs["p_null"].iloc[0] == pytest.approx(0.01)
    assert pairs["p_bh"].iloc[0] == pairs["p_signed"].iloc[0] > 0.1
    assert summary["pairs_below_05"] == 0


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


@pytest.fixture
def layer(design: Design) -> RatedLayer:
    return RatedLayer.of(design, "valence", 1, seed=0)


@pytest.mark.parametrize(("method", "penalty"), [("correlation", None), ("ridge", None), ("elastic-net", (0.01, 0.01))])
def test_permuted_signs_are_the_top_of_a_ranking_of_permuted_ratings(
    design: Design, layer: RatedLayer, method: str, penalty: tuple[float, float] | None
) -> None:
    signs = null_signs(layer, permuted(layer, 5, seed=3), method, K, penalties=penalty)
    assert signs.shape == (5, WIDTH)
    assert set(np.unique(signs)) <= {-1, 0, 1}
    assert (np.abs(signs).sum(axis=1) <= K).all()
    assert len({tuple(row) for row in signs}) == 5
    again = null_signs(layer, permuted(layer, 5, seed=3), method, K, penalties=penalty)
    assert np.array_equal(signs, again)
    # In a layer of noise every unit is as likely as any other.
    noise = RatedLayer.of(design, "valence", 0, seed=0)
    signs = null_signs(noise, permuted(noise, 200, seed=4), method, K, penalties=penalty)
    assert np.abs(signs).mean(axis=0).max() < 2.5 * K / WIDTH
    assert signs.sum(axis=0).mean() == pytest.approx(0, abs=5)


def test_correlation_on_permuted_ratings_is_numpys(layer: RatedLayer) -> None:
    drawn = permuted(layer, 3, seed=3)
    signs = null_signs(layer, drawn, "correlation", K)
    for draw in range(3):
        r = np.array([np.corrcoef(column, drawn[:, draw])[0, 1] for column in layer.X.T])
        top = np.argsort(-np.abs(r))[:K]
        assert set(np.flatnonzero(signs[draw])) == set(top)
        assert (signs[draw, top] == np.sign(r[top])).all()


def test_draws_are_ranked_as_one_by_one(layer: RatedLayer) -> None:
    drawn = permuted(layer, 4, seed=2)
    for method, penalty in (("correlation", None), ("ridge", None), ("elastic-net", (0.01, 0.02))):
        together = null_signs(layer, drawn, method, K, penalties=penalty)
        alone = [null_signs(layer, drawn[:, [i]], method, K, penalties=penalty)[0] for i in range(4)]
        np.testing.assert_array_equal(together, alone)


def test_an_elastic_net_takes_each_draw_s_own_penalty(design: Design, layer: RatedLayer) -> None:
    drawn = np.column_stack([layer.y, permuted(layer, 2, seed=3)])
    chosen = chosen_again(layer, drawn, "elastic-net-cv")
    for column, (l1, l2) in zip(drawn.T, chosen, strict=True):
        choice = choose_penalty(design.train(1), column, layer.words, kind="elastic-net", seed=0)
        assert l1 == l2 == choice.best
    assert len(set(chosen)) > 1
    together = null_signs(layer, drawn, "elastic-net-cv", K, penalties=chosen)
    alone = [null_signs(layer, drawn[:, [i]], "elastic-net-cv", K, penalties=pair)[0] for i, pair in enumerate(chosen)]
    np.testing.assert_array_equal(together, alone)
    for method in ("elastic-net-cv", "elastic-net"):
        with pytest.raises(ConfigError, match="without penalties: give l1 and l2"):
            null_signs(layer, drawn, method, K)
    with pytest.raises(ConfigError, match="'adam' can't be refitted"):
        null_signs(layer, drawn, "adam", K, penalties=(0.1, 0.1))


def test_a_layer_s_r_is_that_of_the_study_s_ridge_probe(design: Design, layer: RatedLayer) -> None:
    choice = choose_penalty(design.train(1), layer.y, layer.words, kind="ridge", seed=0)
    assert layer.r == pytest.approx(choice.r)
    assert layer.l2 == choice.best
    drawn = permuted(layer, 3, seed=1)
    r = [choose_penalty(design.train(1), column, layer.words, kind="ridge", seed=0).r for column in drawn.T]
    assert layer.r_of(drawn) == pytest.approx(r)
    # With other ratings everything is as if it were made anew.
    other, anew = layer.rated(drawn[:, 0]), rated_layer(layer.X, drawn[:, 0], layer.words)
    assert other.r == pytest.approx(anew.r)
    assert other.l2 == anew.l2
    assert own_codes(other, 3, seed=1) == pytest.approx(own_codes(anew, 3, seed=1))
    assert layer.r == pytest.approx(choice.r)


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


def banded(rng: np.random.Generator, n: int, draws: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs with a few large components and many small ones, and ratings that lie in the first three."""
    scores, _ = np.linalg.qr(rng.normal(size=(n, 40)) - rng.normal(size=(n, 1)))
    scores -= scores.mean(axis=0)
    sizes = np.concatenate([[8.0, 7.0, 6.0], np.linspace(1.8, 1.2, 37)])
    X = np.sqrt(n) * (scores * sizes) @ np.linalg.qr(rng.normal(size=(40, 40)))[0]
    y = scores[:, :3] @ rng.normal(size=(3, draws)) * np.sqrt(n) + 0.5 * rng.normal(size=(n, draws))
    return X, y


def test_codes_of_their_own_lie_where_the_real_one_lies_and_are_read_as_well() -> None:
    rng = np.random.default_rng(9)
    n = 300
    X, y = banded(rng, n)
    layer = rated_layer(X, y[:, 0], np.arange(n))
    drawn = own_codes(layer, 80, seed=1)
    assert drawn.shape == (n, 80)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=1e-12)
    # Read as well: ridge on folds of words, anew for every draw.
    r = [choose_penalty(X, column, np.arange(n), kind="ridge", seed=0).r for column in drawn[:, :40].T]
    assert np.mean(r) == pytest.approx(layer.r, abs=0.01)
    # Where the real one is: of the draws' variance as much lies in each band of components.
    axes, _, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    real, of_draws = ((axes.T @ column) ** 2 for column in (stats.zscore(layer.y), drawn))
    for first, last in ((0, 1), (1, 3), (3, 5), (5, 10), (10, 20), (20, 40)):
        assert of_draws[first:last].sum(axis=0).mean() == pytest.approx(real[first:last].sum(), abs=0.03 * n)
    # In directions that have nothing to do with each other, nor with the real one; isotropic within a band.
    directions = axes[:, :5].T @ drawn
    r = np.corrcoef(np.column_stack([axes[:, :5].T @ layer.y, directions]).T)[np.triu_indices(81, 1)]
    assert abs(r.mean()) < 0.05
    of_band = np.var(directions[1:3], axis=1)
    assert of_band.max() < 2 * of_band.min()
    assert abs(np.mean(np.sign(directions[0]))) < 0.35


@pytest.mark.parametrize("noise", [3.0, 2.0, 1.0, 0.3])
def test_weak_codes_are_matched_as_closely_as_strong_ones(noise: float) -> None:
    """The weaker a code the less straight is the curve of what draws of a strength are predicted with."""
    rng = np.random.default_rng(21)
    n, most = 400, 0.0
    for seed in range(4):
        X = rng.normal(size=(n, 150)) * np.linspace(3, 0.5, 150)
        y = X @ rng.normal(size=150) / np.linalg.norm(np.linspace(3, 0.5, 150)) + noise * rng.normal(size=n)
        layer = rated_layer(X, y, np.arange(n))
        drawn = own_codes(layer, 50, seed=seed)  # those on which the strength is set
        if layer.r > 0.1:
            most = max(most, layer.r)
            assert layer.r_of(drawn).mean() == pytest.approx(layer.r, abs=0.002)
    assert most > 0.1


def test_the_bands_are_those_of_the_method_s_page() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(90, 60))
    layer = rated_layer(X, rng.normal(size=90), np.arange(90))
    code = Code(layer)
    bands = [(0, 1), (1, 3), (3, 5), (5, 10), (10, 20), (20, 40), (40, 60)]
    assert [(band.start, band.stop) for band in code.bands] == bands
    for width, last in ((1, [(0, 1)]), (2, [(0, 1), (1, 2)]), (5, [(0, 1), (1, 3), (3, 5)])):
        narrow = Code(rated_layer(X[:, :width], rng.normal(size=90), np.arange(90)))
        assert [(band.start, band.stop) for band in narrow.bands] == last
    # The shrunk coefficients are ridge's predictions, component by component.
    centred = layer.X
    ratings = layer.ratings - layer.ratings.mean()
    weights = np.linalg.solve(centred.T @ centred + 90 * layer.l2 * np.eye(60), centred.T @ ratings)
    np.testing.assert_allclose(code.axes @ code.of(layer.ratings[:, None])[:, 0], centred @ weights)
    share = code.of(layer.ratings[:, None])[:, 0] ** 2
    assert code.share_of_first(layer.ratings[:, None]) == pytest.approx([share[:5].sum() / share.sum()])


def test_a_rating_that_is_nowhere_is_drawn_as_a_permuted_one() -> None:
    rng = np.random.default_rng(2)
    n = 60
    X = rng.normal(size=(n, 5))
    y = rng.normal(size=n)
    layer = rated_layer(X, y, np.arange(n))
    while layer.r > 0:  # as by chance half of all ratings are
        y = rng.permutation(y)
        layer = layer.rated(y)
    for column in own_codes(layer, 3, seed=1).T:
        np.testing.assert_allclose(np.sort(column), np.sort(stats.zscore(y)))


def test_where_no_draw_is_read_as_well_the_strongest_are_taken() -> None:
    """A rating that is a unit itself is predicted better than most directions of a noisy layer."""
    rng = np.random.default_rng(4)
    n = 50
    X = rng.normal(size=(n, 200))
    X[:, 0] *= 30
    layer = rated_layer(X, X[:, 0].copy(), np.arange(n))
    drawn = own_codes(layer, 20, seed=1)
    assert np.isfinite(drawn).all()
    assert layer.r_of(drawn).mean() <= layer.r + 0.01


def test_units_that_go_together_are_shared_by_codes_of_their_own() -> None:
    """The same groups of units in every language, and ratings that all of them encode, unrelated to each other's."""
    rng = np.random.default_rng(10)
    loadings = np.repeat(np.eye(4), WIDTH // 4, axis=1)
    words = np.repeat(np.arange(100), 2)
    p: dict[str, list[float]] = {"permuted": [], "own codes": []}
    for _ in range(40):
        observed: list[np.ndarray] = []
        drawn: dict[str, list[np.ndarray]] = {"permuted": [], "own codes": []}
        for _ in range(3):
            factors = rng.normal(size=(100, 4))
            X = stats.zscore((3 * factors @ loadings)[words] + rng.normal(size=(200, WIDTH)))
            y = (factors @ rng.normal(size=4) + 0.3 * rng.normal(size=100))[words]
            layer = rated_layer(X, y, words)
            observed.append(null_signs(layer, y[:, None], "correlation", K))
            for null, signs in drawn.items():
                ratings = nulls.get(null).draw(layer, 19, seed=int(rng.integers(1e9)))
                signs.append(null_signs(layer, ratings, "correlation", K))
        for null, signs in drawn.items():
            summary, degrees, _ = null_summary(observed, signs)
            p[null].append(summary["p_fe"])
            assert summary["null_fe_low"] <= summary["null_fe"] <= summary["null_fe_high"]
            assert degrees["p_null"].between(0.05, 1).all()
    assert np.mean(p["own codes"]) == pytest.approx(0.5, abs=0.15)
    assert np.mean(p["permuted"]) < np.mean(p["own codes"])


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


def test_a_null_of_one_s_own(design: Design, layer: RatedLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reversed(Null):
        name = "reversed"
        label = seed_label = "reversed ratings"
        says = "The ratings are turned round."
        order = 15

        def draw(self, layer, draws, *, seed):  # type: ignore[no-untyped-def]
            return np.repeat(-layer.y[:, None], draws, axis=1)

    monkeypatch.setattr(registry.PLUGINS, "_known", dict(registry.PLUGINS._known))
    mine = nulls.register(Reversed())
    assert nulls.get("reversed") is mine
    assert nulls.names() == ("permuted", "reversed", "own codes")
    assert nulls.module_of("reversed") == __name__
    with pytest.raises(ConfigError, match="'reversed' exists already"):
        nulls.register(Reversed())
    turned = null_signs(layer, nulls.get("reversed").draw(layer, 2, seed=0), "correlation", K)
    rated = design.rated("valence")
    y, _ = rated.ratings("valence")
    ranking = rank_units(LayerData(rated.train(1), y, rated.train_words, 1, WIDTH, {}), "correlation")
    real = signs_of_rankings(ranking.assign(language="en"), K)["en"]
    assert (turned == -real).all()


def test_what_a_summary_says() -> None:
    rng = np.random.default_rng(12)
    observed, drawn = [[random_signs(rng, draws) for _ in range(3)] for draws in (1, 9)]
    summary, degrees, pairs = null_summary(observed, drawn)
    assert list(summary) == [
        *("draws", "mean_fe", "null_fe", "null_fe_low", "null_fe_high", "corrected_fe", "p_fe"),
        *("highest_degree", "null_highest_degree", "p_highest_degree", "p_omnibus"),
        *(
            "same_sign",
            "null_same_sign",
            "signed_fe",
            "null_signed_fe",
            "p_signed_fe",
            "p_shared",
            "pairs_below_05",
            "null_share_p05",
        ),
    ]
    assert list(degrees) == ["n_languages", "null_mean", "draws", "as_many", "p_null"]
    assert list(pairs) == ["null_mean", "fe_corrected", "p_null", "p_signed", "p_bh"]
    assert degrees["p_null"].tolist() == ((1 + degrees["as_many"]) / 10).tolist()
    assert pairs["p_bh"].tolist() == adjust(pairs[["p_null", "p_signed"]].max(axis=1), "bh").tolist()
    assert summary["p_shared"] == max(summary["p_fe"], summary["p_signed_fe"])
    assert summary["pairs_below_05"] == (pairs["p_bh"] < 0.05).sum()
