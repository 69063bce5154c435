"""What the report's main part tells of top units: beside the nulls, and by other rankings."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import pandas as pd

from interlingua.questions.sharing.shown import nulls_of
from interlingua.questions.sharing.verdict import Outcome
from interlingua.report.results import Results
from interlingua.report.story import Brief, Panel, Place, Tile
from interlingua.report.style import GREY, colour, marker
from interlingua.report.words import distinct, listing, p_text

#: Whose choice a ranking is.
PAPERS = {"elastic-net": " (the paper's)"}
#: What is said of the signs of shared units, before the p of both.
_SIGNS = {
    Outcome.BOTH: ", signs alike",
    Outcome.NUMBER: ", signs not shown",
    Outcome.SIGNS: ", not shown",
    Outcome.NEITHER: ", not shown",
}
#: Characters of a name beside a chart's row.
_LINE = 18


def tile(results: Results, place: Place) -> Tile | None:
    """Return how many times as many units pairs share as under the null that gives most."""
    where = {**place, "method": results.headline}
    nulls = [row for row in nulls_of(results.of("null", **where)) if pd.notna(row.corrected_fe)]
    if not nulls:
        return None
    first = nulls[0]
    return Tile(
        "Top units in common",
        f"{first.corrected_fe:.2f} ×",
        f"p {p_text(first.p_shared)} from {first.draws} draws",
        f"as many units at the top of pairs of languages as with {results.label(first.null)}",
        "as many as ratings drawn by chance give",
    )


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return what pairs share of their top units beside the nulls (Shared?), and by other rankings (Firm?)."""
    return _other_rankings(results, place) if chapter == "firm" else _beside_nulls(results, place)


def _beside_nulls(results: Results, place: Place) -> Brief | None:
    rows = results.of("null", **place, method=results.headline)
    nulls = [row for row in nulls_of(rows) if pd.notna(row.corrected_fe)]
    if not nulls:
        return None
    times = listing(f"{row.corrected_fe:.2f}" for row in nulls)
    p = distinct(p_text(row.p_shared) for row in nulls)
    these = "these" if _named_before(results, place) else f"with {listing(results.label(row.null) for row in nulls)}"
    return Brief(
        f"Pairs share {times} times as many top units as {these}{_SIGNS[Outcome.of(nulls)]} (p {p}).",
        _panel(results, rows, "null"),
    )


def _named_before(results: Results, place: Place) -> bool:
    """Return whether the chapter has named the nulls already, where it speaks of rho-bar."""
    rows = results.of("similarity", **place, words="all", chosen=True)
    return bool(rows["rho"].notna().any()) and not results.of("similarity_null", **place).empty


def _other_rankings(results: Results, place: Place) -> Brief | None:
    """Return by which rankings sharing is shown, and by which it is not."""
    rows = results.of("null", **place)
    by_method = {method: nulls_of(of_method) for method, of_method in rows.groupby("method", sort=False)}
    if len(by_method) < 2:
        return None
    shown = {method: Outcome.of(nulls) is Outcome.BOTH for method, nulls in by_method.items()}
    no = listing(f"{results.label(method)}{PAPERS.get(method, '')}" for method in shown if not shown[method])
    if all(shown.values()):
        text = "By every ranking top units are shared beyond chance"
    elif not any(shown.values()):
        text = "By no ranking are top units shown to be shared beyond chance"
    else:
        text = f"By {no} sharing of top units is not shown, by the others it is"
    most = nulls_of(results.of("null", **place, method=results.headline))
    null = most[0].null if most else next(iter(by_method.values()))[0].null
    return Brief(f"{text}.", _panel(results, rows[rows["null"] == null], "method"))


def _panel(results: Results, rows: pd.DataFrame, by: str) -> Panel:
    """Return what draws the observed fold enrichment beside that of the draws, a row a null or a ranking."""
    every = list(rows.sort_values(by, key=lambda names: names == "permuted", kind="stable").itertuples())

    def draw(axis: Any) -> None:
        for number, row in enumerate(every):
            axis.plot(
                [row.null_fe_low, row.null_fe_high], [number, number], color=GREY, linewidth=2.5, solid_capstyle="butt"
            )
            axis.plot([row.null_fe], [number], marker=marker(2), color=GREY, linestyle="none")
            axis.plot([row.mean_fe], [number], marker=marker(0), color=colour(0), linestyle="none", markersize=5)
        axis.set_yticks(range(len(every)), [fill(results.label(getattr(row, by)), _LINE) for row in every])
        axis.set_ylim(len(every) - 0.5, -0.5)
        axis.set_xlim(left=0)
        axis.set_xlabel("units shared by pairs, over independent sets")
        axis.grid(visible=False, axis="y")

    drawn = "each null" if by == "null" else f"{results.label(every[0].null)}, by ranking"
    return Panel(draw, f"top units that pairs share (points) beside {drawn} (triangles: mean; bars: 95 % of draws).")
