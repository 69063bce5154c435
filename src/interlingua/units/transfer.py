"""Do the shared units work in a language that had no part in choosing them? (section 6, Table 2)

Each unit alone predicts the ratings of the unseen language, as in the paper. Beside its ordinary least squares over
sentences stands a regression of word means, as 15 sentences share a word and its rating, and the unit's place among all
units of the layer. Neither is a hard rival: where a language encodes the rating at all, most units of a layer 'predict'
it. So the units are also held against ratings that the language encodes as well as the real one, but in a code of its
own: they replicate where their sign is that of the other languages and |t| is more than such codes give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError
from interlingua.stats.correlation import centre_columns
from interlingua.stats.groups import group_codes, group_sums
from interlingua.stats.hc3 import hc3_columns, hc3_t, ols_columns
from interlingua.tables.layout import Layout

#: Of what own codes give: a p below this counts.
_LEVEL = 0.05


@dataclass(frozen=True)
class BesideOwnCodes:
    """Some units in an unseen language, beside ratings that it encodes in a way of its own.

    Attributes
    ----------
    table : DataFrame
        A row for each of the units: `unit, sign_agrees` (whether b has the sign of the seen languages), `p_own` (of
        |t|, against the same unit with own codes), `replicates` (both).
    summary : dict
        Counts over the units, each with what own codes give (mean and 95 % of the draws) and a one-tailed p from the
        draws: `n_agree`; `n_replicated, own_replicated, own_replicated_95, p_replicated`; `top_5_percent,
        own_top_5_percent, own_top_5_percent_95, p_top_5_percent` (units among the best 5 % of the layer by |t|);
        `median_percentile, own_median_percentile, p_median_percentile`; `own_draws`.
    """

    table: pd.DataFrame
    summary: dict[str, float]


def layer_table(X: ArrayLike, y: ArrayLike, words: ArrayLike, *, layer: int) -> pd.DataFrame:
    """Regress the rating on every unit of a layer, each alone.

    Parameters
    ----------
    X : array_like, shape (n, width)
        Activations of the layer in the unseen language; standardised here (mean 0, SD 1 over its sentences).
    y : array_like, shape (n,)
        Ratings.
    words : array_like, shape (n,)
        The word of each sentence.
    layer : int
        Layer number, for the unit ids.

    Returns
    -------
    DataFrame
        A row a unit, by index: `layer, unit, index, b` (ratings per SD of the unit), `se, t, df, p` by ordinary least
        squares over sentences, as in the paper; `b_words, se_words, t_words, df_words, p_words` with a row a word (its
        mean rating on its mean activation; the same SD) and HC3 errors; `percentile` of |t_words| among all units of
        the layer (0 to 100; ties count half).

    Raises
    ------
    StatsError
        As `ols_columns`, or if there are fewer than three words.
    """
    inputs = _standardise(np.asarray(X))
    plain = ols_columns(y, inputs)
    by_word = hc3_columns(_word_means(y, words), _word_means(inputs, words)).add_suffix("_words")
    width = len(plain)
    index = np.arange(width)
    units = Layout.of_layer(layer, width).unit(layer, index)
    ids = pd.DataFrame({"layer": layer, "unit": units, "index": index})
    percentile = _percentiles(by_word["t_words"].abs().to_numpy())
    return pd.concat([ids, plain, by_word], axis=1).assign(percentile=percentile)


def transfer(
    X: ArrayLike,
    y: ArrayLike,
    words: ArrayLike,
    units: Mapping[int, int] | Sequence[int] | NDArray[np.integer],
    *,
    layer: int,
    seed: int,
    n_random: int = 100,
) -> pd.DataFrame:
    """Test units that other languages share in a language that had no part in it: the paper's Table 2.

    Parameters
    ----------
    X : array_like, shape (n, width)
        Activations of the layer in the unseen language; standardised here (mean 0, SD 1 over its sentences).
    y : array_like, shape (n,)
        Ratings.
    words : array_like, shape (n,)
        The word of each sentence.
    units : mapping of int to int, or sequence of int
        Unit ids (of `Layout`), or unit id to the number of languages that share it.
    layer : int
        The units' layer.
    seed : int
        Seed for the random units of the baseline.
    n_random : int
        Their number (the paper: 100), drawn without replacement from all units of the layer; all units if
        the layer has no more.

    Returns
    -------
    DataFrame
        A row for each of `units`, in their order: `layer, unit, n_languages` (<NA> unless given), the
        columns of `layer_table` from `b` to `percentile`, and the baseline: `baseline_abs_b`,
        `baseline_abs_t`, `baseline_abs_t_words` (means over the random units), `baseline_p` (the
        two-sided p-value of the mean |t|; the paper does not say how its p_b was averaged),
        `baseline_share_p05`, `baseline_share_p05_words` (share of the random units with p < .05), `n`
        (sentences), `n_words`.

    Raises
    ------
    StatsError
        If a unit is not in the layer, or as `layer_table`.
    """
    every = layer_table(X, y, words, layer=layer)
    width = len(every)
    ids = np.asarray(list(units), dtype=np.int64)
    index = Layout.of_layer(layer, width).index_in(layer, ids)
    counts = [units[int(unit)] if isinstance(units, Mapping) else pd.NA for unit in ids]
    table = every.iloc[index].reset_index(drop=True).drop(columns="index")
    table.insert(2, "n_languages", pd.Series(counts, dtype="Int64"))
    drawn = np.random.default_rng(seed).choice(width, size=min(n_random, width), replace=False)
    random = every.iloc[drawn]
    mean_t = float(random["t"].abs().mean())
    return table.assign(
        baseline_abs_b=float(random["b"].abs().mean()),
        baseline_abs_t=mean_t,
        baseline_p=float(2 * scipy.stats.t.sf(mean_t, int(every["df"].iloc[0]))),
        baseline_abs_t_words=float(random["t_words"].abs().mean()),
        baseline_share_p05=float((random["p"] < 0.05).mean()),
        baseline_share_p05_words=float((random["p_words"] < 0.05).mean()),
        n=len(np.asarray(y)),
        n_words=int(every["df_words"].iloc[0]) + 2,
    )


def beside_own_codes(
    X: ArrayLike,
    y: ArrayLike,
    words: ArrayLike,
    signs: Mapping[int, int],
    own: NDArray[np.float64],
    *,
    layer: int,
) -> BesideOwnCodes:
    """Hold units against ratings that the unseen language encodes as well as the real one, in a code of its own.

    Parameters
    ----------
    X, y, words, layer
        As for `layer_table`.
    signs : mapping of int to int
        Unit id to its sign in the languages that share it; 0 where they disagree.
    own : ndarray, shape (n, draws)
        Ratings drawn under that null, a column a draw, one value a word.

    Returns
    -------
    BesideOwnCodes
        Real ratings and draws are treated alike: each is compared with all of them, so that under the null they are
        exchangeable.

    Raises
    ------
    StatsError
        If there are no units or no draws, a unit is not in the layer, or as `layer_table`.
    """
    if not signs or own.ndim != 2 or not own.shape[1]:
        raise StatsError(
            f"{len(signs)} units and draws of shape {own.shape}: one unit and one draw at least are needed"
        )
    means = _word_means(_standardise(np.asarray(X)), words)
    ratings = np.column_stack([_word_means(y, words), _word_means(own, words)])
    t = hc3_t(ratings, means)  # (units of the layer, the real ratings and the draws)
    ids = np.fromiter(signs, dtype=np.int64)
    index = Layout.of_layer(layer, len(t)).index_in(layer, ids)
    agrees = np.sign(t[index]) == np.array([signs[int(unit)] for unit in ids])[:, None]
    agrees &= t[index] != 0
    p = _share_as_large(np.abs(t[index]))
    percentile = np.column_stack([_percentiles(column)[index] for column in np.abs(t).T])
    replicates = agrees & (p < _LEVEL)
    table = pd.DataFrame(
        {"unit": ids, "sign_agrees": agrees[:, 0], "p_own": p[:, 0], "replicates": replicates[:, 0]},
    )
    summary: dict[str, float] = {"n_agree": int(agrees[:, 0].sum()), "own_draws": own.shape[1]}
    counted = {
        "replicated": ("n_replicated", replicates.sum(axis=0)),
        "top_5_percent": ("top_5_percent", (percentile >= 95).sum(axis=0)),
        "median_percentile": ("median_percentile", np.median(percentile, axis=0)),
    }
    for name, (real, values) in counted.items():
        summary[real] = values[0].item()
        summary[f"own_{name}"] = float(values[1:].mean())
        summary[f"own_{name}_95"] = float(np.quantile(values[1:], 0.95, method="higher"))
        summary[f"p_{name}"] = float((values >= values[0]).mean())
    return BesideOwnCodes(table, summary)


def _share_as_large(size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each value of a row the share of the row that is at least as large, itself included."""
    ranks = scipy.stats.rankdata(-size, method="max", axis=1)
    return np.asarray(ranks / size.shape[1])


def _percentiles(size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the place of each value among all, 0 to 100; ties count half."""
    return np.asarray(100 * (scipy.stats.rankdata(size) - 0.5) / len(size))


def _word_means(values: ArrayLike, words: ArrayLike) -> NDArray[np.float64]:
    """Average the rows of each word, words in the order of their first sentence."""
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise StatsError("a value is not finite: leave out rows without a rating first")
    codes, n_words = group_codes(words, len(numbers))
    sizes = np.bincount(codes, minlength=n_words)
    return np.asarray(group_sums(numbers, codes, n_words) / (sizes if numbers.ndim == 1 else sizes[:, None]))


def _standardise(X: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return columns with mean 0 and SD 1 (over the sentences, as in section 4.3); constant ones become 0."""
    if X.ndim != 2 or not len(X):
        raise StatsError(f"X has shape {X.shape}: a row a sentence and a column a unit are needed")
    centred, norm = centre_columns(X.astype(np.float64))
    return np.where(norm > 0, centred * np.sqrt(len(X)) / np.where(norm > 0, norm, 1.0), 0.0)
