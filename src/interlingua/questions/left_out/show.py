"""What is told of languages left out in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from interlingua.report.results import Results
from interlingua.report.story import Brief, Panel, Place, Tile, place_title
from interlingua.report.style import GREY, colour, marker, panels
from interlingua.report.words import Row, Section, Shown, between, cell_title, listing, signed, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: From this percentile among the random sets on a set counts as better, as in `compute`.
_BETTER = 95
#: So many languages in which it is not are named.
_MOST_NAMED = 4
#: Beside one unit, how many the claim tells of.
_FEW = 5
#: The numbers of units that are tried whatever the size of the top.
_WORDS = {1: "one unit", 3: "three units", 5: "five units", 10: "ten units", 20: "twenty units", 40: "forty units"}


def claim(results: Results, model: str, variable: str) -> str:
    """Return how well a language is predicted by the best units of the others, without any training in it."""
    rows = results.of("zero_shot_summary", model=model, variable=variable)
    if rows.empty:
        return ""
    first = next(rows.sort_values("n_units").itertuples())
    which = "" if pd.isna(first.first_unit) else f" (unit {results.unit(first.model, first.first_unit)} in each case)"
    text = (
        f" The one unit that the other languages choose first{which} predicts a language that was left out of the choice with r = "
        f"{signed(first.mean_r, 2)} over words (random units: {signed(first.random_r, 2)} on average{_reach(results, first)})"
    )
    for row in rows[rows["n_units"] == _FEW].itertuples():
        text += f", the first {_WORDS[_FEW]} with {signed(row.mean_r, 2)} ({signed(row.random_r, 2)})"
    *_, last = rows.sort_values("n_units").itertuples()
    if last.n_units > _FEW:
        many = _top(results, model, variable)
        text += (
            f"; all {many} with {signed(last.mean_r, 2)}, any {many} units of the layer with {signed(last.random_r, 2)}"
        )
    return f"{text}."


def _top(results: Results, model: str, variable: str) -> str:
    """Return how many units the others choose."""
    return span(results.of("leave_one_out", model=model, variable=variable, method=results.headline)["n_units"])


def _reach(results: Results, row: Any) -> str:
    """Return how far the best of the random units reach."""
    high = results.of("zero_shot", model=row.model, variable=row.variable, n_units=row.n_units)["random_high"]
    return "" if high.empty else f"; 2.5 % of random units reach {between(high)} or more, by language"


def caveats(results: Results) -> list[str]:
    """Return how well any units do that are as many as those at the top."""
    found = []
    for model, variable in results.cells:
        rows = results.of("zero_shot_summary", model=model, variable=variable).sort_values("n_units")
        found += [
            f"{cell_title(model, variable)}: any {_top(results, model, variable)} of the layer's units together predict the rating with r "
            f"{signed(row.random_r, 2)}: compare with random sets of the same size, not with zero."
            for row in rows.tail(1).itertuples()
        ]
    return found


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return in how many languages the others' units and weights are better than random units."""
    question = "Do the units of other languages predict a language?"
    test = "Every language is left out in turn: units and weights from the others, against random units"
    where = {"model": model, "variable": variable, "method": results.headline}
    rows, summary = results.of("leave_one_out", **where), results.of("leave_one_out_summary", **where)
    if rows.empty:
        return [Row(question, test, "Not tested: fewer than three languages are rated", "–")]
    if not rows["n_units"].max():
        return [Row(question, test, "Not tested: no unit carries the rating", "–")]
    return [
        Row(
            question,
            test,
            f"Better than 95 % of random sets in {summary['better_than_95'].iloc[0]} of "
            f"{summary['n_languages'].iloc[0]} languages{_no_better(results, rows)}",
            f"r {between(rows['r_zero_shot'])} without any training in the language (random units: "
            f"{between(rows['random_r_zero_shot'])})",
        ),
        *_few(results, model, variable),
    ]


def _no_better(results: Results, rows: pd.DataFrame) -> str:
    """Return the languages in which the chosen set is no better than most random ones, with its place among them."""
    others = rows[rows["percentile_r_zero_shot"] < _BETTER]
    if others.empty or len(others) > _MOST_NAMED:
        return ""
    named = [
        f"{results.names[row.language]} (percentile {row.percentile_r_zero_shot:.0f})" for row in others.itertuples()
    ]
    return f", not in {listing(named)}"


