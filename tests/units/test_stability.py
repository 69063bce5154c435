"""Stability of rankings, against draws made row by row."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn.linear_model import ElasticNet, Ridge

from interlingua.errors import ConfigError, StatsError
from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.units import curve_over_k, method_agreement, overlap, selection_frequency
from interlingua.units.stability import halves

N_WORDS, WIDTH, K = 30, 12, 4
METHODS: dict[str, tuple[float, float] | None] = {
    "correlation": None,
    "ridge": (0.0, 0.2),
    "elastic-net": (0.001, 0.001),
    "elastic-net-cv": (0.03, 0.03),
}


@pytest.fixture(scope="module")
def design() -> Design:
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(N_WORDS + 4), rng.integers(1, 6, size=N_WORDS + 4))
    y = rng.uniform(size=N_WORDS + 4)[words]
    X = 5 + rng.normal(size=(N_WORDS + 4, WIDTH))[words] + rng.normal(size=(len(words), WIDTH))
    X[:, 3] += 8 * y
    X[:, 7] = 2.0
    X[:, 8] = words == 2  # constant in the draws that leave that word out
    contexts = pd.DataFrame(
        {
            "language": "en",
            "word": [f"w{number}" for number in words],
            "split": np.where(words < N_WORDS, "train", "test"),
            "valence": y,
        }
    )
    return Design(Activations.from_arrays([X.astype(np.float32)], {"language": "en"}), contexts)


def score(name: str, X: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return r, or the weights of scikit-learn's probe on standardised units; 0 for constant units."""
    vary = np.ptp(X, axis=0) > 0
    z = stats.zscore(X[:, vary])
    out = np.zeros(X.shape[1])
    if name == "correlation":
        out[vary] = z.T @ stats.zscore(y) / len(y)
        return out
    l1, l2 = METHODS[name] or (0.0, 0.0)
    if l1 == 0:
        out[vary] = Ridge(alpha=l2 * len(y)).fit(z, y).coef_  # |y-Xw|^2 + m l2 |w|^2
    else:  # Eq. 1 in scikit-learn's terms
        alpha = l1 / 2 + l2
        out[vary] = ElasticNet(alpha=alpha, l1_ratio=l1 / 2 / alpha, tol=1e-9, max_iter=100_000).fit(z, y).coef_
    return out


def top(scores: NDArray[np.float64]) -> set[int]:
    return {int(index) for index in np.argsort(-np.abs(scores), kind="stable")[:K] if scores[index] != 0}


def test_agrees_with_drawing_the_rows(design: Design) -> None:
    found = selection_frequency(design, "valence", 0, METHODS, K, draws=60, seed=4)
    X, y, words = design.train(0), design.ratings("valence")[0], design.train_words
    counts = np.random.default_rng(4).multinomial(N_WORDS, np.full(N_WORDS, 1 / N_WORDS), size=60)
    for name in METHODS:
        table = found[found["method"] == name]
        chosen = np.zeros(WIDTH)
        for times in counts:
            rows = np.repeat(np.arange(len(y)), times[words])
            chosen[list(top(score(name, X[rows], y[rows])))] += 1
        np.testing.assert_allclose(table["frequency"], chosen / 60)
        np.testing.assert_allclose(table["score"], score(name, X, y), atol=1e-7)
        assert set(table.loc[table["selected"], "index"]) == top(score(name, X, y))
        assert table["frequency"].iloc[3] == 1
        assert table["frequency"].iloc[7] == 0
    # The rankings differ, and so do their frequencies.
    by_method = found.pivot_table(index="index", columns="method", values="frequency")
    assert by_method.T.drop_duplicates().shape[0] == len(METHODS)


def test_a_draw_is_the_same_whatever_else_is_ranked(design: Design) -> None:
    alone = selection_frequency(design, "valence", 0, {"ridge": METHODS["ridge"]}, 0.3, draws=20, seed=1)
    beside = selection_frequency(design, "valence", 0, METHODS, K, draws=20, seed=1)
    beside = beside[beside["method"] == "ridge"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, beside)
    assert alone["frequency"].sum() == pytest.approx(K)


def test_bad_options(design: Design) -> None:
    def frequency(
        methods: dict[str, tuple[float, float] | None], k: int = K, draws: int = 2, of: Design = design
    ) -> pd.DataFrame:
        return selection_frequency(of, "valence", 0, methods, k, draws=draws, seed=0)

    with pytest.raises(ConfigError, match=r"did you mean 'correlation'\?"):
        frequency({"correlations": None})
    with pytest.raises(ConfigError, match="'ridge' needs the penalties"):
        frequency({"ridge": None})
    with pytest.raises(ConfigError, match="'adam' is by a probe of the whole network"):
        frequency({"adam": (0.1, 0.1)})
    with pytest.raises(ConfigError, match="from 1 to 12"):
        frequency({"correlation": None}, k=13)
    with pytest.raises(StatsError, match="at least one"):
        frequency({"correlation": None}, draws=0)
    one_word = design.contexts["word"].isin(["w0", "w31", "w32"]).to_numpy()
    alone = Design(design.activations, design.contexts.assign(valence=np.arange(len(one_word))), rows=one_word)
    with pytest.raises(StatsError, match="at least two, not 1"):
        frequency({"correlation": None}, of=alone)


