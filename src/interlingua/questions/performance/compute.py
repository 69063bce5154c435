"""How well the rating can be read: which probes tell it, and what they say over languages."""

from __future__ import annotations

import pandas as pd

from interlingua.study.cell import Cell
from interlingua.tables.cells import select


def performance(probes: pd.DataFrame, cell: Cell, choice: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Say how well the rating of one model and variable can be read.

    Parameters
    ----------
    probes
        The probes of all its languages.
    cell
        Its layer.
    choice
        How that was chosen: the table ``layer_choice``.
    """
    whole = select(probes, curve="whole")
    rows = whole.assign(reads="whole network")
    if whole.empty:
        rows = cell.rows(probes, curve="layer").assign(reads=f"layer {cell.layer}")
    summaries = [_summary(of_probe) for _, of_probe in rows.groupby("probe", sort=False)]
    return {
        "performance": rows,
        "performance_summary": pd.DataFrame(summaries).assign(model=cell.model, variable=cell.variable),
        "performance_of_layer": cell.stamp(pd.DataFrame([_known(cell, probes, choice)])),
    }


def _summary(rows: pd.DataFrame) -> dict[str, object]:
    """Return mean, least and greatest r over the languages of one probe; of nothing where no language has an r."""
    known = rows.dropna(subset="r").sort_values("r", kind="stable")
    lowest, highest = (known.iloc[0], known.iloc[-1]) if len(known) else (None, None)
    return {
        "probe": rows["probe"].iloc[0],
        "reads": rows["reads"].iloc[0],
        "mean_r": float(rows["r"].mean()),
        "lowest_r": float("nan") if lowest is None else float(lowest["r"]),
        "lowest_language": None if lowest is None else str(lowest["language"]),
        "highest_r": float("nan") if highest is None else float(highest["r"]),
        "highest_language": None if highest is None else str(highest["language"]),
        "n_languages": len(rows),
    }


def _known(cell: Cell, probes: pd.DataFrame, choice: pd.DataFrame) -> dict[str, object]:
    """Return what the probe that chose the layer knows there, by words."""
    chosen = select(choice, chosen=True).iloc[0]
    rows = cell.rows(probes, probe=chosen["probe"], curve=chosen["curve"])
    unknown = rows.loc[~(rows["r_word_low"] > 0), "language"]  # also where there is no interval
    return {
        "probe": chosen["probe"],
        "curve": chosen["curve"],
        "mean_r_word": float(rows["r_word"].mean()),
        "lowest_r_word_low": float(rows["r_word_low"].min()),
        "highest_r_word_high": float(rows["r_word_high"].max()),
        "n_unknown": len(unknown),
        "unknown": " ".join(unknown),
        "n_languages": len(rows),
    }
