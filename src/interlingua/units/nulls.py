"""The nulls that the super exact test lacks: permuted ratings, and languages that each have a code of their own.

The uniform null takes every unit to be as likely as any other to be ranked high. It is not so: units of large
variance or with outlying values win in any probe, whatever the rating, and languages then seem to share them.
Here the ratings are permuted among the words of each language (a word keeps its sentences, so the
dependence within words stays), the probes are fitted again, and the units ranked and compared again.

Permuted ratings are nowhere encoded. Languages that do encode a rating, but each in a direction of its own, can share
units because units go together in the same groups in every language. The second null draws such ratings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.probes import Design, refit_layer
from interlingua.probes.design import column_scale
from interlingua.probes.subsets import WordMeans
from interlingua.stats.superexact import superexact_sf
from interlingua.units.methods import LayerData, get

Signs = NDArray[np.int8]


def permute_by_word(
    y: NDArray[np.float64], words: NDArray[np.integer], draws: int, *, seed: int
) -> NDArray[np.float64]:
    """Return `draws` permutations of the ratings among the words.

    Parameters
    ----------
    y : ndarray, shape (m,)
        Ratings; the same for all sentences of a word.
    words : ndarray of int, shape (m,)
        The word of each sentence, numbered from 0.
    draws, seed : int
        How many permutations, and their seed.

    Returns
    -------
    ndarray, shape (m, draws)

    Raises
    ------
    StatsError
        If two sentences of a word have different ratings.
    """
    n_words = int(words.max()) + 1
    ratings = np.full(n_words, np.nan)
    ratings[words] = y
    if not np.array_equal(ratings[words], y):
        raise StatsError("a word has more than one rating: permuting words needs one rating a word")
    rng = np.random.default_rng(seed)
    permuted = np.column_stack([rng.permutation(ratings) for _ in range(draws)])
    return permuted[words]


def own_codes(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    words: NDArray[np.int64],
    r: float,
    draws: int,
    *,
    seed: int,
) -> NDArray[np.float64]:
    """Return ratings that the layer encodes as well as the real ones, each draw in a random direction.

    A draw is ``r s + sqrt(1 - r^2) e``: s the words' mean activations projected on a random direction (independent
    normal weights of the standardised units), e the ratings permuted among the words, both standardised.

    Parameters
    ----------
    X : ndarray, shape (m, width)
        Standardised activations.
    y : ndarray, shape (m,)
        Ratings.
    words : ndarray of int, shape (m,)
        The word of each sentence, numbered from 0.
    r : float
        How well the real ratings can be predicted for other words; below 0 counts as 0.
    draws, seed : int
        How many, and their seed.

    Returns
    -------
    ndarray, shape (m, draws)
        Mean 0 and SD 1 over words.
    """
    means = WordMeans.of(X, y, words)
    rng = np.random.default_rng(seed)
    signal = _standardised(means.X @ rng.normal(size=(X.shape[1], draws)))
    noise = _standardised(np.column_stack([rng.permutation(means.y) for _ in range(draws)]))
    strength = min(max(r, 0.0), 1.0)
    return np.asarray((strength * signal + np.sqrt(1 - strength**2) * noise)[words])


def _standardised(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    mean, scale = column_scale(columns)
    return (columns - mean) / scale


def null_signs(
    design: Design,
    variable: str,
    layer: int,
    method: str,
    k: int,
    *,
    draws: int,
    seed: int,
    penalty: tuple[float, float] | None = None,
    r: float | None = None,
    folds: int = 5,
) -> Signs:
    """Rank one language's units on ratings drawn under a null hypothesis.

    Parameters
    ----------
    design : Design
        The language's standardised inputs.
    variable : str
        The rated variable.
    layer : int
        Layer.
    method : str
        Ranking method. Its probe is refitted for every draw.
    k : int
        Units at the top.
    draws, seed : int
        How many, and their seed; give languages different ones.
    penalty : (float, float), optional
        l1 and l2 of an elastic net: the paper's, or those that cross-validation chose on the real ratings (choosing
        them again for every draw would cost thirty fits each). Ridge chooses again for every draw.
    r : float, optional
        Draw `own_codes` of this strength; permuted ratings (`permute_by_word`) by default.
    folds : int
        Of ridge's cross-validation.

    Returns
    -------
    ndarray of int8, shape (draws, width)
        The sign of each of the top `k` units, 0 for all others.
    """
    design = design.rated(variable)
    y, _ = design.ratings(variable)
    ranking = get(method)
    X, words = design.train(layer), design.train_words
    drawn = permute_by_word(y, words, draws, seed=seed) if r is None else own_codes(X, y, words, r, draws, seed=seed)
    l1, l2 = penalty or (None, None)
    weights = None
    if ranking.needs is not None:
        weights = refit_layer(design, layer, drawn, ranking.needs[0], l1=l1, l2=l2, folds=folds, seed=seed)
    signs = np.zeros((draws, design.width), dtype=np.int8)
    for draw in range(draws):
        fitted = {} if weights is None or ranking.needs is None else {(*ranking.needs, layer): weights[draw]}
        data = LayerData(X, drawn[:, draw], words, layer, design.width, fitted)
        signs[draw] = top_signs(ranking.scores(data), k)
    return signs


def top_signs(scores: NDArray[np.float64], k: int) -> Signs:
    """Return the sign of each of the `k` units with the largest |score| (ties by index), 0 for all others."""
    best = np.argsort(-np.abs(scores), kind="stable")[:k]
    signs = np.zeros(len(scores), dtype=np.int8)
    signs[best] = np.sign(scores[best])
    return signs


@dataclass(frozen=True, eq=False)
class Sharing:
    """What languages share in each of several draws; the observed sets are one draw.

    Attributes
    ----------
    pairs : ndarray of int64, shape (draws, n_pairs)
        Units shared by each pair of languages, pairs in the order of `itertools.combinations`.
    fe : ndarray, shape (draws, n_pairs)
        Their fold enrichment; NaN where one of the two has no units.
    mean_fe : ndarray, shape (draws,)
        Mean fold enrichment over the pairs that have one; 0 if none has.
    at_least : ndarray of int64, shape (draws, n_languages)
        Units in the top of at least 1, 2, ... languages.
    highest : ndarray of int64, shape (draws,)
        The highest degree at which a unit is shared.
    same_sign : ndarray, shape (draws,)
        Share of the shared units (over pairs) that have the same sign in both languages; NaN where none is shared.
    signed_fe : ndarray, shape (draws,)
        Mean over pairs of (units shared with the same sign - units shared with opposite signs) / expected units: 0 if
        signs have nothing to do with each other, the fold enrichment if all agree.
    share_p05 : ndarray, shape (draws,)
        Share of pairs with p < .05 in the super exact test.
    """

    pairs: NDArray[np.int64]
    fe: NDArray[np.float64]
    mean_fe: NDArray[np.float64]
    at_least: NDArray[np.int64]
    highest: NDArray[np.int64]
    same_sign: NDArray[np.float64]
    signed_fe: NDArray[np.float64]
    share_p05: NDArray[np.float64]

    @classmethod
    def of(cls, signs: Sequence[Signs]) -> Sharing:
        """Return what `signs`, one array (draws, width) a language, share."""
        stacked = np.stack(signs, axis=1).astype(np.float32)
        draws, n_languages, width = stacked.shape
        chosen = np.abs(stacked)
        shared = chosen @ chosen.transpose(0, 2, 1)
        first, second = np.triu_indices(n_languages, k=1)
        agreement = np.rint((stacked @ stacked.transpose(0, 2, 1))[:, first, second]).astype(np.int64)
        pairs = np.rint(shared[:, first, second]).astype(np.int64)
        same = (pairs + agreement) / 2
        sizes = np.rint(chosen.sum(axis=2)).astype(np.int64)
        expected = sizes[:, first] * sizes[:, second] / width

        fe = np.divide(pairs, expected, out=np.full(pairs.shape, np.nan), where=expected > 0)
        signed_fe = np.divide(agreement, expected, out=np.full(pairs.shape, np.nan), where=expected > 0)
        counts = np.rint(chosen.sum(axis=1)).astype(np.int64)
        at_least = np.stack([(counts >= d).sum(axis=1) for d in range(1, n_languages + 1)], axis=1)
        total = pairs.sum(axis=1)
        return cls(
            pairs=pairs,
            fe=fe,
            mean_fe=_mean_known(fe),
            at_least=at_least,
            highest=counts.max(axis=1),
            same_sign=np.divide(same.sum(axis=1), total, out=np.full(draws, np.nan), where=total > 0),
            signed_fe=_mean_known(signed_fe),
            share_p05=_share_p05(pairs, sizes, first, second, width),
        )


def _mean_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each row over what is not NaN; 0 where nothing is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, known.sum(axis=1), out=np.zeros(len(values)), where=known.any(axis=1)))


def _share_p05(
    pairs: NDArray[np.int64],
    sizes: NDArray[np.int64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    width: int,
) -> NDArray[np.float64]:
    """Return the share of pairs that the super exact test calls significant, each distinct question asked once."""
    a, b = sizes[:, first], sizes[:, second]
    questions, where = np.unique(np.stack([pairs, a, b], axis=-1).reshape(-1, 3), axis=0, return_inverse=True)
    p = np.array([superexact_sf(int(x), [int(l_a), int(l_b)], width) for x, l_a, l_b in questions])
    return (p[where].reshape(pairs.shape) < 0.05).mean(axis=1)


def null_summary(
    observed: Sequence[Signs], permuted: Sequence[Signs], own: Sequence[Signs] | None = None
) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Compare what languages share with what they share under the null hypotheses.

    Every p is ``(1 + draws at least as extreme) / (1 + draws)``, one-tailed.

    Parameters
    ----------
    observed
        A language each: the signs of its top units, shape (1, width).
    permuted
        A language each: the same on permuted ratings, shape (draws, width).
    own
        A language each: the same on ratings that each language encodes in its own way (`own_codes`), if they were
        drawn.

    Returns
    -------
    summary : dict
        ``draws, mean_fe, null_fe, null_fe_low, null_fe_high`` (2.5 and 97.5 %), ``corrected_fe`` (observed over
        permuted mean), ``p_fe``; ``highest_degree, null_highest_degree, p_highest_degree``: as high a degree, and (as
        degrees tie so often) as many units at it, or as many at the next lower one, and so on; ``same_sign,
        null_same_sign``, and ``signed_fe, null_signed_fe, p_signed_fe``: do the units that are shared with the same
        sign outnumber those with opposite ones; ``null_share_p05``, how often the super exact test rejects on permuted
        ratings (.05 if it holds its level); ``p_omnibus``, one test over all degrees: are there more units in at least
        d languages than permuted ratings give, for whichever d stands out most. With `own`, also ``own_fe, own_fe_low,
        own_fe_high, p_own_fe, p_own_highest_degree, p_own_signed_fe, p_own_omnibus``: the same against it.
    degrees : DataFrame
        ``n_languages, null_mean, p_permutation`` for units in at least so many languages; with `own`, ``own_mean,
        p_own``.
    pairs : DataFrame
        ``null_mean`` (units), ``fe_corrected, p_permutation`` (by the fold enrichment, as a sparse probe may choose
        fewer than k units), in the order of `itertools.combinations`.
    """
    real, null = Sharing.of(observed), Sharing.of(permuted)
    summary: dict[str, float] = {"draws": len(null.mean_fe), "mean_fe": float(real.mean_fe[0])}
    summary |= _against(real, null, "null_", "")
    null_fe = summary["null_fe"]
    summary |= {
        "corrected_fe": float(real.mean_fe[0]) / null_fe if null_fe else float("nan"),
        "highest_degree": int(real.highest[0]),
        "null_highest_degree": float(null.highest.mean()),
        "same_sign": float(real.same_sign[0]),
        "null_same_sign": float(np.nanmean(null.same_sign)) if np.isfinite(null.same_sign).any() else float("nan"),
        "signed_fe": float(real.signed_fe[0]),
        "null_signed_fe": float(null.signed_fe.mean()),
        "null_share_p05": float(null.share_p05.mean()),
    }
    degrees = pd.DataFrame({"n_languages": np.arange(1, real.at_least.shape[1] + 1)})
    degrees["null_mean"] = null.at_least.mean(axis=0)
    degrees["p_permutation"] = _p(null.at_least, real.at_least)
    if own is not None:
        coded = Sharing.of(own)
        summary |= _against(real, coded, "own_", "own_")
        degrees["own_mean"] = coded.at_least.mean(axis=0)
        degrees["p_own"] = _p(coded.at_least, real.at_least)
    pairs = pd.DataFrame({"null_mean": null.pairs.mean(axis=0)})
    of_null = _mean_known(null.fe.T)
    pairs["fe_corrected"] = np.divide(real.fe[0], of_null, out=np.full(len(of_null), np.nan), where=of_null > 0)
    pairs["p_permutation"] = np.where(
        np.isfinite(real.fe[0]), _p(np.nan_to_num(null.fe, nan=0.0), np.nan_to_num(real.fe, nan=0.0)), np.nan
    )
    return summary, degrees, pairs


