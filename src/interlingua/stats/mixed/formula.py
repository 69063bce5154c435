"""lme4's formula language, as far as independent variance components need it.

The fixed part goes to formulaic unchanged; the random terms are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from interlingua.errors import StatsError, suggest
from interlingua.stats.mixed.criterion import Component, Floats

_NAME = re.compile(r"[^\W\d][\w.]*")


@dataclass(frozen=True)
class RandomTerm:
    """One variance component of a formula.

    Attributes
    ----------
    groups : tuple of str
        Columns whose combinations are the levels: one for ``(1|a)``, two for ``(1|a:b)``.
    slope : str or None
        Column of the covariate of a random slope; None for a random intercept.
    """

    groups: tuple[str, ...]
    slope: str | None

    @property
    def group(self) -> str:
        """Return the grouping factor as the formula writes it."""
        return ":".join(self.groups)

    @property
    def term(self) -> str:
        """Return what varies between the levels: ``Intercept`` or the covariate."""
        return self.slope or "Intercept"

    def levels(self, data: pd.DataFrame) -> pd.MultiIndex:
        """Return the level of every row, as a tuple."""
        return pd.MultiIndex.from_frame(data[list(self.groups)])

    def values(self, data: pd.DataFrame) -> Floats:
        """Return what the effect of each row's level is multiplied by, shape (n,)."""
        if self.slope is None:
            return np.ones(len(data))
        return data[self.slope].to_numpy(dtype=np.float64)


@dataclass(frozen=True)
class ParsedFormula:
    """A formula taken apart.

    Attributes
    ----------
    text : str
        As it was given.
    fixed : str
        Response and fixed part, for formulaic.
    random : tuple of RandomTerm
        At least one, none twice.
    """

    text: str
    fixed: str
    random: tuple[RandomTerm, ...]


def parse_formula(text: str) -> ParsedFormula:
    """Take a mixed-model formula apart.

    Parameters
    ----------
    text : str
        Such as ``r ~ mpo + model*variable + (1|language)``. Random terms: ``(1|g)``, ``(0+x|g)``,
        ``(x||g)`` = ``(1|g) + (0+x|g)``, and ``g`` may be an interaction ``a:b``.

    Returns
    -------
    ParsedFormula

    Raises
    ------
    StatsError
        When the formula has no or two ``~``, no random term, a random term twice, one with correlated effects
        ``(x|g)``, or one that can't be read.
    """
    response, tilde, right = text.partition("~")
    if not tilde or not response.strip() or "~" in right:
        raise StatsError(f"formula '{text}': write response ~ terms, such as 'r ~ mpo + model*variable + (1|language)'")
    fixed: list[str] = []
    random: list[RandomTerm] = []
    for piece in _split_sum(right, text):
        if "|" in piece:
            random += _random_terms(piece, text)
        elif piece:
            fixed.append(piece)
    if not random:
        raise StatsError(
            f"formula '{text}' has no random term: add one such as (1|language), or use ordinary least squares"
        )
    for i, term in enumerate(random):
        if term in random[:i]:
            raise StatsError(f"formula '{text}': the random {term.term} by {term.group} stands there twice")
    return ParsedFormula(text, f"{response.strip()} ~ {' + '.join(fixed) or '1'}", tuple(random))


def _split_sum(right: str, text: str) -> list[str]:
    """Return the summands of `right` outside all parentheses, stripped."""
    pieces, depth, begin = [], 0, 0
    for i, character in enumerate(right):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        if character == "+" and depth == 0:
            pieces.append(right[begin:i].strip())
            begin = i + 1
    if depth != 0:
        raise StatsError(f"formula '{text}': parentheses don't match")
    return [*pieces, right[begin:].strip()]


def _random_terms(piece: str, text: str) -> list[RandomTerm]:
    """Return the variance components of one parenthesised random term."""
    inside = re.fullmatch(r"\(([^()|]*)(\|\|?)([^()|]*)\)", piece)
    if inside is None:
        raise StatsError(
            f"formula '{text}': can't read '{piece}' as a random term; "
            "write (1|g), (0+x|g) or (x||g), joined by '+', with plain column names"
        )
    effects, bar, grouping = inside.groups()
    groups = tuple(name.strip() for name in grouping.split(":"))
    if not all(_NAME.fullmatch(name) for name in groups):
        raise StatsError(
            f"formula '{text}': '{grouping.strip()}' in '{piece}' is not a grouping factor; write a column, "
            "or an interaction a:b; for nesting a/b write (1|a) + (1|a:b)"
        )
    names = [name.strip() for name in effects.split("+")]
    intercept = "0" not in names
    slopes = [name for name in names if name not in ("0", "1")]
    if not all(_NAME.fullmatch(name) for name in slopes) or not (intercept or slopes):
        raise StatsError(
            f"formula '{text}': can't read '{effects.strip()}' in '{piece}'; a random slope is a plain numeric "
            "column, such as (mpo||model): add other covariates to the data as columns"
        )
    if bar == "|" and len(slopes) + intercept > 1:
        uncorrelated = f"({effects.strip()}||{grouping.strip()})"
        raise StatsError(
            f"formula '{text}': correlated random effects '{piece}' are not offered; "
            f"write {uncorrelated} for independent ones"
        )
    return [RandomTerm(groups, slope) for slope in ([None] if intercept else []) + slopes]


