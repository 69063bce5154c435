"""How few of the others' units predict a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.design import Standardise
from interlingua.probes.subsets import SubsetRidge, WordMeans
from interlingua.seeds import derive_seed
from interlingua.stats.r_interval import mean_r_interval
from interlingua.study.cell import Cell
from interlingua.tables.cells import select
from interlingua.units.zero_shot import CurveFits, fit_curve, sizes, zero_shot

Arrays = Mapping[str, NDArray[Any]]
Frames = dict[str, pd.DataFrame | None]


def fit(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    chosen: pd.DataFrame,
    random: Arrays,
    *,
    language: str,
    headline: str,
    folds: int,
    standardise: Standardise,
    seed: int,
) -> dict[str, dict[str, NDArray[Any]]]:
    """Fit a language's probe on the first units of every set that the headline chooses, and of random ones.

    The folds that choose the penalty are those of `compute.fit`, so that as many units as at the top have one r.
    """
    sets = _sets(chosen, headline)
    if not sets or not random:
        return {"zero_shot_fits": {}}
    of_sets = derive_seed(seed, "leave one out", cell.model, language, cell.variable)
    own = derive_seed(of_sets, "leave one out", language)
    design = Design(activations, ratings, standardise=standardise)
    probes = SubsetRidge(design, cell.variable, cell.layer, folds=folds, seed=own)
    found = fit_curve(probes, sets, _largest(random), _tried(sets, cell.k))
    return {
        "zero_shot_fits": {
            **{f"chosen/{size}/{code}": weights for (code, size), weights in found.chosen.items()},
            **{f"random/{size}": weights for size, weights in found.random.items()},
            "words/X": found.words.X,
            "words/y": found.words.y,
        }
    }


def put_together(
    chosen: pd.DataFrame,
    random: Arrays,
    fits: Mapping[str, Arrays],
    cell: Cell,
    ceiling: pd.DataFrame,
    *,
    headline: str,
) -> Frames:
    """Predict every language by the others' first units, beside random units and what the language itself can have.

    Parameters
    ----------
    chosen, random
        The sets.
    fits
        By language, from `fit`.
    cell
        The model, variable and layer.
    ceiling
        Cross-fitted r of each language's own probe of the whole layer.
    headline
        The ranking.
    """
    sets = _sets(chosen, headline)
    probes = {code: _read(arrays) for code, arrays in fits.items() if arrays}
    if not sets or len(probes) < len(fits):
        return dict.fromkeys(("zero_shot", "zero_shot_summary"))
    own = ceiling.set_index("language")["r"]
    rows = []
    for code, units in sets.items():
        for size in _tried(sets, cell.k):
            r, of_random = zero_shot(probes, code, units, _largest(random), size)
            low, high = np.quantile(of_random, [0.025, 0.975])
            rows.append(
                {
                    "language": code,
                    "n_units": size,
                    "r": r,
                    "random_r": float(of_random.mean()),
                    "random_low": float(low),
                    "random_high": float(high),
                    "percentile": float(50 * ((of_random < r).mean() + (of_random <= r).mean())),
                    "ceiling": float(own.get(code, np.nan)),
                }
            )
    table = pd.DataFrame(rows)
    summary = [_summary(of_size) for _, of_size in table.groupby("n_units", sort=True)]
    first = {int(units[0]) for units in sets.values()}
    return {
        "zero_shot": cell.stamp(table, method=headline),
        "zero_shot_summary": cell.stamp(_with_first(pd.DataFrame(summary), first, cell), method=headline),
    }


def _with_first(summary: pd.DataFrame, first: set[int], cell: Cell) -> pd.DataFrame:
    """Return the summary with the unit that is first whichever language is left out, none where they differ."""
    unit = cell.layout.unit(cell.layer, next(iter(first))) if len(first) == 1 else None
    return summary.assign(first_unit=pd.Series([unit] * len(summary), index=summary.index, dtype="Int64"))


def _sets(chosen: pd.DataFrame, headline: str) -> dict[str, NDArray[np.int64]]:
    """Return the units that the others choose, best first, by the language that is left out."""
    rows = select(chosen, method=headline)
    return {
        str(code): of_language["index"].to_numpy(np.int64) for code, of_language in rows.groupby("language", sort=False)
    }


def _tried(sets: Mapping[str, NDArray[np.int64]], k: int) -> tuple[int, ...]:
    """Return the numbers of units that are tried: none more than the others choose without any of the languages."""
    fewest = min(len(units) for units in sets.values())
    return tuple(size for size in sizes(k) if size <= fewest)


def _largest(random: Arrays) -> NDArray[np.int64]:
    return np.asarray(random[str(max(map(int, random)))], dtype=np.int64)


def _read(arrays: Arrays) -> CurveFits:
    chosen, by_size = {}, {}
    for key, values in arrays.items():
        kind, _, rest = key.partition("/")
        if kind == "chosen":
            size, _, code = rest.partition("/")
            chosen[code, int(size)] = values
        elif kind == "random":
            by_size[int(rest)] = values
    return CurveFits(chosen, by_size, WordMeans(arrays["words/X"], arrays["words/y"]))


def _summary(rows: pd.DataFrame) -> dict[str, object]:
    mean = mean_r_interval(rows["r"].to_numpy())
    return {
        "n_units": int(rows["n_units"].iloc[0]),
        "n_languages": len(rows),
        "mean_r": mean.estimate,
        "mean_low": mean.low,
        "mean_high": mean.high,
        "random_r": float(rows["random_r"].mean()),
        "better_than_95": int((rows["percentile"] >= 95).sum()),
        "ceiling": float(rows["ceiling"].mean()),
    }
