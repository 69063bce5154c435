"""Names of a table's columns, from its header row and the groups that stand in the rows above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: Between a group and a name: "Arousal / Mean".
BETWEEN = " / "


@dataclass(frozen=True)
class Header:
    """The names of columns.

    Attributes
    ----------
    names : list of str
        As the header row has them, with blanks made single; where it is blank, what stands right above it.
    full : list of str
        With their groups, "Arousal / Mean"; the name alone where there is none.
    """

    names: list[str]
    full: list[str]

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> Header:
        """Return the names from the header row, the last of `rows`, and those above it.

        A group reaches up to the next one to the right, as a merged cell does in a spreadsheet. Further rows above
        are taken only where names repeat without them.
        """
        if not rows:
            return cls([], [])
        *above, header = [[name_of(cell) for cell in cells] for cells in rows]
        while header and not header[-1]:
            header.pop()
        width = len(header)
        above = [[*cells[:width], *[""] * (width - len(cells))] for cells in above]
        if above:
            # A name merged over the header row and the one above stands in the upper.
            header = [name or upper for name, upper in zip(header, above[-1], strict=True)]
        full = list(header)
        for level, cells in enumerate(reversed(above)):
            # One cell alone is a title.
            if sum(map(bool, cells)) < 2:
                continue
            count = Counter(full)
            group = ""
            for column, cell in enumerate(cells):
                group = cell or group
                if full[column] and group not in ("", full[column]) and (level == 0 or count[full[column]] > 1):
                    full[column] = f"{group}{BETWEEN}{full[column]}"
        return cls(header, full)

    @property
    def shown(self) -> list[str]:
        """The names, those that repeat with their groups."""
        count = Counter(self.names)
        return [full if count[name] > 1 else name for name, full in zip(self.names, self.full, strict=True)]


def name_of(cell: Any) -> str:
    """Return a cell of the header as a name."""
    return " ".join(str(cell).split())


def positions(wanted: str, shown: Sequence[str], header: Header | None) -> list[int]:
    """Return where the columns of a name are: as it stands in the header row, or with its groups."""
    exact = [column for column, name in enumerate(shown) if name == wanted]
    if header is None or len(exact) == 1:
        return exact
    both = enumerate(zip(header.names, header.full, strict=True))
    return [column for column, names in both if wanted in names]
