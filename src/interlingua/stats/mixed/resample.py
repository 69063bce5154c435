"""Resampling of whole groups (languages) beside a mixed model: a bootstrap interval and a permutation p.

Both treat a group with all its rows as one draw, so neither needs the model's distributional assumptions nor
its degrees of freedom, which are unreliable for a dozen languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, permutations, product
from math import factorial, prod

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.errors import StatsError, suggest
from interlingua.stats.mixed.criterion import Component, Floats, RemlCriterion
from interlingua.stats.mixed.formula import Design, build_design
from interlingua.stats.mixed.reml import RemlFit, fit_reml

Indices = NDArray[np.intp]

_TIE = 1e-7  # statistics nearer than this, relative to each other, are equal but for rounding
_CHUNK = 500  # permuted copies of the data in memory at a time


def bootstrap_groups(
    formula: str,
    data: pd.DataFrame,
    group: str,
    term: str,
    *,
    draws: int = 2000,
    seed: int | np.random.Generator,
) -> tuple[float, float]:
    """Return a 95 % percentile bootstrap interval of a fixed effect, resampling whole groups.

    Every draw takes as many groups as there are, with replacement, each with all its rows. A group drawn
    twice enters as two groups: all levels of random factors nested in it get fresh labels. The model is
    refitted by REML each time.

    Parameters
    ----------
    formula, data
        As for `mixed_model`.
    group : str
        Column of the unit that is resampled, such as ``language``. Need not be in the formula, and must not
        be in its fixed part.
    term : str
        Fixed effect, such as ``mpo``.
    draws : int
        Number of draws, >= 40.
    seed : int or Generator

    Returns
    -------
    low, high : float
        The 2.5 and 97.5 percentiles, in units of the coefficient. With a dozen groups or fewer the interval
        is somewhat too narrow, as all bootstraps of few clusters are (Cameron, Gelbach & Miller 2008, Review
        of Economics and Statistics 90, 414-427).

    Raises
    ------
    StatsError
        As `mixed_model`; also when `group` is in the fixed part or has fewer than three values, or when more
        than a tenth of the draws can't be fitted (those that can't are left out).
    """
    design = build_design(formula, data)
    at = design.index_of(term)
    codes = _group_codes(data, group)
    if group in design.fixed_columns:
        raise StatsError(
            f"formula '{formula}' has '{group}' in its fixed part, where a resampled group has no coefficient: "
            f"take it out, or write (1|{group})"
        )
    if draws < 40:
        raise StatsError(f"{draws} draws give no 95 % interval: use 40 or more, 2000 by default")
    n_groups = int(codes.max()) + 1
    members = [np.flatnonzero(codes == i) for i in range(n_groups)]
    nested = [_is_nested(component.codes, codes) for component in design.components]
    starts = _warm_starts(_fit(design, design.x, design.components))
    rng = np.random.default_rng(seed)
    estimates = []
    for _ in range(draws):
        drawn = [members[i] for i in rng.integers(n_groups, size=n_groups)]
        rows = np.concatenate(drawn)
        copy = np.repeat(np.arange(n_groups), [len(taken) for taken in drawn])
        components = [
            Component(_relabel(c.codes[rows], copy if fresh else np.zeros_like(copy)), c.values[rows])
            for c, fresh in zip(design.components, nested, strict=True)
        ]
        try:
            criterion = RemlCriterion(design.y[rows], design.x[rows], components, design.names)
            estimates.append(fit_reml(criterion, starts).estimates[at])
        except StatsError:  # such as a draw of one group over and over, in which a contrast does not vary
            continue
    if len(estimates) < 0.9 * draws:
        raise StatsError(
            f"{draws - len(estimates)} of {draws} bootstrap draws of {n_groups} values of '{group}' can't be "
            "fitted: there are too few groups for this formula; use a shorter one"
        )
    low, high = np.percentile(estimates, [2.5, 97.5])
    return float(low), float(high)


def permute_groups(
    formula: str,
    data: pd.DataFrame,
    group: str,
    column: str,
    term: str,
    *,
    draws: int = 2000,
    seed: int | np.random.Generator,
    cells: Sequence[str] | None = None,
) -> float:
    """Return the two-sided permutation p of a fixed effect, exchanging a covariate between whole groups.

    Under the null hypothesis the groups' profiles of the response over the cells (such as model x variable)
    are exchangeable whatever the covariate. So each group's whole profile of `column` moves to another group,
    cell by cell, which keeps the dependence between the cells of one group and the differences between cells
    in both the response and the covariate. The model is refitted by REML each time, and the statistic is |t|.
    The test is exact for any number of groups and for any statistic, as far as the groups are exchangeable;
    that the formula has the cells as fixed effects only decides its power.

    Parameters
    ----------
    formula, data
        As for `mixed_model`.
    group : str
        Column of the exchangeable unit, such as ``language``.
    column : str
        Column of the formula whose profiles are exchanged, such as ``mpo``.
    term : str
        Fixed effect that is tested, such as ``mpo``.
    draws : int
        Number of random permutations, >= 19. All permutations are taken, and the p is exact, when there are no
        more of them than this (six languages have 720).
    seed : int or Generator
        Not used when all permutations are taken.
    cells : sequence of str, optional
        Columns that tell apart the rows of one group; by default all others that the formula uses. Groups
        exchange profiles only with groups that have the same cells.

    Returns
    -------
    float
        (1 + permutations with |t| at least that of the data) / (1 + draws), or the share of all permutations,
        the data's own included. It can't be below one over the number of permutations: with four groups .042.

    Raises
    ------
    StatsError
        As `mixed_model`; also when `column` is not a covariate of the formula, when `cells` don't tell the
        rows of a group apart, or when no two groups have the same cells.
    """
    design = build_design(formula, data)
    at = design.index_of(term)
    data = data.reset_index(drop=True)
    groupings = {name for random in design.formula.random for name in random.groups}
    if column not in design.columns or column in groupings:
        covariates = [name for name in design.columns if name not in groupings]
        raise StatsError(
            f"'{column}' is not a covariate of formula '{formula}': choose from {', '.join(covariates)}"
            f"{suggest(column, covariates)}"
        )
    if draws < 19:
        raise StatsError(f"{draws} permutations can't give p < .05: use 19 or more, 2000 by default")
    if cells is None:
        cells = [name for name in design.columns if name not in (group, column)]
    strata = _strata(data, group, cells)
    starts = _warm_starts(observed := _fit(design, design.x, design.components))
    threshold = abs(_t(observed, at)) * (1 - _TIE)
    total = prod(factorial(len(rows)) for rows in strata)
    if total == 1:
        raise StatsError(
            f"no two values of '{group}' have the same cells ({', '.join(cells)}): nothing can be exchanged; "
            "name in cells= only the columns of the design, such as model and variable"
        )
    exact = total <= draws
    rng = np.random.default_rng(seed)
    orders = _all_orders(strata) if exact else _random_orders(strata, draws, rng)
    extreme = sum(
        abs(_t(_fit(design, x, components, starts), at)) >= threshold
        for x, components in _permuted(design, data, column, strata, orders)
    )
    return extreme / total if exact else (1 + extreme) / (1 + draws)


def _fit(design: Design, x: Floats, components: Sequence[Component], starts: Sequence[Floats] | None = None) -> RemlFit:
    return fit_reml(RemlCriterion(design.y, x, components, design.names), starts)


def _t(fit: RemlFit, at: int) -> float:
    return float(fit.estimates[at] / fit.se[at])


def _warm_starts(fit: RemlFit) -> list[Floats] | None:
    """Return starts for refits: near the fit to the data (off the boundary), and a neutral one.

    None, for all the default ones, with several components: resampled criteria often have several minima.
    """
    return [np.maximum(fit.theta, 0.1), np.ones_like(fit.theta)] if len(fit.theta) == 1 else None


def _group_codes(data: pd.DataFrame, group: str) -> Indices:
    """Return the group of each row as 0, 1, ..."""
    if group not in data.columns:
        known = [str(name) for name in data.columns]
        raise StatsError(f"the data have no column '{group}'{suggest(group, known)}; they have {', '.join(known)}")
    if data[group].isna().any():
        raise StatsError(f"missing values in '{group}': every row needs its group")
    codes, levels = pd.factorize(data[group])
    if len(levels) < 3:
        raise StatsError(f"'{group}' has {len(levels)} values: resampling needs three groups or more")
    return np.asarray(codes, dtype=np.intp)


def _is_nested(codes: Indices, groups: Indices) -> bool:
    """Return whether every level of a factor stands in one group only."""
    pairs = np.unique(np.column_stack([codes, groups]), axis=0)
    return len(pairs) == len(np.unique(codes))


def _relabel(codes: Indices, copy: Indices) -> Indices:
    """Return codes 0, 1, ... of the combinations of level and copy that occur."""
    combined = copy * (int(codes.max()) + 1) + codes
    return np.unique(combined, return_inverse=True)[1].astype(np.intp)


def _strata(data: pd.DataFrame, group: str, cells: Sequence[str]) -> list[Indices]:
    """Return, for each set of groups that have the same cells, their rows: (groups, cells) arrays."""
    codes = _group_codes(data, group)
    known = [str(name) for name in data.columns]
    for name in cells:
        if name not in known:
            raise StatsError(f"cells: the data have no column '{name}'{suggest(name, known)}")
    levels = pd.factorize(pd.MultiIndex.from_frame(data[list(cells)]))[0] if cells else np.zeros_like(codes)
    rows_of: dict[tuple[int, ...], list[Indices]] = {}
    for i in range(int(codes.max()) + 1):
        rows = np.flatnonzero(codes == i)
        rows = rows[np.argsort(levels[rows], kind="stable")]
        key = tuple(int(level) for level in levels[rows])
        if len(set(key)) < len(key):
            by = f"the same {', '.join(cells)}" if cells else "nothing to tell them apart"
            raise StatsError(
                f"rows of '{data[group].iloc[rows[0]]}' have {by}: name the columns that tell the rows of one "
                f"'{group}' apart, such as cells=['model', 'variable']"
            )
        rows_of.setdefault(key, []).append(rows)
    return [np.array(rows) for rows in rows_of.values()]


def _all_orders(strata: Sequence[Indices]) -> Iterator[tuple[Sequence[int] | Indices, ...]]:
    return product(*(permutations(range(len(rows))) for rows in strata))


def _random_orders(
    strata: Sequence[Indices], draws: int, rng: np.random.Generator
) -> Iterator[tuple[Sequence[int] | Indices, ...]]:
    return (tuple(rng.permutation(len(rows)) for rows in strata) for _ in range(draws))


def _permuted(
    design: Design,
    data: pd.DataFrame,
    column: str,
    strata: Sequence[Indices],
    orders: Iterable[tuple[Sequence[int] | Indices, ...]],
) -> Iterator[tuple[Floats, list[Component]]]:
    """Yield the fixed-effects design and the components with `column` exchanged in each of the orders."""
    n = len(data)
    values = data[column].to_numpy()
    remaining = iter(orders)
    while chunk := list(islice(remaining, _CHUNK)):
        source = np.empty((len(chunk), n), dtype=np.intp)
        for i, order in enumerate(chunk):
            for rows, taken in zip(strata, order, strict=True):
                source[i, rows] = rows[list(taken)]
        # One call of formulaic for many permutations: it takes longer than the fit.
        stacked = data.loc[np.tile(np.arange(n), len(chunk))]
        stacked = stacked.reset_index(drop=True).assign(**{column: values[source].ravel()})
        x = design.fixed_matrix(stacked).reshape(len(chunk), n, -1)
        for i, exchanged in enumerate(source):
            yield (
                x[i],
                [
                    Component(c.codes, c.values[exchanged]) if random.slope == column else c
                    for random, c in zip(design.formula.random, design.components, strict=True)
                ],
            )
