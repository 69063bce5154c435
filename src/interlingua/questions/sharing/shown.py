"""The tables of sharing, and the caveats that depend on the run."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.questions.sharing.figures import LEAST_DEGREE
from interlingua.report.results import Results
from interlingua.report.words import Shown, between, cell_title, listing


def nulls_of(rows: pd.DataFrame) -> list[Any]:
    """Return the rows of the nulls; permuted ratings, the easiest to beat, are told last."""
    return sorted(rows.itertuples(), key=lambda row: row.null == "permuted")


def caveats(results: Results) -> list[str]:
    """Return how often the super exact test rejects under each null here, and how far the pairs' nulls differ."""
    found = []
    for model, variable in results.cells:
        where = {"model": model, "variable": variable, "method": results.headline}
        title = cell_title(model, variable)
        nulls = nulls_of(results.of("null", **where))
        if nulls:
            told = listing(f"{100 * row.null_share_p05:.1f} % with {results.label(row.null)}" for row in nulls)
            found.append(f"{title}: under the nulls the super exact test calls so many pairs significant: {told}.")
        own = results.of("null_pairs", **where, null="own codes")["null_mean"]
        if len(own):
            found.append(
                f"{title}: what a pair shares with codes of its own differs from pair to pair, {between(own)} units on "
                "average, so a pair that shares much need not share more than that."
            )
        found += [
            f"{title}: {row.n_subsets:,} sets of {row.degree} languages are possible, of which the best is told: "
            "read the "
            "number of draws that reach as many languages, not the p of the one set."
            for row in results.of("highest_degree", **where).head(1).itertuples()
            if row.n_subsets > 1
        ]
    return found


def of_nulls(results: Results) -> list[Shown]:
    """Return the rankings beside the nulls, and without the languages that the audit flags."""
    enrichment = "model variable method null mean_fe null_fe corrected_fe p_fe pairs_below_05 null_share_p05 draws"
    beyond = (
        "model variable method null highest_degree null_highest_degree p_highest_degree p_omnibus same_sign "
        "null_same_sign signed_fe null_signed_fe p_signed_fe p_shared"
    )
    flagged = "model variable method languages n_pairs mean_fe p_below_05 same_sign"
    titled = (
        ("Ranking methods compared on real ratings and under each null", "null", enrichment),
        ("Degrees and signs on real ratings and under each null", "null", beyond),
        (
            "How the draws are encoded, beside the real ratings",
            "null_encoding",
            "model variable language null r_cv null_r_cv first_components null_first_components linked_words n_words",
        ),
        (
            "The penalty of the elastic net chosen again in some draws",
            "null_penalty",
            "model variable method null draws mean_fe null_fe again_fe difference difference_low difference_high "
            "as_many again_as_many null_units again_units",
        ),
        ("What the top units alone predict", "top_units", "model variable method r_top"),
        ("Overlap with and without the flagged languages", "flagged_overlap", flagged),
        (
            "The same beside each null",
            "flagged_null",
            "model variable method languages null corrected_fe p_fe p_shared",
        ),
    )
    return [
        Shown(title, name, results.table(name), columns) for title, name, columns in titled if len(results.table(name))
    ]


def of_sets(results: Results) -> list[Shown]:
    """Return pairs, highest intersections and degrees; those of the headline's ranking where there are many."""

    def of(name: str) -> pd.DataFrame:
        return results.of(name, method=results.headline)

    shown = [
        Shown(
            "Pairs of languages",
            "pairs",
            of("pairs"),
            "model variable language_a language_b observed expected fe same_sign p p_bh",
        ),
        Shown(
            "Pairs of languages under each null",
            "null_pairs",
            of("null_pairs"),
            "model variable null language_a language_b null_mean fe_corrected p_null p_signed p_bh",
        ),
        Shown(
            "Intersections of the highest degree",
            "highest_degree",
            results.table("highest_degree"),
            "model variable method languages degree observed p n_subsets p_bonferroni units",
        ),
        Shown(
            "Units by number of languages under each null",
            "null_degrees",
            _from_three(of("null_degrees")),
            "model variable method null n_languages null_mean as_many draws p_null",
        ),
        Shown(
            "Units by number of languages, beside independent uniform sets",
            "degrees",
            _from_three(of("degrees")),
            "model variable method n_languages observed expected",
        ),
    ]
    return [table for table in shown if len(table.frame)]


def _from_three(degrees: pd.DataFrame) -> pd.DataFrame:
    """Return what is told of degrees: where units are shared, fewer are in the top of any one or two languages."""
    return degrees[degrees["n_languages"] >= LEAST_DEGREE]
