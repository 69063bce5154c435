"""Leave one language out, against scikit-learn and plain loops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from interlingua.errors import StatsError
from interlingua.models.store import Activations
from interlingua.probes import Design, grouped_folds
from interlingua.probes.ridge import RIDGE_PENALTIES
from interlingua.probes.subsets import SubsetRidge
from interlingua.seeds import derive_seed
from interlingua.units import LayerData, rank_units
from interlingua.units.leave_one_out import LeaveOneOut, collect, fit_sets, leave_one_out, shared_units, unit_sets
from interlingua.units.transfer import layer_table

LAYER, WIDTH, K = 1, 14, 4
LANGUAGES = ("en", "fi", "zh", "tr")
Designs = dict[str, Design]


def design_of(language: str, seed: int, *, carries: tuple[int, ...] = (2, 5, 6, 11), scale: float = 1.0) -> Design:
    """Fifty words of three sentences; the units `carries` hold the rating, with the same signs everywhere."""
    rng = np.random.default_rng(seed)
    words = np.repeat(np.arange(50), 3)
    rating = rng.uniform(size=50)
    X = rng.normal(size=(2, 150, WIDTH)) + 0.7 * rng.normal(size=(50, WIDTH))[words]
    for i, unit in enumerate(carries):
        X[LAYER, :, unit] += (-1) ** i * 4 * rating[words]
    contexts = pd.DataFrame(
        {
            "language": language,
            "word": [f"{language}{i}" for i in words],
            "split": np.where(words < 38, "train", "test"),
            "valence": scale * rating[words],
        }
    )
    return Design(Activations.from_arrays(X.astype(np.float32), {"language": language, "model": "m"}), contexts)


def rank(designs: Designs) -> pd.DataFrame:
    parts = []
    for language, design in designs.items():
        y, _ = design.ratings("valence")
        data = LayerData(design.train(LAYER), y, design.train_words, LAYER, WIDTH, {})
        parts.append(rank_units(data, "correlation").assign(language=language))
    cell = {"model": "m", "variable": "valence", "method": "correlation"}
    return pd.concat(parts, ignore_index=True).assign(**cell)


@pytest.fixture(scope="module")
def designs() -> Designs:
    # Rated on different scales: the average of the weights must not go by the largest.
    return {code: design_of(code, seed, scale=9.0**seed) for seed, code in enumerate(LANGUAGES)}


@pytest.fixture(scope="module")
def rankings(designs: Designs) -> pd.DataFrame:
    return rank(designs)


@pytest.fixture(scope="module")
def result(designs: Designs, rankings: pd.DataFrame) -> LeaveOneOut:
    return leave_one_out(designs, rankings, "valence", k=K, draws=30, seed=1)


def word_means(values: NDArray[np.float64], words: NDArray[np.int64]) -> NDArray[np.float64]:
    return pd.DataFrame(values).groupby(words).mean().to_numpy()


def oracle(design: Design, index: NDArray[np.int64], seed: int) -> tuple[NDArray[np.float64], float]:
    """Ridge of scikit-learn, its penalty by cross-validation over words: weights (of ratings over their SD), r."""
    y, y_test = design.ratings("valence")
    X, words = design.train(LAYER)[:, index], design.train_words
    folds = grouped_folds(words, 5, seed)
    mean_r = []
    for l2 in RIDGE_PENALTIES:
        r = []
        for k in range(5):
            kept = folds != k
            fit = Ridge(alpha=kept.sum() * l2).fit(X[kept], y[kept])
            predicted = word_means(fit.predict(X[~kept]), words[~kept])[:, 0]
            r.append(np.corrcoef(predicted, word_means(y[~kept], words[~kept])[:, 0])[0, 1])
        mean_r.append(np.mean(r))
    fit = Ridge(alpha=len(y) * RIDGE_PENALTIES[int(np.argmax(mean_r))]).fit(X, y)
    predicted = word_means(fit.predict(design.test(LAYER)[:, index]), design.test_words)[:, 0]
    return fit.coef_ / y.std(), float(np.corrcoef(predicted, word_means(y_test, design.test_words)[:, 0])[0, 1])


def test_a_subset_s_probe_is_scikit_learn_s(designs: Designs) -> None:
    probes = SubsetRidge(designs["fi"], "valence", LAYER, folds=5, seed=3)
    for index in (np.array([2, 9]), np.array([7, 2, 11]), np.arange(WIDTH)):
        weights, r = oracle(designs["fi"], index, 3)
        np.testing.assert_allclose(probes.weights(index), weights, rtol=1e-7)
        assert probes.r_test(index, probes.weights(index)) == pytest.approx(r, rel=1e-9)
        sentences = designs["fi"].test(LAYER)[:, index] @ weights
        r_sentences = np.corrcoef(sentences, designs["fi"].ratings("valence")[1])[0, 1]
        assert probes.r_sentences(index, weights) == pytest.approx(r_sentences, rel=1e-9)


def test_the_set_and_the_zero_shot_probe(designs: Designs, rankings: pd.DataFrame, result: LeaveOneOut) -> None:
    for language in LANGUAGES:
        row = result.table.set_index("language").loc[language]
        index = shared_units(rankings, language, K)["index"].to_numpy()
        fits = {code: oracle(designs[code], index, derive_seed(1, "leave one out", code)) for code in LANGUAGES}
        assert row["r_set"] == pytest.approx(fits[language][1], rel=1e-8)
        weights = np.mean([fits[code][0] for code in LANGUAGES if code != language], axis=0)
        design = designs[language]
        parts = [(design.train(LAYER), design.train_words), (design.test(LAYER), design.test_words)]
        predicted = np.concatenate([word_means(X[:, index] @ weights, words)[:, 0] for X, words in parts])
        rating = design.contexts.groupby("word", sort=False)["valence"].first()
        assert row["r_zero_shot"] == pytest.approx(np.corrcoef(predicted, rating)[0, 1], rel=1e-8)
        assert row["r_zero_shot_low"] < row["r_zero_shot"] < row["r_zero_shot_high"]
        assert (row["n_units"], row["n_words"], row["n_test_words"]) == (K, 50, 12)


def test_units_that_carry_the_rating_everywhere_beat_random_ones(result: LeaveOneOut) -> None:
    table = result.table
    assert (table[["percentile_r_set", "percentile_r_zero_shot"]] > 95).all(axis=None)
    assert (table["r_zero_shot"] > 0.8).all()
    assert (table["random_r_zero_shot"] < table["r_zero_shot"] - 0.1).all()
    assert (table["share_p05_words"] == 1).all()
    chosen = result.units.groupby("language")["unit"].agg(set)
    assert all(units == {WIDTH * LAYER + unit for unit in (2, 5, 6, 11)} for units in chosen)
    assert (result.units["n_languages"] == 3).all()


def test_single_units_are_those_of_the_layer_table(designs: Designs, result: LeaveOneOut) -> None:
    design = designs["zh"]
    contexts = design.contexts
    every = layer_table(design.activations.layer(LAYER), contexts["valence"], contexts["word"], layer=LAYER)
    ours = result.units[result.units["language"] == "zh"].set_index("unit")
    expected = every.set_index("unit").loc[ours.index, ["b_words", "t_words", "p_words", "percentile"]]
    pd.testing.assert_frame_equal(ours[expected.columns], expected)
    row = result.table.set_index("language").loc["zh"]
    assert row["median_percentile"] == expected["percentile"].median()
    assert row["layer_share_p05_words"] == (every["p_words"] < 0.05).mean()


def test_random_sets_and_percentiles(designs: Designs, rankings: pd.DataFrame, result: LeaveOneOut) -> None:
    sets = unit_sets(rankings, K, draws=30, seed=1)
    assert len(sets.random[K]) == 30
    assert all(len(set(units)) == K and set(units) <= set(range(WIDTH)) for units in sets.random[K])
    fits = {code: fit_sets(designs[code], "valence", LAYER, code, sets, seed=1) for code in LANGUAGES}
    row = result.table.set_index("language").loc["tr"]
    r = [oracle(designs["tr"], units, derive_seed(1, "leave one out", "tr"))[1] for units in sets.random[K][:5]]
    np.testing.assert_allclose(fits["tr"].r_random[K][:5], r, rtol=1e-7)
    every = fits["tr"].r_random[K]
    assert row["random_r_set"] == pytest.approx(every.mean())
    assert row["percentile_r_set"] == pytest.approx(
        100 * ((every < row["r_set"]).mean() + 0.5 * (every == row["r_set"]).mean())
    )
    again = collect(rankings, sets, fits)
    pd.testing.assert_frame_equal(again.table, result.table)


def test_the_left_out_language_has_no_say(designs: Designs, rankings: pd.DataFrame, result: LeaveOneOut) -> None:
    other = {**designs, "en": design_of("en", 77, carries=(0, 1, 3, 4))}
    found = leave_one_out(other, rank(other), "valence", k=K, draws=5, seed=1)
    chosen = [table.units.query("language == 'en'")["unit"].tolist() for table in (found, result)]
    assert chosen[0] == chosen[1]
    assert found.table.set_index("language").loc["en", "median_percentile"] < 75


def test_shared_units_are_ordered_by_languages_then_rank_then_index() -> None:
    # Top 2 of each of three languages over five units; the fourth language is left out.
    ranks = {"a": [1, 2, 3, 4, 5], "b": [3, 1, 2, 5, 4], "c": [2, 4, 1, 3, 5], "d": [5, 4, 3, 2, 1]}
    rows = [
        {"language": code, "unit": 10 + i, "index": i, "rank": r, "score": 0.0 if (code, i) == ("b", 2) else 1 / r}
        for code, values in ranks.items()
        for i, r in enumerate(values)
    ]
    found = shared_units(pd.DataFrame(rows), "d", 2)
    # Tops: a {0, 1}, b {1} (unit 2 has no weight there), c {2, 0}: 0 and 1 twice; mean ranks 2 and 7/3.
    assert found["unit"].tolist() == [10, 11]
    assert found["n_languages"].tolist() == [2, 2]
    np.testing.assert_allclose(found["mean_rank"], [2, 7 / 3])
    # Top 3: unit 0 everywhere, 1 and 2 twice, and 2 has the better mean rank (2 against 7/3).
    assert shared_units(pd.DataFrame(rows), "d", 3)["unit"].tolist() == [10, 12, 11]
    # A unit that no other language uses never fills the set up.
    sparse = pd.DataFrame(rows).assign(score=lambda t: t["score"] * (t["index"] == 4))
    assert shared_units(sparse, "d", 5)["unit"].tolist() == [14]


def test_several_methods_share_the_random_sets(designs: Designs, rankings: pd.DataFrame, result: LeaveOneOut) -> None:
    backwards = rankings.assign(method="backwards", rank=WIDTH + 1 - rankings["rank"])
    both = pd.concat([rankings, backwards], ignore_index=True)
    table = leave_one_out(designs, both, "valence", k=K, draws=30, seed=1).table
    pd.testing.assert_frame_equal(table[table["method"] == "correlation"].reset_index(drop=True), result.table)
    worst = table[table["method"] == "backwards"]
    assert (worst["percentile_r_set"] < 50).all()
    assert worst["random_r_set"].tolist() == result.table["random_r_set"].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d, r: (d, r[r["language"].isin(["en", "fi"])]), "three or more, not 2"),
        (lambda d, r: ({"en": d["en"]}, r), "language 'fi', but no design"),
        (lambda d, r: (d, r.assign(layer=[1] + [0] * (len(r) - 1))), "more than one layer"),
    ],
)
def test_what_can_t_be_done(
    designs: Designs,
    rankings: pd.DataFrame,
    change: Callable[[Designs, pd.DataFrame], tuple[Designs, pd.DataFrame]],
    message: str,
) -> None:
    with pytest.raises(StatsError, match=message):
        leave_one_out(*change(designs, rankings), "valence", k=K, draws=2, seed=0)