def _against(real: Sharing, null: Sharing, prefix: str, of_p: str) -> dict[str, float]:
    """Return the mean FE of a null with its interval, and the p of each statistic against it."""
    low, high = np.quantile(null.mean_fe, [0.025, 0.975])
    higher = _higher(null.at_least, real.at_least[0])
    return {
        f"{prefix}fe": float(null.mean_fe.mean()),
        f"{prefix}fe_low": float(low),
        f"{prefix}fe_high": float(high),
        f"p_{of_p}fe": float(_p(null.mean_fe, real.mean_fe[0])),
        f"p_{of_p}highest_degree": float(_p(higher, 0)),
        f"p_{of_p}signed_fe": float(_p(null.signed_fe, real.signed_fe[0])),
        f"p_{of_p}omnibus": _omnibus(real.at_least[0], null.at_least),
    }


def _p(draws: NDArray[Any], real: Any) -> NDArray[np.float64]:
    """Return the one-tailed p of each column."""
    return np.asarray((1 + (draws >= real).sum(axis=0)) / (1 + len(draws)))


def _higher(draws: NDArray[np.int64], real: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return by how many units each draw exceeds the real counts at the highest degree where they differ, or 0."""
    difference = (draws - real)[:, ::-1]
    first = (difference != 0).argmax(axis=1)
    return np.asarray(np.take_along_axis(difference, first[:, None], axis=1)[:, 0])


def _omnibus(real: NDArray[np.int64], null: NDArray[np.int64]) -> float:
    """Return the p of the largest standardised excess over all degrees from two languages on.

    Observed and permuted draws are standardised alike, by all of them together, so that under the null they are
    exchangeable.
    """
    together = np.concatenate([real[None, 1:], null[:, 1:]]).astype(np.float64)
    spread = together.std(axis=0)
    z = np.divide(together - together.mean(axis=0), spread, out=np.zeros(together.shape), where=spread > 0)
    largest = z.max(axis=1)
    return float((largest >= largest[0] - 1e-12).mean())


def signs_of_rankings(rankings: pd.DataFrame, k: int) -> dict[str, Signs]:
    """Return each language's signs of its top `k` units, shape (1, width), from one cell's rankings."""
    signs: dict[str, Signs] = {}
    for language, rows in rankings.groupby("language", sort=False):
        row = np.zeros((1, len(rows)), dtype=np.int8)
        top = rows[rows["rank"] <= k]
        row[0, top["index"].to_numpy()] = top["sign"].to_numpy()
        signs[str(language)] = row
    return signs
