"""What is told of the units that carry the rating in several languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlingua.report.results import Results
from interlingua.report.story import Brief, Heat, HeatRow, Lead, Place, Tile, unit_address
from interlingua.report.style import colour, marker, panels
from interlingua.report.words import Row, Section, Shown, cell_title, percents, signed, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: Stands for all layers together in the column of layers.
WHOLE = -1


def claim(results: Results, model: str, variable: str) -> str:
    """Return how many units are shown to carry the rating in all, and in most, languages."""
    row = _summary(results, model, variable)
    if row is None:
        return ""
    if not row.in_two:
        return f" No unit is shown to carry {variable} ({_least(row)}) in two languages or more."
    text = f" {_units(row.in_all)} shown to carry {variable} ({_least(row)}) in {_every(row)}"
    if row.most < row.n_languages:
        text += f", {row.in_most} in {row.most} or more"
    return f"{text}{_in_two(row)}."


def caveats(results: Results) -> list[str]:
    """Return how few directions the ratings lie in: units that go together are no separate witnesses."""
    shares = results.of("null_encoding", null="own codes")["first_components"]
    if shares.empty:
        return []
    return [
        f"Units are no independent evidence of each other: {percents(shares)} of the ratings' code lies in the layer's first five "
        "principal components, along which many units move together."
    ]


def _summary(results: Results, model: str, variable: str) -> Any:
    return next(results.of("conjunction_summary", model=model, variable=variable).itertuples(), None)


def _units(number: int) -> str:
    return "No unit is" if not number else "1 unit is" if number == 1 else f"{number} units are"


def _every(row: Any) -> str:
    return "both languages" if row.n_languages == 2 else f"all {row.n_languages} languages"


def _in_two(row: Any) -> str:
    return f", {row.in_two} in two or more" if row.n_languages > 2 else ""


def _least(row: Any) -> str:
    return f"|r| above {_r(row.least)}"


def _r(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return in how many languages units carry the rating."""
    question = "Which units carry it?"
    row = _summary(results, model, variable)
    test = (
        "Partial conjunction: is it so in at least so many of the languages? With a least correlation, false discovery rate over "
        "units < .05"
    )
    if row is None:
        return [Row(question, test, "Not tested: fewer than two languages are rated", "–")]
    if not row.in_two:
        return [Row(question, test, "No unit is shown to in two languages or more", f"{_least(row)}{_dependent(row)}")]
    answer = f"{row.in_all} of {row.width} units in {_every(row)}"
    if row.most < row.n_languages:
        answer += f", {row.in_most} in {row.most} or more"
    best = (
        f"unit {results.unit(row.model, row.best_unit)} (units are numbered through all layers) has the largest least correlation, {signed(row.best_r, 2)}, which "
        "is observed and not tested"
    )
    return [Row(question, test, f"{answer}{_in_two(row)}", f"{_least(row)}; {best}{_dependent(row)}")]


def _dependent(row: Any) -> str:
    if not row.linked:
        return ""
    return "; words are linked between languages, so the test is one that holds under any dependence"


