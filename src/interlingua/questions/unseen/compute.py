"""Regressions of an unseen language's ratings on single units."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from interlingua.models import Activations
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables.cells import select
from interlingua.units import layer_table, transfer


def every_unit(
    activations: Activations,
    ratings: pd.DataFrame,
    *,
    model: str,
    variable: str,
    language: str,
    on_progress: Callable[[float], None],
) -> dict[str, pd.DataFrame]:
    """Regress the rating on every unit of the network, each alone."""
    rated = ratings[variable].notna().to_numpy()
    y, words = ratings.loc[rated, variable].to_numpy(), ratings.loc[rated, "word"].to_numpy()
    parts = []
    for layer in range(activations.n_layers):
        parts.append(layer_table(activations.layer(layer)[rated], y, words, layer=layer))
        on_progress((layer + 1) / activations.n_layers)
    table = pd.concat(parts, ignore_index=True)
    return {"transfer_units": table.assign(model=model, variable=variable, language=language)}


def shared_units(
    activations: Activations,
    ratings: pd.DataFrame,
    cell: Cell,
    highest: pd.DataFrame,
    *,
    language: str,
    methods: Sequence[str],
    random_units: int,
    seed: int,
) -> dict[str, pd.DataFrame | None]:
    """Test the units of the highest-degree intersections of every ranking (Table 2 of the paper)."""
    rated = ratings[cell.variable].notna().to_numpy()
    y = ratings.loc[rated, cell.variable].to_numpy()
    words = ratings.loc[rated, "word"].to_numpy()
    at_layer = activations.layer(cell.layer)[rated]
    own = derive_seed(seed, "random units", cell.model, cell.variable, language)
    tested, summaries = [], []
    for method in methods:
        shared = _units(select(highest, method=method))
        table = pd.DataFrame()
        if shared:
            table = transfer(at_layer, y, words, shared, layer=cell.layer, seed=own, n_random=random_units)
            tested.append(cell.stamp(table, language=language, method=method))
        row = {"method": method, "language": language, "n": len(y), "n_words": int(pd.Series(words).nunique())}
        summaries.append({**row, "random_units": min(random_units, cell.width), **_summary(table)})
    return {
        "transfer": pd.concat(tested, ignore_index=True) if tested else None,
        "transfer_summary": cell.stamp(pd.DataFrame(summaries)),
    }


def _units(highest: pd.DataFrame) -> dict[int, int]:
    """Return the units of some intersections, each with the number of languages that share it, by id."""
    units = {int(unit): int(row.degree) for row in highest.itertuples() for unit in str(row.units).split()}
    return dict(sorted(units.items()))


def _summary(table: pd.DataFrame) -> dict[str, object]:
    """Return what is counted over the tested units."""
    n, nan = len(table), float("nan")
    if not n:
        counts = dict.fromkeys(("n_units", "p_below_05", "p_bonferroni_below_05", "top_5_percent"), 0)
        rest = ("baseline_share_p05", "baseline_share_p05_cluster", "best_t_cluster", "best_p_bonferroni")
        return {**counts, "expected_top_5_percent": 0.0, "best_unit": -1, **dict.fromkeys(rest, nan)}
    best = table.loc[table["t_cluster"].abs().idxmax()]
    return {
        "n_units": n,
        "p_below_05": int((table["p_cluster"] < 0.05).sum()),
        "p_bonferroni_below_05": int((table["p_cluster"] * n < 0.05).sum()),
        "top_5_percent": int((table["percentile"] >= 95).sum()),
        "expected_top_5_percent": 0.05 * n,
        "baseline_share_p05": float(best["baseline_share_p05"]),
        "baseline_share_p05_cluster": float(best["baseline_share_p05_cluster"]),
        "best_unit": int(best["unit"]),
        "best_t_cluster": float(best["t_cluster"]),
        "best_p_bonferroni": min(1.0, float(best["p_cluster"]) * n),
    }
