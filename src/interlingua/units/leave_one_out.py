"""Leave one language out: do units that the other languages choose carry the rating in it? (beyond section 6)

The paper tests shared units in one unseen language. Here every language is unseen in its turn: the other
languages choose the units and, in the harder test, the weights too. Most units of a layer 'predict' a
rating a little, and any hundred of them together do so well: random sets of the same size are the rival.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.probes import Design
from interlingua.probes.subsets import SubsetRidge, WordMeans
from interlingua.seeds import derive_seed
from interlingua.stats.correlation import pearson
from interlingua.stats.r_interval import r_interval
from interlingua.tables.cells import cell_first, cell_of, in_cell
from interlingua.units.ranking import resolve_k
from interlingua.units.transfer import layer_table

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """How units chosen by the other languages do in each language.

    Attributes
    ----------
    table : DataFrame
        A row a ranking method and left-out language: `model, variable, method, layer` (those that are known),
        `language, n_units`; single units: `median_percentile` (of their |t_words| among all units of the
        layer, 0 to 100), `share_p05_words` (share with p < .05, a row a word, HC3 errors) beside
        `layer_share_p05_words` (the same of all units of the layer); the set together, all r over words:
        `r_set` (ridge fitted on the language's training words, r on its test words), `r_zero_shot` (mean of
        the other languages' weights, r on all its words) with `r_zero_shot_low, r_zero_shot_high` (95 %
        interval over words); `random_r_set, random_r_zero_shot` (means over random sets of as many units
        of the layer), `percentile_r_set, percentile_r_zero_shot` (place among these sets, 0 to 100, ties
        half); `n_words, n_test_words`; `r_zero_shot_unlinked` over the `n_words_unlinked` words that are no
        translations of training words of the other languages (NaN if they are fewer than three, or rated alike).
    units : DataFrame
        A row a chosen unit: the cell, `language` (left out), `unit, n_languages` (others that have it in their
        top), `mean_rank` (in the others), `b_words, t_words, p_words, percentile` in the left-out language.
    """

    table: pd.DataFrame
    units: pd.DataFrame


@dataclass(frozen=True, eq=False)
class UnitSets:
    """The sets of units to be tried in every language.

    Attributes
    ----------
    chosen : dict of (str, str) to DataFrame
        (method, left-out language) to `shared_units` of the others.
    random : dict of int to list of ndarray of int64
        Size to random sets of so many units, by index; a smaller set is the beginning of a larger one.
    """

    chosen: dict[tuple[str, str], pd.DataFrame]
    random: dict[int, list[Index]]


@dataclass(frozen=True, eq=False)
class SetFits:
    """One language's probes on every set, and what is needed to apply other languages' weights to it.

    Attributes
    ----------
    chosen : dict of (str, str) to ndarray of float64
        (method, left-out language) to the weights of the chosen units.
    random : dict of int to list of ndarray of float64
        Size to the weights of each random set.
    r_chosen : dict of (str, str) to float
        r over the test words; of the sets that leave out this very language.
    r_random : dict of int to ndarray of float64
        The same of each random set.
    words : WordMeans
        All words: standardised activations and ratings.
    n_test_words : int
    unlinked : ndarray of bool, shape (n_words,)
        Which of these words are linked to no training word of another language.
    singles : DataFrame
        `layer_table` of all sentences.
    """

    chosen: dict[tuple[str, str], NDArray[np.float64]]
    random: dict[int, list[NDArray[np.float64]]]
    r_chosen: dict[tuple[str, str], float]
    r_random: dict[int, NDArray[np.float64]]
    words: WordMeans
    n_test_words: int
    unlinked: NDArray[np.bool_]
    singles: pd.DataFrame


def leave_one_out(
    designs: Mapping[str, Design],
    rankings: pd.DataFrame,
    variable: str,
    *,
    k: int | float,
    draws: int = 100,
    folds: int = 5,
    seed: int,
) -> LeaveOneOut:
    """Choose units from all languages but one, and try them in that one; every language in turn.

    Parameters
    ----------
    designs : mapping of str to Design
        The standardised inputs of each language, three or more.
    rankings : DataFrame
        Rankings of one model, variable and layer by one method or more: `language, method, layer, unit, index,
        score, rank`. Those of a language are made from its own training words only.
    variable : str
        The rated variable.
    k : int or float
        Size of each language's top, and of the chosen set (`resolve_k`).
    draws : int
        Random sets.
    folds : int
        Of the cross-validation by word that chooses a probe's penalty.
    seed : int
        Of all of them.

    Returns
    -------
    LeaveOneOut

    Raises
    ------
    StatsError
        If there are fewer than three languages, one has no ranking, or the rankings are of more than one
        model, variable or layer.

    Notes
    -----
    It is `unit_sets`, then `fit_sets` for each language (which can run side by side), then `collect`.
    """
    sets = unit_sets(rankings, k, draws=draws, seed=seed)
    layer = int(rankings["layer"].iloc[0])
    languages = list(dict.fromkeys(language for _, language in sets.chosen))
    for language in languages:
        if language not in designs:
            raise StatsError(f"rankings hold language {language!r}, but no design of it was given")
    fits = {
        language: fit_sets(designs[language], variable, layer, language, sets, folds=folds, seed=seed)
        for language in languages
    }
    return collect(rankings, sets, fits)


def shared_units(rankings: pd.DataFrame, left_out: str, k: int) -> pd.DataFrame:
    """Return the `k` units that most languages, but for `left_out`, have in their top `k`.

    Parameters
    ----------
    rankings : DataFrame
        Rankings of one model, variable, method and layer.
    left_out : str
        The language that has no say.
    k : int
        Units at the top.

    Returns
    -------
    DataFrame
        `unit, index, n_languages, mean_rank`, best first: by the number of languages, then by mean rank over
        these languages, then by index. Units in no top are left out, so there can be fewer than `k`.
    """
    others = rankings[rankings["language"] != left_out]
    top = others.assign(top=(others["rank"] <= k) & (others["score"] > 0))
    table = top.groupby(["unit", "index"]).agg(n_languages=("top", "sum"), mean_rank=("rank", "mean")).reset_index()
    table = table[table["n_languages"] > 0]
    table = table.sort_values(["n_languages", "mean_rank", "index"], ascending=[False, True, True])
    return table.head(k).reset_index(drop=True)


def unit_sets(rankings: pd.DataFrame, k: int | float, *, draws: int, seed: int) -> UnitSets:
    """Return the sets that `fit_sets` tries: those chosen without each language, and random ones.

    Parameters
    ----------
    rankings, k, draws, seed
        As for `leave_one_out`.

    Raises
    ------
    StatsError
        As `leave_one_out`.
    """
    cell_of(rankings.drop(columns="method"), "rankings")
    languages = list(map(str, rankings["language"].unique()))
    if len(languages) < 3:
        raise StatsError(f"to leave one language out takes three or more, not {len(languages)}")
    width = int(rankings["index"].max()) + 1
    size = resolve_k(k, width)
    chosen = {
        (str(method), language): shared_units(rows, language, size)
        for method, rows in rankings.groupby("method", sort=False)
        for language in languages
    }
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(width)[:size] for _ in range(draws)]
    sizes = sorted({len(units) for units in chosen.values()})
    return UnitSets(chosen, {n: [order[:n] for order in shuffled] for n in sizes})


def fit_sets(
    design: Design,
    variable: str,
    layer: int,
    language: str,
    sets: UnitSets,
    *,
    linked: Collection[str] = (),
    folds: int = 5,
    seed: int,
) -> SetFits:
    """Fit one language's probe on every set of units.

    Parameters
    ----------
    design : Design
        Its standardised inputs.
    variable, layer
        What and where.
    language : str
        Its name in the rankings.
    sets : UnitSets
        From `unit_sets`.
    linked : collection of str
        Its words that are linked to training words of other languages.
    folds, seed : int
        Of the cross-validation; the folds differ by language.

    Returns
    -------
    SetFits
    """
    probes = SubsetRidge(design, variable, layer, folds=folds, seed=derive_seed(seed, "leave one out", language))
    chosen, r_chosen = {}, {}
    for key, units in sets.chosen.items():
        index = units["index"].to_numpy(np.int64)
        chosen[key] = probes.weights(index)
        if key[1] == language:
            r_chosen[key] = probes.r_test(index, chosen[key])
    random = {size: [probes.weights(index) for index in indices] for size, indices in sets.random.items()}
    r_random = {
        size: np.array([probes.r_test(i, w) for i, w in zip(sets.random[size], weights, strict=True)])
        for size, weights in random.items()
    }
    train, test = probes.train, probes.test
    words = WordMeans(np.concatenate([train.X, test.X]), np.concatenate([train.y, test.y]))
    rated = design.rated(variable)
    rows = np.concatenate([rated.train_rows, rated.test_rows])
    names = design.contexts["word"].to_numpy(dtype=object)
    singles = layer_table(
        design.activations.layer(layer)[rows],
        design.contexts[variable].to_numpy(np.float64)[rows],
        names[rows],
        layer=layer,
    )
    # In the order of `words`: the training words by their first sentence, then the test words.
    each = [*pd.unique(names[rated.train_rows]), *pd.unique(names[rated.test_rows])]
    unlinked = np.array([word not in linked for word in each])
    return SetFits(chosen, random, r_chosen, r_random, words, len(test.y), unlinked, singles)


def collect(rankings: pd.DataFrame, sets: UnitSets, fits: Mapping[str, SetFits]) -> LeaveOneOut:
    """Put the languages' fits together: each language's probes, tried on the others.

    Parameters
    ----------
    rankings, sets
        As for `unit_sets`, and from it.
    fits : mapping of str to SetFits
        Every language's, from `fit_sets`.

    Returns
    -------
    LeaveOneOut
    """
    cell = cell_of(rankings.drop(columns="method"), "rankings")
    rows, units = [], []
    random_r: dict[tuple[str, int], NDArray[np.float64]] = {}
    for (method, language), table in sets.chosen.items():
        where = {**cell, "method": method, "language": language}
        here, others = fits[language], [fit for code, fit in fits.items() if code != language]
        index, size = table["index"].to_numpy(np.int64), len(table)
        singles = here.singles.iloc[index].reset_index(drop=True)
        weights = [fit.chosen[method, language] for fit in others]
        predictions = _predict(here.words, index, weights)
        interval = r_interval(here.words.y, predictions, np.arange(len(predictions)))
        if (language, size) not in random_r:
            random_r[language, size] = _random_zero_shot(here, others, sets.random[size], size)
        r_set, random_set, random_zero = here.r_chosen[method, language], here.r_random[size], random_r[language, size]
        rows.append(
            {
                **where,
                "n_units": size,
                "median_percentile": float(singles["percentile"].median()),
                "share_p05_words": float((singles["p_words"] < 0.05).mean()),
                "layer_share_p05_words": float((here.singles["p_words"] < 0.05).mean()),
                "r_set": r_set,
                "r_zero_shot": interval.r,
                "r_zero_shot_low": interval.low,
                "r_zero_shot_high": interval.high,
                "r_zero_shot_unlinked": _r_of(here.words.y[here.unlinked], predictions[here.unlinked]),
                "n_words_unlinked": int(here.unlinked.sum()),
                "random_r_set": float(random_set.mean()),
                "random_r_zero_shot": float(random_zero.mean()),
                "percentile_r_set": _percentile(random_set, r_set),
                "percentile_r_zero_shot": _percentile(random_zero, interval.r),
                "n_words": len(here.words.y),
                "n_test_words": here.n_test_words,
            }
        )
        single = pd.concat(
            [table.drop(columns="index"), singles[["b_words", "t_words", "p_words", "percentile"]]], axis=1
        )
        units.append(in_cell(where, single))
    return LeaveOneOut(cell_first(pd.DataFrame(rows)), cell_first(pd.concat(units, ignore_index=True)))


def _predict(words: WordMeans, index: Index, weights: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.asarray(words.X[:, index] @ np.mean(weights, axis=0))


def _r_of(y: NDArray[np.float64], predictions: NDArray[np.float64]) -> float:
    """Return r, or NaN of fewer than three words or of equal values."""
    if len(y) < 3 or np.ptp(y) == 0 or np.ptp(predictions) == 0:
        return float("nan")
    return pearson(y, predictions)


def _random_zero_shot(here: SetFits, others: list[SetFits], random: list[Index], size: int) -> NDArray[np.float64]:
    predictions = (
        _predict(here.words, index, [fit.random[size][draw] for fit in others]) for draw, index in enumerate(random)
    )
    return np.array([pearson(here.words.y, prediction) for prediction in predictions])


def _percentile(values: NDArray[np.float64], value: float) -> float:
    return float(50 * ((values < value).mean() + (values <= value).mean()))
