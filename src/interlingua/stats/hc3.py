"""Regressions on one unit at a time: least squares, and errors that hold with few words and skewed units (HC3).

The paper regresses 1,845 Finnish ratings on one unit (section 6) as if they were independent, though 15 sentences share
a word and its rating. Here each word is one row: its rating on the mean activation of its sentences. Errors are HC3
(MacKinnon & White 1985): every residual is divided by one less its leverage, so that a few words with large
activations can't hide their own influence. Errors that are clustered by word (CR1) reject a skewed unit at .05 in 19,
13 and 9 % of 12, 123 and 520 words; these reject in 5 to 7 %, whatever their number (``benchmarks/type_one_error.py``).

References
----------
MacKinnon, J. G., & White, H. (1985). Some heteroskedasticity-consistent covariance matrix estimators with improved
finite sample properties. Journal of Econometrics, 29, 305-325.
Long, J. S., & Ervin, L. H. (2000). Using heteroscedasticity consistent standard errors in the linear regression model.
The American Statistician, 54, 217-224.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError
from interlingua.stats.correlation import centre_columns, columns_at_a_time, finite_block

Floats = NDArray[np.float64]

#: One less the leverage of a row below this is rounding error: that row alone decides the slope.
_LEAST_REST = 1e-9


def ols_columns(y: ArrayLike, X: ArrayLike) -> pd.DataFrame:
    """Regress `y` on an intercept and each column of `X` alone, with the ordinary errors.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, n >= 3.
    X : array_like, shape (n, p)
        Predictors; worked on in blocks of columns.

    Returns
    -------
    DataFrame
        A row a column of `X`: `b, se, t, df, p`, with df = n - 2 and p two-sided. A predictor that does not vary has b
        = 0, t = 0, p = 1 and no errors (NaN).

    Raises
    ------
    StatsError
        If lengths differ, a value is not finite, or there are fewer than three rows.
    """
    outcome, matrix = _checked(y, X)
    parts = []
    for block in _blocks(matrix):
        centred, norm = centre_columns(block)
        sxx = _squared(norm)
        b = np.where(norm > 0, centred.T @ outcome / sxx, 0.0)
        residuals = outcome[:, 0, None] - centred * b[:, 0]
        variance = np.einsum("ij,ij->j", residuals, residuals) / (len(matrix) - 2) / sxx[:, 0]
        parts.append((b[:, 0], np.where(norm > 0, np.sqrt(variance), np.nan)))
    return _table(parts, len(matrix) - 2)


def hc3_columns(y: ArrayLike, X: ArrayLike) -> pd.DataFrame:
    """Regress `y` on an intercept and each column of `X` alone, with HC3 errors.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, one independent row each, n >= 3.
    X : array_like, shape (n, p)
        Predictors.

    Returns
    -------
    DataFrame
        As of `ols_columns`. A predictor that one row alone decides (its leverage is 1: the others are all alike) has no
        errors either: t = 0 and p = 1, as nothing can be said of it.

    Raises
    ------
    StatsError
        As `ols_columns`.
    """
    outcome, matrix = _checked(y, X)
    parts = [tuple(part[:, 0] for part in _hc3(outcome, block)) for block in _blocks(matrix)]
    return _table(parts, len(matrix) - 2)


def hc3_t(Y: ArrayLike, X: ArrayLike) -> Floats:
    """Return t of `hc3_columns` for each column of `X` and each of many outcomes.

    Parameters
    ----------
    Y : array_like, shape (n, k)
        Outcomes, n >= 3.
    X : array_like, shape (n, p)
        Predictors.

    Returns
    -------
    ndarray of float64, shape (p, k)

    Raises
    ------
    StatsError
        As `ols_columns`.
    """
    outcomes, matrix = _checked(Y, X)
    return np.concatenate([_t(*_hc3(outcomes, block)) for block in _blocks(matrix)])


def _hc3(outcomes: Floats, block: Floats) -> tuple[Floats, Floats]:
    """Return slopes and their HC3 errors, each of shape (columns, outcomes); `outcomes` are centred."""
    # With centred predictors the intercept drops out of the sandwich: the slope's entry is a ratio of sums.
    centred, norm = centre_columns(block)
    sxx = _squared(norm)
    b = np.where((norm > 0)[:, None], centred.T @ outcomes / sxx, 0.0)
    rest = 1 - 1 / len(block) - centred**2 / sxx[:, 0]
    defined = (norm > 0) & (rest > _LEAST_REST).all(axis=0)
    weights = (centred / np.where(rest > _LEAST_REST, rest, 1.0)) ** 2
    # The weighted sum of the squared residuals, (y - b x)^2 written out: three products serve all outcomes at once.
    squares = weights.T @ outcomes**2 - 2 * b * ((weights * centred).T @ outcomes)
    squares += b**2 * np.einsum("ij,ij->j", weights, centred**2)[:, None]
    return b, np.where(defined[:, None], np.sqrt(np.maximum(squares, 0.0)) / sxx, np.nan)


def _squared(norm: Floats) -> Floats:
    """Return the sums of squares of centred columns, shape (columns, 1); 1 for those that do not vary."""
    return np.asarray(np.where(norm > 0, norm**2, 1.0)[:, None])


def _blocks(X: NDArray[np.generic]) -> list[Floats]:
    n, width = X.shape
    step = columns_at_a_time(n)
    return [finite_block(X, start, start + step) for start in range(0, width, step)]


def _t(b: Floats, se: Floats) -> Floats:
    """Return b / se; 0 where there are no errors or nothing varies."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isnan(se) | (b == 0), 0.0, b / se)


def _table(parts: Sequence[tuple[Floats, ...]], df: int) -> pd.DataFrame:
    b, se = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else (np.zeros(0), np.zeros(0))
    t = _t(b, se)
    return pd.DataFrame({"b": b, "se": se, "t": t, "df": df, "p": 2 * scipy.stats.t.sf(np.abs(t), df)})


def _checked(Y: ArrayLike, X: ArrayLike) -> tuple[Floats, NDArray[np.generic]]:
    """Return the outcomes centred, shape (n, k), exactly 0 where they don't vary, and the predictors."""
    outcomes, matrix = np.asarray(Y, dtype=np.float64), np.asarray(X)
    if outcomes.ndim not in (1, 2) or matrix.ndim != 2 or len(matrix) != len(outcomes):
        raise StatsError(f"y has shape {outcomes.shape} and X {matrix.shape}: they need the same number of rows")
    if len(outcomes) < 3:
        raise StatsError(f"a regression needs at least three rows, not {len(outcomes)}")
    outcomes = outcomes.reshape(len(outcomes), -1)
    if not np.isfinite(outcomes).all():
        row = int(np.argmin(np.isfinite(outcomes).all(axis=1)))
        raise StatsError(f"y[{row}] is not finite: leave out rows without a rating first")
    centred, norm = centre_columns(outcomes)
    return centred * (norm > 0), matrix
