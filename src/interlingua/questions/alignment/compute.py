"""Sharing and performance: each language's mean pairwise overlap beside its r, for one ranking."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from interlingua.seeds import derive_seed
from interlingua.tables.cells import cells, select
from interlingua.units import alignment_models, mpo

_PLACE = ["model", "variable"]


def alignment(
    pairs: pd.DataFrame, performance: pd.DataFrame, *, site: str, method: str, probe: str, draws: int, seed: int
) -> dict[str, pd.DataFrame | None]:
    """Relate each language's mean pairwise overlap to its performance.

    Parameters
    ----------
    pairs
        Pairs of languages of every model and variable.
    performance
        How well each language's rating can be read.
    site, method
        Where units are, and the ranking. Each site has models of its own: overlap counts its units.
    probe
        Whose r is taken where no probe reads the whole network.
    draws
        Of the bootstrap and of the permutation of languages.
    seed
        The study's.
    """
    points = _points(select(pairs, method=method), performance, probe)
    models = alignment_models(points, draws=draws, seed=derive_seed(seed, "alignment", method))
    lines = pd.DataFrame(list(_lines(points)))
    return {
        "alignment_points": points,
        "alignment_lines": lines.assign(site=site, method=method) if len(lines) else None,
        "alignment_models": models.assign(site=site, method=method),
    }


def without_flagged(
    flagged_pairs: pd.DataFrame, performance: pd.DataFrame, *, site: str, method: str, probe: str, draws: int, seed: int
) -> dict[str, pd.DataFrame | None]:
    """Relate them again without the languages that the audit flags; nothing where it flags none or leaves too few.

    Parameters
    ----------
    flagged_pairs
        Pairs of the languages that it does not flag, of every model and variable; ``languages``: which are left out.
    performance, site, method, probe, draws, seed
        As of `alignment`.
    """
    left = select(flagged_pairs, method=method)
    if left.empty:
        return {"alignment_models_without": None}
    points = _points(left, performance, probe)
    models = alignment_models(points, draws=draws, seed=derive_seed(seed, "alignment", method))
    return {"alignment_models_without": models.assign(site=site, method=method, languages=left["languages"].iloc[0])}


def side_by_side(models: pd.DataFrame, without: pd.DataFrame) -> dict[str, pd.DataFrame | None]:
    """Set the models of all languages beside those without the flagged ones, where there are any."""
    if without.empty:
        return {"flagged_alignment": None}
    both = pd.concat([models.assign(languages="all"), without], ignore_index=True)
    return {"flagged_alignment": both.sort_values(["method", "source"], kind="stable", ignore_index=True)}


def _points(pairs: pd.DataFrame, performance: pd.DataFrame, probe: str) -> pd.DataFrame:
    """Return each language's mean pairwise overlap and its r, of each model and variable."""
    whole = select(performance, reads="whole network")
    taken = whole["probe"].iloc[0] if len(whole) else probe  # the study's first probe of the whole network
    r = select(performance, probe=taken)[[*_PLACE, "language", "r", "probe", "reads"]]
    return mpo(pairs).merge(r, on=[*_PLACE, "language"])


def _lines(points: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield the line of least squares through the points of each model and variable, where they have one."""
    for cell, rows in cells(points.dropna(subset="r"), _PLACE):
        if rows["mpo"].nunique() > 1:
            slope, intercept = np.polyfit(rows["mpo"], rows["r"], 1)
            yield {**cell, "slope": float(slope), "intercept": float(intercept)}
