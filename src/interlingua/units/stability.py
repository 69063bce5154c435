"""How firm is a ranking? Other words, another k, another method (beyond the paper).

A unit that is among the top only with these very words is no finding, and neither is an overlap that only
one k or one ranking method shows. Words drawn anew flatter: two thirds of them are the same words. Two halves of a
language's words have none in common; what they share is what languages can be held against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import ConfigError, StatsError
from interlingua.probes import Design
from interlingua.probes.design import column_scale
from interlingua.probes.methods import Equations
from interlingua.probes.methods import get as get_probe
from interlingua.tables.cells import cells, in_cell
from interlingua.units import methods as ranking_methods
from interlingua.units.nulls import top_signs
from interlingua.units.ranking import resolve_k, select_top

_TOL = 1e-5  # of the null loss, as for permuted ratings: which units stand at the top no longer changes below it

Penalty = tuple[float, float]
"""l1 and l2 in the units of Eq. 1."""


def selection_frequency(
    design: Design,
    variable: str,
    layer: int,
    methods: Mapping[str, Penalty | None],
    k: int | float,
    *,
    draws: int = 200,
    seed: int,
) -> pd.DataFrame:
    """Return how often each unit is in the top `k` when the words are drawn anew.

    Each draw takes as many training words as there are, with replacement and with all their sentences,
    standardises the units, fits the probes and ranks the units by every method.

    Parameters
    ----------
    design : Design
        The language's standardised inputs.
    variable : str
        The rated variable.
    layer : int
        A layer.
    methods : mapping of str to (float, float), or None
        Ranking methods, and the penalties that their probe has on all words (ridge: l1 = 0), which it keeps; None
        for a method without a probe.
    k : int or float
        Size of the top, or its share of the width (`resolve_k`).
    draws : int
        Bootstrap draws, the same words for all methods.
    seed : int
        Their seed.

    Returns
    -------
    DataFrame
        A row a method and unit: `method`, `index` (in the layer), `score` (all words, signed), `selected` (in the top
        k of all words), `frequency` (share of the draws that have it in their top k, 0 to 1).

    Raises
    ------
    ConfigError
        If a method is not known, ranks by a probe of the whole network, or has no penalty for its probe; or if `k`
        is out of its range.
    StatsError
        If there are fewer than two words, or no draws.
    """
    _check_methods(methods)
    design = design.rated(variable)
    y, _ = design.ratings(variable)
    X, words = design.train(layer), design.train_words
    width = design.layout.width(layer)
    count = resolve_k(k, width)
    n_words = int(words.max()) + 1
    if n_words < 2:
        raise StatsError(f"a bootstrap over words needs at least two, not {n_words}")
    if draws < 1:
        raise StatsError(f"draws is {draws}, but at least one bootstrap draw is needed")
    full = _scores(X, y, words, layer, methods, {}, tol=1e-10)
    chosen = {method: np.zeros(width) for method in methods}
    rng = np.random.default_rng(seed)
    for times in rng.multinomial(n_words, np.full(n_words, 1 / n_words), size=draws):
        rows = np.repeat(np.arange(len(y)), times[words])
        again = _scores(X[rows], y[rows], words[rows], layer, methods, full, tol=_TOL)
        for method, scores in again.items():
            chosen[method] += top_signs(scores, count) != 0
    tables = [
        pd.DataFrame(
            {
                "method": method,
                "index": np.arange(width),
                "score": full[method],
                "selected": top_signs(full[method], count) != 0,
                "frequency": chosen[method] / draws,
            }
        )
        for method in methods
    ]
    return pd.concat(tables, ignore_index=True)


def halves(
    design: Design,
    variable: str,
    layer: int,
    methods: Mapping[str, Penalty | None],
    k: int | float,
    *,
    draws: int = 20,
    seed: int,
) -> pd.DataFrame:
    """Return what the top units of two halves of a language's training words have in common.

    Parameters
    ----------
    design, variable, layer, methods, k
        As for `selection_frequency`.
    draws : int
        Random splits into halves, the same for all methods; of an odd number of words one is left out.
    seed : int
        Their seed.

    Returns
    -------
    DataFrame
        A row a method: `method, draws, n_words` (of a half), `k, expected` (units that independent sets share),
        `shared` (units in the top of both halves, mean over the splits) with `shared_low, shared_high` (the middle 95 %
        of the splits), `same_sign` (share of these with one sign; NaN if none is shared).

    Raises
    ------
    ConfigError, StatsError
        As `selection_frequency`; or if there are fewer than four words.
    """
    _check_methods(methods)
    design = design.rated(variable)
    y, _ = design.ratings(variable)
    X, words = design.train(layer), design.train_words
    count = resolve_k(k, design.layout.width(layer))
    half = (int(words.max()) + 1) // 2
    if half < 2 or draws < 1:
        raise StatsError(f"{2 * half} words and {draws} splits: halves need two words each, and one split at least")
    rng = np.random.default_rng(seed)
    found: dict[str, list[tuple[int, int]]] = {method: [] for method in methods}
    for _ in range(draws):
        order = rng.permutation(int(words.max()) + 1)
        tops = []
        for part in (order[:half], order[half : 2 * half]):
            rows = np.isin(words, part)
            codes = np.unique(words[rows], return_inverse=True)[1]
            scores = _scores(X[rows], y[rows], codes, layer, methods, {}, tol=_TOL)
            tops.append({method: top_signs(of_method, count) for method, of_method in scores.items()})
        for method in methods:
            both = tops[0][method].astype(np.int64) * tops[1][method]
            found[method].append((int((both != 0).sum()), int((both > 0).sum())))
    rows_of = []
    for method, pairs in found.items():
        shared, same = np.array(pairs).T
        low, high = np.quantile(shared, [0.025, 0.975])
        rows_of.append(
            {
                "method": method,
                "draws": draws,
                "n_words": half,
                "k": count,
                "expected": count**2 / design.layout.width(layer),
                "shared": float(shared.mean()),
                "shared_low": float(low),
                "shared_high": float(high),
                "same_sign": float(same.sum() / shared.sum()) if shared.sum() else float("nan"),
            }
        )
    return pd.DataFrame(rows_of)


def curve_over_k(rankings: pd.DataFrame, n: int, ks: Sequence[int | float]) -> pd.DataFrame:
    """Return the mean fold enrichment of the pairs of languages for each size of the top.

    Parameters
    ----------
    rankings : DataFrame
        Rankings (`language, unit, score, sign, rank`, and those of `model, variable, method, layer` that
        are known; each of their combinations has a curve), two languages or more.
    n : int
        Units in the layer.
    ks : sequence of int or float
        Sizes of the top, or shares of the width.

    Returns
    -------
    DataFrame
        For each cell and k: `k` (units), `n_pairs`, `mean_overlap`, `expected` (mean over the pairs, under
        independence), `mean_fe`, `beyond_chance` (mean of (observed - expected) / (k - expected): 0 for independent
        sets, 1 for equal ones, whatever k; fold enrichment falls with k by arithmetic, as it can't exceed width / k),
        `same_sign` (share of all shared units with the same sign).
    """
    tables = []
    for cell, rows in cells(rankings):
        curve = pd.DataFrame([_point(rows, n, k) for k in ks])
        tables.append(in_cell(cell, curve))
    return pd.concat(tables, ignore_index=True)


def method_agreement(rankings: pd.DataFrame, k: int | float) -> pd.DataFrame:
    """Return what the top units of two ranking methods have in common, within each language.

    The same table tells how far two seeds of one method agree: give the seeds as methods.

    Parameters
    ----------
    rankings : DataFrame
        Rankings of two methods or more (`method, language, unit, score, sign, rank`, and those of
        `model, variable, layer` that are known).
    k : int or float
        Size of the top, or its share of the width.

    Returns
    -------
    DataFrame
        For each language and pair of methods: `language, method_a, method_b, k, shared` (units),
        `share` (of the k), `same_sign` (share of the shared units with the same sign; NaN if none).
    """
    tables = []
    for cell, rows in cells(rankings, ("model", "site", "variable", "layer")):
        tops = {str(method): select_top(table, k) for method, table in rows.groupby("method", sort=False)}
        width = rows["unit"].nunique()
        table = pd.DataFrame(
            [
                {"language": language, "method_a": a, "method_b": b}
                | _agreement(tops[a][language], tops[b][language], resolve_k(k, width))
                for language in rows["language"].unique()
                for a, b in combinations(tops, 2)
                if language in tops[a] and language in tops[b]
            ],
            columns=["language", "method_a", "method_b", "k", "shared", "share", "same_sign"],
        )
        tables.append(in_cell(cell, table))
    return pd.concat(tables, ignore_index=True)


def _check_methods(names: Mapping[str, Penalty | None]) -> None:
    for name, penalty in names.items():
        method = ranking_methods.get(name)
        if not method.repeatable:
            raise ConfigError(f"ranking {name!r} is by a probe of the whole network, too slow to fit for every draw")
        if method.needs is not None and penalty is None:
            raise ConfigError(f"ranking {name!r} needs the penalties (l1, l2) of its probe {method.needs[0]!r}")


def _scores(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    words: NDArray[np.int64],
    layer: int,
    penalties: Mapping[str, Penalty | None],
    starts: Mapping[str, NDArray[np.float64]],
    *,
    tol: float,
) -> dict[str, NDArray[np.float64]]:
    """Return each method's scores on these rows; probes start from the weights `starts`."""
    mean, scale = column_scale(X)
    Z = (X - mean) / scale
    centred = y - y.mean()
    equations = Equations(Z.T @ Z, Z.T @ centred, centred)
    scores = {}
    for name, penalty in penalties.items():
        method, fitted = ranking_methods.get(name), {}
        if method.needs is not None and penalty is not None:
            probe, start = get_probe(method.needs[0]), starts.get(name)
            fitted = {(*method.needs, layer): probe.refit_at(equations, penalty, tol=tol, start=start)}
        scores[name] = method.scores(ranking_methods.LayerData(Z, y, words, layer, Z.shape[1], fitted))
    return scores


def _point(rankings: pd.DataFrame, n: int, k: int | float) -> dict[str, float]:
    tops = select_top(rankings, k)
    if len(tops) < 2:
        raise StatsError(f"a curve over k needs at least two languages, not {len(tops)}")
    signs = _sign_matrix(tops)
    selected, positive, negative = (part.astype(np.int64) for part in (signs != 0, signs > 0, signs < 0))
    upper = np.triu_indices(len(tops), k=1)
    sizes = selected.sum(axis=1)
    observed = (selected @ selected.T)[upper]
    same = (positive @ positive.T + negative @ negative.T)[upper]
    expected = np.outer(sizes, sizes)[upper] / n
    fe = np.divide(observed, expected, out=np.full(len(observed), np.nan), where=expected > 0)
    size = resolve_k(k, rankings["unit"].nunique())
    room = size - expected
    beyond = np.divide(observed - expected, room, out=np.full(len(observed), np.nan), where=room > 0)
    return {
        "k": size,
        "n_pairs": len(observed),
        "mean_overlap": float(observed.mean()),
        "expected": float(expected.mean()),
        "mean_fe": float(fe.mean()),
        "beyond_chance": float(beyond.mean()),
        "same_sign": float(same.sum() / observed.sum()) if observed.sum() else float("nan"),
    }


def _sign_matrix(tops: dict[str, pd.DataFrame]) -> NDArray[np.int64]:
    """Return the sign of each selected unit, 0 where it is not, shape (languages, units selected by any)."""
    units = np.unique(np.concatenate([top["unit"].to_numpy() for top in tops.values()]))
    signs = np.zeros((len(tops), len(units)), dtype=np.int64)
    for row, top in enumerate(tops.values()):
        signs[row, np.searchsorted(units, top["unit"].to_numpy())] = top["sign"]
    return signs


def _agreement(a: pd.DataFrame, b: pd.DataFrame, k: int) -> dict[str, float]:
    both = a.merge(b, on="unit", suffixes=("_a", "_b"))
    same = float((both["sign_a"] == both["sign_b"]).mean()) if len(both) else float("nan")
    return {"k": k, "shared": len(both), "share": len(both) / k, "same_sign": same}