def test_halves_agree_with_parting_the_words(design: Design) -> None:
    found = halves(design, "valence", 0, METHODS, K, draws=12, seed=9).set_index("method")
    X, y, words = design.train(0), design.ratings("valence")[0], design.train_words
    rng = np.random.default_rng(9)
    shared: dict[str, list[int]] = {name: [] for name in METHODS}
    same: dict[str, int] = dict.fromkeys(METHODS, 0)
    for _ in range(12):
        order = rng.permutation(N_WORDS)
        for name in METHODS:
            scores = []
            for part in (order[:15], order[15:]):
                rows = np.isin(words, part)
                scores.append(score(name, X[rows], y[rows]))
            both = top(scores[0]) & top(scores[1])
            shared[name].append(len(both))
            same[name] += sum(np.sign(scores[0][i]) == np.sign(scores[1][i]) for i in both)
    for name in METHODS:
        row = found.loc[name]
        assert row["shared"] == pytest.approx(np.mean(shared[name]))
        assert row[["shared_low", "shared_high"]].tolist() == pytest.approx(
            list(np.quantile(shared[name], [0.025, 0.975]))
        )
        assert row["same_sign"] == pytest.approx(same[name] / sum(shared[name]))
        assert (row["n_words"], row["k"], row["draws"]) == (15, K, 12)
        assert row["expected"] == pytest.approx(K**2 / WIDTH)
    three = design.contexts["word"].isin(["w0", "w1", "w2", "w31", "w32"]).to_numpy()
    few = Design(design.activations, design.contexts, rows=three)
    with pytest.raises(StatsError, match="halves need two words each"):
        halves(few, "valence", 0, {"correlation": None}, K, seed=0)


@pytest.fixture(scope="module")
def rankings() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    common = rng.normal(size=50)
    tables = []
    for method, noise in [("ridge", 0.5), ("elastic-net", 1.0)]:
        for language in ("en", "es", "fr"):
            weight = common + noise * rng.normal(size=50)
            if method == "elastic-net":
                weight[np.abs(weight) < 0.8] = 0
            order = np.argsort(-np.abs(weight), kind="stable")
            ranks = {"unit": order, "score": np.abs(weight)[order], "sign": np.sign(weight)[order].astype(int)}
            tables.append(pd.DataFrame({"method": method, "language": language, "layer": 0, **ranks}))
            tables[-1]["rank"] = np.arange(1, 51)
    return pd.concat(tables, ignore_index=True)


def test_curve_over_k_agrees_with_overlap(rankings: pd.DataFrame) -> None:
    curve = curve_over_k(rankings, 50, [5, 0.3, 40])
    assert curve["k"].tolist() == [5, 15, 40] * 2
    for row in curve.itertuples():
        one = rankings[rankings["method"] == row.method]
        summary = overlap(one, 50, k=row.k, draws=10, seed=0).pairs_summary.iloc[0]
        assert row.mean_fe == pytest.approx(summary["mean_fe"])
        assert row.mean_overlap == pytest.approx(summary["mean_overlap"])
        assert row.same_sign == pytest.approx(summary["same_sign"])
        assert row.n_pairs == 3
        pairs = overlap(one, 50, k=row.k, draws=10, seed=0).pairs
        beyond = (pairs["observed"] - pairs["expected"]) / (row.k - pairs["expected"])
        assert row.beyond_chance == pytest.approx(beyond.mean())
    with pytest.raises(StatsError, match="at least two languages"):
        curve_over_k(rankings[rankings["language"] == "en"], 50, [5])


def test_what_is_shared_beyond_chance_does_not_fall_with_k() -> None:
    """Equal sets have 1 and independent ones 0 whatever k; fold enrichment of equal ones is the width over k."""
    rng = np.random.default_rng(6)
    order = rng.permutation(400)
    equal = {"en": order, "es": order}
    independent = {code: rng.permutation(400) for code in ("en", "es", "fr", "de", "it", "pt")}
    for orders, level in ((equal, 1.0), (independent, 0.0)):
        table = pd.concat(
            pd.DataFrame({"language": code, "unit": units, "score": 1.0, "sign": 1, "rank": np.arange(1, 401)})
            for code, units in orders.items()
        )
        curve = curve_over_k(table, 400, [40, 100, 200, 400])
        assert curve["beyond_chance"].iloc[:3].tolist() == pytest.approx([level] * 3, abs=0.06)
        assert np.isnan(curve["beyond_chance"].iloc[3])  # all units are at the top
        if level:
            assert curve["mean_fe"].tolist() == pytest.approx([10, 4, 2, 1])


def test_method_agreement(rankings: pd.DataFrame) -> None:
    renamed = rankings[rankings["method"] == "ridge"].assign(method="again")
    table = method_agreement(pd.concat([rankings, renamed]), 10)
    assert len(table) == 3 * len(list(combinations("abc", 2)))
    same = table[(table["method_a"] == "ridge") & (table["method_b"] == "again")]
    assert same["share"].tolist() == [1, 1, 1]
    assert same["same_sign"].tolist() == [1, 1, 1]
    row = table[(table["language"] == "es") & (table["method_b"] == "elastic-net")].iloc[0]
    one, other = (
        rankings[(rankings["language"] == "es") & (rankings["method"] == method) & (rankings["rank"] <= 10)]
        for method in ("ridge", "elastic-net")
    )
    assert row["shared"] == len(set(one["unit"]) & set(other["unit"]))
    assert row["share"] == row["shared"] / 10
    assert row["k"] == 10
