"""Draw the report of a result folder: every question's words and figures, in their order."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

from interlingua.errors import StoreError, reason
from interlingua.questions.order import LEAD, questions, tables
from interlingua.questions.question import Question
from interlingua.report.latex import write_latex
from interlingua.report.page import Part, Told, write_page
from interlingua.report.results import Results
from interlingua.report.story import Story, side_by_side
from interlingua.report.style import house_style, save
from interlingua.report.words import SITE_TITLES, Row, cell_title, opening
from interlingua.run.story import story
from interlingua.study.config import Study


def build_report(folder: Path | str) -> Path:
    """Draw the figures and ``report.html`` of a result folder from its tables.

    Parameters
    ----------
    folder
        A result folder; `interlingua.run` makes one.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    StoreError
        If `folder` is not a result folder, if another version wrote it, or if it can't be written to.
    TableError
        If one of its tables is not what is declared.
    """
    results = Results.read(Path(folder), tables())
    try:
        said = told(results)
        page = write_page(results, said, _draw(results, said.story))
        write_latex(results, (shown for part in said.parts for shown in part.section.tables), results.folder / "tables")
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {reason(error)}") from error
    return page


def told(results: Results) -> Told:
    """Return what the report of a result folder says."""
    shows = _shows(results)
    asked = [question for question in questions() if question.key in shows]
    parts = [_part(question, shows[question.key], view) for question in asked for view in _views(results, question)]
    claims = [_claim(view, shows, *cell) for view in results.views for cell in view.cells]
    not_asked = {question.title: results.not_asked[question.key] for question in questions() if question not in asked}
    return Told(story(results, shows), [claim for claim in claims if claim], _glance(results, shows), parts, not_asked)


def _views(results: Results, question: Question) -> list[Results]:
    """Return what a question is told of: each site by itself where there are several, or all results at once."""
    return results.views if question.by_site and len(results.sites) > 1 else [results]


def _part(question: Question, show: ModuleType, view: Results) -> Part:
    """Return what a question says of a view; its own caveats stand with the first."""
    first = view.site in ("", view.sites[0])
    section = show.section(view)
    figures = tuple(_of_site(name, view) for name in section.figures)
    site = f" · {SITE_TITLES[view.site]}" if view.site else ""
    shown = tuple(replace(table, title=f"{table.title}{site}") for table in section.tables)
    caveats = [*(question.caveats if first else ()), *_rows(show, "caveats", view)]
    told = replace(section, figures=figures, tables=shown)
    return Part(_of_site(question.key, view), f"{question.title}{site}", told, caveats)


def _of_site(name: str, view: Results) -> str:
    """Return the name of something of a site: those of the first have none in it."""
    return name if view.site in ("", view.sites[0]) else f"{name}-{view.site}"


def labels(study: Study) -> dict[str, str]:
    """Return how people call the study's probes, rankings and nulls, and where units are."""
    from interlingua.probes import methods as probes
    from interlingua.units import methods, nulls

    every = [(probes, probes.names()), (methods, study.units.methods), (nulls, study.units.nulls)]
    return {name: registry.get(name).label for registry, names in every for name in names} | SITE_TITLES


def _shows(results: Results) -> dict[str, ModuleType]:
    """Return the modules that tell the questions which the study asks, in their order, by key."""
    return {
        question.key: import_module(question.show) for question in questions() if question.key not in results.not_asked
    }


def _leading(shows: dict[str, ModuleType]) -> list[ModuleType]:
    """Return the modules in the order of the first lines."""
    first = {key: shows[key] for key in LEAD if key in shows}
    return list((first | shows).values())


def _draw(results: Results, main: Story) -> dict[str, str]:
    """Draw every figure, saved as SVG, PDF and PNG; return the captions by figure name."""
    folder = results.folder / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    captions = {}
    with house_style():
        for chapter in (chapter for place in main.places for chapter in place.chapters if chapter.panels):
            figure, captions[chapter.figure] = side_by_side(chapter.panels)
            save(figure, folder, chapter.figure)
        shows = _shows(results)
        for question in (question for question in questions() if question.key in shows):
            for view, (name, draw) in product(_views(results, question), _figures(shows[question.key])):
                drawn = draw(view)
                if drawn is not None:
                    figure, caption = drawn
                    own = _of_site(name, view)
                    captions[own] = f"{opening(SITE_TITLES[view.site])}. {caption}" if view.site else caption
                    save(figure, folder, own)
    return captions


def _figures(show: ModuleType) -> list[tuple[str, Any]]:
    return list(getattr(show, "FIGURES", {}).items())


def _claim(results: Results, shows: dict[str, ModuleType], model: str, variable: str) -> str:
    """Return the claim about a model and variable, of which each question may have a part."""
    parts = [show.claim(results, model, variable).strip() for show in _leading(shows) if hasattr(show, "claim")]
    said = " ".join(part for part in parts if part)
    return f"{opening(SITE_TITLES[results.site])}: {said}" if said and len(results.sites) > 1 else said


def _glance(results: Results, shows: dict[str, ModuleType]) -> dict[str, list[Row]]:
    """Return the questions of every model and variable, and those of all of them together, by heading."""
    several = len(results.sites) > 1
    groups: dict[str, list[Row]] = {
        cell_title(model, variable, view.site if several else ""): [
            row for show in _leading(shows) for row in _rows(show, "glance", view, model, variable)
        ]
        for view in results.views
        for model, variable in view.cells
    }
    of_all = []
    for question in (question for question in questions() if question.key in shows):
        for view in _views(results, question):
            rows = _rows(shows[question.key], "glance_of_all", view)
            of_all += [
                row._replace(question=f"{row.question} ({SITE_TITLES[view.site]})") if view.site else row
                for row in rows
            ]
    of_all += [
        Row(question.missed, "–", "Not tested", results.not_asked[question.key])
        for question in questions()
        if question.missed and question.key in results.not_asked
    ]
    groups.setdefault(next(iter(groups)) if len(groups) == 1 else "all models and variables", []).extend(of_all)
    return {title: rows for title, rows in groups.items() if rows}


def _rows(show: ModuleType, what: str, *arguments: object) -> list[Any]:
    """Return what a module tells of something that it need not tell."""
    tell = getattr(show, what, None)
    return list(tell(*arguments)) if tell is not None else []
