"""The main part of a report, put together from what every question says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType

from interlingua.questions.order import CHAPTERS, LEAD, TILES, questions
from interlingua.report.results import Results
from interlingua.report.story import (
    ANSWER_WORDS,
    MEANINGS,
    Chapter,
    Heat,
    Place,
    Story,
    Tile,
    ToldChapter,
    ToldPlace,
    place_key,
    place_title,
)
from interlingua.report.words import listing, short, span

#: Figures on the first screen, and panels of a chapter's figure.
_MOST_TILES, _MOST_PANELS = 4, 2

#: The answer where no question has one.
_NOTHING = "Not asked: nothing could be compared between languages."

Shows = Mapping[str, ModuleType]


def story(results: Results, shows: Shows) -> Story:
    """Return the main part.

    Parameters
    ----------
    results
        A result folder.
    shows
        The modules that tell the questions which the study asks, by key.
    """
    # Each site is told of by itself; where there is one only, its name is left out.
    of_views = [(view, place) for view in results.views for place in view.places]
    several = len(results.sites) > 1
    tiles = _tiles(of_views, shows)
    places = []
    for number, (view, place) in enumerate(of_views, start=1):
        chapters = [_chapter(view, shows, place, chapter, number) for chapter in CHAPTERS]
        leads = [shows[key].lead(view, place) for key in LEAD if key in shows and hasattr(shows[key], "lead")]
        site = view.site if several else ""
        places.append(
            ToldPlace(
                key=place_key(place, site),
                title=place_title(place, site),
                answer=" ".join(lead.text for lead in leads if lead.text) or _NOTHING,
                outcome=next((lead.outcome for lead in leads if lead.outcome), ""),
                tiles=tiles[number - 1],
                heat=_heat(view, shows, place),
                chapters=[chapter for chapter in chapters if chapter.texts or chapter.not_asked],
            )
        )
    beneath = [text for show in shows.values() if hasattr(show, "beneath") for text in show.beneath(results)]
    return Story(_question(results), _answer(places), _terms(results), places, beneath)


def _tiles(of_views: Sequence[tuple[Results, Place]], shows: Shows) -> list[list[Tile]]:
    """Return the figures of every place: those of the first questions that have one for any of them."""
    columns = []
    for key in TILES:
        if key not in shows:
            continue
        of_question = [shows[key].tile(view, place) for view, place in of_views]
        first = next((tile for tile in of_question if tile is not None), None)
        if first is not None:
            columns.append([tile or Tile(first.label, "–", "not tested", "", first.head) for tile in of_question])
    return [list(row) for row in zip(*columns[:_MOST_TILES], strict=True)] or [[] for _ in of_views]


def _heat(results: Results, shows: Shows, place: Place) -> Heat | None:
    maps = (show.heat(results, place) for show in shows.values() if hasattr(show, "heat"))
    found = next((one for one in maps if one is not None), None)
    if found is None or results.site in ("", results.sites[0]):
        return found
    return replace(found, rows=[row._replace(address=f"{row.address}&site={results.site}") for row in found.rows])


def _chapter(results: Results, shows: Shows, place: Place, chapter: Chapter, number: int) -> ToldChapter:
    """Return a chapter of a place."""
    asking = [question for question in questions() if chapter.key in question.chapters]
    briefs = [shows[question.key].brief(results, place, chapter.key) for question in asking if question.key in shows]
    told = [brief for brief in briefs if brief is not None]
    panels = tuple(brief.panel for brief in told if brief.panel is not None)[:_MOST_PANELS]
    not_asked = [question.title for question in asking if question.key not in shows]
    return ToldChapter(chapter, [brief.text for brief in told], not_asked, f"{chapter.key}-{number}", panels)


def _question(results: Results) -> str:
    """Return the study's question."""
    models = listing(dict.fromkeys(short(place["model"]) for place in results.places))
    variables = listing(dict.fromkeys(place["variable"] for place in results.places))
    verb = "Does" if len({place["model"] for place in results.places}) == 1 else "Do"
    return f"{verb} {models} encode {variables} alike in every language?"


def _answer(places: Sequence[ToldPlace]) -> str:
    """Return the answer of a study's one place, or how it differs between its places."""
    if len(places) == 1:
        return places[0].answer
    by_outcome: dict[str, list[str]] = {}
    for place in places:
        by_outcome.setdefault(place.outcome or "Not asked", []).append(place.title)
    if len(by_outcome) == 1:
        return f"{next(iter(by_outcome))}, in every row below."
    text = "; ".join(f"{outcome}: {listing(titles)}" for outcome, titles in by_outcome.items()) + "."
    if len(text.split()) <= ANSWER_WORDS:
        return text
    return f"It differs (see the table): {listing(by_outcome)}."


def _terms(results: Results) -> str:
    """Return what a unit is, and what was rated."""
    seen = results.of("languages", role="seen")
    variables = dict.fromkeys(place["variable"] for place in results.places)
    rated = listing(f"{name} ({MEANINGS[name]})" if name in MEANINGS else name for name in variables)
    in_frames = ", in neutral sentences that name them" if (seen["frames"].fillna("") != "").all() else ""
    text = (
        "A unit is one of the numbers that a layer of a language model computes for a word. The words: "
        f"{span(seen['words'])} in each of {len(seen)} languages, rated for {rated}{in_frames}."
    )
    sizes = results.of("set_sizes", method=results.headline)["n_units"]
    if len(sizes):
        rank = "ranks" if sizes.max() == 1 else "rank"
        text += f" A language's top units: the {span(sizes)} that {rank} first by {results.label(results.headline)}."
    trained = [
        f"{short(model['name'])}: {model['trained_on']}."
        for model in results.run["models"]
        if not model["control"] and model.get("trained_on")
    ]
    return " ".join([text, *trained])
