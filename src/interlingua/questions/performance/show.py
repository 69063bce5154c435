"""What is told of how well the rating can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.story import Brief, Place
from interlingua.report.style import colour, marker, panels
from interlingua.report.words import Row, Section, Shown, cell_title, instead, listing, signed, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WHOLE = "whole network"


def glance(results: Results, model: str, variable: str) -> list[Row]:
    """Return whether the chosen layer knows the variable."""
    row = next(results.of("performance_of_layer", model=model, variable=variable).itertuples())
    names = listing(results.names[code] for code in row.unknown.split())
    known = "No" if row.n_unknown == row.n_languages else f"In all but {names}" if row.n_unknown else "Yes"
    question = f"Does the model know {variable}?"
    test = f"A linear probe of layer {row.layer}: every word is predicted by a probe of other words"
    if pd.isna(row.mean_r):
        return [Row(question, test, "No: it predicts the same for every word", "–")]
    answer = f"{known}: r = {signed(row.mean_r, 2)} over all words, mean of {row.n_languages} languages"
    single = (
        f"single languages have {signed(row.lowest_r, 2)} ({results.names[row.lowest_language]}) to "
        f"{signed(row.highest_r, 2)} ({results.names[row.highest_language]})"
    )
    if pd.isna(row.mean_low):
        return [Row(question, test, answer, f"{single}; no interval of the mean")]
    interval = f"95 % interval of the mean {signed(row.mean_low, 2)} to {signed(row.mean_high, 2)}, leaving out one language at a time"
    return [Row(question, test, answer, f"{interval}; {single}")]


def brief(results: Results, place: Place, chapter: str) -> Brief | None:
    """Return how well the layer predicts words that the probe has not seen, and where it does not."""
    for row in results.of("performance_of_layer", **place).itertuples():
        if pd.isna(row.mean_r):
            return Brief(
                f"A linear probe of layer {row.layer} predicts the same for every word: {row.variable} is not encoded."
            )
        text = (
            f"A linear probe of layer {row.layer} predicts words that it never saw with a correlation of {signed(row.mean_r, 2)} "
            f"(mean of {row.n_languages} languages)"
        )
        if row.n_unknown:
            text += f", not shown in {listing(results.names[code] for code in row.unknown.split())}"
        return Brief(f"{text}.")
    return None


def section(results: Results) -> Section:
    """Return each probe's r over languages."""
    findings = []
    for row in results.table("performance_summary").itertuples():
        what = f"{cell_title(row.model, row.variable)}, {results.label(row.probe)}"
        what += "" if row.reads == _WHOLE else f" of {row.reads}"
        if pd.isna(row.mean_r):
            findings.append(f"{what}: it predicts the same for every word in each of {row.n_languages} languages.")
            continue
        findings.append(
            f"{what}: mean r over test words' sentences {signed(row.mean_r, 3)} ({row.n_languages} languages), from {signed(row.lowest_r, 2)} "
            f"({results.names[row.lowest_language]}) to {signed(row.highest_r, 2)} ({results.names[row.highest_language]})."
        )
    findings += [_raters(row) for row in results.table("performance_of_layer").itertuples() if row.n_reliable]
    columns = "model variable language probe r r_low r_high r_word r_word_low r_word_high n_nonzero gap"
    title = f"{_probes(results)}, held-out words"
    tables = (
        Shown(title, "performance", results.table("performance"), columns),
        Shown(
            "With endless raters",
            "performance_of_raters",
            results.table("performance_of_raters"),
            "model variable layer language r reliability r_true r_true_low r_true_high",
        ),
    )
    return Section(findings, ("performance",), tuple(shown for shown in tables if len(shown.frame)))


def _raters(row: Any) -> str:
    """Return what r would be with endless raters, where norms tell how far theirs differ."""
    return (
        f"{cell_title(row.model, row.variable)}, layer {row.layer}: mean ratings of finitely many raters can't be predicted fully. "
        f"Over the root of their reliability (known of {row.n_reliable} of {row.n_languages} languages) mean r over all words is "
        f"{instead(row.mean_r_true, row.mean_r_reliable)}."
    )


def draw(results: Results) -> tuple[Figure, str]:
    """Return Figure 2 and its caption: r by sentence with its 95 % interval over words."""
    table = results.table("performance")
    probes = list(dict.fromkeys(table["probe"]))
    figure, axes = panels(len(results.cells), height=0.9 + 0.24 * len(set(table["language"])))
    for axis, (model, variable) in zip(axes, results.cells, strict=True):
        rows = results.of("performance", model=model, variable=variable)
        order = list(rows[rows["probe"] == probes[0]].sort_values("r", kind="stable", na_position="first")["language"])
        place = {language: position for position, language in enumerate(order)}
        for number, probe in enumerate(probes):
            of_probe = rows[rows["probe"] == probe]
            y = of_probe["language"].map(place).astype(float) + 0.18 * (number - (len(probes) - 1) / 2)
            look = {"color": colour(number), "linestyle": "none", "marker": marker(number), "markersize": 4}
            axis.hlines(y, of_probe["r_low"], of_probe["r_high"], color=colour(number), linewidth=1)
            axis.plot(of_probe["r"], y, label=results.label(probe), **look)
        axis.set_yticks(range(len(order)), [results.names[language] for language in order])
        axis.set_title(cell_title(model, variable))
        axis.set_xlabel("Pearson r on held-out words' sentences")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    caption = (
        f"{_probes(results)} by language (the paper's Figure 2). Points: Pearson r between predicted and rated values "
        f"over {span(table['n_test'])} test sentences a language; bars: 95 % intervals over the "
        f"{span(table['n_test_words'])} test words, not the sentences."
    )
    return figure, caption


def _probes(results: Results) -> str:
    """Return what the probes of the table read."""
    whole = set(results.table("performance")["reads"]) == {_WHOLE}
    return "Whole-network probes" if whole else "Probes of the chosen layer"


FIGURES = {"performance": draw}
