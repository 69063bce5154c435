"""Which languages have which units in common, each unit once: an UpSet plot (Lex et al., 2014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlingua.report.results import Results
from interlingua.report.story import Place, place_title
from interlingua.report.style import GREY, INK, LARGE, SMALL, WIDE, colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Sets of languages in one plot.
MOST_SETS = 15
#: Inches of the bars, and of each language below them.
_BARS, _LANGUAGE = 1.5, 0.16
#: Dots of languages that a set does not have.
_PALE = "#dfe3e8"


def draw_upset(results: Results) -> tuple[Figure, str] | None:
    """Return the largest sets of languages, and the caption; None where no two languages have a unit in common."""
    import matplotlib.pyplot as plt

    places = [place for place in results.places if (_sets(results, place)["n_languages"] > 1).any()]
    if not places:
        return None
    languages = results.table("set_sizes")["language"].nunique()
    height = 0.7 + _BARS + _LANGUAGE * languages
    figure = plt.figure(figsize=(WIDE, height * len(places)), layout="constrained")
    for part, place in zip(figure.subfigures(len(places), 1, squeeze=False).flat, places, strict=True):
        title = f"{place_title(place)}, layer {results.layer(**place)}"
        part.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=LARGE)
        _draw(results, place, part, languages)
    found = [len(_sets(results, place)) for place in places]
    some = f"the {MOST_SETS} largest of {' and '.join(map(str, found))} sets" if max(found) > MOST_SETS else "all sets"
    caption = (
        "Units that are at the top of exactly the marked languages, and of no other; ranking: "
        f"{results.label(results.headline)}. Every unit counts once: {some}, the largest first (dark: of two or more "
        "languages). Left: units at the top of each language."
    )
    return figure, caption


def _sets(results: Results, place: Place) -> Any:
    rows = results.of("intersections", **place, method=results.headline)
    return rows.sort_values(["n_units", "n_languages"], ascending=False, kind="stable")


def _draw(results: Results, place: Place, part: Any, languages: int) -> None:
    """Draw the sets of a place: bars above, dots below, sizes of the languages' tops at the left."""
    from matplotlib.ticker import MaxNLocator

    sizes = results.of("set_sizes", **place, method=results.headline)
    rows = _sets(results, place).head(MOST_SETS)
    codes = list(sizes["language"])
    axes = part.subplots(2, 2, width_ratios=(1, 4), height_ratios=(_BARS, _LANGUAGE * languages))
    (empty, bars), (lengths, matrix) = axes
    empty.set_axis_off()
    shades = [colour(0) if n > 1 else GREY for n in rows["n_languages"]]
    drawn = bars.bar(range(len(rows)), rows["n_units"], color=shades, width=0.6)
    bars.bar_label(drawn, fontsize=SMALL, padding=1)
    bars.set_ylabel("units")
    bars.set_xticks([])
    bars.margins(y=0.15)
    bars.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    for position, members in enumerate(rows["languages"]):
        inside = [codes.index(code) for code in members.split()]
        matrix.scatter([position] * len(codes), range(len(codes)), s=12, color=_PALE, zorder=1)
        matrix.plot([position] * len(inside), inside, color=INK, marker="o", markersize=3.6, linewidth=1, zorder=2)
    matrix.set_yticks(range(len(codes)), [results.names[code] for code in codes])
    matrix.set_xticks([])
    matrix.set_xlim(bars.get_xlim())
    lengths.barh(range(len(codes)), sizes["n_units"], color=GREY, height=0.6)
    lengths.set_yticks([])
    lengths.invert_xaxis()
    lengths.xaxis.set_major_locator(MaxNLocator(2, integer=True))
    lengths.set_xlabel("units at the top")
    for axis in (matrix, lengths):
        axis.set_ylim(len(codes) - 0.5, -0.5)
        axis.grid(visible=False)
        axis.spines[["left", "bottom"]].set_visible(axis is lengths)
        axis.tick_params(axis="y", length=0)
    lengths.spines[["left"]].set_visible(False)
    bars.grid(visible=False, axis="x")
