"""What languages share, beside what they share under nulls, and again without the languages that the audit flags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.tables.cells import select
from interlingua.units import Overlap, overlap
from interlingua.units.nulls import Sharing, Signs, null_summary, signs_of_rankings

#: Below this p a pair shares more than under a null.
LEVEL = 0.05
#: Below this it is close to that.
CLOSE = 0.1

Frames = dict[str, pd.DataFrame | None]
SignsByLanguage = Mapping[str, Mapping[str, Signs]]

_TABLES = ("overlap", "pairs", "pairs_summary", "degrees", "highest_degree", "signs")
_SUMMARY = ("model", "site", "variable", "method", "n_pairs", "mean_fe", "p_below_05", "p_bh_below_05", "same_sign")
_BESIDE = ("model", "site", "variable", "method", "layer", "null", "corrected_fe", "p_fe", "p_shared")


def share(rankings: pd.DataFrame, cell: Cell, *, methods: Sequence[str], seed: int) -> Frames:
    """Test the overlap of the languages' top units, for every ranking method."""
    found = _overlaps(cell.rows(rankings), cell, methods, seed)
    tables: Frames = {name: _together([getattr(one, name) for one in found.values()]) for name in _TABLES}
    rows = [{"method": method, **_highest(one)} for method, one in found.items()]
    return tables | {"sharing_summary": cell.stamp(pd.DataFrame(rows))}


def _overlaps(rankings: pd.DataFrame, cell: Cell, methods: Sequence[str], seed: int) -> dict[str, Overlap]:
    """Return what the languages of the rankings share, by method."""
    return {
        method: overlap(
            select(rankings, method=method),
            cell.width,
            k=cell.k,
            seed=derive_seed(seed, "degrees", cell.model, cell.variable, method),
        )
        for method in methods
    }


def _highest(found: Overlap) -> dict[str, int]:
    """Return the number of languages, the highest degree at which a unit is shared, and how many units are."""
    units = {unit for members in found.highest_degree["units"] for unit in members.split()}
    degrees = found.highest_degree["degree"]
    return {
        "n_languages": 1 + found.pairs["language_a"].nunique(),
        "degree": int(degrees.max()) if len(degrees) else 0,
        "n_units": len(units),
    }


class _Beside(NamedTuple):
    """What one method's sets share beside a null (see `interlingua.units.nulls.null_summary`)."""

    method: str
    null: str
    languages: list[str]
    summary: dict[str, float]
    degrees: pd.DataFrame
    pairs: pd.DataFrame


def beside_nulls(
    rankings: pd.DataFrame, cell: Cell, signs: SignsByLanguage, r_top: pd.DataFrame, *, nulls: Sequence[str]
) -> Frames:
    """Compare what languages share with what they share under every null, for every method that was repeated.

    Parameters
    ----------
    rankings
        Of all languages.
    cell
        The model, variable and layer.
    signs
        By language: the signs of the top units in each draw, by "<null>/<method>".
    r_top
        A row a language and method, in the study's order of methods; none where nothing was drawn.
    nulls
        In the order of the rows.
    """
    methods = _repeated(r_top)
    if not methods:
        names = ("null", "null_degrees", "null_pairs", "top_units", "pairs_judged", "pairs_judged_summary")
        return dict.fromkeys(names)
    summaries, degrees, pairs = [], [], []
    for found in _compared(cell.rows(rankings), cell, signs, methods, nulls):
        which = {"method": found.method, "null": found.null}
        a, b = zip(*combinations(found.languages, 2), strict=True)
        summaries.append({**which, **found.summary})
        degrees.append(found.degrees.assign(**which))
        pairs.append(found.pairs.assign(**which, language_a=a, language_b=b))
    top = [{"method": method, "r_top": float(select(r_top, method=method)["r_top"].mean())} for method in methods]
    of_pairs = _together(pairs)
    judged, summary = _judged(of_pairs)
    return {
        "null": cell.stamp(pd.DataFrame(summaries)),
        "null_degrees": cell.stamp(_together(degrees)),
        "null_pairs": cell.stamp(of_pairs),
        "top_units": cell.stamp(pd.DataFrame(top)),
        "pairs_judged": cell.stamp(judged),
        "pairs_judged_summary": cell.stamp(summary),
    }


