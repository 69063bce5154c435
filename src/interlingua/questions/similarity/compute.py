"""Profiles of units, what they share between languages, and what they would under nulls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from interlingua.models import Activations
from interlingua.seeds import derive_seed
from interlingua.stats.groups import group_codes, group_sums
from interlingua.study.cell import Cell
from interlingua.tables.cells import select
from interlingua.units.similarity import (
    LEAST_WORDS,
    Similarity,
    WordsOf,
    components,
    concepts_of,
    correlations,
    half_profiles,
    halves,
    mean_between,
    similarity,
)

Arrays = dict[str, NDArray[Any]]
Frames = dict[str, pd.DataFrame | None]
#: All words; those that are linked to none of another language; as many that are left by chance.
ALL, UNLINKED, RANDOM = "all", "unlinked", "random"
WHOLE = -1
#: A unit's sign is sure if it is wrong with a smaller probability.
SURE = 0.05


def profiles(
    activations: Activations,
    ratings: pd.DataFrame,
    links: pd.DataFrame,
    *,
    model: str,
    variable: str,
    language: str,
    splits: int,
    seed: int,
    on_progress: Callable[[float], None],
) -> dict[str, Arrays]:
    """Correlate every unit with the rating over the training words, and over halves of them.

    Returns ``unit_profiles``: "r/LAYER", shape (width,); "all/LAYER", "unlinked/LAYER" and "random/LAYER" (as many
    words as are unlinked), shape (splits, 2, width), on Fisher's scale; "words" and "unlinked words", their numbers.
    Where too few words are unlinked there are the first only.
    """
    rows = _training(ratings, variable)
    words = pd.unique(ratings["word"].to_numpy(dtype=object)[rows])
    concept = concepts_of(words, links, language)
    by_chance = np.random.default_rng(derive_seed(seed, "similarity by chance", model, variable, language))
    kept = {
        ALL: np.ones(len(words), dtype=bool),
        UNLINKED: concept == "",
        RANDOM: by_chance.permutation(concept == ""),
    }
    kept = {name: which for name, which in kept.items() if which.sum() >= 2 * LEAST_WORDS}
    of_study = derive_seed(seed, "similarity", model, variable)
    first = {
        name: halves(list(concept[which]), language=language, splits=splits, seed=of_study)
        for name, which in kept.items()
    }
    unlinked = kept.get(UNLINKED, np.zeros(len(words), dtype=bool))
    found: Arrays = {"words": np.array([len(words)]), "unlinked words": np.array([unlinked.sum()])}
    for number, layer in enumerate(activations.layers, start=1):
        means = word_means(activations.layer(layer), ratings, rows, variable)
        found[f"r/{layer}"] = correlations(means.X, means.y)[0]
        for name, which in kept.items():
            of_kept = WordsOf(means.X[which], means.y[which])
            found[f"{name}/{layer}"] = half_profiles(of_kept, first[name]).astype(np.float32)
        on_progress(number / len(activations.layers))
    return {"unit_profiles": found}


def word_means(layer: NDArray[np.float32], ratings: pd.DataFrame, rows: NDArray[np.bool_], variable: str) -> WordsOf:
    """Return the mean activation and the rating of each word of these rows, in the words' order."""
    of_rows = ratings.loc[rows]
    codes, n = group_codes(of_rows["word"].to_numpy(dtype=object), len(of_rows))
    means = group_sums(layer[rows].astype(np.float64), codes, n) / np.bincount(codes)[:, None]
    return WordsOf(means, of_rows.groupby("word", sort=False)[variable].first().to_numpy(np.float64))


def _training(ratings: pd.DataFrame, variable: str) -> NDArray[np.bool_]:
    return ((ratings["split"] == "train") & ratings[variable].notna()).to_numpy(dtype=bool)


