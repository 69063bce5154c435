"""Choosing words from a table of ratings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from interlingua import languages
from interlingua.errors import NormsError, suggest
from interlingua.norms.concepts import rating_columns
from interlingua.norms.issues import first_of

# Scripts in which a word of two letters is an ordinary word.
_DENSE_SCRIPTS = frozenset({"Hans", "Hant", "Jpan", "Kore"})
_SHOWN: Final = 10
_TOO_SHORT: Final = "has fewer than {} letters"
#: Why a word is not plain, by a character that it has.
_MARKS: Final[dict[str, Callable[[str], bool]]] = {
    "has a blank": str.isspace,
    "has digits": str.isnumeric,
    "has a hyphen": "-‐‑–—".__contains__,
    "has an apostrophe": "'’ʼ`´‘".__contains__,
}


def plain_words(table: pd.DataFrame, language: str, min_letters: int | None = None) -> pd.DataFrame:
    """Keep the plain words: letters of the language's own script only, and enough of them.

    Lists of frequent words such as labMT's hold web words, phrases, numbers and words of other
    languages; digits, hyphens, apostrophes, @ and letters of another script tell them.

    Parameters
    ----------
    table : pandas.DataFrame
        With a column ``word``.
    language : str
        Any tag that `languages.get` accepts.
    min_letters : int, optional
        By default 3, and 2 for Chinese, Japanese and Korean writing. Vowel signs and accents written
        as marks of their own do not count.

    Returns
    -------
    pandas.DataFrame
        The rows kept, in their order, with a new RangeIndex.
    """
    return part_plain(table, language, min_letters)[0]


def not_plain(table: pd.DataFrame, language: str, min_letters: int | None = None) -> pd.DataFrame:
    """Return the words that `plain_words` leaves out, and why.

    Parameters
    ----------
    table, language, min_letters
        As for `plain_words`.

    Returns
    -------
    pandas.DataFrame
        ``word`` and ``why`` ("has a blank", "has a hyphen", "has digits", "has letters of another script", ...), in the
        table's order, with a new RangeIndex.
    """
    return part_plain(table, language, min_letters)[1]


def part_plain(table: pd.DataFrame, language: str, min_letters: int | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `plain_words` and `not_plain` do, each word looked at once."""
    words = table["word"].tolist()
    reasons = _reasons(words, language, min_letters)
    plain = np.array([not why for why in reasons], dtype=bool)  # of no words, too
    left_out = [(word, why) for word, why in zip(words, reasons, strict=True) if why]
    return table[plain].reset_index(drop=True), pd.DataFrame(left_out, columns=["word", "why"], dtype=object)


def describe_not_plain(left_out: pd.DataFrame, language: str) -> str:
    """Say in a line which words were left out as not plain: how many for which reason, the first ones, and the rest.

    Parameters
    ----------
    left_out : pandas.DataFrame
        What `not_plain` returns, with rows.
    language : str

    Returns
    -------
    str
        For the detail of an issue.
    """
    counts = left_out["why"].value_counts()
    reasons = ", ".join(f"{why}: {count}" for why, count in counts.items())
    words = first_of(left_out["word"].tolist(), _SHOWN)
    rest = "" if len(left_out) <= _SHOWN else f"; all of them: interlingua norms left-out STUDY --language {language}"
    return f"{words} ({reasons}){rest}"


def _reasons(words: list[str], language: str, min_letters: int | None) -> list[str]:
    """Return why each word is not plain, "" where it is."""
    known = languages.get(language)
    least = min_letters if min_letters is not None else (2 if known.script in _DENSE_SCRIPTS else 3)
    # Most words are letters of the script, without marks: each of these is looked at once.
    letters = {letter for letter in set[str]().union(*words) if languages.is_written_in(letter, known)}
    return [
        ""
        if len(word) >= max(least, 1) and letters.issuperset(word)
        else _not_in_script(word, known)
        if not languages.is_written_in(word, known)
        else _TOO_SHORT.format(least)
        if not (word.isalpha() and len(word) >= least) and sum(character.isalpha() for character in word) < least
        else ""
        for word in words
    ]


def _not_in_script(word: str, language: languages.Language) -> str:
    """Say what a word has beside letters of its language's script."""
    for why, has in _MARKS.items():
        if any(map(has, word)):
            return why
    if any(character.isalpha() and not languages.is_written_in(character, language) for character in word):
        return "has letters of another script"
    return "has other signs"


def select_flat(table: pd.DataFrame, variable: str, n: int = 520, *, bins: int = 20, seed: int = 0) -> pd.DataFrame:
    """Choose words so that a variable's distribution is as flat as the table allows.

    The range of the ratings is cut into bins of equal width; every bin gives the same number of words,
    drawn at random, but for bins that hold fewer: they give all, and the others share the rest.

    Parameters
    ----------
    table : pandas.DataFrame
        With columns ``word`` and `variable`; words that are not rated are left out.
    variable : str
    n : int
        How many words.
    bins : int
    seed : int

    Returns
    -------
    pandas.DataFrame
        `n` rows of the table, in its order, with a new RangeIndex.

    Raises
    ------
    NormsError
        There is no such variable, or fewer than `n` rated words.
    """
    if variable not in table.columns:
        raise NormsError(
            f"there are no ratings of '{variable}'{suggest(variable, map(str, table.columns))}; "
            f"there are {', '.join(rating_columns(table))}"
        )
    rated = table[table[variable].notna()]
    if not 1 <= n <= len(rated):
        raise NormsError(f"can't choose {n} words: {len(rated)} are rated for {variable}")
    if bins < 1:
        raise NormsError(f"can't choose words from {bins} bins: give at least 1")
    ratings = rated[variable].to_numpy(dtype=float)
    edges = np.linspace(ratings.min(), ratings.max(), bins + 1)
    # The highest rating belongs to the last bin, not to one of its own.
    bin_of = np.clip(np.searchsorted(edges, ratings, side="right") - 1, 0, bins - 1)
    share = _share(np.bincount(bin_of, minlength=bins), n)
    generator = np.random.default_rng(seed)
    chosen = [
        generator.choice(np.flatnonzero(bin_of == index), size=count, replace=False)
        for index, count in enumerate(share)
    ]
    return rated.iloc[np.sort(np.concatenate(chosen))].reset_index(drop=True)


def _share(sizes: np.ndarray, n: int) -> np.ndarray:
    """Share n among bins as evenly as their sizes allow; a remainder goes to the middle bins first."""
    share = np.zeros_like(sizes)
    middle_first = np.argsort(np.abs(np.arange(len(sizes)) - (len(sizes) - 1) / 2), kind="stable")
    while (left := n - int(share.sum())) > 0:
        open_bins = [index for index in middle_first if share[index] < sizes[index]]
        each = left // len(open_bins)
        if each == 0:
            share[open_bins[:left]] += 1
        else:
            share[open_bins] = np.minimum(share[open_bins] + each, sizes[open_bins])
    return share
