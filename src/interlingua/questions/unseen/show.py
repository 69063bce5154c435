"""What is told of unseen languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.story import Brief, Panel, Place, Tile
from interlingua.report.style import GREY, colour, marker, panels
from interlingua.report.words import (
    LEVEL,
    Row,
    Section,
    Shown,
    between,
    cell_title,
    listing,
    p_text,
    permuted,
    plural,
    span,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _least_draws(rows: pd.DataFrame) -> int:
    """Return with how many draws p is below .05 at all where it is corrected for these unseen languages."""
    return 20 * len(rows)


def _few(row: Any, rows: pd.DataFrame) -> str:
    """Return how few codes of its own are drawn."""
    languages = f", too few for {len(rows)} unseen languages" if row.own_draws and len(rows) > 1 else ""
    return f"the study draws {row.own_draws or 'no'} codes of its own{languages}"


def _p(rows: pd.DataFrame) -> str:
    """Return what the p that counts is called, of one or more languages."""
    return "corrected p" if len(rows) > 1 else "p"


def claim(results: Results, model: str, variable: str) -> str:
    """Return in which unseen languages the shared units do more than codes of the language's own would."""
    rows = results.of("transfer_summary", model=model, variable=variable, method=results.headline)
    rows = rows[rows["own_draws"] >= _least_draws(rows)]
    works = rows["p_replicated_holm"] < LEVEL
    working = [
        f"{row.n_replicated:.0f} of these {row.n_units} carry it in {results.names[row.language]} "
        f"({_p(rows)} {p_text(row.p_replicated_holm)})"
        for row in rows[works].itertuples()
    ]
    failing = [results.names[code] for code in rows.loc[~works, "language"]]
    text = ""
    if working:
        text = (
            f" With the sign that they have elsewhere and a |t| above 95 % of codes of the language's own, {listing(working)}, where "
            "units were not chosen; of the others this is not shown."
        )
    if failing:
        text += (
            f" That any of them carry it in {listing(failing)} is not shown: no more of them do so than where the language has a "
            "code of its own."
        )
    return text


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return a row for each unseen language, also for those in which nothing could be tested."""
    test = (
        "Units with the sign that they have elsewhere and a larger |t| than 95 % of codes of the language's own (regressions of word "
        "means in a language that took no part)"
    )
    untested = _untested(results, model, variable)
    found = []
    rows = results.of("transfer_summary", model=model, variable=variable, method=results.headline)
    for row in rows.itertuples():
        question = f"Do single units work in {results.names[row.language]}?"
        if row.language in untested:
            continue
        if row.own_draws < _least_draws(rows):
            answer = f"Can't be told: {_few(row, rows)}; p < .05 in {row.p_below_05} of {plural(row.n_units, 'unit')}"
            sure = f"and in {100 * row.baseline_share_p05_words:.0f} % of random units"
            found.append(Row(question, test, answer, sure))
            continue
        shown = "more than codes of its own would give; the others are not shown to"
        answer = (
            f"{row.n_replicated:.0f} of {row.n_units} do, "
            f"{shown if row.p_replicated_holm < LEVEL else 'not shown to be more than codes of its own would give'}"
        )
        sure = (
            f"{_codes(row.own_replicated, row.own_replicated_95)}; {_both_p(row, rows)}; {row.top_5_percent:.0f} are among the best 5 % of the layer "
            f"({_codes(row.own_top_5_percent, row.own_top_5_percent_95)}; p {p_text(row.p_top_5_percent)})"
        )
        found.append(Row(question, test, answer, sure))
    return found + [
        Row(f"Do single units work in {results.names[code]}?", test, "Not tested", reason)
        for code, reason in untested.items()
    ]


def _both_p(row: Any, rows: pd.DataFrame) -> str:
    """Return the p of the count, and the corrected one where several languages were asked."""
    plain = permuted(row.p_replicated, row.own_draws)
    if len(rows) == 1:
        return plain
    return f"{plain}, p {p_text(row.p_replicated_holm)} corrected for {len(rows)} languages (Holm)"


def _codes(mean: float, most: float) -> str:
    """Return what codes of the language's own give: the mean of the draws, and what 95 % of them have at most."""
    return f"codes of its own give {mean:.1f} on average, 95 % of draws {most:.0f} at most"


