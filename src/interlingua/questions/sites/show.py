"""What is told of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from interlingua.report.results import Results
from interlingua.report.style import colour, marker, panels
from interlingua.report.words import Row, Section, Shown, cell_title, listing, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def glance_of_all(results: Results) -> list[Row]:
    """Return where each variable is read best and shared most, in a row each."""
    rows = []
    for model, variable in results.cells:
        of_cell = _of_cell(results, model, variable)
        if not of_cell:
            continue
        question = f"Where in {cell_title(model, variable)} is it read, and shared?"
        test = "r of a probe of all words, and ρ̄, at the layer chosen at each site"
        answer = listing(
            f"{results.label(row.site)}: r = {_number(row.mean_r)}, ρ̄ = {_number(row.rho)} (layer {row.layer})"
            for row in of_cell
        )
        rows.append(
            Row(
                question,
                test,
                answer,
                "; ".join(_difference(results, row) for row in _compared(results, model, variable)),
            )
        )
    return rows


def beneath(results: Results) -> list[str]:
    """Return where languages share more than at the first site, and where less."""
    texts = []
    for model, variable in results.cells:
        for row in _compared(results, model, variable):
            if pd.isna(row.rho_less):
                continue
            if pd.isna(row.rho_less_low):
                verdict = "with so few languages no interval tells whether they differ"
            elif row.rho_less_low > 0 or row.rho_less_high < 0:
                verdict = f"languages share {'more' if row.rho_less > 0 else 'less'} of their code there"
            else:
                verdict = "no difference is shown"
            less = f"{_less(row.rho_less)}{_interval(row.rho_less_low, row.rho_less_high)}"
            sites = f"ρ̄ of {results.label(row.site)} less that of the {results.label(row.beside)}"
            texts.append(f"{cell_title(model, variable)}: {sites} is {less}: {verdict}.")
    return texts


def section(results: Results) -> Section:
    """Return where the rating is read and shared, site by site."""
    findings = []
    for model, variable in results.cells:
        of_cell = _of_cell(results, model, variable)
        findings += [f"{cell_title(model, variable, row.site)}: {_finding(row)}" for row in of_cell]
        findings += [
            f"{cell_title(model, variable)}: {_difference(results, row)}."
            for row in _compared(results, model, variable)
        ]
    columns = (
        "model site variable layer n_units mean_r mean_low mean_high rho rho_low rho_high share in_most share_in_most"
    )
    beside = "model site variable beside r_less r_less_low r_less_high rho_less rho_less_low rho_less_high"
    by_layer = "model site variable layer n_units mean_r rho rho_low rho_high share chosen"
    tables = (
        Shown("Sites at their chosen layers", "sites_summary", results.table("sites_summary"), columns),
        Shown("Sites beside each other", "sites_compared", results.table("sites_compared"), beside),
        Shown("Sites by layer", "sites", results.table("sites"), by_layer),
    )
    return Section(findings, ("sites",), tuple(shown for shown in tables if len(shown.frame)))


def _finding(row: Any) -> str:
    mean = f"r over all words is {_number(row.mean_r)} (mean over {row.n_languages} languages)"
    shared = (
        "what languages share can't be told"
        if pd.isna(row.rho)
        else f"ρ̄ is {_number(row.rho)}{_interval(row.rho_low, row.rho_high)}"
    )
    most = (
        ""
        if pd.isna(row.closest_rho)
        else f"; most is shared in layer {int(row.closest_layer)} (ρ̄ = {_number(row.closest_rho)})"
    )
    return (
        f"in layer {row.layer}, of {row.n_units:,} units, {mean}, and {shared}. Of its units {row.in_most:,} are shown to carry it in "
        f"most languages. It is read best in layer {row.best_layer} (mean r over test words' sentences {_number(row.best_mean_r)}){most}."
    )


def _difference(results: Results, row: Any) -> str:
    """Return how far a site differs from the first."""
    r = f"r {_less(row.r_less)}{_interval(row.r_less_low, row.r_less_high)}"
    rho = "" if pd.isna(row.rho_less) else f", ρ̄ {_less(row.rho_less)}{_interval(row.rho_less_low, row.rho_less_high)}"
    return f"{results.label(row.site)} less {results.label(row.beside)}: {r}{rho}"


def _less(value: float) -> str:
    return "not known" if pd.isna(value) else f"{'+' if value > 0 else ''}{signed(value, 2)}"


def _interval(low: float, high: float) -> str:
    return (
        ""
        if pd.isna(low) or pd.isna(high)
        else f" (95 % interval over languages {signed(low, 2)} to {signed(high, 2)})"
    )


def _number(value: float) -> str:
    return "not known" if pd.isna(value) else signed(value, 2)


def _of_cell(results: Results, model: str, variable: str) -> list[Any]:
    return list(results.of("sites_summary", model=model, variable=variable).itertuples())


def _compared(results: Results, model: str, variable: str) -> list[Any]:
    return list(results.of("sites_compared", model=model, variable=variable).itertuples())


def draw(results: Results) -> tuple[Figure, str] | None:
    """Return r and rho-bar by layer, a line a site, and the caption."""
    if results.table("sites").empty:
        return None
    figure, axes = panels(2 * len(results.cells), height=3.0)
    places = [(cell, column) for cell in results.cells for column in ("mean_r", "rho")]
    for axis, ((model, variable), column) in zip(axes, places, strict=True):
        for number, site in enumerate(results.sites):
            rows = results.of("sites", model=model, variable=variable, site=site).sort_values("layer")
            look = {"color": colour(number), "marker": marker(number), "markersize": 3.5}
            axis.plot(rows["layer"], rows[column], label=results.label(site), **look)
            if column == "rho":
                axis.fill_between(
                    rows["layer"], rows["rho_low"], rows["rho_high"], color=colour(number), alpha=0.15, linewidth=0
                )
            chosen = rows[rows["chosen"]]
            axis.plot(
                chosen["layer"],
                chosen[column],
                linestyle="none",
                marker="o",
                markersize=9,
                fillstyle="none",
                color=colour(number),
            )
        axis.set_title(cell_title(model, variable))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set_xlabel("layer (0 = embeddings)")
        axis.set_ylabel("mean r" if column == "mean_r" else "ρ̄")
        axis.legend(loc="best")
    caption = (
        "Where the rating is read, and where languages share it. Left: mean r over languages on held-out words' sentences, of a "
        "probe of the layer alone. Right: ρ̄, 1 if all languages had one code, 0 if each had its own; band: 95 % interval over "
        "languages (jackknife). Rings: the layer whose units are compared at each site. MLP units and heads of a layer are those of "
        "the block that ends in it."
    )
    return figure, caption


FIGURES = {"sites": draw}
