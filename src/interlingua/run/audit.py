"""Do a study's ratings belong to their words? By a second norm and, where there is none, by the study's first model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.errors import StoreError, reason
from interlingua.flow import Cache, Graph, cache_root
from interlingua.flow.execute import Done, execute
from interlingua.flow.processes import one_thread
from interlingua.norms import NormComparison
from interlingua.probes.norm_audit import LEAST_R
from interlingua.probes.out_of_fold import OutOfFold
from interlingua.questions.audit import TRIED
from interlingua.questions.audit.compute import (
    JUDGED,
    WORST_WORDS,
    best_layer,
    compare_with,
    judge,
    predictions,
)
from interlingua.questions.audit.noticed import LEAST_LANGUAGES
from interlingua.run.graph import make_graph
from interlingua.run.run import default_workers
from interlingua.study.config import Study
from interlingua.study.prepare import (
    Prepared,
    check_material,
    check_models,
    check_second_norm,
    look_at_models,
    second_norms,
)
from interlingua.study.sources import Material, gather
from interlingua.tables.cells import select
from interlingua.tables.layout import RESID

__all__ = ["BY_MODEL", "BY_NORM", "LEAST_LANGUAGES", "NormAudit", "audit_norms"]

#: Who can judge a language's ratings.
BY_NORM, BY_MODEL = "norm", "model"


@dataclass(frozen=True, eq=False)
class NormAudit:
    """A study's ratings against a second norm, and against what a model predicts of words that it was not fitted to.

    Attributes
    ----------
    table : DataFrame
        A row a language and variable: `language, variable`; `other, n_shared, r, low, high` (the second norm, "" if
        there is none, Pearson's r on the shared words with its 95 % interval); `model, layer, n_words, r_held_out,
        held_out_low, held_out_high, sd_below` (of the seen languages, for variables of which one of these lacks a
        second norm; else "", -1, 0 and NaN; `sd_below` as in `interlingua.probes.norm_audit.audit`); `judge` (whose
        word `flag` goes by: "norm", "model", or "" if nobody can tell); `flag`.
    worst : dict of (str, str) to DataFrame
        (language, variable) of those flagged, and of those that the model predicted but can't judge, to the words
        that disagree most: `word, z_a` (the study's rating) and `z_b` (the second norm's, or else the prediction),
        standardised over the words.
    """

    table: pd.DataFrame
    worst: dict[tuple[str, str], pd.DataFrame]


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """Held-out predictions of one variable, of every seen language that has ratings, from one layer of a model."""

    model: str
    layer: int
    predictions: Mapping[str, OutOfFold]


def audit_norms(
    study: Study,
    against: str = "labmt",
    *,
    use_model: bool = True,
    cache_dir: Path | str | None = None,
    workers: int | None = None,
    show_progress: bool | None = None,
) -> NormAudit:
    """Compare every language's ratings with the norm `against`, and those that it lacks with a model's predictions.

    Parameters
    ----------
    study : Study
        Whose ratings. Its ``layer.choose`` gives the layer that predictions are read from, if it is a number; else it
        is that with the highest mean r over the languages, of all of the model's layers or seven of them, evenly
        spaced.
    against : str
        The second norm; "" for none.
    use_model : bool
        Ask the study's first model where a seen language has no second norm. Its activations are read from the cache
        or left there for a run, and its predictions for the next audit.
    cache_dir : Path, optional
        The cache; the user's by default.
    workers, show_progress
        As for `interlingua.run`.

    Returns
    -------
    NormAudit

    Raises
    ------
    InterlinguaError
        If there is no such second norm, the study's own sources can't be read, or the model can't be had.

    Notes
    -----
    Folds and seeds are those of a run's own audit, so at one layer both say the same.
    """
    check_second_norm(against)
    root = Path(cache_dir or cache_root())
    material = gather(study, root)
    comparisons = {variable: _compared(study, material, variable, against) for variable in study.variables}
    asked = [
        variable
        for variable in study.variables
        if set(material.rated_languages(variable)) & set(study.seen) - set(comparisons[variable])
    ]
    held_out: dict[str, _HeldOut] = {}
    if use_model and asked:
        check_material(study, material)
        try:
            with one_thread():
                held_out = _predict(study, material, asked, Cache(root), workers, show_progress)
        except OSError as error:
            raise StoreError(f"{error.filename or root}: {reason(error)}") from error
    rows, worst = [], {}
    for variable in study.variables:
        found = held_out.get(variable)
        verdict = _by_model(variable, found, comparisons[variable]) if found else None
        for code in material.rated_languages(variable):
            other = comparisons[variable].get(code)
            row = {"language": code, "variable": variable, **_by_norm(variable, other)}
            if found and verdict is not None and code in verdict.index:
                row |= _held_out_row(found, verdict.loc[code], row)
            rows.append(row)
            if row["flag"] and row["judge"] == BY_NORM and other is not None:
                worst[code, variable] = other.disagreements.head(WORST_WORDS)
            elif found and code in found.predictions and (row["flag"] or (other is None and not row["judge"])):
                words = found.predictions[code].words.head(WORST_WORDS)
                worst[code, variable] = words.rename(columns={"z_rating": "z_a", "z_predicted": "z_b"})
    return NormAudit(pd.DataFrame(rows), worst)


def _compared(study: Study, material: Material, variable: str, against: str) -> dict[str, NormComparison]:
    """Return the comparison of each language's ratings with the norm `against`, where that has them."""
    parts = [
        norms.table[["word", variable]].rename(columns={variable: "rating"}).assign(language=code, norm=norms.card.name)
        for code, norms in second_norms(study, material, variable, against).items()
    ]
    if not parts:
        return {}
    ratings = {code: material.language(code) for code in material.rated_languages(variable)}
    return compare_with(ratings, pd.concat(parts, ignore_index=True), variable)


def _predict(
    study: Study,
    material: Material,
    variables: Sequence[str],
    cache: Cache,
    workers: int | None,
    show: bool | None,
) -> dict[str, _HeldOut]:
    """Predict the rating of every word of the seen languages from the study's first model, by variable."""
    part = _part(study)
    models = look_at_models(part, material, cache)
    check_models(models)
    prepared = Prepared(part, material, models)
    graph = _asked_graph(make_graph(prepared, cache, [TRIED]), variables)
    on_gpu = models[0].device != "cpu"
    done = execute(
        graph,
        cache,
        workers=workers or default_workers(prepared),
        here=lambda node: on_gpu and node.step.place == "device",
        show=show,
    )
    return {variable: _from_best_layer(done, models[0].name, variable) for variable in variables}


def _asked_graph(graph: Graph, variables: Sequence[str]) -> Graph:
    """Return what the predictions of some variables need, and nothing else of a study."""
    tried = (node for node in graph.of(TRIED.name) if node.at["site"] == RESID)
    return graph.only(node for node in tried if node.at["variable"] in variables)


def _from_best_layer(done: Done, model: str, variable: str) -> _HeldOut:
    rows, words = (done.value(output.name, model=model, site=RESID, variable=variable) for output in TRIED.outputs)
    layer = best_layer(rows)
    return _HeldOut(model, layer, predictions(select(rows, layer=layer), select(words, layer=layer)))


def _part(study: Study) -> Study:
    """Return the part of a study that is asked: its first model, the seen languages, and nothing beside them."""
    scrutiny = {"audit_against": "", "concreteness": {}, "controls": ()}
    return study.model_copy(
        update={
            "models": study.models[:1],
            "languages": {code: study.languages[code] for code in study.seen},
            "unseen": (),
            "probes": study.probes.model_copy(update={"whole": False}),
            "scrutiny": study.scrutiny.model_copy(update=scrutiny),
        }
    )


def _by_norm(variable: str, other: NormComparison | None) -> dict[str, Any]:
    """Return the columns of a language's row that need no model, and those of the model empty."""
    nan = float("nan")
    return {
        "other": other.source_b if other else "",
        "n_shared": other.n if other else 0,
        "r": other.r if other else nan,
        "low": other.r_low if other else nan,
        "high": other.r_high if other else nan,
        "model": "",
        "layer": -1,
        "n_words": 0,
        "r_held_out": nan,
        "held_out_low": nan,
        "held_out_high": nan,
        "sd_below": nan,
        "judge": BY_NORM if other and variable == JUDGED else "",
        "flag": other is not None and variable == JUDGED and other.r_high < LEAST_R,
    }


def _by_model(variable: str, found: _HeldOut, comparisons: Mapping[str, NormComparison]) -> pd.DataFrame:
    """Return the verdict on the languages that the model predicted, by both sources of evidence."""
    seen = {code: other for code, other in comparisons.items() if code in found.predictions}
    return judge(found.predictions, seen, variable).set_index("language")


def _held_out_row(found: _HeldOut, verdict: pd.Series, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a language's row that the model fills or changes."""
    enough = len(found.predictions) >= LEAST_LANGUAGES
    flagged_by_model = bool(verdict["flag"]) and not row["flag"]
    return {
        "model": found.model,
        "layer": found.layer,
        "n_words": int(verdict["n_words"]),
        "r_held_out": float(verdict["r_oof"]),
        "held_out_low": float(verdict["r_oof_low"]),
        "held_out_high": float(verdict["r_oof_high"]),
        "sd_below": float(verdict["sd_below"]),
        "judge": BY_MODEL if flagged_by_model or (enough and not row["judge"]) else row["judge"],
        "flag": bool(verdict["flag"]),
    }
