"""Do the shared units work in a language that had no part in choosing them? (section 6, Table 2)

Each unit alone predicts the ratings of the unseen language, as in the paper; beside its ordinary least
squares stand errors clustered by word, as 15 sentences share a word and its rating, and the unit's place
among all units of the layer, as most units of a layer 'predict' the rating and a random one is no hard rival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.clustered import cluster_ols_columns
from interlingua.stats.correlation import centre_columns
from interlingua.tables.layout import Layout


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
        A row a unit, by index: `layer, unit, index, b` (ratings per SD of the unit), `se, t, df, p`;
        `b_cluster` (= b), `se_cluster, t_cluster, df_cluster, p_cluster` with errors clustered by word;
        `percentile` of |t_cluster| among all units of the layer (0 to 100; ties count half).

    Raises
    ------
    StatsError
        As `cluster_ols_columns`.
    """
    matrix = np.asarray(X)
    fits = cluster_ols_columns(y, _standardise(matrix), words)
    width = len(fits)
    index = np.arange(width)
    units = Layout.of_layer(layer, width).unit(layer, index)
    ids = pd.DataFrame({"layer": layer, "unit": units, "index": index})
    fits.insert(list(fits.columns).index("se_cluster"), "b_cluster", fits["b"])
    ranks = stats.rankdata(fits["t_cluster"].abs())
    return pd.concat([ids, fits], axis=1).assign(percentile=100 * (ranks - 0.5) / width)


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
        `baseline_abs_t`, `baseline_abs_t_cluster` (means over the random units), `baseline_p` (the
        two-sided p-value of the mean |t|; the paper does not say how its p_b was averaged),
        `baseline_share_p05`, `baseline_share_p05_cluster` (share of the random units with p < .05), `n`
        (sentences), `n_words`.

    Raises
    ------
    StatsError
        If a unit is not in the layer, or as `cluster_ols_columns`.
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
        baseline_p=float(2 * stats.t.sf(mean_t, int(every["df"].iloc[0]))),
        baseline_abs_t_cluster=float(random["t_cluster"].abs().mean()),
        baseline_share_p05=float((random["p"] < 0.05).mean()),
        baseline_share_p05_cluster=float((random["p_cluster"] < 0.05).mean()),
        n=len(np.asarray(y)),
        n_words=int(every["df_cluster"].iloc[0]) + 1,
    )


def _standardise(X: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return columns with mean 0 and SD 1 (over the sentences, as in section 4.3); constant ones become 0."""
    if X.ndim != 2 or not len(X):
        raise StatsError(f"X has shape {X.shape}: a row a sentence and a column a unit are needed")
    centred, norm = centre_columns(X.astype(np.float64))
    return np.where(norm > 0, centred * np.sqrt(len(X)) / np.where(norm > 0, norm, 1.0), 0.0)
