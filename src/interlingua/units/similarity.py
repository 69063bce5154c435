"""How much do languages share of where a rating is encoded? No top k, signs included.

A language's *profile* is the correlation of every unit with its ratings, over words, on Fisher's scale. Similarity of
two languages is the correlation of their profiles over units. Profiles have sampling error, so that of one language in
two halves of its words do not agree fully either: that is the *ceiling*. rho-bar is the mean similarity over pairs of
languages divided by the mean ceiling: 1 if the languages' true profiles are one, 0 if they have nothing in common,
whatever the number of words. Halves are disjoint in concepts: a word and its translation stand in the same half, and
similarity is always taken between different halves, so that words with the same meaning never meet.

References
----------
Spearman, C. (1904). The proof and measurement of association between two things. American Journal of Psychology, 15,
72-101 (correction for attenuation).
Stephens, M. (2017). False discovery rates: a new deal. Biostatistics, 18, 275-294 (local false sign rate).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.seeds import derive_seed
from interlingua.stats.correlation import centre_columns
from interlingua.stats.jackknife import JackknifeInterval, jackknife
from interlingua.tables.cells import select

Floats = NDArray[np.float64]
Halves = NDArray[np.bool_]
#: Below this many words a half's correlations are too noisy to be called a profile.
LEAST_WORDS = 8
_ALMOST = 1 - 1e-15


@dataclass(frozen=True, eq=False)
class WordsOf:
    """A language's layer, a row a word.

    Attributes
    ----------
    X : ndarray of float64, shape (n_words, width)
        Mean activation of each word's sentences.
    y : ndarray of float64, shape (n_words,) or (n_words, draws)
        Its rating, or one in each of several draws.
    """

    X: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class Similarity:
    """What languages share of a layer.

    Attributes
    ----------
    between : ndarray of float64, shape (n, n)
        Mean correlation over splits of one language's profile in one half with another's in the other half; symmetric,
        NaN on the diagonal.
    ceiling : ndarray of float64, shape (n,)
        The same of a language with itself.
    rho : float
        rho-bar: mean of `between` over pairs by the mean of ``sqrt(ceiling_l ceiling_l')``. NaN if a language's profile
        does not agree with itself (a ceiling of 0 or less).
    low, high : float
        Its 95 % interval over languages (delete-one jackknife, t(n - 1)), cut at 1; NaN with fewer than four.
    lower : float
        One-sided 95 % bound.
    """

    between: Floats
    ceiling: Floats
    rho: float
    low: float
    high: float
    lower: float

    @property
    def mean_between(self) -> float:
        """Mean of `between` over pairs, what draws are compared by: 0 if nothing is shared."""
        return float(np.nanmean(self.between))

    @property
    def left_out(self) -> Floats:
        """rho-bar without each language in turn, shape (n,); empty with fewer than four."""
        every = np.arange(len(self.ceiling))
        left = [_rho(self.between, self.ceiling, np.delete(every, i)) for i in every] if len(every) > 3 else []
        return np.array(left)

    @property
    def pairs(self) -> Floats:
        """Similarity of each pair over its own ceiling, shape (n, n); NaN on the diagonal, and where there is none."""
        product = np.outer(self.ceiling, self.ceiling)
        root = np.sqrt(np.maximum(product, 0))
        known = (self.ceiling > 0)[:, None] & (self.ceiling > 0)[None] & np.isfinite(self.between)
        return np.divide(self.between, root, out=np.full(root.shape, np.nan), where=known)


@dataclass(frozen=True, eq=False)
class Components:
    """Variance of unit profiles over units, and each unit's shared part.

    Attributes
    ----------
    shared, own, noise : float
        Variance on Fisher's scale that is common to the languages, that is each language's own, and sampling error.
    score : ndarray of float64, shape (width,)
        Best linear prediction of a unit's shared part: its mean over languages, shrunk.
    sd : float
        Posterior standard deviation of every score.
    false_sign : ndarray of float64, shape (width,)
        Probability that the shared part has the other sign (local false sign rate, normal model).
    """

    shared: float
    own: float
    noise: float
    score: Floats
    sd: float
    false_sign: Floats

    @property
    def share(self) -> float:
        """Share of the true variance that is shared; NaN where there is none."""
        total = self.shared + self.own
        return self.shared / total if total > 0 else float("nan")


def halves(concepts: Sequence[str], *, language: str, splits: int = 20, seed: int) -> Halves:
    """Part a language's words into two halves, again and again; a concept stands in one half in every language.

    Parameters
    ----------
    concepts : sequence of str, length n_words
        The concept of each word, "" of a word that is linked to none.
    language : str
        Its code: words without a concept fall where they fall in this language alone.
    splits, seed : int
        How often, and the seed, the same for all languages.

    Returns
    -------
    ndarray of bool, shape (splits, n_words)
        Whether each word stands in the first half. Halves differ by one word at most, unless more than half of the
        words belong to concepts that fell on one side.

    Raises
    ------
    StatsError
        If there are too few words.
    """
    n = len(concepts)
    if n < 2 * LEAST_WORDS:
        raise StatsError(f"{language}: {n} words are too few for two halves of {LEAST_WORDS} or more")
    first = np.zeros((splits, n), dtype=bool)
    linked = np.array([concept != "" for concept in concepts])
    for at, concept in enumerate(concepts):
        if concept:
            first[:, at] = np.random.default_rng(derive_seed(seed, "half", concept)).random(splits) < 0.5
    free = np.flatnonzero(~linked)
    wanted = np.clip(n // 2 - first.sum(axis=1), 0, len(free))
    rng = np.random.default_rng(derive_seed(seed, "halves", language))
    for split in range(splits):
        first[split, rng.permutation(free)[: wanted[split]]] = True
    return first


def concepts_of(words: Sequence[str], links: pd.DataFrame, language: str) -> NDArray[np.object_]:
    """Return the concept of each word, which its translations have, too; "" of one that is linked to none.

    Translations by the model's own neighbours count: whoever they are, they shall not meet.
    """
    own = select(links, language=language)
    known = dict(zip(own["word"], own["concept"], strict=True))
    return np.array([known.get(word, "") for word in words], dtype=object)


def half_profiles(words: WordsOf, first: Halves) -> Floats:
    """Return a language's profiles in both halves of its words.

    Parameters
    ----------
    words : WordsOf
        With one rating a word.
    first : ndarray of bool, shape (splits, n_words)
        From `halves`.

    Returns
    -------
    ndarray of float64, shape (splits, 2, width)
    """
    return np.stack([[fisher_z(words.X[rows], words.y[rows])[0] for rows in (half, ~half)] for half in first])


def similarity(profiles: Mapping[str, Floats]) -> Similarity:
    """Return how much languages share.

    Parameters
    ----------
    profiles : mapping of str to ndarray, shape (splits, 2, width)
        Of two languages or more, from `half_profiles`; those of several layers may stand side by side.

    Raises
    ------
    StatsError
        If there are fewer than two languages.
    """
    if len(profiles) < 2:
        raise StatsError(f"languages are compared in pairs, but there is {len(profiles)}: give two or more")
    standard = np.stack([_standardised(z) for z in profiles.values()])
    table = np.einsum("asu,bsu->ab", standard[:, :, 0], standard[:, :, 1]) / standard.shape[1]
    ceiling = np.diag(table).copy()
    between = (table + table.T) / 2
    np.fill_diagonal(between, np.nan)
    interval = _jackknifed(between, ceiling, 0.95)
    one_sided = _jackknifed(between, ceiling, 0.9)
    return Similarity(between, ceiling, interval.estimate, interval.low, min(interval.high, 1.0), one_sided.low)


def mean_between(words: Sequence[WordsOf], first: Sequence[Halves]) -> Floats:
    """Return the mean similarity over pairs of languages in each of several draws of ratings.

    Parameters
    ----------
    words : sequence of WordsOf
        A language each, with ratings of shape (n_words, draws), as many draws in every language.
    first : sequence of ndarray of bool, shape (splits, n_words)
        The same halves as for the real ratings.

    Returns
    -------
    ndarray of float64, shape (draws,)
        To be compared with `Similarity.mean_between`.
    """
    n, splits = len(words), len(first[0])
    total: Floats | float = 0.0
    for split in range(splits):
        sums: list[Floats | float] = [0.0, 0.0]
        for of_language, halves_of in zip(words, first, strict=True):
            rows = halves_of[split]
            both = [_standardised(fisher_z(of_language.X[half], of_language.y[half])) for half in (rows, ~rows)]
            total = total - np.einsum("du,du->d", *both)
            sums = [so_far + own for so_far, own in zip(sums, both, strict=True)]
        # The sum over pairs of different languages: that over all pairs, less each language with itself.
        total = total + np.einsum("du,du->d", *sums)
    return np.asarray(total) / (n * (n - 1) * splits)


def components(r: NDArray[np.float64], n_words: NDArray[np.int64]) -> Components:
    """Part the variance of unit profiles into what languages share, what is their own, and sampling error.

    Parameters
    ----------
    r : ndarray of float64, shape (n, width)
        Correlation of each unit with the rating over all words of each of n languages, two or more.
    n_words : ndarray of int, shape (n,)

    Notes
    -----
    Shared: the mean covariance over units of two languages' z = atanh r. Own: the mean variance less sampling error
    1/(n_words - 3) less the shared one. Negative estimates count as 0.
    """
    z = np.arctanh(np.clip(r, -_ALMOST, _ALMOST))
    n = len(z)
    if n < 2:
        raise StatsError(f"what is shared can't be told of {n} language: give two or more")
    covariance = np.atleast_2d(np.cov(z))
    noise = float(np.mean(1 / (n_words - 3)))
    shared = max(0.0, float(covariance[np.triu_indices(n, 1)].mean()))
    own = max(0.0, float(np.diag(covariance).mean()) - noise - shared)
    rest = own + noise
    score = n * shared / (n * shared + rest) * (z - z.mean(axis=1, keepdims=True)).mean(axis=0)
    sd = float(np.sqrt(shared * rest / (n * shared + rest)))
    false_sign = scipy.stats.norm.cdf(-np.abs(score) / sd) if sd > 0 else np.full(len(score), 0.5)
    return Components(shared, own, noise, score, sd, false_sign)


def correlations(X: Floats, y: Floats) -> Floats:
    """Return the correlation of every column with every draw of ratings, shape (draws, width); 0 of a constant one."""
    (units, norm), (ratings, norm_y) = centre_columns(X), centre_columns(y.reshape(len(y), -1))
    scale = norm_y[:, None] * norm
    return np.clip(np.divide(ratings.T @ units, scale, out=np.zeros(scale.shape), where=scale > 0), -1.0, 1.0)


def fisher_z(X: Floats, y: Floats) -> Floats:
    """Return `correlations` on Fisher's scale; finite also of a correlation of 1."""
    return np.arctanh(np.clip(correlations(X, y), -_ALMOST, _ALMOST))


def _standardised(z: Floats) -> Floats:
    """Return profiles of mean 0 and length 1 over units (the last axis); 0 where all units are alike."""
    centred = z - z.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.divide(centred, length, out=np.zeros(z.shape), where=length > 0)


def _jackknifed(between: Floats, ceiling: Floats, level: float) -> JackknifeInterval:
    n = len(ceiling)
    every = np.arange(n)
    left_out = [_rho(between, ceiling, np.delete(every, i)) for i in every] if n > 3 else []
    return jackknife(_rho(between, ceiling, every), left_out, level=level)


def _rho(between: Floats, ceiling: Floats, kept: NDArray[np.int64]) -> float:
    if not (ceiling[kept] > 0).all():
        return float("nan")
    pairs = np.triu_indices(len(kept), 1)
    above = between[np.ix_(kept, kept)][pairs].mean()
    below = np.sqrt(np.outer(ceiling[kept], ceiling[kept]))[pairs].mean()
    return float(above / below)
