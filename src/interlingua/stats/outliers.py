"""Which of a few values are too low to belong with the others."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError


def low_outliers(values: ArrayLike, *, alpha: float = 0.05, most: int | None = None) -> NDArray[np.bool_]:
    """Find values that are too low, by Rosner's generalised extreme studentised deviates, one-sided.

    The lowest value is taken away, then the lowest of the others, and so on up to `most`. The outliers are
    those up to the last step at which the value taken lies further below the mean of what was there, in SDs, than
    chance allows. So two low values can't hide each other, as they do from a test of one after the other.

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite, roughly normal but for the outliers.
    alpha : float
        Probability of finding any where there are none, in (0, .5).
    most : int, optional
        How many there may be; by default a fifth of the values, and at least one.

    Returns
    -------
    ndarray of bool, shape (n,)
        All False if there are fewer than four values.

    Raises
    ------
    StatsError
        If a value is not finite or an option is out of its range.

    Notes
    -----
    Step i (from 1) has the critical value ``(m - 1) t / sqrt((m - 2 + t^2) m)`` with m = n - i + 1 values left
    and t the 1 - alpha / m quantile of t with m - 2 degrees of freedom. It is Grubbs' test if `most` is 1.
    With `most` = 1 the level is exact (but for a Bonferroni bound) at any n; to look for more among fewer than a
    dozen values makes it .07 to .08, hence the default.

    References
    ----------
    Rosner, B. (1983). Percentage points for a generalized ESD many-outlier procedure. Technometrics, 25,
    165-172. https://doi.org/10.1080/00401706.1983.10487848
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise StatsError("outliers are looked for in a vector of finite values")
    if not 0 < alpha < 0.5:
        raise StatsError(f"alpha is {alpha}, but a level lies between 0 and .5, e.g. alpha=0.05")
    n = len(numbers)
    most = min(max(n // 5, 1), max(n - 3, 0)) if most is None else most
    if most < 0 or most > max(n - 3, 0):
        raise StatsError(f"most is {most}: of {n} values at least three must be left to compare with")
    outlying = np.zeros(n, dtype=bool)
    if n < 4:
        return outlying
    order = np.argsort(numbers, kind="stable")
    for step in range(most):
        left = numbers[order[step:]]
        m, spread = len(left), left.std(ddof=1)
        if spread == 0:
            break
        t = scipy.stats.t.isf(alpha / m, m - 2)
        if (left.mean() - left[0]) / spread > (m - 1) * t / np.sqrt((m - 2 + t**2) * m):
            outlying[order[: step + 1]] = True
    return outlying
