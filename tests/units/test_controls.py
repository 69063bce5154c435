"""Models beside their controls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interlingua.units.controls import CONTROL_COLUMNS, control_table

MODELS = {"xlm-r": (3.5, 4, 9), "untrained:xlm-r": (1.4, 2, 1), "minilm": (1.75, 3, 0), "mbert": (2.0, 3, 2)}


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    null, degrees = [], []
    for number, (model, (fe, highest, in_all)) in enumerate(MODELS.items()):
        for method in ("ridge", "correlation"):
            cell = {"model": model, "variable": "valence", "method": method, "layer": number}
            extra = 0.5 * (method == "ridge")
            figures = {"corrected_fe": fe + extra, "p_fe": 0.01, "highest_degree": highest}
            null.append({**cell, **figures, "same_sign": 0.5 + 0.1 * number, "r_top": 0.1 * number})
            counts = [100, 50, 20, in_all]
            degrees += [{**cell, "n_languages": d, "observed": n} for d, n in enumerate(counts, 1)]
    return pd.DataFrame(null), pd.DataFrame(degrees)


def split(*controls: str) -> tuple[pd.DataFrame, ...]:
    """Return the tables of the models, and those of the controls."""
    null, degrees = tables()
    return tuple(
        table[table["model"].isin(controls) == wanted] for wanted in (False, True) for table in (null, degrees)
    )


def test_every_model_beside_its_own_controls() -> None:
    table = control_table(*split("untrained:xlm-r", "minilm"))
    assert table.columns.tolist() == CONTROL_COLUMNS
    pairs = table[["model", "control", "kind"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [
        ["xlm-r", "untrained:xlm-r", "untrained"],
        ["xlm-r", "minilm", "monolingual"],
        ["mbert", "minilm", "monolingual"],
    ]
    row = table[(table["method"] == "correlation") & (table["control"] == "untrained:xlm-r")].iloc[0]
    assert (row["layer"], row["control_layer"]) == (0, 1)
    assert (row["corrected_fe"], row["control_corrected_fe"]) == (3.5, 1.4)
    assert row["fe_ratio"] == pytest.approx(2.5)
    assert (row["highest_degree"], row["control_highest_degree"]) == (4, 2)
    assert (row["n_languages"], row["units_in_all"], row["control_units_in_all"]) == (4, 9, 1)
    assert (row["same_sign"], row["control_same_sign"]) == (0.5, 0.6)
    ridge = table[(table["method"] == "ridge") & (table["model"] == "mbert")].iloc[0]
    assert ridge["fe_ratio"] == pytest.approx(2.5 / 2.25)


def test_rankings_that_the_controls_do_not_have_are_left_out() -> None:
    null, degrees, control_null, control_degrees = split("minilm")
    by_correlation = (part[part["method"] == "correlation"] for part in (control_null, control_degrees))
    table = control_table(null, degrees, *by_correlation)
    assert table["method"].tolist() == ["correlation"] * 3


def test_a_control_that_shares_nothing_has_no_ratio() -> None:
    null, degrees, control_null, control_degrees = split("untrained:xlm-r")
    assert np.isnan(
        control_table(null, degrees, control_null.assign(corrected_fe=0.0), control_degrees)["fe_ratio"]
    ).all()
