"""Every language left out in turn, and the overlap by the size of the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interlingua.report.results import PROBE_NAMES, Results, cell_title
from interlingua.report.style import COLOURS, GREY, MARKERS, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_left_out(results: Results) -> tuple[Figure, str] | None:
    """Return r in each left-out language beside random sets of units, and its caption."""
    if "leave_one_out" not in results.tables:
        return None
    table = results.of("leave_one_out", method=results.headline)
    cells = [cell for cell in results.cells if len(table[(table["model"] == cell[0]) & (table["variable"] == cell[1])])]
    if not cells:
        return None
    figure, axes = panels(len(cells), height=1.2 + 0.3 * table["language"].nunique())
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = table[(table["model"] == model) & (table["variable"] == variable)].sort_values("r_zero_shot")
        y = np.arange(len(rows))
        reach = [rows["r_zero_shot"] - rows["r_zero_shot_low"], rows["r_zero_shot_high"] - rows["r_zero_shot"]]
        axis.errorbar(
            rows["r_zero_shot"], y, xerr=reach, fmt=MARKERS[0], color=COLOURS[0], markersize=5, label="shared units"
        )
        axis.scatter(rows["random_r_zero_shot"], y, color=GREY, marker=MARKERS[1], s=18, zorder=3, label="random units")
        axis.set_yticks(y, [results.names[code] for code in rows["language"]])
        axis.set_xlabel("Pearson r over words, no training in the language")
        axis.set_title(cell_title(model, variable))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    units = sorted(set(table["n_units"]))
    caption = (
        f"Every language left out in turn: units and weights come from all the others ({units[0]} units; bars: 95 % "
        "bootstrap intervals over words). Squares: the mean of random sets of as many units of the layer, weighted in the "
        "same way."
    )
    return figure, caption


def draw_k_curve(results: Results) -> tuple[Figure, str]:
    """Return the mean fold enrichment by the size of the top for every ranking, and its caption."""
    table = results.tables["k_curve"]
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
                color=COLOURS[number],
                marker=MARKERS[number],
                markersize=4,
                label=PROBE_NAMES.get(method, method),
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
