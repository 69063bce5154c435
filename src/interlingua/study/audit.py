"""Do a study's ratings belong to their words? By a second norm and, where there is none, by the study's first model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from interlingua.errors import NormsError
from interlingua.norms import NormComparison, all_cards, compare_norms, get_card, is_card, load_norms
from interlingua.probes.norm_audit import LEAST_R, audit, contexts_norms
from interlingua.study.cache import default_cache_dir
from interlingua.study.config import Study
from interlingua.study.sources import Material, gather

if TYPE_CHECKING:
    from interlingua.study.held_out import HeldOut

#: The variable whose norms agree well enough for a second norm to judge a first (see `interlingua.probes.norm_audit`).
JUDGED = "valence"
#: Words shown of a language.
WORST_WORDS = 10
#: Languages that it takes for a low r on held-out words to be seen among the others. Of shuffled ratings of the
#: built-in study that is half of the time with four languages, nearly always with five, always with six.
LEAST_LANGUAGES = 4
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


def audit_norms(
    study: Study,
    against: str = "labmt",
    *,
    use_model: bool = True,
    cache_dir: Path | None = None,
    workers: int | None = None,
    show_progress: bool | None = None,
) -> NormAudit:
    """Compare every language's ratings with the norm `against`, and those that it lacks with a model's predictions.

    Parameters
    ----------
    study : Study
        Whose ratings.
    against : str
        The second norm; "" for none.
    use_model : bool
        Ask the study's first model where a seen language has no second norm. Its activations are read from the cache
        or left there for a run.
    cache_dir : Path, optional
        The cache; the user's by default.
    workers, show_progress
        As for `interlingua.study.runner.run`.

    Returns
    -------
    NormAudit

    Raises
    ------
    InterlinguaError
        If there is no such second norm, the study's own sources can't be read, or the model can't be had.
    """
    check_second_norm(against)
    root = cache_dir or default_cache_dir()
    material = gather(study, root)
    comparisons = {
        variable: compare_with(material, variable, material.rated_languages(variable), against)
        for variable in study.variables
    }
    asked = [
        variable
        for variable in study.variables
        if set(material.rated_languages(variable)) & set(study.seen) - set(comparisons[variable])
    ]
    held_out: dict[str, HeldOut] = {}
    if use_model and asked:
        # Here, as the runner imports this module; and only now does a model have to be loaded.
        from interlingua.study.held_out import predict_ratings

        held_out = predict_ratings(study, material, asked, cache_dir=root, workers=workers, show_progress=show_progress)
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


def _by_model(variable: str, found: HeldOut, comparisons: Mapping[str, NormComparison]) -> pd.DataFrame:
    """Return the verdict on the languages that the model predicted, by both sources of evidence."""
    seen = {code: other for code, other in comparisons.items() if code in found.predictions}
    return audit(found.predictions, seen, least_r=LEAST_R if variable == JUDGED else None).set_index("language")


def _held_out_row(found: HeldOut, verdict: pd.Series, row: Mapping[str, Any]) -> dict[str, Any]:
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


def check_second_norm(name: str) -> None:
    """Raise unless `name` is a norm that a language may have: a card, a source with a card a language, a file, or "".

    Raises
    ------
    NormsError
        With the names that come near.
    """
    editions = any(card.name.startswith(f"{name}-") for card in all_cards())
    if name and not (editions or is_card(name) or Path(name).is_file()):
        get_card(name)


def compare_with(material: Material, variable: str, codes: Sequence[str], against: str) -> Mapping[str, NormComparison]:
    """Return the comparison of each language's ratings with the norm `against`, where that has them."""
    comparisons: dict[str, NormComparison] = {}
    for code in codes if against else ():
        card = material.cards.get(code)
        if card is not None and card.name.startswith(against):
            continue
        try:
            other = load_norms(against, language=code, variables=[variable])
            own = contexts_norms(material.language(code), [variable], name=card.name if card else "ratings")
            comparisons[code] = compare_norms(own, other, variable)
        except NormsError:  # no such norm of this language or variable, not installed, or too few shared words
            continue
    return comparisons
