"""Bringing ratings from different scales onto one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd

from interlingua.errors import NormsError, suggest
from interlingua.norms.card import Variable

Scale = Literal["minmax", "z", "none", "ends"]
"""How ratings are scaled: see `scale_ratings`."""

#: Sizes between which sums, differences and squares of ratings are numbers.
_LEAST: Final = 1e-140
_MOST: Final = 1e140


def scale_ratings(table: pd.DataFrame, variables: Mapping[str, Variable], scale: Scale, source: str) -> pd.DataFrame:
    """Scale every variable of a table of ratings.

    Parameters
    ----------
    table : pandas.DataFrame
        A column of float64 for every variable, NaN where not rated; other columns are kept.
    variables : mapping
        The variables to scale, with the ends of their scales.
    scale : {"minmax", "z", "none", "ends"}
        "minmax": the lowest rating in the table becomes 0 and the highest 1, as in section 4.1 of the
        paper (over the whole table, before any words are chosen from it); "z": mean 0 and standard
        deviation 1 (dividing by n); "ends": the ends of the rating scale become 0 and 1; "none": as
        they are.
    source : str
        Named in errors.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    NormsError
        The scale is not one of these, all ratings of a variable are equal or one is infinite, or (for "ends")
        the ends are not known or a rating lies beyond them.
    """
    if scale not in get_args(Scale):
        raise NormsError(
            f"no scaling is called '{scale}'{suggest(scale, get_args(Scale))}; "
            f"it is one of {', '.join(get_args(Scale))}"
        )
    scaled = table.copy()
    for name, variable in variables.items():
        ratings = table[name]
        if np.isinf(ratings).any():
            raise NormsError(f"{source}: a rating of {name} is infinite; correct it, or leave it empty")
        low, span = _origin_and_span(ratings, name, variable, scale, source)
        size = _size(ratings, variable, scale)
        scaled[name] = (ratings / size - low) / span
    return scaled


def _size(ratings: pd.Series[float], variable: Variable, scale: Scale) -> float:
    """Return the power of two by which ratings are divided first: 1 unless a range or a square might overflow."""
    ends = [abs(end) for end in (variable.low, variable.high) if end is not None and scale == "ends"]
    largest = max([float(ratings.abs().max()), *ends])
    if scale == "none" or not largest or _LEAST < largest < _MOST:
        return 1.0
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def _origin_and_span(
    ratings: pd.Series[float], name: str, variable: Variable, scale: Scale, source: str
) -> tuple[float, float]:
    """Return what is subtracted from ratings that were divided by their size, and what divides them then."""
    lowest, highest = float(ratings.min()), float(ratings.max())
    size = _size(ratings, variable, scale)
    if scale == "none":
        return 0.0, 1.0
    if scale == "ends":
        if variable.low is None or variable.high is None:
            raise NormsError(
                f"{source}: the ends of the scale of {name} are not known, so it can't be scaled by them: "
                'choose scale = "minmax" or "z"'
            )
        if lowest < variable.low or highest > variable.high:
            raise NormsError(
                f"{source}: {name} runs from {lowest:g} to {highest:g}, beyond the ends of its scale, "
                f"{variable.low:g} and {variable.high:g}"
            )
        return variable.low / size, variable.high / size - variable.low / size
    if lowest == highest:
        raise NormsError(f"{source}: every rating of {name} is {lowest:g}, so it can't be scaled")
    if scale == "z":
        return float((ratings / size).mean()), float((ratings / size).std(ddof=0))
    return lowest / size, highest / size - lowest / size
