"""How much is shared: by layer, by pair of languages, and the tree of languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from interlingua.report.results import Results
from interlingua.report.story import draw_rows
from interlingua.report.style import GREY, INK, SMALL, Shades, colour, map_panels, marker, panels
from interlingua.report.words import cell_title, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Characters of a name beside a chart's row.
_LINE = 18
_WORDS = {"all": "all words", "unlinked": "without linked words"}


def draw_layers(results: Results) -> tuple[Figure, str] | None:
    """Return rho-bar by layer, with its interval, and its caption."""
    cells = [cell for cell in results.cells if len(_rows(results, *cell, "all"))]
    if not cells:
        return None
    figure, axes = panels(len(cells), height=2.3)
    for axis, (model, variable) in zip(axes, cells, strict=True):
        for number, words in enumerate(_WORDS):
            rows = _rows(results, model, variable, words)
            if words == "unlinked" and not (rows["n_left_out"] > 0).any():
                continue
            look = {"color": colour(number), "marker": marker(number), "markersize": 3}
            axis.plot(rows["layer"], rows["rho"], label=_WORDS[words], **look)
            if words == "all":
                axis.fill_between(
                    rows["layer"], rows["rho_low"], rows["rho_high"], color=colour(number), alpha=0.18, linewidth=0
                )
        axis.axvline(results.layer(model, variable), color=INK, linewidth=0.8, linestyle=":")
        axis.set_ylim(min(0.0, *axis.get_ylim()), 1.02)
        axis.set_title(cell_title(model, variable))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set_xlabel("layer (0 = embeddings)")
        axis.set_ylabel("ρ̄")
        axis.legend(loc="lower right")
    caption = (
        "How much languages share of where the rating is encoded, by layer: 1 if all had one code, 0 if each had its own. "
        "Band: 95 % interval over languages (jackknife); dotted: the layer whose units are compared. A gap: two halves of some "
        "language's words don't agree there, so that it can't be told."
    )
    return figure, caption


def _rows(results: Results, model: str, variable: str, words: str) -> Any:
    rows = results.of("similarity", model=model, variable=variable, words=words)
    return rows[rows["layer"] >= 0].sort_values("layer")


def draw_map(results: Results) -> tuple[Figure, str] | None:
    """Return the similarity of every pair of languages, languages in the order of the tree, and its caption."""
    pairs = results.table("similarity_pairs")
    cells = [cell for cell in results.cells if len(results.of("similarity_pairs", model=cell[0], variable=cell[1]))]
    if not cells:
        return None
    n = pairs["language_a"].nunique() + 1
    figure, axes = map_panels(len(cells), n)
    shades = Shades(1.0)
    for axis, (model, variable) in zip(axes, cells, strict=True):
        rows = results.of("similarity_pairs", model=model, variable=variable)
        codes = _order(results, model, variable) or list(dict.fromkeys([*rows["language_a"], *rows["language_b"]]))
        place = {code: position for position, code in enumerate(codes)}
        grid = np.full((len(codes), len(codes)), np.nan)
        for row in rows.itertuples():
            i, j = place[row.language_a], place[row.language_b]
            grid[i, j] = grid[j, i] = row.rho
        for i, j in zip(*np.nonzero(np.isfinite(grid)), strict=True):
            text = signed(grid[i, j], 2).replace("0.", ".")
            axis.text(j, i, text, ha="center", va="center", fontsize=SMALL, color=shades.ink(grid[i, j]))
        image = shades.draw(axis, grid)
        axis.set_xticks(range(len(codes)), codes)
        axis.set_yticks(range(len(codes)), codes)
        axis.grid(visible=False)
        axis.spines[["left", "bottom"]].set_visible(False)
        axis.tick_params(length=0)
        axis.set_title(f"{cell_title(model, variable)}, layer {results.layer(model, variable)}")
        figure.colorbar(image, ax=axis, shrink=0.7, label="ρ")
    caption = (
        "What each pair of languages shares of where the rating is encoded, over what each shares with itself. Numbers above "
        "1 are sampling error; where there is none, two halves of a language's words don't agree."
    )
    return figure, caption


def _order(results: Results, model: str, variable: str) -> list[str]:
    """Return the languages as the tree has them from top to bottom; nothing where there is no tree."""
    joints = results.of("similarity_tree", model=model, variable=variable)
    if joints.empty:
        return []
    last = joints.iloc[-1]
    return [*last["left"].split(), *last["right"].split()]


def draw_tree(results: Results) -> tuple[Figure, str] | None:
    """Return the languages joined by similarity, and the caption; None where no cell has a tree."""
    cells = [cell for cell in results.cells if _order(results, *cell)]
    if not cells:
        return None
    most = max(len(_order(results, *cell)) for cell in cells)
    figure, axes = panels(len(cells), height=0.9 + 0.2 * most)
    for axis, (model, variable) in zip(axes, cells, strict=True):
        codes = _order(results, model, variable)
        at = {code: (0.0, float(position)) for position, code in enumerate(codes)}
        for joint in results.of("similarity_tree", model=model, variable=variable).itertuples():
            (x_left, y_left), (x_right, y_right) = at[joint.left], at[joint.right]
            height = joint.height
            axis.plot(
                [x_left, height, height, x_right], [y_left, y_left, y_right, y_right], color=colour(0), linewidth=1.4
            )
            at[f"{joint.left} {joint.right}"] = (height, (y_left + y_right) / 2)
        axis.set_yticks(range(len(codes)), [results.names[code] for code in codes])
        axis.set_ylim(len(codes) - 0.5, -0.5)
        axis.set_xlim(left=0)
        axis.set_title(cell_title(model, variable))
        axis.set_xlabel("1 − ρ")
        axis.grid(visible=False, axis="y")
    caption = (
        "Languages joined by what they share (average linkage of 1 − ρ): the further to the left two are joined, the more "
        "they share. A picture: with few languages its joints are not tested."
    )
    return figure, caption


def real_and_drawn(results: Results, row: Any, nulls: Sequence[Any]) -> tuple[Callable[[Any], None], str]:
    """Return what draws how alike two languages are beside the nulls and the ceiling, and the caption."""

    def draw(axis: Any) -> None:
        rows = [
            ("two halves of\none language", row.ceiling, np.nan, np.nan),
            ("two languages", row.between, np.nan, np.nan),
            *(
                (fill(results.label(null.null), _LINE), null.null_mean, null.null_mean, null.null_high)
                for null in nulls
            ),
        ]
        draw_rows(
            axis,
            rows,
            colours=[GREY, colour(0), *(colour(5) for _ in nulls)],
            markers=[marker(1), marker(0), *(marker(2) for _ in nulls)],
        )
        axis.axvline(row.between, color=colour(0), linewidth=0.8, linestyle=":")
        axis.set_xlim(min(0.0, *(null.null_mean for null in nulls)) - 0.08, 1.05)
        axis.set_xlabel("agreement on the units (correlation)")

    return (
        draw,
        "how far two languages agree, beside ratings drawn by chance (bars: from their mean to where 95 % stay below).",
    )


def firmness(rows: Mapping[str, Any]) -> tuple[Callable[[Any], None], str]:
    """Return what draws rho-bar of several choices of words and layers, and the caption."""

    def draw(axis: Any) -> None:
        drawn = [(fill(name, _LINE), row.rho, row.rho_low, row.rho_high) for name, row in rows.items()]
        first = [number == 0 for number in range(len(drawn))]
        draw_rows(
            axis,
            drawn,
            colours=[colour(0) if one else INK for one in first],
            markers=[marker(0) if one else marker(1) for one in first],
        )
        axis.set_xlim(min(0.0, *axis.get_xlim()), max(1.05, *axis.get_xlim()))
        axis.set_xlabel("ρ̄")

    return draw, "ρ̄ by which words and which layer (bars: 95 % intervals, one language left out at a time)."
