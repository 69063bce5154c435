"""Comparing the ratings of two sources: do a table's ratings belong to its words?"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from interlingua import languages
from interlingua.errors import NormsError, suggest
from interlingua.norms.reader import Norms


@dataclass(frozen=True)
class NormComparison:
    """How two sources agree on the words that both rate.

    Attributes
    ----------
    language, variable : str
    source_a, source_b : str
        Names of the two cards.
    n : int
        Words rated in both.
    r, r_low, r_high : float
        Pearson's r over these words and its 95 % interval over words (`interlingua.stats.r_interval`).
    disagreements : pandas.DataFrame
        ``word, a, b, z_a, z_b, difference``: ratings as they stand in the two sources, standardised over
        the shared words, and z_a - z_b; the largest difference first.
    """

    language: str
    variable: str
    source_a: str
    source_b: str
    n: int
    r: float
    r_low: float
    r_high: float
    disagreements: pd.DataFrame


def compare_norms(
    a: Norms, b: Norms, variable: str, *, other_variable: str | None = None, words: int = 20
) -> NormComparison:
    """Correlate two sources on their shared words, and find the words on which they disagree most.

    Words meet whatever their case (`languages.normalise`): German nouns have no capitals in labMT.
    Ratings that belong to their words agree with r about .9 for valence, whatever the scale, country
    or decade; a much lower r says that one table's ratings were shuffled or belong to something else.

    Parameters
    ----------
    a, b : Norms
        Of the same language.
    variable : str
        The variable in `a`.
    other_variable : str, optional
        Its name in `b`, where that differs.
    words : int
        How many disagreements to list.

    Returns
    -------
    NormComparison

    Raises
    ------
    NormsError
        The languages differ, a variable is missing, or fewer than four words are shared.
    """
    from interlingua.stats.r_interval import r_interval

    if a.card.language != b.card.language:
        raise NormsError(
            f"{a.card.name} ({a.card.language}) and {b.card.name} ({b.card.language}) are of different "
            "languages: only norms of one language can be compared"
        )
    language = a.card.language
    shared = _keyed(a, variable, "a", language)
    shared = shared.join(_keyed(b, other_variable or variable, "b", language)["b"], how="inner")
    if len(shared) < 4:
        raise NormsError(
            f"{a.card.name} and {b.card.name} share {len(shared)} words rated for {variable}: "
            "at least four are needed to compare them"
        )
    for side in "ab":
        if shared[side].nunique() == 1:
            raise NormsError(f"all shared words have the same {variable} in one of the two: nothing to compare")
    interval = r_interval(shared["a"], shared["b"], range(len(shared)))
    for side in "ab":
        shared[f"z_{side}"] = (shared[side] - shared[side].mean()) / shared[side].std(ddof=0)
    shared["difference"] = shared["z_a"] - shared["z_b"]
    order = shared["difference"].abs().sort_values(ascending=False, kind="stable").index
    listed = shared.loc[order, ["word", "a", "b", "z_a", "z_b", "difference"]].head(words)
    return NormComparison(
        language=language,
        variable=variable,
        source_a=a.card.name,
        source_b=b.card.name,
        n=len(shared),
        r=interval.r,
        r_low=interval.low,
        r_high=interval.high,
        disagreements=listed.reset_index(drop=True),
    )


def _keyed(norms: Norms, variable: str, name: str, language: str) -> pd.DataFrame:
    """Return a source's rated words under the key by which they meet, the first of each key."""
    if variable not in norms.variables:
        raise NormsError(
            f"{norms.card.name} has no ratings of {variable}{suggest(variable, norms.variables)}; "
            f"it has {', '.join(norms.variables)}"
        )
    rated = norms.table.loc[norms.table[variable].notna(), ["word", variable]]
    rated = rated.rename(columns={variable: name})
    rated.index = pd.Index([languages.normalise(word, language) for word in rated["word"]], name="key")
    return rated[~rated.index.duplicated(keep="first")]
