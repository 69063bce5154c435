"""What is told of the control models."""

from __future__ import annotations

from typing import Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.words import Row, Section, Shown, cell_title, p_text, short


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return a row for each control of a model."""
    found = []
    for row in results.of("controls", model=model, variable=variable, method=results.headline).itertuples():
        in_all = f"units in all languages: {row.control_units_in_all} there, {row.units_in_all} here"
        if pd.isna(row.fe_ratio):
            answer, sure = "Not tested: no unit is shared there or here", in_all
        else:
            answer = (
                f"{'Yes' if row.fe_ratio_low > 1 else 'Not shown'}: {row.control_corrected_fe:.2f} times as many shared units "
                f"as on permuted ratings there, {row.corrected_fe:.2f} times here"
            )
            sure = f"{row.fe_ratio:.2f} times as many"
            if pd.notna(row.fe_ratio_low):
                sure += f" (95 % interval {row.fe_ratio_low:.2f} to {row.fe_ratio_high:.2f})"
            sure += f"; {in_all}"
        question = "Is it learnt?" if row.kind == "untrained" else f"Is it more than {short(row.control)} has?"
        found.append(Row(question, f"The same analysis of {_name(row)}; languages are resampled", answer, sure))
    return found


def section(results: Results) -> Section:
    """Return every model beside its controls."""
    findings = [
        f"{cell_title(row.model, row.variable)}: {_name(row)} shares {_corrected(row.control_corrected_fe)} "
        f"(p {p_text(row.control_p_fe)}), the model itself {_corrected(row.corrected_fe)}; units in all languages: "
        f"{row.control_units_in_all} and {row.units_in_all}."
        for row in results.of("controls", method=results.headline).itertuples()
    ]
    columns = (
        "model variable method control corrected_fe control_corrected_fe control_p_fe fe_ratio fe_ratio_low fe_ratio_high "
        "units_in_all control_units_in_all same_sign control_same_sign r_top control_r_top"
    )
    title = "Beside models that can't know the languages"
    return Section(findings, (), (Shown(title, "controls", results.table("controls"), columns),))


def _name(row: Any) -> str:
    """Return what a control is."""
    return "the same model with random weights" if row.kind == "untrained" else f"the control {short(row.control)}"


def _corrected(fe: float) -> str:
    if pd.isna(fe):
        return "a number that can't be compared, as permuted ratings share none"
    return f"{fe:.2f} times what permuted ratings give"
