"""The data of the atlas: what its page shows of a study's tables, sentences and activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interlingua import languages
from interlingua.atlas.columns import beside_units, described
from interlingua.atlas.files import as_rows, copy_page, made_anew, pack, write_data
from interlingua.atlas.steered import readouts, write_steered
from interlingua.atlas.words import LanguageWords, neighbours, words_that_fit
from interlingua.models import Activations
from interlingua.report.results import Results
from interlingua.study.cell import Cell
from interlingua.tables import Layout, Site, UnitColumn
from interlingua.tables.cells import select
from interlingua.units import top_of_site

_LayerPlace = tuple[str, Site, int]
"""A model, site and layer."""


@dataclass(frozen=True)
class _Ranked:
    """A cell with the rankings of its model, site and variable, in all layers."""

    cell: Cell
    rankings: pd.DataFrame

    @property
    def where(self) -> dict[str, str]:
        return {"model": self.cell.model, "site": self.cell.site, "variable": self.cell.variable}

    @property
    def place(self) -> _LayerPlace:
        return self.cell.model, self.cell.site, self.cell.layer

    @property
    def languages(self) -> list[str]:
        return [str(code) for code in self.rankings["language"].unique()]

    @cached_property
    def top(self) -> pd.DataFrame:
        """The rankings' rows of the top k of the chosen layer."""
        rows = self.cell.rows(self.rankings)
        return rows[(rows["rank"] <= self.cell.k) & (rows["score"] > 0)]

    def shared(self) -> set[int]:
        """Return the units at the top of two languages or more by any ranking."""
        count = self.top.groupby(["method", "unit"])["language"].nunique()
        return {int(unit) for unit in count[count >= 2].index.get_level_values("unit")}

    def first(self, method: str) -> int | None:
        """Return the unit at the top of most languages by `method`, of equals the one that ranks best there."""
        if not self.shared():
            return None
        units = select(self.top, method=method).groupby("unit")["rank"].agg(["size", "mean"])
        return int(units.sort_values(["size", "mean"], ascending=[False, True]).index[0])


def write_atlas(
    folder: Path,
    results: Results,
    contexts: Mapping[str, pd.DataFrame],
    activations: Mapping[tuple[str, str, str], Path],
    columns: Sequence[UnitColumn] = (),
) -> Path:
    """Write the atlas of a study into its result folder.

    Parameters
    ----------
    folder
        The result folder; ``atlas/`` in it is made anew.
    results
        The study's tables, and the record of its run.
    contexts
        The sentences of each language, row i = row i of its activations.
    activations
        The file of activations of each (model, site, language).
    columns
        What stands beside every unit, further to its ranks.

    Returns
    -------
    Path
        The page, ``atlas/index.html``.

    Raises
    ------
    StoreError
        If it can't be written.

    Notes
    -----
    Units that stand at the top of two languages or more (by any ranking, at the chosen layer) have a page of
    their own, with every word's mean activation in steps of a 255th of its range. Where all of these would take
    more than 24 MB, fewer words are shown, evenly spread over the ratings.
    """
    cells = _cells(results)
    layers = _unit_pages(cells)
    layouts = {(ranked.cell.model, ranked.cell.site): ranked.cell.layout for ranked in cells}
    n_units = sum(len(units) for units in layers.values()) * len(contexts)
    most = words_that_fit(n_units)
    variables = list(results.study["variables"])
    words = {code: LanguageWords.of(code, table, variables, most) for code, table in contexts.items()}
    with made_anew(folder / "atlas") as partial:
        copy_page(partial)
        for number, ranked in enumerate(cells):
            write_data(partial, f"cells/{number}", _cell_data(results, ranked, columns))
            _write_rankings(partial, number, ranked)
            _write_transfer(partial, number, results.of("transfer_units", **ranked.where))
            write_steered(partial, number, results, **ranked.where)
        for (model, site, layer), units in layers.items():
            inside = layouts[model, site].index_in(layer, units)
            of_site = {code: Activations.open(activations[model, site, code]) for code in words}
            of_layer = {code: of_language.layer(layer)[:, inside] for code, of_language in of_site.items()}
            _write_units(partial, _page_name(list(layouts), (model, site, layer)), words, of_layer, variables)
        for code, of_language in words.items():
            write_data(partial, f"words/{code}", of_language.about(variables))
            write_data(partial, f"sentences/{code}", of_language.sentences())
        write_data(partial, "index", _index(results, cells, layers, columns))
    return folder / "atlas" / "index.html"


def _cells(results: Results) -> list[_Ranked]:
    models = {entry["name"]: entry for entry in results.run["models"]}
    cells = []
    for site, view in zip(results.sites, results.views, strict=True):
        for model, variable in view.cells:
            known = models[model]["sites"][site]
            layout = Layout.recorded(known)
            layer = view.layer(model, variable)
            k = top_of_site(results.study["units"]["k"], models[model]["width"], layout.width(layer), layout.site)
            rankings = view.of("rankings", model=model, variable=variable)
            cells.append(_Ranked(Cell(model, variable, layer, k, layout), rankings))
    return cells


def _page_name(sites: Sequence[tuple[str, Site]], place: _LayerPlace) -> str:
    """Return what the files of a layer's units are called: the number of the model and site, and the layer's."""
    model, site, layer = place
    return f"{sites.index((model, site))}-{layer}"


def _unit_pages(cells: Sequence[_Ranked]) -> dict[_LayerPlace, list[int]]:
    """Return the units that get a page, by (model, site, layer); variables share a layer's."""
    wanted: dict[_LayerPlace, set[int]] = {}
    for ranked in cells:
        wanted.setdefault(ranked.place, set()).update(ranked.shared())
    return {place: sorted(units) for place, units in wanted.items()}


