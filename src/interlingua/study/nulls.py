"""A study's permuted ratings, and ratings that each language encodes in its own way; the rankings compared on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.subsets import SubsetRidge
from interlingua.seeds import derive_seed
from interlingua.study.analysis import Fitted, select
from interlingua.study.cache import Cache, Frames, code_version, content_key
from interlingua.study.config import Study
from interlingua.study.steps import Job, OnProgress, probe_key
from interlingua.study.workers import Task
from interlingua.units import methods as ranking_methods
from interlingua.units import resolve_k
from interlingua.units.nulls import null_signs, null_summary, signs_of_rankings
from interlingua.units.stability import Penalty


def repeatable(study: Study) -> list[str]:
    """Return the study's ranking methods that can be repeated on every draw of permuted ratings."""
    return [name for name in study.units.methods if ranking_methods.get(name).repeatable]


def null_task(
    job: Job,
    variable: str,
    layer: int,
    k: int,
    penalties: dict[str, Penalty | None],
    r: float,
    tops: dict[str, list[int]],
    study: Study,
    cache: Cache,
    on_progress: OnProgress,
) -> pd.DataFrame:
    """Rank one language's units by every method on permuted ratings, and on ratings that it encodes in its own way.

    `r` is how well the real ratings are predicted. Returns a row a method: ``method``, ``r_top`` (r on held-out words
    of a ridge probe that sees the top units only), ``permuted`` and ``own`` (bytes of the int8 arrays (draws, width)).
    """
    key = content_key(
        probes=probe_key(job, variable, study.probes, study.seed),
        layer=layer,
        draws=study.units.permutations,
        k=k,
        tops=tops,
        code=code_version("units", "probes", "stats"),
    )

    def compute() -> Frames:
        design = Design(Activations.open(job.activations), job.contexts, standardise=study.probes.standardise)
        seed = derive_seed(study.seed, "top units", job.language, variable)
        probes = SubsetRidge(design, variable, layer, folds=study.probes.folds, seed=seed)
        rows = []
        for number, method in enumerate(penalties):
            signs = {
                name: null_signs(
                    design,
                    variable,
                    layer,
                    method,
                    k,
                    draws=study.units.permutations,
                    seed=derive_seed(study.seed, what, job.model, job.language, variable, method),
                    penalty=penalties[method],
                    r=strength,
                    folds=study.probes.folds,
                ).tobytes()
                for name, what, strength in (("permuted", "permuted ratings", None), ("own", "own codes", r))
            }
            top = np.array(tops[method], dtype=np.int64)
            r_top = probes.r_sentences(top, probes.weights(top)) if len(top) else float("nan")
            rows.append({"method": method, "r_top": r_top, **signs})
            on_progress((number + 1) / len(penalties))
        return {"null": pd.DataFrame(rows)}

    return cache.frames("nulls", key, compute)["null"].assign(language=job.language)


def null_tables(
    study: Study,
    fitted: Fitted,
    layers: dict[tuple[str, str], int],
    tables: Frames,
    phase: Callable[[str, list[Task]], list[Any]],
    cache: Cache,
    *,
    name: str = "permuted ratings",
) -> Frames:
    """Return ``null``, and ``degrees`` and ``pairs`` with the columns of the permuted ratings.

    ``null`` has a row a model, variable and ranking method: what `interlingua.units.nulls.null_summary` says, and
    ``r_top``, the mean over languages of r on held-out words from the top units alone.
    """
    methods, draws = repeatable(study), study.units.permutations
    if not (methods and draws):
        return {}
    cells, tasks = [], []
    for (model, variable), layer in layers.items():
        rankings = select(fitted.rankings, model=model, variable=variable, layer=layer)
        k = resolve_k(study.units.k, int(rankings["index"].max()) + 1)
        by_method = {method: rankings[rankings["method"] == method] for method in methods}
        cells.append((model, variable, layer, k, by_method))
        for language in rankings["language"].unique():
            arguments = (
                fitted.job(model, language),
                variable,
                layer,
                k,
                fitted.penalties(methods, model, variable, language, layer),
                fitted.best_r(model, variable, language, layer),
                {method: _top_indices(rows, language, k) for method, rows in by_method.items()},
                study,
                cache,
            )
            tasks.append(Task(f"{language}, {variable}", 1, null_task, arguments))
    done = iter(phase(name, tasks))
    summaries, degrees, pairs = [], [], []
    for model, variable, layer, k, by_method in cells:
        languages = list(by_method[methods[0]]["language"].unique())
        of_cell = pd.concat([next(done) for _ in languages], ignore_index=True)
        for method in methods:
            rows = of_cell[of_cell["method"] == method]
            permuted, own = (
                [np.frombuffer(signs, dtype=np.int8).reshape(draws, -1) for signs in rows[name]]
                for name in ("permuted", "own")
            )
            observed = list(signs_of_rankings(by_method[method], k).values())
            summary, by_degree, by_pair = null_summary(observed, permuted, own)
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
