"""The sections that a hostile reviewer turns to first: do the ratings belong to the words, and how firm is it all?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.report.headings import headed
from interlingua.report.results import PROBE_NAMES, Results, cell_title
from interlingua.report.section import Section, between, listing, p_text


def audit_section(results: Results) -> Section:
    """Return the audit of the ratings."""
    table = results.tables["audit"]
    findings = []
    for model, variable in results.cells:
        rows = results.of("audit", model=model, variable=variable)
        flagged = rows[rows["flag"]]
        title = cell_title(model, variable)
        if flagged.empty:
            findings.append(
                f"{title}: no language is flagged. Held-out words' ratings are predicted with r {between(rows['r_oof'])}."
            )
        findings += [f"{title}: {results.names[row.language]} is flagged. {row.reason}" for row in flagged.itertuples()]
        power = results.of("audit_power", model=model, variable=variable)
        found = power[power["detected"] >= 0.8]
        name = results.names[str(power["language"].iloc[0])]
        findings.append(
            f"How much shuffling would be noticed? Of {name}'s ratings, simulated: "
            + (
                f"{100 * found['share'].min():.0f} % of the words or more"
                if len(found)
                else "not even all of the words"
            )
            + f" (in at least 80 % of {power['draws'].iloc[0]} draws; by the held-out r alone)."
        )
    audited = headed(
        "variable language n_words r_oof r_oof_low r_oof_high other_norm n_shared r_other_norm flag reason"
    )
    if not (table["n_shared"] > 0).any():
        audited = {
            key: heading for key, heading in audited.items() if key not in ("other_norm", "n_shared", "r_other_norm")
        }
    worst = headed("variable language word z_rating z_predicted difference")
    power_headings = headed("variable language share r_oof detected draws")
    tables = [("Audit of the ratings", table, audited)]
    if "flagged_overlap" in results.tables:
        overlap = headed(
            "model variable method languages n_pairs mean_fe corrected_fe p_fe p_own_fe p_below_05 same_sign"
        )
        slopes = headed("method formula languages estimate t p_permutation p", p="p (Satterthwaite)")
        tables.append(("Overlap with and without the flagged languages", results.tables["flagged_overlap"], overlap))
        alignment = results.tables["flagged_alignment"]
        alignment = alignment[alignment["estimate"].notna()]
        tables.append(("Sharing and performance with and without them", with_sound_p(alignment), slopes))
    tables.append(("Words whose ratings and predictions disagree most", results.tables["audit_words"], worst))
    tables.append(("How much shuffling the audit detects", results.tables["audit_power"], power_headings))
    return Section("audit", "Do the ratings belong to the words?", findings, tables=tables)


def with_sound_p(models: pd.DataFrame) -> pd.DataFrame:
    """Return the mixed models with Satterthwaite's df and p only where they have to stand.

    That is in the paper's model, for comparison with the paper, and where no permutation p could be had: in simulations
    Satterthwaite's p rejects too often, the permutation of languages does not (``docs/method.md``). The result
    tables have both.
    """
    better = models["p_permutation"].notna() & (models["source"] != "paper")
    return models.assign(df=models["df"].mask(better), p=models["p"].mask(better))


def scrutiny_section(results: Results) -> Section:
    """Return the tests beyond the paper's: leave one language out, confounds, stability."""
    findings = [
        *(_left_out(results) if "leave_one_out" in results.tables else []),
        *(_confounds(results) if "confounds" in results.tables else []),
        *_stability(results),
    ]
    if "controls" in results.tables:
        findings += _controls(results)
    left_out = headed(
        "model variable method language n_units r_zero_shot r_zero_shot_low r_zero_shot_high random_r_zero_shot "
        "percentile_r_zero_shot r_set random_r_set median_percentile",
        language="left out",
    )
    confounds = headed(
        "model variable language covariates r2_covariates r r_partial r_partial_low r_partial_high top_k_kept k note",
        r="r",
    )
    curve = headed("model variable method k expected mean_overlap mean_fe same_sign", k="units")
    agreement = headed("model variable language method_a method_b shared k same_sign")
    tables: list[tuple[str, pd.DataFrame, dict[str, str]]] = []
    if "leave_one_out" in results.tables:
        of_headline = results.of("leave_one_out", method=results.headline)
        tables.append(("Every language left out in turn", of_headline, left_out))
    if "confounds" in results.tables:
        tables.append(("Length, sub-words and frequency partialled out", results.tables["confounds"], confounds))
    if "controls" in results.tables:
        tables.append(("Beside models that can't know the languages", results.tables["controls"], _CONTROLS))
    tables.append(("Fold enrichment by the size of the top", results.of("k_curve", method=results.headline), curve))
    tables.append(("What two rankings of a language have in common", results.tables["method_agreement"], agreement))
    return Section("scrutiny", "How firm is it?", findings, ["leave_one_out", "k_curve"], tables)


