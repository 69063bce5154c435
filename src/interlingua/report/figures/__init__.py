"""Every figure of the report: drawn from the tables, saved as SVG, PDF and PNG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from interlingua.report.figures import alignment, layers, performance, scrutiny, sharing, transfer
from interlingua.report.results import Results
from interlingua.report.style import house_style, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: By name; a function that has nothing to draw returns None.
FIGURES: Mapping[str, Callable[[Results], tuple[Figure, str] | None]] = {
    "performance": performance.draw,
    "layers": layers.draw,
    "pairs": sharing.draw_pairs,
    "intersections": sharing.draw_intersections,
    "degrees": sharing.draw_degrees,
    "transfer": transfer.draw,
    "leave_one_out": scrutiny.draw_left_out,
    "k_curve": scrutiny.draw_k_curve,
    "alignment": alignment.draw,
}


def draw_all(results: Results, folder: Path) -> dict[str, str]:
    """Draw every figure into `folder`; return the captions by figure name."""
    folder.mkdir(parents=True, exist_ok=True)
    captions = {}
    with house_style():
        for name, draw in FIGURES.items():
            drawn = draw(results)
            if drawn is not None:
                figure, captions[name] = drawn
                save(figure, folder, name)
    return captions