def _judged(pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return each pair's largest p over the nulls, and how many pairs share more than under all of them."""
    keys = ["method", "language_a", "language_b"]
    largest = pairs.groupby(keys, sort=False, as_index=False)["p_bh"].max()
    judged = largest.assign(shares=largest["p_bh"] < LEVEL)
    close = judged.assign(close=judged["p_bh"].between(LEVEL, CLOSE, inclusive="left"))
    counts = close.groupby("method", sort=False).agg(
        n_pairs=("shares", "size"), n_share=("shares", "sum"), n_close=("close", "sum")
    )
    return judged, counts.reset_index()


def beside_again(
    rankings: pd.DataFrame, cell: Cell, signs: SignsByLanguage, again: SignsByLanguage, *, nulls: Sequence[str]
) -> Frames:
    """Compare draws in which a probe's penalty was chosen again with the same draws at the real one's.

    Parameters
    ----------
    rankings, cell, signs, nulls
        As in `beside_nulls`.
    again
        By language: the signs of the top units in each draw, the penalty chosen again, by "<null>/<method>".
    """
    own = cell.rows(rankings)
    languages = [str(code) for code in own["language"].unique()]
    chosen = {code: again[code] for code in languages}
    if not any(chosen.values()):
        return {"null_penalty": None}
    kept = {code: signs[code] for code in languages}
    methods = dict.fromkeys(name.partition("/")[2] for name in chosen[languages[0]])
    observed = {
        method: Sharing.of(list(signs_of_rankings(select(own, method=method), cell.k).values())).mean_fe[0]
        for method in methods
    }
    rows = []
    for method, null in product(methods, nulls):
        signs_anew = [chosen[code][f"{null}/{method}"] for code in languages]
        signs_before = [kept[code][f"{null}/{method}"][: len(signs_anew[0])] for code in languages]
        anew, before = Sharing.of(signs_anew).mean_fe, Sharing.of(signs_before).mean_fe
        low, high = _interval(anew - before)
        rows.append(
            {
                "method": method,
                "null": null,
                "draws": len(anew),
                "mean_fe": observed[method],
                "null_fe": before.mean(),
                "again_fe": anew.mean(),
                "difference": (anew - before).mean(),
                "difference_low": low,
                "difference_high": high,
                "as_many": int((before >= observed[method]).sum()),
                "again_as_many": int((anew >= observed[method]).sum()),
                "null_units": _units(signs_before),
                "again_units": _units(signs_anew),
            }
        )
    return {"null_penalty": cell.stamp(pd.DataFrame(rows))}


def _units(signs: Sequence[Signs]) -> float:
    """Return how many units a draw's top holds, mean over languages and draws."""
    return float(np.mean([np.count_nonzero(of_language, axis=1).mean() for of_language in signs]))


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval (t) of the mean of independent values; none of a single one."""
    if len(values) < 2:
        return float("nan"), float("nan")
    half = float(scipy.stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()) - half, float(values.mean()) + half


def _repeated(r_top: pd.DataFrame) -> list[str]:
    """Return the methods that were repeated on drawn ratings."""
    return [str(method) for method in r_top["method"].unique()]


def _compared(
    rankings: pd.DataFrame, cell: Cell, signs: SignsByLanguage, methods: Sequence[str], nulls: Sequence[str]
) -> Iterator[_Beside]:
    """Yield the comparisons of the rankings' languages, by method and then by null."""
    languages = [str(code) for code in rankings["language"].unique()]
    drawn = {code: signs[code] for code in languages}  # each read from its file once
    for method in methods:
        observed = signs_of_rankings(select(rankings, method=method), cell.k)
        for null in nulls:
            of_null = [drawn[code][f"{null}/{method}"] for code in languages]
            found = null_summary([observed[code] for code in languages], of_null)
            yield _Beside(method, null, languages, *found)


def kept_languages(audit: pd.DataFrame, *, site: str) -> Frames:
    """Return, for each model and variable, the languages that the audit does not flag, where these are two or more.

    There is no row where no language of any model and variable is flagged, or where nowhere two are left. Where one
    is flagged somewhere, all models and variables have a row, so that they can be compared.
    """
    flagged = audit[audit["flag"]]
    without = f"without {' '.join(sorted(set(flagged['language'])))}"
    rows = []
    for (model, variable), of_cell in audit.groupby(["model", "variable"], sort=False):
        kept = list(of_cell.loc[~of_cell["flag"], "language"])
        left = " ".join(kept) if len(kept) >= 2 else ""
        rows.append({"model": model, "site": site, "variable": variable, "languages": without, "kept": left})
    if flagged.empty or not any(row["kept"] for row in rows):
        return {"kept_languages": None}
    return {"kept_languages": pd.DataFrame(rows)}


def without_flagged(
    kept: pd.DataFrame,
    rankings: pd.DataFrame,
    cell: Cell,
    signs: SignsByLanguage,
    r_top: pd.DataFrame,
    summary: pd.DataFrame,
    null: pd.DataFrame,
    *,
    methods: Sequence[str],
    nulls: Sequence[str],
    seed: int,
) -> Frames:
    """Set what all languages of a model and variable share beside what those share that are not flagged.

    Parameters
    ----------
    kept
        What `kept_languages` returns; without rows nothing is to be told.
    rankings, cell, signs, r_top
        As in `beside_nulls`.
    summary, null
        The tables ``pairs_summary`` and ``null`` of all languages.
    """
    own = select(kept, model=cell.model, variable=cell.variable)
    if own.empty:
        return dict.fromkeys(("cell_flagged_overlap", "cell_flagged_null", "flagged_pairs"))
    overlaps = [summary[list(_SUMMARY)].assign(languages="all")]
    besides = [null[list(_BESIDE)].assign(languages="all")]
    pairs = None
    left, which = own["kept"].iloc[0].split(), own["languages"].iloc[0]
    if left:
        rest = cell.rows(rankings)
        rest = rest[rest["language"].isin(left)]
        again = _overlaps(rest, cell, methods, seed).values()
        overlaps.append(_together([one.pairs_summary for one in again])[list(_SUMMARY)].assign(languages=which))
        pairs = _together([one.pairs for one in again]).assign(languages=which)
        rows = [
            {"method": found.method, "null": found.null, **found.summary}
            for found in _compared(rest, cell, signs, _repeated(r_top), nulls)
        ]
        if rows:
            besides.append(cell.stamp(pd.DataFrame(rows))[list(_BESIDE)].assign(languages=which))
    return {
        "cell_flagged_overlap": _together(overlaps),
        "cell_flagged_null": _together(besides),
        "flagged_pairs": pairs,
    }


def in_order(overlap: pd.DataFrame, null: pd.DataFrame) -> Frames:
    """Return the rows of all models and variables, with and without the flagged languages one below the other."""
    keys = ["model", "variable", "method"]
    return {
        "flagged_overlap": overlap.sort_values(keys, kind="stable", ignore_index=True),
        "flagged_null": null.sort_values(keys, kind="stable", ignore_index=True),
    }


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the frames below each other; empty ones would change the others' types."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]