def compare(profiles: Mapping[str, Arrays], cell: Cell, *, margin: float | None) -> Frames:
    """Tell how similar the languages' profiles are, layer by layer, in all layers together, and without linked words.

    Parameters
    ----------
    profiles
        By language, from `profiles`.
    cell
        The model and variable, at the layer whose units are compared.
    margin
        What the study calls one code for all languages.
    """
    names = ("similarity", "similarity_pairs", "similarity_languages", "similarity_tree", "components", "unit_scores")
    if len(profiles) < 2:
        return dict.fromkeys(names)
    rows = []
    for name in (ALL, UNLINKED, RANDOM):
        of_words = {code: arrays for code, arrays in profiles.items() if f"{name}/{cell.layer}" in arrays}
        if len(of_words) == len(profiles):
            rows += [_row(of_words, cell, name, layer, margin) for layer in (WHOLE, *cell.layout.layers)]
    table = pd.DataFrame(rows).assign(model=cell.model, site=cell.site, variable=cell.variable)
    at_layer = _shared(profiles, ALL, [cell.layer])
    codes = list(profiles)
    tree = _tree(codes, at_layer)
    return {
        "similarity": table,
        "similarity_pairs": cell.stamp(_pairs(codes, at_layer)),
        "similarity_languages": cell.stamp(_languages(profiles, at_layer)),
        "similarity_tree": None if tree is None else cell.stamp(tree),
        **_of_units(profiles, cell),
    }


def _shared(profiles: Mapping[str, Arrays], words: str, layers: Sequence[int]) -> Similarity:
    return similarity(
        {
            code: np.concatenate([arrays[f"{words}/{layer}"] for layer in layers], axis=-1).astype(np.float64)
            for code, arrays in profiles.items()
        }
    )


def _row(profiles: Mapping[str, Arrays], cell: Cell, words: str, layer: int, margin: float | None) -> dict[str, Any]:
    layers = list(cell.layout.layers) if layer == WHOLE else [layer]
    found = _shared(profiles, words, layers)
    every = np.array([arrays["words"][0] for arrays in profiles.values()])
    used = every if words == ALL else np.array([arrays["unlinked words"][0] for arrays in profiles.values()])
    return {
        "layer": layer,
        "words": words,
        "n_languages": len(profiles),
        "n_units": sum(cell.layout.width(one) for one in layers),
        "n_words": int(used.min()),
        "n_left_out": int((every - used).sum()),
        "rho": found.rho,
        "rho_low": found.low,
        "rho_high": found.high,
        "rho_lower": found.lower,
        "between": found.mean_between,
        "ceiling": float(found.ceiling.mean()),
        "margin": float("nan") if margin is None else margin,
        "chosen": layer == cell.layer,
    }


def _pairs(codes: Sequence[str], found: Similarity) -> pd.DataFrame:
    i, j = np.triu_indices(len(codes), 1)
    names = np.array(codes, dtype=object)
    return pd.DataFrame(
        {"language_a": names[i], "language_b": names[j], "rho": found.pairs[i, j], "between": found.between[i, j]}
    )


def _languages(profiles: Mapping[str, Arrays], found: Similarity) -> pd.DataFrame:
    known = np.isfinite(found.pairs)
    sums = np.where(known, found.pairs, 0.0).sum(axis=1)
    mean = np.divide(sums, known.sum(axis=1), out=np.full(len(sums), np.nan), where=known.any(axis=1))
    n_words = [int(arrays["words"][0]) for arrays in profiles.values()]
    return pd.DataFrame({"language": list(profiles), "n_words": n_words, "ceiling": found.ceiling, "rho": mean})


def _tree(codes: Sequence[str], found: Similarity) -> pd.DataFrame | None:
    """Join languages by average linkage; nothing where two have no similarity that can be told, or two are all."""
    if len(codes) < 3 or not np.isfinite(found.pairs[np.triu_indices(len(codes), 1)]).all():
        return None
    distance = np.maximum(1 - found.pairs, 0)
    np.fill_diagonal(distance, 0)
    members = [[code] for code in codes]
    rows = []
    for number, (left, right, height, _) in enumerate(linkage(squareform(distance, checks=False), "average")):
        sides = members[int(left)], members[int(right)]
        rows.append({"joint": number, "left": " ".join(sides[0]), "right": " ".join(sides[1]), "height": float(height)})
        members.append([*sides[0], *sides[1]])
    return pd.DataFrame(rows)


