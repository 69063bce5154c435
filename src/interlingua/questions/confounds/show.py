"""What is told of properties of words that could be taken for what is rated."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.story import Brief, Place
from interlingua.report.words import Row, Section, Shown, cell_title, instead, listing, plural, signed

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
                f"{_answer(row)} (mean of {row.n_languages} languages){_alike(row)}; other properties (arousal, concreteness, word class) were not "
                "asked",
                f"by |correlation|, of {plural(row.k, 'top unit')} {row.top_k_kept:.0f} stay, and pairs share {row.mean_fe:.2f} times "
                f"as many as independent sets{before}",
            )
        )
    return found


def _answer(row: Any) -> str:
    with_them, without = signed(row.r, 2), signed(row.r_partial, 2)
    if with_them == without:
        return f"No: r over test words is {without} with and without them"
    return f"Without them r over test words is {without} instead of {with_them}"


def _alike(row: Any) -> str:
    """Return what is left of rho-bar."""
    if not _known(row):
        return "; what is left of ρ̄ can't be told"
    interval = f", 95 % interval {signed(row.rho_partial_low, 2)} to {signed(row.rho_partial_high, 2)}"
    return f"; ρ̄ is {instead(row.rho_partial, row.rho)}{interval * pd.notna(row.rho_partial_low)}"


def _known(row: Any) -> bool:
    """Return whether rho-bar is known with and without the properties."""
    return bool(pd.notna(row.rho) and pd.notna(row.rho_partial))


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return what is left without length, sub-words and frequency."""
    for row in results.of("confounds_summary", **place).dropna(subset=["r", "r_partial"]).itertuples():
        alike = (
            f"ρ̄ is {signed(row.rho_partial, 2)}, a probe's correlation" if _known(row) else "a probe's correlation is"
        )
        return Brief(f"Without {_named(row.covariates)} {alike} {instead(row.r_partial, row.r)}.")
    return None


def section(results: Results) -> Section:
    """Return what the covariates explain, and what is left without them."""
    findings = [
        f"{cell_title(row.model, row.variable)}: {_named(row.covariates)} explain {100 * row.r2_covariates:.0f} % of the "
        f"ratings' variance; without them r over test words is {instead(row.r_partial, row.r)} (mean over languages), "
        f"of {plural(row.k, 'top unit')} {row.top_k_kept:.0f} stay, and the fold enrichment is {row.mean_fe:.2f}{_alike(row)}."
        for row in results.table("confounds_summary").itertuples()
    ]
    columns = (
        "model variable language covariates r2_covariates r r_partial r_partial_low r_partial_high top_k_kept k note"
    )
    title = "Length, sub-words and frequency partialled out"
    tables = (
        Shown(title, "confounds", results.table("confounds"), columns),
        Shown(
            "The same over the languages",
            "confounds_summary",
            results.table("confounds_summary"),
            "model variable n_languages r r_partial rho rho_partial rho_partial_low rho_partial_high mean_fe plain_fe",
        ),
    )
    return Section(findings, tables=tables)


def _named(covariates: str) -> str:
    """Return what was partialled out, in words."""
    return listing(_COVARIATES.get(name, name) for name in covariates.split())
