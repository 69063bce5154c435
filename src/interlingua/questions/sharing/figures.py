"""Do languages share units: the pairwise map, and units by number of languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interlingua.report.results import Results
from interlingua.report.style import GREY, SMALL, Shades, colour, map_panels, marker, panels
from interlingua.report.words import cell_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: From so many languages on units are told of: where languages share units, fewer are at the top of one or two.
LEAST_DEGREE = 3
#: How curves of nulls are drawn, the first first.
LINES = ("--", ":", "-.")


def draw_pairs(results: Results) -> tuple[Figure, str]:
    """Return the map of fold enrichments over pairs of languages, and its caption."""
    cells = results.cells
    pairs = results.of("pairs", method=results.headline)
    judged = results.of("pairs_judged", method=results.headline, shares=True)
    share = set(judged[["model", "variable", "language_a", "language_b"]].itertuples(index=False, name=None))
    n = pairs["language_a"].nunique()
    figure, axes = map_panels(len(cells), n)
    shades = Shades(max(2.0, float(pairs["fe"].max())))
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = pairs[(pairs["model"] == model) & (pairs["variable"] == variable)]
        codes = list(dict.fromkeys([*rows["language_a"], *rows["language_b"]]))
        place = {code: position for position, code in enumerate(codes)}
        # The lower triangle: no row for the first language, no column for the last.
        grid = np.full((len(codes) - 1, len(codes) - 1), np.nan)
        for row in rows.itertuples():
            i, j = sorted((place[row.language_a], place[row.language_b]))
            grid[j - 1, i] = row.fe
            mark = "*" if (model, variable, row.language_a, row.language_b) in share else ""
            number = f"{row.observed}{mark}"
            axis.text(i, j - 1, number, ha="center", va="center", fontsize=SMALL, color=shades.ink(row.fe))
        image = shades.draw(axis, grid)
        axis.set_xticks(range(len(codes) - 1), codes[:-1])
        axis.set_yticks(range(len(codes) - 1), codes[1:])
        axis.grid(visible=False)
        axis.spines[["left", "bottom"]].set_visible(False)
        axis.tick_params(length=0)
        axis.set_title(f"{cell_title(model, variable)}, layer {results.layer(model, variable)}")
        figure.colorbar(image, ax=axis, shrink=0.7, label="fold enrichment")
    expected = sorted({round(value, 2) for value in pairs["expected"]})
    caption = (
        f"Units shared by each pair of languages; ranking: {results.label(results.headline)}. Numbers: "
        f"shared units ({' or '.join(f'{value:g}' for value in expected)} expected were the sets independent and uniform); "
        "colour: observed over expected"
        + (
            "; *: p < .05 under every null, each after Benjamini-Hochberg over the pairs (the nulls differ by pair, so the colour is no test)."
            if len(results.of("pairs_judged", method=results.headline))
            else "; nothing was drawn to judge pairs by."
        )
    )
    return figure, caption


def draw_degrees(results: Results) -> tuple[Figure, str] | None:
    """Return the number of units shared by at least d languages against chance, and its caption; None below three."""
    from matplotlib.ticker import MaxNLocator

    cells = results.cells
    degrees, nulls = (
        table[table["n_languages"] >= LEAST_DEGREE]
        for table in (results.table("degrees"), results.of("null_degrees", method=results.headline))
    )
    if degrees.empty:
        return None
    methods = list(dict.fromkeys(degrees["method"]))
    figure, axes = panels(len(cells))
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = degrees[(degrees["model"] == model) & (degrees["variable"] == variable)]
        for number, method in enumerate(methods):
            of_method = rows[rows["method"] == method]
            axis.plot(
                of_method["n_languages"],
                of_method["observed"].where(of_method["observed"] > 0),
                color=colour(number),
                marker=marker(number),
                markersize=4,
                label=results.label(method),
            )
        own = nulls[(nulls["model"] == model) & (nulls["variable"] == variable)]
        for number, null in enumerate(dict.fromkeys(own["null"])):
            of_null = own[own["null"] == null]
            drawn = of_null["null_mean"].where(of_null["null_mean"] > 0)
            dashes = LINES[number % len(LINES)]
            axis.plot(of_null["n_languages"], drawn, color=GREY, linestyle=dashes, label=results.label(null))
        axis.set_yscale("log")
        axis.set_ylim(bottom=0.005)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set_xlabel("in the top of at least so many languages")
        axis.set_ylabel("units")
        axis.set_title(cell_title(model, variable))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    caption = (
        "Units in the top set of at least so many languages, by ranking"
        + (f"; grey: mean over draws of a null, ranking: {results.label(results.headline)}" if len(nulls) else "")
        + " (logarithmic scale; a curve ends where no unit is left)."
    )
    return figure, caption
