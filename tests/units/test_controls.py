"""Models beside their controls."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from interlingua.units.controls import CONTROL_COLUMNS, NullTables, control_table

MODELS = {"xlm-r": (3.5, 4, 9), "untrained:xlm-r": (1.4, 2, 1), "minilm": (1.75, 3, 0), "mbert": (2.0, 3, 2)}


def tables() -> NullTables:
    null, degrees, pairs = [], [], []
    for number, (model, (fe, highest, in_all)) in enumerate(MODELS.items()):
        for method in ("ridge", "correlation"):
            cell = {"model": model, "variable": "valence", "method": method, "layer": number}
            corrected = fe + 0.5 * (method == "ridge")
            figures = {"null_fe": 1.1, "corrected_fe": corrected, "p_fe": 0.01, "highest_degree": highest}
            null.append({**cell, **figures, "same_sign": 0.5 + 0.1 * number, "r_top": 0.1 * number})
            counts = [100, 50, 20, in_all]
            degrees += [{**cell, "n_languages": d, "observed": n} for d, n in enumerate(counts, 1)]
            off = {("en", "es"): 0.8, ("en", "fr"): 1.0, ("es", "fr"): 1.2}
            pairs += [
                {**cell, "language_a": a, "language_b": b, "fe": 1.1 * corrected * x} for (a, b), x in off.items()
            ]
    return NullTables(pd.DataFrame(null), pd.DataFrame(degrees), pd.DataFrame(pairs))


def split(*controls: str) -> tuple[NullTables, NullTables]:
    """Return the tables of the models, and those of the controls."""
    every = tables()
    return tuple(  # type: ignore[return-value]
        NullTables(*(part[part["model"].isin(controls) == wanted] for part in (every.null, every.degrees, every.pairs)))
        for wanted in (False, True)
    )


def test_every_model_beside_its_own_controls() -> None:
    table = control_table(*split("untrained:xlm-r", "minilm"), draws=200, seed=0)
    assert table.columns.tolist() == CONTROL_COLUMNS
    pairs = table[["model", "control", "kind"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [
        ["xlm-r", "untrained:xlm-r", "untrained"],
        ["xlm-r", "minilm", "other"],
        ["mbert", "minilm", "other"],
    ]
    row = table[(table["method"] == "correlation") & (table["control"] == "untrained:xlm-r")].iloc[0]
    assert (row["layer"], row["control_layer"]) == (0, 1)
    assert (row["corrected_fe"], row["control_corrected_fe"]) == (3.5, 1.4)
    assert row["fe_ratio"] == pytest.approx(2.5)
    # Both models' pairs differ in the same way: whichever languages are drawn, the ratio is the same.
    assert (row["fe_ratio_low"], row["fe_ratio_high"]) == pytest.approx((2.5, 2.5))
    assert (row["highest_degree"], row["control_highest_degree"]) == (4, 2)
    assert (row["n_languages"], row["units_in_all"], row["control_units_in_all"]) == (4, 9, 1)
    assert (row["same_sign"], row["control_same_sign"]) == (0.5, 0.6)
    ridge = table[(table["method"] == "ridge") & (table["model"] == "mbert")].iloc[0]
    assert ridge["fe_ratio"] == pytest.approx(2.5 / 2.25)


def test_the_interval_of_the_ratio_is_a_bootstrap_over_languages() -> None:
    rng = np.random.default_rng(1)
    models, controls = split("untrained:xlm-r")
    models = replace(models, pairs=models.pairs.assign(fe=rng.uniform(1, 5, len(models.pairs))))
    controls = replace(controls, pairs=controls.pairs.assign(fe=rng.uniform(1, 5, len(controls.pairs))))
    table = control_table(models, controls, draws=500, seed=3).query("method == 'ridge'").iloc[0]

    def fe(tables: NullTables) -> dict[frozenset[str], float]:
        rows = tables.pairs[(tables.pairs["method"] == "ridge") & tables.pairs["model"].str.endswith("xlm-r")]
        return {frozenset((row.language_a, row.language_b)): row.fe for row in rows.itertuples()}

    ours, theirs = fe(models), fe(controls)
    ratios = []
    for drawn in np.random.default_rng(3).integers(3, size=(500, 3)):
        names = [("en", "es", "fr")[i] for i in drawn]
        keys = [frozenset((a, b)) for a, b in product(names, names) if a != b]
        if keys:
            ratios.append(np.mean([ours[key] for key in keys]) / np.mean([theirs[key] for key in keys]))
    scale = table["fe_ratio"] / (np.mean(list(ours.values())) / np.mean(list(theirs.values())))
    assert table["fe_ratio_low"] == pytest.approx(scale * np.percentile(ratios, 2.5))
    assert table["fe_ratio_high"] == pytest.approx(scale * np.percentile(ratios, 97.5))


def test_rankings_that_the_controls_do_not_have_are_left_out() -> None:
    models, controls = split("minilm")
    by_correlation = replace(controls, null=controls.null[controls.null["method"] == "correlation"])
    table = control_table(models, by_correlation, draws=20, seed=0)
    assert table["method"].tolist() == ["correlation"] * 3


def test_a_control_that_shares_nothing_has_no_ratio() -> None:
    models, controls = split("untrained:xlm-r")
    nothing = replace(controls, null=controls.null.assign(corrected_fe=0.0), pairs=controls.pairs.assign(fe=0.0))
    table = control_table(models, nothing, draws=20, seed=0)
    assert np.isnan(table[["fe_ratio", "fe_ratio_low", "fe_ratio_high"]]).all(axis=None)
