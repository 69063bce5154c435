"""Figure 4: sharing and performance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interlingua.report.results import Results, cell_title
from interlingua.report.style import COLOURS, MARKERS, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(results: Results) -> tuple[Figure, str]:
    """Return Figure 4 and its caption: r against mean pairwise overlap, a point a language."""
    points = results.of("alignment_points", method=results.headline)
    cells = results.cells
    figure, axes = panels(len(cells))
    for number, (axis, (model, variable)) in enumerate(zip(axes, cells, strict=True)):
        rows = points[(points["model"] == model) & (points["variable"] == variable)]
        colour = COLOURS[number % len(COLOURS)]
        axis.scatter(rows["mpo"], rows["r"], color=colour, marker=MARKERS[number % len(MARKERS)], s=26, zorder=3)
        for row in rows.itertuples():
            axis.annotate(row.language, (row.mpo, row.r), xytext=(4, 3), textcoords="offset points", fontsize=8)
        if rows["mpo"].nunique() > 1:
            slope, intercept = np.polyfit(rows["mpo"], rows["r"], 1)
            ends = np.array([rows["mpo"].min(), rows["mpo"].max()])
            axis.plot(ends, intercept + slope * ends, color=colour, linewidth=1, alpha=0.6)
        axis.set_title(cell_title(model, variable))
        axis.set_xlabel("mean pairwise overlap (units)")
        axis.set_ylabel(f"Pearson r, {rows['reads'].iloc[0]}")
        axis.margins(0.12)
    caption = (
        f"Sharing and performance (the paper's Figure 4): {points['language'].nunique()} languages a panel. Lines: least "
        "squares within the panel, to guide the eye; the tests stand in the table."
    )
    return figure, caption
