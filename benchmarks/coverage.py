"""How often does each 95 % interval of the report hold the truth?

Run ``python benchmarks/coverage.py --draws 2000``, about half an hour on one core. Truths come from outside of what
is tested: populations with a known correlation, mean or slope, never draws of the method itself. Each row is an
interval in a situation: how often it covers, with the 95 % Monte Carlo interval (Wilson), and its median width. Below
.93 an interval is too narrow and is not printed, or said to be; above .97 it is called conservative. Intervals that
were printed once and are too narrow stand beside those that took their place.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from interlingua.probes.out_of_fold import predict_out_of_fold
from interlingua.probes.ridge import ridge
from interlingua.stats.jackknife import ratio_interval
from interlingua.stats.r_interval import mean_r_interval, r_interval, word_means
from interlingua.units import alignment_models
from interlingua.units.similarity import WordsOf, half_profiles, halves, similarity

NARROW, WIDE = 0.93, 0.97
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

Floats = NDArray[np.float64]


class Held(NamedTuple):
    """Whether an interval held the truth, and how wide it was."""

    covers: bool
    width: float


Draw = dict[str, Held]
"""Name of an interval to what became of it."""


def held(low: float, high: float, truth: float) -> Held:
    """Compare an interval with the truth."""
    return Held(low <= truth <= high, high - low)


# How well a rating can be read.


class _Language:
    """Words whose activations and ratings have one population: a linear code in correlated units, and noise."""

    def __init__(self, rng: np.random.Generator, *, width: int, skewed: bool, noise: float = 1.0) -> None:
        self.rng, self.skewed = rng, skewed
        loadings = rng.normal(size=(8, width)) * np.geomspace(3, 0.3, 8)[:, None]
        self.loadings, self.code = loadings, rng.normal(size=width) / np.sqrt(width)
        self.noise = noise * float(np.sqrt(self.code @ self.covariance @ self.code))

    @property
    def covariance(self) -> Floats:
        """Of the units over words."""
        return np.asarray(self.loadings.T @ self.loadings + 0.5 * np.eye(self.loadings.shape[1]))

    def words(self, n: int) -> tuple[Floats, Floats]:
        """Draw words: activations and ratings."""
        factors = self._standard((n, len(self.loadings)))
        X = factors @ self.loadings + np.sqrt(0.5) * self._standard((n, self.loadings.shape[1]))
        return X, X @ self.code + self.noise * self._standard(n)

    def _standard(self, shape: Any) -> Floats:
        """Draw numbers of mean 0 and variance 1, skewed (the third moment of a chi-squared with 8) or normal."""
        return (self.rng.chisquare(8, size=shape) - 8) / 4 if self.skewed else self.rng.normal(size=shape)

    def r(self, weights: Floats) -> float:
        """Return the correlation of a probe's predictions with ratings over all words there could be."""
        predicted = self.code @ self.covariance @ weights
        variance = self.code @ self.covariance @ self.code + self.noise**2
        return float(predicted / np.sqrt(variance * (weights @ self.covariance @ weights)))


def probes(seed: int, *, n_train: int, n_test: int, width: int = 40, skewed: bool = False) -> Iterator[Draw]:
    """Draw words, fit a probe to some, and print its r over the others; or cross-fit it over all of them."""
    rng = np.random.default_rng(seed)
    language = _Language(rng, width=width, skewed=skewed)

    def worth(n: int) -> tuple[float, float]:
        """Return the penalty that is best for probes of `n` words, and their mean r over all words there could be."""
        drawn = [language.words(n) for _ in range(100)]
        mean = {l2: np.mean([language.r(ridge(*words, l2=l2).weights) for words in drawn]) for l2 in PENALTIES}
        best = max(mean, key=lambda l2: mean[l2])
        return best, float(mean[best])

    best, of_train = worth(n_train)
    every = n_train + n_test
    _, of_folds = worth(round(0.8 * every))  # cross-fitted probes see four fifths of the words
    while True:
        X, y = language.words(every)
        fitted = ridge(X[:n_train], y[:n_train], l2=best).weights
        predicted = X[n_train:] @ fitted
        number = int(rng.integers(2**32))
        test = r_interval(y[n_train:], predicted, range(n_test))
        crossed = predict_out_of_fold(X, y, np.arange(every), seed=number)
        of_all = r_interval(y, crossed, range(every))
        yield {
            "r over test words: of this probe": held(test.low, test.high, language.r(fitted)),
            "the same: of a probe of other words": held(test.low, test.high, of_train),
            "the same, BCa (before): of this probe": held(*_bca(y[n_train:], predicted, number), language.r(fitted)),
            "cross-fitted r over all words": held(of_all.low, of_all.high, of_folds),
            "the same, BCa": held(*_bca(y, crossed, number), of_folds),
            "the same, Fisher (before)": held(*stats.pearsonr(y, crossed).confidence_interval(), of_folds),
        }


