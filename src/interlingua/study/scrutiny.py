"""What a hostile reviewer would ask for, at the chosen layer: every language left out in turn, word properties
partialled out, ratings audited, selections drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from interlingua.models import Activations, sentence_tokens
from interlingua.norms import load_norms
from interlingua.probes import WHOLE, Design, adam_probe
from interlingua.probes.norm_audit import LEAST_R, audit, shuffle_power
from interlingua.probes.out_of_fold import OutOfFold, out_of_fold
from interlingua.seeds import derive_seed
from interlingua.study.analysis import Fitted, alignment_tables, overlap_tables, select
from interlingua.study.audit import JUDGED, compare_with
from interlingua.study.cache import Cache, Frames
from interlingua.study.config import Study
from interlingua.study.nulls import null_tables
from interlingua.study.sources import Material
from interlingua.study.steps import Job, OnProgress
from interlingua.study.workers import Task
from interlingua.units import (
    LayerData,
    curve_over_k,
    method_agreement,
    overlap,
    rank_units,
    resolve_k,
    selection_frequency,
)
from interlingua.units.confounds import PARTIAL, PartialOut, frequency_gap, partial_out, word_covariates
from interlingua.units.leave_one_out import SetFits, UnitSets, collect, fit_sets, unit_sets
from interlingua.units.stability import Penalty

#: Sizes of the top, as shares of the width, for the curve over k.
SHARES = (0.02, 0.05, 0.1, 0.13, 0.185, 0.25, 0.35, 0.5)
#: Words shown of each language, those whose ratings and predictions disagree most.
WORST_WORDS = 10
POWER_DRAWS = 20

Layers = Mapping[tuple[str, str], int]


@dataclass(frozen=True, eq=False)
class Scrutiny:
    """What one language's task gives back."""

    fits: SetFits | None
    partial: PartialOut | None
    held_out: OutOfFold
    frequency: pd.DataFrame
    adam: pd.DataFrame | None


def scrutiny_task(
    job: Job,
    variable: str,
    layer: int,
    sets: UnitSets | None,
    covariates: pd.DataFrame | None,
    penalties: dict[str, Penalty | None],
    study: Study,
    on_progress: OnProgress,
) -> Scrutiny:
    """Scrutinise one language at one layer."""
    activations = Activations.open(job.activations)
    design = Design(activations, job.contexts, standardise=study.probes.standardise)
    rated = design.rated(variable)
    folds, k = study.probes.folds, study.units.k

    def seed(what: str) -> int:
        return derive_seed(study.seed, what, job.model, job.language, variable)

    fits = None
    if sets is not None:
        fits = fit_sets(design, variable, layer, job.language, sets, folds=folds, seed=seed("leave one out"))
    on_progress(0.4)
    partial = None
    if covariates is not None:
        partial = partial_out(
            design,
            variable,
            layer,
            covariates,
            model=job.model,
            k=k,
            folds=folds,
            bootstrap=study.probes.bootstrap,
            seed=seed("confounds"),
        )
    on_progress(0.6)
    rows = job.contexts[variable].notna().to_numpy()
    held_out = out_of_fold(
        activations.layer(layer)[rows],
        job.contexts.loc[rows, variable].to_numpy(),
        job.contexts.loc[rows, "word"].to_numpy(dtype=object),
        folds=folds,
        seed=seed("audit"),
    )
    on_progress(0.8)
    y, _ = rated.ratings(variable)
    frequency = selection_frequency(
        rated, variable, layer, penalties, k, draws=study.scrutiny.stability, seed=seed("stability")
    )
    frequency = frequency.assign(unit=layer * rated.width + frequency["index"])
    adam = _adam_seeds(rated, y, layer, study, seed("adam seeds")) if "adam" in study.probes.methods else None
    return Scrutiny(fits, partial, held_out, frequency, adam)


def _adam_seeds(design: Design, y: Any, layer: int, study: Study, seed: int) -> pd.DataFrame:
    """Rank a layer by Adam's probe from several initialisations: rankings whose method is the number of the seed."""
    count, options = study.scrutiny.adam_seeds, study.probes
    inputs = np.concatenate([design.train(i).astype(np.float32) for i in range(design.n_layers)], axis=1)
    fit = adam_probe(
        inputs,
        np.repeat(y[:, None], count, axis=1),
        seed=[derive_seed(seed, number) for number in range(count)],
        l1=options.l1,
        l2=options.l2,
        epochs=options.adam_epochs,
    )
    rows = []
    for number in range(count):
        weights = {("adam", "whole", WHOLE): fit.weights[:, number]}
        data = LayerData(design.train(layer), y, design.train_words, layer, design.width, weights)
        rows.append(rank_units(data, "adam").assign(method=f"seed {number + 1}"))
    return pd.concat(rows, ignore_index=True)