def _index(
    results: Results,
    cells: Sequence[_Ranked],
    layers: Mapping[_LayerPlace, list[int]],
    columns: Sequence[UnitColumn],
) -> dict[str, Any]:
    transfer = results.table("transfer_units")
    return {
        "study": results.study["name"],
        "headline": results.headline,
        "methods": [{"key": name, "name": results.label(name)} for name in results.study["units"]["methods"]],
        "nulls": [{"key": str(name), "name": results.label(name)} for name in results.table("null")["null"].unique()],
        "labels": results.run["labels"],
        "columns": described(results.tables, columns),
        "languages": [
            {
                "code": row.language,
                "name": row.name,
                "rtl": languages.get(row.language).right_to_left,
                "tag": f"{row.language}-{row.script}",
                "unseen": row.role == "unseen",
                "sentences": int(row.sentences),
                "norms": str(row.norms),
                "licence": str(row.licence),
            }
            for row in results.table("languages").itertuples()
        ],
        "cells": [
            {
                **ranked.where,
                "layer": ranked.cell.layer,
                "layout": _layout(ranked.cell.layout),
                "k": ranked.cell.k,
                "languages": ranked.languages,
                "unseen": [str(code) for code in select(transfer, **ranked.where)["language"].unique()],
                "first_unit": ranked.first(results.headline),
                "readouts": readouts(results, **ranked.where),
                **_filters(results, ranked, columns),
            }
            for ranked in cells
        ],
        "pages": [
            {"model": model, "site": site, "layer": layer, "units": units}
            for (model, site, layer), units in layers.items()
        ],
    }


def _filters(results: Results, ranked: _Ranked, columns: Sequence[UnitColumn]) -> dict[str, Any]:
    """Return what the cell's units can be filtered by without a top k: least correlations, columns with values."""
    rows = results.of("conjunction", **ranked.where)
    own = rows.loc[rows["default"].astype(bool), "least"]
    values = {f"{of.table}_{of.column}": results.of(of.table, **ranked.where)[of.column] for of in columns}
    return {
        "least": sorted({float(least) for least in rows["least"]}),
        "least_default": float(own.iloc[0]) if len(own) else None,
        "beside": [key for key, known in values.items() if known.notna().any()],
    }


def _layout(layout: Layout) -> dict[str, Any]:
    """Return each layer's width and the id of its first unit, the layers that were read, and the heads of each."""
    return {
        "widths": list(layout.widths),
        "first": [layout.first(layer) for layer in range(layout.n_layers)],
        "layers": list(layout.layers),
        "heads": layout.heads,
    }


def _cell_data(results: Results, ranked: _Ranked, columns: Sequence[UnitColumn]) -> dict[str, Any]:
    """Return the rows that tables have of a cell, the signed weights of its layer, and what stands beside units."""
    shown = {
        name: as_rows(results.of(name, **ranked.where), table.atlas)
        for name, table in results.tables.items()
        if table.atlas
    }
    at_layer = ranked.cell.rows(ranked.rankings).sort_values("unit")
    signed = at_layer.assign(weight=at_layer["score"] * at_layer["sign"])
    weights: dict[str, dict[str, str]] = {}
    for (method, code), rows in signed.groupby(["method", "language"], sort=False):
        weights.setdefault(str(method), {})[str(code)] = pack(rows["weight"].to_numpy(), "f4")
    beside = [beside_units(results, column, **ranked.where) for column in columns]
    return {"tables": shown, "weights": weights, "unit_columns": beside, "carried": _carried(results, ranked)}


def _carried(results: Results, ranked: _Ranked) -> list[dict[str, Any]]:
    """Return, for each least correlation, the units that carry the rating, and in how many languages at least."""
    rows = results.of("conjunction_carried", **ranked.where)
    return [
        {"least": float(least), "units": of_least["unit"].tolist(), "values": of_least["carried_by"].tolist()}
        for least, of_least in rows.groupby("least", sort=True)
    ]


def _write_rankings(folder: Path, number: int, ranked: _Ranked) -> None:
    """Write every unit's rank with the sign of its weight, 0 where the weight is 0, by method, language and layer."""
    for method, of_method in ranked.rankings.groupby("method", sort=False):
        by_language = {}
        for code, rows in of_method.groupby("language", sort=False):
            ordered = rows.sort_values("unit")
            signed = (ordered["rank"] * ordered["sign"] * (ordered["score"] > 0)).to_numpy()
            by_language[str(code)] = pack(signed, "i2")
        write_data(folder, f"ranks/{number}-{method}", by_language)


def _write_transfer(folder: Path, number: int, transfer: pd.DataFrame) -> None:
    """Write t (over words) and percentile of every unit in each unseen language."""
    by_language = {
        str(code): {name: pack(rows.sort_values("unit")[name].to_numpy(), "f4") for name in ("t_words", "percentile")}
        for code, rows in transfer.groupby("language", sort=False)
    }
    if by_language:
        write_data(folder, f"transfer/{number}", by_language)


def _write_units(
    folder: Path,
    name: str,
    words: Mapping[str, LanguageWords],
    activations: Mapping[str, np.ndarray],
    variables: Sequence[str],
) -> None:
    """Write one layer's units: a file a language, and their neighbours."""
    standardised = []
    for code, of_language in words.items():
        data, scores = of_language.of_units(activations[code], variables)
        write_data(folder, f"units/{name}-{code}", data)
        standardised.append(scores)
    write_data(folder, f"units/{name}", neighbours(standardised))
