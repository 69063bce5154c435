"""The sites of a model and variable beside each other, by layer and at the layers that are chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.stats.jackknife import JackknifeInterval, jackknife
from interlingua.study.cell import Cell
from interlingua.tables.cells import select
from interlingua.units.similarity import similarity as similarity_of

Arrays = Mapping[str, NDArray[Any]]
_RHO = ("rho", "rho_low", "rho_high")
#: Languages that a difference in r takes to have an interval.
_LEAST = 3


def sites(
    cells: Mapping[str, Cell],
    summary: pd.DataFrame,
    known: pd.DataFrame,
    held_out_r: pd.DataFrame,
    similarity: pd.DataFrame,
    components: pd.DataFrame,
    carrying: pd.DataFrame,
    profiles: Mapping[tuple[str, str], Arrays],
    *,
    probe: str,
) -> dict[str, pd.DataFrame | None]:
    """Say of each site how well the rating is read and how much of it is shared, and how far sites differ.

    Parameters
    ----------
    cells
        By site.
    summary
        Mean r by layer, of every probe and curve.
    known, held_out_r
        Cross-fitted r at the chosen layers, mean over languages and of each language.
    similarity, components
        What languages share, by layer.
    carrying
        How many units carry the rating in most languages.
    profiles
        Unit profiles by site and language.
    probe
        Whose r by layer is told.
    """
    read = select(summary, probe=probe, curve="layer")
    by_layer = [
        _layers(cell, *(select(t, site=site) for t in (read, similarity, components))) for site, cell in cells.items()
    ]
    every = pd.concat(by_layer, ignore_index=True)
    rows = [
        _row(cell, select(every, site=site), select(known, site=site).iloc[0], select(carrying, site=site))
        for site, cell in cells.items()
    ]
    first = next(iter(cells))
    compared = [_compared(cells[first], cell, held_out_r, profiles) for site, cell in cells.items() if site != first]
    return {"sites": every, "sites_summary": pd.DataFrame(rows), "sites_compared": pd.DataFrame(compared)}


def _layers(cell: Cell, read: pd.DataFrame, similarity: pd.DataFrame, components: pd.DataFrame) -> pd.DataFrame:
    """Return a row a layer of a site."""
    table = read[["layer", "mean_r", "n_languages"]].sort_values("layer", ignore_index=True)
    shared = select(similarity, words="all")[["layer", *_RHO]]
    table = table.merge(shared, how="left", on="layer").merge(components[["layer", "share"]], how="left", on="layer")
    n_units = [cell.layout.width(layer) for layer in table["layer"]]
    of_cell = {"model": cell.model, "site": cell.site, "variable": cell.variable}
    return table.assign(**of_cell, n_units=n_units, chosen=table["layer"] == cell.layer)


def _row(cell: Cell, layers: pd.DataFrame, known: pd.Series, carrying: pd.DataFrame) -> dict[str, object]:
    """Return what is told of a site at its chosen layer, and of the layers that stand out."""
    chosen = select(layers, chosen=True).iloc[0]
    best = layers.loc[layers["mean_r"].fillna(-np.inf).idxmax()]
    told = layers.dropna(subset="rho")
    closest = None if told.empty else told.loc[told["rho"].idxmax()]
    in_most = int(carrying["in_most"].iloc[0]) if len(carrying) else 0
    return {
        "model": cell.model,
        "site": cell.site,
        "variable": cell.variable,
        "layer": cell.layer,
        "n_units": cell.width,
        "n_languages": int(known["n_languages"]),
        **{name: float(known[name]) for name in ("mean_r", "mean_low", "mean_high")},
        **{name: float(chosen[name]) for name in (*_RHO, "share")},
        "in_most": in_most,
        "share_in_most": in_most / cell.width,
        "best_layer": int(best["layer"]),
        "best_mean_r": float(best["mean_r"]),
        "closest_layer": None if closest is None else int(closest["layer"]),
        "closest_rho": float("nan") if closest is None else float(closest["rho"]),
    }


def _compared(
    first: Cell, other: Cell, held_out_r: pd.DataFrame, profiles: Mapping[tuple[str, str], Arrays]
) -> dict[str, object]:
    """Return how far a site differs from the first, with intervals that leave out the same language at both."""
    r = held_out_r.pivot(index="language", columns="site", values="r")
    less = (r[other.site] - r[first.site]).dropna().to_numpy()
    languages = [code for site, code in profiles if site == first.site]
    row: dict[str, object] = {
        "model": other.model,
        "site": other.site,
        "variable": other.variable,
        "beside": first.site,
        "n_languages": len(less),
    }
    return row | _named("r_less", _of_mean(less)) | _named("rho_less", _of_rho(first, other, languages, profiles))


def _of_mean(values: NDArray[np.float64]) -> JackknifeInterval:
    if not len(values):
        return JackknifeInterval(float("nan"), float("nan"), float("nan"))
    without = [np.delete(values, i).mean() for i in range(len(values))] if len(values) >= _LEAST else []
    return jackknife(float(values.mean()), without)


def _of_rho(
    first: Cell, other: Cell, languages: Sequence[str], profiles: Mapping[tuple[str, str], Arrays]
) -> JackknifeInterval:
    """Return the difference in rho-bar at the chosen layers; nothing of a single language."""
    if len(languages) < 2:
        return JackknifeInterval(float("nan"), float("nan"), float("nan"))
    own, theirs = (
        similarity_of({code: profiles[cell.site, code][f"all/{cell.layer}"].astype(np.float64) for code in languages})
        for cell in (first, other)
    )
    return jackknife(theirs.rho - own.rho, theirs.left_out - own.left_out)


def _named(name: str, found: JackknifeInterval) -> dict[str, float]:
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