@dataclass(frozen=True, eq=False)
class _Cell:
    """One model and variable at its layer: the rankings, the sets that are tried, and a task a language."""

    model: str
    variable: str
    layer: int
    rankings: pd.DataFrame
    sets: UnitSets | None
    tasks: dict[str, Task]


def _cell(study: Study, fitted: Fitted, model: str, variable: str, layer: int, tokenizer: Any) -> _Cell:
    rankings = select(fitted.rankings, model=model, variable=variable, layer=layer)
    codes = [str(code) for code in rankings["language"].unique()]
    sets = None
    if len(codes) >= 3:
        seed = derive_seed(study.seed, "leave one out", model, variable)
        sets = unit_sets(rankings, study.units.k, draws=study.units.random_units, seed=seed)
    tasks = {}
    for code in codes:
        job = fitted.job(model, code)
        covariates = _covariates(study, job, tokenizer) if study.scrutiny.confounds else None
        # The atlas shows the stability of |correlation|, whatever the study ranks by.
        methods = ["correlation", *study.units.methods]
        penalties = fitted.penalties(methods, model, variable, code, layer)
        arguments = (job, variable, layer, sets, covariates, penalties, study)
        tasks[code] = Task(f"{code}, {variable}", 1, scrutiny_task, arguments)
    return _Cell(model, variable, layer, rankings, sets, tasks)


def scrutiny_tables(
    study: Study,
    material: Material,
    fitted: Fitted,
    layers: Layers,
    tables: Frames,
    tokenizers: Mapping[str, Any],
    phase: Callable[[str, list[Task]], list[Any]],
    cache: Cache,
) -> Frames:
    """Return the tables of the scrutiny, for every model and variable at its layer."""
    cells = [
        _cell(study, fitted, model, variable, layer, tokenizers[model]) for (model, variable), layer in layers.items()
    ]
    done = iter(phase("scrutiny", [task for cell in cells for task in cell.tasks.values()]))
    parts: dict[str, list[pd.DataFrame]] = {}

    def add(name: str, table: pd.DataFrame, **where: object) -> None:
        parts.setdefault(name, []).append(table.assign(**where))

    for cell in cells:
        model, variable, layer = cell.model, cell.variable, cell.layer
        rankings, sets, codes = cell.rankings, cell.sets, list(cell.tasks)
        found: dict[str, Scrutiny] = {code: next(done) for code in codes}
        where = {"model": model, "variable": variable, "layer": layer}
        width = int(rankings["index"].max()) + 1
        if sets is not None:
            fits = {code: one.fits for code, one in found.items() if one.fits is not None}
            seed = derive_seed(study.seed, "leave one out", model, variable)
            left_out = collect(rankings, sets, fits, bootstrap=study.probes.bootstrap, seed=seed)
            add("leave_one_out", left_out.table)
            add("leave_one_out_units", left_out.units)
        partial = [one.partial for one in found.values() if one.partial is not None]
        if partial:
            notes = [frequency_gap(str(one.row["language"])) for one in partial]
            add("confounds", pd.DataFrame([one.row for one in partial]).assign(note=notes))
            again = pd.concat([one.rankings for one in partial], ignore_index=True)
            shared = overlap(again, width, k=resolve_k(study.units.k, width), seed=derive_seed(study.seed, PARTIAL))
            add("confounds_overlap", shared.pairs_summary)
        add("k_curve", curve_over_k(rankings, width, SHARES))
        add("method_agreement", method_agreement(rankings, study.units.k))
        for code, one in found.items():
            chosen = one.frequency[one.frequency["selected"]].drop(columns=["selected", "index"])
            add("stability", chosen, **where, language=code)
            if one.adam is not None:
                add("adam_seeds", method_agreement(one.adam.assign(language=code), study.units.k), **where)
        comparisons = compare_with(material, variable, codes, study.scrutiny.audit_against)
        held_out = {code: one.held_out for code, one in found.items()}
        verdict = audit(held_out, comparisons, least_r=LEAST_R if variable == JUDGED else None)
        add("audit", verdict, **where)
        for code, one in found.items():
            add("audit_words", one.held_out.words.head(WORST_WORDS), **where, language=code)
        add("audit_power", _power(study, fitted, model, variable, layer, held_out, verdict), **where)
    result = {name: _cell_first(pd.concat(frames, ignore_index=True)) for name, frames in parts.items()}
    result |= without_flagged(study, fitted, layers, tables, result["audit"], phase, cache)
    return result


