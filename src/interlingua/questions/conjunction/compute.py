"""Partial conjunction over languages, layer by layer and over the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from interlingua.probes.methods import get
from interlingua.stats.conjunction import Conjunction, partial_conjunction
from interlingua.stats.multiplicity import adjust
from interlingua.study.cell import Cell

Arrays = Mapping[str, NDArray[Any]]
Frames = dict[str, pd.DataFrame | None]

LEVEL = 0.05
_WHOLE = -1


def conjunction(
    profiles: Mapping[str, Arrays],
    strata: pd.DataFrame,
    probes: pd.DataFrame,
    cell: Cell,
    *,
    least: float,
    grid: Sequence[float],
    fitted: Sequence[str],
) -> Frames:
    """Test of every unit in how many languages it carries the rating.

    Parameters
    ----------
    profiles
        By language: each unit's correlation with the rating over training words, as "r/LAYER", and "words".
    strata
        Linked training words: with any, languages are not independent.
    probes
        Of every language.
    cell
        The model and variable, at the layer whose units are compared.
    least, grid
        The least correlation that counts, and further ones.
    fitted
        The study's probes: the first sparse one, of those that choose their penalty if there are any, tells which units
        add to the others.
    """
    if len(profiles) < 2:
        names = ("", "_units", "_carried", "_r", "_summary")
        return dict.fromkeys(("carries", *(f"conjunction{name}" for name in names)))
    layers = cell.layout.layers
    r = {layer: np.stack([arrays[f"r/{layer}"] for arrays in profiles.values()]) for layer in layers}
    r[_WHOLE] = np.concatenate([r[layer] for layer in layers], axis=1)
    n_words = np.array([int(arrays["words"][0]) for arrays in profiles.values()])
    linked = not cell.rows(strata.assign(layer=cell.layer)).empty
    rows = [
        {**row, "layer": layer, "linked": linked, "chosen": layer == cell.layer, "default": row["least"] == least}
        for layer, values in r.items()
        for row in _counts(values, n_words, sorted({least, *grid}), linked)
    ]
    carried = {value: _carried(r[cell.layer], n_words, value, linked) for value in sorted({least, *grid})}
    units = _units(r[cell.layer], n_words, least, linked, carried[least], cell)
    n = len(profiles)
    counts = {u: int((units["carried_by"] >= u).sum()) for u in (2, ceil(0.75 * n), n)}
    best = units.loc[units["least_r"].idxmax()]
    summary = {
        "n_languages": n,
        "least": least,
        "in_two": counts[2],
        "most": ceil(0.75 * n),
        "in_most": counts[ceil(0.75 * n)],
        "in_all": counts[n],
        "width": cell.width,
        "linked": linked,
        "best_unit": int(best["unit"]),
        "best_r": float(best["least_r"]),
    }
    return {
        "conjunction": pd.DataFrame(rows).assign(model=cell.model, site=cell.site, variable=cell.variable),
        "conjunction_units": cell.stamp(units),
        "conjunction_carried": cell.stamp(_by_least(carried, cell)),
        "conjunction_r": cell.stamp(_of_languages(r[cell.layer], units, list(profiles))),
        "carries": cell.stamp(
            _carries(r[cell.layer], n_words, list(profiles), _sparse(cell.rows(probes, curve="layer"), fitted))
        ),
        "conjunction_summary": cell.stamp(pd.DataFrame([summary])),
    }


def _counts(
    r: NDArray[np.float64], n_words: NDArray[np.int64], grid: Sequence[float], linked: bool
) -> list[dict[str, Any]]:
    rows = []
    for least in grid:
        for at_least in range(2, len(r) + 1):
            found = [
                int((_adjusted(r, n_words, at_least, least, independent) <= LEVEL).sum())
                for independent in (True, False)
            ]
            rows.append(
                {
                    "at_least": at_least,
                    "n_languages": len(r),
                    "least": least,
                    "n_units": found[1] if linked else found[0],
                    "n_independent": found[0],
                    "n_any": found[1],
                    "width": r.shape[1],
                }
            )
    return rows


def _tested(
    r: NDArray[np.float64], n_words: NDArray[np.int64], at_least: int, least: float, independent: bool
) -> Conjunction:
    return partial_conjunction(r, n_words, languages=at_least, least=least, independent=independent)


def _adjusted(
    r: NDArray[np.float64], n_words: NDArray[np.int64], at_least: int, least: float, independent: bool
) -> NDArray[np.float64]:
    return adjust(_tested(r, n_words, at_least, least, independent).p, "bh")


def _carried(r: NDArray[np.float64], n_words: NDArray[np.int64], least: float, linked: bool) -> NDArray[np.int64]:
    """Return in how many languages each unit is shown to carry the rating, at least."""
    carried = np.zeros(r.shape[1], dtype=np.int64)
    for u in range(1, len(r) + 1):
        carried[_adjusted(r, n_words, u, least, not linked) <= LEVEL] = u
    return carried


def _by_least(carried: Mapping[float, NDArray[np.int64]], cell: Cell) -> pd.DataFrame:
    """Return the units that are shown to carry the rating in any language, for each least correlation."""
    parts = [
        pd.DataFrame(
            {"unit": cell.layout.unit(cell.layer, np.flatnonzero(by)), "least": least, "carried_by": by[by > 0]}
        )
        for least, by in carried.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _units(
    r: NDArray[np.float64],
    n_words: NDArray[np.int64],
    least: float,
    linked: bool,
    carried: NDArray[np.int64],
    cell: Cell,
) -> pd.DataFrame:
    n, index = len(r), np.arange(cell.width)
    p = {u: _adjusted(r, n_words, u, least, not linked) for u in (ceil(0.75 * n), n)}
    sign = _tested(r, n_words, n, least, not linked).sign
    return pd.DataFrame(
        {
            "unit": cell.layout.unit(cell.layer, index),
            "index": index,
            "sign": sign,
            "carried_by": carried,
            "p_all": p[n],
            "p_most": p[ceil(0.75 * n)],
            "mean_r": r.mean(axis=0),
            "least_r": (r * sign).min(axis=0),
        }
    )


def _of_languages(r: NDArray[np.float64], units: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """Return each language's correlation with the rating of the units that carry it in two or more."""
    shown = units.loc[units["carried_by"] >= 2, ["unit", "index"]]
    index = shown["index"].to_numpy()
    parts = [
        pd.DataFrame({"unit": shown["unit"], "language": code, "r": values[index]})
        for code, values in zip(codes, r, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _sparse(at_layer: pd.DataFrame, fitted: Sequence[str]) -> pd.Series:
    """Return how many units a sparse probe of the layer gives a weight, by language."""
    sparse = sorted((name for name in fitted if get(name).sparse), key=lambda name: not get(name).chooses)
    name = next((name for name in sparse if name in set(at_layer["probe"])), "")
    return at_layer[at_layer["probe"] == name].set_index("language")["n_nonzero"]


def _carries(
    r: NDArray[np.float64], n_words: NDArray[np.int64], codes: Sequence[str], weights: pd.Series
) -> pd.DataFrame:
    """Return how many units' own correlation is not 0 in each language, and how many a sparse probe gives a weight."""
    rows = []
    for code, values, words in zip(codes, r, n_words, strict=True):
        t = values * np.sqrt((words - 2) / np.maximum(1 - values**2, np.finfo(float).tiny))
        p = adjust(2 * scipy.stats.t.sf(np.abs(t), words - 2), "bh")
        rows.append(
            {
                "language": code,
                "n_words": int(words),
                "n_carry": int((p <= LEVEL).sum()),
                "n_add": int(weights[code]) if code in weights.index else None,
                "width": r.shape[1],
            }
        )
    return pd.DataFrame(rows).astype({"n_add": "Int64"})
