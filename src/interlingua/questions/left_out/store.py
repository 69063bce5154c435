"""How sets of units, and a language's probes on them, pass from one step to the next: as tables and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.probes.subsets import WordMeans
from interlingua.units.leave_one_out import SetFits, UnitSets

ByKey = Mapping[str, NDArray[Any]]

_UNITS = ["unit", "index", "n_languages", "mean_rank"]


class StoredSets(NamedTuple):
    """Sets of units as they are kept.

    Attributes
    ----------
    sets : DataFrame
        A row a chosen set, in the order of `UnitSets.chosen`: `method, language, n_units`; also one without units.
    chosen : DataFrame
        A row a unit of these sets, best first: `method, language, unit, index, n_languages, mean_rank`.
    random : dict of str to ndarray of int64, shape (draws, size)
        Random sets by their size.
    """

    sets: pd.DataFrame
    chosen: pd.DataFrame
    random: dict[str, NDArray[np.int64]]


def store_sets(sets: UnitSets) -> StoredSets:
    """Return sets of units as they are kept; `read_sets` gives them back."""
    rows = [
        {"method": method, "language": language, "n_units": len(units)}
        for (method, language), units in sets.chosen.items()
    ]
    units = [
        units.assign(method=method, language=language)
        for (method, language), units in sets.chosen.items()
        if len(units)  # the types of an empty table would change those of all
    ]
    chosen = pd.concat(units, ignore_index=True) if units else pd.DataFrame(columns=["method", "language", *_UNITS])
    return StoredSets(
        pd.DataFrame(rows), chosen, {str(size): np.stack(indices) for size, indices in sets.random.items()}
    )


def read_sets(sets: pd.DataFrame, chosen: pd.DataFrame, random: ByKey) -> UnitSets:
    """Return the sets of units that `store_sets` was given; further columns are let go."""
    units = {
        (row.method, row.language): chosen.loc[
            (chosen["method"] == row.method) & (chosen["language"] == row.language), _UNITS
        ].reset_index(drop=True)
        for row in sets.itertuples()
    }
    return UnitSets(units, {size: list(random[str(size)]) for size in sorted(map(int, random))})


def store_fits(fits: SetFits) -> dict[str, NDArray[Any]]:
    """Return a language's probes as arrays, which `read_fits` turns into probes again.

    Keys: ``chosen/METHOD/LANGUAGE`` and ``r/METHOD/LANGUAGE``, ``random/SIZE`` (draws x size) and ``random r/SIZE``,
    ``words/X``, ``words/y`` and ``words/unlinked``, ``test words``, ``singles/COLUMN``.
    """
    return {
        **{f"chosen/{method}/{language}": weights for (method, language), weights in fits.chosen.items()},
        **{f"r/{method}/{language}": np.array([r]) for (method, language), r in fits.r_chosen.items()},
        **{f"random/{size}": np.stack(weights) for size, weights in fits.random.items()},
        **{f"random r/{size}": r for size, r in fits.r_random.items()},
        "words/X": fits.words.X,
        "words/y": fits.words.y,
        "words/unlinked": fits.unlinked,
        "test words": np.array([fits.n_test_words]),
        **{f"singles/{column}": fits.singles[column].to_numpy() for column in fits.singles.columns},
    }


def read_fits(arrays: ByKey) -> SetFits:
    """Return the probes that `store_fits` was given."""
    random, r_random = _under("random", arrays), _under("random r", arrays)
    return SetFits(
        chosen={_pair(key): weights for key, weights in _under("chosen", arrays).items()},
        random={int(size): list(weights) for size, weights in random.items()},
        r_chosen={_pair(key): float(r[0]) for key, r in _under("r", arrays).items()},
        r_random={int(size): r for size, r in r_random.items()},
        words=WordMeans(arrays["words/X"], arrays["words/y"]),
        n_test_words=int(arrays["test words"][0]),
        unlinked=arrays["words/unlinked"].astype(bool),
        singles=pd.DataFrame(_under("singles", arrays)),
    )


def _under(name: str, arrays: ByKey) -> dict[str, NDArray[Any]]:
    start = f"{name}/"
    return {key.removeprefix(start): array for key, array in arrays.items() if key.startswith(start)}


def _pair(key: str) -> tuple[str, str]:
    method, _, language = key.rpartition("/")
    return method, language
