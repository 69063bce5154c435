"""What is told of the audit of the ratings."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.story import Brief, Place
from interlingua.report.words import Row, Section, Shown, between, cell_title, listing


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return whether the ratings belong to the words."""
    where = {"model": model, "variable": variable}
    rows, [summary] = results.of("audit", **where), results.of("audit_summary", **where).itertuples()
    if summary.n_flagged:
        answer = f"Not in {listing(results.names[code] for code in rows.loc[rows['flag'], 'language'])}"
    elif not summary.can_tell:
        answer = f"Can't be told from {summary.n_languages} languages and no second norm"
    else:
        answer = f"Nothing speaks against it in any of {summary.n_languages} languages"
    sure = f"r {between(rows['r_oof'])} with the predictions"
    if summary.n_other_norm:
        sure += f", {between(rows['r_other_norm'])} with another norm ({summary.n_other_norm} of {summary.n_languages} languages)"
    else:
        sure += "; not tested against another norm"
    sure += f"; shuffled ratings would be noticed {_noticed(results, summary)}"
    question = "Do the ratings belong to the words?"
    test = "Each word's rating is predicted from the other words; another norm is asked where there is one"
    return [Row(question, test, answer, sure)]


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return the languages that are flagged; nothing where none is."""
    rows = results.of("audit", **place)
    flagged = listing(results.names[code] for code in rows.loc[rows["flag"], "language"])
    return Brief(f"The ratings of {flagged} don't seem to belong to their words.") if flagged else None


def section(results: Results) -> Section:
    """Return who is flagged and why, and how much shuffling would be noticed."""
    findings = []
    for summary in results.table("audit_summary").itertuples():
        rows = results.of("audit", model=summary.model, variable=summary.variable)
        title = cell_title(summary.model, summary.variable)
        if not summary.n_flagged:
            findings.append(
                f"{title}: no language is flagged. Held-out words' ratings are predicted with r {between(rows['r_oof'])}."
            )
        flagged = rows[rows["flag"]].itertuples()
        findings += [f"{title}: {results.names[row.language]} is flagged. {row.reason}" for row in flagged]
        findings.append(
            f"{title}: shuffled ratings, simulated language by language, would be noticed {_noticed(results, summary)} (in "
            f"at least 80 % of {summary.draws} draws; by the held-out r alone)."
        )
    audit = results.table("audit")
    other = "other_norm n_shared r_other_norm " if results.table("audit_summary")["n_other_norm"].max() > 0 else ""
    columns = f"model variable language n_words r_oof r_oof_low r_oof_high {other}flag reason"
    worst = "model variable language word z_rating z_predicted difference"
    shown = (
        Shown("Audit of the ratings", "audit", audit, columns),
        Shown("Words whose ratings and predictions disagree most", "audit_words", results.table("audit_words"), worst),
        Shown(
            "How much shuffling the audit notices",
            "audit_noticed",
            results.table("audit_noticed"),
            "model variable language r_oof share_noticed draws",
        ),
    )
    return Section(findings, tables=shown)


def _noticed(results: Results, summary: Any) -> str:
    """Return from which share of the words on shuffling is noticed, where soonest and where last."""
    if pd.isna(summary.best_share):
        return "in no language, not even that of all words"
    shares = results.of("audit_noticed", model=summary.model, variable=summary.variable)
    best = (
        f"from {100 * summary.best_share:.0f} % of the words on in {_with_share(results, shares, summary.best_share)}"
    )
    if summary.worst_language == summary.best_language or summary.worst_share == summary.best_share:
        return best
    if pd.isna(summary.worst_share):
        never = listing(shares.loc[shares["share_noticed"].isna(), "language"].map(results.names))
        return f"{best}, but in {never} not even that of all words"
    most = f"from {100 * summary.worst_share:.0f} % on in {_with_share(results, shares, summary.worst_share)}"
    return f"{best}, and {most}, where it takes most; less would go unnoticed"


def _with_share(results: Results, shares: pd.DataFrame, share: float) -> str:
    """Return the languages in which so much has to be shuffled."""
    return listing(shares.loc[shares["share_noticed"] == share, "language"].map(results.names))
