"""What is told of languages left out in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from interlingua.report.results import Results
from interlingua.report.style import GREY, colour, marker, panels
from interlingua.report.words import Row, Section, Shown, between, cell_title, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return in how many languages the others' units and weights are better than random units."""
    question = "Do the units of other languages predict a language?"
    test = "Every language is left out in turn: units and weights from the others, against random units"
    where = {"model": model, "variable": variable, "method": results.headline}
    rows, summary = results.of("leave_one_out", **where), results.of("leave_one_out_summary", **where)
    if rows.empty:
        return [Row(question, test, "Not tested: fewer than three languages are rated", "–")]
    if not rows["n_units"].max():
        return [Row(question, test, "Not tested: no unit carries the rating", "–")]
    return [
        Row(
            question,
            test,
            f"Better than 95 % of random sets in {summary['better_than_95'].iloc[0]} of "
            f"{summary['n_languages'].iloc[0]} languages",
            f"r {between(rows['r_zero_shot'])} without any training in the language (random units: "
            f"{between(rows['random_r_zero_shot'])})",
        )
    ]


def section(results: Results) -> Section:
    """Return how well each language is predicted by the others."""
    findings = []
    for model, variable in results.cells:
        title = cell_title(model, variable)
        where = {"model": model, "variable": variable, "method": results.headline}
        rows, summary = results.of("leave_one_out", **where), results.of("leave_one_out_summary", **where)
        if rows.empty:
            findings.append(f"{title}: fewer than three languages are rated, so none could be left out.")
            continue
        if not rows["n_units"].max():
            findings.append(
                f"{title}: by {results.label(results.headline)} no unit carries the rating, so no language's units could be "
                "tried in another."
            )
            continue
        findings.append(
            f"{title}: units and weights taken from all other languages predict the one left out with "
            f"r {between(rows['r_zero_shot'])} over words (random units of the layer, weighted alike: "
            f"{between(rows['random_r_zero_shot'])}); better than 95 % of the random sets in "
            f"{summary['better_than_95'].iloc[0]} of {summary['n_languages'].iloc[0]} languages."
        )
        findings += [f"{title}: {told}" for told in _without_linked(rows)]
    columns = (
        "model variable method language n_units r_zero_shot r_zero_shot_low r_zero_shot_high random_r_zero_shot "
        "percentile_r_zero_shot r_zero_shot_unlinked n_words_unlinked r_set random_r_set median_percentile"
    )
    of_headline = results.of("leave_one_out", method=results.headline)
    tables = (Shown("Every language left out in turn", "leave_one_out", of_headline, columns),)
    return Section(findings, ("leave_one_out",), tables if len(of_headline) else ())


def _without_linked(rows: pd.DataFrame) -> list[str]:
    """Say what r is without words that are translations of the other languages' training words, where there are any."""
    linked = rows[rows["n_words_unlinked"] < rows["n_words"]]
    if linked.empty:
        return []
    told = linked["r_zero_shot_unlinked"].dropna()
    if told.empty:
        return [
            "nearly all words are linked to a training word of another language, so r could not be had without them: what is "
            "predicted may be known from translations."
        ]
    return [
        f"over the words that are linked to no training word of the other languages ({span(rows['n_words_unlinked'])} of "
        f"{span(rows['n_words'])}) r is {between(rows['r_zero_shot_unlinked'])}."
    ]


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return r in each left-out language beside random sets of units, and its caption."""
    table = results.of("leave_one_out", method=results.headline)
    cells = [cell for cell in results.cells if len(table[(table["model"] == cell[0]) & (table["variable"] == cell[1])])]
    if not cells or not table["n_units"].max():
        return None
    figure, axes = panels(len(cells), height=1.2 + 0.3 * table["language"].nunique())
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = table[(table["model"] == model) & (table["variable"] == variable)].sort_values("r_zero_shot")
        y = np.arange(len(rows))
        reach = [rows["r_zero_shot"] - rows["r_zero_shot_low"], rows["r_zero_shot_high"] - rows["r_zero_shot"]]
        axis.errorbar(
            rows["r_zero_shot"], y, xerr=reach, fmt=marker(0), color=colour(0), markersize=5, label="shared units"
        )
        axis.scatter(rows["random_r_zero_shot"], y, color=GREY, marker=marker(1), s=18, zorder=3, label="random units")
        axis.set_yticks(y, [results.names[code] for code in rows["language"]])
        axis.set_xlabel("Pearson r over words, no training in the language")
        axis.set_title(cell_title(model, variable))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    caption = (
        f"Every language left out in turn: units and weights come from all the others ({span(table['n_units'])} units; bars: "
        "95 % intervals over words). Squares: the mean of random sets of as many units of the layer, weighted in "
        "the same way."
    )
    return figure, caption


FIGURES = {"leave_one_out": draw}
