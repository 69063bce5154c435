"""Every control again at the depth of the study's layer, beside the layer that its own cross-validation chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.subsets import SubsetRidge
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.study.refitting import penalties
from interlingua.tables.cells import select
from interlingua.units import methods as ranking_methods
from interlingua.units.controls import goes_with
from interlingua.units.nulls import Linked, RatedLayer, Sharing, Signs, null_signs, null_summary, signs_of_rankings
from interlingua.units.nulls.permuted import Permuted

Tables = dict[str, pd.DataFrame | None]


ByPlace = Mapping[tuple[str, str], Activations]


class Part(NamedTuple):
    """The controls of one part of the graph: see `same_layer`."""

    cells: Mapping[str, Cell]
    activations: ByPlace
    ratings: Mapping[str, pd.DataFrame]
    probes: pd.DataFrame
    rankings: pd.DataFrame
    strata: pd.DataFrame


def same_layer(
    cells: Mapping[str, Cell],
    untrained_cells: Mapping[str, Cell],
    untrained_activations: ByPlace,
    untrained_ratings: Mapping[str, pd.DataFrame],
    untrained_probes: pd.DataFrame,
    untrained_rankings: pd.DataFrame,
    untrained_strata: pd.DataFrame,
    controls_cells: Mapping[str, Cell],
    controls_activations: ByPlace,
    controls_ratings: Mapping[str, pd.DataFrame],
    controls_probes: pd.DataFrame,
    controls_rankings: pd.DataFrame,
    controls_strata: pd.DataFrame,
    *,
    methods: Sequence[str],
    draws: int,
    standardise: Any,
    folds: int,
    seed: int,
    on_progress: Callable[[float], None],
) -> Tables:
    """Compare what controls share at the depth of the study's layer with what they share on permuted ratings.

    Parameters
    ----------
    cells
        Of the study's models, by model.
    untrained_cells, controls_cells
        Of draws of random weights, and of the other controls, by model.
    untrained_activations, controls_activations
        By model and language.
    untrained_ratings, controls_ratings
        By language.
    untrained_probes, untrained_rankings, untrained_strata, controls_probes, controls_rankings, controls_strata
        Of all of them; the last: which words move together with their translations.
    """
    parts = (
        Part(
            untrained_cells,
            untrained_activations,
            untrained_ratings,
            untrained_probes,
            untrained_rankings,
            untrained_strata,
        ),
        Part(
            controls_cells, controls_activations, controls_ratings, controls_probes, controls_rankings, controls_strata
        ),
    )
    found: dict[str, list[pd.DataFrame]] = {"null": [], "degrees": [], "pairs": []}
    todo = [
        (model, own, part, of_control)
        for part in parts
        for model, own in cells.items()
        for control, of_control in part.cells.items()
        if goes_with(control, model)
    ]
    for number, (model, own, part, of_control) in enumerate(todo):
        cell = replace(of_control, layer=_depth(own, of_control))
        for method, signs, drawn, r_top in _languages(part, cell, methods, draws, standardise, folds, seed):
            where = {"beside": model, "method": method}
            summary, degrees, _ = null_summary(list(signs.values()), drawn)
            found["null"].append(cell.stamp(pd.DataFrame([summary | {"r_top": r_top}]), **where))
            counts = Sharing.of(list(signs.values()))
            at_least = pd.DataFrame({"n_languages": degrees["n_languages"], "observed": counts.at_least[0]})
            found["degrees"].append(cell.stamp(at_least, **where))
            a, b = zip(*combinations(signs, 2), strict=True)
            pairs = pd.DataFrame({"language_a": a, "language_b": b, "fe": counts.fe[0]})
            found["pairs"].append(cell.stamp(pairs, **where))
        on_progress((number + 1) / len(todo))
    return {
        f"control_{name}_same": pd.concat(frames, ignore_index=True)[list(_COLUMNS[name])] if frames else None
        for name, frames in found.items()
    }


_WHERE = ("beside", "model", "site", "variable", "method", "layer")
_COLUMNS = {
    "null": (*_WHERE, "null_fe", "corrected_fe", "p_fe", "highest_degree", "same_sign", "r_top"),
    "degrees": (*_WHERE, "n_languages", "observed"),
    "pairs": (*_WHERE, "language_a", "language_b", "fe"),
}


def _depth(own: Cell, control: Cell) -> int:
    """Return the control's layer that stands as deep in it as the study's layer in its model."""
    last, of_control = len(own.layout.widths) - 1, len(control.layout.widths) - 1
    return round(own.layer / last * of_control) if last else 0


def _languages(
    part: Part, cell: Cell, methods: Sequence[str], draws: int, standardise: Any, folds: int, seed: int
) -> Iterator[tuple[str, dict[str, Signs], list[Signs], float]]:
    """Yield each repeatable method: observed signs and drawn ones by language, mean r of the top units."""
    rankings = cell.rows(part.rankings)
    ranked = set(rankings["method"])
    repeated = [name for name in methods if name in ranked and ranking_methods.get(name).repeatable]
    observed = {method: signs_of_rankings(select(rankings, method=method), cell.k) for method in repeated}
    languages = [str(code) for code in rankings["language"].unique()]
    drawn: dict[str, list[Signs]] = {method: [] for method in repeated}
    r_top: dict[str, list[float]] = {method: [] for method in repeated}
    for code in languages:
        design = Design(part.activations[cell.model, code], part.ratings[code], standardise=standardise)
        design = design.rated(cell.variable)
        own = derive_seed(seed, "control at the same layer", cell.model, code, cell.variable)
        words = list(pd.unique(part.ratings[code]["word"].to_numpy(dtype=object)[design.train_rows]))
        moved = select(part.strata, model=cell.model, variable=cell.variable, language=code)
        linked = Linked.of(moved, words, seed=derive_seed(seed, "linked words", cell.model, cell.variable))
        layer = RatedLayer.of(design, cell.variable, cell.layer, folds=folds, seed=own, linked=linked)
        most = {name: max(draws, ranking_methods.get(name).least_draws) for name in repeated}
        ratings = Permuted().draw(layer, max(most.values()), seed=own)
        subsets = SubsetRidge(design, cell.variable, cell.layer, folds=folds, seed=own)
        for method, penalty in penalties(cell, part.probes, repeated, code).items():
            drawn[method].append(null_signs(layer, ratings[:, : most[method]], method, cell.k, penalties=penalty))
            top = np.flatnonzero(observed[method][code][0])
            r_top[method].append(subsets.r_sentences(top, subsets.weights(top)) if len(top) else float("nan"))
    for method in repeated:
        in_order = {code: observed[method][code] for code in languages}
        yield method, in_order, drawn[method], float(pd.Series(r_top[method], dtype=float).mean())
