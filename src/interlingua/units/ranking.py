"""Which units of a layer carry the rating: scores, ranks and the top of each language (section 5)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import ConfigError, StatsError
from interlingua.tables.cells import cell_of
from interlingua.tables.layout import RESID, Site
from interlingua.units.methods import LayerData, get


def rank_units(data: LayerData, method: str) -> pd.DataFrame:
    """Rank the units of a layer for one language and variable.

    Parameters
    ----------
    data : LayerData
        Activations, ratings and fitted probes of the layer.
    method : str
        Name of a ranking method, e.g. "elastic-net" (the paper's), "ridge" or "correlation".

    Returns
    -------
    DataFrame
        A row a unit, the best first: `layer`, `unit` (the paper's id, by `Layout`), `index` (in
        the layer), `score` (>= 0), `sign` (-1, 0, 1), `rank` (1 = best; ties by unit index).

    Raises
    ------
    ConfigError
        If the method is not known, or its probe was not fitted.
    StatsError
        If a score is not finite.
    """
    signed = get(method).scores(data)
    if not np.isfinite(signed).all():
        unit = data.layout.unit(data.layer, int(np.argmin(np.isfinite(signed))))
        raise StatsError(f"ranking {method!r} gives unit {unit} (layer {data.layer}) a score that is not finite")
    score = np.abs(signed)
    order = np.argsort(-score, kind="stable")  # stable: ties keep the order of the units
    return pd.DataFrame(
        {
            "layer": data.layer,
            "unit": data.layout.unit(data.layer, order),
            "index": order,
            "score": score[order],
            "sign": np.sign(signed[order]).astype(np.int64),
            "rank": np.arange(1, data.width + 1),
        }
    )


def top_of_site(k: int | float, width_of_stream: int, width: int, site: Site) -> int:
    """Return the number of units at the top of a layer of any site.

    Parameters
    ----------
    k : int or float
        As of `resolve_k`; a whole number is one of the residual stream, and at other sites as large a share is the top.
    width_of_stream, width : int
        Units in a layer of the residual stream, and of the site.
    site : {"resid", "mlp", "heads"}
        Which site.

    Returns
    -------
    int
        Between 1 and `width`.

    Examples
    --------
    >>> top_of_site(100, 768, 768, "resid"), top_of_site(100, 768, 3072, "mlp"), top_of_site(0.5, 768, 12, "heads")
    (100, 400, 6)
    """
    return resolve_k(k if site == RESID or isinstance(k, float) else share_of(k, width_of_stream), width)


def share_of(k: int, width: int) -> float:
    """Return the share of a layer that a number of units is, as `resolve_k` takes it: of all units just below 1."""
    return math.nextafter(1.0, 0.0) if k == width else k / width


def resolve_k(k: int | float, width: int) -> int:
    """Return the number of units at the top.

    Parameters
    ----------
    k : int or float
        A whole number of units (the paper: 100), or a share of the width in (0, 1), which is rounded.
    width : int
        Units in the layer.

    Returns
    -------
    int
        Between 1 and `width`.

    Raises
    ------
    ConfigError
        If `k` is neither.

    Examples
    --------
    >>> resolve_k(100, 768), resolve_k(100 / 768, 384)
    (100, 50)
    """
    whole = isinstance(k, int | np.integer) and not isinstance(k, bool)
    share = isinstance(k, float) and 0 < k < 1
    count = round(k * width) if share else k
    if not (whole or share) or not 1 <= count <= width:
        raise ConfigError(
            f"k = {k!r} is neither a whole number of units from 1 to {width} (e.g. 100) nor a share of the "
            f"layer between 0 and 1 that comes to at least one unit (e.g. 0.13)"
        )
    return int(count)


def top_units(rankings: pd.DataFrame, k: int | float) -> dict[str, NDArray[np.int64]]:
    """Return the best `k` units of each language.

    A unit with score 0 is never among them: a sparse probe may keep fewer than `k` units, and to fill up
    with unused ones in the order of their number would make languages agree by construction.

    Parameters
    ----------
    rankings : DataFrame
        Rankings of one model, variable, method and layer: columns `language`, `unit`, `score`, `rank`.
    k : int or float
        Whole number, or share of the layer's width (`resolve_k`).

    Returns
    -------
    dict of str to ndarray of int64
        Language to unit ids (the paper's), best first; languages in the order of the table.

    Raises
    ------
    ConfigError
        If `k` is out of its range.
    StatsError
        If the table is empty, holds more than one cell of the study, or a unit twice for a language.
    """
    return {language: top["unit"].to_numpy(np.int64) for language, top in select_top(rankings, k).items()}


def select_top(rankings: pd.DataFrame, k: int | float) -> dict[str, pd.DataFrame]:
    """Return the rows of `rankings` that `top_units` selects, by language, best first.

    Parameters
    ----------
    rankings, k
        As in `top_units`.

    Returns
    -------
    dict of str to DataFrame
    """
    cell_of(rankings, "rankings")
    tops: dict[str, pd.DataFrame] = {}
    for language, rows in rankings.groupby("language", sort=False):
        if not rows["unit"].is_unique:
            raise StatsError(f"rankings list a unit of language {language!r} twice: select one ranking")
        chosen = rows[(rows["rank"] <= resolve_k(k, len(rows))) & (rows["score"] > 0)]
        tops[str(language)] = chosen.sort_values("rank")
    return tops
