"""What a reader should know of a source: dropped, mended and guessed things, each counted and named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pandas as pd

COLUMNS: Final = ("language", "source", "kind", "count", "detail")
_SHOWN: Final = 10


class Issues:
    """Collects what there is to report of one source."""

    def __init__(self, language: str, source: str) -> None:
        self._language = language
        self._source = source
        self._rows: list[tuple[str, str, str, int, str]] = []

    def add(self, kind: str, count: int, detail: str) -> None:
        """Add one row."""
        self._rows.append((self._language, self._source, kind, count, detail))

    def add_items(self, kind: str, items: Iterable[str], advice: str = "") -> None:
        """Add a row that names the first of some items, unless there are none."""
        found = list(items)
        if found:
            self.add(kind, len(found), first_of(found) + (f": {advice}" if advice else ""))

    def table(self) -> pd.DataFrame:
        """Return a row a kind."""
        return pd.DataFrame(self._rows, columns=list(COLUMNS)).astype({"count": "int64"})


def first_of(items: list[str], shown: int = _SHOWN) -> str:
    """Return the first items, and how many more there are."""
    more = f" and {len(items) - shown} more" if len(items) > shown else ""
    return ", ".join(items[:shown]) + more
