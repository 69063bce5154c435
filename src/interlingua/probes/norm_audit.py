"""Do a table's ratings belong to its words? (beyond the paper, whose public Chinese ratings do not)

Two witnesses. Another norm of the same language on the words that both rate: for valence, published tables
agree with r .86 to .99 (some twenty pairs in eight languages), whatever the country, decade or scale. And,
where there is no other norm, the model: if held-out ratings are much harder to predict than in every other
language, then either they are not these words' ratings or the model does not know the language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import NormsError, StatsError
from interlingua.norms import NormCard, NormComparison, Norms
from interlingua.norms.card import Variable
from interlingua.probes.out_of_fold import OutOfFold, predict_out_of_fold
from interlingua.probes.penalty import column_r
from interlingua.stats.outliers import low_outliers
from interlingua.stats.r_interval import r_interval

LEAST_R = 0.7
"""Two norms of valence whose r is below this (the whole 95 % interval) are not both right."""

AUDIT_COLUMNS = [
    *("language", "n_words", "r_oof", "r_oof_low", "r_oof_high", "sd_below"),
    *("other_norm", "n_shared", "r_other_norm", "r_other_low", "r_other_high", "flag", "reason"),
]


def audit(
    predictions: Mapping[str, OutOfFold],
    comparisons: Mapping[str, NormComparison] | None = None,
    *,
    least_r: float | None = LEAST_R,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Flag the languages whose ratings do not seem to belong to their words.

    Parameters
    ----------
    predictions : mapping of str to OutOfFold
        Every language's held-out predictions of one variable, from the same model and layer, and from about
        as many words (r of fewer words scatters more).
    comparisons : mapping of str to NormComparison, optional
        The same ratings against another norm, for the languages that have one.
    least_r : float, optional
        A language is flagged if the whole 95 % interval of r with the other norm lies below this, and can't be
        flagged for its held-out r if it lies above. None: the other norm is shown but not judged, as for arousal,
        where good tables of one language agree with r of .9 down to .3.
    alpha : float
        Probability that a held-out r gets any language flagged where all are in order.

    Returns
    -------
    DataFrame
        A row a language: `language, n_words, r_oof, r_oof_low, r_oof_high` (over words), `sd_below` (how far
        r_oof lies below those of the other languages that are not flagged, in their SDs, on Fisher's scale;
        NaN with fewer than three others), `other_norm` ("" if none), `n_shared, r_other_norm, r_other_low,
        r_other_high`, `flag`, `reason` (in words; of a language that is not flagged, what speaks for it).

    Notes
    -----
    Held-out r are compared on Fisher's scale by `low_outliers`, one-sided. Languages differ in how well a model
    knows them (SD about .13 on that scale for multilingual-e5-small), which no fixed threshold knows.
    """
    comparisons = comparisons or {}
    languages = list(predictions)
    unknown = [language for language in comparisons if language not in predictions]
    if unknown:
        raise StatsError(f"there is a second norm of {unknown[0]!r} but no held-out predictions of it")
    z = _fisher(np.array([predictions[language].r for language in languages]))
    low = low_outliers(z, alpha=alpha)
    rows = []
    for language, is_low in zip(languages, low, strict=True):
        found, other = predictions[language], comparisons.get(language)
        verdict = _verdict(other, least_r)
        rows.append(
            {
                "language": language,
                "n_words": found.n_words,
                "r_oof": found.r,
                "r_oof_low": found.r_low,
                "r_oof_high": found.r_high,
                "other_norm": other.source_b if other else "",
                "n_shared": other.n if other else 0,
                "r_other_norm": other.r if other else np.nan,
                "r_other_low": other.r_low if other else np.nan,
                "r_other_high": other.r_high if other else np.nan,
                "flag": verdict == "wrong" or (bool(is_low) and verdict != "right"),
            }
        )
    table = pd.DataFrame(rows)
    flagged = table["flag"].to_numpy(dtype=bool)
    table["sd_below"] = [_sd_below(z, i, flagged) for i in range(len(z))]
    unflagged = table.loc[~flagged, "r_oof"]
    table["reason"] = [
        _reason(row, bool(is_low), comparisons.get(language), least_r, unflagged)
        for (_, row), language, is_low in zip(table.iterrows(), languages, low, strict=True)
    ]
    return table[AUDIT_COLUMNS]


