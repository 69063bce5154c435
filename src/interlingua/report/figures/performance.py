"""Figure 2: how well the rating can be read, by language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlingua.report.results import PROBE_NAMES, Results, cell_title
from interlingua.report.style import COLOURS, MARKERS, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(results: Results) -> tuple[Figure, str]:
    """Return Figure 2 and its caption: r by sentence with its 95 % interval over words."""
    cells = results.cells
    table = results.performance
    probes = list(dict.fromkeys(table["probe"]))
    n_languages = table["language"].nunique()
    figure, axes = panels(len(cells), height=1.2 + 0.3 * n_languages)
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = table[(table["model"] == model) & (table["variable"] == variable)]
        order = rows.groupby("language")["r"].mean().sort_values().index
        place = {language: position for position, language in enumerate(order)}
        for number, probe in enumerate(probes):
            of_probe = rows[rows["probe"] == probe]
            y = of_probe["language"].map(place).astype(float) + 0.18 * (number - (len(probes) - 1) / 2)
            axis.errorbar(
                of_probe["r"],
                y,
                xerr=[of_probe["r"] - of_probe["r_low"], of_probe["r_high"] - of_probe["r"]],
                fmt=MARKERS[number],
                color=COLOURS[number],
                markersize=4.5,
                elinewidth=1,
                label=PROBE_NAMES[probe],
            )
        axis.set_yticks(range(len(order)), [results.names[language] for language in order])
        axis.set_title(cell_title(model, variable))
        axis.set_xlabel("Pearson r on held-out words' sentences")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    words = sorted({int(n) for n in table["n_test_words"]})
    sentences = sorted({int(n) for n in table["n_test"]})
    caption = (
        f"{'Whole-network probes' if results.reads_network else 'Probes of the chosen layer'} by language (the paper's "
        "Figure 2). Points: Pearson r between predicted and rated values "
        f"over {_range(sentences)} test sentences a language; bars: 95 % BCa bootstrap intervals over the "
        f"{_range(words)} test words, not the sentences."
    )
    return figure, caption


def _range(numbers: list[int]) -> str:
    return f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
