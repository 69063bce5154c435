"""What a question's ``show`` module hands to the page, and how numbers are put into sentences.

A ``show`` module may define any of these; all of them take `interlingua.report.results.Results`:

- ``lead``, ``tile``, ``heat``, ``brief``, ``beneath``: its part of the report's main part (`interlingua.report.story`);
- ``claim(results, model, variable) -> str``: its part of the claim in full, in the appendix, "" where there is nothing to claim;
- ``glance(results, model, variable) -> list[Row]``: its rows of the study at a glance, for a model and variable;
- ``glance_of_all(results) -> list[Row]``: those that are about all models and variables together;
- ``section(results) -> Section``: what its section says;
- ``caveats(results) -> list[str]``: caveats that depend on the run, with its numbers, beside those that the question always has;
- ``FIGURES``: figure name to ``draw(results)``, which returns ``(figure, caption)``, or None if there is nothing to draw.

They compute nothing: every number that they print stands in a table (the least, the greatest and the number of rows
of a column count as standing there).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

#: Below this a test counts as an answer.
LEVEL = 0.05


class Row(NamedTuple):
    """One question of the study at a glance."""

    question: str
    test: str
    answer: str
    sure: str


@dataclass(frozen=True)
class Shown:
    """A table on the page.

    Parameters
    ----------
    title
        Over it.
    table
        Name of the declared table, from which headings and formats come.
    frame
        Its rows that are shown.
    columns
        Names of the columns that are shown, separated by blanks.
    headings
        Headings that this place words differently.
    """

    title: str
    table: str
    frame: pd.DataFrame
    columns: str
    headings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert all(self.headings.values()), f"{self.title}: a heading says nothing"


@dataclass(frozen=True)
class Section:
    """What a question says: findings in words, then figures by name, then tables."""

    findings: list[str]
    figures: tuple[str, ...] = ()
    tables: tuple[Shown, ...] = ()


def p_text(value: float) -> str:
    """Return "= .0123" or "< .0001", or that there is no p."""
    if pd.isna(value):
        return "not estimated"
    return "< .0001" if value < 0.0001 else f"= {value:.4f}".replace("0.", ".", 1)


def permuted(p: float, draws: int) -> str:
    """Return a p from draws, and whether it is the least that so many can give."""
    least = ", the least that so many can give" if p <= 1 / (1 + draws) else ""
    return f"p {p_text(p)} from {draws} draws{least}"


def every_p(named: Sequence[tuple[str, float]], draws: int) -> str:
    """Return "p = .0010 against a and b, from 999 draws each", or each with its own p.

    Parameters
    ----------
    named
        Names of nulls, each with the p against it.
    draws
        How many draws each has.
    """
    texts = [p_text(p) for _, p in named]
    if len(named) > 1 and len(set(texts)) == 1:
        told = f"p {texts[0]} against {listing(name for name, _ in named)}"
    else:
        told = listing(f"p {text} against {name}" for text, (name, _) in zip(texts, named, strict=True))
    least = ", the least that so many can give" if all(p <= 1 / (1 + draws) for _, p in named) else ""
    return f"{told}, from {draws} draws{' each' * (len(named) > 1)}{least}"


def distinct(texts: Iterable[str]) -> str:
    """Return texts in a listing, or the one that all of them are."""
    every = list(texts)
    return every[0] if len(set(every)) == 1 else listing(every)


def instead(new: float, old: float) -> str:
    """Return "0.84 instead of 0.81", or that it is unchanged where two digits don't tell them apart."""
    now, before = signed(new, 2), signed(old, 2)
    return f"{now}, unchanged" if now == before else f"{now} instead of {before}"


def plural(number: int, one: str, many: str = "") -> str:
    """Return "1 unit", "21 units" or "no unit"."""
    return f"{number or 'no'} {one if number <= 1 else many or one + 's'}"


def yes(p: float) -> str:
    """Return the answer of a test."""
    return "Yes" if p < LEVEL else "Not shown"


def signed(value: float, digits: int) -> str:
    """Return a number with a minus sign instead of a hyphen, and none before 0."""
    return f"{value:z.{digits}f}".replace("-", "−")


def listing(names: Iterable[str]) -> str:
    """Return "a, b and c"; "" of nothing."""
    every = [str(name) for name in names]
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} and {every[-1]}"


def span(values: pd.Series) -> str:
    """Return "104" or "98 to 104"."""
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def between(values: pd.Series) -> str:
    """Return "0.83" or "0.67 to 0.83"."""
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return signed(float(low), 2) if low == high else f"{signed(float(low), 2)} to {signed(float(high), 2)}"


def percents(values: pd.Series) -> str:
    """Return "83 %" or "83 % to 94 %" of shares from 0 to 1."""
    low, high = f"{100 * values.min():.0f}", f"{100 * values.max():.0f}"
    return f"{low} %" if low == high else f"{low} % to {high} %"


def short(name: str) -> str:
    """Return how a model is called in prose."""
    return name.removeprefix("builtin:")


def opening(text: str) -> str:
    """Return a text with a capital at its beginning; rho-bar stays what it is."""
    return text if text.startswith("ρ") else f"{text[:1].upper()}{text[1:]}"


#: What sites are called.
SITE_TITLES = {"resid": "residual stream", "mlp": "MLP units", "heads": "attention heads"}


def cell_title(model: str, variable: str, site: str = "") -> str:
    """Return how a model and variable are headed, with their site where a study has several."""
    return " · ".join([short(model), *([SITE_TITLES[site]] if site else []), variable])
