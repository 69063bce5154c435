"""All languages together: what edits do, beside control sets that are the same in every language."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.causal.effects import (
    joint,
    rank_p,
    relabelled_p,
    unit_effects,
    widened,
)
from interlingua.causal.readouts import get as get_readout
from interlingua.questions.causal.beside import Drawn, Here
from interlingua.questions.causal.check import largest
from interlingua.seeds import derive_seed
from interlingua.stats.jackknife import jackknife
from interlingua.stats.multiplicity import adjust
from interlingua.study.cell import Cell
from interlingua.tables.cells import select

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Index = NDArray[np.int64]

LEVEL = 0.05
_RELABELLED = 999


def compare(
    effects: Mapping[str, Arrays],
    read: pd.DataFrame,
    checks: pd.DataFrame,
    scales: Mapping[str, Arrays],
    units: pd.DataFrame,
    controls: Arrays,
    cell: Cell,
    *,
    edits: tuple[str, ...],
    doses: tuple[float, ...],
    readouts: tuple[str, ...],
    sizes: tuple[int, ...],
    seed: int,
) -> dict[str, Any]:
    """Put the languages together.

    Parameters
    ----------
    effects
        By language, from `edit.effects`; empty where it was not asked.
    read, checks
        Readouts without an edit, and predictions beside real edits, of all languages.
    scales, units, controls
        From `choose`.
    cell
        The model, variable and layer.
    edits, doses, readouts, sizes
        Options.
    seed
        The study's.
    """
    asked = {code: arrays for code, arrays in effects.items() if arrays}
    order = ("steer", *(name for name in edits if name != "steer"))
    rows, dose_rows, slopes = [], [], []
    tested = np.unique(units["index"].to_numpy(np.int64))
    drawn: Drawn = {}
    for code, arrays in asked.items():
        here = Here(code, arrays, scales[code], select(units, language=code), controls, cell, seed)
        for readout in here.readouts:
            for name in here.chosen:
                for number in here.numbers(name, sizes):
                    rows += [here.row(readout, edit, name, number, doses, drawn) for edit in order]
            dose_rows += here.doses(readout, doses)
            slopes.append(_slopes(here, readout, tested, cell))
    table = _corrected(pd.DataFrame(rows))
    pairs = _pairs(asked, scales, units, readouts)
    summaries = [
        _summary(name, table, drawn, read, checks, pairs, dose_rows, scales, controls, doses, seed) for name in readouts
    ]
    return {
        "causal": cell.stamp(table) if rows else None,
        "causal_doses": cell.stamp(pd.DataFrame(dose_rows)) if dose_rows else None,
        "causal_pairs": cell.stamp(pairs) if len(pairs) else None,
        "causal_slopes": cell.stamp(pd.concat(slopes, ignore_index=True)) if slopes else None,
        "causal_summary": cell.stamp(pd.DataFrame([row for row in summaries if row is not None]).astype(_WHOLE))
        if len(read)
        else None,
    }


_WHOLE = dict.fromkeys(("n_units", "n_moved", "units_in_all", "n_moved_in_all"), "Int64")


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    """Add p after Benjamini-Hochberg over languages."""
    if table.empty:
        return table
    # Sets of the others' choice may differ in size by language where few units carry the rating.
    place = table.groupby(["language", "chosen_by", "readout", "edit"])["n_units"].rank(method="first")
    groups = table.groupby(["chosen_by", "readout", "edit", place], sort=False)["p"]
    return table.assign(p_bh=groups.transform(lambda p: adjust(p.to_numpy(np.float64), "bh")))


def _slopes(here: Here, readout: str, tested: Index, cell: Cell) -> pd.DataFrame:
    """Return what each unit of any set does by itself."""
    slopes = here.of_units(readout, "steer")[tested]
    unit = cell.layout.unit(cell.layer, tested)
    return pd.DataFrame({"readout": readout, "language": here.code, "unit": unit, "slope": slopes})


def _pairs(
    asked: Mapping[str, Arrays], scales: Mapping[str, Arrays], units: pd.DataFrame, readouts: tuple[str, ...]
) -> pd.DataFrame:
    """Return the predicted effect of units that one language chooses alone, in each language, by each readout."""
    rows = []
    own = select(units, chosen_by="own").sort_values("place")
    tops = {str(code): of["index"].to_numpy(np.int64) for code, of in own.groupby("language", sort=False)}
    for (code, arrays), readout in product(asked.items(), readouts):
        if f"first/{readout}/steer" not in arrays:
            continue
        effects = unit_effects(arrays[f"first/{readout}/steer"].astype(np.float64))
        for chosen_in, top in tops.items():
            sign = np.where(scales[chosen_in]["r"][top] < 0, -1.0, 1.0)
            rows.append(
                {
                    "readout": readout,
                    "chosen_in": chosen_in,
                    "language": code,
                    "n_units": len(top),
                    "n_shared": int(np.isin(top, tops[code]).sum()),
                    "effect": float(effects[top] @ sign),
                }
            )
    return pd.DataFrame(rows)


def _summary(
    readout: str,
    table: pd.DataFrame,
    drawn: Drawn,
    read: pd.DataFrame,
    checks: pd.DataFrame,
    pairs: pd.DataFrame,
    dose_rows: list[dict[str, Any]],
    scales: Mapping[str, Arrays],
    controls: Arrays,
    doses: tuple[float, ...],
    seed: int,
) -> dict[str, Any] | None:
    """Return the answer by one readout over languages."""
    asked = select(read, readout=readout)
    if asked.empty:
        return None
    known = largest(controls)
    row: dict[str, Any] = {
        "readout": readout,
        "label": get_readout(readout).label,
        "in_units": "SD of the rating" if get_readout(readout).unit == "rating" else "SD of its readings",
        "n_asked": len(asked),
        "n_languages": int(asked["passes"].sum()),
        "n_sets": 0 if known is None else len(known[1]),
        "largest_dose": float(max(map(abs, doses))),
        "why": None if asked["passes"].any() else str(asked["why"].mode().iloc[0]),
        "n_units": None,
        "n_moved": None,
        "units_in_all": None,
        "n_moved_in_all": None,
        **dict.fromkeys(_NUMBERS, np.nan),
    }
    if not row["n_languages"]:
        return row
    largest_sets = select(table, readout=readout, chosen_by="others", real=True)
    steer, mean = select(largest_sets, edit="steer"), select(largest_sets, edit="mean")
    effect = steer["effect"].to_numpy(np.float64)
    found = jackknife(float(effect.mean()), (effect.sum() - effect) / max(1, len(effect) - 1))
    used = select(checks, readout=readout, edit="steer")
    most = [one for one in dose_rows if (one["readout"], abs(one["dose"])) == (readout, row["largest_dose"])]
    row |= {
        "n_units": int(steer["n_units"].max()),
        "mean_effect": found.estimate,
        "mean_low": found.low,
        "mean_high": found.high,
        "mean_matched": float(steer["matched"].mean()),
        "mean_hard": float(steer["hard"].mean()),
        "right_way": float(steer["right_way"].mean()),
        "straight": float(steer["straight"].mean()),
        "mean_contraction": float(mean["effect"].mean()),
        "matched_contraction": float(mean["matched"].mean()),
        **{name: float(np.mean([one[name] for one in most])) for name in ("damage", "divergence")},
        "least_r_check": float(used["r"].min()),
        "most_bias_check": float(used["bias"].abs().max()),
    }
    codes = list(steer["language"])
    variances = np.mean([scales[code]["sd"] ** 2 for code in codes], axis=0)
    for kind, name in (("matched", "p"), ("hard", "p_hard")):
        sets = [drawn.get((kind, readout, "steer", code)) for code in codes]
        there = [one for one in sets if one is not None]
        if len(there) == len(sets):
            tested, others = np.array([one[0] for one in there]), np.stack([one[1] for one in there])
            statistic, of_controls = joint(tested, others)
            images = _images(controls, kind)
            row[name] = rank_p(statistic, widened(of_controls, images, variances), images)
    if steer["p_bh"].notna().any():
        row["n_moved"] = int((steer["p_bh"] < LEVEL).sum())
    row |= _shared(select(pairs, readout=readout), seed)
    return row | _in_all(select(table, readout=readout, edit="steer", chosen_by="conjunction"))


def _in_all(steer: pd.DataFrame) -> dict[str, float]:
    """Return what the units that carry the rating in all languages do beside sets matched in |r|, too."""
    if steer["p_hard"].isna().all():
        return {}
    return {
        "units_in_all": int(steer["n_units"].max()),
        "effect_in_all": float(steer["effect"].mean()),
        "hard_in_all": float(steer["hard"].mean()),
        "n_moved_in_all": int((steer["p_hard"] < LEVEL).sum()),
    }


_NUMBERS = (
    *("mean_effect", "mean_low", "mean_high", "mean_matched", "mean_hard", "p", "p_hard", "right_way", "straight"),
    *("effect_in_all", "hard_in_all"),
    *("mean_contraction", "matched_contraction", "damage", "divergence", "least_r_check", "most_bias_check"),
    *("r_shared", "p_shared"),
)


def _images(controls: Arrays, kind: str) -> Index:
    """Return the units of all languages' largest control sets."""
    known = largest(controls, kind)
    assert known is not None
    return known[1]


def _shared(pairs: pd.DataFrame, seed: int) -> dict[str, float]:
    """Return whether languages that share more units move each other more; nothing of fewer than four."""
    codes = list(pairs["language"].unique())
    if len(codes) < 4:
        return {}
    wide = pairs[pairs["chosen_in"].isin(codes)]
    shared, effect = (
        wide.pivot(index="chosen_in", columns="language", values=name).loc[codes, codes].to_numpy(np.float64)
        for name in ("n_shared", "effect")
    )
    # What moves a language easily, or chooses well, is no matter of pairs.
    shared, effect = (_without_ends(values) for values in (shared, effect))
    r, p = relabelled_p(shared, effect, draws=_RELABELLED, seed=derive_seed(seed, "causal relabelled"))
    return {"r_shared": r, "p_shared": p}


def _without_ends(values: Floats) -> Floats:
    """Return pairs less what their two languages have in all their pairs."""
    found = values.copy()
    np.fill_diagonal(found, np.nan)
    found -= np.nanmean(found, axis=1, keepdims=True)
    found -= np.nanmean(found, axis=0, keepdims=True)
    np.fill_diagonal(found, 0.0)
    return found