def _of_units(profiles: Mapping[str, Arrays], cell: Cell) -> Frames:
    """Return the components of variance, layer by layer and over all, and the shared part of the cell's units."""
    n_words = np.array([arrays["words"][0] for arrays in profiles.values()])
    every = cell.layout.layers
    by_layer = {layer: np.stack([arrays[f"r/{layer}"] for arrays in profiles.values()]) for layer in every}
    found = {layer: components(r, n_words) for layer, r in by_layer.items()}
    whole = components(np.concatenate(list(by_layer.values()), axis=1), n_words)
    rows = [
        {
            "model": cell.model,
            "site": cell.site,
            "variable": cell.variable,
            "layer": layer,
            "n_languages": len(n_words),
            "n_units": len(one.score),
            "shared": one.shared,
            "own": one.own,
            "noise": one.noise,
            "share": one.share,
            "sd": one.sd,
            "n_sure": int((one.false_sign < SURE).sum()),
            "chosen": layer == cell.layer,
        }
        for layer, one in ((WHOLE, whole), *found.items())
    ]
    index, own = np.arange(cell.width), found[cell.layer]
    units = {
        "unit": cell.layout.unit(cell.layer, index),
        "index": index,
        "score": own.score,
        "sd": np.full(cell.width, own.sd),
        "false_sign": own.false_sign,
    }
    return {"components": pd.DataFrame(rows), "unit_scores": cell.stamp(pd.DataFrame(units))}


def beside_nulls(
    activations: Mapping[str, Activations],
    ratings: Mapping[str, pd.DataFrame],
    cell: Cell,
    similarity: pd.DataFrame,
    links: pd.DataFrame,
    drawn: Mapping[str, Arrays],
    *,
    splits: int,
    nulls: Sequence[str],
    seed: int,
    on_progress: Callable[[float], None],
) -> Frames:
    """Compare the mean similarity of pairs with what it is on ratings drawn under each null, by the same halves.

    Parameters
    ----------
    activations, ratings
        Of every rated language.
    cell
        The model, variable and layer.
    similarity
        Of the real ratings.
    links
        The words that are translations of others.
    drawn
        By language and null: the rating of each training word in each draw, shape (n_words, draws).
    splits, nulls
        The study's.
    seed
        The study's: that of `profiles`.
    """
    real = select(similarity, layer=cell.layer, words=ALL)
    codes = [code for code in ratings if drawn.get(code)]
    if real.empty or len(codes) < len(ratings):
        return {"similarity_null": None}
    of_study = derive_seed(seed, "similarity", cell.model, cell.variable)
    means, first = [], []
    for code in codes:
        rows = _training(ratings[code], cell.variable)
        means.append(word_means(activations[code].layer(cell.layer), ratings[code], rows, cell.variable).X)
        words = pd.unique(ratings[code]["word"].to_numpy(dtype=object)[rows])
        concept = list(concepts_of(words, links, code))
        first.append(halves(concept, language=code, splits=splits, seed=of_study))
    observed, found = float(real["between"].iloc[0]), []
    for number, null in enumerate(nulls):
        of_null = [WordsOf(X, drawn[code][null].astype(np.float64)) for X, code in zip(means, codes, strict=True)]
        values = mean_between(of_null, first)
        found.append(
            {
                "null": null,
                "draws": len(values),
                "between": observed,
                "null_mean": float(values.mean()),
                "null_high": float(np.quantile(values, 0.95)),
                "p": float((1 + (values >= observed).sum()) / (1 + len(values))),
            }
        )
        on_progress((number + 1) / len(nulls))
    return {"similarity_null": cell.stamp(pd.DataFrame(found)) if found else None}
