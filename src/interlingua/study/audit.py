"""Do a study's ratings belong to their words? Its norms against a second one, before any model runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from interlingua.errors import NormsError
from interlingua.norms import NormComparison, compare_norms, load_norms
from interlingua.probes.norm_audit import LEAST_R, contexts_norms
from interlingua.study.cache import default_cache_dir
from interlingua.study.config import Study
from interlingua.study.sources import Material, gather

#: The variable whose norms agree well enough for a second norm to judge a first (see `interlingua.probes.norm_audit`).
JUDGED = "valence"
#: Words shown of a flagged language.
WORST_WORDS = 10


@dataclass(frozen=True, eq=False)
class NormAudit:
    """A study's ratings against a second norm.

    Attributes
    ----------
    table : DataFrame
        A row a language and variable: `language, variable, other, n_shared, r, low, high` (Pearson's r on the
        shared words with its 95 % interval), `flag`: of valence, whether the whole interval lies below .7.
    worst : dict of (str, str) to DataFrame
        (language, variable) of those flagged to the words that disagree most: `word, z_a` (the study's rating) and
        `z_b` (the second norm's), standardised over the shared words.
    """

    table: pd.DataFrame
    worst: dict[tuple[str, str], pd.DataFrame]


def audit_norms(study: Study, against: str = "labmt") -> NormAudit:
    """Compare every language's ratings with the norm `against`, where it has the language and variable.

    Raises
    ------
    InterlinguaError
        If the study's own sources can't be read.
    """
    material = gather(study, default_cache_dir())
    rows, worst = [], {}
    for variable in study.variables:
        codes = material.rated_languages(variable)
        found = compare_with(material, variable, codes, against)
        for code in codes:
            other = found.get(code)
            flag = other is not None and variable == JUDGED and other.r_high < LEAST_R
            rows.append(
                {
                    "language": code,
                    "variable": variable,
                    "other": other.source_b if other else "",
                    "n_shared": other.n if other else 0,
                    "r": other.r if other else float("nan"),
                    "low": other.r_low if other else float("nan"),
                    "high": other.r_high if other else float("nan"),
                    "flag": flag,
                }
            )
            if flag and other is not None:
                worst[code, variable] = other.disagreements.head(WORST_WORDS)
    return NormAudit(pd.DataFrame(rows), worst)


def compare_with(material: Material, variable: str, codes: Sequence[str], against: str) -> Mapping[str, NormComparison]:
    """Return the comparison of each language's ratings with the norm `against`, where that has them."""
    comparisons: dict[str, NormComparison] = {}
    for code in codes if against else ():
        card = material.cards.get(code)
        if card is not None and card.name.startswith(against):
            continue
        try:
            other = load_norms(against, language=code, variables=[variable])
            own = contexts_norms(material.language(code), [variable], name=card.name if card else "ratings")
            comparisons[code] = compare_norms(own, other, variable)
        except NormsError:  # no such norm of this language or variable, not installed, or too few shared words
            continue
    return comparisons
