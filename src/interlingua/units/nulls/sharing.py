"""What languages share, and how it compares with what they share under a null."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.stats.multiplicity import adjust
from interlingua.stats.superexact import superexact_sf
from interlingua.units.nulls.tops import Signs


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
    signed : ndarray, shape (draws, n_pairs)
        (Units shared with the same sign - units shared with opposite signs) / expected units: 0 if signs have nothing
        to do with each other, the fold enrichment if all agree; NaN where one of the two has no units.
    signed_fe : ndarray, shape (draws,)
        Its mean over the pairs that have one.
    share_p05 : ndarray, shape (draws,)
        Share of pairs with p < .05 in the super exact test.
    """

    pairs: NDArray[np.int64]
    fe: NDArray[np.float64]
    mean_fe: NDArray[np.float64]
    at_least: NDArray[np.int64]
    highest: NDArray[np.int64]
    same_sign: NDArray[np.float64]
    signed: NDArray[np.float64]
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
        signed = np.divide(agreement, expected, out=np.full(pairs.shape, np.nan), where=expected > 0)
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
            signed=signed,
            signed_fe=_mean_known(signed),
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
    observed: Sequence[Signs], drawn: Sequence[Signs]
) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Compare what languages share with what they share under a null.

    Every p is ``(1 + draws at least as extreme) / (1 + draws)``, one-tailed.

    Parameters
    ----------
    observed
        A language each: the signs of its top units, shape (1, width).
    drawn
        A language each: the same on ratings drawn under the null, shape (draws, width).

    Returns
    -------
    summary : dict
        ``draws, mean_fe, null_fe, null_fe_low, null_fe_high`` (2.5 and 97.5 %), ``corrected_fe`` (observed over
        the null's mean), ``p_fe``; ``highest_degree, null_highest_degree, p_highest_degree``: as high a degree, and (as
        degrees tie so often) as many units at it, or as many at the next lower one, and so on; ``p_omnibus``, one test
        over all degrees: are there more units in at least d languages than under the null, for whichever d stands out
        most; ``same_sign, null_same_sign``, and ``signed_fe, null_signed_fe, p_signed_fe``: do the units that are
        shared with the same sign outnumber those with opposite ones; ``p_shared``, the larger of ``p_fe`` and
        ``p_signed_fe``: more units are shared, and with the same signs (an intersection-union test, which holds its
        level if either does); ``pairs_below_05``, how many pairs share more than under the null by both (p < .05 after
        Benjamini and Hochberg); ``null_share_p05``, how often the super exact test rejects under the null (.05 if it
        holds its level).
    degrees : DataFrame
        ``n_languages, null_mean, draws, as_many`` (draws with as many units or more) and ``p_null``, for units in at
        least so many languages.
    pairs : DataFrame
        ``null_mean`` (units), ``fe_corrected, p_null`` (by the fold enrichment, as a sparse probe may choose fewer than
        k units), ``p_signed`` (of the signed one) and ``p_bh`` (the larger of the two, after Benjamini and Hochberg),
        in the order of `itertools.combinations`.

    References
    ----------
    Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics, 24, 295-300
    (intersection-union tests).
    """
    real, null = Sharing.of(observed), Sharing.of(drawn)
    pairs = _pairs(real, null)
    mean_fe, null_fe = float(real.mean_fe[0]), float(null.mean_fe.mean())
    p_fe, p_signed_fe = float(_p(null.mean_fe, real.mean_fe[0])), float(_p(null.signed_fe, real.signed_fe[0]))
    low, high = np.quantile(null.mean_fe, [0.025, 0.975])
    summary: dict[str, float] = {
        "draws": len(null.mean_fe),
        "mean_fe": mean_fe,
        "null_fe": null_fe,
        "null_fe_low": float(low),
        "null_fe_high": float(high),
        "corrected_fe": mean_fe / null_fe if null_fe else float("nan"),
        "p_fe": p_fe,
        "highest_degree": int(real.highest[0]),
        "null_highest_degree": float(null.highest.mean()),
        "p_highest_degree": float(_p(_higher(null.at_least, real.at_least[0]), 0)),
        "p_omnibus": _omnibus(real.at_least[0], null.at_least),
        "same_sign": float(real.same_sign[0]),
        "null_same_sign": float(np.nanmean(null.same_sign)) if np.isfinite(null.same_sign).any() else float("nan"),
        "signed_fe": float(real.signed_fe[0]),
        "null_signed_fe": float(null.signed_fe.mean()),
        "p_signed_fe": p_signed_fe,
        "p_shared": max(p_fe, p_signed_fe),
        "pairs_below_05": int((pairs["p_bh"] < 0.05).sum()),
        "null_share_p05": float(null.share_p05.mean()),
    }
    degrees = pd.DataFrame(
        {
            "n_languages": np.arange(1, real.at_least.shape[1] + 1),
            "null_mean": null.at_least.mean(axis=0),
            "draws": len(null.at_least),
            "as_many": (null.at_least >= real.at_least).sum(axis=0),
            "p_null": _p(null.at_least, real.at_least),
        }
    )
    return summary, degrees, pairs


def _pairs(real: Sharing, null: Sharing) -> pd.DataFrame:
    """Return every pair of languages beside the null."""
    of_null = _mean_known(null.fe.T)
    known = np.isfinite(real.fe[0])
    drawn = (
        _p(np.nan_to_num(of_draws), np.nan_to_num(observed))
        for of_draws, observed in ((null.fe, real.fe), (null.signed, real.signed))
    )
    p, p_signed = (np.where(known, found, np.nan) for found in drawn)
    return pd.DataFrame(
        {
            "null_mean": null.pairs.mean(axis=0),
            "fe_corrected": np.divide(real.fe[0], of_null, out=np.full(len(of_null), np.nan), where=of_null > 0),
            "p_null": p,
            "p_signed": p_signed,
            "p_bh": adjust(np.maximum(p, p_signed), "bh"),
        }
    )


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

    What is observed and what is drawn are standardised alike, by all of them together, so that under the null they
    are exchangeable.
    """
    together = np.concatenate([real[None, 1:], null[:, 1:]]).astype(np.float64)
    spread = together.std(axis=0)
    z = np.divide(together - together.mean(axis=0), spread, out=np.zeros(together.shape), where=spread > 0)
    largest = z.max(axis=1)
    return float((largest >= largest[0] - 1e-12).mean())