def section(results: Results) -> Section:
    """Return in how many languages units carry the rating, on a grid, and what units add to each other."""
    findings = []
    for model, variable in results.cells:
        row, title = _summary(results, model, variable), cell_title(model, variable)
        if row is None:
            findings.append(f"{title}: fewer than two languages are rated.")
            continue
        told = claim(results, model, variable), _network(results, row), _both(results, model, variable)
        findings.append(f"{title}, layer {row.layer}:{''.join(told)}")
    units = results.table("conjunction_units")
    tables = (
        Shown(
            "Units by number of languages and least correlation",
            "conjunction",
            results.of("conjunction", chosen=True),
            "model variable layer at_least n_languages least n_units n_independent n_any width",
        ),
        Shown(
            "Units by number of languages, layer by layer",
            "conjunction",
            results.of("conjunction", default=True),
            "model variable layer at_least n_languages least n_units width",
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


def _network(results: Results, summary: Any) -> str:
    """Return the same of the units of all layers together."""
    where = {"model": summary.model, "variable": summary.variable, "layer": WHOLE, "default": True}
    by_number = {row.at_least: row for row in results.of("conjunction", **where).itertuples()}
    if not by_number:
        return ""
    every = by_number[max(by_number)]
    text = f" Of all {every.width} units of the network {every.n_units} in {_every(summary)}"
    if summary.n_languages > 2:
        text += f", {by_number[min(by_number)].n_units} in two or more"
    return f"{text}."


def _both(results: Results, model: str, variable: str) -> str:
    """Return both counts: units that carry the rating, and units that a sparse probe needs."""
    rows = results.of("carries", model=model, variable=variable)
    text = f" By itself, in a single language, the rating goes with {span(rows['n_carry'])} of {rows['width'].iloc[0]} units"
    added = rows["n_add"].dropna()
    if added.empty:
        return f"{text}; how many add to the others was not asked, as the study fits no sparse probe."
    return (
        f"{text}; a sparse probe gives {span(added)} a weight: so many add to the others, but which ones is not identified, as "
        "after layer normalisation units are linear functions of each other."
    )


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return the number of units by number of languages, a line a least correlation, and the caption."""
    cells = [cell for cell in results.cells if _summary(results, *cell) is not None]
    if not cells:
        return None
    figure, axes = panels(len(cells), height=2.3)
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


#: Units in the map: so many can be looked at on one screen.
MOST_UNITS = 10


def lead(results: Results, place: Place) -> Lead:
    """Return by how many units it is shared."""
    row = _summary(results, **place)
    if row is None:
        return Lead("")
    if not row.in_two:
        return Lead("No single unit is shown to carry it in two languages.")
    if row.in_all:
        carry = "carries" if row.in_all == 1 else "carry"
        return Lead(f"{row.in_all} of {row.width} single units {carry} it in {_all(row)}.")
    return Lead(f"No single unit is shown to carry it in {_all(row)}.")


def _all(row: Any) -> str:
    return "both" if row.n_languages == 2 else "all"


def tile(results: Results, place: Place) -> Tile | None:
    """Return the number of units that carry the rating in every language."""
    row = _summary(results, **place)
    if row is None:
        return None
    means = (
        f"units of layer {row.layer} that carry {place['variable']}: whose correlation r with it is shown to exceed ±{_r(row.least)} in "
        f"{_every(row)}"
    )
    head = "single units shown to go with the rating in all of them"
    return Tile(
        "Single units that carry it", f"{row.in_all} of {row.width}", "false discoveries below 5 %", means, head
    )


def heat(results: Results, place: Place) -> Heat | None:
    """Return the first units that carry it, by language; None where there are none."""
    row = _summary(results, **place)
    values = results.of("conjunction_r", **place)
    if row is None or values.empty:
        return None
    codes = list(dict.fromkeys(values["language"]))
    units = results.of("conjunction_units", **place)
    units = units[units["carried_by"] >= 2].sort_values(["carried_by", "least_r"], ascending=False, kind="stable")
    r = values.pivot(index="unit", columns="language", values="r")
    rows = [
        HeatRow(
            results.unit(place["model"], one.unit),
            unit_address(place, results.site, one.unit),
            f"{one.carried_by}",
            r.loc[one.unit, codes].tolist(),
        )
        for one in units.head(MOST_UNITS).itertuples()
    ]
    caption = (
        f"Units of layer {row.layer} that are shown to carry {place['variable']} in the most languages: their correlation r with "
        f"{place['variable']} in each language, over the words that units are chosen by (blue: the unit is higher at higher ratings; orange: lower). "
        "Units are numbered through all layers; a number opens one in the atlas."
    )
    return Heat(caption, "languages, at least", [(code, results.names[code]) for code in codes], rows)


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return which unit goes furthest, and that units are no witnesses by themselves."""
    row = _summary(results, **place)
    if row is None or not row.in_two:
        return None
    return Brief(
        f"The least |r| of unit {results.unit(row.model, row.best_unit)} in any language is {signed(row.best_r, 2)}."
    )


FIGURES = {"conjunction": draw}