def _covariates(study: Study, job: Job, tokenizer: Any) -> pd.DataFrame:
    words = list(dict.fromkeys(job.contexts["word"]))
    special = int(sentence_tokens(tokenizer, [""])[0])
    extra = {}
    if job.language in study.scrutiny.concreteness:
        norms = load_norms(study.scrutiny.concreteness[job.language], language=job.language, variables=["concreteness"])
        extra["concreteness"] = dict(zip(norms.table["word"], norms.table["concreteness"], strict=True))
    return word_covariates(words, job.language, sentence_tokens(tokenizer, words) - special, extra)


def _power(
    study: Study,
    fitted: Fitted,
    model: str,
    variable: str,
    layer: int,
    held_out: Mapping[str, OutOfFold],
    verdict: pd.DataFrame,
) -> pd.DataFrame:
    """Simulate shuffled ratings in the language whose held-out r is the median one."""
    right = verdict[~verdict["flag"]].sort_values("r_oof", kind="stable")
    language = str((right if len(right) else verdict)["language"].iloc[len(right) // 2])
    job = fitted.job(model, language)
    rows = job.contexts[variable].notna().to_numpy()
    others = [one.r for code, one in held_out.items() if code != language and code in set(right["language"])]
    table = shuffle_power(
        Activations.open(job.activations).layer(layer)[rows],
        job.contexts.loc[rows, variable].to_numpy(),
        job.contexts.loc[rows, "word"].to_numpy(dtype=object),
        r_others=others,
        draws=POWER_DRAWS,
        folds=study.probes.folds,
        seed=derive_seed(study.seed, "audit power", model, variable),
    )
    return table.assign(language=language)


def without_flagged(
    study: Study,
    fitted: Fitted,
    layers: Layers,
    tables: Frames,
    verdicts: pd.DataFrame,
    phase: Callable[[str, list[Task]], list[Any]],
    cache: Cache,
) -> Frames:
    """Set the main results beside those without the languages that the audit flags, where two or more are left."""
    flagged = verdicts[verdicts["flag"]]
    if flagged.empty:
        return {}
    out = set(zip(flagged["model"], flagged["variable"], flagged["language"], strict=True))

    def kept(table: pd.DataFrame) -> pd.DataFrame:
        keys = list(zip(table["model"], table["variable"], table["language"], strict=True))
        left = pd.Series([key[:2] for key in set(keys) - out]).value_counts()
        return table[[key not in out and left[key[:2]] >= 2 for key in keys]]

    rest = Fitted(kept(fitted.probes), kept(fitted.rankings), fitted.jobs)
    cells = {
        cell: layer for cell, layer in layers.items() if len(select(rest.rankings, model=cell[0], variable=cell[1]))
    }
    if not cells:
        return {}
    again = overlap_tables(study, rest, cells)
    again |= null_tables(study, rest, cells, again, phase, cache, name="scrutiny")  # every language is in the cache
    again |= alignment_tables(study, rest, cells, again["pairs"])
    names = " ".join(sorted(set(flagged["language"])))
    keys = ["model", "variable", "method"]
    found = (("all", tables), (f"without {names}", again))
    overlaps = []
    for which, source in found:
        rows = source["pairs_summary"][[*keys, "n_pairs", "mean_fe", "p_below_05", "p_bh_below_05", "same_sign"]]
        if "null" in source:
            rows = rows.merge(source["null"][[*keys, "corrected_fe", "p_fe", "p_own_fe"]], on=keys, how="left")
        overlaps.append(rows.assign(languages=which))
    models = [source["alignment_models"].assign(languages=which) for which, source in found]
    return {
        "flagged_overlap": pd.concat(overlaps, ignore_index=True).sort_values(keys, kind="stable", ignore_index=True),
        "flagged_alignment": pd.concat(models, ignore_index=True).sort_values(
            ["method", "source"], kind="stable", ignore_index=True
        ),
    }


def _cell_first(table: pd.DataFrame) -> pd.DataFrame:
    front = [name for name in ("model", "variable", "method", "layer", "language") if name in table.columns]
    return table[front + [name for name in table.columns if name not in front]]
