"""What a study's graph begins with: what was read from norms and sentences, as data frames in the cache.

Steps that read them have this file in their key, so it stands by itself: how sources are found and read is told by what
they hold.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from interlingua.tables import Column, Table
from interlingua.tables.columns import LANGUAGE, VARIABLE, WORD


class Frame:
    """A data frame as a source: its columns are what the study's languages and variables make them.

    Parameters
    ----------
    name
        Of the source.
    """

    suffix = ".parquet"

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, path: Path, value: pd.DataFrame) -> None:
        """Write a frame as Parquet."""
        value.to_parquet(path, index=False)

    def read(self, path: Path) -> pd.DataFrame:
        """Read what `write` wrote."""
        return pd.read_parquet(path)


RATED_WORDS = Table(
    name="second_norm",
    row="a word of a second norm",
    key=("language", "variable", "word"),
    columns=(
        LANGUAGE,
        VARIABLE,
        WORD,
        Column("norm", "the norm's name", "text"),
        Column("rating", "as it rates the word", "number", missing=True),
    ),
    files=(),
)
CONCRETENESS = Table(
    name="concreteness",
    row="a word",
    key=("language", "word"),
    columns=(LANGUAGE, WORD, Column("concreteness", "rating of concreteness", "number", missing=True)),
    files=(),
)