def _few(results: Results, model: str, variable: str) -> list[Row]:
    rows = results.of("zero_shot_summary", model=model, variable=variable).sort_values("n_units")
    told = [  # in words: how many are tried is no result
        f"{_WORDS.get(row.n_units, 'as many as at the top')}: {signed(row.mean_r, 2)} ({signed(row.random_r, 2)})"
        for row in rows.itertuples()
    ]
    if not told:
        return []
    first = next(rows.itertuples())
    return [
        Row(
            "How few of them are enough?",
            "The same with the first units only; in brackets random units, weighted alike",
            f"r without training, mean over languages: {'; '.join(told)}",
            f"the first unit is better than 95 % of random ones in {first.better_than_95} of {first.n_languages} languages"
            f"{_reach(results, first)}; the languages' own probes of the layer have {signed(first.ceiling, 2)}",
        )
    ]


def section(results: Results) -> Section:
    """Return how well each language is predicted by the others."""
    findings = []
    for model, variable in results.cells:
        title = cell_title(model, variable)
        where = {"model": model, "variable": variable, "method": results.headline}
        rows, summary = results.of("leave_one_out", **where), results.of("leave_one_out_summary", **where)
        if rows.empty:
            findings.append(f"{title}: fewer than three languages are rated, so none could be left out.")
            continue
        if not rows["n_units"].max():
            findings.append(
                f"{title}: by {results.label(results.headline)} no unit carries the rating, so no language's units could be "
                "tried in another."
            )
            continue
        findings.append(
            f"{title}: units and weights taken from all other languages predict the one left out with "
            f"r {between(rows['r_zero_shot'])} over words (random units of the layer, weighted alike: "
            f"{between(rows['random_r_zero_shot'])}); better than 95 % of the random sets in "
            f"{summary['better_than_95'].iloc[0]} of {summary['n_languages'].iloc[0]} languages"
            f"{_no_better(results, rows)}."
        )
        findings += [f"{title}: {told}" for told in _without_linked(rows)]
    columns = (
        "model variable method language n_units r_zero_shot r_zero_shot_low r_zero_shot_high random_r_zero_shot "
        "percentile_r_zero_shot r_zero_shot_unlinked n_words_unlinked r_set random_r_set median_percentile"
    )
    of_headline = results.of("leave_one_out", method=results.headline)
    tables = (
        Shown("Every language left out in turn", "leave_one_out", of_headline, columns),
        Shown(
            "By the first units only",
            "zero_shot_summary",
            results.table("zero_shot_summary"),
            "model variable n_units mean_r mean_low mean_high random_r better_than_95 n_languages ceiling first_unit",
        ),
    )
    return Section(findings, ("zero_shot", "leave_one_out"), tuple(shown for shown in tables if len(shown.frame)))


def _without_linked(rows: pd.DataFrame) -> list[str]:
    """Say what r is without words that are translations of the other languages' training words, where there are any."""
    linked = rows[rows["n_words_unlinked"] < rows["n_words"]]
    if linked.empty:
        return []
    told = linked["r_zero_shot_unlinked"].dropna()
    if told.empty:
        return [
            "nearly all words are linked to a training word of another language, so r could not be had without them: what is "
            "predicted may be known from translations."
        ]
    return [
        f"over the words that are linked to no training word of the other languages ({span(rows['n_words_unlinked'])} of "
        f"{span(rows['n_words'])}) r is {between(rows['r_zero_shot_unlinked'])}."
    ]


def draw_curve(results: Results) -> tuple[Figure, str] | None:
    """Return r without training by the number of units, and its caption; None where no language was left out."""
    cells = [place for place in results.places if len(results.of("zero_shot", **place))]
    if not cells:
        return None
    figure, axes = panels(len(cells), height=2.4)
    for axis, place in zip(axes, cells, strict=True):
        _draw_curve(results, place, axis)
        axis.set_title(f"{place_title(place)}, layer {results.layer(**place)}")
    caption = (
        "How few units are enough: each language is predicted by the first units and the weights of all the others. Thick: mean "
        "over languages; thin: single languages; grey: random units of the layer, weighted alike; dashed: cross-fitted r of the "
        "languages' own probes of the whole layer."
    )
    return figure, caption


