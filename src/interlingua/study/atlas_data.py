"""The data of the atlas: what its page shows of a study's tables, sentences and activations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from interlingua import languages
from interlingua.contexts import contexts_hash
from interlingua.errors import StoreError
from interlingua.models import Activations
from interlingua.report.atlas import as_rows, copy_page, pack, write_data
from interlingua.report.results import PROBE_NAMES
from interlingua.study.analysis import chosen_layers, select
from interlingua.study.atlas_words import LanguageWords, neighbours, words_that_fit
from interlingua.study.cache import Cache, Frames, atomic_folder, default_cache_dir
from interlingua.study.config import Study, load_study
from interlingua.study.results import read_tables
from interlingua.study.sources import gather
from interlingua.units import resolve_k

#: Tables of a cell that the page shows, with the columns that it needs; a column that is not there is left out.
TABLES: Mapping[str, tuple[str, ...]] = {
    "probes": ("language", "probe", "curve", "layer", "r", "r_low", "r_high", "r_cv", "n_test_words"),
    "layer_choice": ("layer", "mean_r", "chosen", "probe", "curve", "criterion"),
    "pairs": (
        "method",
        "language_a",
        "language_b",
        "observed",
        "expected",
        "fe",
        "p",
        "p_bh",
        "p_by",
        "same_sign",
        "null_mean",
        "fe_corrected",
        "p_permutation",
    ),
    "pairs_summary": ("method", "n_pairs", "mean_overlap", "mean_fe", "fe_over_1", "p_below_05", "p_bh_below_05"),
    "degrees": ("method", "n_languages", "observed", "expected", "p", "null_mean", "p_permutation"),
    "highest_degree": ("method", "languages", "degree", "observed", "expected", "fe", "p", "p_bonferroni", "units"),
    "null": ("method", "draws", "null_fe", "corrected_fe", "p_fe", "own_fe", "p_own_fe", "null_highest_degree"),
    "alignment_points": ("method", "language", "mpo", "r", "probe", "reads"),
    "stability": ("language", "unit", "frequency"),
}


@dataclass(frozen=True)
class _Cell:
    """A model and variable: the layer whose units are compared, and how many of them."""

    model: str
    variable: str
    layer: int
    k: int
    width: int
    rankings: pd.DataFrame

    @property
    def where(self) -> dict[str, str]:
        return {"model": self.model, "variable": self.variable}

    @property
    def languages(self) -> list[str]:
        return [str(code) for code in self.rankings["language"].unique()]

    @cached_property
    def top(self) -> pd.DataFrame:
        """The rankings' rows of the top k of the chosen layer."""
        rows = self.rankings
        return rows[(rows["layer"] == self.layer) & (rows["rank"] <= self.k) & (rows["score"] > 0)]

    def shared(self) -> set[int]:
        """Return the indices of units at the top of two languages or more by any ranking."""
        count = self.top.groupby(["method", "index"])["language"].nunique()
        return {int(index) for index in count[count >= 2].index.get_level_values("index")}

    def first(self, method: str) -> int | None:
        """Return the unit at the top of most languages by `method`, of equals the one that ranks best there."""
        if not self.shared():
            return None
        units = select(self.top, method=method).groupby("unit")["rank"].agg(["size", "mean"])
        return int(units.sort_values(["size", "mean"], ascending=[False, True]).index[0])


def write_atlas(
    folder: Path,
    study: Study,
    contexts: Mapping[str, pd.DataFrame],
    activations: Mapping[tuple[str, str], Path],
    tables: Frames,
) -> Path:
    """Write the atlas of a study into its result folder.

    Parameters
    ----------
    folder
        The result folder; ``atlas/`` in it is made anew.
    study
        The study.
    contexts
        The sentences of each language, row i = row i of its activations.
    activations
        The file of activations of each (model, language).
    tables
        The study's tables.

    Returns
    -------
    Path
        The page, ``atlas/index.html``.

    Notes
    -----
    Units that stand at the top of two languages or more (by any ranking, at the chosen layer) have a page of
    their own, with every word's mean activation in steps of a 255th of its range. Where all of these would take
    more than 24 MB, fewer words are shown, evenly spread over the ratings.
    """
    cells = _cells(study, tables)
    layers = _unit_pages(cells)
    n_units = sum(len(units) for units in layers.values()) * len(contexts)
    most = words_that_fit(n_units)
    words = {code: LanguageWords.of(code, table, study.variables, most) for code, table in contexts.items()}
    names = list(dict.fromkeys(cell.model for cell in cells))
    with atomic_folder(folder / "atlas") as partial:
        copy_page(partial)
        for number, cell in enumerate(cells):
            write_data(partial, f"cells/{number}", _cell_data(cell, tables))
            _write_rankings(partial, number, cell)
            _write_transfer(partial, number, cell, tables)
        for (model, layer), units in layers.items():
            of_model = {code: Activations.open(activations[model, code]).layer(layer)[:, units] for code in words}
            _write_units(partial, f"{names.index(model)}-{layer}", words, of_model)
        for code, of_language in words.items():
            write_data(partial, f"words/{code}", of_language.about(study.variables))
            write_data(partial, f"sentences/{code}", of_language.sentences())
        write_data(partial, "index", _index(study, cells, layers, tables))
    return folder / "atlas" / "index.html"


