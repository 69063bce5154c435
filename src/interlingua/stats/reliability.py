"""How far means of few raters are what many would say.

References
----------
Lord, F. M., & Novick, M. R. (1968). Statistical theories of mental test scores. Addison-Wesley (reliability: the share
of a score's variance that is true; correction for attenuation).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from interlingua.errors import StatsError


def reliability(means: ArrayLike, errors: ArrayLike) -> float:
    """Return the share of the variance of mean ratings that is not sampling error of the raters.

    Parameters
    ----------
    means : array_like, shape (n_words,)
        Each word's mean rating.
    errors : array_like, shape (n_words,)
        Its standard error: the raters' SD over the root of their number.

    Returns
    -------
    float
        ``1 - mean(errors^2) / var(means)``; of a probe's r, r / sqrt(reliability) is what it would be with the means of
        endless raters. Below 0 where words differ by less than raters do; NaN with fewer than three words, or where all
        means are equal.

    Raises
    ------
    StatsError
        If the shapes differ, a number is not finite, or an error is below 0.
    """
    y, e = np.asarray(means, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    if y.ndim != 1 or y.shape != e.shape:
        raise StatsError(f"means have shape {y.shape} and errors {e.shape}: one of each a word")
    if not (np.isfinite(y).all() and np.isfinite(e).all()) or (e < 0).any():
        raise StatsError(
            "a mean or its standard error is no finite number, or an error is below 0: leave such words out"
        )
    if len(y) < 3:
        return float("nan")
    variance = float(y.var(ddof=1))
    return float(1 - (e**2).mean() / variance) if variance > 0 else float("nan")
