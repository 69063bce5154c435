"""All languages together: what edits do, beside control sets that are the same in every language."""

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
    joint,
    mean_over_words,
    of_sets,
    random_directions,
    rank_p,
    relabelled_p,
    slope_over_words,
    unit_effects,
)
from interlingua.causal.readouts import get as get_readout
from interlingua.questions.causal.check import largest, regressor
from interlingua.seeds import derive_seed
from interlingua.stats.jackknife import JackknifeInterval, jackknife
from interlingua.stats.multiplicity import adjust
from interlingua.study.cell import Cell
from interlingua.tables.cells import select

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Index = NDArray[np.int64]

#: Edits of which a smaller slope is the larger effect: readings are drawn together.
CONTRACTS = ("mean", "zero")
LEVEL = 0.05
_DIRECTIONS = 999
_RELABELLED = 999


def compare(
    effects: Mapping[str, Arrays],
    read: pd.DataFrame,
    checks: pd.DataFrame,
    scales: Mapping[str, Arrays],
    units: pd.DataFrame,
    controls: Arrays,
    cell: Cell,
    *,
    edits: tuple[str, ...],
    doses: tuple[float, ...],
    readouts: tuple[str, ...],
    sizes: tuple[int, ...],
    seed: int,
) -> dict[str, Any]:
    """Put the languages together.

    Parameters
    ----------
    effects
        By language, from `edit.effects`; empty where it was not asked.
    read, checks
        Readouts without an edit, and predictions beside real edits, of all languages.
    scales, units, controls
        From `choose`.
    cell
        The model, variable and layer.
    edits, doses, readouts, sizes
        Options.
    seed
        The study's.
    """
    asked = {code: arrays for code, arrays in effects.items() if arrays}
    order = ("steer", *(name for name in edits if name != "steer"))
    rows, dose_rows, drawn = [], [], {}
    for code, arrays in asked.items():
        here = _Here(code, arrays, scales[code], select(units, language=code), controls, cell, seed)
        for readout in here.readouts:
            for name in here.chosen:
                for number in here.numbers(name, sizes):
                    rows += [here.row(readout, edit, name, number, doses, drawn) for edit in order]
            dose_rows += here.doses(readout, doses)
    table = _corrected(pd.DataFrame(rows))
    pairs = _pairs(asked, scales, units, cell)
    summaries = [
        _summary(name, table, drawn, read, checks, pairs, dose_rows, controls, doses, seed) for name in readouts
    ]
    return {
        "causal": cell.stamp(table) if rows else None,
        "causal_doses": cell.stamp(pd.DataFrame(dose_rows)) if dose_rows else None,
        "causal_pairs": cell.stamp(pairs) if len(pairs) else None,
        "causal_summary": cell.stamp(pd.DataFrame([row for row in summaries if row is not None]).astype(_WHOLE))
        if len(read)
        else None,
    }


_WHOLE = {"n_units": "Int64", "n_moved": "Int64"}
_Drawn = dict[tuple[str, str, str, str], tuple[float, Floats]]
"""By kind, readout, edit and language: the effect of the others' largest set, and of its control sets."""


class _Here:
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
        self, readout: str, edit: str, name: str, number: int, doses: tuple[float, ...], drawn: _Drawn
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
        damage = self.arrays[f"damage/{edit}"]
        if edit == "steer":
            response = dose_response(doses, changes)
            largest_dose = int(np.argmax(np.abs(doses)))
            return {
                **_of(response.slope),
                "real": True,
                "straight": response.straight,
                "right_way": response.right_way,
                "damage": float(damage[largest_dose].mean()),
            }
        found = self._slope(readout, edit, changes[0])
        return {
            **_of(found),
            "real": True,
            "damage": float(damage[0].mean()),
            "right_way": self._right_way(edit, changes[0]),
        }

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
        drawn: _Drawn,
    ) -> dict[str, Any]:
        """Return the control sets' effects, and p: predictions beside predictions, or, where those fail, real ones."""
        empty = dict.fromkeys(("matched", "matched_low", "matched_high", "p", "hard", "p_hard"), np.nan)
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
            p = rank_p(tested, others, len({tuple(row) for row in np.sort(sets).tolist()}), greater=not contracts)
            if whole:
                drawn[kind, readout, edit, self.code] = tested, others
            if kind == "hard":
                empty |= {"hard": float(np.median(others)), "p_hard": p}
            else:
                low, middle, high = np.quantile(others, [0.025, 0.5, 0.975])
                empty |= {"matched": float(middle), "matched_low": float(low), "matched_high": float(high), "p": p}
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
            slopes = of_sets(self.of_units(readout, "steer"), replaced(*known, units))
        rows = []
        for dose, change, damage in zip(doses, changes, self.arrays["damage/steer"], strict=True):
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
                }
            )
        return rows


def _of(found: JackknifeInterval) -> dict[str, float]:
    return {"effect": found.estimate, "effect_low": found.low, "effect_high": found.high}


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    """Add p after Benjamini-Hochberg over languages."""
    if table.empty:
        return table
    # Sets of the others' choice may differ in size by language where few units carry the rating.
    place = table.groupby(["language", "chosen_by", "readout", "edit"])["n_units"].rank(method="first")
    groups = table.groupby(["chosen_by", "readout", "edit", place], sort=False)["p"]
    return table.assign(p_bh=groups.transform(lambda p: adjust(p.to_numpy(np.float64), "bh")))


