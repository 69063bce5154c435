"""Which units are edited in which language, with signs from those who chose them, and control sets beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.causal.controls import ControlSets, control_sets
from interlingua.causal.effects import first
from interlingua.models import Activations
from interlingua.questions.causal.words import sides
from interlingua.seeds import derive_seed
from interlingua.stats.correlation import pearson_columns
from interlingua.stats.groups import group_codes, group_sums
from interlingua.study.cell import Cell
from interlingua.tables import RESID, Layout, Site
from interlingua.units.confounds import word_covariates
from interlingua.units.leave_one_out import shared_units

Arrays = Mapping[str, NDArray[Any]]
Index = NDArray[np.int64]

#: What control sets are matched in: the last of them in the hard version only.
PROPERTIES = ("log SD", "|mean|", "|r|")
KINDS = {"matched": 2, "hard": 3}
_ALL = 0.05
_NONE: Index = np.array([], dtype=np.int64)


def scales(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    *,
    variable: str,
    language: str,
    sites: tuple[Site, ...] | None,
    sweep: bool,
    test_share: float,
    seed: int,
) -> dict[str, dict[str, NDArray[Any]]]:
    """Return each unit's mean, SD and r with the rating over a language's training words; nothing without any.

    With `sweep` those of every layer that can be edited, too, as ``layers/LAYER/NAME``. At other sites than `sites`
    (None: all) nothing, so that no unit is edited there.
    """
    if sites is not None and cell.site not in sites:
        return {"causal_scales": {}}
    side = sides(ratings, language, test_share=test_share, seed=seed)
    rows = np.flatnonzero((side == "train") & ratings[variable].notna().to_numpy())
    if not len(rows):
        return {"causal_scales": {}}
    codes, n = group_codes(ratings["word"].to_numpy(dtype=object)[rows], len(rows))
    counts = np.bincount(codes, minlength=n)[:, None]
    y = group_sums(ratings[variable].to_numpy(np.float64)[rows, None], codes, n)[:, 0] / counts[:, 0]

    def of_layer(layer: int) -> dict[str, NDArray[Any]]:
        X = group_sums(activations.layer(layer)[rows].astype(np.float64), codes, n) / counts
        return {"mean": X.mean(axis=0), "sd": X.std(axis=0, ddof=1), "r": pearson_columns(X, y)}

    found = of_layer(cell.layer) | {"rating": np.array([y.mean(), y.std(ddof=1)])}
    for layer in swept(cell.layout) if sweep else ():
        found |= {f"layers/{layer}/{name}": array for name, array in of_layer(layer).items()}
    return {"causal_scales": found}


def swept(layout: Layout) -> tuple[int, ...]:
    """Return the layers that were read and can be edited: behind the last of the residual stream there is no block."""
    return tuple(layer for layer in layout.layers if layout.site != RESID or layer < layout.n_layers - 1)


def others_sign(known: Mapping[str, Arrays], seen: list[str], code: str) -> NDArray[np.float64]:
    """Return the direction in which units go with the rating in all other languages, on average: -1 or 1."""
    others = np.mean([np.arctanh(known[other]["r"]) for other in seen if other != code], axis=0)
    return np.where(others < 0, -1.0, 1.0)


def choose(
    scales: Mapping[str, Arrays],
    rankings: pd.DataFrame,
    conjunction: pd.DataFrame,
    cell: Cell,
    *,
    headline: str,
    size: int | None,
    sizes: tuple[int, ...],
    sets: int,
    seed: int,
) -> dict[str, Any]:
    """Choose the units that are edited in each language, and draw control sets.

    Parameters
    ----------
    scales
        By language, the unseen ones, too.
    rankings
        Of the languages that choose.
    conjunction
        Units that are shown to carry the rating in so many languages.
    cell
        The model, variable and layer.
    headline
        The ranking.
    size
        Units that are edited for real; as many as at the top by default.
    sizes
        Smaller sets, from the same beginning.
    sets
        Control sets of each kind.
    seed
        The study's.
    """
    known = {code: arrays for code, arrays in scales.items() if arrays}
    top = cell.rows(rankings, method=headline)
    seen = [code for code in known if code in set(top["language"])]
    if len(seen) < 2 or cell.k > cell.width // 2:
        return {"causal_units": None, "causal_layer": None, "causal_matches": None, "causal_controls": {}}
    k = min(size or cell.k, cell.width // 2)
    own = {code: np.argsort(-np.abs(arrays["r"]), kind="stable")[:k] for code, arrays in known.items()}
    parts, signs = [], {}
    tested: dict[str, list[Index]] = {}
    for code, arrays in known.items():
        signs[code] = others_sign(known, seen, code)
        elsewhere = np.unique(np.concatenate([own[other] for other in seen if other != code]))
        everywhere = conjunction[conjunction["p_all"] <= _ALL].sort_values("p_all", kind="stable")["index"]
        chosen = {
            "others": shared_units(top, code, k)["index"].to_numpy(np.int64),
            "own": own[code],
            "specific": own[code][~np.isin(own[code], elsewhere)],
            "conjunction": everywhere.to_numpy(np.int64),
        }
        for name, units in chosen.items():
            if not len(units):
                continue
            sign = signs[code] if name in ("others", "conjunction") else np.where(arrays["r"] < 0, -1.0, 1.0)
            parts.append(_rows(code, name, units, sign, cell))
            tested.setdefault(name, []).append(units)
    table = pd.concat(parts, ignore_index=True)
    drawn = _controls(tested, first(sizes, k), known, cell, sets, seed)
    arrays = {f"sign/{code}": sign for code, sign in signs.items()}
    for (name, number, kind), found in drawn.items():
        arrays |= {f"{kind}/{name}/{number}/tested": found.tested, f"{kind}/{name}/{number}/images": found.images}
    return {
        "causal_units": cell.stamp(table),
        "causal_layer": _layer(known, signs, cell),
        "causal_matches": _matches(drawn, cell),
        "causal_controls": arrays,
    }


def _rows(code: str, name: str, units: Index, sign: NDArray[np.float64], cell: Cell) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "language": code,
            "chosen_by": name,
            "place": np.arange(1, len(units) + 1),
            "unit": cell.layout.unit(cell.layer, units),
            "index": units,
            "sign": sign[units].astype(np.int64),
        }
    )


def _layer(known: Mapping[str, Arrays], signs: Mapping[str, NDArray[np.float64]], cell: Cell) -> pd.DataFrame:
    """Return what steering takes, of every unit of the layer."""
    index = np.arange(cell.width)
    parts = [
        pd.DataFrame(
            {
                "language": code,
                "unit": cell.layout.unit(cell.layer, index),
                "index": index,
                "sign": signs[code].astype(np.int64),
                "mean": arrays["mean"],
                "sd": arrays["sd"],
            }
        )
        for code, arrays in known.items()
    ]
    return cell.stamp(pd.concat(parts, ignore_index=True))


def properties(known: Mapping[str, Arrays]) -> NDArray[np.float64]:
    """Return what control sets are matched in (`PROPERTIES`), mean over languages, shape (width, 3)."""
    return np.column_stack(
        [
            np.mean([np.log(np.maximum(arrays["sd"], 1e-12)) for arrays in known.values()], axis=0),
            np.mean([np.abs(arrays["mean"]) for arrays in known.values()], axis=0),
            np.mean([np.abs(arrays["r"]) for arrays in known.values()], axis=0),
        ]
    )


def _controls(
    tested: Mapping[str, list[Index]],
    sizes: tuple[int, ...],
    known: Mapping[str, Arrays],
    cell: Cell,
    sets: int,
    seed: int,
) -> dict[tuple[str, int, str], ControlSets]:
    """Draw control sets for what other languages, and all together, chose: what each chooses for itself differs."""
    features = properties(known)
    found = {}
    for name, numbers in (("others", sizes), ("conjunction", (0,))):
        for number in numbers:
            units = np.unique(np.concatenate([part[: number or None] for part in tested.get(name, [_NONE])]))
            if not 0 < 2 * len(units) <= cell.width:
                continue  # languages choose too differently: too few units are left to compare theirs with
            for kind, columns in KINDS.items():
                own = derive_seed(seed, "control sets", cell.model, cell.variable, name, number, kind)
                found[name, number, kind] = control_sets(features[:, :columns], units, draws=sets, seed=own)
    return found


def _matches(drawn: Mapping[tuple[str, int, str], ControlSets], cell: Cell) -> pd.DataFrame | None:
    rows = [
        {
            "chosen_by": name,
            "n_units": number or len(found.tested),
            "kind": kind,
            "property": label,
            "distance": float(found.far[at]),
            "random": float(found.random[at]),
            "n_sets": len(found.images),
            "n_distinct": found.distinct,
        }
        for (name, number, kind), found in drawn.items()
        for at, label in enumerate(PROPERTIES[: KINDS[kind]])
    ]
    return cell.stamp(pd.DataFrame(rows)) if rows else None


def beside(ratings: Mapping[str, pd.DataFrame], *, language: str) -> dict[str, pd.DataFrame | None]:
    """Return what else is known of a language's words: every variable, length, and frequency where wordfreq has it."""
    parts = []
    for variable, table in ratings.items():
        rated = table.dropna(subset=[variable]).groupby("word", sort=False)[variable].mean()
        parts.append(pd.DataFrame({"word": rated.index, "property": variable, "value": rated.to_numpy(np.float64)}))
    words = list(dict.fromkeys(str(word) for table in ratings.values() for word in table["word"]))
    for name, values in word_covariates(words, language).items():
        parts.append(pd.DataFrame({"word": words, "property": str(name), "value": values.to_numpy(np.float64)}))
    table = pd.concat(parts, ignore_index=True)
    # A variable may be called as a covariate is.
    table = table.drop_duplicates(["property", "word"])
    return {"causal_beside": table.assign(language=language) if len(table) else None}