def _untested(results: Results, model: str, variable: str) -> dict[str, str]:
    """Return why the shared units could not be tested in an unseen language, by its code; only of those not tested."""
    rows = results.of("transfer_summary", model=model, variable=variable, method=results.headline)
    units = dict(zip(rows["language"], rows["n_units"], strict=True))
    reasons = {}
    for code in results.study.get("unseen", []):
        name = results.names[code]
        if code not in units:
            reasons[code] = f"{name} has no ratings of {variable}, so nothing could be tested there."
        elif not units[code]:
            reasons[code] = f"No unit is shared by two languages or more, so there is none to test in {name}."
    return reasons


def section(results: Results) -> Section:
    """Return how the shared units do in every unseen language, and why they could not be tested where they were not."""
    findings = [
        _finding(results, row, rows)
        for model, variable in results.cells
        for rows in (results.of("transfer_summary", model=model, variable=variable, method=results.headline),)
        for row in rows.itertuples()
        if row.n_units
    ]
    for model, variable in results.cells:
        reasons = _untested(results, model, variable).values()
        findings += [f"{cell_title(model, variable)}: {reason}" for reason in reasons]
    tested = results.of("transfer", method=results.headline)
    beside = results.of("transfer_own_codes", method=results.headline)
    columns = (
        "model variable language unit n_languages b t b_words t_words p_words percentile baseline_abs_b baseline_abs_t"
    )
    shown = [Shown("Table 2. Single units as predictors in unseen languages", "transfer", tested, columns)]
    if len(beside):
        columns = "model variable language unit sign_agrees p_own replicates"
        shown.append(Shown("The same units beside codes of the language's own", "transfer_own_codes", beside, columns))
    return Section(findings, ("transfer",), tuple(shown))


def _finding(results: Results, row: Any, rows: pd.DataFrame) -> str:
    where = f"{results.names[row.language]}, {cell_title(row.model, row.variable)}"
    by_words = (
        f"p < .05 over words ({row.n_words:,} words, {row.n:,} sentences) in {row.p_below_05} of {plural(row.n_units, 'unit')}, and in "
        f"{100 * row.baseline_share_p05_words:.0f} % of {row.random_units} random units "
        f"({100 * row.baseline_share_p05:.0f} % with the paper's ordinary errors)."
    )
    if row.own_draws < _least_draws(rows):
        return f"{where}: {by_words} What that shows can't be told: {_few(row, rows)}."
    verdict = (
        "more than a code of the language's own would give"
        if row.p_replicated_holm < LEVEL
        else "not more than a code of the language's own might give"
    )
    return (
        f"{where}: {row.n_agree:.0f} of {row.n_units} units have the sign that they have in the languages that share them, and "
        f"{row.n_replicated:.0f} of these a |t| above 95 % of what the same unit has with codes of its own, {verdict} "
        f"({_codes(row.own_replicated, row.own_replicated_95)}; {_both_p(row, rows)}). "
        f"{row.top_5_percent:.0f} stand among the best 5 % of the layer ("
        f"{_codes(row.own_top_5_percent, row.own_top_5_percent_95)}; p {p_text(row.p_top_5_percent)}); their median percentile is "
        f"{row.median_percentile:.0f} (own codes: {row.own_median_percentile:.0f}; p {p_text(row.p_median_percentile)}). "
        f"{by_words}"
    )


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return each unseen language's distribution of |t| with the shared units marked, and its caption."""
    shared = results.of("transfer", method=results.headline)
    places = list(dict.fromkeys(zip(shared["model"], shared["variable"], shared["language"], strict=True)))
    if not places:
        return None
    figure, axes = panels(len(places), height=2.3)
    for axis, (model, variable, language) in zip(axes, places, strict=True):
        where = {"model": model, "variable": variable, "language": language}
        layer = results.layer(model, variable)
        every = results.of("transfer_units", **where, layer=layer)
        marked = results.of("transfer", **where, method=results.headline)
        axis.hist(every["t_words"].abs(), bins=30, color="#cfd5dd", edgecolor="white")
        top = axis.get_ylim()[1]
        heights = [-0.06 * top] * len(marked)
        axis.plot(marked["t_words"].abs(), heights, "|", color=colour(5), markersize=9, label="shared units")
        axis.set_ylim(-0.12 * top, top)
        middle = float(every["t_words"].abs().median())
        axis.axvline(middle, color=GREY, linestyle="--", label="median of the layer")
        axis.set_title(f"{results.names[language]}: {cell_title(model, variable)}, layer {layer}")
        axis.set_xlabel("|t| over words")
        axis.set_ylabel("units of the layer")
        axis.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor="none")
    caption = (
        "Single units as predictors in languages that took no part in choosing them. Grey: |t| of every unit of the layer "
        "(word means, HC3 errors); marks below: the units of the highest-degree intersection. What counts is where a mark "
        "stands among the layer's other units, and what codes of the language's own would give, not whether it is "
        "'significant'."
    )
    return figure, caption