def _pairs(asked: Mapping[str, Arrays], scales: Mapping[str, Arrays], units: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    """Return the predicted effect of units that one language chooses alone, in each language."""
    rows = []
    own = select(units, chosen_by="own").sort_values("place")
    tops = {str(code): of["index"].to_numpy(np.int64) for code, of in own.groupby("language", sort=False)}
    for code, arrays in asked.items():
        if "first/probe/steer" not in arrays:
            continue
        effects = unit_effects(arrays["first/probe/steer"].astype(np.float64))
        for chosen_in, top in tops.items():
            sign = np.where(scales[chosen_in]["r"][top] < 0, -1.0, 1.0)
            rows.append(
                {
                    "chosen_in": chosen_in,
                    "language": code,
                    "n_units": len(top),
                    "n_shared": int(np.isin(top, tops[code]).sum()),
                    "effect": float(effects[top] @ sign),
                }
            )
    return pd.DataFrame(rows)


def _summary(
    readout: str,
    table: pd.DataFrame,
    drawn: _Drawn,
    read: pd.DataFrame,
    checks: pd.DataFrame,
    pairs: pd.DataFrame,
    dose_rows: list[dict[str, Any]],
    controls: Arrays,
    doses: tuple[float, ...],
    seed: int,
) -> dict[str, Any] | None:
    """Return the answer by one readout over languages."""
    asked = select(read, readout=readout)
    if asked.empty:
        return None
    known = largest(controls)
    row: dict[str, Any] = {
        "readout": readout,
        "label": get_readout(readout).label,
        "n_asked": len(asked),
        "n_languages": int(asked["passes"].sum()),
        "n_sets": 0 if known is None else len(known[1]),
        "largest_dose": float(max(doses, key=abs)),
        "n_units": None,
        "n_moved": None,
        **dict.fromkeys(_NUMBERS, np.nan),
    }
    if not row["n_languages"]:
        return row
    largest_sets = select(table, readout=readout, chosen_by="others", real=True)
    steer, mean = select(largest_sets, edit="steer"), select(largest_sets, edit="mean")
    effect = steer["effect"].to_numpy(np.float64)
    found = jackknife(float(effect.mean()), (effect.sum() - effect) / max(1, len(effect) - 1))
    used = select(checks, readout=readout, edit="steer")
    damage = [one["damage"] for one in dose_rows if (one["readout"], one["dose"]) == (readout, row["largest_dose"])]
    row |= {
        "n_units": int(steer["n_units"].max()),
        "mean_effect": found.estimate,
        "mean_low": found.low,
        "mean_high": found.high,
        "mean_matched": float(steer["matched"].mean()),
        "right_way": float(steer["right_way"].mean()),
        "straight": float(steer["straight"].mean()),
        "mean_contraction": float(mean["effect"].mean()),
        "matched_contraction": float(mean["matched"].mean()),
        "damage": float(np.mean(damage)),
        "least_r_check": float(used["r"].min()),
        "most_bias_check": float(used["bias"].abs().max()),
    }
    codes = list(steer["language"])
    for kind, name in (("matched", "p"), ("hard", "p_hard")):
        sets = [drawn.get((kind, readout, "steer", code)) for code in codes]
        there = [one for one in sets if one is not None]
        if len(there) == len(sets):
            tested, others = np.array([one[0] for one in there]), np.stack([one[1] for one in there])
            statistic, of_controls = joint(tested, others)
            row[name] = rank_p(statistic, of_controls, _distinct(controls, kind))
    if steer["p_bh"].notna().any():
        row["n_moved"] = int((steer["p_bh"] < LEVEL).sum())
    if readout == "probe":
        row |= _shared(pairs, seed)
    return row


_NUMBERS = (
    *("mean_effect", "mean_low", "mean_high", "mean_matched", "p", "p_hard", "right_way", "straight"),
    *("mean_contraction", "matched_contraction", "damage", "least_r_check", "most_bias_check", "r_shared", "p_shared"),
)


def _distinct(controls: Arrays, kind: str) -> int:
    known = largest(controls, kind)
    return 0 if known is None else len({tuple(row) for row in np.sort(known[1]).tolist()})


def _shared(pairs: pd.DataFrame, seed: int) -> dict[str, float]:
    """Return whether languages that share more units move each other more; nothing of fewer than four."""
    codes = list(pairs["language"].unique()) if len(pairs) else []
    if len(codes) < 4:
        return {}
    wide = pairs[pairs["chosen_in"].isin(codes)]
    shared, effect = (
        wide.pivot(index="chosen_in", columns="language", values=name).loc[codes, codes].to_numpy(np.float64)
        for name in ("n_shared", "effect")
    )
    # What moves a language easily, or chooses well, is no matter of pairs.
    shared, effect = (_without_ends(values) for values in (shared, effect))
    r, p = relabelled_p(shared, effect, draws=_RELABELLED, seed=derive_seed(seed, "causal relabelled"))
    return {"r_shared": r, "p_shared": p}


def _without_ends(values: Floats) -> Floats:
    """Return pairs less what their two languages have in all their pairs."""
    found = values.copy()
    np.fill_diagonal(found, np.nan)
    found -= np.nanmean(found, axis=1, keepdims=True)
    found -= np.nanmean(found, axis=0, keepdims=True)
    np.fill_diagonal(found, 0.0)
    return found
