"""Every layer: what the units do that the other languages choose in it, by slopes from one backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.causal.controls import ControlSets, control_sets, replaced
from interlingua.causal.effects import joint, of_sets, rank_p, widened
from interlingua.questions.causal.choose import others_sign, properties
from interlingua.seeds import derive_seed
from interlingua.stats.jackknife import jackknife
from interlingua.study.cell import Cell
from interlingua.units.leave_one_out import shared_units

Arrays = Mapping[str, NDArray[Any]]
Index = NDArray[np.int64]

_NO_SETS = dict.fromkeys(("matched", "matched_low", "matched_high", "p"), np.nan)


def sweep(
    effects: Mapping[str, Arrays],
    scales: Mapping[str, Arrays],
    checks: pd.DataFrame,
    rankings: pd.DataFrame,
    cell: Cell,
    *,
    headline: str,
    size: int | None,
    readouts: tuple[str, ...],
    sets: int,
    seed: int,
) -> dict[str, pd.DataFrame | None]:
    """Put together what each layer's units do; nothing where scales are of one layer alone, as it is not asked.

    Parameters
    ----------
    effects
        By language, from `edit.effects`: ``layers/READOUT/LAYER`` are mean gradients by the layer's units.
    scales
        By language, from `choose.scales`: ``layers/LAYER/sd`` and the like.
    checks
        Predictions beside real edits, of the layer that is edited.
    rankings
        Of all layers.
    cell
        The model, variable and the layer that is edited.
    headline, size, readouts, sets, seed
        Options.
    """
    layers = sorted(
        {int(key.split("/")[1]) for arrays in scales.values() for key in arrays if key.startswith("layers/")}
    )
    rows: list[pd.DataFrame] = []
    for layer in layers:
        here = replace(cell, layer=layer)
        start = f"layers/{layer}/"
        known = {
            code: {key.removeprefix(start): array for key, array in arrays.items() if key.startswith(start)}
            for code, arrays in scales.items()
            if arrays
        }
        found = _layer(effects, known, here.rows(rankings, method=headline), here, size, readouts, sets, seed)
        if found:
            own = checks[checks["edit"] == "steer"] if layer == cell.layer else checks.head(0)
            real = {name: "agrees" if of.all() else "differs" for name, of in own.groupby("readout")["holds"]}
            checked = [real.get(row["readout"], "not edited") for row in found]
            rows.append(here.stamp(pd.DataFrame(found).assign(checked=checked)))
    return {"causal_sweep": pd.concat(rows, ignore_index=True) if rows else None}


def _layer(
    effects: Mapping[str, Arrays],
    known: Mapping[str, Arrays],
    top: pd.DataFrame,
    here: Cell,
    size: int | None,
    readouts: tuple[str, ...],
    sets: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Return a row a readout for one layer, over the languages in which it was asked."""
    seen = [code for code in known if code in set(top["language"])]
    k = min(size or here.k, here.width // 2)
    chosen = {code: shared_units(top, code, k)["index"].to_numpy(np.int64) for code in known}
    if len(seen) < 2 or not all(len(units) for units in chosen.values()):
        return []
    drawn = _controls(known, np.unique(np.concatenate(list(chosen.values()))), here, sets, seed)
    rows = []
    for readout in readouts:
        codes = [code for code in known if f"layers/{readout}/{here.layer}" in effects.get(code, {})]
        if not codes:
            continue
        slopes = {
            code: effects[code][f"layers/{readout}/{here.layer}"] * known[code]["sd"] * others_sign(known, seen, code)
            for code in codes
        }
        own = np.array([float(slopes[code][chosen[code]].sum()) for code in codes])
        interval = jackknife(float(own.mean()), (own.sum() - own) / max(1, len(own) - 1))
        rows.append(
            {
                "readout": readout,
                "n_languages": len(codes),
                "n_units": max(len(chosen[code]) for code in codes),
                "effect": interval.estimate,
                "effect_low": interval.low,
                "effect_high": interval.high,
                **(_NO_SETS if drawn is None else _matched(own, codes, slopes, chosen, known, drawn)),
            }
        )
    return rows


def _controls(known: Mapping[str, Arrays], tested: Index, here: Cell, sets: int, seed: int) -> ControlSets | None:
    """Draw sets matched in SD and |mean|; none where languages choose so differently that too few units are left."""
    if 2 * len(tested) > here.width:
        return None
    own = derive_seed(seed, "control sets by layer", here.model, here.site, here.variable, here.layer)
    return control_sets(properties(known)[:, :2], tested, draws=sets, seed=own)


def _matched(
    own: NDArray[np.float64],
    codes: list[str],
    slopes: Mapping[str, NDArray[np.float64]],
    chosen: Mapping[str, Index],
    known: Mapping[str, Arrays],
    drawn: ControlSets,
) -> dict[str, float]:
    """Return the effects of control sets, which are the same in all languages, and p among them."""
    others = np.stack([of_sets(slopes[code], replaced(drawn.tested, drawn.images, chosen[code])) for code in codes])
    variances = np.mean([known[code]["sd"] ** 2 for code in codes], axis=0)
    statistic, of_controls = joint(own, others)
    low, middle, high = np.quantile(widened(others.mean(axis=0), drawn.images, variances), [0.025, 0.5, 0.975])
    return {
        "matched": float(middle),
        "matched_low": float(low),
        "matched_high": float(high),
        "p": rank_p(statistic, widened(of_controls, drawn.images, variances), drawn.images),
    }
