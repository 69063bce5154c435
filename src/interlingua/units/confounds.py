"""What is left of r and of the shared units when length, sub-words and frequency are partialled out?

Frequent words are more positive, and short, and rarely split by a tokenizer; a probe that has learnt only
that would still predict ratings, in every language. Here both sides, rating and units, are replaced by their
residuals from a linear regression on such covariates, and the probe and the ranking are made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from interlingua import languages
from interlingua.errors import StatsError
from interlingua.probes import Design
from interlingua.probes.penalty import RidgeCrossValidation, best_penalty, grouped_folds, split_folds
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgePath
from interlingua.stats.correlation import centre_columns
from interlingua.stats.groups import group_sums
from interlingua.stats.r_interval import Interval, r_interval
from interlingua.units.methods import LayerData
from interlingua.units.methods.correlation import Correlation
from interlingua.units.ranking import rank_units, resolve_k
from interlingua.units.similarity import WordsOf

PARTIAL = "partial-correlation"
"""The name of the ranking in the column `method`."""

#: wordfreq would answer an unknown language with English frequencies; these lists are the languages' own.
_WORDFREQ_NAMES = {"bs": "sh", "hr": "sh", "sr": "sh", "no": "nb", "tl": "fil"}


@dataclass(frozen=True, eq=False)
class PartialOut:
    """One language with its covariates partialled out.

    Attributes
    ----------
    row : dict of str to object
        ``model, variable, layer, language, covariates`` (names, blank between), ``r2_covariates`` (share of the
        rating's variance over training sentences that they explain), ``r`` and ``r_partial`` (ridge on test
        sentences, of raw and of residual ratings and units) with ``r_low, r_high, r_partial_low,
        r_partial_high`` (95 % interval over words), ``k, top_k_kept`` (how many of the k units with the largest
        |correlation| are still among the k with the largest |partial correlation|), ``n_train_words,
        n_test_words``.
    rankings : DataFrame
        ``model, language, variable, method`` ("partial-correlation"), ``layer, unit, index, score, sign, rank``.
    words : list of str
        The training words.
    plain, left : WordsOf
        Their mean activations and ratings, as they are and what is left of both; 0 of what the covariates tell wholly.
    """

    row: dict[str, object]
    rankings: pd.DataFrame
    words: list[str]
    plain: WordsOf
    left: WordsOf


def frequency_gap(language: str) -> str:
    """Say why there is no word frequency for a language: a sentence; empty if there is one.

    Parameters
    ----------
    language : str
        Any tag of `interlingua.languages.get`.
    """
    found = languages.get(language)
    if find_spec("wordfreq") is None:
        return "Word frequency is not among the covariates: wordfreq is not installed (pip install wordfreq)."
    import wordfreq

    if _WORDFREQ_NAMES.get(found.code, found.code) not in wordfreq.available_languages():
        return f"Word frequency is not among the covariates of {found.name}: wordfreq has no list of it."
    return ""


def word_covariates(
    words: Sequence[str],
    language: str,
    n_subwords: ArrayLike | None = None,
    extra: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Return what is known of words besides their meaning.

    Parameters
    ----------
    words : sequence of str
        Distinct words.
    language : str
        Any tag of `interlingua.languages.get`.
    n_subwords : array_like, shape (n_words,), optional
        Number of sub-words of each in the model's tokenizer (a mean over its sentences, where forms differ).
    extra : mapping of str to mapping, optional
        Further covariates by name, such as concreteness: word to value. Words meet whatever their case.

    Returns
    -------
    DataFrame
        A row a word, indexed by `word`: `length` (letters, combining marks not counted), `n_subwords`,
        `log_frequency` (Zipf scale of wordfreq: log10 of the frequency per thousand million words, 0 for a
        word it doesn't know), and the further ones, NaN where a word has none. `log_frequency` is missing
        where wordfreq is not installed or does not cover the language: `frequency_gap` says which.

    Raises
    ------
    StatsError
        If a word stands there twice or the numbers of sub-words don't match the words.
    """
    index = pd.Index([str(word) for word in words], name="word")
    if not index.is_unique:
        raise StatsError(f"word {index[index.duplicated()][0]!r} stands twice among the words: give each once")
    table = pd.DataFrame({"length": [_letters(word) for word in index]}, index=index, dtype=np.float64)
    if n_subwords is not None:
        counts = np.asarray(n_subwords, dtype=np.float64)
        if counts.shape != (len(index),):
            raise StatsError(f"n_subwords has shape {counts.shape}, but there are {len(index)} words: one number each")
        table["n_subwords"] = counts
    if not frequency_gap(language):
        table["log_frequency"] = [_zipf(word, languages.get(language).code) for word in index]
    for name, values in (extra or {}).items():
        keyed = {languages.normalise(str(word), language): value for word, value in values.items()}
        table[name] = [float(keyed.get(languages.normalise(word, language), np.nan)) for word in index]
    return table


