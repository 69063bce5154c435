"""Ratings against what a model predicts of words that it was not fitted to, and against a second norm."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from interlingua.errors import NormsError
from interlingua.models import Activations
from interlingua.norms import NormComparison, compare_norms
from interlingua.probes.norm_audit import LEAST_R, audit, contexts_norms, shuffle_power
from interlingua.probes.out_of_fold import OutOfFold
from interlingua.questions.audit.held_out import rated_rows
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables.cells import select

#: The variable whose norms agree well enough for a second norm to judge a first (see `interlingua.probes.norm_audit`).
JUDGED = "valence"
#: Words shown of a language, those whose ratings and predictions disagree most.
WORST_WORDS = 10

_POWER_DRAWS = 20


def best_layer(tried: pd.DataFrame) -> int:
    """Return the layer with the highest mean r over the languages, of the rows of ``held_out_tried`` of one variable.

    One layer serves all languages, so that the choice favours none of them.
    """
    by_language = [rows.set_index("layer")["r"] for _, rows in tried.groupby("language", sort=False)]
    return int(by_language[0].index[np.argmax(np.mean(by_language, axis=0))])


def predictions(held_out_r: pd.DataFrame, words: pd.DataFrame) -> dict[str, OutOfFold]:
    """Return held-out predictions by language, from the tables of one model, variable and layer."""
    columns = ["word", "rating", "predicted", "z_rating", "z_predicted", "difference"]
    of_language = {str(code): rows[columns].reset_index(drop=True) for code, rows in words.groupby("language")}
    return {
        str(row.language): OutOfFold(
            int(row.n_words), float(row.r), float(row.r_low), float(row.r_high), of_language[str(row.language)]
        )
        for row in held_out_r.itertuples()
    }


def compare_with(
    ratings: Mapping[str, pd.DataFrame], second_norm: pd.DataFrame, variable: str
) -> dict[str, NormComparison]:
    """Compare each language's ratings with its second norm.

    Parameters
    ----------
    ratings
        For each language ``language, word`` and the variable, a row a sentence.
    second_norm
        ``language, word, norm, rating``; languages without a second norm have no row.
    variable
        Which rating.

    Returns
    -------
    dict of str to NormComparison
        Those languages that share words enough with their second norm to be compared.
    """
    found: dict[str, NormComparison] = {}
    for code in ratings:
        theirs = select(second_norm, language=code)
        if theirs.empty:
            continue
        other = theirs[["language", "word", "rating"]].rename(columns={"rating": variable})
        try:
            found[code] = compare_norms(
                contexts_norms(ratings[code], [variable], name="ratings"),
                contexts_norms(other, [variable], name=str(theirs["norm"].iloc[0])),
                variable,
            )
        except NormsError:  # too few shared words, or all of them rated alike
            continue
    return found


def judge(found: Mapping[str, OutOfFold], comparisons: Mapping[str, NormComparison], variable: str) -> pd.DataFrame:
    """Return `interlingua.probes.norm_audit.audit` of one variable, as far as its norms can judge each other."""
    return audit(found, comparisons, least_r=LEAST_R if variable == JUDGED else None)


def verdicts(
    held_out: pd.DataFrame,
    held_out_r: pd.DataFrame,
    ratings: Mapping[str, pd.DataFrame],
    second_norm: pd.DataFrame,
    cell: Cell,
) -> dict[str, pd.DataFrame]:
    """Flag the languages whose ratings do not seem to belong to their words, and list the words that disagree most."""
    comparisons = compare_with(ratings, second_norm, cell.variable)
    return {
        "audit": cell.stamp(judge(predictions(held_out_r, held_out), comparisons, cell.variable)),
        "audit_words": held_out.groupby("language", sort=False).head(WORST_WORDS).reset_index(drop=True),
    }


def power(
    activations: Activations,
    ratings: pd.DataFrame,
    audit: pd.DataFrame,
    cell: Cell,
    *,
    language: str,
    folds: int,
    seed: int,
) -> dict[str, pd.DataFrame | None]:
    """Simulate shuffled ratings in a language that is not flagged; nothing in one that is, unless all are."""
    right = audit[~audit["flag"]]
    right = right if len(right) else audit
    r = right.set_index("language")["r_oof"]
    if language not in r.index:
        return {"audit_power": None}
    table = shuffle_power(
        *rated_rows(activations, ratings, cell.variable, cell.layer),
        r_others=[float(of_other) for code, of_other in r.items() if code != language],
        draws=_POWER_DRAWS,
        folds=folds,
        seed=derive_seed(seed, "audit power", cell.model, language, cell.variable),
    )
    return {"audit_power": cell.stamp(table, language=language)}
