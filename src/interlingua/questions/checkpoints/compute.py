"""Checkpoints of one model side by side: what each shares, and how well each can be read."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from interlingua.tables.cells import select

_PLACE = ["model", "variable"]


def checkpoints(
    performance: pd.DataFrame,
    similarity: pd.DataFrame,
    pairs_summary: pd.DataFrame,
    *,
    site: str,
    steps: Sequence[int],
    headline: str,
) -> dict[str, pd.DataFrame]:
    """Put checkpoints in the order of their training.

    Parameters
    ----------
    performance, similarity, pairs_summary
        Tables of the study, its models in the study's order.
    site
        Where units are.
    steps
        How far each model was trained, in that order.
    headline
        The ranking by which overlap is told.
    """
    models = list(dict.fromkeys(performance["model"]))
    assert len(models) == len(steps), "each model of the study has a row of performance"
    table = performance[[*_PLACE, "layer", "mean_r", "mean_low", "mean_high"]]
    table = table.assign(step=table["model"].map(dict(zip(models, steps, strict=True))))
    chosen = select(similarity, words="all", chosen=True)[[*_PLACE, "rho", "rho_low", "rho_high"]]
    shared = select(pairs_summary, method=headline)[[*_PLACE, "mean_fe"]]
    table = table.merge(chosen, on=_PLACE, how="left").merge(shared, on=_PLACE, how="left")
    table = table.sort_values(["variable", "step"], kind="stable", ignore_index=True).assign(site=site)
    rows = [_summary(str(variable), of_one) for variable, of_one in table.groupby("variable", sort=False)]
    halves = dict.fromkeys(("half_r", "half_rho"), "Int64")
    return {"checkpoints": table, "checkpoints_summary": pd.DataFrame(rows).astype(halves).assign(site=site)}


def _summary(variable: str, table: pd.DataFrame) -> dict[str, object]:
    first, last = table.iloc[0], table.iloc[-1]
    return {
        "variable": variable,
        "n_checkpoints": len(table),
        "first_step": int(first["step"]),
        "last_step": int(last["step"]),
        "first_r": first["mean_r"],
        "last_r": last["mean_r"],
        "first_rho": first["rho"],
        "last_rho": last["rho"],
        "half_r": _half(table, "mean_r"),
        "half_rho": _half(table, "rho"),
    }


def _half(table: pd.DataFrame, column: str) -> int | None:
    """Return the first step with half of the last value or more; none where the last is not above 0."""
    last = table[column].iloc[-1]
    reached = table.loc[table[column] >= last / 2, "step"]
    return int(reached.iloc[0]) if last > 0 else None
