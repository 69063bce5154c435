"""The figures of edits: dose-response by language, languages x languages, and layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interlingua.report.results import Results
from interlingua.report.style import GREY, SMALL, Shades, colour, map_panels, marker, panels
from interlingua.report.words import cell_title, short, signed, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _cells(results: Results, table: str) -> list[tuple[str, str]]:
    return [cell for cell in results.cells if len(results.of(table, model=cell[0], variable=cell[1]))]


def draw_doses(results: Results) -> tuple[Figure, str] | None:
    """Return the dose-response of each language beside matched sets, and its caption."""
    cells = _cells(results, "causal_doses")
    every = [
        (model, variable, str(code))
        for model, variable in cells
        for code in results.of("causal_doses", model=model, variable=variable)["language"].unique()
    ]
    if not every:
        return None
    figure, axes = panels(len(every), height=1.5, columns=5)
    for axis, (model, variable, code) in zip(axes, every, strict=True):
        rows = results.of("causal_doses", model=model, variable=variable, language=code)
        for number, (readout, of_readout) in enumerate(rows.groupby("readout", sort=False)):
            line = of_readout.sort_values("dose")
            if not number:
                axis.fill_between(
                    line["dose"],
                    line["matched_low"],
                    line["matched_high"],
                    color=GREY,
                    alpha=0.35,
                    label="matched sets",
                )
            reach = [line["shift"] - line["shift_low"], line["shift_high"] - line["shift"]]
            axis.errorbar(
                line["dose"], line["shift"], yerr=reach, color=colour(number), marker="o", markersize=3, label=readout
            )
        axis.axhline(0, color=GREY, linewidth=0.6)
        # What all panels have in common is left out.
        of_cell = [short(model)] * (len({cell[0] for cell in cells}) > 1) + [variable] * (
            len({cell[1] for cell in cells}) > 1
        )
        axis.set_title(", ".join([results.names[code], *of_cell]), fontsize=SMALL)
    furthest = max(abs(value) for axis in axes for value in axis.get_ylim())
    for axis in axes:
        axis.set_ylim(-furthest, furthest)
    for axis in axes[-5:]:
        axis.set_xlabel("dose (SD)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    figure.supylabel("change of the reading (SD)", fontsize=SMALL)
    caption = (
        f"What is read when {span(results.table('causal_doses')['n_units'])} units that the other languages choose are shifted, all "
        "in the direction that those say, by a number of SDs. Bars: 95 % intervals over words. Grey: 95 % of control sets, matched "
        "unit by unit in SD and mean, as predicted for the first readout."
    )
    return figure, caption


def draw_pairs(results: Results) -> tuple[Figure, str] | None:
    """Return the effect of units that one language chooses alone in every other one, and its caption."""
    every = results.table("causal_pairs")
    maps = list(every.groupby(["model", "variable", "readout"], sort=False))
    if not maps:
        return None
    figure, axes = map_panels(len(maps), every["language"].nunique())
    for axis, ((model, variable, readout), rows) in zip(axes, maps, strict=True):
        grid = rows.pivot(index="chosen_in", columns="language", values="effect")
        grid = grid.reindex(index=rows["chosen_in"].unique(), columns=rows["language"].unique())
        values = grid.to_numpy(np.float64)
        shades = Shades(float(np.nanmax(np.abs(values))))
        shades.draw(axis, values)
        for at, value in np.ndenumerate(values):
            axis.text(at[1], at[0], signed(value, 2), ha="center", va="center", fontsize=6, color=shades.ink(value))
        axis.set_xticks(
            range(len(grid.columns)), [results.names[code] for code in grid.columns], rotation=60, ha="right"
        )
        axis.set_yticks(range(len(grid.index)), [results.names[code] for code in grid.index])
        axis.grid(visible=False)
        axis.set_xlabel("edited in")
        axis.set_ylabel("chosen in")
        axis.set_title(f"{cell_title(model, variable)}, layer {results.layer(model, variable)}, {readout}")
    caption = (
        "Units chosen in one language alone (rows), with its signs, shifted by one SD in each language (columns): predicted change of "
        "the readout there, in SDs of the rating (probe) or of its own readings. On the diagonal a language's own units."
    )
    return figure, caption


def draw_sweep(results: Results) -> tuple[Figure, str] | None:
    """Return what the units of every layer do, a line a site beside matched sets, and its caption; for the first site only."""
    if results.site not in ("", results.sites[0]):
        return None
    whole = results.at("").table("causal_sweep")
    parts = list(whole.groupby(["model", "variable", "readout"], sort=False))
    if not parts:
        return None
    figure, axes = panels(len(parts), height=2.4)
    for axis, ((model, variable, readout), rows) in zip(axes, parts, strict=True):
        for number, (site, of_site) in enumerate(rows.groupby("site", sort=False)):
            line = of_site.sort_values("layer")
            reach = [line["effect"] - line["effect_low"], line["effect_high"] - line["effect"]]
            label = results.label(str(site))
            axis.fill_between(line["layer"], line["matched_low"], line["matched_high"], color=colour(number), alpha=0.2)
            axis.errorbar(
                line["layer"],
                line["effect"],
                yerr=reach,
                color=colour(number),
                marker=marker(number),
                markersize=3,
                label=label,
            )
        axis.axhline(0, color=GREY, linewidth=0.6)
        axis.set_title(f"{cell_title(model, variable)}, {readout}")
        axis.set_xlabel("layer")
        axis.set_ylabel("change of the reading (SD)")
        axis.xaxis.get_major_locator().set_params(integer=True)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    caption = (
        "Units that the other languages choose in a layer, shifted by one SD there: predicted change of the readout, mean over languages "
        "(bars: 95 % intervals over languages). Shaded: 95 % of matched sets of the same layer."
    )
    return figure, caption
