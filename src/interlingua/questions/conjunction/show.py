"""What is told of the units that carry the rating in several languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlingua.report.results import Results
from interlingua.report.style import colour, marker, panels
from interlingua.report.words import Row, Section, Shown, cell_title, signed, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def claim(results: Results, model: str, variable: str) -> str:
    """Return how many units are shown to carry the rating in all, and in most, languages."""
    row = _summary(results, model, variable)
    if row is None:
        return ""
    if not row.in_two:
        return f" No unit is shown to carry {variable} (|r| above {_r(row.least)}) in two languages or more."
    text = f" {_units(row.in_all)} shown to carry it (|r| above {_r(row.least)}) in all {row.n_languages}"
    if row.n_languages == 2:
        return f"{text[: -len('all 2')]}both languages."
    if row.most < row.n_languages:
        text += f", {row.in_most} in {row.most} or more"
    return f"{text}, {row.in_two} in two or more."


def _summary(results: Results, model: str, variable: str) -> Any:
    return next(results.of("conjunction_summary", model=model, variable=variable).itertuples(), None)


def _units(number: int) -> str:
    return "No unit is" if not number else "1 unit is" if number == 1 else f"{number} units are"


def _r(value: float) -> str:
    return f"{value:g}".replace("0.", ".", 1)


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return in how many languages units carry the rating."""
    question = "Which units carry it?"
    row = _summary(results, model, variable)
    test = "Partial conjunction over languages with a least correlation, false discoveries over units below 5 %"
    if row is None:
        return [Row(question, test, "Not tested: fewer than two languages are rated", "–")]
    every = "both" if row.n_languages == 2 else f"all {row.n_languages}"
    answer = f"{row.in_all} of {row.width} units in {every} languages"
    if row.most < row.n_languages:
        answer += f", {row.in_most} in {row.most} or more"
    sure = f"|r| above {_r(row.least)}; unit {row.best_unit} has {signed(row.best_r, 2)} or more everywhere"
    if row.linked:
        sure += "; words are linked between languages: a test that holds under any dependence"
    return [Row(question, test, answer, sure)]


def section(results: Results) -> Section:
    """Return in how many languages units carry the rating, on a grid, and what units add to each other."""
    findings = []
    for model, variable in results.cells:
        row, title = _summary(results, model, variable), cell_title(model, variable)
        if row is None:
            findings.append(f"{title}: fewer than two languages are rated.")
            continue
        findings.append(
            f"{title}, layer {row.layer}:{claim(results, model, variable)}{_both(results, model, variable)}"
        )
    units = results.table("conjunction_units")
    tables = (
        Shown(
            "Units by number of languages and least correlation",
            "conjunction",
            results.of("conjunction", chosen=True),
            "model variable layer at_least n_languages least n_units n_independent n_any width",
        ),
        Shown(
            "Units that carry it in two languages or more",
            "conjunction_units",
            units[units["carried_by"] >= 2].sort_values("least_r", ascending=False, kind="stable"),
            "model variable unit sign carried_by mean_r least_r p_all p_most",
        ),
        Shown(
            "Units that carry it, and units that add to the others",
            "carries",
            results.table("carries"),
            "model variable language n_words n_carry n_add width",
        ),
    )
    return Section(findings, ("conjunction",), tuple(shown for shown in tables if len(shown.frame)))


def _both(results: Results, model: str, variable: str) -> str:
    """Return both counts: units that carry the rating, and units that a sparse probe needs."""
    rows = results.of("carries", model=model, variable=variable)
    text = f" In a single language {span(rows['n_carry'])} of {rows['width'].iloc[0]} units go with it at all"
    added = rows["n_add"].dropna()
    if len(added):
        text += (
            f"; a sparse probe gives {span(added)} a weight (they add to the others, though which ones do is not identified after "
            "layer normalisation)"
        )
    return f"{text}."


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return the number of units by number of languages, a line a least correlation, and the caption."""
    cells = [cell for cell in results.cells if _summary(results, *cell) is not None]
    if not cells:
        return None
    figure, axes = panels(len(cells), height=3.0)
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = results.of("conjunction", model=model, variable=variable, chosen=True)
        for number, least in enumerate(sorted(set(rows["least"]))):
            of_least = rows[rows["least"] == least].sort_values("at_least")
            axis.plot(
                of_least["at_least"],
                of_least["n_units"],
                color=colour(number),
                marker=marker(number),
                label=f"|r| above {_r(least)}",
            )
        axis.set_ylim(bottom=0)
        axis.set_xticks(sorted(set(rows["at_least"])))
        axis.set_xlabel("in at least so many languages")
        axis.set_ylabel("units")
        axis.set_title(f"{cell_title(model, variable)}, layer {results.layer(model, variable)}")
        axis.legend()
    caption = (
        "Units that are shown to carry the rating, by the number of languages and the least correlation that counts (false "
        "discovery rate .05 over the layer's units)."
    )
    return figure, caption


FIGURES = {"conjunction": draw}
