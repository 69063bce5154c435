"""Pearson's r, of two vectors and of every unit of a layer with the ratings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError

_CHUNK_BYTES = 64 * 2**20  # double-precision copies of this many bytes at a time
_ROUNDING = 1e-13  # a spread below this share of the largest value is rounding error, not variation


def pearson(a: ArrayLike, b: ArrayLike) -> float:
    """Return Pearson's r of two vectors, the paper's measure of a probe (section 4.3).

    Parameters
    ----------
    a, b : array_like, shape (n,)
        Finite values, n >= 2.

    Returns
    -------
    float
        Between -1 and 1. If one of the vectors is constant r is not defined; 0.0 is returned then, as
        a probe that predicts one value for all words knows nothing of them.

    Raises
    ------
    StatsError
        If the lengths differ, there are fewer than two values, or one is not finite.
    """
    left = _vector(a, "a")
    return float(pearson_columns(left[:, None], b)[0])


def pearson_columns(X: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Return the signed Pearson r of each column of `X` with `y`.

    Worked out in double precision, a block of columns at a time, so that a memory-mapped matrix of
    activations is never copied as a whole.

    Parameters
    ----------
    X : array_like, shape (n, p)
        One column a unit; finite, n >= 2.
    y : array_like, shape (n,)
        The ratings.

    Returns
    -------
    ndarray of float64, shape (p,)
        Between -1 and 1; 0.0 for a constant column, and everywhere if `y` is constant.

    Raises
    ------
    StatsError
        If the lengths differ, there are fewer than two rows, or a value is not finite.
    """
    target = _vector(y, "y")
    matrix = np.asarray(X)
    if matrix.ndim != 2 or len(matrix) != len(target):
        raise StatsError(f"X has shape {matrix.shape} and y {target.shape}: both need the same number of rows")
    n, width = matrix.shape
    if n < 2:
        raise StatsError(f"a correlation needs at least two rows, not {n}")
    centred_y, norm_y = centre_columns(target[:, None])
    out = np.zeros(width)
    step = columns_at_a_time(n)
    for start in range(0, width, step):
        centred, norm = centre_columns(finite_block(matrix, start, start + step))
        scale = norm * norm_y
        products = centred.T @ centred_y[:, 0]
        np.divide(products, scale, out=out[start : start + step], where=scale > 0)
    return np.clip(out, -1.0, 1.0)


def pearson_table(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the Pearson r of each column of one matrix with each column of another, in double precision.

    Parameters
    ----------
    left : ndarray, shape (n, k)
    right : ndarray, shape (n, p)
        Finite values, n >= 2.

    Returns
    -------
    ndarray of float64, shape (k, p)
        Between -1 and 1; 0.0 where one of the columns is constant.
    """
    (a, norm_a), (b, norm_b) = (centre_columns(side.astype(np.float64, copy=False)) for side in (left, right))
    products, scale = a.T @ b, np.outer(norm_a, norm_b)
    return np.clip(np.divide(products, scale, out=np.zeros(scale.shape), where=scale > 0), -1.0, 1.0)


def centre_columns(block: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Subtract the mean of each column, and say which columns vary at all.

    Parameters
    ----------
    block : ndarray of float64, shape (n, p)
        Finite values.

    Returns
    -------
    centred : ndarray of float64, shape (n, p)
        The columns less their means.
    norm : ndarray of float64, shape (p,)
        Root of the sum of squares of each centred column; exactly 0 where the column is constant but for
        rounding error.
    """
    centred = block - block.mean(axis=0)
    norm = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    floor = _ROUNDING * np.sqrt(len(block)) * np.abs(block).max(axis=0)
    return centred, np.where(norm > floor, norm, 0.0)


def finite_block(X: NDArray[np.generic], start: int, stop: int) -> NDArray[np.float64]:
    """Return columns `start` to `stop` of `X` in double precision.

    Raises
    ------
    StatsError
        If a value is not finite.
    """
    block = X[:, start:stop].astype(np.float64)
    finite = np.isfinite(block).all(axis=0)
    if not finite.all():
        raise StatsError(f"column {start + int(np.argmin(finite))} of X holds a value that is not finite")
    return block


def columns_at_a_time(n: int) -> int:
    """Return how many columns of `n` rows to work on at once, so that memory stays bounded."""
    return max(1, _CHUNK_BYTES // (8 * max(n, 1)))


def _vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise StatsError(f"{name} has shape {vector.shape}, but a vector is needed")
    if not np.isfinite(vector).all():
        row = int(np.argmin(np.isfinite(vector)))
        raise StatsError(f"{name}[{row}] is {vector[row]}: leave out rows without a value first")
    return vector
