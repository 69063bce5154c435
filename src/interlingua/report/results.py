"""What pages are made of: the tables of a result folder as they are declared, its study and its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.report.record import check_files, read_record, read_study
from interlingua.tables.cells import select
from interlingua.tables.layout import RESID, Layout
from interlingua.tables.schema import Table, version


@dataclass(frozen=True)
class Results:
    """A result folder, read as its tables are declared.

    Parameters
    ----------
    folder
        It.
    tables
        The declared tables by name.
    study
        The resolved study.
    run
        The record of the run.
    site
        The one site that is looked at (`at`), or "" for all.
    """

    folder: Path
    tables: Mapping[str, Table]
    study: dict[str, Any]
    run: dict[str, Any]
    _read: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    site: str = ""

    @classmethod
    def read(cls, folder: Path, tables: Mapping[str, Table]) -> Results:
        """Read a result folder.

        Raises
        ------
        StoreError
            If `folder` is not one, another version of the package wrote it, or a file that pages are made from is
            missing or is not what the run wrote.
        """
        run = read_record(folder, version(tables.values()))
        check_files(folder, run["files"], tables)
        study = read_study(folder)
        return cls(folder, tables, study, run)

    def at(self, site: str) -> Results:
        """Return the same results as far as they are of one site, and those that are of none."""
        return replace(self, site=site)

    @property
    def sites(self) -> list[str]:
        """Where units were read, in the study's order."""
        return [str(site) for site in self.study["sites"]]

    @property
    def views(self) -> list[Results]:
        """The results of each site; where there is one only, they are all."""
        return [self.at(site) for site in self.sites] if len(self.sites) > 1 else [self]

    def table(self, name: str) -> pd.DataFrame:
        """Return a declared table; without rows where the study did not ask for it.

        Raises
        ------
        TableError
            If its file is not what is declared.
        KeyError
            If no such table is declared.
        """
        if name not in self._read:
            declared = self.tables[name]
            path = self.folder / "tables" / f"{name}.parquet"
            self._read[name] = declared.read(path) if path.is_file() else declared.empty()
        whole = self._read[name]
        return select(whole, site=self.site).reset_index(drop=True) if self.site and "site" in whole else whole

    def of(self, name: str, **where: Any) -> pd.DataFrame:
        """Return the rows of a table where each column has the given value."""
        return select(self.table(name), **where)

    @property
    def headline(self) -> str:
        """The ranking method that the report leads with."""
        return str(self.study["units"]["headline"])

    @cached_property
    def cells(self) -> list[tuple[str, str]]:
        """The (model, variable) pairs, in the study's order; of the site that is looked at, where it is one."""
        rows = self.table("layer_choice")[["model", "variable"]].drop_duplicates()
        return [(str(model), str(variable)) for model, variable in rows.itertuples(index=False)]

    @property
    def places(self) -> list[dict[str, str]]:
        """The same by column, as `of` takes them."""
        return [dict(zip(("model", "variable"), cell, strict=True)) for cell in self.cells]

    @cached_property
    def names(self) -> dict[str, str]:
        """English name of each language by its code."""
        table = self.table("languages")
        return dict(zip(table["language"], table["name"], strict=True))

    def layer(self, model: str, variable: str) -> int:
        """Return the layer whose units are compared."""
        return int(self.of("layer_choice", model=model, variable=variable, chosen=True)["layer"].iloc[0])

    def unit(self, model: str, unit: int) -> str:
        """Return what people call a unit of the site that is looked at: in the residual stream by the paper's number."""
        site = self.site or self.sites[0]
        if site == RESID:
            return str(unit)
        known = next(entry for entry in self.run["models"] if entry["name"] == model)
        return Layout.recorded(known["sites"][site]).name(unit)

    def label(self, name: str) -> str:
        """Return what people call a probe, ranking or null."""
        return str(self.run.get("labels", {}).get(name, name))

    @property
    def not_asked(self) -> dict[str, str]:
        """The questions that the study does not ask, with the reason."""
        return dict(self.run.get("not_asked", {}))