@dataclass(frozen=True)
class Design:
    """A formula set up on data: what REML needs.

    Attributes
    ----------
    formula : ParsedFormula
    y : ndarray, shape (n,)
        Response.
    x : ndarray, shape (n, p)
        Fixed-effects design.
    names : tuple of str
        Names of its columns, as formulaic gives them: ``Intercept``, ``mpo``, ``model[T.mBERT]``.
    components : tuple of Component
        One per random term.
    columns : tuple of str
        All columns of the data that the formula uses, without the response.
    fixed_columns : tuple of str
        Those of the fixed part.
    """

    formula: ParsedFormula
    y: Floats
    x: Floats
    names: tuple[str, ...]
    components: tuple[Component, ...]
    columns: tuple[str, ...]
    fixed_columns: tuple[str, ...]
    spec: Any  # formulaic's ModelSpec of the fixed part

    def fixed_matrix(self, data: pd.DataFrame) -> Floats:
        """Return the fixed-effects design of other rows, coded as the original ones, shape (rows, p)."""
        return np.asarray(self.spec.get_model_matrix(data), dtype=np.float64)

    def index_of(self, term: str) -> int:
        """Return the column of fixed effect `term`.

        Raises
        ------
        StatsError
            When there is none of that name.
        """
        if term not in self.names:
            raise StatsError(
                f"formula '{self.formula.text}' has no fixed effect '{term}': "
                f"choose from {', '.join(self.names)}{suggest(term, self.names)}"
            )
        return self.names.index(term)


def build_design(text: str, data: pd.DataFrame) -> Design:
    """Set up a formula on data.

    Parameters
    ----------
    text : str
        See `parse_formula`.
    data : DataFrame
        One row an observation; the index is not used.

    Returns
    -------
    Design

    Raises
    ------
    StatsError
        When the formula can't be read, a column is absent, missing values are in a column that the formula
        uses, the response or a random slope is not numeric, or a grouping factor has one level or as many as
        there are rows.
    """
    from formulaic import Formula  # takes as long to import as pandas, and few programs that come here need it
    from formulaic.errors import FormulaicError

    parsed = parse_formula(text)
    try:
        formula = Formula(parsed.fixed)
        fixed_names = set(formula.required_variables)
        response_names = set(Formula(parsed.fixed.partition("~")[0]).required_variables)
    except FormulaicError as error:
        raise StatsError(f"formula '{text}': {_first_line(error)}") from error
    random_names = {name for term in parsed.random for name in (*term.groups, term.slope) if name}
    needed = [str(name) for name in data.columns if name in fixed_names | random_names]
    _check_columns(text, data, fixed_names | random_names)
    data = data[needed].reset_index(drop=True)
    for name in needed:
        if isinstance(data[name].dtype, pd.CategoricalDtype):
            data[name] = data[name].cat.remove_unused_categories()
    try:
        matrices = formula.get_model_matrix(data, na_action="ignore")
    except FormulaicError as error:
        raise StatsError(f"formula '{text}': {_first_line(error)}") from error
    y = np.asarray(matrices.lhs, dtype=np.float64)
    x = np.asarray(matrices.rhs, dtype=np.float64)
    if y.shape[1] != 1:
        raise StatsError(f"formula '{text}': the response has {y.shape[1]} columns: it must be one number a row")
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise StatsError(f"formula '{text}' gives values that are not finite: check its functions and the data")
    return Design(
        formula=parsed,
        y=y[:, 0],
        x=x,
        names=tuple(str(name) for name in matrices.rhs.columns),
        components=tuple(_component(text, term, data) for term in parsed.random),
        columns=tuple(name for name in needed if name not in response_names),
        fixed_columns=tuple(name for name in needed if name in fixed_names - response_names),
        spec=matrices.rhs.model_spec,
    )


def _check_columns(text: str, data: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise where a column is absent or holds missing values."""
    known = [str(name) for name in data.columns]
    for name in sorted(names):
        if name not in known:
            raise StatsError(
                f"formula '{text}': the data have no column '{name}'{suggest(name, known)}; "
                f"they have {', '.join(known)}"
            )
        if known.count(name) > 1:
            raise StatsError(f"the data have {known.count(name)} columns named '{name}': keep one")
    missing = {name: int(data[name].isna().sum()) for name in sorted(names) if data[name].isna().any()}
    if missing:
        counts = ", ".join(f"'{name}' ({count})" for name, count in missing.items())
        raise StatsError(
            f"missing values in {counts} of {len(data)} rows: leave those rows out yourself, "
            f"with data.dropna(subset={list(missing)})"
        )


def _component(text: str, term: RandomTerm, data: pd.DataFrame) -> Component:
    if term.slope is not None:
        column = data[term.slope]
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            raise StatsError(
                f"formula '{text}': the random slope '{term.slope}' is not numeric: "
                f"code it as a column of numbers, or write (1|{term.group}:{term.slope})"
            )
    codes, levels = pd.factorize(term.levels(data))
    if len(levels) < 2:
        raise StatsError(
            f"formula '{text}': '{term.group}' has {len(levels)} level in the data, and no variance "
            "between levels: drop its random terms"
        )
    if term.slope is None and len(levels) == len(data):
        raise StatsError(
            f"formula '{text}': '{term.group}' has a level for every row, so that its variance can't be told "
            "from the residual: drop the random term"
        )
    return Component(np.asarray(codes, dtype=np.intp), term.values(data))


def _first_line(error: Exception) -> str:
    """Return the first line of a message of formulaic's, without its terminal colours."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
