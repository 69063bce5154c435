"""One look for all figures: colour-blind safe, readable in grey, vector first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

#: Okabe & Ito (2008), in an order whose greys differ.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
#: Of maps: the darker, the more, as on the atlas.
SHADES = "YlGnBu"
GREY = "#8a8f98"
INK = "#1f2430"
#: Inches of white around a figure.
_MARGIN = 0.1

_RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e7ec",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.dpi": 100,
    "savefig.facecolor": "white",
    # Text stays text, and the same figure gives the same bytes.
    "svg.fonttype": "none",
    "svg.hashsalt": "interlingua",
    "pdf.fonttype": 42,
}


def colour(number: int) -> str:
    """Return the colour of the so-many-eth thing in a figure; after the last one it begins anew."""
    return COLOURS[number % len(COLOURS)]


def marker(number: int) -> str:
    """Return its marker: with as many colours as markers less one, no two of 42 things look alike."""
    return MARKERS[(number + number // len(COLOURS)) % len(MARKERS)]


class Shades:
    """The shades of a map from 0 to `most`: the darker, the more, as on the atlas; with numbers that can be read on them."""

    def __init__(self, most: float) -> None:
        from matplotlib import colormaps
        from matplotlib.colors import Normalize

        self._scale = Normalize(0.0, most)
        self._shades = colormaps[SHADES]

    def draw(self, axis: Any, grid: NDArray[np.float64]) -> Any:
        """Draw a grid of values, NaN where there is none, and return the image."""
        return axis.imshow(grid, cmap=self._shades, norm=self._scale)

    def ink(self, value: float) -> str:
        """Return black or white, whichever is read more easily on the shade of a value."""
        if math.isnan(value):
            return INK
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in self._shades(float(self._scale(value)))[:3]
        )
        # WCAG's relative luminance: at .179 both have a contrast of 4.6, elsewhere one of them has more.
        return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "white"


@contextmanager
def house_style() -> Iterator[None]:
    """Draw everything inside the block in the house style, without a screen."""
    import matplotlib as mpl

    mpl.use("Agg")
    with mpl.rc_context(_RC):
        yield


def panels(n: int, *, width: float = 4.2, height: float = 3.4, columns: int = 2) -> tuple[Figure, list[Any]]:
    """Return a figure with `n` panels in at most `columns` columns."""
    import matplotlib.pyplot as plt

    columns = max(1, min(columns, n))
    rows = -(-n // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(width * columns, height * rows), squeeze=False, layout="constrained"
    )
    flat = list(axes.flat)
    for empty in flat[n:]:
        empty.set_visible(False)
    return figure, flat[:n]


def save(figure: Figure, folder: Path, name: str, formats: Sequence[str] = ("svg", "pdf", "png")) -> None:
    """Write a figure as SVG, PDF and PNG (200 dots an inch), without dates, and close it."""
    import matplotlib.pyplot as plt

    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out and measured once, not once a format
    box = figure.get_tightbbox().padded(_MARGIN)
    dateless = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    for ending in formats:
        figure.savefig(folder / f"{name}.{ending}", dpi=200, bbox_inches=box, metadata=dateless[ending])
    plt.close(figure)
