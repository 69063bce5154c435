"""``report.html``: the story in the paper's order, on one page that needs no network."""

from __future__ import annotations

import base64
import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from interlingua.errors import StoreError
from interlingua.report.caveats import CAVEATS
from interlingua.report.glance import glance
from interlingua.report.results import PROBE_NAMES, Results, cell_title
from interlingua.report.story import headline, sections

#: Rows of a table on the page; the whole of it stands in tables/.
MOST_ROWS = 40
#: Points above which a figure is scrolled on a narrow screen instead of being shrunk.
_WIDE = 400
#: Columns that say what a row is about: said once above a table where all rows have the same.
_KEYS = ("model", "variable", "probe", "method", "language")
#: Columns whose cells stand on one line.
_UNBROKEN = frozenset({*_KEYS, "formula"})
#: Characters up to which the cells of any other column do.
_SHORT = 16
#: Columns that are p-values.
_P_VALUES = (
    "p",
    "p_bh",
    "p_by",
    "p_bonferroni",
    "p_cluster",
    "p_permutation",
    "p_fe",
    "control_p_fe",
    "p_omnibus",
    "p_highest_degree",
    "p_signed_fe",
    "p_own",
    "p_own_fe",
    "p_own_highest_degree",
    "p_own_omnibus",
    "p_own_signed_fe",
    "baseline_p",
)


def write_page(results: Results, captions: dict[str, str]) -> Path:
    """Write ``report.html`` into the result folder and return its path."""
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
        headline=headline(results),
        glance=glance(results),
        sections=sections(results),
        figures=figures,
        caveats=CAVEATS,
        table=partial(_table, results),
        study_toml=(results.folder / "study.toml").read_text(encoding="utf-8"),
        run_json=json.dumps(results.run, indent=2, ensure_ascii=False),
        cell_title=cell_title,
        probe_names=PROBE_NAMES,
    )
    path = results.folder / "report.html"
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: can't be written ({error.strerror})") from None
    return path


def _figure(folder: Path, name: str, caption: str) -> dict[str, Any]:
    svg = (folder / "figures" / f"{name}.svg").read_bytes()
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"
    width = re.search(rb'width="([0-9.]+)pt"', svg)
    wide = width is not None and float(width[1]) > _WIDE
    return {"name": name, "source": source, "caption": caption, "wide": wide}


def _table(results: Results, frame: pd.DataFrame, headings: dict[str, str], most: int = MOST_ROWS) -> dict[str, Any]:
    """Return what the template needs to show the columns named in `headings` (column to heading)."""
    shown = frame.head(most)
    there = [column for column in headings if column in frame.columns]
    constant = [column for column in there if column in _KEYS and frame[column].nunique(dropna=False) == 1]
    columns = [column for column in there if column not in constant]
    rows = [
        [_cell(results, column, value) for column, value in zip(columns, row, strict=True)]
        for row in shown[columns].itertuples(index=False)
    ]
    return {
        "same": [f"{headings[column]} {_cell(results, column, frame[column].iloc[0])}" for column in constant],
        "headings": [headings[column] for column in columns],
        "kinds": [_kind(frame[column]) for column in columns],
        "rows": rows,
        "left": len(frame) - len(shown),
    }


def _kind(column: pd.Series) -> str:
    """Return the class of a column's cells."""
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    short = column.astype(str).str.len().max() <= _SHORT
    return "unbroken" if short or column.name in _UNBROKEN else "text"


def _cell(results: Results, column: str, value: Any) -> str:
    if isinstance(value, str):
        if column in ("language", "language_a", "language_b"):
            return str(results.names.get(value, value))
        return PROBE_NAMES.get(value, value.removeprefix("builtin:")) or "–"
    if value is None or pd.isna(value):
        return "–"
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    return _number(column, value)


def _number(column: str, value: float) -> str:
    if column in _P_VALUES:
        return "< .0001" if value < 0.0001 else f"{value:.4f}".replace("0.", ".", 1)
    if pd.api.types.is_integer(value):
        return str(value) if column == "unit" else f"{value:,}"
    if value != 0 and (abs(value) >= 100000 or abs(value) < 0.001):
        text = f"{value:.2e}"
    else:
        text = f"{value:,.0f}" if abs(value) >= 1000 or value == 0 else f"{value:#.3g}".rstrip(".")
    return text.replace("-", "−")
