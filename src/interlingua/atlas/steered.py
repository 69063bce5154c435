"""What the atlas shows of edits: what a unit does by itself, what its set does, and the matrix of languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interlingua.atlas.files import as_rows, pack, write_data
from interlingua.report.results import Results

#: Columns of the tables that the page gets.
COLUMNS = {
    "causal_slopes": ("language", "slope"),
    "causal_units": ("language", "chosen_by", "place"),
    "causal": ("language", "n_units", "readout", "effect", "effect_low", "effect_high", "matched", "p_bh"),
    "causal_pairs": ("readout", "chosen_in", "language", "n_units", "n_shared", "effect"),
}


def readouts(results: Results, **where: str) -> list[dict[str, Any]]:
    """Return the readouts that were asked at a model, site and variable; none where units were not edited."""
    rows = results.of("causal_summary", **where)
    return [
        {"key": str(row.readout), "name": str(row.label), "in_units": str(row.in_units)}
        for row in rows[rows["n_languages"] > 0].itertuples()
    ]


def write_steered(folder: Path, number: int, results: Results, **where: str) -> None:
    """Write what edits do, for a model, site and variable; nothing where no units were edited."""
    slopes = results.of("causal_slopes", **where)
    if slopes.empty:
        return
    units = sorted(int(unit) for unit in slopes["unit"].unique())
    by_readout: dict[str, dict[str, str]] = {}
    for (readout, code), rows in slopes.groupby(["readout", "language"], sort=False):
        values = rows.set_index("unit")["slope"].loc[units]
        by_readout.setdefault(str(readout), {})[str(code)] = pack(values.to_numpy(), "f4")
    sets: dict[str, dict[str, list[int]]] = {}
    chosen = results.of("causal_units", **where).sort_values("place", kind="stable")
    for (name, code), rows in chosen.groupby(["chosen_by", "language"], sort=False):
        sets.setdefault(str(name), {})[str(code)] = [int(unit) for unit in rows["unit"]]
    edited = results.of("causal", **where, chosen_by="others", edit="steer", real=True)
    data = {
        "units": units,
        "slopes": by_readout,
        "sets": sets,
        "edited": as_rows(edited, COLUMNS["causal"]),
        "pairs": as_rows(results.of("causal_pairs", **where), COLUMNS["causal_pairs"]),
    }
    write_data(folder, f"steered/{number}", data)
