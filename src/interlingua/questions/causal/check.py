"""Do first-order effects foretell real ones? Some control sets are edited; where they don't, real edits alone count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.causal.controls import replaced
from interlingua.causal.edits import Applied, Donor, Edit, Steer
from interlingua.causal.effects import agreement, mean_over_words, of_sets, slope_over_words, unit_effects
from interlingua.causal.readouts import Fitted, OwnSentences
from interlingua.causal.slots import Panel

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reader:
    """A fitted readout of a language.

    Attributes
    ----------
    name : str
        Of the readout.
    fitted : Fitted or OwnSentences
        It.
    unedited : ndarray, shape (n,)
        What it reads of each word without an edit, divided by `scale`.
    scale : float
        SD of the rating, or of what it reads.
    """

    name: str
    fitted: Fitted | OwnSentences
    unedited: Floats
    scale: float


def spread(values: Floats, most: int) -> Index:
    """Return the numbers, ascending, of at most so many of the values, spread evenly over their ranks."""
    order = values.argsort(kind="stable")
    places = np.linspace(0, len(order) - 1, min(most, len(order))).round().astype(np.int64)
    return np.sort(order[np.unique(places)])


def largest(controls: Arrays, kind: str = "matched", name: str = "others") -> tuple[Index, Index] | None:
    """Return tested units and their images of the largest sets of a kind; None where there are none."""
    numbers = [int(key.split("/")[2]) for key in controls if key.startswith(f"{kind}/{name}/")]
    if not numbers:
        return None
    at = f"{kind}/{name}/{max(numbers)}"
    return controls[f"{at}/tested"], controls[f"{at}/images"]


def regressor(edit: str, unedited: Floats, y: Floats, partners: Arrays) -> Floats | None:
    """Return what changes are regressed on: nothing (their mean counts), readings, or differences of ratings."""
    if edit == "steer":
        return None
    return y[partners[edit]] - y if edit in partners else unedited


@dataclass(frozen=True, eq=False)
class Check:
    """Some words of a language in which control sets are edited.

    Parameters
    ----------
    panel
        These words.
    few
        Their numbers among all words.
    readers
        What reads them.
    edits
        Of all units, by name; of steering by one SD.
    found
        First-order effects, ratings and partners of all words.
    sd
        Of each unit.
    """

    panel: Panel
    few: Index
    readers: list[Reader]
    edits: Mapping[str, Edit]
    found: Arrays
    sd: Floats

    def run(
        self, tested: Index, sign: Floats, controls: Arrays, number: int
    ) -> tuple[pd.DataFrame, dict[str, NDArray[Any]]]:
        """Edit the tested set and so many control sets, and all of them by steering if its effects are not foretold.

        Returns
        -------
        table : DataFrame
            A row a readout and edit.
        real : dict of str to ndarray
            ``real/READOUT/EDIT``: effects of the tested set and of the control sets, where predictions don't hold.
        """
        known = largest(controls)
        if known is None:
            return pd.DataFrame(), {}
        every = np.vstack([tested, replaced(*known, tested)])
        some = every[: 1 + number]
        rows: list[dict[str, Any]] = []
        real: dict[str, NDArray[Any]] = {}
        effects = {name: self._real(name, some, sign) for name in self.edits}
        for at, reader in enumerate(self.readers):
            for name in self.edits:
                agreed = agreement(of_sets(self._of_units(reader, name, sign), some), effects[name][at])
                rows.append(
                    {
                        "readout": reader.name,
                        "edit": name,
                        "n_sets": len(some),
                        "n_words": len(self.few),
                        "r": agreed.r,
                        "bias": agreed.bias,
                        "holds": agreed.holds,
                    }
                )
        for name in dict.fromkeys(str(row["edit"]) for row in rows if not row["holds"]):
            if name == "steer":
                effects[name] = np.hstack([effects[name], self._real(name, every[1 + number :], sign)])
            real |= {f"real/{reader.name}/{name}": effects[name][at] for at, reader in enumerate(self.readers)}
        return pd.DataFrame(rows), real

    def _of_units(self, reader: Reader, name: str, sign: Floats) -> Floats:
        first = self.found[f"first/{reader.name}/{name}"][self.few].astype(np.float64)
        effects = unit_effects(first, self._regressor(reader, name))
        return effects * sign if name == "steer" else effects

    def _regressor(self, reader: Reader, name: str) -> Floats | None:
        partners = {key.removeprefix("partners/"): self.found[key] for key in self.found if key.startswith("partners/")}
        on = regressor(name, reader.unedited, self.found["ratings"], partners)
        return None if on is None else on[self.few]

    def _real(self, name: str, sets: Index, sign: Floats) -> Floats:
        """Return the effect of each set, shape (readouts, sets)."""
        edits = [Applied(self._edit(name, sign), units) for units in sets]
        read = self.panel.edited([reader.fitted for reader in self.readers], edits).values
        effects = np.empty((len(self.readers), len(sets)))
        for at, reader in enumerate(self.readers):
            changes = read[:, at] / reader.scale - reader.unedited[self.few]
            on = self._regressor(reader, name)
            for number, change in enumerate(changes):
                found = mean_over_words(change) if on is None else slope_over_words(on, change)
                effects[at, number] = found.estimate
        return effects

    def _edit(self, name: str, sign: Floats) -> Edit:
        edit = self.edits[name]
        if isinstance(edit, Steer):
            return Steer(sign * self.sd)
        return Donor(edit.values[self.few]) if isinstance(edit, Donor) else edit
