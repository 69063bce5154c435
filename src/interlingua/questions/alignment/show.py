"""What is told of sharing and performance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from interlingua.report.results import Results
from interlingua.report.style import SMALL, colour, marker, panels
from interlingua.report.words import LEVEL, Row, Section, Shown, cell_title, listing, p_text, signed, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def glance_of_all(results: Results) -> list[Row]:
    """Return whether languages that share more do better, and whether they do without the flagged ones."""
    where = {"method": results.headline, "source": "simpler"}
    models = results.of("flagged_alignment", **where)
    if models.empty:
        models = results.of("alignment_models", **where).assign(languages="all")
    return [_answer(results, row) for row in models[models["estimate"].notna()].itertuples()]


def _answer(results: Results, row: Any) -> Row:
    interval = f"; 95 % interval {signed(row.ci_low, 4)} to {signed(row.ci_high, 4)}" if pd.notna(row.ci_low) else ""
    without = listing(results.names[code] for code in row.languages.split()[1:])
    return Row(
        f"And without {without}?" if without else "Do languages that share more do better?",
        f"{row.formula} (mpo: mean number of units shared with another language; r: {_read(results)}), languages permuted",
        f"{_verdict(row)}: r changes by {signed(row.estimate, 4)} with each unit more that a language shares with another on average",
        f"p {p_text(row.p_permutation)}{interval}",
    )


def _read(results: Results) -> str:
    """Return whose r it is: not the cross-fitted one of the layer."""
    points = results.of("alignment_points", method=results.headline).drop_duplicates(["probe", "reads"])
    probes = listing(f"{results.label(row.probe)}, {row.reads}" for row in points.itertuples())
    return f"{probes}, over test words' sentences"


def _verdict(row: Any) -> str:
    """Return what the permutation of languages says."""
    if pd.isna(row.p_permutation):
        return "Can't be told"
    if row.p_permutation >= LEVEL:
        return "Not shown"
    return "Yes" if row.estimate > 0 else "No, they do worse"


def caveats(results: Results) -> list[str]:
    """Return whose r it is, where there is any."""
    if results.of("alignment_points", method=results.headline).empty:
        return []
    return [
        f"r here is that of {_read(results)}: not the cross-fitted r of the chosen layer that the report leads with."
    ]


def section(results: Results) -> Section:
    """Return what the mixed models say, and whether flagged languages carry it."""
    models = _with_sound_p(results.table("alignment_models"))
    findings = [_finding(row) for row in models[models["method"] == results.headline].itertuples()]
    flagged = _with_sound_p(results.table("flagged_alignment"))
    tables = (
        Shown(
            "Sharing and performance, by ranking",
            "alignment_models",
            models,
            "method formula n estimate se t ci_low ci_high p_permutation df p",
        ),
        Shown(
            "Sharing and performance with and without the flagged languages",
            "flagged_alignment",
            flagged[flagged["estimate"].notna()],
            "method formula languages estimate t p_permutation p",
        ),
    )
    return Section(findings, ("alignment",), tables)


def _finding(row: Any) -> str:
    if pd.isna(row.estimate):
        return f"{row.formula}: {row.note}"
    text = f"{row.formula}: B = {signed(row.estimate, 4)} (SE {row.se:.4f}, t = {signed(row.t, 2)}"
    if pd.notna(row.ci_low):
        text += f"; 95 % interval over languages {signed(row.ci_low, 4)} to {signed(row.ci_high, 4)}"
    if pd.notna(row.p_permutation):
        text += f"; permutation of languages p {p_text(row.p_permutation)}"
    if pd.notna(row.p):
        text += f"; Satterthwaite's df = {row.df:.2f}, p {p_text(row.p)}, which rejects too often"
    return f"{text}). {row.note}"


def _with_sound_p(models: pd.DataFrame) -> pd.DataFrame:
    """Return the mixed models with Satterthwaite's df and p only where they have to stand.

    That is in the paper's model, for comparison with the paper, and where no permutation p could be had: in simulations
    Satterthwaite's p rejects too often, the permutation of languages does not (``docs/method.md``). The result
    tables have both.
    """
    better = models["p_permutation"].notna() & (models["source"] != "paper")
    return models.assign(df=models["df"].mask(better), p=models["p"].mask(better))


def draw(results: Results) -> tuple[Figure, str]:
    """Return Figure 4 and its caption: r against mean pairwise overlap, a point a language."""
    cells = results.cells
    figure, axes = panels(len(cells))
    shown = []
    for number, (axis, (model, variable)) in enumerate(zip(axes, cells, strict=True)):
        where = {"model": model, "variable": variable, "method": results.headline}
        points = results.of("alignment_points", **where)
        shown.append(len(points))
        axis.scatter(points["mpo"], points["r"], color=colour(number), marker=marker(number), s=26, zorder=3)
        for point in points.dropna(subset="r").itertuples():
            axis.annotate(
                point.language, (point.mpo, point.r), xytext=(4, 3), textcoords="offset points", fontsize=SMALL
            )
        ends = np.array([points["mpo"].min(), points["mpo"].max()])
        for line in results.of("alignment_lines", **where).itertuples():
            axis.plot(ends, line.intercept + line.slope * ends, color=colour(number), linewidth=1, alpha=0.6)
        axis.set_title(cell_title(model, variable))
        axis.set_xlabel("mean pairwise overlap (units)")
        axis.set_ylabel(f"Pearson r, {points['reads'].iloc[0]}")
        axis.margins(0.12)
    caption = (
        f"Sharing and performance (the paper's Figure 4): {span(pd.Series(shown))} languages a panel. Lines: least "
        "squares within the panel, to guide the eye; the tests stand in the table."
    )
    return figure, caption


FIGURES = {"alignment": draw}
