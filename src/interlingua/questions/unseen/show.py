"""What is told of unseen languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlingua.report.results import Results
from interlingua.report.style import GREY, colour, panels
from interlingua.report.words import LEVEL, Row, Section, Shown, cell_title, listing, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def claim(results: Results, model: str, variable: str) -> str:
    """Return in which unseen languages the strongest shared unit still works."""
    rows = results.of("transfer_summary", model=model, variable=variable, method=results.headline)
    rows = rows[rows["n_units"] > 0]
    works = rows["best_p_bonferroni"] < LEVEL
    working = [
        f"{results.names[row.language]} (t = {signed(row.best_t_cluster, 1)} for unit {row.best_unit})"
        for row in rows[works].itertuples()
    ]
    failing = [results.names[code] for code in rows.loc[~works, "language"]]
    text = ""
    if working:
        text = (
            f" The strongest of them still {'work' if len(working) > 1 else 'works'} in {listing(working)}, "
            "which took no part in choosing them."
        )
    if failing:
        text += f" In {listing(failing)} none of them predicts the rating (p < .05 after Bonferroni)."
    return text


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return a row for each unseen language, also for those in which nothing could be tested."""
    test = "Regressions in a language that took no part, errors clustered by word"
    untested = _untested(results, model, variable)
    found = [
        Row(
            f"Do single units work in {results.names[row.language]}?",
            test,
            f"{row.p_bonferroni_below_05} of {row.n_units} units predict (p × {row.n_units} < .05)",
            f"{row.top_5_percent} are among the best 5 % of the layer, where chance would have "
            f"{row.expected_top_5_percent:.1f}; of random units {100 * row.baseline_share_p05_cluster:.0f} % have p < .05",
        )
        for row in results.of("transfer_summary", model=model, variable=variable, method=results.headline).itertuples()
        if row.language not in untested
    ]
    return found + [
        Row(f"Do single units work in {results.names[code]}?", test, "Not tested", reason)
        for code, reason in untested.items()
    ]


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
        f"{results.names[row.language]}, {cell_title(row.model, row.variable)}: {row.p_below_05} of {row.n_units} units have "
        f"p < .05 with word-clustered errors ({row.n_words:,} words, {row.n:,} sentences); {row.top_5_percent} stand among "
        f"the top 5 % of the layer. Of {row.random_units} random units {100 * row.baseline_share_p05_cluster:.0f} % have "
        f"p < .05 ({100 * row.baseline_share_p05:.0f} % with the paper's ordinary errors)."
        for row in results.of("transfer_summary", method=results.headline).itertuples()
        if row.n_units
    ]
    for model, variable in results.cells:
        reasons = _untested(results, model, variable).values()
        findings += [f"{cell_title(model, variable)}: {reason}" for reason in reasons]
    columns = (
        "model variable language unit n_languages b t t_cluster p_cluster percentile baseline_abs_b baseline_abs_t "
        "baseline_abs_t_cluster"
    )
    tested_units = results.of("transfer", method=results.headline)
    title = "Table 2. Single units as predictors in unseen languages"
    return Section(findings, ("transfer",), (Shown(title, "transfer", tested_units, columns),))


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return each unseen language's distribution of |t| with the shared units marked, and its caption."""
    shared = results.of("transfer", method=results.headline)
    places = list(dict.fromkeys(zip(shared["model"], shared["variable"], shared["language"], strict=True)))
    if not places:
        return None
    figure, axes = panels(len(places), height=2.9)
    for axis, (model, variable, language) in zip(axes, places, strict=True):
        where = {"model": model, "variable": variable, "language": language}
        layer = results.layer(model, variable)
        every = results.of("transfer_units", **where, layer=layer)
        marked = results.of("transfer", **where, method=results.headline)
        axis.hist(every["t_cluster"].abs(), bins=30, color="#cfd5dd", edgecolor="white")
        top = axis.get_ylim()[1]
        heights = [-0.06 * top] * len(marked)
        axis.plot(marked["t_cluster"].abs(), heights, "|", color=colour(5), markersize=11, label="shared units")
        axis.set_ylim(-0.12 * top, top)
        middle = float(every["t_cluster"].abs().median())
        axis.axvline(middle, color=GREY, linestyle="--", label="median of the layer")
        axis.set_title(f"{results.names[language]}: {cell_title(model, variable)}, layer {layer}", fontsize=9)
        axis.set_xlabel("|t| with word-clustered errors")
        axis.set_ylabel("units of the layer")
        axis.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor="none")
    caption = (
        "Single units as predictors in languages that took no part in choosing them. Grey: |t| of every unit of the layer "
        "(ordinary least squares, errors clustered by word); marks below: the units of the highest-degree intersection. What "
        "counts is where a mark stands among the layer's other units, not whether it is 'significant'."
    )
    return figure, caption


FIGURES = {"transfer": draw}
