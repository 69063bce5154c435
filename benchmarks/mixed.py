"""Time the bootstrap and the permutation of languages beside refitting the draws one by one.

Run ``python benchmarks/mixed.py``; it takes a quarter of an hour on one core, nearly all of it for the old way
(``--draws 500 --repeats 3`` takes two minutes). Refitting one by one is how both were done before: every draw is a
criterion of its own, minimised by L-BFGS-B from nine starts (one random term: two), and every random draw is fitted,
however few different ones there are. Old and new are run in turn on the same tables and seeds; printed are the median
of the ratios of their CPU times, with the least and the largest, and by how much intervals and p differ.

Last, bootstrap draws are compared one by one. Where the two stop in different minima the lower one is right, and the
interval of the old way with these put right is printed beside both.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from interlingua.errors import StatsError  # noqa: E402
from interlingua.stats.mixed import bootstrap_groups, permute_groups  # noqa: E402
from interlingua.stats.mixed.arrangements import n_orders, orders_of  # noqa: E402
from interlingua.stats.mixed.criterion import Component, RemlCriterion  # noqa: E402
from interlingua.stats.mixed.descent import minimise, starting_points  # noqa: E402
from interlingua.stats.mixed.formula import Design, build_design  # noqa: E402
from interlingua.stats.mixed.reml import RemlFit, fit_reml  # noqa: E402
from interlingua.stats.mixed.stack import stack_up  # noqa: E402
from interlingua.units import PAPER_MODEL  # noqa: E402

Floats = NDArray[np.float64]
SIMPLE_MODEL = "r ~ mpo + model*variable + (1|language)"
CELLS = 4  # two models and two variables


def points(languages: int, seed: int) -> pd.DataFrame:
    """Return a table of the paper's shape, with spreads as in its Figure 4."""
    rng = np.random.default_rng(seed)
    names = [f"l{i:02d}" for i in range(languages)]
    cells = [(name, model, variable) for name in names for model in ("a", "b") for variable in ("v", "w")]
    table = pd.DataFrame(cells, columns=["language", "model", "variable"])
    of_language = rng.normal(size=(2, languages)).repeat(CELLS, axis=1)
    second = (table["model"] == "b").to_numpy()
    mpo = 14.5 + 5.2 * second + of_language[0] + 0.7 * rng.normal(size=len(table))
    r = 0.32 + 0.06 * second + 0.02 * (mpo - mpo.mean()) + 0.035 * of_language[1] + 0.026 * rng.normal(size=len(table))
    return table.assign(mpo=mpo, r=r)


def old_starts(k: int) -> Floats:
    starts = [np.full(k, size) for size in (0.2, 1.0, 5.0, 25.0)]
    if k > 1:
        starts += [np.where(np.arange(k) == j, 3.0, 0.1) for j in range(k)]
    return np.array(starts)


def near(design: Design) -> Floats:
    """Return the old starts of refits: with one random term near the fit to the data, and at one."""
    k = len(design.components)
    if k > 1:
        return old_starts(k)
    fit = fit_reml(RemlCriterion(design.y, design.x, design.components, design.names), old_starts(k))
    return np.array([np.maximum(fit.theta, 0.1), np.ones(k)])


def one_draw(design: Design, drawn: NDArray[np.int64]) -> RemlCriterion:
    """Return the criterion of languages drawn with replacement; rows of a language stand together in `points`."""
    rows = np.concatenate([np.arange(CELLS * i, CELLS * (i + 1)) for i in drawn])
    copy = np.repeat(np.arange(len(drawn)), CELLS)
    components = []
    for term, component in zip(design.formula.random, design.components, strict=True):
        codes = component.codes[rows] if term.group != "language" else copy
        components.append(Component(np.unique(codes, return_inverse=True)[1].astype(np.intp), component.values[rows]))
    return RemlCriterion(design.y[rows], design.x[rows], components, design.names)


def old_bootstrap(formula: str, data: pd.DataFrame, draws: int, seed: int) -> Floats:
    design = build_design(formula, data)
    at, n, starts = design.index_of("mpo"), len(data) // CELLS, near(design)
    rng = np.random.default_rng(seed)
    estimates = []
    for _ in range(draws):
        try:
            estimates.append(fit_reml(one_draw(design, rng.integers(n, size=n)), starts).estimates[at])
        except StatsError:
            continue
    return np.percentile(estimates, [2.5, 97.5])


def permuted(design: Design, orders: Iterator[NDArray[np.intp]]) -> Iterator[tuple[Floats, list[Component]]]:
    """Yield design and components with the profiles of mpo in other orders."""
    at = design.index_of("mpo")
    for order in orders:
        rows = (CELLS * order[:, None] + np.arange(CELLS)).ravel()
        x = design.x.copy()
        x[:, at] = design.x[rows, at]
        pairs = zip(design.formula.random, design.components, strict=True)
        yield x, [Component(c.codes, c.values[rows]) if term.slope == "mpo" else c for term, c in pairs]


def old_permutation(formula: str, data: pd.DataFrame, draws: int, seed: int) -> Floats:
    design = build_design(formula, data)
    at, n, starts = design.index_of("mpo"), len(data) // CELLS, near(design)

    def t(fit: RemlFit) -> float:
        return abs(float(fit.estimates[at] / fit.se[at]))

    observed = t(fit_reml(RemlCriterion(design.y, design.x, design.components, design.names), starts)) * (1 - 1e-7)
    orders, exact = orders_of([n], draws, np.random.default_rng(seed))
    taken = (order for (order,) in orders[0 if exact else 1 :])
    extreme = sum(
        t(fit_reml(RemlCriterion(design.y, x, components, design.names), starts)) >= observed
        for x, components in permuted(design, taken)
    )
    return np.array([extreme / n_orders([n]) if exact else (1 + extreme) / (1 + draws)])


