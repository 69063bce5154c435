"""Regressions on one unit, with plain and with word-clustered standard errors.

The paper regresses 1,845 Finnish ratings on one unit (section 6) as if they were independent, though 15
sentences share a word and its rating. Clustering the errors by word is the remedy (Liang & Zeger 1986), with
the small-sample factor ``G/(G-1) (n-1)/(n-k)`` and a t distribution with ``G - 1`` degrees of freedom, as
``vcovCL(type = "HC1")`` of R's sandwich and statsmodels do (Cameron & Miller 2015).

References
----------
Cameron, A. C., & Miller, D. L. (2015). A practitioner's guide to cluster-robust inference. Journal of
Human Resources, 50, 317-372. https://doi.org/10.3368/jhr.50.2.317
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from interlingua.errors import StatsError
from interlingua.stats.correlation import centre_columns, columns_at_a_time, finite_block
from interlingua.stats.groups import group_codes, group_sums


@dataclass(frozen=True)
class ClusterOLS:
    """Slope of a regression on one predictor, its errors clustered.

    Attributes
    ----------
    b : float
        Slope.
    se : float
        Its cluster-robust standard error.
    t : float
        ``b / se``.
    df : int
        Number of clusters - 1.
    p : float
        Two-sided p-value.
    """

    b: float
    se: float
    t: float
    df: int
    p: float


def cluster_ols(y: ArrayLike, x: ArrayLike, clusters: ArrayLike) -> ClusterOLS:
    """Regress `y` on an intercept and `x`, errors clustered.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, n >= 3.
    x : array_like, shape (n,)
        Predictor.
    clusters : array_like, shape (n,)
        The cluster (word) of each row, at least two of them.

    Returns
    -------
    ClusterOLS

    Raises
    ------
    StatsError
        If lengths differ, a value is not finite, there are fewer than three rows or two clusters.
    """
    row = cluster_ols_columns(y, np.asarray(x, dtype=np.float64)[:, None], clusters).iloc[0]
    return ClusterOLS(
        b=float(row["b"]),
        se=float(row["se_cluster"]),
        t=float(row["t_cluster"]),
        df=int(row["df_cluster"]),
        p=float(row["p_cluster"]),
    )


def cluster_ols_columns(y: ArrayLike, X: ArrayLike, clusters: ArrayLike) -> pd.DataFrame:
    """Regress `y` on an intercept and each column of `X` alone: one regression a column.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, n >= 3.
    X : array_like, shape (n, p)
        One predictor a column.
    clusters : array_like, shape (n,)
        The cluster (word) of each row, at least two of them.

    Returns
    -------
    DataFrame
        A row a column of `X`: `b`; `se`, `t`, `df` (n - 2), `p` of ordinary least squares; `se_cluster`,
        `t_cluster`, `df_cluster` (clusters - 1), `p_cluster`. A constant column predicts nothing: b = 0,
        t = 0, p = 1, standard errors NaN.

    Raises
    ------
    StatsError
        If lengths differ, a value is not finite, there are fewer than three rows or two clusters.
    """
    target, matrix = np.asarray(y, dtype=np.float64), np.asarray(X)
    _check(target, matrix)
    n, width = matrix.shape
    codes, n_clusters = group_codes(clusters, n)
    if n_clusters < 2:
        raise StatsError(f"clustered errors need at least two clusters (words), not {n_clusters}")
    centred, norm = centre_columns(target[:, None])
    target = centred[:, 0] * (norm[0] > 0)  # a constant outcome: exactly 0, not its rounding error
    factor = n_clusters / (n_clusters - 1) * (n - 1) / (n - 2)
    b, se, se_cluster = np.zeros(width), np.full(width, np.nan), np.full(width, np.nan)
    step = columns_at_a_time(n)
    for start in range(0, width, step):
        here = slice(start, start + step)
        block = finite_block(matrix, start, start + step)
        b[here], se[here], se_cluster[here] = _block(target, block, codes, n_clusters, factor)
    df, df_cluster = n - 2, n_clusters - 1
    t, t_cluster = _t(b, se), _t(b, se_cluster)
    return pd.DataFrame(
        {
            "b": b,
            "se": se,
            "t": t,
            "df": df,
            "p": 2 * stats.t.sf(np.abs(t), df),
            "se_cluster": se_cluster,
            "t_cluster": t_cluster,
            "df_cluster": df_cluster,
            "p_cluster": 2 * stats.t.sf(np.abs(t_cluster), df_cluster),
        }
    )


def _block(
    y: NDArray[np.float64],
    X: NDArray[np.float64],
    codes: NDArray[np.int64],
    n_clusters: int,
    factor: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return b, plain and clustered standard errors of a block of columns; `y` is centred."""
    n = len(X)
    # With centred predictors the intercept drops out of the sandwich: the slope's entry is a ratio of sums.
    X, norm = centre_columns(X)
    varies = norm > 0
    sxx = np.where(varies, norm**2, 1.0)
    b = np.where(varies, X.T @ y / sxx, 0.0)
    residuals = y[:, None] - X * b
    variance = np.einsum("ij,ij->j", residuals, residuals) / (n - 2) / sxx
    scores = group_sums(X * residuals, codes, n_clusters)
    clustered = factor * np.einsum("ij,ij->j", scores, scores) / sxx**2
    return b, np.where(varies, np.sqrt(variance), np.nan), np.where(varies, np.sqrt(clustered), np.nan)


def _t(b: NDArray[np.float64], se: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return b / se; 0 where the predictor or the outcome is constant."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isnan(se) | (b == 0), 0.0, b / se)


def _check(y: NDArray[np.float64], X: NDArray[np.float64]) -> None:
    if y.ndim != 1 or X.ndim != 2 or len(X) != len(y):
        raise StatsError(f"y has shape {y.shape} and X {X.shape}: they need the same number of rows")
    if len(y) < 3:
        raise StatsError(f"a regression needs at least three rows, not {len(y)}")
    if not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y)))
        raise StatsError(f"y[{row}] is {y[row]}: leave out rows without a rating first")
