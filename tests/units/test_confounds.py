"""Covariates of words, and partial correlations against matrix algebra and scikit-learn."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import StandardScaler

from interlingua.errors import StatsError
from interlingua.models.store import Activations
from interlingua.probes import Design, grouped_folds
from interlingua.probes.ridge import RIDGE_PENALTIES
from interlingua.units import confounds
from interlingua.units.confounds import PartialOut, frequency_gap, partial_out, word_covariates
from interlingua.units.similarity import Similarity, WordsOf, correlations, half_profiles, halves, similarity

WIDTH, LAYER, N_WORDS, SENTENCES = 12, 1, 80, 3
WORDS = [f"w{i}" for i in range(N_WORDS)]
OF_ROW = np.repeat(np.arange(N_WORDS), SENTENCES)


def make(seed: int = 0, *, confounded: float = 0.0) -> tuple[Design, pd.DataFrame]:
    """Units 2 and 5 carry the rating, unit 7 the first covariate, on which the rating may depend itself."""
    rng = np.random.default_rng(seed)
    covariates = pd.DataFrame(
        {"length": rng.integers(3, 12, N_WORDS).astype(float), "log_frequency": rng.normal(4, 1, N_WORDS)},
        index=pd.Index(WORDS, name="word"),
    )
    z = (covariates["length"] - covariates["length"].mean()).to_numpy() / 3
    meaning = rng.normal(size=N_WORDS)
    rating = (1 - confounded) * meaning + confounded * (z + 0.2 * rng.normal(size=N_WORDS))
    X = rng.normal(size=(2, len(OF_ROW), WIDTH))
    X[LAYER, :, 2] += 2 * meaning[OF_ROW] * (confounded < 1)
    X[LAYER, :, 5] -= 1.5 * meaning[OF_ROW] * (confounded < 1)
    X[LAYER, :, 7] += 3 * z[OF_ROW]
    contexts = pd.DataFrame(
        {
            "language": "en",
            "word": [WORDS[i] for i in OF_ROW],
            "split": np.where(OF_ROW < 60, "train", "test"),
            "valence": rating[OF_ROW],
        }
    )
    return Design(Activations.from_arrays(X.astype(np.float32), {"language": "en", "model": "m"}), contexts), covariates


def run(design: Design, covariates: pd.DataFrame) -> PartialOut:
    return partial_out(design, "valence", LAYER, covariates, model="m", k=3, seed=0)


def test_partial_correlations_are_those_of_the_inverse_covariance() -> None:
    design, covariates = make(confounded=0.5)
    found = run(design, covariates)
    X, (y, _) = design.train(LAYER), design.ratings("valence")
    C = covariates.loc[design.contexts["word"]].to_numpy()[design.train_rows]
    expected = []
    for unit in range(WIDTH):
        precision = np.linalg.inv(np.cov(np.column_stack([X[:, unit], y, C]), rowvar=False))
        expected.append(-precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1]))
    ranking = found.rankings.sort_values("index")
    np.testing.assert_allclose(ranking["score"] * ranking["sign"], expected, rtol=1e-9)
    assert found.rankings["rank"].tolist() == list(range(1, WIDTH + 1))
    assert (found.rankings["unit"] == LAYER * WIDTH + found.rankings["index"]).all()
    columns = "model language variable method layer unit index score sign rank"
    assert " ".join(found.rankings.columns) == columns
    assert set(found.rankings["method"]) == {"partial-correlation"}


def _ridge_r(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    X_test: NDArray[np.float64],
    y_test: NDArray[np.float64],
    words: NDArray[Any],
) -> float:
    """Ridge of scikit-learn whose penalty has the best mean r over held-out folds of words."""
    folds = grouped_folds(words, 5, 0)
    scores = []
    for l2 in RIDGE_PENALTIES:
        r = []
        for k in range(5):
            kept = folds != k
            fit = Ridge(alpha=kept.sum() * l2).fit(X[kept], y[kept])
            r.append(np.corrcoef(fit.predict(X[~kept]), y[~kept])[0, 1])
        scores.append(np.mean(r))
    fit = Ridge(alpha=len(y) * RIDGE_PENALTIES[int(np.argmax(scores))]).fit(X, y)
    return float(np.corrcoef(fit.predict(X_test), y_test)[0, 1])


def test_r_of_residuals_is_scikit_learn_s() -> None:
    design, covariates = make(confounded=0.5)
    row = run(design, covariates).row
    y, y_test = design.ratings("valence")
    X, X_test = design.train(LAYER), design.test(LAYER)
    assert row["r"] == pytest.approx(_ridge_r(X, y, X_test, y_test, design.train_words), rel=1e-9)
    every = covariates.loc[design.contexts["word"]].to_numpy()
    C, C_test = every[design.train_rows], every[design.test_rows]
    of_X, of_y = LinearRegression().fit(C, X), LinearRegression().fit(C, y)
    scaler = StandardScaler().fit(X - of_X.predict(C))
    left = [scaler.transform(part - of_X.predict(c)) for part, c in ((X, C), (X_test, C_test))]
    expected = _ridge_r(left[0], y - of_y.predict(C), left[1], y_test - of_y.predict(C_test), design.train_words)
    assert row["r_partial"] == pytest.approx(expected, rel=1e-9)
    assert row["r2_covariates"] == pytest.approx(of_y.score(C, y), rel=1e-9)
    assert row["covariates"] == "length log_frequency"
    assert (row["n_train_words"], row["n_test_words"], row["k"]) == (60, 20, 3)


def test_words_that_are_left_have_the_partial_correlations_of_the_inverse_covariance() -> None:
    design, covariates = make(confounded=0.5)
    found = run(design, covariates)
    X = design.train(LAYER).reshape(60, SENTENCES, WIDTH).mean(axis=1)
    y = design.ratings("valence")[0][::SENTENCES]
    assert found.words == WORDS[:60]
    np.testing.assert_allclose(found.plain.X, X, atol=1e-12)
    np.testing.assert_allclose(found.plain.y, y)
    C = covariates.loc[found.words].to_numpy()
    every = [np.linalg.inv(np.cov(np.column_stack([X[:, unit], y, C]), rowvar=False)) for unit in range(WIDTH)]
    expected = [-one[0, 1] / np.sqrt(one[0, 0] * one[1, 1]) for one in every]
    np.testing.assert_allclose(correlations(found.left.X, found.left.y)[0], expected, rtol=1e-8)


def alike(covariate: str, *, width: int = 120, n_words: int = 200) -> tuple[Similarity, Similarity]:
    """Return rho-bar, as it is and of what is left, of six languages in which units go with length alike.

    The rating is `covariate` for the most part: "length", whose code the languages share; or a meaning whose code they
    share as much, and length has nothing to do with it. What else there is in it each language encodes in its own way.
    """
    rng = np.random.default_rng(3)
    common = rng.normal(size=width)
    plain: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for code in "abcdef":
        words = [f"{code}{number}" for number in range(n_words)]
        length, shared, own = rng.normal(size=(3, n_words))
        of_common = length if covariate == "length" else shared
        X = np.outer(of_common, common) + np.outer(own, rng.normal(size=width)) + rng.normal(size=(n_words, width))
        contexts = pd.DataFrame({"language": "en", "word": words, "valence": of_common + 0.5 * own})
        contexts["split"] = ["train"] * 160 + ["test"] * 40
        activations = Activations.from_arrays(np.stack([X, X]).astype(np.float32), {"language": "en", "model": "m"})
        table = pd.DataFrame({"length": length}, index=pd.Index(words, name="word"))
        found = run(Design(activations, contexts), table)
        first = halves([""] * 160, language=code, splits=10, seed=0)
        plain[code], left[code] = half_profiles(found.plain, first), half_profiles(found.left, first)
    return similarity(plain), similarity(left)


def test_sharing_that_is_of_length_is_not_left() -> None:
    plain, left = alike("length")
    assert plain.rho > 0.65
    assert abs(left.rho) < 0.1
    assert left.ceiling.min() > 0.8  # what is left is encoded, by each language in its own way


def test_sharing_that_is_not_of_length_is_left() -> None:
    plain, left = alike("meaning")
    assert plain.rho > 0.65
    assert left.rho == pytest.approx(plain.rho, abs=0.01)


def test_nothing_is_left_of_a_rating_that_is_wholly_length() -> None:
    design, covariates = make()
    contexts = design.contexts.assign(valence=covariates.loc[design.contexts["word"], "length"].to_numpy())
    left = run(Design(design.activations, contexts), covariates).left
    assert (left.y == 0).all()
    first = halves([""] * 60, language="en", splits=2, seed=0)
    assert (half_profiles(WordsOf(left.X, left.y), first) == 0).all()


def test_nothing_is_left_of_a_rating_that_is_length() -> None:
    row = run(*make(confounded=1.0)).row
    assert float(str(row["r"])) > 0.8
    assert abs(float(str(row["r_partial"]))) < 0.3
    assert float(str(row["r2_covariates"])) > 0.9


def test_covariates_that_say_nothing_take_nothing() -> None:
    design, covariates = make()
    found = run(design, covariates)
    assert float(str(found.row["r_partial"])) == pytest.approx(float(str(found.row["r"])), abs=0.03)
    assert found.rankings["index"].tolist()[:2] == [2, 5]
    assert float(str(found.row["r2_covariates"])) < 0.15
    assert found.row["top_k_kept"] in (2, 3)


def test_the_unit_of_a_confound_leaves_the_top() -> None:
    design, covariates = make(confounded=0.6)
    top = set(run(design, covariates).rankings["index"].head(2))
    plain = np.abs([np.corrcoef(design.train(LAYER)[:, i], design.ratings("valence")[0])[0, 1] for i in range(WIDTH)])
    assert 7 in np.argsort(-plain)[:2]
    assert top == {2, 5}


def test_a_unit_that_is_a_covariate_has_no_score() -> None:
    design, covariates = make()
    layers = np.stack([design.activations.layer(i) for i in range(2)])
    layers[LAYER, :, 9] = covariates["length"].to_numpy()[OF_ROW]
    exact = Design(Activations.from_arrays(layers, {"language": "en", "model": "m"}), design.contexts)
    ranking = run(exact, covariates).rankings.set_index("index")
    assert ranking.loc[9, "score"] == 0
    assert ranking.loc[9, "rank"] == WIDTH


def test_words_without_a_covariate_are_left_out_of_both() -> None:
    design, covariates = make()
    incomplete = covariates.copy()
    incomplete.loc[WORDS[::4], "log_frequency"] = np.nan
    row = run(design, incomplete).row
    assert (row["n_train_words"], row["n_test_words"]) == (45, 15)
    fewer = ~design.contexts["word"].isin(WORDS[::4])
    same = run(Design(design.activations, design.contexts, rows=fewer), covariates).row
    assert row == same
    few = covariates.copy()
    few.loc[WORDS[8:]] = np.nan
    with pytest.raises(StatsError, match="8 training and 0 test words have all of length, log_frequency"):
        run(design, few)
    with pytest.raises(StatsError, match="word 'w3' is not among the covariates"):
        run(design, covariates.drop("w3"))


def test_covariates_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confounds, "frequency_gap", lambda language: "none here")
    concreteness = {"Haus": 6.5, "freiheit": 1.5}
    table = word_covariates(["haus", "Freiheit", "Tür"], "de", [1, 2, 1.5], {"concreteness": concreteness})
    assert table.columns.tolist() == ["length", "n_subwords", "concreteness"]
    assert table.index.name == "word"
    assert table["length"].tolist() == [4, 8, 3]
    assert table["n_subwords"].tolist() == [1, 2, 1.5]
    np.testing.assert_array_equal(table["concreteness"], [6.5, 1.5, np.nan])
    # Vowel signs are no letters of their own, nor are combining accents.
    assert word_covariates(["हिन्दी", "e\u0301te\u0301"], "hi")["length"].tolist() == [3, 3]
    with pytest.raises(StatsError, match="'haus' stands twice"):
        word_covariates(["haus", "haus"], "de")
    with pytest.raises(StatsError, match="3 words: one number each"):
        word_covariates(["a", "b", "c"], "en", [1, 2])


def test_word_frequency() -> None:
    wordfreq = pytest.importorskip("wordfreq")
    table = word_covariates(["house", "xqzzv"], "en")
    assert table["log_frequency"].tolist() == [wordfreq.zipf_frequency("house", "en"), 0]
    # Croatian has the list of Serbo-Croatian; for Swahili wordfreq itself would answer with English.
    assert word_covariates(["kuća"], "hr")["log_frequency"].tolist() == [wordfreq.zipf_frequency("kuća", "sh")]
    assert "log_frequency" not in word_covariates(["nyumba"], "sw")
    assert frequency_gap("sw") == ("Word frequency is not among the covariates of Swahili: wordfreq has no list of it.")
    assert frequency_gap("hr") == ""


def test_chinese_needs_no_tokenizer() -> None:
    wordfreq = pytest.importorskip("wordfreq")
    frequency = wordfreq.get_frequency_dict("zh")["房子"]
    found = word_covariates(["房子", "齉龘"], "zh")["log_frequency"].tolist()
    assert found == [pytest.approx(np.log10(frequency * 1e9), abs=0.006), 0]


def test_without_wordfreq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confounds, "find_spec", lambda name: None)
    real = builtins.__import__

    def refuse(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if name == "wordfreq":
            raise ModuleNotFoundError(name)
        return real(name, globals, locals, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert word_covariates(["house"], "en").columns.tolist() == ["length"]
    assert "pip install wordfreq" in frequency_gap("en")
