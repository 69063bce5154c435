"""Words that mean the same in several languages, and what languages share without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError
from interlingua.models import Activations
from interlingua.norms.issues import first_of
from interlingua.probes import Design
from interlingua.seeds import derive_seed
from interlingua.stats.groups import group_codes, group_sums
from interlingua.study.cell import Cell
from interlingua.study.concepts import LARGEST
from interlingua.study.refitting import Penalty, penalties
from interlingua.tables.cells import select
from interlingua.units import concepts as units_concepts
from interlingua.units import methods as ranking_methods
from interlingua.units.nulls import RatedLayer, Sharing, Signs, null_signs, signs_of_rankings
from interlingua.units.nulls.permuted import Permuted

Frames = dict[str, pd.DataFrame | None]

#: Where in the model's depth words are compared: at two thirds. In the built-in study's model 82 % of the links found
#: there are translations (84 % at half the depth, but fewer; 75 % in the last layer).
DEPTH = 2 / 3
#: Times that a language is drawn for each concept, if the ranking needs no probe, and else.
CHOICES, CHOICES_OF_A_PROBE = 20, 3
_ORIGINS = ("user", "norms", "neighbours")


def link_words(
    activations: Mapping[str, Activations],
    concepts: Mapping[str, pd.DataFrame],
    *,
    model: str,
    neighbours: bool,
    least: float,
) -> Frames:
    """Link words to those of other languages, by the concepts that the study knows and by the model's own vectors.

    Parameters
    ----------
    activations
        By language.
    concepts
        By language: ``language, word, concept, origin``, a row a sentence.
    model
        Its name.
    neighbours, least
        Whether neighbours link, and their least CSLS.
    """
    words = pd.concat([concepts[code].drop_duplicates("word") for code in concepts], ignore_index=True)
    vectors = {}
    for code in activations if neighbours else ():
        opened = activations[code]
        rows, n_words = group_codes(concepts[code]["word"].to_numpy(dtype=object), opened.n)
        layer = round(DEPTH * (opened.n_layers - 1))
        means = group_sums(opened.layer(layer), rows, n_words) / np.bincount(rows)[:, None]
        vectors[code] = units_concepts.unit_vectors(means)
    links = units_concepts.link(words, vectors, least=least)
    return {
        "links": links.assign(model=model),
        "concept_links": units_concepts.links_between(words, links).assign(model=model),
    }


def stratify(links: pd.DataFrame, ratings: Mapping[str, pd.DataFrame], *, model: str, variable: str) -> Frames:
    """Return the linked words that are rated, and how many they are.

    Parameters
    ----------
    links
        The table ``links`` of the model.
    ratings
        By language: ``language, word, split`` and the variable, a row a sentence.
    model, variable
        Which.
    """
    frames = [ratings[code] for code in ratings]
    rated = [frame.loc[frame[variable].notna(), ["language", "word", "split"]] for frame in frames]
    words = pd.concat(rated, ignore_index=True).drop_duplicates()
    words = words.merge(links[["language", "word", "concept", "origin"]], how="left", validate="one_to_one")
    train = words[words["split"] == "train"]
    strata = units_concepts.strata_of(train)
    elsewhere = units_concepts.linked_elsewhere(words)
    linked = train.merge(strata[["language", "word"]], how="inner")
    counts = []
    for code in pd.unique(train["language"]):
        own = linked[linked["language"] == code]
        by = {f"n_{origin}": int((own["origin"] == origin).sum()) for origin in _ORIGINS}
        n_words = int((train["language"] == code).sum())
        counts.append({"language": code, "n_words": n_words, "n_linked": len(own), **by})
    of_cell = {"model": model, "variable": variable}
    by_language = pd.DataFrame(counts)
    largest = strata["concept"].value_counts().max() if len(strata) else 0
    of_largest = strata[strata["concept"] == strata["concept"].mode().iloc[0]] if len(strata) else strata
    several = len(of_largest) > 0 and of_largest["language"].value_counts().max() > 1
    summary = {
        "n_linked_at_all": int((train["concept"].fillna("") != "").sum()),
        **{name: int(by_language[name].sum()) for name in by_language.columns if name != "language"},
        "n_concepts": strata["concept"].nunique(),
        "largest": int(largest),
        "largest_words": first_of([f"{row.word} ({row.language})" for row in of_largest.itertuples()]) or None,
        "chained": bool(several and largest > LARGEST * len(train)),
    }
    return {
        "strata": strata.assign(**of_cell) if len(strata) else None,
        "linked_elsewhere": elsewhere.assign(**of_cell) if len(elsewhere) else None,
        "concept_words": by_language.assign(**of_cell),
        "concept_summary": pd.DataFrame([summary]).assign(**of_cell),
    }


def rank_apart(
    activations: Activations,
    ratings: pd.DataFrame,
    probes: pd.DataFrame,
    cell: Cell,
    strata: pd.DataFrame,
    *,
    language: str,
    headline: str,
    draws: int,
    standardise: Any,
    folds: int,
    seed: int,
) -> dict[str, dict[str, NDArray[Any]]]:
    """Rank one language's units on the words that it keeps when no concept is to be in two languages.

    Returns ``disjoint_signs``. Signs of the top units, int8: "kept" for each choice of languages (choices x width),
    "random" with as many words left out at random, "permuted" on permuted ratings of the words that the first choice
    keeps (permutations x width). And "words": how many there are, and are kept (choices + 1). Nothing where no word is
    linked, the ranking can't be repeated, or too few words are kept.
    """
    repeated = penalties(cell, probes, [headline], language)
    own = select(strata, model=cell.model, variable=cell.variable)
    if own.empty or not repeated:
        return {"disjoint_signs": {}}
    n_choices = CHOICES if ranking_methods.get(headline).needs is None else CHOICES_OF_A_PROBE
    everything = Design(activations, ratings, standardise=standardise).rated(cell.variable)
    names = pd.unique(everything.contexts["word"].to_numpy(dtype=object)[everything.train_rows])
    rng = np.random.default_rng(derive_seed(seed, "left out at random", cell.model, language, cell.variable))
    kept, at_random, n_kept, permuted = [], [], [len(names)], None
    for choice in range(n_choices):
        # The same in every language, so that each concept has one home.
        common = derive_seed(seed, "concept-disjoint", cell.model, cell.variable, choice)
        homes = units_concepts.kept_words(own, common)
        away = set(homes.loc[(homes["language"] == language) & ~homes["kept"], "word"])
        n_kept.append(len(names) - len(away))
        try:
            layer = _without(activations, ratings, away, cell, standardise, folds, seed)
            fewer = set(rng.choice(names, size=len(away), replace=False))
            other = _without(activations, ratings, fewer, cell, standardise, folds, seed)
        except StatsError:  # fewer words than folds, or all of one rating
            return {"disjoint_signs": {}}
        kept.append(_signs(layer, layer.y[:, None], headline, cell, repeated))
        at_random.append(_signs(other, other.y[:, None], headline, cell, repeated))
        if permuted is None:
            times = max(draws, ranking_methods.get(headline).least_draws) if draws else 0
            if times:
                of_draws = derive_seed(seed, "concept-disjoint", cell.model, language, cell.variable)
                permuted = _signs(layer, Permuted().draw(layer, times, seed=of_draws), headline, cell, repeated)
            else:
                permuted = np.zeros((0, cell.width), dtype=np.int8)
    assert permuted is not None
    return {
        "disjoint_signs": {
            "kept": np.concatenate(kept),
            "random": np.concatenate(at_random),
            "permuted": permuted,
            "words": np.array(n_kept),
        }
    }


def _without(
    activations: Activations,
    ratings: pd.DataFrame,
    words: set[Any],
    cell: Cell,
    standardise: Any,
    folds: int,
    seed: int,
) -> RatedLayer:
    """Return the cell's layer without some training words; no word is linked any more."""
    rows = ~(ratings["word"].isin(words) & (ratings["split"] == "train")).to_numpy()
    design = Design(activations, ratings, standardise=standardise, rows=rows)
    return RatedLayer.of(design, cell.variable, cell.layer, folds=folds, seed=seed)


