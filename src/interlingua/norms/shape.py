"""The shape of an unknown table: where its header is, and on which scale ratings were given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from interlingua.norms.card import Layout
from interlingua.norms.ratings import is_missing, number_of

#: Ends of scales that are in use, the narrower before the wider.
_SCALES: Final = (
    (0, 1),
    (1, 4),
    (0, 5),
    (1, 5),
    (-2, 2),
    (0, 6),
    (1, 6),
    (1, 7),
    (-3, 3),
    (1, 9),
    (-4, 4),
    (0, 10),
    (0, 100),
)
#: Rows among which the header is looked for, and rows that tell which columns are of numbers.
_HEADER: Final = 40
_ROWS: Final = 400
#: A share of the words from which on a scale must be used: 1 to 9 is none that goes up to 4.
_USED: Final = 0.5


def scale_of(low: float, high: float) -> str:
    """Return the narrowest usual scale that holds ratings from `low` to `high`, "" if they use less than half of it."""
    for bottom, top in _SCALES:
        if bottom <= low and high <= top and high - low >= _USED * (top - bottom):
            return f"{bottom} to {top}"
    return ""


def header_row(rows: Sequence[Sequence[Any]]) -> int:
    """Return the row of the names, counted from 1: the last with several names above the first row of numbers.

    0 where that is the first row. Of rows without numbers it is the first with several cells.
    """
    layouts = (Layout(decimal=","), Layout())
    filled = [(number, row) for number, row in enumerate(rows[:_ROWS], 1) if any(str(cell).strip() for cell in row)]
    if not filled:
        return 1

    def numbers(row: Sequence[Any]) -> set[int]:
        return {
            place
            for place, cell in enumerate(row)
            if not is_missing(cell, layouts[1])
            and any(number_of(cell, layout) == number_of(cell, layout) for layout in layouts)
        }

    below = [numbers(row) for _, row in filled[len(filled) // 3 :]]
    width = max(len(row) for _, row in filled)
    usual = {place for place in range(width) if sum(place in found for found in below) * 2 > len(below)}
    for order, (_, row) in enumerate(filled[:_HEADER]):
        if usual and len(numbers(row) & usual) * 2 > len(usual):
            above = [number for number, row in filled[:order] if sum(bool(str(cell).strip()) for cell in row) > 1]
            return above[-1] if above else 0
    several = [number for number, row in filled[:_HEADER] if sum(bool(str(cell).strip()) for cell in row) > 1]
    return several[0] if several else 1
