"""The table that every seed is written from: words, ratings, and a sentence for each that can be told by its ends."""

from __future__ import annotations

import string
from dataclasses import dataclass

#: Rows of the table.
N = 40
_SYLLABLES = ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su"]


@dataclass(frozen=True)
class Row:
    """A word, its rating, and its sentence, which begins and ends with words that no other has."""

    word: str
    rating: float
    first: str
    last: str

    @property
    def sentence(self) -> str:
        """The sentence; the word stands in it once."""
        return f"{self.first} is what the {self.word} of this town was once called by {self.last}."


def _letters(number: int) -> str:
    tens, ones = divmod(number, 26)
    return string.ascii_lowercase[tens] + string.ascii_lowercase[ones]


#: Words of letters only, no part of each other; ratings with two decimals, all different.
ROWS = tuple(
    Row(
        f"{_SYLLABLES[n % 10]}{_SYLLABLES[n // 10]}v{_letters(n)}",
        round(1.03 + 0.17 * n, 2),
        f"Xa{_letters(n)}q",
        f"Yo{_letters(n)}z",
    )
    for n in range(N)
)
RATING = {row.word: row.rating for row in ROWS}
SENTENCE = {row.word: row.sentence for row in ROWS}
