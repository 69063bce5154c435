"""Figure 3: performance by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlingua.report.results import PROBE_NAMES, Results, cell_title
from interlingua.report.style import COLOURS, GREY, INK, MARKERS, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE_NAMES = {"layer": "a probe a layer", "zeroed": "whole-network probe, other layers zeroed"}


def draw(results: Results) -> tuple[Figure, str]:
    """Return Figure 3 and its caption: mean r by layer for every probe and kind of curve, languages behind."""
    cells = results.cells
    curves = [curve for curve in CURVE_NAMES if len(results.of("probes", curve=curve))]
    figure, axes = panels(len(curves) * len(cells), height=3.2)
    for number, (model, variable) in enumerate(cells):
        for axis, curve in zip(axes[len(curves) * number :], curves, strict=False):
            rows = results.of("probes", model=model, variable=variable, curve=curve)
            lead = "ridge" if "ridge" in set(rows["probe"]) else rows["probe"].iloc[0]
            for _, of_language in rows[rows["probe"] == lead].groupby("language", sort=False):
                axis.plot(of_language["layer"], of_language["r"], color=GREY, linewidth=0.6, alpha=0.7)
            for index, (probe, of_probe) in enumerate(rows.groupby("probe", sort=False)):
                mean = of_probe.groupby("layer")["r"].mean()
                axis.plot(
                    mean.index,
                    mean,
                    color=COLOURS[index],
                    marker=MARKERS[index],
                    markersize=3.5,
                    linewidth=1.8,
                    label=PROBE_NAMES[str(probe)],
                )
            axis.axvline(results.layer(model, variable), color=INK, linewidth=0.8, linestyle=":")
            axis.set_title(f"{cell_title(model, variable)}: {CURVE_NAMES[curve]}", fontsize=9)
            axis.set_xlabel("layer (0 = embeddings)")
            axis.set_ylabel("Pearson r")
            axis.legend(loc="best")
    n = results.tables["probes"]["language"].nunique()
    caption = (
        f"Performance by layer (the paper's Figure 3). Thick lines: mean r over {n} languages for each probe; thin grey "
        "lines: single languages (of ridge where it was fitted); dotted: the layer whose units are compared. "
    )
    if len(curves) == 2:
        caption += (
            "Left: a probe of its own for each layer. Right: the paper's figure, the whole-network probe with all other "
            "layers zeroed when it is tested. "
        )
    caption += "No smoothing (the paper fits polynomials of degree 8)."
    return figure, caption
