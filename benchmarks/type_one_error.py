"""How often does each p-value of the report fall below .05 where there is nothing to find?

Run ``python benchmarks/type_one_error.py --draws 1000``, about two hours on one core (``--null`` runs one). Each row is
a p under a null hypothesis that it may meet: its rejection rate at .05, the 95 % Monte Carlo interval (Wilson), and
whether it is .05 +- .02. The paper's own tests are among them, also where they don't hold. What is slow gets
a part of the draws. Truths that are made from real activations (``truths.py``) need the extra ``demo``, those of
translations the package ``emoji``; without them they are left out, and it is said. Activations are extracted once, into
``--cache``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import truths
from numpy.typing import NDArray
from scipy import stats

from interlingua.errors import InterlinguaError
from interlingua.probes.penalty import grouped_folds
from interlingua.stats.hc3 import hc3_columns, ols_columns
from interlingua.stats.mixed import mixed_model, permute_groups
from interlingua.stats.outliers import low_outliers
from interlingua.stats.superexact import superexact_sf
from interlingua.units import PAPER_MODEL, alignment_models, overlap
from interlingua.units.nulls import (
    Linked,
    RatedLayer,
    Sharing,
    Signs,
    chosen_again,
    get,
    null_signs,
    null_summary,
)

LEVEL, TOLERANCE = 0.05, 0.02
#: The elastic net whose penalty cross-validation chooses.
BY_CV = "elastic-net-cv"
SIMPLE_MODEL = "r ~ mpo + model*variable + (1|language)"

Rejected = dict[str, bool]
"""Name of a p to whether it fell to .05 or below."""


def uniform_sets(seed: int, *, languages: int = 8, size: int = 50, n: int = 384) -> Iterator[Rejected]:
    """Every language's units are a uniform draw from the layer: the null of the super exact test itself."""
    rng = np.random.default_rng(seed)
    while True:
        sets = {f"l{i}": rng.choice(n, size=size, replace=False) for i in range(languages)}
        found = overlap(sets, n, draws=199, seed=int(rng.integers(2**32)))
        pairs, degrees = found.pairs, found.degrees.set_index("n_languages")["p"]
        yield {
            "super exact p of a pair": pairs["p"].iloc[0] <= LEVEL,
            "any pair, p as it is": (pairs["p"] <= LEVEL).any(),
            "any pair, p after Benjamini-Hochberg": (pairs["p_bh"] <= LEVEL).any(),
            "any pair, p after Benjamini-Yekutieli": (pairs["p_by"] <= LEVEL).any(),
            "units in at least 2 languages": degrees[2] <= LEVEL,
            "units in at least 3 languages": degrees[3] <= LEVEL,
            "highest degree, p as in the paper": (found.highest_degree["p"] <= LEVEL).any(),
            "highest degree, p x number of sets": (found.highest_degree["p_bonferroni"] <= LEVEL).any(),
        }


