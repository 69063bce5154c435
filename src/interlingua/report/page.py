"""``report.html``: the story in the paper's order, on one page that needs no network."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from interlingua.errors import StoreError, reason
from interlingua.report.results import Results
from interlingua.report.story import Story
from interlingua.report.style import darkened
from interlingua.report.table import laid_out
from interlingua.report.words import Row, Section, opening, signed

#: Points above which a figure is scrolled on a narrow screen instead of being shrunk.
_WIDE = 300
#: Pixels a point: letters of 7 points on paper are read on a screen as letters of 11.
_PIXELS = 1.55


@dataclass(frozen=True)
class Part:
    """One part of the page: what a question says, and what is to be held against it.

    Parameters
    ----------
    key, title
        Its anchor and heading.
    section
        What it says.
    caveats
        Beside it.
    """

    key: str
    title: str
    section: Section
    caveats: Sequence[str]


@dataclass(frozen=True)
class Told:
    """All that a report says in words and tables.

    Parameters
    ----------
    story
        The main part.
    claims
        All that is claimed of each model and variable, in full.
    glance
        The rows of the study at a glance, by heading.
    parts
        In their order.
    not_asked
        Why the study does not ask a question, by the question's title.
    """

    story: Story
    claims: Sequence[str]
    glance: Mapping[str, Sequence[Row]]
    parts: Sequence[Part]
    not_asked: Mapping[str, str]


def write_page(results: Results, told: Told, captions: Mapping[str, str]) -> Path:
    """Write ``report.html`` into the result folder and return its path.

    Parameters
    ----------
    results
        The result folder.
    told
        What it says.
    captions
        Those of the figures in ``figures/``, by name.

    Raises
    ------
    StoreError
        If it can't be written.
    """
    environment = Environment(
        loader=PackageLoader("interlingua.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    figures = {name: _figure(results.folder, name, caption) for name, caption in captions.items()}
    html = environment.get_template("report.html.j2").render(
        results=results,
        has_atlas=(results.folder / "atlas" / "index.html").is_file(),
        told=told,
        figures=figures,
        table=partial(laid_out, results),
        shade=shade,
        signed=signed,
        study_toml=(results.folder / "study.toml").read_text(encoding="utf-8"),
        run_json=json.dumps(results.run, indent=2, ensure_ascii=False),
    )
    path = results.folder / "report.html"
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        unfinished.write_text(html, encoding="utf-8")  # a page that was there stays whole on a full disk
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise StoreError(f"{path}: can't be written ({reason(error)})") from None
    return path


def _figure(folder: Path, name: str, caption: str) -> dict[str, Any]:
    svg = (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    size = re.search(r'width="([0-9.]+)pt" height="([0-9.]+)pt"', svg)
    width, height = (float(size[1]), float(size[2])) if size else (0.0, 0.0)
    return {
        "name": name,
        "light": _address(svg),
        "dark": _address(darkened(svg)),
        "caption": opening(caption),
        "wide": width > _WIDE,
        "width": round(_PIXELS * width),
        "height": round(_PIXELS * height),
    }


def _address(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"


def shade(value: float) -> str:
    """Return how a cell of the map of units is coloured: which side of 0, and how much of the colour in per cent."""
    side = "var(--accent)" if value >= 0 else "var(--second)"
    return f"background: color-mix(in srgb, {side} {min(50, round(80 * abs(value)))}%, var(--paper))"