def _signs(
    layer: RatedLayer, drawn: NDArray[np.float64], method: str, cell: Cell, repeated: Mapping[str, Penalty | None]
) -> Signs:
    return null_signs(layer, drawn, method, cell.k, penalties=repeated[method])


def compare_apart(
    signs: Mapping[str, Mapping[str, NDArray[Any]]], rankings: pd.DataFrame, cell: Cell, *, headline: str
) -> Frames:
    """Set what languages share without common concepts beside what they share with all words.

    Parameters
    ----------
    signs
        By language, from `rank_apart`.
    rankings
        Of all languages, from all words.
    cell
        The model, variable and layer.
    headline
        The ranking.
    """
    found = {code: signs[code] for code in signs}
    if len(found) < 2 or not all(found.values()):
        return {"concept_disjoint": None}
    kept, at_random = (Sharing.of([one[name] for one in found.values()]).mean_fe for name in ("kept", "random"))
    observed = signs_of_rankings(cell.rows(rankings, method=headline), cell.k)
    words = np.sum([one["words"] for one in found.values()], axis=0)
    row = {
        "method": headline,
        "n_languages": len(found),
        "n_words": int(words[0]),
        "n_kept": float(words[1:].mean()),
        "fe": float(Sharing.of(list(observed.values())).mean_fe[0]),
        "fe_disjoint": float(kept.mean()),
        "fe_disjoint_low": float(kept.min()),
        "fe_disjoint_high": float(kept.max()),
        "fe_random": float(at_random.mean()),
        "choices": len(kept),
        "fe_first": float(kept[0]),
        **_beside([one["permuted"] for one in found.values()], float(kept[0])),
    }
    return {"concept_disjoint": cell.stamp(pd.DataFrame([row]))}


def _beside(permuted: Sequence[Signs], observed: float) -> dict[str, float]:
    """Return how a fold enrichment compares with that on permuted ratings."""
    draws = len(permuted[0])
    if not draws:
        return {"draws": 0, "null_fe": float("nan"), "p": float("nan")}
    null = Sharing.of(permuted).mean_fe
    return {"draws": draws, "null_fe": float(null.mean()), "p": float((1 + (null >= observed).sum()) / (1 + draws))}
