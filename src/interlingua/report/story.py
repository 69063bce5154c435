"""The main part of a report: a question, its answer in a sentence or two, four figures, a map of units, and chapters.

Every chapter belongs to one model and variable: a *place*, by its columns (`Results.places`). A question's ``show``
module may define these; they take the results and a place, and compute nothing:

- ``lead(results, place) -> Lead``: its sentence of the answer;
- ``tile(results, place) -> Tile | None``: its figure, beside those of other questions;
- ``heat(results, place) -> Heat | None``: units by languages, with links into the atlas;
- ``brief(results, place, chapter) -> Brief | None``: what it says in a chapter that its declaration names;
- ``beneath(results) -> list[str]``: how places differ, for beneath their table (it takes no place).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from interlingua.report.style import SMALL, panels
from interlingua.report.words import cell_title, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Place = Mapping[str, str]
"""A model and variable, by the columns of result tables."""

#: Words of an answer, and of a chapter, at most: what can be read in half a minute.
ANSWER_WORDS, CHAPTER_WORDS, MAIN_WORDS = 35, 80, 1500
#: What people are asked where a variable of this name is rated, as a noun.
MEANINGS = {
    "valence": "how pleasant a word is",
    "arousal": "how exciting a word is",
    "dominance": "how much in control a word makes one feel",
    "concreteness": "how far a word's meaning can be experienced with the senses",
    "imageability": "how easily a word calls up a picture",
    "familiarity": "how familiar a word is",
    "length": "how many characters a word has",
}


@dataclass(frozen=True)
class Chapter:
    """A chapter of the main part; questions say in which they are told.

    Parameters
    ----------
    key
        By which questions name it.
    title
        Its heading.
    asks
        What it asks, in a sentence.
    """

    key: str
    title: str
    asks: str


class Lead(NamedTuple):
    """A sentence of the answer; `outcome` is its verdict in a word or two, "" where it has none."""

    text: str
    outcome: str = ""


class Tile(NamedTuple):
    """A figure for the first screen: what it is of, the figure, how sure it is, and what it means.

    `means` may have the place's numbers; `head` says it in a few words for all places, over a column of them.
    """

    label: str
    value: str
    sure: str
    means: str
    head: str


class Panel(NamedTuple):
    """A part of a chapter's figure: what draws it on an axis, and its caption."""

    draw: Callable[[Any], None]
    caption: str


class Brief(NamedTuple):
    """What a question says in a chapter, and what it draws there."""

    text: str
    panel: Panel | None = None


class HeatRow(NamedTuple):
    """A unit of the map: its number, its address in the atlas, in how many languages, and a value a language."""

    unit: str
    address: str
    many: str
    values: Sequence[float]


@dataclass(frozen=True)
class Heat:
    """Units by languages.

    Parameters
    ----------
    caption
        Under it.
    many
        Heading of the number of languages.
    languages
        Code and name of each column.
    rows
        The units.
    """

    caption: str
    many: str
    languages: Sequence[tuple[str, str]]
    rows: Sequence[HeatRow]


@dataclass(frozen=True)
class ToldChapter:
    """A chapter of a place: its sentences, what of it was not asked, and its figure's name and parts, if it has any."""

    chapter: Chapter
    texts: Sequence[str]
    not_asked: Sequence[str]
    figure: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class ToldPlace:
    """All that the main part says of a model and variable.

    Parameters
    ----------
    key, title
        Its anchor and heading.
    answer
        In at most 35 words.
    outcome
        The verdict of the answer.
    tiles
        Its figures; None where a question has none for it.
    heat
        Its map of units.
    chapters
        In their order.
    """

    key: str
    title: str
    answer: str
    outcome: str
    tiles: Sequence[Tile]
    heat: Heat | None
    chapters: Sequence[ToldChapter]


@dataclass(frozen=True)
class Story:
    """The main part: question, answer, what the words in them mean, its places, and how they differ."""

    question: str
    answer: str
    terms: str
    places: Sequence[ToldPlace]
    beneath: Sequence[str]


def place_title(place: Place, site: str = "") -> str:
    """Return how a place is headed, with its site where a study has several."""
    return cell_title(**place, site=site)


def place_key(place: Place, site: str = "") -> str:
    """Return the anchor of a place."""
    return "of-" + (re.sub(r"[^a-z0-9]+", "-", place_title(place, site).lower()).strip("-") or "all")


def unit_address(place: Place, site: str, unit: int) -> str:
    """Return where the atlas beside the report shows a unit; `site` is "" where the results have one only."""
    where = {"model": place["model"], **({"site": site} if site else {}), "variable": place["variable"]}
    return f"atlas/index.html#unit/{unit}?{urlencode(where)}"


def side_by_side(drawn: Sequence[Panel]) -> tuple[Figure, str]:
    """Return a chapter's figure, a panel beside the other, and its caption."""
    figure, axes = panels(len(drawn), height=2.4, columns=2)
    for axis, panel in zip(axes, drawn, strict=True):
        panel.draw(axis)
    return figure, " ".join(f"{_where(number, drawn)}{panel.caption}" for number, panel in enumerate(drawn))


def _where(number: int, drawn: Sequence[Panel]) -> str:
    return ("Left: ", "Right: ")[number] if len(drawn) == 2 else ""


def draw_rows(
    axis: Any,
    rows: Sequence[tuple[str, float, float, float]],
    *,
    colours: Sequence[str],
    markers: Sequence[str],
) -> None:
    """Draw values with their reach under each other, the first on top.

    Parameters
    ----------
    axis
        Where.
    rows
        A name, a value, and the ends of what it reaches, NaN where there are none.
    colours, markers
        Of each.
    """
    for number, ((_, value, low, high), colour, marker) in enumerate(zip(rows, colours, markers, strict=True)):
        axis.plot([low, high], [number, number], color=colour, linewidth=2.5, alpha=0.55, solid_capstyle="butt")
        axis.plot([value], [number], marker=marker, color=colour, linestyle="none", markersize=5)
        axis.annotate(
            signed(value, 2),
            (value, number),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=SMALL,
        )
    axis.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axis.set_ylim(len(rows) - 0.5, -0.75)
    axis.grid(visible=False, axis="y")