def _bca(a: Floats, b: Floats, seed: int) -> tuple[float, float]:
    """Return scipy's BCa interval of r over words."""

    def r(a: Floats, b: Floats, axis: int = -1) -> Floats:
        a, b = a - a.mean(axis, keepdims=True), b - b.mean(axis, keepdims=True)
        return np.asarray((a * b).sum(axis) / np.sqrt((a * a).sum(axis) * (b * b).sum(axis)))

    rng = np.random.default_rng(seed)
    found = stats.bootstrap((a, b), r, paired=True, vectorized=True, n_resamples=500, rng=rng).confidence_interval
    return float(found.low), float(found.high)


def sentences(seed: int, *, n_words: int = 104, n_sentences: int = 8) -> Iterator[Draw]:
    """A fixed probe of sentences, half of whose error is a word's own: r over sentences and over words."""
    rng = np.random.default_rng(seed)
    words = np.repeat(np.arange(n_words), n_sentences)
    over_words = 1 / np.sqrt(1 + 1 + 1 / n_sentences)
    while True:
        y = rng.normal(size=n_words)
        predicted = (y + rng.normal(size=n_words))[words] + rng.normal(size=len(words))
        by_sentence = r_interval(y[words], predicted, words)
        by_word = r_interval(*word_means(y[words], predicted, words))
        yield {
            "r over sentences: of this probe": held(by_sentence.low, by_sentence.high, 1 / np.sqrt(3)),
            "r over words: of this probe": held(by_word.low, by_word.high, over_words),
        }


def norms(seed: int, *, n_words: int, skewed: bool) -> Iterator[Draw]:
    """Two norms of the same words."""
    rng = np.random.default_rng(seed)
    while True:
        draws = rng.chisquare(4, size=(3, n_words)) if skewed else rng.normal(size=(3, n_words))
        a, b = np.sqrt(0.8) * draws[0] + np.sqrt(0.2) * draws[1:]
        found = r_interval(a, b, range(n_words))
        yield {
            "r with another norm": held(found.low, found.high, 0.8),
            "the same, Fisher (before)": held(*stats.pearsonr(a, b).confidence_interval(), 0.8),
        }


# Over languages.


def means(seed: int, *, languages: int, skewed: bool) -> Iterator[Draw]:
    """Languages differ in how well a rating can be read: the mean over them, of languages like these."""
    rng = np.random.default_rng(seed)
    a, b = (8.0, 1.5) if skewed else (20.0, 8.0)
    while True:
        r = rng.beta(a, b, size=languages)
        low, high = mean_r_interval(r)[1:]
        plain = stats.ttest_1samp(r, 0).confidence_interval()
        yield {
            "mean of r over languages (jackknife of Fisher's z)": held(low, high, a / (a + b)),
            "the same, t of r itself": held(plain.low, plain.high, a / (a + b)),
        }


def ratios(seed: int, *, languages: int, width: int = 384, k: int = 71) -> Iterator[Draw]:
    """Languages mark the same units more or less, in a model and in a control: the ratio of their mean overlap."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(2, width))
    shared = np.array([[0.9], [0.4]])

    def overlaps(n: int) -> Floats:
        """Return the overlap of each pair of `n` languages in both models, shape (2, n, n)."""
        # A language that goes with the others in one model does so in the other, too.
        own = np.clip(rng.beta(6, 3, size=n) + 0.05 * rng.normal(size=(2, n)), 0.05, 1.0)
        loading = shared * own
        alone = rng.normal(size=(2, n, width))
        scores = loading[..., None] * common[:, None] + np.sqrt(1 - loading**2)[..., None] * alone
        top = np.zeros((2, n, width), dtype=np.float32)
        np.put_along_axis(top, np.argpartition(-np.abs(scores), k, axis=2)[..., :k], 1.0, axis=2)
        return np.asarray(top @ top.transpose(0, 2, 1), dtype=np.float64)

    many = overlaps(4000)
    off = ~np.eye(4000, dtype=bool)
    truth = float(many[0][off].mean() / many[1][off].mean())
    while True:
        model, control = overlaps(languages)
        jackknifed = ratio_interval(model, control)
        yield {
            "ratio over a control (jackknife of its logarithm)": held(jackknifed.low, jackknifed.high, truth),
            "the same, bootstrap over languages (before)": held(*_bootstrap_ratio(model, control, rng), truth),
        }


def shares(seed: int, *, languages: int, alike: bool = False, width: int = 120) -> Iterator[Draw]:
    """Languages have more or less of one code, or as much: how much two share of these units, by r over words."""
    n_words, splits = 150, 3
    rng = np.random.default_rng(seed)
    codes = [f"l{i}" for i in range(languages)]
    first = {code: halves([""] * n_words, language=code, splits=splits, seed=seed) for code in codes}

    def loadings(n: int) -> Floats:
        """Return how much of each language's code is the common one."""
        return np.full(n, 12 / 14) if alike else rng.beta(12, 2, size=n)

    many = loadings(20_000)
    while True:
        common = rng.normal(size=width)
        # Units are those that the layer has, languages are drawn: the mean over all pairs of languages there could be.
        variance = common.var()
        truth = float(np.mean(many * np.sqrt(variance / (many**2 * variance + 1 - many**2))) ** 2)
        profiles = {}
        for code, loading in zip(codes, loadings(languages), strict=True):
            r = np.tanh(0.25 * (loading * common + np.sqrt(1 - loading**2) * rng.normal(size=width)))
            y = rng.normal(size=n_words)
            X = r * y[:, None] + np.sqrt(1 - r**2) * rng.normal(size=(n_words, width))
            profiles[code] = half_profiles(WordsOf(X, y), first[code])
        found = similarity(profiles)
        yield {"what languages share, rho-bar (jackknife)": held(found.low, found.high, truth)}


