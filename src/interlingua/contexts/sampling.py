"""As many words and sentences in every language, and the split of the words into train and test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from interlingua.contexts.table import Contexts, issue_table, rated_variables
from interlingua.errors import ContextsError
from interlingua.seeds import derive_seed


def downsample(
    contexts: Mapping[str, Contexts],
    *,
    words: int | Literal["smallest"] = "smallest",
    sentences: int = 15,
    seed: int,
) -> dict[str, Contexts]:
    """Draw the same number of words, and of sentences a word, in each language (section 3.1 of the paper).

    Words with too few sentences, or without any rating, are left out first and counted. Where words are in
    train and test already, both are thinned in the same proportion. Rows keep their order and their ids.

    Parameters
    ----------
    contexts
        The contexts of each language, one language each; leave unseen languages out to keep all their words.
    words
        How many, or ``smallest``: as many as the language with the fewest usable words has.
    sentences
        How many for each word.
    seed
        The study's seed; each language draws from a seed of its own.

    Raises
    ------
    ContextsError
        If a language has fewer usable words than asked for, or none.
    """
    usable = {code: _usable(code, part, sentences) for code, part in contexts.items()}
    sizes = {code: part.table["word"].nunique() for code, part in usable.items()}
    wanted = min(sizes.values(), default=0) if words == "smallest" else words
    for code, size in sizes.items():
        if size == 0 or size < wanted:
            raise ContextsError(
                f"language '{code}': {size} words with a rating and at least {sentences} sentences, but"
                f" {max(wanted, 1)} are wanted; give fewer words (or words = 'smallest') or fewer sentences"
            )
    return {
        code: Contexts(_draw(part.table, wanted, sentences, derive_seed(seed, "downsample", code)), part.issues)
        for code, part in usable.items()
    }


def split_by_word(table: pd.DataFrame, *, test_share: float = 0.2, seed: int) -> pd.DataFrame:
    """Return `table` with its words parted into train and test, whatever split they had (paper, 3.1).

    Parameters
    ----------
    table
        The table of `Contexts`; each of its languages is split for itself.
    test_share
        Share of the words for testing, in (0, 1): 104 of 520 at the paper's 0.2.
    seed
        The study's seed; each language draws from a seed of its own.

    Raises
    ------
    ContextsError
        If the share is not in (0, 1), or would leave a language without training or without test words.
    """
    if not 0 < test_share < 1:
        raise ContextsError(f"the test share must lie between 0 and 1, not at {test_share}")
    split = pd.Series("train", index=table.index)
    for code, part in table.groupby("language", sort=False):
        names = np.sort(part["word"].unique().astype(object))
        n_test = round(test_share * len(names))
        if not 0 < n_test < len(names):
            raise ContextsError(
                f"language '{code}': a test share of {test_share} parts {len(names)} words into"
                f" {len(names) - n_test} for training and {n_test} for testing; both need at least one"
            )
        rng = np.random.default_rng(derive_seed(seed, "split", str(code)))
        tested = set(rng.choice(names, size=n_test, replace=False))
        split[part.index[part["word"].isin(tested)]] = "test"
    return table.assign(split=split)


def _usable(code: str, contexts: Contexts, sentences: int) -> Contexts:
    """Leave out words with too few sentences or no rating."""
    table = contexts.table
    issues = []
    few = table.groupby("word")["word"].transform("size") < sentences
    if few.any():
        names = table.loc[few, "word"].unique()
        detail = f"words left out for having fewer than {sentences} sentences, such as {', '.join(names[:3])}"
        issues.append((code, "too few sentences", len(names), detail))
    variables = list(rated_variables(table))
    unrated = table[variables].isna().all(axis=1) & bool(variables) & ~few
    if unrated.any():
        names = table.loc[unrated, "word"].unique()
        issues.append((code, "left out: not rated", len(names), "words without a rating of any variable"))
    kept = table[~(few | unrated)].reset_index(drop=True)
    return Contexts(kept, pd.concat([contexts.issues, issue_table(issues)], ignore_index=True))


def _draw(table: pd.DataFrame, words: int, sentences: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    chosen: set[str] = set()
    by_split = {str(split): np.sort(part["word"].unique().astype(object)) for split, part in table.groupby("split")}
    for split, n in _shares({split: len(names) for split, names in by_split.items()}, words).items():
        chosen.update(rng.choice(by_split[split], size=n, replace=False))
    table = table[table["word"].isin(chosen)]
    # Each row gets a random number; a word keeps the sentences with the smallest ones.
    luck = pd.Series(rng.random(len(table)), index=table.index)
    rank = luck.groupby(table["word"], sort=False).rank(method="first")
    return table[rank <= sentences].reset_index(drop=True)


def _shares(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Part `total` in proportion to `sizes`, whole numbers by largest remainder."""
    exact = {name: total * size / sum(sizes.values()) for name, size in sizes.items()}
    shares = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: shares[name] - exact[name])
    for name in by_remainder[: total - sum(shares.values())]:
        shares[name] += 1
    return shares
