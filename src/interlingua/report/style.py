"""One look for all figures: colour-blind safe, readable in grey, vector first."""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

logger = logging.getLogger("interlingua")

#: Okabe & Ito (2008), in an order whose greys differ.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
#: What matplotlib warns of where no font has a letter.
_GLYPH = re.compile(r"Glyph (\d+) \(.*missing from font")
#: Of maps: the darker, the more, as on the atlas.
SHADES = "YlGnBu"
#: Numbers on a map: black and white of its own, as a map is the same on a dark page.
ON_LIGHT, ON_DARK = "#010101", "#fefefe"
GREY = "#8a8f98"
INK = "#1f2430"
#: Widths of a figure in inches: one column of a journal, and its whole page (85 and 180 mm).
NARROW, WIDE = 85 / 25.4, 180 / 25.4
#: Points of the smaller letters, of numbers in maps and names of ticks, and of all others.
SMALL, LARGE = 7, 8
#: Points of a bold letter of a title, about.
_BOLD = 4.7
#: Dots an inch of what is not made of lines.
_DPI = 600
#: Inches of white above and below a figure.
_MARGIN = 0.05

_RC: Any = {
    # The first that is there; a letter that it lacks comes from the next. matplotlib brings DejaVu along.
    "font.family": ["Arial", "Helvetica", "Liberation Sans", "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP"],
    "font.size": LARGE,
    "axes.titlesize": LARGE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": LARGE,
    "axes.linewidth": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e7ec",
    "grid.linewidth": 0.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
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
        return ON_LIGHT if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else ON_DARK


@contextmanager
def house_style() -> Iterator[None]:
    """Draw everything inside the block in the house style, without a screen."""
    import matplotlib as mpl

    mpl.use("Agg")
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    fonts.setLevel(logging.ERROR)  # the first font of the stack that is there will do
    try:
        with mpl.rc_context(_RC), _missing_letters_told():
            yield
    finally:
        fonts.setLevel(level)


@contextmanager
def _missing_letters_told() -> Iterator[None]:
    """Tell once which letters no font has, instead of a warning for each; other warnings are shown as ever."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    letters: dict[str, None] = {}
    shown: dict[Any, Any] = {}  # so that each is shown as often as it would have been
    for warning in caught:
        if found := _GLYPH.match(str(warning.message)):
            letters[chr(int(found[1]))] = None
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno, registry=shown)
    if letters:
        logger.warning(
            "figures: no font of this machine has %s, and PDF and PNG show boxes there; install one that has them, such as Noto "
            "Sans CJK, and write the report again",
            "".join(letters),
        )


def panels(n: int, *, height: float = 2.4, columns: int = 2) -> tuple[Figure, list[Any]]:
    """Return a figure with `n` panels in at most `columns` columns, each `height` inches high.

    It is as wide as a column of a journal if it has one panel in one of two columns, else as wide as its page.
    """
    import matplotlib.pyplot as plt

    width = NARROW if n == 1 and columns > 1 else WIDE
    columns = max(1, min(columns, n))
    rows = -(-n // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(width, height * rows), squeeze=False, layout="constrained")
    flat = list(axes.flat)
    for empty in flat[n:]:
        empty.set_visible(False)
    return figure, flat[:n]


def map_panels(n: int, languages: int) -> tuple[Figure, list[Any]]:
    """Return a figure with `n` maps of pairs of so many languages, a page wide where a column has no room for the numbers."""
    narrow = languages <= 9
    return panels(n, height=0.8 + 0.27 * languages if narrow else 5.4, columns=2 if narrow else 1)


def _wrap_titles(figure: Figure) -> bool:
    """Break titles that would run over the edge, and return whether there were any."""
    edge, found = figure.get_figwidth(), False
    for axis in figure.axes:
        title, left = axis.get_title(loc="left"), axis.get_position().x0 * edge
        most = int((edge - left) * 72 / _BOLD)
        # A title of the left one of two panels has half of the room.
        most = most // 2 if axis.get_position().x1 < 0.6 and edge > NARROW else most
        if len(title) > most:
            axis.set_title(fill(title, max(12, most)), loc="left")
            found = True
    return found


def save(figure: Figure, folder: Path, name: str, formats: Sequence[str] = ("svg", "pdf", "png")) -> None:
    """Write a figure as SVG, PDF and PNG (600 dots an inch), without dates, and close it.

    It is as wide as it was made, and as high as what is drawn.
    """
    import matplotlib.pyplot as plt
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    if _wrap_titles(figure):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out and measured once, not once a format
    drawn = figure.get_tightbbox().padded(_MARGIN)
    box = Bbox.from_extents(0, drawn.y0, figure.get_figwidth(), drawn.y1)
    pressed: dict[str, Any] = {"png": {"pil_kwargs": {"compress_level": 2}}}  # lines on white stay small
    dateless = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    for ending in formats:
        figure.savefig(
            folder / f"{name}.{ending}", dpi=_DPI, bbox_inches=box, metadata=dateless[ending], **pressed.get(ending, {})
        )
    plt.close(figure)


#: The house's colours on a dark page, as the atlas has them.
_DARK = {
    "#ffffff": "#15181d",
    INK: "#e8eaee",
    GREY: "#9aa1ab",
    "#e4e7ec": "#333a44",
    "#dfe3e8": "#3b424d",
    "#cfd5dd": "#4a525e",
    "#0072b2": "#62b5e8",
    "#e69f00": "#f0a04b",
    "#009e73": "#3cc79c",
    "#cc79a7": "#e39cc4",
    "#56b4e9": "#9ad4f5",
    "#d55e00": "#ff8b4d",
    "#000000": "#e8eaee",
}
_HOUSE_COLOUR = re.compile("|".join(_DARK), re.IGNORECASE)


def darkened(svg: str) -> str:
    """Return a figure for a dark page: the house's colours exchanged, all else as it is.

    What has no colour of its own is black in SVG, so the whole gets the colour of ink.
    """
    dark = _HOUSE_COLOUR.sub(lambda found: _DARK[found[0].lower()], svg)
    return dark.replace("<svg ", f'<svg fill="{_DARK[INK]}" ', 1)
