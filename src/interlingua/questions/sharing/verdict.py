"""What follows from the two tests of sharing, of the number of shared units and of their signs, against every null."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from interlingua.report.results import Results
from interlingua.report.words import LEVEL, listing, p_text


class Outcome(Enum):
    """Which of the two tests reject all nulls."""

    BOTH = "number and signs"
    NUMBER = "number only"
    SIGNS = "signs only"
    NEITHER = "neither"

    @classmethod
    def of(cls, nulls: Sequence[Any]) -> Outcome:
        """Return the outcome of rows of the table `null`, all nulls of a ranking."""
        number, signs = (not _kept(nulls, p) for p in ("p_fe", "p_signed_fe"))
        if number:
            return cls.BOTH if signs else cls.NUMBER
        return cls.SIGNS if signs else cls.NEITHER


def verdict(results: Results, nulls: Sequence[Any]) -> str:
    """Return the sentence that follows from the tests of a ranking against all nulls.

    Parameters
    ----------
    results
        For the nulls' labels.
    nulls
        Rows of the table `null`.
    """
    every = listing(results.label(row.null) for row in nulls)
    number, signs = (listing(results.label(row.null) for row in _kept(nulls, p)) for p in ("p_fe", "p_signed_fe"))
    p = f"signed fold enrichment: {_of_signs(results, nulls)}"
    return {
        Outcome.BOTH: (
            f"Languages share more units than with {every}, and use them in the same direction more often ({p})."
        ),
        Outcome.NUMBER: (
            f"More units are in common than with {every}, but that they have the same sign more often than with "
            f"{signs} is not shown ({p}): codes of their own in dimensions that languages have in common would do "
            "that, too."
        ),
        Outcome.SIGNS: (
            f"That languages share more units than with {number} is not shown; but those that they share have the same "
            f"sign more often than with {every} ({p}), so something is shared."
        ),
        Outcome.NEITHER: (
            f"That languages share units is not shown: neither that they share more than with {number}, nor that "
            f"shared ones have the same sign more often than with {signs} ({p})."
        ),
    }[Outcome.of(nulls)]


def _of_signs(results: Results, nulls: Sequence[Any]) -> str:
    """Return the p of the signs against every null, once where it is the same."""
    texts = [p_text(row.p_signed_fe) for row in nulls]
    names = [results.label(row.null) for row in nulls]
    if len(set(texts)) == 1:
        return f"p {texts[0]} against {listing(names)}"
    return listing(f"p {text} against {name}" for text, name in zip(texts, names, strict=True))


def _kept(nulls: Sequence[Any], p: str) -> list[Any]:
    """Return the nulls that a test does not reject."""
    return [row for row in nulls if not getattr(row, p) < LEVEL]
