"""As many words and sentences in every language, and the split of the words into train and test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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


def split_by_word(table: pd.DataFrame, *, test_share: float = 0.2, seed: int, by_concept: bool = True) -> pd.DataFrame:
    """Return `table` with its words parted into train and test, whatever split they had.

    A word's side follows from a hash of the seed and its concept, so that translations are on one side in all
    languages; a word without a concept is one of its own. Concepts are taken in the order of their hashes until every
    language has its number of test words; a concept that would be too much for one of its languages is passed over.

    Parameters
    ----------
    table
        The table of `Contexts`, with all languages that are to be split.
    test_share
        Share of the words of each language for testing, in (0, 1): 104 of 520 at the paper's 0.2.
    seed
        The study's seed.
    by_concept
        With False every word counts as a concept of its own.

    Returns
    -------
    pandas.DataFrame
        Every language has round(share x words) test words, as long as its concepts can be added up to so many; a
        language whose words are few large concepts has fewer.

    Raises
    ------
    ContextsError
        If the share is not in (0, 1), or would leave a language without training or without test words.
    """
    if not 0 < test_share < 1:
        raise ContextsError(f"the test share must lie between 0 and 1, not at {test_share}")
    words = table[["language", "word", "concept"]].drop_duplicates()
    wanted: dict[str, int] = {}
    for code, n_words in words["language"].value_counts(sort=False).items():
        wanted[str(code)] = n_test = round(test_share * n_words)
        if not 0 < n_test < n_words:
            raise ContextsError(
                f"language '{code}': a test share of {test_share} parts {n_words} words into"
                f" {n_words - n_test} for training and {n_test} for testing; both need at least one"
            )
    rows = list(words.itertuples(index=False, name=None))
    keys = [(concept,) if concept and by_concept else (code, word) for code, word, concept in rows]
    sizes: dict[tuple[str, ...], Counter[str]] = {}
    for key, (code, _, _) in zip(keys, rows, strict=True):
        sizes.setdefault(key, Counter())[code] += 1
    order = sorted(sizes, key=lambda key: (derive_seed(seed, "split", *key), key))
    tested = {order[place] for place in _fill([sizes[key] for key in order], wanted)}
    chosen = {(code, word) for (code, word, _), key in zip(rows, keys, strict=True) if key in tested}
    for code, n_words in words["language"].value_counts(sort=False).items():
        if not any(language == code for language, _ in chosen):
            raise ContextsError(
                f"language '{code}': its {n_words} words are so few concepts that none can be held out; give more "
                "words, or set concepts.split = false"
            )
    test = [pair in chosen for pair in zip(table["language"].tolist(), table["word"].tolist(), strict=True)]
    return table.assign(split=np.where(test, "test", "train"))


def _fill(sizes: Sequence[Mapping[str, int]], wanted: Mapping[str, int]) -> set[int]:
    """Return which concepts to take, the first that fit, so that each language has its number of words.

    Parameters
    ----------
    sizes
        Words of each concept by language, in the order in which they are tried.
    wanted
        Words by language.
    """
    left = dict(wanted)
    taken: list[int] = []
    for place, size in enumerate(sizes):
        if all(left[code] >= n for code, n in size.items()):
            taken.append(place)
            _subtract(left, size)
    # Where all that a language has left is shared with languages that are full, these give back words of their own.
    while any(left.values()):
        exchange = _exchange(sizes, left, taken)
        if exchange is None:
            break
        comes, go = exchange
        taken = [place for place in taken if place not in go] + [comes]
        _subtract(left, sizes[comes])
        for place in go:
            _subtract(left, {code: -n for code, n in sizes[place].items()})
    return set(taken)


def _exchange(
    sizes: Sequence[Mapping[str, int]], left: Mapping[str, int], taken: Sequence[int]
) -> tuple[int, set[int]] | None:
    """Return a concept to take and those to give back for it, so that fewer words are lacking."""
    lacking = sum(left.values())
    for comes, size in enumerate(sizes):
        if comes in taken or not any(left[code] for code in size):
            continue
        after = dict(left)
        _subtract(after, size)
        go = set()
        for place in reversed(taken):
            if all(after[code] + n <= 0 for code, n in sizes[place].items()):
                go.add(place)
                _subtract(after, {code: -n for code, n in sizes[place].items()})
        if min(after.values()) >= 0 and sum(after.values()) < lacking:
            return comes, go
    return None


def _subtract(left: dict[str, int], size: Mapping[str, int]) -> None:
    for code, n in size.items():
        left[code] -= n


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
