"""How much do languages share of where a rating is encoded? No top k, signs included.

A language's *profile* is the correlation of every unit of a layer with its ratings, over words, on Fisher's scale. The
similarity of two languages is the correlation of their profiles over units. Profiles have sampling error, so that of
one language in two halves of its words do not agree fully either: that is the *ceiling*. rho-bar is the mean similarity
over pairs of languages divided by the mean ceiling: 1 if the languages' true profiles are one, 0 if they have nothing in
common, whatever the number of words. Halves are disjoint in concepts: a word and its translation stand in the same half,
and similarity is always taken between different halves, so that words with the same meaning never meet.

References
----------
Spearman, C. (1904). The proof and measurement of association between two things. American Journal of Psychology, 15,
72-101 (correction for attenuation).
Stephens, M. (2017). False discovery rates: a new deal. Biostatistics, 18, 275-294 (local false sign rate).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.correlation import centre_columns
from interlingua.stats.jackknife import JackknifeInterval, jackknife

Floats = NDArray[np.float64]
Halves = NDArray[np.bool_]
#: Below this many words a half's correlations are too noisy to be called a profile.
LEAST_WORDS = 8


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


def halves(concepts: Mapping[str, Sequence[str]], *, splits: int = 20, seed: int) -> dict[str, Halves]:
    """Part every language's words into two halves, again and again; a concept stands in one half everywhere.

    Parameters
    ----------
    concepts : mapping of str to sequence of str
        By language: the concept of each word, "" of a word that is linked to none.
    splits, seed : int
        How often, and the seed.

    Returns
    -------
    dict of str to ndarray of bool, shape (splits, n_words)
        Whether each word stands in the first half. Halves differ by one word at most, unless more than half of the
        words belong to concepts that fell on one side.

    Raises
    ------
    StatsError
        If a language has too few words.
    """
    named = sorted({concept for of_language in concepts.values() for concept in of_language} - {""})
    rng = np.random.default_rng(seed)
    sides = rng.random((splits, len(named))) < 0.5
    number = {concept: i for i, concept in enumerate(named)}
    found = {}
    for language, of_language in concepts.items():
        n = len(of_language)
        if n < 2 * LEAST_WORDS:
            raise StatsError(f"{language}: {n} words are too few for two halves of {LEAST_WORDS} or more")
        linked = np.array([number.get(concept, -1) for concept in of_language])
        first = np.zeros((splits, n), dtype=bool)
        first[:, linked >= 0] = sides[:, linked[linked >= 0]]
        free = np.flatnonzero(linked < 0)
        wanted = np.clip(n // 2 - first.sum(axis=1), 0, len(free))
        for split in range(splits):
            first[split, rng.permutation(free)[: wanted[split]]] = True
        found[language] = first
    return found


def similarity(words: Mapping[str, WordsOf], first: Mapping[str, Halves]) -> Similarity:
    """Return how much the languages share of a layer.

    Parameters
    ----------
    words : mapping of str to WordsOf
        Two languages or more; one rating a word.
    first : mapping of str to ndarray of bool, shape (splits, n_words)
        From `halves`.

    Raises
    ------
    StatsError
        If there are fewer than two languages.
    """
    languages = _languages(words)
    splits = len(next(iter(first.values())))
    between = np.full((len(languages), len(languages)), np.nan)
    pairs = list(combinations(range(len(languages)), 2))
    sums, own = np.zeros(len(pairs)), np.zeros(len(languages))
    for profiles in _profiles(words, first, languages):
        a, b = (np.stack([profile[half][0] for profile in profiles]) for half in (0, 1))
        own += np.einsum("lu,lu->l", a, b)
        sums += [(a[i] @ b[j] + b[i] @ a[j]) / 2 for i, j in pairs]
    for (i, j), total in zip(pairs, sums, strict=True):
        between[i, j] = between[j, i] = total / splits
    ceiling = own / splits
    interval = _jackknifed(between, ceiling, 0.95)
    one_sided = _jackknifed(between, ceiling, 0.9)
    return Similarity(between, ceiling, interval.estimate, interval.low, min(interval.high, 1.0), one_sided.low)


def mean_between(words: Mapping[str, WordsOf], first: Mapping[str, Halves]) -> Floats:
    """Return the mean similarity over pairs of languages in each of several draws of ratings.

    Parameters
    ----------
    words : mapping of str to WordsOf
        With ratings of shape (n_words, draws), as many draws in every language.
    first : mapping of str to ndarray of bool, shape (splits, n_words)
        The same halves as for the real ratings.

    Returns
    -------
    ndarray of float64, shape (draws,)
        To be compared with `Similarity.mean_between`.
    """
    languages = _languages(words)
    n = len(languages)
    total: Floats | float = 0.0
    for profiles in _profiles(words, first, languages):
        # The sum over pairs of different languages: that over all pairs, less each language with itself.
        every = np.einsum("du,du->d", sum(a for a, _ in profiles), sum(b for _, b in profiles))
        total = total + every - sum(np.einsum("du,du->d", a, b) for a, b in profiles)
    splits = len(next(iter(first.values())))
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
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
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
    false_sign = stats.norm.cdf(-np.abs(score) / sd) if sd > 0 else np.full(len(score), 0.5)
    return Components(shared, own, noise, score, sd, false_sign)


def correlations(X: Floats, y: Floats) -> Floats:
    """Return the correlation of every column with every draw of ratings, shape (draws, width); 0 of a constant one."""
    (units, norm), (ratings, norm_y) = centre_columns(X), centre_columns(y.reshape(len(y), -1))
    scale = norm_y[:, None] * norm
    return np.divide(ratings.T @ units, scale, out=np.zeros(scale.shape), where=scale > 0)


def _languages(words: Mapping[str, WordsOf]) -> list[str]:
    if len(words) < 2:
        raise StatsError(f"languages are compared in pairs, but there is {len(words)}: give two or more")
    return list(words)


def _profiles(
    words: Mapping[str, WordsOf], first: Mapping[str, Halves], languages: Sequence[str]
) -> Iterator[list[tuple[Floats, Floats]]]:
    """Yield, split by split, each language's profiles in both halves, (draws, width), of mean 0 and length 1."""
    for split in range(len(first[languages[0]])):
        yield [
            tuple(_profile(words[code], first[code][split] == half) for half in (True, False))  # type: ignore[misc]
            for code in languages
        ]


def _profile(words: WordsOf, rows: Halves) -> Floats:
    z = np.arctanh(np.clip(correlations(words.X[rows], words.y[rows]), -1 + 1e-15, 1 - 1e-15))
    z -= z.mean(axis=1, keepdims=True)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    return np.divide(z, length, out=np.zeros(z.shape), where=length > 0)


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