def shuffle_power(
    X: ArrayLike,
    y: ArrayLike,
    words: ArrayLike,
    *,
    r_others: Sequence[float],
    other_norm: Mapping[str, float] | None = None,
    shares: Sequence[float] = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
    draws: int = 50,
    least_r: float | None = LEAST_R,
    alpha: float = 0.05,
    folds: int = 5,
    seed: int,
) -> pd.DataFrame:
    """Show how much shuffling of a language's ratings `audit` detects.

    Parameters
    ----------
    X, y, words
        One layer's activations, ratings and words of a language whose ratings are in order, as for
        `out_of_fold`.
    r_others : sequence of float
        Held-out r of the other languages.
    other_norm : mapping of str to float, optional
        Another norm's ratings, by word (as in `words`).
    shares : sequence of float
        Which shares of the words, 0 to 1, have their ratings permuted among themselves.
    draws : int
        Shufflings of each share.
    least_r, alpha
        As for `audit`.
    folds, seed : int
        Of the cross-validation, and of the shuffling.

    Returns
    -------
    DataFrame
        A row a share: `share, draws, r_other_norm, r_oof` (means over draws), `detected_by_norm,
        detected_by_oof` (shares of the draws in which each witness alone flags the language; NaN without
        another norm) and `detected` (share in which `audit` flags it).

    Raises
    ------
    StatsError
        As `out_of_fold`; also if a share or the number of draws is out of its range, or `other_norm` has fewer
        than four of the words.
    """
    if draws < 1 or not all(0 <= share <= 1 for share in shares):
        raise StatsError("shuffling needs one draw or more, of shares between 0 and 1")
    codes, labels = pd.factorize(np.asarray(words, dtype=object))
    ratings = np.zeros(len(labels))
    ratings[codes] = np.asarray(y, dtype=np.float64)
    rng = np.random.default_rng(seed)
    shuffled = np.stack([_shuffle(ratings, share, rng) for share in shares for _ in range(draws)], axis=1)
    predicted = predict_out_of_fold(X, shuffled[codes], words, folds=folds, seed=seed)
    r_oof = column_r(shuffled, predicted)
    low = np.array([low_outliers(_fisher(np.array([*r_others, r])), alpha=alpha)[-1] for r in r_oof])
    wrong, right, r_norm = np.zeros(len(low), bool), np.zeros(len(low), bool), np.full(len(low), np.nan)
    if other_norm is not None:
        second = np.array([other_norm.get(str(word), np.nan) for word in labels])
        rated = np.isfinite(second)
        if rated.sum() < 4:
            raise StatsError(f"the other norm rates {rated.sum()} of these words: at least four are needed")
        r_norm = column_r(shuffled[rated], np.repeat(second[rated, None], shuffled.shape[1], axis=1))
        if least_r is not None:
            ends = [r_interval(drawn, second[rated], range(int(rated.sum()))) for drawn in shuffled[rated].T]
            wrong = np.array([one.high < least_r for one in ends])
            right = np.array([one.low > least_r for one in ends])
    each = pd.DataFrame(
        {
            "share": np.repeat(np.asarray(shares, dtype=np.float64), draws),
            "r_other_norm": r_norm,
            "r_oof": r_oof,
            "detected_by_norm": np.nan if other_norm is None or least_r is None else wrong.astype(np.float64),
            "detected_by_oof": low.astype(np.float64),
            "detected": (wrong | (low & ~right)).astype(np.float64),
        }
    )
    table = each.groupby("share", sort=False).mean().reset_index()
    table.insert(1, "draws", draws)
    return table


def contexts_norms(contexts: pd.DataFrame, variables: Sequence[str], *, name: str) -> Norms:
    """Return the ratings that a table of contexts carries as `Norms`, so that `compare_norms` can take them.

    Parameters
    ----------
    contexts : DataFrame
        One language's contexts: `language, word` and the variables.
    variables : sequence of str
        Which ratings; words without any are left out.
    name : str
        What the comparison calls them, such as "affective-interlingua"; no blanks.

    Raises
    ------
    NormsError
        If the table holds more than one language, or lacks a variable.
    """
    languages = contexts["language"].unique()
    missing = [variable for variable in variables if variable not in contexts.columns]
    if len(languages) != 1 or missing:
        what = f"no column {missing[0]!r}" if missing else f"{len(languages)} languages"
        raise NormsError(f"the contexts have {what}: give one language's, with {', '.join(variables)}")
    table = contexts.groupby("word", sort=False)[list(variables)].first().reset_index()
    card = NormCard(
        name=name, title=name, language=str(languages[0]), variables={variable: Variable() for variable in variables}
    )
    issues = pd.DataFrame(columns=["language", "source", "kind", "count", "detail"])
    rated = table[table[list(variables)].notna().any(axis=1)].reset_index(drop=True)
    return Norms(table=rated, card=card, scale="none", issues=issues, path=Path(name), layout="contexts")


def _verdict(other: NormComparison | None, least_r: float | None) -> str:
    if other is None or least_r is None:
        return "unknown"
    return "wrong" if other.r_high < least_r else "right" if other.r_low > least_r else "unknown"


def _reason(row: pd.Series, low: bool, other: NormComparison | None, least_r: float | None, others: pd.Series) -> str:
    verdict = _verdict(other, least_r)
    with_norm = f"r = {row['r_other_norm']:.2f} with {row['other_norm']} on {row['n_shared']} shared words"
    held_out = f"r = {row['r_oof']:.2f} on held-out words"
    if len(others) and (low or verdict == "wrong"):
        held_out += f" ({others.min():.2f} to {others.max():.2f} in the languages that are not flagged)"
    if verdict == "wrong":
        return f"{with_norm}, where ratings of the same words agree with {least_r:g} at the least; {held_out}"
    if low and verdict == "right":
        return f"{held_out}, but {with_norm}: the ratings are in order, it is the model that reads them badly"
    if low:
        doubt = "either these are not the words' ratings or the model does not know the language"
        return f"{held_out}: {doubt}; compare with another norm" + (f" ({with_norm})" if other else "")
    return f"{with_norm}; {held_out}" if other else held_out


def _sd_below(z: NDArray[np.float64], i: int, flagged: NDArray[np.bool_]) -> float:
    others = z[~flagged & (np.arange(len(z)) != i)]
    spread = others.std(ddof=1) if len(others) >= 3 else 0.0
    return float((others.mean() - z[i]) / spread) if spread > 0 else float("nan")


def _fisher(r: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.arctanh(np.clip(r, -0.999999, 0.999999))


def _shuffle(ratings: NDArray[np.float64], share: float, rng: np.random.Generator) -> NDArray[np.float64]:
    chosen = rng.choice(len(ratings), size=round(share * len(ratings)), replace=False)
    shuffled = ratings.copy()
    shuffled[chosen] = ratings[rng.permutation(chosen)]
    return shuffled