def null_ratings(
    seed: int,
    method: str = "correlation",
    *,
    own: float | None = None,
    languages: int = 5,
    width: int = 96,
    k: int = 16,
    n_words: int = 40,
    draws: int = 39,
) -> Iterator[Rejected]:
    """Units follow the same few factors in every language, but the ratings have nothing in common.

    They have nothing to do with the units, or else (`own`) each language encodes them, this well, in a direction of its
    own. The elastic net keeps its penalty in every draw; `BY_CV` is that which cross-validation chooses on what is
    observed, as in a study.
    """
    rng = np.random.default_rng(seed)
    factors = 6
    loadings = 0.3 * rng.normal(size=(factors, width))
    loadings[np.arange(width) % factors, np.arange(width)] += rng.uniform(1.0, 3.0, size=width)
    words = np.repeat(np.arange(n_words), 3)
    while True:
        signs: dict[str, list[Signs]] = {"observed": [], "permuted": [], "own codes": []}
        for _ in range(languages):
            X = (rng.normal(size=(n_words, factors)) @ loadings)[words] + rng.normal(size=(len(words), width))
            X = truths.standardised(X)
            of_words = rng.normal(size=n_words)
            if own is not None:
                signal = (X @ rng.normal(size=width)).reshape(n_words, 3).mean(axis=1)
                of_words = own * (signal - signal.mean()) / signal.std() + np.sqrt(1 - own**2) * of_words
            folds = grouped_folds(words, 5, 0)
            layer = RatedLayer(X, of_words[words], words, folds, Linked.none(n_words), X.T @ X)
            penalty = None
            if method == BY_CV:
                [penalty] = chosen_again(layer, layer.y[:, None], BY_CV)
            elif method == "elastic-net":
                penalty = truths.PENALTY
            signs["observed"].append(null_signs(layer, layer.y[:, None], method, k, penalties=penalty))
            for null in ("permuted", "own codes")[: 1 if own is None else 2]:
                drawn = get(null).draw(layer, draws, seed=int(rng.integers(2**32)))
                signs[null].append(null_signs(layer, drawn, method, k, penalties=penalty))
        summary, degrees, pairs = null_summary(signs["observed"], signs["permuted"])
        if own is not None:
            of_own, own_degrees, _ = null_summary(signs["observed"], signs["own codes"])
            yield {
                "permuted p of the mean fold enrichment": summary["p_fe"] <= LEVEL,
                "own-code p of the mean fold enrichment": of_own["p_fe"] <= LEVEL,
                "own-code p of the highest degree": of_own["p_highest_degree"] <= LEVEL,
                "own-code p over all degrees": of_own["p_omnibus"] <= LEVEL,
                "own-code p of the signs": of_own["p_signed_fe"] <= LEVEL,
                "own-code p of number and signs": of_own["p_shared"] <= LEVEL,
                "own-code p of units in at least 2 languages": own_degrees["p_null"].iloc[1] <= LEVEL,
            }
            continue
        shared = int((signs["observed"][0] * signs["observed"][1] != 0).sum())
        sizes = [int((language != 0).sum()) for language in signs["observed"][:2]]
        real, null_counts = Sharing.of(signs["observed"]).at_least[0], Sharing.of(signs["permuted"]).at_least
        at_least = degrees["p_null"]
        yield {
            "super exact p of a pair": superexact_sf(shared, sizes, width) <= LEVEL,
            "permuted p of the mean fold enrichment": summary["p_fe"] <= LEVEL,
            "permuted p of the highest degree": summary["p_highest_degree"] <= LEVEL,
            "permuted p over all degrees": summary["p_omnibus"] <= LEVEL,
            "permuted p of the signs": summary["p_signed_fe"] <= LEVEL,
            "permuted p of number and signs": summary["p_shared"] <= LEVEL,
            "permuted p of units in at least 2 languages": at_least.iloc[1] <= LEVEL,
            "permuted p of units in at least 3 languages": at_least.iloc[2] <= LEVEL,
            "permuted p of units in all languages": at_least.iloc[-1] <= LEVEL,
            "the same, ties split at random": _split_ties(null_counts[:, -1], real[-1], rng) <= LEVEL,
            "permuted p of a pair": pairs["p_null"].iloc[0] <= LEVEL,
            "permuted p of a pair, number and signs": pairs[["p_null", "p_signed"]].iloc[0].max() <= LEVEL,
        }


def _split_ties(null: NDArray[np.int64], real: np.int64, rng: np.random.Generator) -> float:
    """Return the p of a test in which draws that tie with the real count are more extreme or less at random."""
    above, ties = int((null > real).sum()), int((null == real).sum())
    return (above + rng.uniform() * (1 + ties)) / (1 + len(null))


def unseen_language(seed: int, *, n_words: int = 123, sentences: int = 15, skewed: bool = False) -> Iterator[Rejected]:
    """A unit that says nothing of the rating; half of its variance lies between words, as the rating's does.

    Or (`skewed`) nearly all of it, and words differ as a lognormal does: a few of them have very large activations.
    """
    rng = np.random.default_rng(seed)
    words = np.repeat(np.arange(n_words), sentences)
    while True:
        y = rng.normal(size=n_words)
        of_word = rng.lognormal(sigma=1.2, size=(n_words, 20)) if skewed else rng.normal(size=(n_words, 20))
        X = of_word[words] + rng.normal(size=(len(words), 20)) * (0.1 if skewed else 1.0)
        means = X.reshape(n_words, sentences, -1).mean(axis=1)
        for plain, by_word in zip(ols_columns(y[words], X)["p"], hc3_columns(y, means)["p"], strict=True):
            yield {
                "ordinary least squares, as in the paper": plain <= LEVEL,
                "word means, HC3": by_word <= LEVEL,
            }


def alignment(seed: int, *, languages: int = 13, permutations: int = 99, interaction: bool) -> Iterator[Rejected]:
    """Performance has nothing to do with sharing; languages differ in both, and perhaps by variable too."""
    for data, draw in _points(seed, languages, interaction=interaction):
        permuted = permute_groups(SIMPLE_MODEL, data, "language", "mpo", "mpo", draws=permutations, seed=draw)
        yield {
            "the paper's mixed model": mixed_model(PAPER_MODEL, data).coefficients.loc["mpo", "p"] <= LEVEL,
            SIMPLE_MODEL: mixed_model(SIMPLE_MODEL, data).coefficients.loc["mpo", "p"] <= LEVEL,
            f"{SIMPLE_MODEL}, languages permuted": permuted <= LEVEL,
        }