def _bootstrap_ratio(model: Floats, control: Floats, rng: np.random.Generator, draws: int = 300) -> tuple[float, float]:
    """Return the percentile interval over languages, pairs of a language with itself left out."""
    n = len(model)
    found = []
    for drawn in rng.integers(n, size=(draws, n)):
        pairs = drawn[:, None] != drawn
        if pairs.any():
            a, b = (table[np.ix_(drawn, drawn)][pairs].mean() for table in (model, control))
            found.append(a / b)
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def slopes(seed: int, *, languages: int, errors: str) -> Iterator[Draw]:
    """One model and variable: r grows by .02 with each unit more that a language shares, give or take."""
    rng = np.random.default_rng(seed)
    truth = 0.02
    while True:
        mpo = 30 + 3 * rng.normal(size=languages)
        noise = {
            "normal": rng.normal(size=languages),
            "skewed": rng.exponential(size=languages) - 1,
            "wider to the right": rng.normal(size=languages) * np.exp(0.2 * (mpo - 30)),
        }[errors]
        r = truth * mpo + 0.06 * noise
        points = pd.DataFrame({"language": [f"l{i}" for i in range(languages)], "model": "m", "variable": "v"})
        fit = alignment_models(points.assign(mpo=mpo, r=r), draws=19, seed=0).iloc[1]
        line = stats.linregress(mpo, r)
        half = stats.t.ppf(0.975, languages - 2) * line.stderr
        yield {
            "slope of r on sharing (jackknife)": held(fit["ci_low"], fit["ci_high"], truth),
            "the same, least squares (t)": held(line.slope - half, line.slope + half, truth),
            "the same, bootstrap over languages (before)": held(*_bootstrap_slope(mpo, r, rng), truth),
        }


def _bootstrap_slope(x: Floats, y: Floats, rng: np.random.Generator, draws: int = 500) -> tuple[float, float]:
    taken = rng.integers(len(y), size=(draws, len(y)))
    X, Y = x[taken], y[taken]
    X = X - X.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (X * Y).sum(axis=1) / (X * X).sum(axis=1)
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return float(low), float(high)


def mixed(seed: int, *, languages: int, interaction: bool) -> Iterator[Draw]:
    """Two models and two variables, as in the paper; languages differ in r, and perhaps by variable too."""
    rng = np.random.default_rng(seed)
    truth = 0.02
    cells = [(f"l{i}", m, v) for i in range(languages) for m in ("mBERT", "XLM-R") for v in ("valence", "arousal")]
    points = pd.DataFrame(cells, columns=["language", "model", "variable"])
    language = np.repeat(np.arange(languages), 4)
    second, arousal = (points["model"] == "XLM-R").to_numpy(), (points["variable"] == "arousal").to_numpy()
    while True:
        own = rng.normal(size=(4, languages))[:, language] * [[1], [1], [interaction], [interaction]]
        mpo = 14.5 + 5.2 * second + own[0] + own[2] * arousal + 0.7 * rng.normal(size=len(points))
        noise = 0.026 * rng.normal(size=len(points))
        r = truth * mpo + 0.06 * second + 0.036 * own[1] + 0.03 * own[3] * arousal + noise
        fits = alignment_models(points.assign(mpo=mpo, r=r), draws=19, seed=0)
        found: Draw = {}
        for fit in fits.itertuples():
            half = stats.t.ppf(0.975, fit.df) * fit.se
            model = f"slope of r on sharing, {fit.source} model"
            if fit.source == "simpler":
                found[f"{model} (jackknife)"] = held(fit.ci_low, fit.ci_high, truth)
            found[f"{model} (Satterthwaite's t)"] = held(fit.estimate - half, fit.estimate + half, truth)
        yield found


