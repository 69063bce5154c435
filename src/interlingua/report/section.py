"""A section of the report, and how numbers are put into its sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Section:
    """One part of the report: findings in words, then figures and tables by name."""

    key: str
    title: str
    findings: list[str]
    figures: list[str] = field(default_factory=list)
    tables: list[tuple[str, pd.DataFrame, dict[str, str]]] = field(default_factory=list)


def p_text(value: float) -> str:
    """Return "= .0123" or "< .0001", or that there is no p."""
    if pd.isna(value):
        return "not estimated"
    return "< .0001" if value < 0.0001 else f"= {value:.4f}".replace("0.", ".", 1)


def times(observed: float, other: float, what: str = "") -> str:
    """Return "1.23 times as many as", or what there is to say where `other` has none."""
    if other > 0:
        return f"{observed / other:.2f} times as many{what} as"
    return "some, but none" if observed > 0 else "none, as"


def signed(value: float, digits: int) -> str:
    """Return a number with a minus sign instead of a hyphen."""
    return f"{value:.{digits}f}".replace("-", "−")


def listing(names: Iterable[str]) -> str:
    """Return "a, b and c"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else str(last)


def span(values: pd.Series) -> str:
    """Return "104" or "98 to 104"."""
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def between(values: pd.Series) -> str:
    """Return "0.83" or "0.67 to 0.83"."""
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return signed(float(low), 2) if low == high else f"{signed(float(low), 2)} to {signed(float(high), 2)}"
