"""What is told of properties of words that could be taken for what is rated."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.story import Brief, Place
from interlingua.report.words import Row, Section, Shown, cell_title, instead, listing, signed

_COVARIATES = {"length": "length", "n_subwords": "number of sub-words", "log_frequency": "log frequency"}


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return what is left without length, sub-words and frequency."""
    found = []
    for row in results.of("confounds_summary", model=model, variable=variable).itertuples():
        before = f" (with them: {row.plain_fe:.2f})" if pd.notna(row.plain_fe) else ""
        found.append(
            Row(
                "Is it only how long or frequent words are?",
                f"A ridge probe and |correlation| again, with {_named(row.covariates)} partialled out",
                f"{_answer(row)} (mean of {row.n_languages} languages); other properties (arousal, concreteness, word class) were not "
                "asked",
                f"by |correlation|, {row.top_k_kept:.0f} of {row.k} top units stay, and pairs share {row.mean_fe:.2f} times "
                f"as many as independent sets{before}",
            )
        )
    return found


def _answer(row: Any) -> str:
    with_them, without = signed(row.r, 2), signed(row.r_partial, 2)
    if with_them == without:
        return f"No: r over test words is {without} with and without them"
    return f"Without them r over test words is {without} instead of {with_them}"


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return what is left without length, sub-words and frequency."""
    for row in results.of("confounds_summary", **place).dropna(subset=["r", "r_partial"]).itertuples():
        return Brief(f"Without {_named(row.covariates)} a probe's correlation is {instead(row.r_partial, row.r)}.")
    return None


def section(results: Results) -> Section:
    """Return what the covariates explain, and what is left without them."""
    findings = [
        f"{cell_title(row.model, row.variable)}: {_named(row.covariates)} explain {100 * row.r2_covariates:.0f} % of the "
        f"ratings' variance; without them r over test words is {instead(row.r_partial, row.r)} (mean over languages), "
        f"{row.top_k_kept:.0f} of the {row.k} top units stay, and the fold enrichment is {row.mean_fe:.2f}."
        for row in results.table("confounds_summary").itertuples()
    ]
    columns = (
        "model variable language covariates r2_covariates r r_partial r_partial_low r_partial_high top_k_kept k note"
    )
    title = "Length, sub-words and frequency partialled out"
    return Section(findings, tables=(Shown(title, "confounds", results.table("confounds"), columns),))


def _named(covariates: str) -> str:
    """Return what was partialled out, in words."""
    return listing(_COVARIATES.get(name, name) for name in covariates.split())
