"""What a report is made of: the tables of a result folder, its study and its record."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.errors import StoreError

#: How the probes and rankings are called in figures and text.
PROBE_NAMES = {
    "elastic-net": "elastic net (Eq. 1)",
    "elastic-net-cv": "elastic net (penalty by CV)",
    "ridge": "ridge (penalty by CV)",
    "adam": "elastic net (Adam, as the authors ran it)",
    "correlation": "|correlation|",
}


class Tables(dict[str, pd.DataFrame]):
    """Tables by name; what an older version did not write is an error that says so."""

    def __missing__(self, name: str) -> pd.DataFrame:
        raise StoreError(f"these results have no table '{name}': another version made them; run the study again")


@dataclass(frozen=True)
class Results:
    """A result folder, read."""

    folder: Path
    tables: Tables
    study: dict[str, Any]
    run: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Results:
        """Read a result folder.

        Raises
        ------
        StoreError
            If `folder` is not one.
        """
        files = sorted((folder / "tables").glob("*.parquet"))
        try:
            study = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
            run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            files = []
        if not files:
            raise StoreError(f"{folder}: not a complete result folder; 'interlingua run' makes one")
        return cls(folder, Tables({file.stem: pd.read_parquet(file) for file in files}), study, run)

    @property
    def headline(self) -> str:
        """The ranking method that the report leads with."""
        return str(self.study["units"]["headline"])

    @cached_property
    def cells(self) -> list[tuple[str, str]]:
        """The (model, variable) pairs, in the study's order."""
        rows = self.tables["pairs_summary"][["model", "variable"]].drop_duplicates()
        return [(str(model), str(variable)) for model, variable in rows.itertuples(index=False)]

    @cached_property
    def names(self) -> dict[str, str]:
        """English name of each language by its code."""
        table = self.tables["languages"]
        return dict(zip(table["language"], table["name"], strict=True))

    def of(self, table: str, **where: Any) -> pd.DataFrame:
        """Return the rows of a table where each column has the given value."""
        rows = self.tables[table]
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return rows

    @cached_property
    def performance(self) -> pd.DataFrame:
        """The probes of the whole network or, in a study without them, those of the chosen layers."""
        whole = self.of("probes", curve="whole")
        if len(whole):
            return whole
        of_layers = (
            self.of("probes", model=model, variable=variable, curve="layer", layer=self.layer(model, variable))
            for model, variable in self.cells
        )
        return pd.concat(of_layers, ignore_index=True)

    @property
    def reads_network(self) -> bool:
        """Whether there are probes of the whole network."""
        return bool((self.performance["curve"] == "whole").all())

    def null(self, **where: Any) -> pd.DataFrame:
        """Return the rows of the permuted-ratings table; none where no ratings were permuted."""
        return self.of("null", **where) if "null" in self.tables else pd.DataFrame()

    def untested(self, model: str, variable: str) -> dict[str, str]:
        """Return why shared units could not be tested in an unseen language, by its code; only those not tested.

        The key is "" where the study names no unseen language.
        """
        unseen = [str(code) for code in self.study.get("unseen", [])]
        if not unseen:
            return {"": "This study names no unseen language, so none was asked for a test of the units"}
        where = {"model": model, "variable": variable}
        tested = self.of("transfer", **where, method=self.headline) if "transfer" in self.tables else pd.DataFrame()
        rated = self.of("transfer_units", **where) if "transfer_units" in self.tables else pd.DataFrame()
        reasons = {}
        for code in unseen:
            if not len(rated) or code not in set(rated["language"]):
                reasons[code] = f"{self.names[code]} has no ratings of {variable}, so nothing could be tested there"
            elif not len(tested) or code not in set(tested["language"]):
                reasons[code] = (
                    f"No unit is shared by two languages or more, so there is none to test in {self.names[code]}"
                )
        return reasons

    def layer(self, model: str, variable: str) -> int:
        """Return the layer whose units are compared."""
        return int(self.of("layer_choice", model=model, variable=variable, chosen=True)["layer"].iloc[0])


def cell_title(model: str, variable: str) -> str:
    """Return how a (model, variable) pair is headed."""
    return f"{model.removeprefix('builtin:')} · {variable}"
