"""What is told of how firm the choice of units is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.story import Brief, Place
from interlingua.report.style import GREY, colour, marker, panels
from interlingua.report.words import Row, Section, Shown, cell_title, plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return what two halves of a language's words share at the top."""
    repeated = results.of("stability_summary", model=model, variable=variable)
    repeated = repeated[repeated["mean_frequency"].notna()]
    rows, which = repeated[repeated["method"] == results.headline], ""
    if rows.empty:  # the headline's ranking can't be repeated, or has no unit
        rows, which = repeated[repeated["method"] == "correlation"], f" by {results.label('correlation')}"
    return [
        Row(
            "How firm is the choice of units against other words?",
            "Two halves of a language's words, which have none in common (each is half as long as the list that chooses units)",
            f"Halves share {row.halves_shared:.1f} of {plural(int(row.k), 'unit')}{which}; by chance {row.halves_expected:.1f}{_others(results, row)}",
            f"least in {results.names[row.halves_lowest_language]}, {row.halves_lowest:.1f}; with words drawn anew, two thirds of "
            f"them the same, a unit is there again in {100 * row.mean_frequency:.0f} % of {_draws(results)} draws",
        )
        for row in rows.itertuples()
    ]


def _others(results: Results, row: Any) -> str:
    """Return what halves share by the other rankings."""
    rows = results.of("stability_summary", model=row.model, variable=row.variable)
    rows = rows[rows["mean_frequency"].notna() & (rows["method"] != row.method)]
    told = [f"{results.label(other.method)} {other.halves_shared:.1f}" for other in rows.itertuples()]
    return f" (by other rankings: {', '.join(told)})" if told else ""


def section(results: Results) -> Section:
    """Return how firm it is against other words, other seeds, another ranking and another size of the top."""
    findings = []
    for model, variable in results.cells:
        summary = results.of("stability_summary", model=model, variable=variable)
        for row in summary[summary["mean_frequency"].notna()].itertuples():
            beside = (
                ""
                if pd.isna(row.pairs_shared)
                else f"; two languages, on twice as many words each, {row.pairs_shared:.1f}"
            )
            findings.append(
                f"{cell_title(model, variable)}, {results.label(row.method)}: two halves of a language's words share "
                f"{row.halves_shared:.1f} of {plural(int(row.k), 'unit')} (by chance {row.halves_expected:.1f}; least in "
                f"{results.names[row.halves_lowest_language]}, {row.halves_lowest:.1f}){beside}. When words are drawn anew, two "
                f"thirds of them the same, a unit is at the top again in {100 * row.mean_frequency:.0f} % of {_draws(results)} draws."
            )
        findings += [
            f"{cell_title(model, variable)}: two initialisations of Adam have {100 * share:.0f} % of their top units in common."
            for share in summary["seeds_share"].dropna()
        ]
    curve = results.of("k_curve", method=results.headline)
    agreement = results.table("method_agreement")
    of_curve = "model variable method k expected mean_overlap beyond_chance mean_fe same_sign"
    of_agreement = "model variable language method_a method_b shared k same_sign"
    halves = results.of("stability_halves", method=results.headline)
    of_halves = "model variable language n_words k expected shared shared_low shared_high same_sign"
    shown = (
        Shown("What two halves of a language's words share", "stability_halves", halves, of_halves),
        Shown("What languages share, by the size of the top", "k_curve", curve, of_curve),
        Shown("What two rankings of a language have in common", "method_agreement", agreement, of_agreement),
    )
    return Section(findings, ("k_curve",), tuple(one for one in shown if len(one.frame)))


def draw_k_curve(results: Results) -> tuple[Figure, str] | None:
    """Return what pairs share beyond chance by the size of the top for every ranking, and its caption."""
    table = results.table("k_curve")
    if table.empty:
        return None
    cells = results.cells
    figure, axes = panels(len(cells))
    methods = list(dict.fromkeys(table["method"]))
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = table[(table["model"] == model) & (table["variable"] == variable)]
        for number, method in enumerate(methods):
            curve = rows[rows["method"] == method]
            axis.plot(
                curve["k"],
                curve["beyond_chance"],
                color=colour(number),
                marker=marker(number),
                markersize=4,
                label=results.label(method),
            )
        axis.axhline(0, color=GREY, linestyle="--")
        axis.set_xlabel("units at the top (k)")
        axis.set_ylabel("shared beyond chance")
        axis.set_ylim(top=1)
        axis.set_title(cell_title(model, variable))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    caption = (
        "What pairs of languages share beyond chance for other sizes of the top set, by ranking: (shared - expected) / (k - "
        "expected), 0 for independent sets (dashed), 1 for equal ones. Fold enrichment itself falls with k by arithmetic: it "
        "can't exceed the layer's width over k."
    )
    return figure, caption


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return how many units two halves of a language's words share."""
    rows = results.of("stability_summary", **place, method=results.headline)
    for row in rows[rows["mean_frequency"].notna()].itertuples():
        return Brief(
            f"Halves of a language's words share {row.halves_shared:.1f} of {plural(int(row.k), 'top unit')} (by chance {row.halves_expected:.1f})."
        )
    return None


FIGURES = {"k_curve": draw_k_curve}


def _draws(results: Results) -> int:
    return int(results.study["scrutiny"]["stability"])
