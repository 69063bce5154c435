"""Do the shared units work in an unseen language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlingua.report.results import Results, cell_title
from interlingua.report.style import COLOURS, GREY, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return each unseen language's distribution of |t| with the shared units marked, and its caption."""
    if "transfer" not in results.tables:
        return None
    units = results.tables["transfer_units"]
    shared = results.of("transfer", method=results.headline)
    cells = [
        (model, variable, language)
        for model, variable in results.cells
        for language in results.study.get("unseen", [])
        if len(shared[(shared["model"] == model) & (shared["variable"] == variable) & (shared["language"] == language)])
    ]
    if not cells:
        return None
    figure, axes = panels(len(cells), height=2.9)
    for axis, (model, variable, language) in zip(axes, cells, strict=True):
        where = {"model": model, "variable": variable, "language": language}
        layer = results.layer(model, variable)
        all_units = units
        marked = shared
        for column, value in where.items():
            all_units = all_units[all_units[column] == value]
            marked = marked[marked[column] == value]
        all_units = all_units[all_units["layer"] == layer]
        axis.hist(all_units["t_cluster"].abs(), bins=30, color="#cfd5dd", edgecolor="white")
        top = axis.get_ylim()[1]
        heights = [-0.06 * top] * len(marked)
        axis.plot(marked["t_cluster"].abs(), heights, "|", color=COLOURS[5], markersize=11, label="shared units")
        axis.set_ylim(-0.12 * top, top)
        axis.axvline(
            float(all_units["t_cluster"].abs().median()), color=GREY, linestyle="--", label="median of the layer"
        )
        axis.set_title(f"{results.names[language]}: {cell_title(model, variable)}, layer {layer}", fontsize=9)
        axis.set_xlabel("|t| with word-clustered errors")
        axis.set_ylabel("units of the layer")
        axis.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor="none")
    caption = (
        "Single units as predictors in languages that took no part in choosing them. Grey: |t| of every unit of the layer "
        "(ordinary least squares, errors clustered by word); marks below: the units of the highest-degree intersection. What "
        "counts is where a mark stands among the layer's other units, not whether it is 'significant'."
    )
    return figure, caption
