"""One language's edits, in numbers beside those of control sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.causal.controls import replaced
from interlingua.causal.effects import (
    dose_response,
    first,
    mean_over_words,
    of_sets,
    random_directions,
    rank_p,
    slope_over_words,
    unit_effects,
    widened,
)
from interlingua.questions.causal.check import largest, regressor
from interlingua.seeds import derive_seed
from interlingua.stats.jackknife import JackknifeInterval
from interlingua.study.cell import Cell

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Index = NDArray[np.int64]

#: Edits of which a smaller slope is the larger effect: readings are drawn together.
CONTRACTS = ("mean", "zero")
_DIRECTIONS = 999
Drawn = dict[tuple[str, str, str, str], tuple[float, Floats]]
"""By kind, readout, edit and language: the effect of the others' largest set, and of its control sets."""


class Here:
    """One language's edits."""

    def __init__(
        self, code: str, arrays: Arrays, scales: Arrays, units: pd.DataFrame, controls: Arrays, cell: Cell, seed: int
    ) -> None:
        self.code, self.arrays, self.scales, self.controls, self.seed = code, arrays, scales, controls, seed
        self.model, self.variable, self.width = cell.model, cell.variable, cell.width
        self.readouts = [key.removeprefix("unedited/") for key in arrays if key.startswith("unedited/")]
        self.chosen = {
            str(name): (rows["index"].to_numpy(np.int64), rows["sign"].to_numpy(np.float64))
            for name, rows in units.sort_values("place").groupby("chosen_by", sort=False)
        }
        self.by_others = controls[f"sign/{code}"]
        self._effects: dict[tuple[str, str], Floats] = {}

    def numbers(self, name: str, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Return the sizes of a set that are tried: of the others' choice several."""
        most = len(self.chosen[name][0])
        return first(sizes, most) if name == "others" else (most,)

    def row(
        self, readout: str, edit: str, name: str, number: int, doses: tuple[float, ...], drawn: Drawn
    ) -> dict[str, Any]:
        """Return what an edit of a set does; its control sets' effects are put into `drawn` for the others' largest."""
        units, signs = (array[:number] for array in self.chosen[name])
        whole = name == "others" and number == len(self.chosen[name][0])
        sign = np.ones(self.width)
        sign[units] = signs
        words = self._words(readout, edit, units, sign)
        predicted = self._slope(readout, edit, words)
        row: dict[str, Any] = {
            "language": self.code,
            "chosen_by": name,
            "n_units": len(units),
            "readout": readout,
            "edit": edit,
            **_of(predicted),
            "real": False,
            "predicted": predicted.estimate,
            "straight": np.nan,
            "damage": np.nan,
            "divergence": np.nan,
            "right_way": self._right_way(edit, words),
        }
        if whole:
            row |= self._edited(readout, edit, doses)
        row |= self._beside(readout, edit, name, number, units, row["predicted"], whole, drawn)
        if edit == "steer":
            row["direction_high"] = self._directions(readout, units, sign, name, number)
        return row

    def _words(self, readout: str, edit: str, units: Index, sign: Floats) -> Floats:
        """Return the predicted change of each word."""
        first_order = self.arrays[f"first/{readout}/{edit}"][:, units].astype(np.float64)
        return np.asarray(first_order @ (sign[units] if edit == "steer" else np.ones(len(units))))

    def _on(self, readout: str, edit: str) -> Floats | None:
        partners = {
            key.removeprefix("partners/"): which for key, which in self.arrays.items() if key.startswith("partners/")
        }
        return regressor(edit, self.arrays[f"unedited/{readout}"], self.arrays["ratings"], partners)

    def _slope(self, readout: str, edit: str, changes: Floats) -> JackknifeInterval:
        """Return the effect of an edit from the words' changes: of those that draw together, 1 is none."""
        on = self._on(readout, edit)
        found = mean_over_words(changes) if on is None else slope_over_words(on, changes)
        return JackknifeInterval(*(value + (edit in CONTRACTS) for value in found))

    def _right_way(self, edit: str, changes: Floats) -> float:
        """Return the share of words that move the right way, NaN of an edit that has none."""
        if edit == "steer":
            return float((changes > 0).mean())
        partners = self.arrays.get(f"partners/{edit}")
        if partners is None:
            return float("nan")
        difference = self.arrays["ratings"][partners] - self.arrays["ratings"]
        return float((changes * difference > 0)[difference != 0].mean())

    def _edited(self, readout: str, edit: str, doses: tuple[float, ...]) -> dict[str, Any]:
        """Return what the real edit of the others' largest set does."""
        changes = self.arrays[f"edited/{readout}/{edit}"] - self.arrays[f"unedited/{readout}"]
        damage, divergence = self.arrays[f"damage/{edit}"], self._divergence(readout, edit)
        if edit == "steer":
            response = dose_response(doses, changes)
            largest_dose = int(np.argmax(np.abs(doses)))
            return {
                **_of(response.slope),
                "real": True,
                "straight": response.straight,
                "right_way": response.right_way,
                "damage": float(damage[largest_dose].mean()),
                "divergence": float(divergence[largest_dose].mean()),
            }
        found = self._slope(readout, edit, changes[0])
        return {
            **_of(found),
            "real": True,
            "damage": float(damage[0].mean()),
            "divergence": float(divergence[0].mean()),
            "right_way": self._right_way(edit, changes[0]),
        }

    def _divergence(self, readout: str, edit: str) -> Floats:
        """Return how far what the model says is from what it says unedited; NaN of a readout that says nothing."""
        damage = self.arrays[f"damage/{edit}"]
        return np.asarray(self.arrays.get(f"divergence/{readout}/{edit}", np.full(damage.shape, np.nan)))

    def of_units(self, readout: str, edit: str) -> Floats:
        """Return what each unit adds to the effect of a set, in the direction that the other languages say."""
        if (readout, edit) not in self._effects:
            effects = unit_effects(self.arrays[f"first/{readout}/{edit}"].astype(np.float64), self._on(readout, edit))
            self._effects[readout, edit] = effects * self.by_others if edit == "steer" else effects
        return self._effects[readout, edit]

    def _beside(
        self,
        readout: str,
        edit: str,
        name: str,
        number: int,
        units: Index,
        predicted: float,
        whole: bool,
        drawn: Drawn,
    ) -> dict[str, Any]:
        """Return the control sets' effects, and p: predictions beside predictions, or, where those fail, real ones."""
        empty: dict[str, Any] = dict.fromkeys(
            ("matched", "matched_low", "matched_high", "p", "n_sets", "hard", "p_hard"), np.nan
        )
        real = self.arrays.get(f"real/{readout}/{edit}") if name == "others" else None
        contracts = edit in CONTRACTS
        for kind in ("matched", "hard"):
            key = f"{kind}/{name}/{number if name == 'others' else 0}"
            if f"{key}/images" not in self.controls or (real is not None and not (whole and kind == "matched")):
                continue
            sets = replaced(self.controls[f"{key}/tested"], self.controls[f"{key}/images"], units)
            tested, others = predicted, of_sets(self.of_units(readout, edit), sets) + contracts
            if real is not None:
                tested, others = float(real[0]) + contracts, real[1:] + contracts
                sets = sets[: len(others)]
            if whole:
                drawn[kind, readout, edit, self.code] = tested, others
            others = widened(others, sets, self.scales["sd"] ** 2)
            p = rank_p(tested, others, sets, greater=not contracts)
            if kind == "hard":
                empty |= {"hard": float(np.median(others)), "p_hard": p}
            else:
                low, middle, high = np.quantile(others, [0.025, 0.5, 0.975])
                empty |= {"matched": float(middle), "matched_low": float(low), "matched_high": float(high), "p": p}
                empty["n_sets"] = len(others)
        return empty

    def _directions(self, readout: str, units: Index, sign: Floats, name: str, number: int) -> float:
        """Return what 95 % of random directions of the same length don't reach."""
        sd = self.scales["sd"]
        gradient = unit_effects(self.arrays[f"first/{readout}/steer"].astype(np.float64)) / np.where(sd > 0, sd, 1.0)
        shift = np.zeros(self.width)
        shift[units] = sign[units] * sd[units]
        seed = derive_seed(self.seed, "directions", self.model, self.variable, self.code, readout, name, number)
        return float(np.quantile(random_directions(gradient, shift, draws=_DIRECTIONS, seed=seed), 0.95))

    def doses(self, readout: str, doses: tuple[float, ...]) -> list[dict[str, Any]]:
        """Return the dose-response of the others' largest set, beside what matched sets are predicted to do."""
        units = self.chosen["others"][0]
        changes = self.arrays[f"edited/{readout}/steer"] - self.arrays[f"unedited/{readout}"]
        known = largest(self.controls)
        slopes = np.array([np.nan])
        if known is not None:
            sets = replaced(*known, units)
            slopes = widened(of_sets(self.of_units(readout, "steer"), sets), sets, self.scales["sd"] ** 2)
        rows = []
        apart = self._divergence(readout, "steer")
        for dose, change, damage, divergence in zip(doses, changes, self.arrays["damage/steer"], apart, strict=True):
            found = mean_over_words(change)
            low, high = np.quantile(slopes * dose, [0.025, 0.975])
            rows.append(
                {
                    "language": self.code,
                    "n_units": len(units),
                    "readout": readout,
                    "dose": dose,
                    "shift": found.estimate,
                    "shift_low": found.low,
                    "shift_high": found.high,
                    "matched_low": float(low),
                    "matched_high": float(high),
                    "damage": float(damage.mean()),
                    "divergence": float(divergence.mean()),
                }
            )
        return rows


def _of(found: JackknifeInterval) -> dict[str, float]:
    return {"effect": found.estimate, "effect_low": found.low, "effect_high": found.high}