Simulation = Callable[[int], Iterator[Draw]]

#: Situation: its simulation, and the share of the draws that it gets.
SITUATIONS: dict[str, tuple[Simulation, float]] = {
    "416 words train, 104 test": (lambda seed: probes(seed, n_train=416, n_test=104), 0.5),
    "the same, skewed": (lambda seed: probes(seed, n_train=416, n_test=104, skewed=True), 0.5),
    "64 words train, 16 test": (lambda seed: probes(seed, n_train=64, n_test=16), 0.5),
    "104 words of 8 sentences": (sentences, 1.0),
    "20 words of 8 sentences": (lambda seed: sentences(seed, n_words=20), 1.0),
    "two norms, 300 words": (lambda seed: norms(seed, n_words=300, skewed=False), 1.0),
    "two skewed norms, 300 words": (lambda seed: norms(seed, n_words=300, skewed=True), 1.0),
    **{
        f"{n} languages{', skewed' if skewed else ''}": (
            lambda seed, n=n, skewed=skewed: means(seed, languages=n, skewed=skewed),
            1.0,
        )
        for n in (4, 8, 13)
        for skewed in (False, True)
    },
    **{
        f"a model and a control, {n} languages": (lambda seed, n=n: ratios(seed, languages=n), 0.5)
        for n in (4, 6, 8, 13)
    },
    **{f"what {n} languages share": (lambda seed, n=n: shares(seed, languages=n), 0.5) for n in (4, 6, 8, 13)},
    **{
        f"what {n} languages share, all alike": (lambda seed, n=n: shares(seed, languages=n, alike=True), 0.5)
        for n in (4, 8)
    },
    **{
        f"one model, {n} languages, errors {errors}": (
            lambda seed, n=n, errors=errors: slopes(seed, languages=n, errors=errors),
            0.5,
        )
        for n in (4, 8, 13)
        for errors in ("normal", "skewed", "wider to the right")
    },
    **{
        f"two models and variables, {n} languages{', which differ by variable' if interaction else ''}": (
            lambda seed, n=n, interaction=interaction: mixed(seed, languages=n, interaction=interaction),
            0.1,
        )
        for n in (6, 13)
        for interaction in (False, True)
    },
}


def coverage(draws: Iterable[Draw]) -> pd.DataFrame:
    """Return how often each interval covers: `interval, draws, covers, low, high, width, verdict`."""
    found: dict[str, list[Held]] = defaultdict(list)
    for draw in draws:
        for name, one in draw.items():
            found[name].append(one)
    rows: list[dict[str, Any]] = []
    for name, every in found.items():
        there = [one for one in every if np.isfinite(one.width)]
        covered = sum(one.covers for one in there)
        interval = stats.binomtest(covered, len(there)).proportion_ci(method="wilson") if there else (np.nan, np.nan)
        rows.append(
            {
                "interval": name,
                "draws": len(every),
                "without": len(every) - len(there),
                "covers": covered / len(there) if there else np.nan,
                "low": interval[0],
                "high": interval[1],
                "width": float(np.median([one.width for one in there])) if there else np.nan,
                "verdict": _verdict(interval[0], interval[1]),
            }
        )
    return pd.DataFrame(rows)


def _verdict(low: float, high: float) -> str:
    """Return what the Monte Carlo interval of a coverage allows to be said."""
    if high < NARROW:
        return "TOO NARROW"
    if low > WIDE:
        return "conservative"
    return "holds" if low >= NARROW and high <= WIDE else "too few draws to tell"


def table(draws: int, seed: int, situations: Iterable[str] = tuple(SITUATIONS)) -> pd.DataFrame:
    """Simulate each situation: `situation` and the columns of `coverage`."""
    parts = []
    for name in situations:
        simulation, share = SITUATIONS[name]
        found = coverage(islice(simulation(seed), max(1, round(share * draws))))
        parts.append(found.assign(situation=name))
    joined = pd.concat(parts, ignore_index=True)
    return joined[["situation", *joined.columns[:-1]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=400, help="simulations of a cheap situation (default: 400)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--situation", action="append", choices=list(SITUATIONS), help="only this; may be repeated")
    options = parser.parse_args()
    found = table(options.draws, options.seed, options.situation or SITUATIONS)
    print(found.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
