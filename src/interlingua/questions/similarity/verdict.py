"""What follows from rho-bar, its interval over languages and its p under every null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from interlingua.report.words import LEVEL

#: Below this similarity of a language with itself, rho-bar comes with a warning.
LEAST_CEILING = 0.5
#: From this lower end of the interval on languages count as sharing most of it.
MOSTLY = 0.5


def verdict(row: Any, nulls: Sequence[Any]) -> str:
    """Return the answer in a few words.

    Parameters
    ----------
    row
        Of the table `similarity`, with a rho-bar.
    nulls
        Rows of the table `similarity_null`; none where nothing was drawn.
    """
    if not nulls:
        return "Not tested against chance"
    if not is_shown(row, nulls):
        return "Not shown"
    if pd.isna(row.rho_low) or row.ceiling < LEAST_CEILING:
        return "More than by chance"
    return "Mostly" if row.rho_low >= MOSTLY else "In part"


def is_shown(row: Any, nulls: Sequence[Any]) -> bool:
    """Return whether every null is rejected and the interval over languages, where there is one, lies above 0.

    Draws of a null can't tell of dimensions that languages have in common; how much languages differ can.
    """
    return beyond(nulls) and not row.rho_low <= 0


def beyond(nulls: Sequence[Any]) -> bool:
    """Return whether every null is rejected."""
    return bool(max(null.p for null in nulls) < LEVEL)