_CONTROLS = headed(
    "model variable method control corrected_fe control_corrected_fe control_p_fe fe_ratio fe_ratio_low fe_ratio_high units_in_all "
    "control_units_in_all same_sign control_same_sign r_top control_r_top",
    corrected_fe="corrected fold enrichment",
)


_COVARIATES = {"length": "length", "n_subwords": "number of sub-words", "log_frequency": "log frequency"}


def _left_out(results: Results) -> list[str]:
    findings = []
    for model, variable in results.cells:
        rows = results.of("leave_one_out", model=model, variable=variable, method=results.headline)
        if rows.empty:
            continue
        above = int((rows["percentile_r_zero_shot"] >= 95).sum())
        findings.append(
            f"{cell_title(model, variable)}: units and weights taken from all other languages predict the one left out with "
            f"r {between(rows['r_zero_shot'])} over words (random units of the layer, weighted alike: "
            f"{between(rows['random_r_zero_shot'])}); better than 95 % of the random sets in {above} of {len(rows)} languages."
        )
    return findings


def _confounds(results: Results) -> list[str]:
    findings = []
    for model, variable in results.cells:
        rows = results.of("confounds", model=model, variable=variable)
        shared = results.of("confounds_overlap", model=model, variable=variable)
        if rows.empty:
            continue
        findings.append(
            f"{cell_title(model, variable)}: {covariates(rows)} explain {100 * rows['r2_covariates'].mean():.0f} % of "
            f"the ratings' variance; without them r is {rows['r_partial'].mean():.2f} instead of {rows['r'].mean():.2f} (mean "
            f"over languages), {rows['top_k_kept'].mean():.0f} of the {rows['k'].iloc[0]} top units stay, and the fold "
            f"enrichment is {shared['mean_fe'].iloc[0]:.2f}."
        )
    return findings


def _stability(results: Results) -> list[str]:
    findings = []
    draws = results.study["scrutiny"]["stability"]
    for model, variable in results.cells:
        rows = results.of("stability", model=model, variable=variable)
        again = listing(
            f"{100 * of_method['frequency'].mean():.0f} % ({PROBE_NAMES.get(str(method), method)})"
            for method, of_method in rows.groupby("method", sort=False)
        )
        findings.append(
            f"{cell_title(model, variable)}: a unit that is among the top is so again in {again} of {draws} bootstrap draws "
            "of the words."
        )
        if "adam_seeds" in results.tables:
            seeds = results.of("adam_seeds", model=model, variable=variable)
            findings.append(
                f"{cell_title(model, variable)}: two initialisations of Adam have {100 * seeds['share'].mean():.0f} % of "
                "their top units in common."
            )
    return findings


def _controls(results: Results) -> list[str]:
    return [
        f"{cell_title(row.model, row.variable)}: {control_name(row)} shares "
        f"{_corrected(row.control_corrected_fe)} (p {p_text(row.control_p_fe)}), the model itself "
        f"{_corrected(row.corrected_fe)}; units in all languages: {row.control_units_in_all} and {row.units_in_all}."
        for row in results.of("controls", method=results.headline).itertuples()
    ]


def _corrected(fe: float) -> str:
    return (
        "what can't be divided by permuted ratings' none"
        if pd.isna(fe)
        else f"{fe:.2f} times what permuted ratings give"
    )


def control_name(row: Any) -> str:
    """Return what a control is, from its row of the table ``controls``."""
    return (
        "the same model with random weights"
        if row.kind == "untrained"
        else f"the control {row.control.removeprefix('builtin:')}"
    )


def covariates(rows: pd.DataFrame) -> str:
    """Return what was partialled out, from the rows of the table ``confounds``."""
    return listing(_COVARIATES.get(name, name) for name in dict.fromkeys(" ".join(rows["covariates"]).split()))
