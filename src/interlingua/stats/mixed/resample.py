"""Resampling of whole groups (languages) beside a mixed model: a bootstrap interval and a permutation p.

Both treat a group with all its rows as one draw, so neither needs the model's distributional assumptions nor
its degrees of freedom, which are unreliable for a dozen languages. Where there are no more ways to draw than draws are
asked for, each is taken once, and interval or p are those of infinitely many draws. The draws are refitted together
(`Stack`, `minimise`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from interlingua.errors import StatsError, suggest
from interlingua.stats.mixed.arrangements import Indices, draw_groups, n_orders, orders_of
from interlingua.stats.mixed.criterion import Component, Floats, RemlCriterion
from interlingua.stats.mixed.descent import minimise, starting_points
from interlingua.stats.mixed.formula import Design, build_design
from interlingua.stats.mixed.reml import RemlFit, fit_reml
from interlingua.stats.mixed.stack import stack_up

_TIE = 1e-7  # statistics nearer than this, relative to each other, are equal but for rounding
_CHUNK = 250  # draws that are refitted at a time: more would be no faster
_NUMBERS = 4_000_000  # fewer of them where some array of theirs would be larger than this


@dataclass(frozen=True)
class GroupInterval:
    """A percentile bootstrap interval over groups, and what it is made from.

    Attributes
    ----------
    low, high : float
        The 2.5 and 97.5 percentiles.
    arrangements : int
        Different draws.
    exact : bool
        Whether these are all that there are, each weighted with its probability.
    left_out : float
        Share of the draws that can't be fitted, such as those of one group over and over.
    """

    low: float
    high: float
    arrangements: int
    exact: bool
    left_out: float


@dataclass(frozen=True)
class GroupTest:
    """A permutation test over groups, and what it is made from.

    Attributes
    ----------
    p : float
        Two-sided.
    arrangements : int
        Permutations that were taken, the data's own order included.
    exact : bool
        Whether these are all that there are.
    """

    p: float
    arrangements: int
    exact: bool


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
        Number of random draws, >= 40. When there are no more different draws of n groups than this,
        ``(2n - 1)! / n! (n - 1)!`` (35 of four groups, 1,716 of seven), each is taken once with its probability
        instead, and the interval is that of infinitely many draws.
    seed : int or Generator
        Not used when all draws are taken.

    Returns
    -------
    low, high : float
        The 2.5 and 97.5 percentiles, in units of the coefficient. With a dozen groups or fewer the interval
        is somewhat too narrow, as all bootstraps of few clusters are (Cameron, Gelbach & Miller 2008, Review
        of Economics and Statistics 90, 414-427); that all draws are taken does not help against that.

    Raises
    ------
    StatsError
        As `mixed_model`; also when `group` is in the fixed part or has fewer than three values, or when more
        than a tenth of the draws can't be fitted (those that can't are left out).
    """
    found = group_interval(formula, data, group, term, draws=draws, seed=seed)
    return found.low, found.high


def group_interval(
    formula: str,
    data: pd.DataFrame,
    group: str,
    term: str,
    *,
    draws: int = 2000,
    seed: int | np.random.Generator,
) -> GroupInterval:
    """Return what `bootstrap_groups` does, and what it is made from."""
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
    starts = _starts(design, _fit(design, design.x, design.components))
    n_groups = int(codes.max()) + 1
    drawn = draw_groups(n_groups, draws, np.random.default_rng(seed))
    members = [np.flatnonzero(codes == i) for i in range(n_groups)]
    chunks = _chunks(len(drawn.groups), design, starts)
    estimates = np.concatenate([_bootstrapped(design, members, drawn.groups[part], at, starts) for part in chunks])
    left_out = drawn.share(np.isnan(estimates))
    if left_out > 0.1:
        raise StatsError(
            f"{left_out:.0%} of the bootstrap draws of {n_groups} values of '{group}' can't be fitted: "
            "there are too few groups for this formula; use a shorter one"
        )
    low, high = drawn.percentiles(estimates, [2.5, 97.5])
    return GroupInterval(float(low), float(high), len(estimates), drawn.exact, left_out)


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
    return group_test(formula, data, group, column, term, draws=draws, seed=seed, cells=cells).p


def group_test(
    formula: str,
    data: pd.DataFrame,
    group: str,
    column: str,
    term: str,
    *,
    draws: int = 2000,
    seed: int | np.random.Generator,
    cells: Sequence[str] | None = None,
) -> GroupTest:
    """Return what `permute_groups` does, and what it is made from."""
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
    starts = _starts(design, _fit(design, design.x, design.components))
    sizes = [len(rows) for rows in strata]
    if n_orders(sizes) == 1:
        raise StatsError(
            f"no two values of '{group}' have the same cells ({', '.join(cells)}): nothing can be exchanged; "
            "name in cells= only the columns of the design, such as model and variable"
        )
    orders, exact = orders_of(sizes, draws, np.random.default_rng(seed))
    sources = np.tile(np.arange(len(data)), (len(orders), 1))
    for source, order in zip(sources, orders, strict=True):
        for rows, taken in zip(strata, order, strict=True):
            source[rows] = rows[taken]
    chunks = _chunks(len(sources), design, starts)
    t = np.concatenate([_permuted(design, data, column, sources[part], at, starts) for part in chunks])
    # The data's own order comes first. It counts, as one of all orders or beside the random ones.
    extreme = np.count_nonzero(np.abs(t) >= abs(t[0]) * (1 - _TIE))
    return GroupTest(extreme / len(t), len(t), exact)


