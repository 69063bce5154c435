"""The probes of a language as a table: against scikit-learn on the raw rows, and what a table must be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.preprocessing import StandardScaler

from interlingua.errors import ConfigError, StatsError, StoreError
from interlingua.models.store import Activations
from interlingua.probes import (
    PROBE_COLUMNS,
    WHOLE,
    Design,
    evaluate,
    fit_probes,
    layer_contributions,
    load_weights,
    save_weights,
)

Study = tuple[Activations, pd.DataFrame]
EXACT = ("elastic-net", "elastic-net-cv", "ridge")


def standardised(study: Study, layers: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    activations, contexts = study
    raw = np.concatenate([activations.layer(i) for i in layers], axis=1).astype(np.float64)
    train = (contexts["split"] == "train").to_numpy()
    scaler = StandardScaler().fit(raw[train])
    y = contexts["valence"].to_numpy()
    return scaler.transform(raw[train]), y[train], scaler.transform(raw[~train]), y[~train]


def one(table: pd.DataFrame, probe: str, curve: str, layer: int) -> pd.Series:
    rows = table[(table["probe"] == probe) & (table["curve"] == curve) & (table["layer"] == layer)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_rows_agree_with_scikit_learn(study: Study) -> None:
    results = fit_probes(*study, "valence", seed=1)
    table = results.table
    assert list(table.columns) == list(PROBE_COLUMNS)
    X, y, X_test, y_test = standardised(study, [1])
    for probe in EXACT:
        row = one(table, probe, "layer", 1)
        if probe == "ridge":
            assert row["l1"] == 0
            oracle = Ridge(alpha=len(y) * row["l2"])
        else:
            alpha = row["l1"] / 2 + row["l2"]
            oracle = ElasticNet(alpha=alpha, l1_ratio=row["l1"] / 2 / alpha, tol=1e-12, max_iter=100_000)
        predictions = oracle.fit(X, y).predict(X_test)
        np.testing.assert_allclose(results.weights[probe, "layer", 1], oracle.coef_, atol=1e-7)
        assert row["r"] == pytest.approx(pearsonr(predictions, y_test).statistic, abs=1e-6)
        means = pd.DataFrame({"p": predictions, "y": y_test}).groupby(np.arange(48) // 6).mean()
        assert row["r_word"] == pytest.approx(means.corr().iloc[0, 1], abs=1e-6)
        assert row["r_low"] <= row["r"] <= row["r_high"]
        assert row["r_cv"] > 0.5
        assert 0 <= row["gap"] <= 1e-6
        assert row["n_nonzero"] == np.count_nonzero(results.weights[probe, "layer", 1])
    assert (table[["n_train", "n_test", "n_test_words"]] == [192, 48, 8]).all(axis=None)
    paper = table[table["probe"] == "elastic-net"]
    assert (paper[["l1", "l2"]] == 0.001).all(axis=None)
    assert one(table, "ridge", "layer", 0)["n_constant"] == 1
    assert results.weights["ridge", "layer", 0][5] == 0


def test_whole_network_and_its_zeroed_curve(study: Study) -> None:
    results = fit_probes(*study, "valence", probes=["elastic-net"], seed=1)
    X, y, X_test, y_test = standardised(study, [0, 1, 2])
    oracle = ElasticNet(alpha=0.0015, l1_ratio=1 / 3, tol=1e-12, max_iter=100_000).fit(X, y)
    np.testing.assert_allclose(results.weights["elastic-net", "whole", WHOLE], oracle.coef_, atol=1e-7)
    whole = one(results.table, "elastic-net", "whole", WHOLE)
    assert whole["r"] == pytest.approx(pearsonr(oracle.predict(X_test), y_test).statistic, abs=1e-6)
    assert np.isnan(whole["r_cv"])
    for layer in range(3):
        zeroed = X_test.copy()
        others = np.arange(30) // 10 != layer
        zeroed[:, others] = 0
        row = one(results.table, "elastic-net", "zeroed", layer)
        assert row["r"] == pytest.approx(pearsonr(oracle.predict(zeroed), y_test).statistic, abs=1e-6)
        assert row["n_nonzero"] == np.count_nonzero(oracle.coef_[~others])
        assert np.isnan(row["r_cv"])
    assert set(results.weights) == {
        ("elastic-net", "whole", WHOLE),
        *(("elastic-net", "layer", i) for i in range(3)),
    }


def test_contributions_of_layers_add_up(study: Study) -> None:
    design = Design(*study)
    weights = np.random.default_rng(0).normal(size=30)
    contributions = layer_contributions(design, weights)
    np.testing.assert_allclose(contributions.sum(axis=0), design.test(WHOLE) @ weights, atol=1e-12)
    with pytest.raises(StatsError, match="3 x 10 units"):
        layer_contributions(design, weights[1:])


def test_cross_validation_on_the_whole_network_is_an_option(study: Study) -> None:
    results = fit_probes(*study, "valence", layers=[], cv_whole=True, seed=1)
    X, y, *_ = standardised(study, [0, 1, 2])
    for probe in EXACT:
        assert one(results.table, probe, "whole", WHOLE)["r_cv"] > 0.5
        assert results.weights[probe, "whole", WHOLE].shape == (30,)
    ridge = one(results.table, "ridge", "whole", WHOLE)
    np.testing.assert_allclose(
        results.weights["ridge", "whole", WHOLE], Ridge(alpha=192 * ridge["l2"]).fit(X, y).coef_, atol=1e-8
    )
    assert (results.table["curve"] != "layer").all()


def test_adam_is_of_the_whole_network(study: Study) -> None:
    results = fit_probes(*study, "valence", probes=["adam"], adam_epochs=3, seed=1)
    assert results.table["curve"].tolist() == ["whole", "zeroed", "zeroed", "zeroed"]
    assert results.table["gap"].isna().all()
    assert results.weights["adam", "whole", WHOLE].shape == (30,)
    with pytest.raises(ConfigError, match="whole=True"):
        fit_probes(*study, "valence", probes=["adam"], whole=False, seed=1)


def test_languages_start_adam_apart(make_study: Callable[..., Study]) -> None:
    options = {"probes": ["adam"], "adam_epochs": 0, "seed": 1}
    first, second = (fit_probes(*make_study(code), "valence", **options) for code in ("en", "fr"))
    key = ("adam", "whole", WHOLE)
    assert abs(np.corrcoef(first.weights[key], second.weights[key])[0, 1]) < 0.6


def test_a_missing_rating_is_a_missing_row(study: Study) -> None:
    activations, contexts = study
    contexts.loc[contexts["word"].isin(["w003", "w035"]), "valence"] = np.nan
    with_gaps = fit_probes(activations, contexts, "valence", probes=EXACT, seed=1)
    kept = contexts["valence"].notna().to_numpy()
    without = fit_probes(activations.rows(kept), contexts[kept].reset_index(drop=True), "valence", probes=EXACT, seed=1)
    pd.testing.assert_frame_equal(with_gaps.table, without.table)
    assert (with_gaps.table["n_test_words"] == 7).all()


def test_the_same_seed_gives_the_same_bytes(make_study: Callable[..., Study]) -> None:
    def run(seed: int) -> tuple[bytes, dict[tuple[str, str, int], bytes]]:
        results = fit_probes(*make_study(), "valence", probes=(*EXACT, "adam"), adam_epochs=2, seed=seed)
        return results.table.to_csv().encode(), {k: w.tobytes() for k, w in results.weights.items()}

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_variables_share_a_design(study: Study) -> None:
    design = Design(*study)
    shared = fit_probes(*study, "arousal", seed=1, design=design)
    alone = fit_probes(*study, "arousal", seed=1)
    pd.testing.assert_frame_equal(shared.table, alone.table)
    assert design.gram(0) is design.rated("arousal").gram(0)


def test_layers_and_progress(study: Study) -> None:
    seen: list[tuple[int, int]] = []
    results = fit_probes(
        *study,
        "valence",
        model="named",
        probes=["ridge", "adam"],
        layers=[2, 0],
        adam_epochs=30,
        seed=1,
        on_progress=lambda done, total, _: seen.append((done, total)),
    )
    curve = results.table[results.table["curve"] == "layer"]
    assert curve["layer"].tolist() == [0, 2]
    assert (results.table["model"] == "named").all()
    assert seen == [(i, 22) for i in range(1, 23)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"probes": ["rigde"]}, "did you mean 'ridge'"),
        ({"layers": [3]}, "layer 3 does not exist: tiny has layers 0 to 2"),
        ({"variable": "valense"}, "did you mean 'valence'"),
    ],
)
def test_bad_options(study: Study, options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit_probes(*study, **({"variable": "valence", "seed": 1} | options))  # type: ignore[arg-type]


def test_too_few_words_for_the_folds(make_study: Callable[..., Study]) -> None:
    with pytest.raises(StatsError, match="17 folds of 16 training words"):
        fit_probes(*make_study(n_words=20), "valence", folds=17, seed=1)


def test_performance(study: Study) -> None:
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(60), 5)
    y = np.repeat(rng.normal(size=60), 5)
    predictions = y + rng.normal(size=300)
    performance = evaluate(y, predictions, words)
    assert performance.r == pytest.approx(pearsonr(y, predictions).statistic)
    by_word = pearsonr(y[::5], predictions.reshape(60, 5).mean(axis=1)).statistic
    assert performance.r_word == pytest.approx(by_word)
    assert performance.r_low < performance.r < performance.r_high
    assert performance.r_word_low < performance.r_word < performance.r_word_high
    assert evaluate(y, np.ones(300), words).r == 0


def test_weights_round_trip(study: Study, tmp_path: Path) -> None:
    weights = fit_probes(*study, "valence", seed=1).weights
    path = tmp_path / "weights.safetensors"
    save_weights(path, weights)
    again = load_weights(path)
    assert set(again) == set(weights)
    for key, values in weights.items():
        np.testing.assert_array_equal(again[key], values)
    first = path.read_bytes()
    save_weights(path, dict(reversed(weights.items())))
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == ["weights.safetensors"]


def test_weights_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't read probe weights"):
        load_weights(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"not a file of tensors")
    with pytest.raises(StoreError, match="can't read probe weights"):
        load_weights(tmp_path / "bad.safetensors")
    with pytest.raises(StoreError, match="can't write"):
        save_weights(tmp_path / "no" / "folder.safetensors", {("ridge", "layer", 0): np.ones(3)})
