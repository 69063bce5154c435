"""Do languages share units: the pairwise map, high-degree intersections, units by number of languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interlingua.report.results import PROBE_NAMES, Results, cell_title
from interlingua.report.style import COLOURS, GREY, INK, MARKERS, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Intersections drawn in one panel.
MOST_INTERSECTIONS = 15


def draw_pairs(results: Results) -> tuple[Figure, str]:
    """Return the map of fold enrichments over pairs of languages, and its caption."""
    cells = results.cells
    pairs = results.of("pairs", method=results.headline)
    n = pairs["language_a"].nunique() + 1
    figure, axes = panels(len(cells), width=1.8 + 0.45 * n, height=1.5 + 0.42 * n)
    top = max(2.0, float(pairs["fe"].max()))
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = pairs[(pairs["model"] == model) & (pairs["variable"] == variable)]
        codes = list(dict.fromkeys([*rows["language_a"], *rows["language_b"]]))
        place = {code: position for position, code in enumerate(codes)}
        grid = np.full((len(codes), len(codes)), np.nan)
        for row in rows.itertuples():
            i, j = sorted((place[row.language_a], place[row.language_b]))
            grid[j, i] = row.fe
        image = axis.imshow(grid, cmap="cividis", vmin=0, vmax=top)
        for row in rows.itertuples():
            i, j = sorted((place[row.language_a], place[row.language_b]))
            mark = "*" if row.p_bh < 0.05 else ""
            colour = "white" if row.fe < 0.55 * top else INK
            axis.text(i, j, f"{row.observed}{mark}", ha="center", va="center", fontsize=7.5, color=colour)
        axis.set_xticks(range(len(codes)), codes)
        axis.set_yticks(range(len(codes)), codes)
        axis.grid(visible=False)
        axis.set_title(f"{cell_title(model, variable)}, layer {results.layer(model, variable)}")
        figure.colorbar(image, ax=axis, shrink=0.7, label="fold enrichment")
    expected = sorted({round(value, 2) for value in pairs["expected"]})
    caption = (
        f"Units shared by each pair of languages; ranking: {PROBE_NAMES.get(results.headline, results.headline)}. Numbers: "
        f"shared units ({' or '.join(f'{value:g}' for value in expected)} expected were the sets independent and uniform); "
        "colour: observed over expected; *: p < .05 in the super exact test after Benjamini-Hochberg over the pairs."
    )
    return figure, caption


def draw_intersections(results: Results) -> tuple[Figure, str]:
    """Return the intersections of the highest degrees as an UpSet-like matrix, and its caption."""
    cells = results.cells
    figure, axes = panels(len(cells), width=6.2, height=4.6, columns=1)
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = results.of("overlap", model=model, variable=variable, method=results.headline)
        rows = rows[rows["observed"] > 0].sort_values(["degree", "observed", "p"], ascending=[False, False, True])
        rows = rows.head(MOST_INTERSECTIONS)
        codes = list(dict.fromkeys(results.of("pairs", model=model, variable=variable)["language_a"]))
        codes += [
            c for c in results.of("pairs", model=model, variable=variable)["language_b"].unique() if c not in codes
        ]
        axis.set_title(f"{cell_title(model, variable)}, layer {results.layer(model, variable)}")
        axis.set_axis_off()
        bars = axis.inset_axes((0.0, 0.52, 1.0, 0.44))
        matrix = axis.inset_axes((0.0, 0.0, 1.0, 0.46), sharex=bars)
        x = np.arange(len(rows))
        bars.bar(x, rows["observed"], color=COLOURS[0], width=0.6)
        for position, (observed, fe) in enumerate(zip(rows["observed"], rows["fe"], strict=True)):
            bars.text(position, observed, f"{fe:,.3g}×", ha="center", va="bottom", fontsize=6.5, rotation=35)
        bars.set_ylabel("units in all")
        bars.set_ylim(0, 1.25 * max(rows["observed"].max(), 1))
        bars.tick_params(labelbottom=False)
        for position, members in enumerate(rows["languages"]):
            inside = [codes.index(code) for code in members.split()]
            matrix.scatter([position] * len(codes), range(len(codes)), s=14, color="#dfe3e8", zorder=1)
            matrix.scatter([position] * len(inside), inside, s=16, color=INK, zorder=2)
            matrix.plot([position, position], [min(inside), max(inside)], color=INK, linewidth=1, zorder=2)
        matrix.set_yticks(range(len(codes)), [results.names[code] for code in codes], fontsize=7)
        matrix.set_xticks([])
        matrix.set_xlabel("sets of languages")
        matrix.grid(visible=False)
        matrix.invert_yaxis()
    caption = (
        f"The {MOST_INTERSECTIONS} intersections of the highest degree (inclusive: a unit of eight languages also counts in "
        "each set of seven of them). Bars: units in the top of all marked languages; above: fold enrichment over "
        "independent uniform sets."
    )
    return figure, caption


def draw_degrees(results: Results) -> tuple[Figure, str]:
    """Return the number of units shared by at least d languages against chance, and its caption."""
    cells = results.cells
    degrees = results.tables["degrees"]
    methods = list(dict.fromkeys(degrees["method"]))
    figure, axes = panels(len(cells))
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = degrees[(degrees["model"] == model) & (degrees["variable"] == variable)]
        for number, method in enumerate(methods):
            of_method = rows[rows["method"] == method]
            axis.plot(
                of_method["n_languages"],
                of_method["observed"].where(of_method["observed"] > 0),
                color=COLOURS[number],
                marker=MARKERS[number],
                markersize=4,
                label=PROBE_NAMES.get(method, method),
            )
        chance = rows[rows["method"] == methods[0]]
        axis.plot(chance["n_languages"], chance["expected"], color=GREY, linestyle="--", label="chance (uniform)")
        axis.set_yscale("log")
        axis.set_ylim(bottom=0.005)
        axis.set_xlabel("in the top of at least so many languages")
        axis.set_ylabel("units")
        axis.set_title(cell_title(model, variable))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    caption = (
        "Units in the top set of at least so many languages, by ranking; dashed: the number expected if every language "
        "drew its set at random (logarithmic scale; a curve ends where no unit is left)."
    )
    return figure, caption