def rebuild_atlas(folder: Path, *, cache_dir: Path | None = None) -> Path:
    """Write the atlas of a finished run anew, from its tables, its study and the activations in the cache.

    Parameters
    ----------
    folder
        A result folder.
    cache_dir
        The cache of that run; the user's by default.

    Raises
    ------
    StoreError
        If `folder` is not a result folder, or its activations or sentences are no longer what they were.
    """
    tables = read_tables(folder)
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StoreError(f"{folder}: not a complete result folder (no run.json); 'interlingua run' makes one") from None
    study = load_study(folder / "study.toml")
    again = f"'interlingua run {folder / 'study.toml'} --output {folder}' makes them again"
    cache = Cache(cache_dir or default_cache_dir())
    files = {
        (entry["model"], entry["language"]): cache.path("activations", entry["key"], ".safetensors")
        for entry in record["activations"]
    }
    for (model, language), file in files.items():
        if not file.exists():
            raise StoreError(f"the activations of {model} for '{language}' are not in the cache {cache.root}; {again}")
    material = gather(study, cache.root)
    contexts = {code: material.language(code) for code in study.languages}
    for (_, language), file in files.items():
        if Activations.open(file).metadata["contexts"] != contexts_hash(contexts[language]):
            raise StoreError(f"the sentences of '{language}' have changed since this run; {again}")
    return write_atlas(folder, study, contexts, files, tables)


def _cells(study: Study, tables: Frames) -> list[_Cell]:
    cells = []
    for (model, variable), layer in chosen_layers(tables["layer_choice"]).items():
        rankings = select(tables["rankings"], model=model, variable=variable)
        width = int(rankings["index"].max()) + 1
        cells.append(_Cell(model, variable, layer, resolve_k(study.units.k, width), width, rankings))
    return cells


def _unit_pages(cells: list[_Cell]) -> dict[tuple[str, int], list[int]]:
    """Return the indices of the units that get a page, by (model, layer); variables share a layer's."""
    wanted: dict[tuple[str, int], set[int]] = {}
    for cell in cells:
        wanted.setdefault((cell.model, cell.layer), set()).update(cell.shared())
    return {place: sorted(units) for place, units in wanted.items()}


def _index(
    study: Study, cells: list[_Cell], layers: Mapping[tuple[str, int], list[int]], tables: Frames
) -> dict[str, Any]:
    about = {row.language: row for row in tables["languages"].itertuples()}
    transfer = tables.get("transfer_units", pd.DataFrame(columns=["model", "variable", "language"]))
    return {
        "study": study.name,
        "preset": study.preset,
        "headline": study.units.headline,
        "methods": [{"key": name, "name": PROBE_NAMES.get(name, name)} for name in study.units.methods],
        "probes": {name: PROBE_NAMES.get(name, name) for name in study.probes.methods},
        "languages": [
            {
                "code": code,
                "name": about[code].name,
                "rtl": languages.get(code).right_to_left,
                "tag": f"{code}-{about[code].script}",
                "unseen": code in study.unseen,
                "sentences": int(about[code].sentences),
                "norms": str(about[code].norms),
                "licence": str(about[code].licence),
            }
            for code in study.languages
        ],
        "cells": [
            {
                **cell.where,
                "layer": cell.layer,
                "layers": int(cell.rankings["layer"].max()) + 1,
                "width": cell.width,
                "k": cell.k,
                "languages": cell.languages,
                "unseen": [str(code) for code in select(transfer, **cell.where)["language"].unique()],
                "first_unit": cell.first(study.units.headline),
            }
            for cell in cells
        ],
        "pages": [{"model": model, "layer": layer, "units": units} for (model, layer), units in layers.items()],
        "stability_draws": study.scrutiny.stability,
    }


def _cell_data(cell: _Cell, tables: Frames) -> dict[str, Any]:
    by_correlation = {"stability": select(tables["stability"], method="correlation")} if "stability" in tables else {}
    shown = {
        name: as_rows(select({**tables, **by_correlation}[name], **cell.where), columns)
        for name, columns in TABLES.items()
        if name in tables
    }
    at_layer = cell.rankings[cell.rankings["layer"] == cell.layer].sort_values("index")
    signed = at_layer.assign(weight=at_layer["score"] * at_layer["sign"])
    weights: dict[str, dict[str, str]] = {}
    for (method, code), rows in signed.groupby(["method", "language"], sort=False):
        weights.setdefault(str(method), {})[str(code)] = pack(rows["weight"].to_numpy(), "f4")
    return {"tables": shown, "weights": weights}


def _write_rankings(folder: Path, number: int, cell: _Cell) -> None:
    """Write every unit's rank with the sign of its weight, 0 where the weight is 0, by method, language and layer."""
    for method, of_method in cell.rankings.groupby("method", sort=False):
        by_language = {}
        for code, rows in of_method.groupby("language", sort=False):
            ordered = rows.sort_values("unit")
            signed = (ordered["rank"] * ordered["sign"] * (ordered["score"] > 0)).to_numpy()
            by_language[str(code)] = pack(signed, "i2")
        write_data(folder, f"ranks/{number}-{method}", by_language)


def _write_transfer(folder: Path, number: int, cell: _Cell, tables: Frames) -> None:
    """Write t (clustered by word) and percentile of every unit in each unseen language."""
    if "transfer_units" not in tables:
        return
    by_language = {
        str(code): {name: pack(rows.sort_values("unit")[name].to_numpy(), "f4") for name in ("t_cluster", "percentile")}
        for code, rows in select(tables["transfer_units"], **cell.where).groupby("language", sort=False)
    }
    write_data(folder, f"transfer/{number}", by_language)


def _write_units(
    folder: Path, name: str, words: Mapping[str, LanguageWords], activations: Mapping[str, np.ndarray]
) -> None:
    """Write one layer's units: a file a language, and their neighbours."""
    standardised = []
    for code, of_language in words.items():
        data, scores = of_language.of_units(activations[code])
        write_data(folder, f"units/{name}-{code}", data)
        standardised.append(scores)
    write_data(folder, f"units/{name}", neighbours(standardised))
