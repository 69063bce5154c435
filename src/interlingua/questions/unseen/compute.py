"""The shared units in an unseen language, beside codes of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes.design import column_scale
from interlingua.probes.penalty import grouped_folds
from interlingua.seeds import derive_seed
from interlingua.stats.groups import group_codes
from interlingua.stats.multiplicity import adjust
from interlingua.study.cell import Cell
from interlingua.tables.cells import select
from interlingua.units.nulls.base import RatedLayer
from interlingua.units.nulls.linked import Linked
from interlingua.units.nulls.own_codes import OwnCodes
from interlingua.units.transfer import beside_own_codes, transfer

#: What is known only beside codes of the language's own.
_OF_OWN = (
    "n_agree",
    *(
        column
        for real, name in (
            ("n_replicated", "replicated"),
            ("top_5_percent", "top_5_percent"),
            ("median_percentile", "median_percentile"),
        )
        for column in (real, f"own_{name}", f"own_{name}_95", f"p_{name}")
    ),
)


def shared_units(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    highest: pd.DataFrame,
    signs: pd.DataFrame,
    *,
    language: str,
    methods: Sequence[str],
    random_units: int,
    draws: int,
    nulls: Sequence[str],
    folds: int,
    seed: int,
) -> dict[str, pd.DataFrame | None]:
    """Test the units of the highest-degree intersections of every ranking (Table 2 of the paper).

    They are held against codes of the language's own if the study draws that null.
    """
    rated = ratings[cell.variable].notna().to_numpy()
    y = ratings.loc[rated, cell.variable].to_numpy()
    words = ratings.loc[rated, "word"].to_numpy()
    at_layer = activations.layer(cell.layer)[rated]
    own = derive_seed(seed, "random units", cell.model, cell.variable, language)
    r, drawn = float("nan"), None
    if draws and OwnCodes.name in nulls and len(highest):
        layer = _rated_layer(at_layer, y, words, folds, derive_seed(seed, "unseen folds", language, cell.variable))
        r = layer.r
        drawn = OwnCodes().draw(layer, draws, seed=derive_seed(seed, "unseen own codes", language, cell.variable))
    tested, beside, summaries = [], [], []
    for method in methods:
        shared = _units(select(highest, method=method))
        table, counts = pd.DataFrame(), dict[str, float]()
        if shared:
            table = transfer(at_layer, y, words, shared, layer=cell.layer, seed=own, n_random=random_units)
            tested.append(cell.stamp(table, language=language, method=method))
            if drawn is not None:
                seen = _signs(select(signs, method=method), shared)
                found = beside_own_codes(at_layer, y, words, seen, drawn, layer=cell.layer)
                beside.append(cell.stamp(found.table, language=language, method=method))
                counts = found.summary
        row = {"method": method, "language": language, "n": len(y), "n_words": int(pd.Series(words).nunique())}
        row |= {"random_units": min(random_units, cell.width), "r_cross_validated": r}
        summaries.append({**row, **_summary(table), **dict.fromkeys(_OF_OWN, float("nan")), "own_draws": 0, **counts})
    return {
        "transfer": pd.concat(tested, ignore_index=True) if tested else None,
        "transfer_own_codes": pd.concat(beside, ignore_index=True) if beside else None,
        "transfer_counts": cell.stamp(pd.DataFrame(summaries)),
    }


def over_languages(counts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Correct each ranking's p for the number of unseen languages in which units were tested (Holm)."""
    p = counts.groupby("method", sort=False)["p_replicated"]
    return {
        "transfer_summary": counts.assign(p_replicated_holm=p.transform(lambda of_method: adjust(of_method, "holm")))
    }


def _rated_layer(
    at_layer: NDArray[np.generic], y: NDArray[np.float64], words: NDArray[np.object_], folds: int, seed: int
) -> RatedLayer:
    """Return the unseen language as nulls take it: all its words train, and none is linked."""
    X = at_layer.astype(np.float64)
    mean, scale = column_scale(X)
    X = (X - mean) / scale
    codes, n_words = group_codes(words, len(y))
    return RatedLayer(X, y, codes, grouped_folds(codes, folds, seed), Linked.none(n_words), X.T @ X)


def _units(highest: pd.DataFrame) -> dict[int, int]:
    """Return the units of some intersections, each with the number of languages that share it, by id."""
    units = {int(unit): int(row.degree) for row in highest.itertuples() for unit in str(row.units).split()}
    return dict(sorted(units.items()))


def _signs(signs: pd.DataFrame, units: Iterable[int]) -> dict[int, int]:
    """Return the sign that each unit has in most of the languages that share it; 0 where they are as many."""
    commoner = np.sign(signs.set_index("unit")["n_positive"] - signs.set_index("unit")["n_negative"])
    return {unit: int(commoner[unit]) for unit in units}


def _summary(table: pd.DataFrame) -> dict[str, object]:
    """Return what is counted over the tested units."""
    n = len(table)
    if not n:
        nothing = dict.fromkeys(("n_units", "p_below_05", "p_bonferroni_below_05"), 0)
        return {**nothing, **dict.fromkeys(("baseline_share_p05", "baseline_share_p05_words"), float("nan"))}
    return {
        "n_units": n,
        "p_below_05": int((table["p_words"] < 0.05).sum()),
        "p_bonferroni_below_05": int((table["p_words"] * n < 0.05).sum()),
        "baseline_share_p05": float(table["baseline_share_p05"].iloc[0]),
        "baseline_share_p05_words": float(table["baseline_share_p05_words"].iloc[0]),
    }