def papers_model_permuted(seed: int, *, languages: int = 13, permutations: int = 39) -> Iterator[Rejected]:
    """The same, where languages differ by variable; every draw takes dozens of fits with five components."""
    for data, draw in _points(seed, languages, interaction=True):
        permuted = permute_groups(PAPER_MODEL, data, "language", "mpo", "mpo", draws=permutations, seed=draw)
        yield {"the paper's mixed model, languages permuted": permuted <= LEVEL}


def _points(seed: int, languages: int, *, interaction: bool) -> Iterator[tuple[pd.DataFrame, int]]:
    """Draw tables of the paper's shape, and a seed for each."""
    rng = np.random.default_rng(seed)
    cells = [(f"l{i}", m, v) for i in range(languages) for m in ("mBERT", "XLM-R") for v in ("valence", "arousal")]
    points = pd.DataFrame(cells, columns=["language", "model", "variable"])
    language = np.repeat(np.arange(languages), 4)
    second, arousal = (points["model"] == "XLM-R").to_numpy(), (points["variable"] == "arousal").to_numpy()
    while True:
        of_language = rng.normal(size=(4, languages))[:, language] * [[1], [1], [interaction], [interaction]]
        mpo = 14.5 + 5.2 * second + of_language[0] + of_language[2] * arousal + 0.7 * rng.normal(size=len(points))
        noise = 0.026 * rng.normal(size=len(points))
        r = 0.32 + 0.06 * second + 0.036 * of_language[1] + 0.03 * of_language[3] * arousal + noise
        yield points.assign(mpo=mpo, r=r), int(rng.integers(2**32))


def one_model(seed: int, *, languages: int = 13) -> Iterator[Rejected]:
    """One model and one variable: each language is a point, and sharing says nothing of performance."""
    rng = np.random.default_rng(seed)
    while True:
        points = pd.DataFrame({"language": [f"l{i}" for i in range(languages)], "model": "m", "variable": "v"})
        points = points.assign(mpo=rng.normal(size=languages), r=rng.normal(size=languages))
        fit = alignment_models(points, draws=199, seed=int(rng.integers(2**32))).iloc[1]
        yield {"r ~ mpo": fit["p"] <= LEVEL, "r ~ mpo, languages permuted": fit["p_permutation"] <= LEVEL}


def audited_languages(seed: int, *, languages: int = 9) -> Iterator[Rejected]:
    """All norms are in order; held-out r (on Fisher's scale) are normal over languages."""
    rng = np.random.default_rng(seed)
    while True:
        yield {"norm audit: any language flagged": bool(low_outliers(rng.normal(size=languages)).any())}


Simulation = Callable[[int], Iterator[Rejected]]

#: Where activations are kept; the command line may say another folder.
CACHE = Path(tempfile.gettempdir()) / "interlingua-truths"


@cache
def _rated() -> list[truths.Words]:
    return truths.rated_words(CACHE)


@cache
def _translated(concepts: int) -> list[truths.Words]:
    return truths.translated_words(CACHE, concepts=concepts)


def _own_codes(truth: str, **how: Any) -> tuple[Simulation, float]:
    return lambda seed: truths.own_codes(seed, truth, _rated(), **how), 0.4


#: Truths on which rankings by probes are tested as well.
AGAIN = ("other bands, as the real code", "wide bands, as the real code", "isotropic", "twenty units")


