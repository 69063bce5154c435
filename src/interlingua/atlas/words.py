"""What the atlas shows of activations: means by word, the sentences that drive a unit most, its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.atlas.files import pack, significant
from interlingua.stats.correlation import pearson_columns
from interlingua.stats.groups import group_sums

#: Sentences a unit and direction, no two of the same word.
SENTENCES = 3
#: Characters of a sentence shown on either side of the target.
WINDOW = 120
#: Units that correlate most with a unit.
NEIGHBOURS = 8
#: Bytes that all means by word may take together: with more words, as many of them are shown as fit.
BUDGET = 24_000_000
#: Quantisation steps of a mean between the least and the greatest word of the unit and language.
STEPS = 255


@dataclass
class LanguageWords:
    """The words of one language and the sentences that the atlas quotes.

    Attributes
    ----------
    contexts
        The language's sentences, row i = row i of its activations.
    words
        The words, in the order of the sentences.
    codes
        For each sentence, the position of its word in `words`.
    shown
        Positions of the words that the atlas shows, ascending.
    quoted
        Sentences (rows) that a unit refers to, in the order in which they were first needed, with their place.
    """

    code: str
    contexts: pd.DataFrame
    words: list[str]
    codes: NDArray[np.int64]
    shown: NDArray[np.int64]
    quoted: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str, contexts: pd.DataFrame, variables: Sequence[str], most: int) -> LanguageWords:
        """Take the words of a language; of more than `most`, some evenly spread over the first variable's ratings."""
        codes, words = pd.factorize(contexts["word"])
        shown = np.arange(len(words))
        if len(words) > most:
            ratings = contexts.groupby(codes)[variables[0]].first().to_numpy()
            order = np.argsort(ratings, kind="stable")
            shown = np.sort(order[np.linspace(0, len(words) - 1, most).round().astype(np.int64)])
        return cls(code, contexts, [str(word) for word in words], codes.astype(np.int64), shown)

    def means(self, activations: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the mean over each word's sentences, shape (words, units)."""
        counts = np.bincount(self.codes, minlength=len(self.words))
        return group_sums(activations.astype(np.float64), self.codes, len(self.words)) / counts[:, None]

    def ratings(self, variables: Sequence[str]) -> pd.DataFrame:
        """Return split and ratings of the shown words, a row a word; NaN where a word has no rating."""
        return self.contexts.groupby(self.codes)[["split", *variables]].first().iloc[self.shown]

    def about(self, variables: Sequence[str]) -> dict[str, Any]:
        """Return the shown words, their split and their ratings."""
        first = self.ratings(variables)
        return {
            "words": [self.words[i] for i in self.shown],
            "split": first["split"].tolist(),
            "ratings": {name: [significant(float(value), 4) for value in first[name]] for name in variables},
            "all": len(self.words),
        }

    def sentences(self) -> list[list[Any]]:
        """Return the quoted sentences: text, and where the target starts and ends in UTF-16 units, as scripts count."""
        rows = self.contexts.iloc[list(self.quoted)]
        return [_quote(row.text, int(row.start), int(row.end)) for row in rows.itertuples()]

    def extremes(self, values: NDArray[np.float32], *, up: bool) -> list[list[float | None]]:
        """Return [sentence, activation] of the sentences with the most extreme activations, no word twice."""
        found: list[list[float | None]] = []
        seen: set[int] = set()
        for row in np.argsort(-values if up else values, kind="stable"):
            word = int(self.codes[row])
            if word in seen:
                continue
            seen.add(word)
            place = self.quoted.setdefault(int(row), len(self.quoted))
            found.append([place, significant(float(values[row]), 4)])
            if len(found) == SENTENCES:
                break
        return found

    def correlations(self, shown: NDArray[np.float64], variable: str) -> NDArray[np.float64]:
        """Return the r of each unit (a column) with a variable, over the shown words that have it; NaN below 3."""
        ratings = self.ratings([variable])[variable].to_numpy(dtype=np.float64)
        rated = np.isfinite(ratings)
        if rated.sum() < 3:
            return np.full(shown.shape[1], np.nan)
        return pearson_columns(shown[rated], ratings[rated])

    def of_units(
        self, activations: NDArray[np.float32], variables: Sequence[str]
    ) -> tuple[dict[str, Any], NDArray[np.float64]]:
        """Return what the page needs of one layer's units, and the means by word (words, units) standardised.

        The page gets each unit's means by word in steps of a 255th of their range, their mean and standard
        deviation over all words, their Pearson's r with each variable over the words that are shown, and the sentences
        at both ends.
        """
        means = self.means(activations)
        centre, spread = means.mean(axis=0), means.std(axis=0)
        shown = means[self.shown]
        low, high = shown.min(axis=0), shown.max(axis=0)
        step = np.where(high > low, (high - low) / STEPS, 1.0)
        levels = np.rint((shown - low) / step).astype(np.uint8)
        data = {
            "low": pack(low, "f4"),
            "step": pack(step, "f4"),
            "mean": pack(centre, "f4"),
            "sd": pack(spread, "f4"),
            "r": {name: pack(self.correlations(shown, name), "f4") for name in variables},
            "rows": [pack(column, "u1") for column in levels.T],
            "top": [self.extremes(column, up=True) for column in activations.T],
            "bottom": [self.extremes(column, up=False) for column in activations.T],
        }
        return data, (means - centre) / np.where(spread > 0, spread, 1.0)


def words_that_fit(n_units: int) -> int:
    """Return how many words a language may show where `n_units` unit pages (over layers and languages) show them."""
    return max(50, int(BUDGET * 3 / 4 / max(n_units, 1)))


def neighbours(standardised: Sequence[NDArray[np.float64]]) -> list[list[list[float]]]:
    """Return for each unit [position, r] of those that go most with it, by |r| over the words of all languages.

    Parameters
    ----------
    standardised
        For each language the means by word, shape (words, units), each unit with mean 0 and variance 1 in it.
    """
    total = sum(matrix.T @ matrix for matrix in standardised)
    variance = np.diag(total)
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    r = np.asarray(total) / np.outer(scale, scale)
    np.fill_diagonal(r, 0.0)
    order = np.argsort(-np.abs(r), axis=1, kind="stable")[:, :NEIGHBOURS]
    return [[[int(other), round(float(row[other]), 3)] for other in best] for row, best in zip(r, order, strict=True)]


def _quote(text: str, start: int, end: int) -> list[Any]:
    left, right = max(0, start - WINDOW), min(len(text), end + WINDOW)
    before = ("…" if left else "") + text[left:start]
    after = text[end:right] + ("…" if right < len(text) else "")
    quoted = before + text[start:end] + after
    return [quoted, _utf16(before), _utf16(before) + _utf16(text[start:end])]


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