#: So many unseen languages are told of by name.
_NAMED = 3


def _beside_chance(results: Results, place: Place) -> Any:
    """Return the rows of unseen languages in which units were tested beside enough codes of the language's own."""
    rows = results.of("transfer_summary", **place, method=results.headline)
    return rows[(rows["own_draws"] >= _least_draws(rows)) & (rows["n_units"] > 0)]


def tile(results: Results, place: Place) -> Tile | None:
    """Return how many units work in each unseen language, beside codes of its own."""
    rows = _beside_chance(results, place)
    if rows.empty:
        return None
    units = rows["n_units"].iloc[0]
    if len(rows) > _NAMED:
        value = f"{span(rows['n_replicated'])} of {units}"
        sure = (
            f"in {len(rows)} languages; by chance {between(rows['own_replicated'])}; corrected p "
            f"{p_text(rows['p_replicated_holm'].min())} to {p_text(rows['p_replicated_holm'].max())}"
        )
    else:
        value = ", ".join(
            f"{results.names[row.language]} {row.n_replicated:.0f} of {units}" for row in rows.itertuples()
        )
        chance = listing(f"{row.own_replicated:.1f}" for row in rows.itertuples())
        sure = f"by chance {chance}; {_p(rows)} {listing(p_text(row.p_replicated_holm) for row in rows.itertuples())}"
    means = (
        f"of the {units} top units that the most languages share: how many go with {place['variable']} in a language that had no part in "
        "choosing them, more than 95 % of random codes of its own would (by chance: what those give on average)"
    )
    head = "top units that the most languages share which work there, too"
    return Tile("In languages that took no part", value, sure, means, head)


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return how many of the shared units work in every unseen language, beside codes of its own."""
    rows = _beside_chance(results, place)
    beside = set(rows["language"])
    untested = listing(results.names[code] for code in results.study["unseen"] if code not in beside)
    if rows.empty:
        return Brief(f"Whether single units work in {untested} can't be told: none is shared, or too little was drawn.")
    shown = rows["p_replicated_holm"] < LEVEL
    works = listing(results.names[code] for code in rows.loc[shown, "language"])
    fails = listing(results.names[code] for code in rows.loc[~shown, "language"])
    told = [
        f"in {works} more of them work than if the language had a random code ({_p(rows)} < .05)" if works else "",
        f"in {fails} this is not shown" if fails else "",
        f"of {untested} it can't be told" if untested else "",
    ]
    text = f"Of the {rows['n_units'].iloc[0]} top units that the most languages share, {'; '.join(filter(None, told))}."
    drawn = [
        (results.names[row.language], row.n_replicated, row.own_replicated, row.own_replicated_95)
        for row in rows.itertuples()
    ]

    def draw(axis: Any) -> None:
        for number, (_, real, mean, most) in enumerate(drawn):
            axis.plot([mean, most], [number, number], color=GREY, linewidth=2.5, solid_capstyle="butt")
            axis.plot([mean], [number], marker=marker(2), color=GREY, linestyle="none")
            axis.plot([real], [number], marker=marker(0), color=colour(0), linestyle="none", markersize=5)
        axis.set_yticks(range(len(drawn)), [name for name, *_ in drawn])
        axis.set_ylim(len(drawn) - 0.5, -0.5)
        axis.set_xlim(left=-0.5)
        axis.set_xlabel("units that work")
        axis.grid(visible=False, axis="y")

    caption = (
        "units that work in languages not asked (points), beside random codes of the language (triangles: mean; bars: to where 95 % "
        "stay below)."
    )
    return Brief(text, Panel(draw, caption))


FIGURES = {"transfer": draw}
