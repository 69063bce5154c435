"""What is told of checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.style import colour, marker, panels
from interlingua.report.words import Section, Shown, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVES = (("rho", "rho_low", "rho_high", "ρ̄: similarity of languages"), ("mean_r", "mean_low", "mean_high", "mean r"))


def section(results: Results) -> Section:
    """Return what the earliest and the latest checkpoint share, and when half of it was there."""
    findings = [_finding(row) for row in results.table("checkpoints_summary").itertuples()]
    columns = "model variable step layer mean_r mean_low mean_high rho rho_low rho_high mean_fe"
    table = Shown("Checkpoints in the order of training", "checkpoints", results.table("checkpoints"), columns)
    return Section(findings, ("checkpoints",) if findings else (), (table,))


def _finding(row: Any) -> str:
    text = f"{row.variable}: from step {row.first_step:,} to step {row.last_step:,} "
    text += f"mean r {_course(row.first_r, row.last_r)}, ρ̄ {_course(row.first_rho, row.last_rho)}."
    if pd.notna(row.half_r) and pd.notna(row.half_rho):
        text += f" Half of the last r is there at step {row.half_r:,}, half of the last ρ̄ at step {row.half_rho:,}."
    return text


def _course(first: float, last: float) -> str:
    """Return where a number goes from and to, as far as these can be told."""
    if pd.isna(first) and pd.isna(last):
        return "can't be told of either"
    return f"goes from {_value(first)} to {_value(last)}"


def _value(value: float) -> str:
    return "unknown" if pd.isna(value) else signed(value, 3)


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return how ρ̄ and r go over training, a panel a variable, and the caption."""
    table = results.table("checkpoints")
    if table.empty:
        return None
    variables = list(dict.fromkeys(table["variable"]))
    figure, axes = panels(len(variables), height=3.2)
    for axis, variable in zip(axes, variables, strict=True):
        rows = results.of("checkpoints", variable=variable)
        for number, (name, low, high, label) in enumerate(_CURVES):
            look = {"color": colour(number), "marker": marker(number), "markersize": 4}
            axis.plot(rows["step"], rows[name], label=label, **look)
            axis.fill_between(rows["step"], rows[low], rows[high], color=colour(number), alpha=0.15)
        axis.set_xscale("symlog", linthresh=max(1, int(rows["step"][rows["step"] > 0].min())))
        axis.set_title(str(variable))
        axis.set_xlabel("training step")
        axis.set_ylabel("ρ̄, Pearson r")
        axis.legend(loc="best")
    return figure, (
        "Sharing over training: how similar languages are in where they encode the rating (ρ̄), and how well it can be read (mean "
        "cross-fitted r), each in the layer that the checkpoint's own cross-validation chooses. Bands: 95 % intervals over languages."
    )


FIGURES = {"checkpoints": draw}
