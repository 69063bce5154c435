"""What is told of how firm the choice of units is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlingua.report.results import Results
from interlingua.report.style import GREY, colour, marker, panels
from interlingua.report.words import Row, Section, Shown, cell_title, listing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return how often the units at the top are there again with other words."""
    repeated = results.of("stability_summary", model=model, variable=variable)
    repeated = repeated[repeated["mean_frequency"].notna()]
    rows, which = repeated[repeated["method"] == results.headline], ""
    if rows.empty:  # the headline's ranking can't be repeated, or has no unit
        rows, which = repeated[repeated["method"] == "correlation"], f" by {results.label('correlation')}"
    return [
        Row(
            "Does the choice of units hang on single words?",
            f"The words are resampled, {_draws(results)} times (other words altogether would agree less)",
            f"A unit of the top{which} is there again in {100 * row.mean_frequency:.0f} % of the draws",
            f"half of these units in {100 * row.median_frequency:.0f} % or more",
        )
        for row in rows.itertuples()
    ]


def section(results: Results) -> Section:
    """Return how firm it is against other words, other seeds, another ranking and another size of the top."""
    findings = []
    for model, variable in results.cells:
        summary = results.of("stability_summary", model=model, variable=variable)
        repeated = summary[summary["mean_frequency"].notna()]
        if len(repeated):
            again = listing(
                f"{100 * row.mean_frequency:.0f} % ({results.label(row.method)})" for row in repeated.itertuples()
            )
            findings.append(
                f"{cell_title(model, variable)}: a unit that is among the top is so again in {again} of {_draws(results)} "
                "bootstrap draws of the words."
            )
        findings += [
            f"{cell_title(model, variable)}: two initialisations of Adam have {100 * share:.0f} % of their top units in common."
            for share in summary["seeds_share"].dropna()
        ]
    curve = results.of("k_curve", method=results.headline)
    agreement = results.table("method_agreement")
    of_curve = "model variable method k expected mean_overlap mean_fe same_sign"
    of_agreement = "model variable language method_a method_b shared k same_sign"
    shown = (
        Shown("Fold enrichment by the size of the top", "k_curve", curve, of_curve),
        Shown("What two rankings of a language have in common", "method_agreement", agreement, of_agreement),
    )
    return Section(findings, ("k_curve",), tuple(one for one in shown if len(one.frame)))


def draw_k_curve(results: Results) -> tuple[Figure, str] | None:
    """Return the mean fold enrichment by the size of the top for every ranking, and its caption."""
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
                curve["mean_fe"],
                color=colour(number),
                marker=marker(number),
                markersize=4,
                label=results.label(method),
            )
        axis.axhline(1, color=GREY, linestyle="--")
        axis.set_xlabel("units at the top (k)")
        axis.set_ylabel("mean fold enrichment")
        axis.set_ylim(bottom=0)
        axis.set_title(cell_title(model, variable))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    caption = "Mean fold enrichment over pairs of languages for other sizes of the top set, by ranking. Dashed: independent sets."
    return figure, caption


FIGURES = {"k_curve": draw_k_curve}


def _draws(results: Results) -> int:
    return int(results.study["scrutiny"]["stability"])