def _fit(design: Design, x: Floats, components: Sequence[Component]) -> RemlFit:
    return fit_reml(RemlCriterion(design.y, x, components, design.names))


def _starts(design: Design, fit: RemlFit) -> Floats:
    """Return where refits start: near the fit to the data, off the boundary, and where any fit does."""
    return np.vstack([np.maximum(fit.theta, 0.1), starting_points(design.components)])


def _chunks(draws: int, design: Design, starts: Floats) -> list[slice]:
    """Return which draws are refitted together."""
    levels = [int(component.codes.max()) + 1 for component in design.components]
    others = sum(levels) - max(levels)
    numbers = max(len(design.y) * sum(levels), len(starts) * max(levels) * (others + 1))
    size = max(1, min(_CHUNK, _NUMBERS // numbers))
    return [slice(first, first + size) for first in range(0, draws, size)]


def _bootstrapped(design: Design, members: Sequence[Indices], drawn: Indices, at: int, starts: Floats) -> Floats:
    """Return the fixed effect in each draw of groups, NaN where it can't be fitted."""
    n_rows = np.array([sum(len(members[i]) for i in groups) for groups in drawn])
    shape = (len(drawn), max(int(n_rows.max()), len(design.names) + 1))
    rows, copies, filled = np.zeros(shape, np.intp), np.zeros(shape, np.intp), np.zeros(shape)
    for i, groups in enumerate(drawn):
        sizes = [len(members[j]) for j in groups]
        rows[i, : n_rows[i]] = np.concatenate([members[j] for j in groups])
        copies[i, : n_rows[i]] = np.repeat(np.arange(len(groups)), sizes)
        filled[i, : n_rows[i]] = 1.0
    components = []
    for component in design.components:
        codes, nested = _within(component.codes, members)
        levels = codes[rows] + copies * (int(codes.max()) + 1) * nested
        components.append(Component(levels, component.values[rows] * filled))
    stack = stack_up(design.y[rows] * filled, design.x[rows] * filled[:, :, None], components, n_rows, at)
    fitted = np.flatnonzero(stack.fittable)
    theta = np.zeros((len(drawn), len(components)))
    theta[fitted], found = minimise(stack.criteria.take(fitted), starts)
    estimates = np.full(len(drawn), np.nan)
    estimates[fitted[found]] = stack.effect(theta)[0][fitted[found]]
    return estimates


def _permuted(design: Design, data: pd.DataFrame, column: str, sources: Indices, at: int, starts: Floats) -> Floats:
    """Return the t of the fixed effect with `column` taken from other rows, for each row of `sources`."""
    values = data[column].to_numpy()
    # One call of formulaic for many permutations: it takes longer than the fit.
    stacked = data.loc[np.tile(np.arange(len(data)), len(sources))]
    stacked = stacked.reset_index(drop=True).assign(**{column: values[sources].ravel()})
    x = design.fixed_matrix(stacked).reshape(*sources.shape, -1)
    components = [
        Component(
            np.tile(c.codes, (len(sources), 1)),
            c.values[sources] if random.slope == column else np.tile(c.values, (len(sources), 1)),
        )
        for random, c in zip(design.formula.random, design.components, strict=True)
    ]
    n_rows = np.full(len(sources), len(data))
    stack = stack_up(np.tile(design.y, (len(sources), 1)), x, components, n_rows, at)
    theta, found = minimise(stack.criteria, starts)
    estimates, se = stack.effect(theta)
    t = estimates / se
    for i in np.flatnonzero(~(stack.fittable & found)):
        # One by one, for the error that says what is wrong.
        fit = _fit(design, x[i], [Component(c.codes[i], c.values[i]) for c in components])
        t[i] = fit.estimates[at] / fit.se[at]
    return t


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


def _within(codes: Indices, members: Sequence[Indices]) -> tuple[Indices, bool]:
    """Return levels of a factor counted within each group, and True, where each stands in one group only.

    Otherwise return them as they are.
    """
    counted = np.empty_like(codes)
    levels = 0
    for rows in members:
        own, counted[rows] = np.unique(codes[rows], return_inverse=True)
        levels += len(own)
    return (counted, True) if levels == len(np.unique(codes)) else (codes, False)


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