def _draw_curve(results: Results, place: Place, axis: Any) -> None:
    """Draw how well languages are predicted, by the number of units."""
    for _, rows in results.of("zero_shot", **place).groupby("language", sort=False):
        axis.plot(rows["n_units"], rows["r"], color=colour(0), linewidth=0.5, alpha=0.45)
    means = results.of("zero_shot_summary", **place).sort_values("n_units")
    axis.plot(means["n_units"], means["mean_r"], color=colour(0), marker=marker(0), label="the others' units")
    axis.plot(means["n_units"], means["random_r"], color=GREY, marker=marker(1), label="random units")
    if means["ceiling"].notna().any():
        axis.plot(means["n_units"], means["ceiling"], color=colour(1), linestyle="--", label="own probe of the layer")
    axis.set_xscale("log")
    axis.set_xticks(means["n_units"], [f"{n}" for n in means["n_units"]])
    axis.minorticks_off()
    axis.set_ylim(top=1)
    axis.set_xlabel("units")
    axis.set_ylabel("Pearson r over words, no training")
    axis.legend(loc="lower right")


def tile(results: Results, place: Place) -> Tile | None:
    """Return how well the one unit that the others choose first predicts a language that is left out."""
    rows = results.of("zero_shot_summary", **place).sort_values("n_units")
    for first in rows.head(1).itertuples():
        which = "" if pd.isna(first.first_unit) else f" (unit {results.unit(first.model, first.first_unit)})"
        return Tile(
            "One unit, in a language left out",
            signed(first.mean_r, 2),
            f"a random unit: {signed(first.random_r, 2)}; more than 95 % of random ones in {first.better_than_95} of {first.n_languages} languages",
            f"correlation of predicted and true ratings by the unit that the other languages choose first{which}, without any training "
            "in the language",
            "correlation of predicted and true ratings, without training there",
        )
    return None


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return how well the others' first unit, and few of them, predict a language that is left out."""
    rows = results.of("zero_shot_summary", **place).sort_values("n_units")
    if rows.empty:
        return None
    first = next(rows.itertuples())
    text = (
        "Each language was left out in turn: the one unit that the others choose first predicts its ratings with a correlation of "
        f"{signed(first.mean_r, 2)}, a random unit with {signed(first.random_r, 2)}"
    )
    for row in rows[rows["n_units"] == _FEW].itertuples():
        text += f"; the first {_WORDS[_FEW]} with {signed(row.mean_r, 2)} ({signed(row.random_r, 2)})"
    caption = "how well each language is predicted by the first units of all others, without training in it (thin: single languages)."

    def draw_on(axis: Any) -> None:
        _draw_curve(results, place, axis)
        axis.set_ylabel("predicted with true ratings, correlation")

    return Brief(f"{text}.", Panel(draw_on, caption))


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return r in each left-out language beside random sets of units, and its caption."""
    table = results.of("leave_one_out", method=results.headline)
    cells = [cell for cell in results.cells if len(table[(table["model"] == cell[0]) & (table["variable"] == cell[1])])]
    if not cells or not table["n_units"].max():
        return None
    figure, axes = panels(len(cells), height=0.9 + 0.24 * table["language"].nunique())
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = table[(table["model"] == model) & (table["variable"] == variable)].sort_values("r_zero_shot")
        y = np.arange(len(rows))
        reach = [rows["r_zero_shot"] - rows["r_zero_shot_low"], rows["r_zero_shot_high"] - rows["r_zero_shot"]]
        axis.errorbar(
            rows["r_zero_shot"], y, xerr=reach, fmt=marker(0), color=colour(0), markersize=4, label="shared units"
        )
        axis.scatter(rows["random_r_zero_shot"], y, color=GREY, marker=marker(1), s=18, zorder=3, label="random units")
        axis.set_yticks(y, [results.names[code] for code in rows["language"]])
        axis.set_xlabel("Pearson r over words, no training in the language")
        axis.set_title(cell_title(model, variable))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    units = "unit" if table["n_units"].max() == 1 else "units"
    caption = (
        f"Every language left out in turn: units and weights come from all the others ({span(table['n_units'])} {units}; bars: "
        "95 % intervals over words). Squares: the mean of random sets of as many units of the layer, weighted in "
        "the same way."
    )
    return figure, caption


FIGURES = {"zero_shot": draw_curve, "leave_one_out": draw}
