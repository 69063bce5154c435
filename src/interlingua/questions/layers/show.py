"""What is told of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlingua.report.results import Results
from interlingua.report.style import GREY, INK, colour, marker, panels
from interlingua.report.words import Section, Shown, cell_title, listing, signed, span

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CRITERIA = {
    "cv": "chosen by cross-validation on the training words",
    "test": "chosen on the test words, as in the paper",
    "given": "given in the study",
}
CURVES = {"layer": "a probe a layer", "zeroed": "whole-network probe, other layers zeroed"}


def section(results: Results) -> Section:
    """Return which layer is chosen, and how well it is read by each probe."""
    findings = []
    for model, variable in results.cells:
        row = results.of("layer_choice", model=model, variable=variable, chosen=True).iloc[0]
        at_layer = results.of("layer_summary", model=model, variable=variable, curve="layer", layer=row.layer)
        means = listing(
            f"{results.label(each.probe)} {signed(each.mean_r, 3)}"
            for each in at_layer.dropna(subset="mean_r").itertuples()
        )
        findings.append(
            f"{cell_title(model, variable)}: layer {row.layer} ({CRITERIA[row.criterion]}). "
            f"Mean r over test words' sentences there, one probe each: {means}."
        )
    chosen = results.of("layer_choice", chosen=True)[["model", "variable", "layer"]]
    probes = results.of("probes", curve="layer").merge(chosen, on=["model", "variable", "layer"])
    columns = "model variable language probe r r_low r_high r_word r_cv l2 n_nonzero"
    title = "Probes of the chosen layer, held-out words"
    tables = (Shown(title, "probes", probes.sort_values("probe", kind="stable"), columns),)
    return Section(findings, ("layers",), tables)


def draw(results: Results) -> tuple[Figure, str]:
    """Return Figure 3 and its caption: mean r by layer for every probe and kind of curve, languages behind."""
    cells = results.cells
    curves = [curve for curve in CURVES if len(results.of("layer_summary", curve=curve))]
    figure, axes = panels(len(curves) * len(cells), height=2.4)
    places = [(model, variable, curve) for model, variable in cells for curve in curves]
    for axis, (model, variable, curve) in zip(axes, places, strict=True):
        where = {"model": model, "variable": variable, "curve": curve}
        means = results.of("layer_summary", **where)
        names = list(dict.fromkeys(means["probe"]))
        lead = "ridge" if "ridge" in names else names[0]
        for _, of_language in results.of("probes", **where, probe=lead).groupby("language", sort=False):
            axis.plot(of_language["layer"], of_language["r"], color=GREY, linewidth=0.6, alpha=0.7)
        for number, name in enumerate(names):
            mean = means[means["probe"] == name].sort_values("layer")
            look = {"color": colour(number), "marker": marker(number), "markersize": 3, "linewidth": 1.8}
            axis.plot(mean["layer"], mean["mean_r"], label=results.label(name), **look)
        axis.axvline(results.layer(model, variable), color=INK, linewidth=0.8, linestyle=":")
        axis.set_title(f"{cell_title(model, variable)}: {CURVES[curve]}")
        axis.set_xlabel("layer (0 = embeddings)")
        axis.set_ylabel("Pearson r")
        axis.legend(loc="best")
    n = span(results.table("layer_summary")["n_languages"])
    caption = (
        f"Performance by layer (the paper's Figure 3). Thick lines: mean r over {n} languages for each probe; thin grey "
        "lines: single languages (of ridge where it was fitted); dotted: the layer whose units are compared. "
    )
    if len(curves) == len(CURVES):
        caption += (
            "Left: a probe of its own for each layer. Right: the paper's figure, the whole-network probe with all other "
            "layers zeroed when it is tested. "
        )
    return figure, caption + "No smoothing (the paper fits polynomials of degree 8)."


FIGURES = {"layers": draw}
