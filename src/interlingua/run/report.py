"""Draw the report of a result folder: every question's words and figures, in their order."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from interlingua.errors import StoreError, reason
from interlingua.questions.order import LEAD, questions, tables
from interlingua.report.latex import write_latex
from interlingua.report.page import Part, Told, write_page
from interlingua.report.results import Results
from interlingua.report.story import Story, side_by_side
from interlingua.report.style import house_style, save
from interlingua.report.words import Row, cell_title
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
    parts = [
        Part(
            question.key,
            question.title,
            shows[question.key].section(results),
            [*question.caveats, *_rows(shows[question.key], "caveats", results)],
        )
        for question in asked
    ]
    claims = [_claim(results, shows, *cell) for cell in results.cells]
    not_asked = {question.title: results.not_asked[question.key] for question in questions() if question not in asked}
    return Told(story(results, shows), [claim for claim in claims if claim], _glance(results, shows), parts, not_asked)


def labels(study: Study) -> dict[str, str]:
    """Return how people call the study's probes, rankings and nulls."""
    from interlingua.probes import methods as probes
    from interlingua.units import methods, nulls

    every = [(probes, probes.names()), (methods, study.units.methods), (nulls, study.units.nulls)]
    return {name: registry.get(name).label for registry, names in every for name in names}


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
        for show in _shows(results).values():
            for name, draw in getattr(show, "FIGURES", {}).items():
                drawn = draw(results)
                if drawn is not None:
                    figure, captions[name] = drawn
                    save(figure, folder, name)
    return captions


def _claim(results: Results, shows: dict[str, ModuleType], model: str, variable: str) -> str:
    """Return the claim about a model and variable, of which each question may have a part."""
    parts = [show.claim(results, model, variable).strip() for show in _leading(shows) if hasattr(show, "claim")]
    return " ".join(part for part in parts if part)


def _glance(results: Results, shows: dict[str, ModuleType]) -> dict[str, list[Row]]:
    """Return the questions of every model and variable, and those of all of them together, by heading."""
    groups: dict[str, list[Row]] = {
        cell_title(model, variable): [
            row for show in _leading(shows) for row in _rows(show, "glance", results, model, variable)
        ]
        for model, variable in results.cells
    }
    of_all = [row for show in shows.values() for row in _rows(show, "glance_of_all", results)]
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
