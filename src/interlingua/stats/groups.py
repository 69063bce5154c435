"""Rows that belong together: the sentences of one word.

Fifteen sentences share a word and its rating, so words, not sentences, are what was sampled. Every
interval and standard error of the package goes through these two functions.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError


def group_codes(groups: ArrayLike, n: int) -> tuple[NDArray[np.int64], int]:
    """Number the groups in the order of their first row.

    Parameters
    ----------
    groups : array_like, shape (n,)
        The group of each row (a word, a cluster id), of any hashable type.
    n : int
        Number of rows that the other arguments have.

    Returns
    -------
    codes : ndarray of int64, shape (n,)
        0 for the rows of the first group, 1 for those of the second, ...
    n_groups : int
        Number of groups.

    Raises
    ------
    StatsError
        If there are not `n` of them, or one is missing.
    """
    labels = np.asarray(groups)
    if labels.shape != (n,):
        raise StatsError(
            f"groups has shape {labels.shape}, but there are {n} rows: give one group (a word) for each row"
        )
    codes, uniques = pd.factorize(labels)
    if n and codes.min() < 0:
        raise StatsError(f"row {int(np.argmin(codes))} has no group: every row needs its word")
    return codes.astype(np.int64), len(uniques)


def group_sums(values: ArrayLike, codes: NDArray[np.int64], n_groups: int) -> NDArray[np.float64]:
    """Sum the rows of each group in double precision.

    Parameters
    ----------
    values : array_like, shape (n,) or (n, p)
        What is summed.
    codes : ndarray of int64, shape (n,)
        The group of each row, from `group_codes`.
    n_groups : int
        Number of groups.

    Returns
    -------
    ndarray of float64, shape (n_groups,) or (n_groups, p)
    """
    rows = np.arange(len(codes))
    indicator = scipy.sparse.csr_array((np.ones(len(codes)), (codes, rows)), shape=(n_groups, len(codes)))
    return np.asarray(indicator @ np.asarray(values, dtype=np.float64))