def new_bootstrap(formula: str, data: pd.DataFrame, draws: int, seed: int) -> Floats:
    return np.array(bootstrap_groups(formula, data, "language", "mpo", draws=draws, seed=seed))


def new_permutation(formula: str, data: pd.DataFrame, draws: int, seed: int) -> Floats:
    return np.array([permute_groups(formula, data, "language", "mpo", "mpo", draws=draws, seed=seed)])


Way = Callable[[str, pd.DataFrame, int, int], Floats]


def timed(way: Way, formula: str, data: pd.DataFrame, draws: int, seed: int) -> tuple[float, Floats]:
    start = time.process_time()
    found = way(formula, data, draws, seed)
    return time.process_time() - start, found


def beside(languages: int, formula: str, draws: int, repeats: int) -> tuple[list[float], list[float]]:
    """Print old and new times of both kinds of draws, and return the sums of each repeat."""
    old_sums, new_sums = [0.0] * repeats, [0.0] * repeats
    pairs = {"bootstrap": (old_bootstrap, new_bootstrap), "permutation": (old_permutation, new_permutation)}
    for name, (old, new) in pairs.items():
        times, off = [], 0.0
        for repeat in range(repeats):
            data = points(languages, repeat)
            before, was = timed(old, formula, data, draws, repeat)
            after, found = timed(new, formula, data, draws, repeat)
            times.append((before, after))
            off = max(off, float(np.abs(was - found).max()))
            old_sums[repeat] += before
            new_sums[repeat] += after
        shown = ratios([before for before, _ in times], [after for _, after in times])
        print(f"{languages:>2} languages  {formula:<55} {name:<12} {shown}  differ by up to {off:.1e}", flush=True)
    return old_sums, new_sums


def ratios(old: Sequence[float] | Floats, new: Sequence[float] | Floats) -> str:
    """Return median times, and the median ratio with the least and the largest."""
    of_each = np.divide(old, new)
    spread = f"{np.median(of_each):.0f} x ({of_each.min():.0f} to {of_each.max():.0f})"
    return f"{np.median(old):7.2f} s -> {np.median(new):6.3f} s  {spread:<20}"


def criteria(languages: int, formula: str, draws: int, seed: int) -> None:
    """Print in how many bootstrap draws old and new stop in different minima, and what that does to the interval."""
    design = build_design(formula, points(languages, seed))
    at, starts = design.index_of("mpo"), near(design)
    singles, estimates, theirs = [], [], []
    rng = np.random.default_rng(seed)
    rows = np.arange(len(design.y)).reshape(languages, CELLS)
    for _ in range(draws):
        drawn = rng.integers(languages, size=languages)
        try:
            criterion = one_draw(design, drawn)
            fit = fit_reml(criterion, starts)
        except StatsError:  # one language over and over
            continue
        singles.append((criterion, fit))
        theirs.append(rows[drawn].ravel())
        estimates.append(fit.estimates[at])
    taken = np.array(theirs)
    components = [
        Component(np.array([c.components[k].codes for c, _ in singles]), design.components[k].values[taken])
        for k in range(len(design.components))
    ]
    stack = stack_up(design.y[taken], design.x[taken], components, np.full(len(taken), taken.shape[1]), at)
    theta, _ = minimise(stack.criteria, starting_points(design.components))
    beyond = np.array(
        [c.profile(at_minimum)[0] - fit.criterion for (c, fit), at_minimum in zip(singles, theta, strict=True)]
    )
    found, was = stack.effect(theta)[0], np.array(estimates)
    se = np.array([fit.se[at] for _, fit in singles])
    same = np.abs(beyond) <= 1e-6
    singular = (theta == 0).any(axis=1).sum()
    print(
        f"{languages:>2} languages  {formula:<55} {len(was)} bootstrap draws, {singular} singular: "
        f"lower criterion in {(beyond < -1e-6).sum()}, higher in {(beyond > 1e-6).sum()}, elsewhere estimates within "
        f"{(np.abs(found - was) / se)[same].max():.0e} standard errors; old interval {interval(was)}, put right "
        f"{interval(np.where(beyond < -1e-6, found, was))}, new {interval(found)}",
        flush=True,
    )


def interval(estimates: Floats) -> str:
    low, high = np.percentile(estimates, [2.5, 97.5])
    return f"{low:.5f} to {high:.5f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000, help="of each kind (default: 2000, as in a study)")
    parser.add_argument("--repeats", type=int, default=5, help="tables and seeds (default: 5)")
    parser.add_argument("--languages", type=int, nargs="+", default=[4, 8, 13])
    options = parser.parse_args()
    print(f"CPU seconds of {options.draws} draws; medians of {options.repeats} tables, old way -> new way")
    for languages in options.languages:
        old, new = zip(
            *(beside(languages, formula, options.draws, options.repeats) for formula in (PAPER_MODEL, SIMPLE_MODEL)),
            strict=True,
        )
        both = ratios(np.sum(old, axis=0), np.sum(new, axis=0))
        print(f"{languages:>2} languages  {'all of it, for one ranking':<55} {'':<12} {both}")
    for languages in options.languages:
        for formula in (PAPER_MODEL, SIMPLE_MODEL):
            criteria(languages, formula, options.draws // 2, seed=0)


if __name__ == "__main__":
    main()
