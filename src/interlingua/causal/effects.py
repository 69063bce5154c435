"""What edits did, in numbers: slopes with intervals over words, p against control sets, whether predictions hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from interlingua.stats.correlation import pearson
from interlingua.stats.jackknife import JackknifeInterval, jackknife

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


def mean_over_words(values: Floats) -> JackknifeInterval:
    """Return the mean of a value a word, with its 95 % interval over words (t)."""
    n = len(values)
    return jackknife(float(values.mean()), (values.sum() - values) / max(1, n - 1))


def slope_over_words(x: Floats, y: Floats) -> JackknifeInterval:
    """Return the slope of y on x, a value a word each, with its 95 % interval: each word is left out once."""
    n = len(x)
    centred_x, centred_y = x - x.mean(), y - y.mean()
    sxx, sxy = centred_x @ centred_x, centred_x @ centred_y
    # Without a word, sums about the new mean lose n / (n - 1) times its own product.
    share = n / (n - 1) if n > 1 else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (sxy - share * centred_x * centred_y) / (sxx - share * centred_x**2)
        slope = sxy / sxx
    return jackknife(float(slope), left_out)


def unit_effects(effects: Floats, on: Floats | None = None) -> Floats:
    """Return what each unit adds to the effect of a set: the mean over words, or the slope on a value a word.

    Parameters
    ----------
    effects : ndarray, shape (n, width)
        First-order effect of each unit at each word.
    on : ndarray, shape (n,), optional
        The value; a slope is linear in what has it, so that those of units add up to that of their set.

    Returns
    -------
    ndarray, shape (width,)
    """
    if on is None:
        return np.asarray(effects.mean(axis=0))
    centred = on - on.mean()
    return np.asarray(centred @ effects / (centred @ centred))


def of_sets(units: Floats, sets: Index) -> Floats:
    """Return the effects of sets, shape (draws,), from those of units, shape (width,)."""
    return np.asarray(units[sets].sum(axis=1))


class DoseResponse(NamedTuple):
    """How readings change with the dose.

    Attributes
    ----------
    words : ndarray, shape (n,)
        Slope of each word's change on the dose, through 0.
    slope : JackknifeInterval
        Their mean, with its interval over words.
    straight : float
        Share of the mean changes' sum of squares that a line through 0 has: 1 is a straight line.
    right_way : float
        Share of words whose slope is above 0.
    """

    words: Floats
    slope: JackknifeInterval
    straight: float
    right_way: float


def dose_response(doses: ArrayLike, changes: Floats) -> DoseResponse:
    """Return the slope of changes on doses.

    Parameters
    ----------
    doses : array_like, shape (d,)
        None of them 0.
    changes : ndarray, shape (d, n)
        Of each word's reading, against none.
    """
    dose = np.asarray(doses, dtype=np.float64)
    words = dose @ changes / (dose @ dose)
    means = changes.mean(axis=1)
    total = float(means @ means)
    line = float(dose @ means) ** 2 / float(dose @ dose)
    return DoseResponse(
        words, mean_over_words(words), min(1.0, line / total) if total > 0 else float("nan"), float((words > 0).mean())
    )


def widened(controls: Floats, sets: Index, variances: Floats) -> Floats:
    """Return effects of control sets spread as those of independent sets would be.

    Parameters
    ----------
    controls : ndarray, shape (draws,)
        Effects of control sets.
    sets : ndarray of int64, shape (draws, n)
        Their units.
    variances : ndarray, shape (width,)
        How far units' effects vary, up to a factor: the square of their SD, as edits are in SDs.

    Notes
    -----
    Control sets are drawn from the few units that are like the tested ones, and so have units in common: they differ
    from each other less than a set of others would from their mean, and a tested set that is nothing special would be
    beyond 5 % of them in more than 5 % of studies (10 to 13 % in simulations). With inclusion frequencies pi_j of
    units, effects of variance s_j^2 give the sets' effects a variance of sum s_j^2 pi_j (1 - pi_j), and the difference
    of another set from their mean one of sum s_j^2 pi_j (1 + pi_j). Deviations are stretched by the root of the ratio,
    and, as that variance is known from few units, by what t's 95 % point has over the normal distribution's: its
    degrees of freedom are Satterthwaite's, of the summands s_j^2 pi_j (1 - pi_j).
    """
    units, counts = np.unique(sets, return_counts=True)
    often, size = counts / len(sets), variances[units]
    within, another = size * often * (1 - often), size * often * (1 + often)
    mean = controls.mean()
    if not within.any():  # one set, drawn again and again
        return np.full(len(controls), mean)
    few = stats.t.ppf(0.95, within.sum() ** 2 / (within**2).sum()) / stats.norm.ppf(0.95)
    return np.asarray(mean + few * np.sqrt(another.sum() / within.sum()) * (controls - mean))


def rank_p(tested: float, controls: Floats, sets: Index, *, greater: bool = True) -> float:
    """Return the one-sided p of a set among control sets.

    Parameters
    ----------
    tested : float
        Its statistic.
    controls : ndarray, shape (draws,)
        Theirs, from `widened`.
    sets : ndarray of int64, shape (draws, n)
        Their units: p is never below 1 / (1 + number of different sets).
    greater : bool
        Whether large values count as rare.
    """
    beyond = controls >= tested if greater else controls <= tested
    p = (1 + int(beyond.sum())) / (1 + len(controls))
    return max(p, 1 / (1 + len({tuple(units) for units in np.sort(sets, axis=1).tolist()})))


def joint(tested: Floats, controls: Floats) -> tuple[float, Floats]:
    """Return the statistic of a set over languages, and those of control sets that are the same in all of them.

    Parameters
    ----------
    tested : ndarray, shape (languages,)
        Its effect in each.
    controls : ndarray, shape (languages, draws)
        Theirs.

    Returns
    -------
    statistic : float
        Mean over languages of the effect divided by the median size of all sets' effects there, so that languages whose
        readouts are moved more easily don't count for more.
    of_controls : ndarray, shape (draws,)
    """
    size = np.median(np.abs(np.column_stack([tested, controls])), axis=1)
    size = np.where(size > 0, size, 1.0)
    return float((tested / size).mean()), np.asarray((controls / size[:, None]).mean(axis=0))


class Agreement(NamedTuple):
    """How well first-order effects foretell those of real edits.

    Attributes
    ----------
    r : float
        Correlation over sets.
    bias : float
        Sum of what predictions are too small by, as a share of the real effects' sizes: .05 says that real effects are
        5 % larger.
    holds : bool
        Whether r and bias are within the bounds.
    """

    r: float
    bias: float
    holds: bool


#: First-order effects stand for real ones where they agree so well.
LEAST_R, MOST_BIAS = 0.95, 0.15


def agreement(predicted: Floats, real: Floats) -> Agreement:
    """Compare first-order with real effects of the same sets at the same words, shape (sets,) each."""
    r = pearson(predicted, real)
    size = float(np.abs(real).sum())
    # Less what sets differ in direction: a prediction too large in size is a negative bias for either sign.
    bias = float(((real - predicted) * np.sign(real)).sum()) / size if size > 0 else float("nan")
    return Agreement(r, bias, bool(r >= LEAST_R and abs(bias) <= MOST_BIAS))


def random_directions(gradient: Floats, shift: Floats, *, draws: int, seed: int) -> Floats:
    """Return the slopes of random directions whose length is that of a set's shift, shape (draws,).

    Parameters
    ----------
    gradient : ndarray, shape (width,)
        Mean gradient of the readout by a shift of each unit by 1.
    shift : ndarray, shape (width,)
        Of the tested set: sign x SD of its units, 0 elsewhere.
    draws, seed : int
        How many.
    """
    directions = np.random.default_rng(seed).normal(size=(draws, len(shift)))
    directions *= np.linalg.norm(shift) / np.linalg.norm(directions, axis=1, keepdims=True)
    return np.asarray(directions @ gradient)


def relabelled_p(shared: Floats, effect: Floats, *, draws: int, seed: int) -> tuple[float, float]:
    """Return r over pairs of languages of what they share with the effect, and its p by relabelling languages.

    Parameters
    ----------
    shared, effect : ndarray, shape (n, n)
        Row: the language whose units are edited; column: where. The diagonal is not read.
    draws, seed : int
        Relabellings; p is one-sided.
    """
    n = len(shared)
    pairs = ~np.eye(n, dtype=bool)
    r = pearson(shared[pairs], effect[pairs])
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        order = rng.permutation(n)
        found.append(pearson(shared[np.ix_(order, order)][pairs], effect[pairs]))
    return r, (1 + sum(value >= r - 1e-12 for value in found)) / (1 + draws)


def first(sizes: Sequence[int], most: int) -> tuple[int, ...]:
    """Return the numbers of units that are tried: those up to `most`, and `most` itself."""
    return tuple(sorted({*(size for size in sizes if size < most), most}))