#: Null hypothesis: its simulation, and the share of the draws that it gets.
NULLS: dict[str, tuple[Simulation, float]] = {
    "sets are uniform draws": (uniform_sets, 1.0),
    "ratings permuted, units go together": (null_ratings, 0.5),
    "the same, ridge": (lambda seed: null_ratings(seed, "ridge"), 0.2),
    "the same, elastic net": (lambda seed: null_ratings(seed, "elastic-net"), 0.2),
    "the same, penalty by CV": (lambda seed: null_ratings(seed, BY_CV), 0.2),
    "each language has a code of its own": (lambda seed: null_ratings(seed, own=0.8, n_words=160), 0.5),
    "a code of its own, ridge": (lambda seed: null_ratings(seed, "ridge", own=0.8, n_words=160), 0.2),
    "a code of its own, elastic net": (lambda seed: null_ratings(seed, "elastic-net", own=0.8, n_words=160), 0.2),
    "a code of its own, penalty by CV": (lambda seed: null_ratings(seed, BY_CV, own=0.8, n_words=160), 0.2),
    **{
        f"real activations, {truth}{' (in common)' * (truth in truths.IN_COMMON)}": _own_codes(truth)
        for truth in truths.TRUTHS
    },
    **{f"real activations of layer {truths.FRESH}, {t}": _own_codes(t, number=truths.FRESH) for t in truths.TRUTHS},
    **{
        f"real activations of layer {truths.FRESH}, {truth}, {label}": _own_codes(
            truth, number=truths.FRESH, method=method
        )
        for method, label in (("ridge", "ridge"), ("elastic-net", "elastic net"))
        for truth in AGAIN
    },
    "real activations, the layer chosen": (lambda seed: truths.chosen_layer(seed, _rated(), own=False), 0.3),
    "the same, a code of its own": (lambda seed: truths.chosen_layer(seed, _rated(), own=True), 0.3),
    "equal for translations, the same 520 concepts": (
        lambda seed: truths.translated(seed, _translated(520), rated=520),
        0.4,
    ),
    "equal for translations, 520 of 1,034 concepts": (
        lambda seed: truths.translated(seed, _translated(1034), rated=520),
        0.2,
    ),
    "a unit says nothing, half between words": (unseen_language, 1.0),
    "a skewed unit, 12 words": (lambda seed: unseen_language(seed, n_words=12, skewed=True), 1.0),
    "a skewed unit, 123 words": (lambda seed: unseen_language(seed, skewed=True), 1.0),
    "a skewed unit, 520 words": (lambda seed: unseen_language(seed, n_words=520, sentences=8, skewed=True), 1.0),
    "sharing says nothing of r": (lambda seed: alignment(seed, interaction=False), 0.2),
    "the same, languages differ by variable": (lambda seed: alignment(seed, interaction=True), 0.2),
    "the paper's model, languages permuted": (papers_model_permuted, 0.2),
    "one model, one variable": (one_model, 1.0),
    "all norms in order": (audited_languages, 1.0),
}


def rates(draws: Iterable[Rejected]) -> pd.DataFrame:
    """Return the rejection rate of each p: `p, draws, rate, low, high, verdict`."""
    counts: dict[str, list[bool]] = defaultdict(list)
    for draw in draws:
        for name, rejected in draw.items():
            counts[name].append(bool(rejected))
    rows: list[dict[str, Any]] = []
    for name, outcomes in counts.items():
        interval = stats.binomtest(sum(outcomes), len(outcomes)).proportion_ci(method="wilson")
        rate = float(np.mean(outcomes))
        verdict = _verdict(rate, float(interval.low), float(interval.high))
        rows.append(
            {
                "p": name,
                "draws": len(outcomes),
                "rate": rate,
                "low": interval.low,
                "high": interval.high,
                "verdict": verdict,
            }
        )
    return pd.DataFrame(rows)


def _verdict(rate: float, low: float, high: float) -> str:
    if low > LEVEL + TOLERANCE:
        return "REJECTS TOO OFTEN"
    if high - low > 2 * TOLERANCE:
        return "too few draws"
    if rate > LEVEL + TOLERANCE:
        return "REJECTS TOO OFTEN"
    return "cautious" if rate < LEVEL - TOLERANCE else "holds"


def table(draws: int, seed: int, nulls: Iterable[str] = tuple(NULLS)) -> pd.DataFrame:
    """Simulate each null: `null` and the columns of `rates`."""
    parts = []
    for null in nulls:
        simulation, share = NULLS[null]
        try:
            part = rates(islice(simulation(seed), max(1, round(share * draws))))
        except (ImportError, InterlinguaError) as error:
            print(f"Left out: {null} ({error}).")
            continue
        parts.append(part.assign(null=null))
    joined = pd.concat(parts, ignore_index=True)
    return joined[["null", *joined.columns[:-1]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=200, help="simulations of a cheap null (default: 200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--null", action="append", choices=list(NULLS), help="only this null; may be repeated")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where extracted activations are kept")
    options = parser.parse_args()
    globals()["CACHE"] = options.cache
    found = table(options.draws, options.seed, options.null or NULLS)
    print(found.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    for name in found.loc[found["verdict"] == "REJECTS TOO OFTEN", ["null", "p"]].itertuples():
        print(f"\nDoes not hold: {name.p} ({name.null}).")


if __name__ == "__main__":
    main()
