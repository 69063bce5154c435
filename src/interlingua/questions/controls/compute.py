"""Every model beside the control models that ran through the same analysis."""

from __future__ import annotations

import pandas as pd

from interlingua.seeds import derive_seed
from interlingua.tables.cells import select
from interlingua.units.controls import NullTables, control_table


def beside_controls(
    null: pd.DataFrame,
    degrees: pd.DataFrame,
    pairs: pd.DataFrame,
    top_units: pd.DataFrame,
    control_null: pd.DataFrame,
    control_degrees: pd.DataFrame,
    control_pairs: pd.DataFrame,
    control_top_units: pd.DataFrame,
    *,
    draws: int,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Compare what models and controls share beyond permuted ratings; the tables are those of all models."""
    models = NullTables(_permuted(null, top_units), degrees, pairs)
    controls = NullTables(_permuted(control_null, control_top_units), control_degrees, control_pairs)
    return {"controls": control_table(models, controls, draws=draws, seed=derive_seed(seed, "controls"))}


def _permuted(null: pd.DataFrame, top_units: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison with permuted ratings, with r from the top units alone."""
    keys = ["model", "variable", "method", "layer"]
    return select(null, null="permuted").merge(top_units, on=keys, validate="one_to_one")
