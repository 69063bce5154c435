"""A model, site and variable of a study at its layer: what every comparison of units is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.errors import StoreError
from interlingua.tables.cells import select
from interlingua.tables.layout import Layout, Site


@dataclass(frozen=True)
class Cell:
    """One model, site and variable, the layer whose units are compared there, and how many of them are the top.

    Parameters
    ----------
    model, variable
        As results call them.
    layer
        Number of the layer.
    k
        Units at the top of it.
    layout
        Where the units of the site stand, and which site that is.
    """

    model: str
    variable: str
    layer: int
    k: int
    layout: Layout

    @property
    def site(self) -> Site:
        """Where in the model the units are read."""
        return self.layout.site

    @property
    def width(self) -> int:
        """Units in the layer."""
        return self.layout.width(self.layer)

    def rows(self, table: pd.DataFrame, **where: object) -> pd.DataFrame:
        """Return the rows of the cell, at its layer where the table has layers, and where columns have these values."""
        own: dict[str, object] = {
            "model": self.model,
            "site": self.site,
            "variable": self.variable,
            "layer": self.layer,
        }
        return select(table, **{name: value for name, value in own.items() if name in table.columns}, **where)

    def stamp(self, table: pd.DataFrame, **also: object) -> pd.DataFrame:
        """Return the table with the columns of the cell (model, site, variable, layer), and with further ones."""
        return table.assign(model=self.model, site=self.site, variable=self.variable, layer=self.layer, **also)


@dataclass(frozen=True)
class CellFile:
    """A cell in the cache, as JSON."""

    name: str = "cell"
    suffix = ".json"

    def write(self, path: Path, value: Cell) -> None:
        """Write a cell."""
        path.write_text(json.dumps(asdict(value), indent=1, ensure_ascii=False), encoding="utf-8")

    def read(self, path: Path) -> Cell:
        """Read what `write` wrote.

        Raises
        ------
        StoreError
            If the file is no cell.
        """
        try:
            facts: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            known = facts["layout"]
            layout = Layout.recorded(known)
            return Cell(facts["model"], facts["variable"], facts["layer"], facts["k"], layout)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path}: can't be read as a cell of a study ({error})") from error
