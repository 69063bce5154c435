"""Do languages share their units? Every intersection of the top units, tested (sections 4.3 and 5).

The paper tests intersections with the super exact test (Wang, Zhao & Zhang 2015), whose null takes each
language's set for a uniform random draw from the layer. Signs are a second, cheap test: two languages that
use a unit in opposite directions do not agree on it, and under permuted ratings half of the shared units do.

References
----------
Wang, M., Zhao, Y., & Zhang, B. (2015). Efficient test and visualization of multi-set intersections.
Scientific Reports, 5, 16923. https://doi.org/10.1038/srep16923
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError
from interlingua.stats.degrees import degree_table
from interlingua.stats.multiplicity import adjust, bonferroni_within_degree
from interlingua.stats.superexact import superexact
from interlingua.tables.cells import cell_of, in_cell
from interlingua.tables.layout import Layout
from interlingua.units.ranking import select_top


@dataclass(frozen=True, eq=False)
class Overlap:
    """What languages share. All tables begin with those of `model, variable, method, layer` that are known.

    Attributes
    ----------
    overlap : DataFrame
        Every intersection of two or more languages: `languages` ("en es fr"), `degree`, `observed`,
        `expected`, `fe` (observed / expected), `log_p`, `p` (super exact, P(X >= observed)), `units`.
        Intersections are inclusive: a unit of three languages counts for each pair of them.
    pairs : DataFrame
        The pairs: `language_a, language_b, observed, expected, fe, log_p, p, p_bh, p_by`, and `same_sign`,
        the share of the shared units with the same sign (NaN: no shared unit, or no signs given).
    pairs_summary : DataFrame
        One row: `n_pairs, mean_overlap, mean_fe, fe_over_1` (number of pairs), `p_below_05, p_bh_below_05`
        (numbers of pairs), `same_sign` (share of all shared units of all pairs), `mean_overlap_same_sign`.
    degrees : DataFrame
        `n_languages` (d), `observed` (units in the top of at least d languages), `expected`, `p`.
    highest_degree : DataFrame
        The intersections of the highest degree that holds a unit: `languages, degree, observed, expected,
        fe, p, n_subsets` (C(languages, degree)), `p_bonferroni` (within the degree), `units`.
    signs : DataFrame
        A row a unit that two languages or more select: `unit, n_languages, languages, n_positive,
        n_negative, agreement` (share of the languages with the commoner sign); the most shared first.
    """

    overlap: pd.DataFrame
    pairs: pd.DataFrame
    pairs_summary: pd.DataFrame
    degrees: pd.DataFrame
    highest_degree: pd.DataFrame
    signs: pd.DataFrame


def overlap(
    source: pd.DataFrame | Mapping[str, ArrayLike],
    n: int,
    *,
    k: int | float | None = None,
    signs: Mapping[str, ArrayLike] | None = None,
    draws: int = 10_000,
    seed: int,
) -> Overlap:
    """Test every intersection of the languages' top units.

    Parameters
    ----------
    source : DataFrame or mapping of str to array_like of int
        Rankings of one model, variable, method and layer (columns `language, unit, score, sign, rank`),
        or the sets themselves, language to unit ids (by `Layout`). Two to 20 languages.
    n : int
        Units in the layer: the universe from which the sets are drawn (the paper: 768).
    k : int or float, optional
        How many units are the top (`resolve_k`); needed with rankings, not allowed with sets.
    signs : mapping of str to array_like, optional
        With sets: the sign of each unit, in the order of its set. Rankings bring their own.
    draws : int
        Monte Carlo draws for the table of degrees.
    seed : int
        Their seed.

    Returns
    -------
    Overlap

    Raises
    ------
    StatsError
        If there are fewer than two languages or more than 20, a set holds a unit twice or a negative id, the units
        are not of one layer of width `n`, or the arguments do not fit together.
    """
    _check_names(source)
    cell: dict[str, object] = {}
    if isinstance(source, pd.DataFrame):
        if k is None or signs is not None:
            raise StatsError("rankings bring their own signs and need k: overlap(rankings, n, k=100, seed=1)")
        cell = cell_of(source, "rankings")
        tops = select_top(source, k)
        sets = {language: top["unit"].to_numpy(np.int64) for language, top in tops.items()}
        signs = {language: top["sign"].to_numpy() for language, top in tops.items()}
    else:
        if k is not None:
            raise StatsError("k selects the top of rankings, but sets were given: leave k out")
        sets = {language: np.asarray(units, dtype=np.int64) for language, units in source.items()}
    _check(sets, signs)
    # The test numbers the units of a layer 0 .. n - 1, the study all units of the network.
    first = _first_unit(sets, n)
    local = {language: units - first for language, units in sets.items()}
    table = _intersections(local, n, first)
    members = _Members.of(sets, signs)
    pairs = _pairs(table, members)
    return Overlap(
        overlap=in_cell(cell, table),
        pairs=in_cell(cell, pairs),
        pairs_summary=in_cell(cell, _summary(pairs, members)),
        degrees=in_cell(cell, _degrees(local, n, draws, seed)),
        highest_degree=in_cell(cell, _highest_degree(table, len(sets))),
        signs=in_cell(cell, _signs(members)),
    )


@dataclass(frozen=True, eq=False)
class _Members:
    """Who selects what: a row a language, a column a unit that any language selects."""

    languages: list[str]
    units: NDArray[np.int64]
    selected: NDArray[np.bool_]  # (languages, units)
    sign: NDArray[np.int64] | None  # (languages, units), 0 where not selected

    @classmethod
    def of(cls, sets: Mapping[str, NDArray[np.int64]], signs: Mapping[str, ArrayLike] | None) -> _Members:
        units = np.unique(np.concatenate(list(sets.values())))
        selected = np.zeros((len(sets), len(units)), dtype=bool)
        sign = np.zeros(selected.shape, dtype=np.int64)
        for row, (language, members) in enumerate(sets.items()):
            columns = np.searchsorted(units, members)
            selected[row, columns] = True
            if signs is not None:
                sign[row, columns] = np.sign(np.asarray(signs[language]))
        return cls(list(sets), units, selected, None if signs is None else sign)

    def shared(self) -> NDArray[np.int64]:
        """Return how many units each pair of languages shares, shape (languages, languages)."""
        return _counts(self.selected)

    def shared_same_sign(self) -> NDArray[np.int64] | None:
        """Return how many of them have the same sign in both."""
        return None if self.sign is None else _counts(self.sign > 0) + _counts(self.sign < 0)


def _counts(selected: NDArray[np.bool_]) -> NDArray[np.int64]:
    matrix = selected.astype(np.int64)
    return matrix @ matrix.T


def _intersections(local: Mapping[str, NDArray[np.int64]], n: int, first: int) -> pd.DataFrame:
    table = superexact(local, n, min_degree=2)
    # Thousands of intersections have few different sets of members: translate each once.
    units = {members: _unit_ids(members, first) for members in table["members"].unique()}
    return table.rename(columns={"sets": "languages", "members": "units"}).assign(units=table["members"].map(units))


def _unit_ids(members: str, first: int) -> str:
    return " ".join(str(int(index) + first) for index in members.split())


def _pairs(table: pd.DataFrame, members: _Members) -> pd.DataFrame:
    pairs = table[table["degree"] == 2].reset_index(drop=True)
    names = pairs["languages"].str.split(" ", expand=True)
    shared, same = members.shared(), members.shared_same_sign()
    share = np.full(len(pairs), np.nan)
    if same is not None:
        position = {language: row for row, language in enumerate(members.languages)}
        a, b = names[0].map(position).to_numpy(), names[1].map(position).to_numpy()
        np.divide(same[a, b], shared[a, b], out=share, where=shared[a, b] > 0)
    return pd.DataFrame(
        {
            "language_a": names[0],
            "language_b": names[1],
            **{name: pairs[name] for name in ("observed", "expected", "fe", "log_p", "p")},
            "p_bh": adjust(pairs["p"], "bh"),
            "p_by": adjust(pairs["p"], "by"),
            "same_sign": share,
        }
    )


def _summary(pairs: pd.DataFrame, members: _Members) -> pd.DataFrame:
    same_sign = mean_same = float("nan")
    same = members.shared_same_sign()
    if same is not None:
        upper = np.triu_indices(len(members.languages), k=1)
        n_shared, n_same = int(members.shared()[upper].sum()), int(same[upper].sum())
        same_sign = n_same / n_shared if n_shared else float("nan")
        mean_same = n_same / len(pairs)
    return pd.DataFrame(
        {
            "n_pairs": [len(pairs)],
            "mean_overlap": [float(pairs["observed"].mean())],
            "mean_fe": [float(pairs["fe"].mean())],
            "fe_over_1": [int((pairs["fe"] > 1).sum())],
            "p_below_05": [int((pairs["p"] < 0.05).sum())],
            "p_bh_below_05": [int((pairs["p_bh"] < 0.05).sum())],
            "same_sign": [same_sign],
            "mean_overlap_same_sign": [mean_same],
        }
    )


def _degrees(local: Mapping[str, NDArray[np.int64]], n: int, draws: int, seed: int) -> pd.DataFrame:
    table = degree_table(local, n, draws=draws, seed=seed)
    return table.rename(columns={"n_sets": "n_languages"})[["n_languages", "observed", "expected", "p"]]


def _highest_degree(table: pd.DataFrame, n_languages: int) -> pd.DataFrame:
    held = table[table["observed"] > 0]
    best = held[held["degree"] == held["degree"].max()].reset_index(drop=True)
    degree = int(best["degree"].iloc[0]) if len(best) else n_languages
    return pd.DataFrame(
        {
            **{name: best[name] for name in ("languages", "degree", "observed", "expected", "fe", "p")},
            "n_subsets": comb(n_languages, degree),
            "p_bonferroni": bonferroni_within_degree(best["p"], n_languages, degree),
            "units": best["units"],
        }
    )


def _signs(members: _Members) -> pd.DataFrame:
    count = members.selected.sum(axis=0)
    columns = np.flatnonzero(count >= 2)
    columns = columns[np.argsort(-count[columns], kind="stable")]
    table = pd.DataFrame(
        {
            "unit": members.units[columns],
            "n_languages": count[columns],
            "languages": [_names(members.languages, members.selected[:, column]) for column in columns],
        }
    )
    if members.sign is None:
        unknown = pd.Series(pd.NA, index=table.index, dtype="Int64")
        return table.assign(n_positive=unknown, n_negative=unknown, agreement=np.nan)
    positive = (members.sign[:, columns] > 0).sum(axis=0)
    negative = (members.sign[:, columns] < 0).sum(axis=0)
    return table.assign(
        n_positive=positive,
        n_negative=negative,
        agreement=np.maximum(positive, negative) / count[columns],
    )


def _names(languages: Sequence[str], chosen: NDArray[np.bool_]) -> str:
    return " ".join(language for language, is_in in zip(languages, chosen, strict=True) if is_in)


def _check_names(source: pd.DataFrame | Mapping[str, ArrayLike]) -> None:
    """Raise unless languages are called by words: intersections are named by them, with blanks between."""
    if isinstance(source, pd.DataFrame):
        names = source["language"].unique() if "language" in source.columns else []
    else:
        names = list(source)
    for name in names:
        if not isinstance(name, str) or name.split() != [name]:
            raise StatsError(
                f"language {name!r}: tables name intersections by their languages with blanks between, so call each by "
                "a word without blanks, such as 'en' or 'en-GB'"
            )


def _check(sets: Mapping[str, NDArray[np.int64]], signs: Mapping[str, ArrayLike] | None) -> None:
    if len(sets) < 2:
        raise StatsError(f"overlap needs at least two languages, not {len(sets)}")
    for language, units in sets.items():
        if signs is not None and (language not in signs or np.shape(signs[language]) != units.shape):
            raise StatsError(f"signs of language {language!r}: give one for each of its {len(units)} units")


def _first_unit(sets: Mapping[str, NDArray[np.int64]], n: int) -> int:
    """Return the id of the first unit of the layer that all sets are from."""
    units = np.concatenate(list(sets.values()))
    if n < 1 or not len(units):
        return 0
    # Of the network no more is known than that it reaches as far as the last of these units: a layer every n units.
    last = max(int(units.max()), 0)
    layout = Layout.even(len(range(0, last + 1, n)), n)
    layers = np.unique(layout.place(units)[0])
    if len(layers) > 1:
        raise StatsError(
            f"the sets hold units of {len(layers)} layers of {n} units, e.g. {units.min()} and "
            f"{units.max()}: overlap takes one layer at a time, and n is its width"
        )
    return layout.first(int(layers[0]))
