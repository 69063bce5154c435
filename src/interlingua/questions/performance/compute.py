"""How well the rating can be read: which probes tell it, and what they say over languages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from interlingua.stats.r_interval import mean_r_interval
from interlingua.study.cell import Cell
from interlingua.tables.cells import select


def performance(
    probes: pd.DataFrame, cell: Cell, held_out_r: pd.DataFrame, reliability: pd.DataFrame
) -> dict[str, pd.DataFrame | None]:
    """Say how well the rating of one model and variable can be read.

    Parameters
    ----------
    probes
        The probes of all its languages.
    cell
        Its layer.
    held_out_r
        How well all words of each language are predicted there, each by a probe of the others.
    reliability
        Of the ratings, in languages whose norms tell how far raters differ.
    """
    whole = select(probes, curve="whole")
    rows = whole.assign(reads="whole network")
    if whole.empty:
        rows = cell.rows(probes, curve="layer").assign(reads=f"layer {cell.layer}")
    reliable = _with_endless_raters(held_out_r, select(reliability, variable=cell.variable))
    known = {**_known(held_out_r), **_mean_of(reliable)}
    summaries = [_summary(of_probe) for _, of_probe in rows.groupby("probe", sort=False)]
    return {
        "performance": rows,
        "performance_summary": pd.DataFrame(summaries).assign(model=cell.model, site=cell.site, variable=cell.variable),
        "performance_of_layer": cell.stamp(pd.DataFrame([known])),
        "performance_of_raters": cell.stamp(reliable) if len(reliable) else None,
    }


def _with_endless_raters(held_out_r: pd.DataFrame, reliability: pd.DataFrame) -> pd.DataFrame:
    """Return r over the root of the reliability in languages where both are known; a reliability of 0 has no root."""
    of_language = reliability[reliability["reliability"] > 0][["language", "reliability"]]
    rows = held_out_r[["language", "r", "r_low", "r_high"]].merge(of_language, on="language").dropna()
    true = {f"r_true{end}": rows[f"r{end}"] / np.sqrt(rows["reliability"]) for end in ("", "_low", "_high")}
    return rows[["language", "r", "reliability"]].assign(**true)


def _mean_of(rows: pd.DataFrame) -> dict[str, object]:
    return {
        "n_reliable": len(rows),
        "mean_r_reliable": float(rows["r"].mean()),
        "mean_r_true": float(rows["r_true"].mean()),
    }


def _summary(rows: pd.DataFrame) -> dict[str, object]:
    """Return mean, least and greatest r over the languages of one probe; of nothing where no language has an r."""
    return {
        "probe": rows["probe"].iloc[0],
        "reads": rows["reads"].iloc[0],
        "mean_r": float(rows["r"].mean()),
        **_range(rows),
        "n_languages": len(rows),
    }


def _range(rows: pd.DataFrame) -> dict[str, object]:
    """Return the least and the greatest r, and whose they are."""
    known = rows.dropna(subset="r").sort_values("r", kind="stable")
    lowest, highest = (known.iloc[0], known.iloc[-1]) if len(known) else (None, None)
    return {
        "lowest_r": float("nan") if lowest is None else float(lowest["r"]),
        "lowest_language": None if lowest is None else str(lowest["language"]),
        "highest_r": float("nan") if highest is None else float(highest["r"]),
        "highest_language": None if highest is None else str(highest["language"]),
    }


def _known(rows: pd.DataFrame) -> dict[str, object]:
    """Return what the chosen layer knows of all words."""
    unknown = rows.loc[~(rows["r_low"] > 0), "language"]  # also where there is no interval
    mean = mean_r_interval(rows["r"].to_numpy())
    return {
        "mean_r": mean.estimate,
        "mean_low": mean.low,
        "mean_high": mean.high,
        **_range(rows),
        "n_unknown": len(unknown),
        "unknown": " ".join(unknown),
        "n_languages": len(rows),
    }