def partial_out(
    design: Design,
    variable: str,
    layer: int,
    covariates: pd.DataFrame,
    *,
    model: str,
    k: int | float,
    folds: int = 5,
    seed: int,
) -> PartialOut:
    """Take covariates out of the rating and out of every unit, and see what is left.

    Parameters
    ----------
    design : Design
        One language's standardised inputs.
    variable : str
        The rated variable.
    layer : int
        A layer.
    covariates : DataFrame
        From `word_covariates`: a row a word, a column a covariate. Words that lack one are left out of all that
        is computed here, of `r` too.
    model : str
        What results call the model.
    k : int or float
        Size of the top (`resolve_k`).
    folds, seed : int
        Of the cross-validation that chooses the ridge penalty.

    Returns
    -------
    PartialOut

    Raises
    ------
    StatsError
        If a word is not among the covariates, or too few words have all of them.

    Notes
    -----
    Regressions are fitted on the training sentences and applied to both splits; residual units are scaled to
    SD 1 again over the training sentences. A unit's |partial correlation| is |r| of the residuals.
    """
    rated = _complete(design.rated(variable), covariates, variable)
    y, y_test = rated.ratings(variable)
    X, X_test = rated.train(layer), rated.test(layer)
    words = rated.contexts["word"].to_numpy(dtype=object)
    table = covariates.to_numpy(np.float64)[covariates.index.get_indexer(words)]
    C, C_test = _with_intercept(table[rated.train_rows], table[rated.test_rows])
    split = _Split(rated.train_concepts, rated.test_words, folds, seed)
    raw = _ridge_r(X, y, X_test, y_test, split, rated.gram(layer))
    y_left, y_test_left = _residuals(C, C_test, y[:, None], y_test[:, None])
    X_left, X_test_left = _residuals(C, C_test, X, X_test)
    _, norm = centre_columns(X_left)
    # A unit, or a rating, that is a function of the covariates leaves rounding errors only.
    varies = norm > 1e-6 * np.sqrt(len(X))
    y_varies = y_left.std() > 1e-6 * y.std()
    scale = np.where(varies, norm / np.sqrt(len(X)), 1.0)
    X_left, X_test_left = X_left * varies / scale, X_test_left * varies / scale
    left = _ridge_r(X_left, y_left[:, 0], X_test_left, y_test_left[:, 0], split, X_left.T @ X_left)
    width = rated.layout.width(layer)
    partial, plain = (
        rank_units(LayerData(units, rating, rated.train_words, layer, width, {}), Correlation.name)
        for units, rating in ((X_left, y_left[:, 0]), (X, y))
    )
    size = resolve_k(k, width)
    where = {"model": model, "language": rated.language, "variable": variable, "method": PARTIAL}
    row: dict[str, object] = {
        "model": model,
        "variable": variable,
        "layer": layer,
        "language": rated.language,
        "covariates": " ".join(map(str, covariates.columns)),
        "r2_covariates": 1 - float(y_left[:, 0] @ y_left[:, 0]) / float(((y - y.mean()) ** 2).sum()),
        "r": raw.r,
        "r_low": raw.low,
        "r_high": raw.high,
        "r_partial": left.r,
        "r_partial_low": left.low,
        "r_partial_high": left.high,
        "k": size,
        "top_k_kept": int(np.isin(partial["unit"].head(size), plain["unit"].head(size)).sum()),
        "n_train_words": int(rated.train_words.max()) + 1,
        "n_test_words": int(rated.test_words.max()) + 1,
    }
    columns = [*where, *partial.columns]
    codes = rated.train_words
    return PartialOut(
        row,
        partial.assign(**where)[columns],
        list(map(str, pd.unique(words[rated.train_rows]))),
        _word_means(X, y, codes),
        _word_means(X_left, y_left[:, 0] * y_varies, codes),
    )


