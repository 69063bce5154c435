"""The permuted-ratings null of a study: one task a language, then the comparison of the ranking methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from interlingua.models import Activations
from interlingua.probes import Design, subset_r
from interlingua.seeds import derive_seed
from interlingua.study.analysis import Fitted, select
from interlingua.study.cache import Cache, Frames, code_version, content_key
from interlingua.study.config import Study
from interlingua.study.steps import Job, OnProgress, probe_key
from interlingua.study.workers import Task
from interlingua.units import methods as ranking_methods
from interlingua.units import resolve_k
from interlingua.units.nulls import chosen_penalties, null_summary, permuted_signs, signs_of_rankings

#: Rankings by probes of the whole network are too slow to refit for every draw.
WHOLE_NETWORK = "whole"


def null_draws(study: Study) -> dict[str, int]:
    """Return the permutations of each of the study's ranking methods whose probe can be refitted for every draw."""
    draws = {}
    for name in study.units.methods:
        needs = ranking_methods.get(name).needs
        if needs is None or needs[1] != WHOLE_NETWORK:
            sparse = needs is not None and needs[0].startswith("elastic-net")
            draws[name] = study.units.permutations_elastic_net if sparse else study.units.permutations
    return {name: count for name, count in draws.items() if count and study.units.permutations}


def null_task(
    job: Job,
    variable: str,
    layer: int,
    draws: dict[str, int],
    k: int,
    penalties: dict[str, tuple[float, float]],
    tops: dict[str, list[int]],
    study: Study,
    cache: Cache,
    on_progress: OnProgress,
) -> pd.DataFrame:
    """Rank one language's units on permuted ratings by every method.

    Returns a row a method: ``method``, ``r_top`` (r on held-out words of a ridge probe that sees the top units
    only) and ``signs`` (bytes of the int8 array (draws, width)).
    """
    key = content_key(
        probes=probe_key(job, variable, study.probes, study.seed),
        layer=layer,
        draws=draws,
        k=k,
        tops=tops,
        code=code_version("units", "probes", "stats"),
    )

    def compute() -> Frames:
        design = Design(Activations.open(job.activations), job.contexts, standardise=study.probes.standardise)
        rows = []
        for number, method in enumerate(draws):
            signs = permuted_signs(
                design,
                variable,
                layer,
                method,
                k,
                draws=draws[method],
                seed=derive_seed(study.seed, "permuted ratings", job.model, job.language, variable, method),
                penalty=penalties.get(method),
            )
            seed = derive_seed(study.seed, "top units", job.language, variable)
            r_top = subset_r(design, variable, layer, np.array(tops[method]), folds=study.probes.folds, seed=seed)
            rows.append({"method": method, "r_top": r_top, "signs": signs.tobytes()})
            on_progress((number + 1) / len(draws))
        return {"null": pd.DataFrame(rows)}

    return cache.frames("nulls", key, compute)["null"].assign(language=job.language)


def null_tables(
    study: Study,
    fitted: Fitted,
    layers: dict[tuple[str, str], int],
    tables: Frames,
    phase: Callable[[str, list[Task]], list[Any]],
    cache: Cache,
) -> Frames:
    """Return ``null``, and ``degrees`` and ``pairs`` with the columns of the permuted ratings.

    ``null`` has a row a model, variable and ranking method: what `interlingua.units.nulls.null_summary` says, and
    ``r_top``, the mean over languages of r on held-out words from the top units alone.
    """
    draws = null_draws(study)
    methods = list(draws)
    if not methods:
        return {}
    cells, tasks = [], []
    for (model, variable), layer in layers.items():
        rankings = select(fitted.rankings, model=model, variable=variable, layer=layer)
        k = resolve_k(study.units.k, int(rankings["index"].max()) + 1)
        probes = select(fitted.probes, model=model, variable=variable)
        penalties = {
            method: chosen_penalties(probes, needs[0], layer)
            for method in methods
            if (needs := ranking_methods.get(method).needs) is not None
        }
        by_method = {method: rankings[rankings["method"] == method] for method in methods}
        cells.append((model, variable, layer, k, by_method))
        for language in rankings["language"].unique():
            arguments = (
                fitted.job(model, language),
                variable,
                layer,
                draws,
                k,
                {method: penalty[language] for method, penalty in penalties.items()},
                {method: _top_indices(rows, language, k) for method, rows in by_method.items()},
                study,
                cache,
            )
            tasks.append(Task(f"{language}, {variable}", 1, null_task, arguments))
    done = iter(phase("permuted ratings", tasks))
    summaries, degrees, pairs = [], [], []
    for model, variable, layer, k, by_method in cells:
        languages = list(by_method[methods[0]]["language"].unique())
        of_cell = pd.concat([next(done) for _ in languages], ignore_index=True)
        for method in methods:
            rows = of_cell[of_cell["method"] == method]
            permuted = [np.frombuffer(signs, dtype=np.int8).reshape(draws[method], -1) for signs in rows["signs"]]
            observed = list(signs_of_rankings(by_method[method], k).values())
            summary, by_degree, by_pair = null_summary(observed, permuted)
            cell = {"model": model, "variable": variable, "method": method, "layer": layer}
            summaries.append({**cell, **summary, "r_top": float(rows["r_top"].mean())})
            degrees.append(by_degree.assign(**cell))
            pairs.append(by_pair.assign(**cell, pair=range(len(by_pair))))
    return {
        "null": pd.DataFrame(summaries),
        "degrees": tables["degrees"].merge(
            pd.concat(degrees), on=["model", "variable", "method", "layer", "n_languages"], how="left"
        ),
        "pairs": _with_pair_number(tables["pairs"])
        .merge(pd.concat(pairs), on=["model", "variable", "method", "layer", "pair"], how="left")
        .drop(columns="pair"),
    }


def _top_indices(rankings: pd.DataFrame, language: str, k: int) -> list[int]:
    top = rankings[(rankings["language"] == language) & (rankings["rank"] <= k) & (rankings["score"] > 0)]
    return [int(index) for index in top["index"]]


def _with_pair_number(pairs: pd.DataFrame) -> pd.DataFrame:
    number = pairs.groupby(["model", "variable", "method", "layer"], sort=False).cumcount()
    return pairs.assign(pair=number)