def _word_means(X: NDArray[np.float64], y: NDArray[np.float64], codes: NDArray[np.int64]) -> WordsOf:
    n_sentences = np.bincount(codes)
    sums = (group_sums(part, codes, len(n_sentences)) for part in (X, y[:, None]))
    X_means, y_means = (part / n_sentences[:, None] for part in sums)
    return WordsOf(X_means, y_means[:, 0])


@dataclass(frozen=True, eq=False)
class _Split:
    train_concepts: NDArray[np.int64]
    test_words: NDArray[np.int64]
    folds: int
    seed: int


def _complete(design: Design, covariates: pd.DataFrame, variable: str) -> Design:
    """Return the design of the words that have every covariate: itself where all have."""
    words = design.contexts["word"].to_numpy(dtype=object)
    used = np.zeros(len(words), dtype=bool)
    used[design.train_rows] = used[design.test_rows] = True
    at = covariates.index.get_indexer(words)
    if (at[used] < 0).any():
        unknown = words[used][np.argmax(at[used] < 0)]
        raise StatsError(f"{design.language}: word {unknown!r} is not among the covariates: give a row for each word")
    complete = used & np.isfinite(covariates.to_numpy(np.float64)).all(axis=1)[at]
    if complete.sum() == used.sum():
        return design
    n_train = len(set(words[design.train_rows][complete[design.train_rows]]))
    n_test = len(set(words[design.test_rows][complete[design.test_rows]]))
    if n_train < covariates.shape[1] + 10 or n_test < 10:
        raise StatsError(
            f"{design.language}: {n_train} training and {n_test} test words have all of "
            f"{', '.join(map(str, covariates.columns))}: too few to partial them out of {variable}"
        )
    return Design(design.activations, design.contexts, standardise=design.standardise, rows=complete)


def _with_intercept(
    train: NDArray[np.float64], test: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale covariates to mean 0 and SD 1 over the training sentences, and put a column of ones before them."""
    mean, sd = train.mean(axis=0), train.std(axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    columns = [np.column_stack([np.ones(len(part)), (part - mean) / sd]) for part in (train, test)]
    return columns[0], columns[1]


def _residuals(
    C: NDArray[np.float64], C_test: NDArray[np.float64], Y: NDArray[np.float64], Y_test: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    coefficients = np.linalg.lstsq(C, Y, rcond=None)[0]
    return Y - C @ coefficients, Y_test - C_test @ coefficients


def _ridge_r(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    X_test: NDArray[np.float64],
    y_test: NDArray[np.float64],
    split: _Split,
    gram: NDArray[np.float64],
) -> Interval:
    folds = split_folds(X, grouped_folds(split.train_concepts, split.folds, split.seed), gram)
    scores = RidgeCrossValidation(X, folds).scores(y[:, None], RIDGE_PENALTIES)[:, 0]
    weights = RidgePath(X, gram=gram).weights(y[:, None], best_penalty(RIDGE_PENALTIES, scores).best)[:, 0]
    return r_interval(y_test, X_test @ weights, split.test_words)


def _letters(word: str) -> int:
    import unicodedata

    return sum(not unicodedata.category(character).startswith("M") for character in unicodedata.normalize("NFC", word))


def _zipf(word: str, code: str) -> float:
    import wordfreq

    name = _WORDFREQ_NAMES.get(code, code)
    try:
        return float(wordfreq.zipf_frequency(word, name))
    except ModuleNotFoundError:
        # Its tokenizers of Chinese, Japanese and Korean are separate packages; a whole word needs none.
        frequency = wordfreq.get_frequency_dict(name).get(languages.lower(word, code), 0.0)
        return max(0.0, round(float(np.log10(frequency)) + 9, 2)) if frequency > 0 else 0.0
