"""Which layer the units are taken from: the one with the highest mean r over languages."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from interlingua.errors import ConfigError, suggest


def choose_layer(
    table: pd.DataFrame,
    probe: str,
    *,
    criterion: Literal["cv", "test"] = "cv",
    curve: Literal["layer", "zeroed"] = "layer",
) -> pd.DataFrame:
    """Return the mean r over languages of each layer, and which layer is best.

    Parameters
    ----------
    table : pandas.DataFrame
        Probe tables of all languages, one under the other.
    probe : str
        Which probe.
    criterion : {"cv", "test"}
        r by cross-validation on the training words, or, as in the paper, r on the test sentences (the layer
        is then chosen on the data that it is evaluated on).
    curve : {"layer", "zeroed"}
        Which curve; there is no cross-validated r of the zeroed one.

    Returns
    -------
    pandas.DataFrame
        Columns `model, variable, layer, mean_r, n_languages, best`, models and variables in the order of the
        table. `best` is True in one row of each model and variable; of equal layers it is the first.

    Raises
    ------
    ConfigError
        If there is no such probe or curve in the table, a language lacks a layer, or r was not computed.
    """
    column = {"cv": "r_cv", "test": "r"}.get(criterion)
    if column is None:
        raise ConfigError(f"criterion is {criterion!r}: use 'cv' or 'test'{suggest(criterion, ('cv', 'test'))}")
    rows = table[(table["probe"] == probe) & (table["curve"] == curve)]
    if rows.empty:
        there = sorted({f"{p} ({c})" for p, c in zip(table["probe"], table["curve"], strict=True)})
        raise ConfigError(f"the table has no {curve!r} curve of {probe!r}; it has {', '.join(there)}")
    if rows[column].isna().any():
        raise ConfigError(f"the {curve!r} curve of {probe!r} has no r by cross-validation: use criterion='test'")
    means = (
        rows.groupby(["model", "variable", "layer"], sort=False)[column]
        .agg(mean_r="mean", n_languages="size")
        .reset_index()
    )
    groups = means.groupby(["model", "variable"], sort=False)
    for (model, variable), group in groups:
        if group["n_languages"].nunique() > 1:
            raise ConfigError(
                f"{model}, {variable}: some languages lack layers of {probe!r}; fit the same layers in all"
            )
    means["best"] = False
    means.loc[groups["mean_r"].idxmax(), "best"] = True
    return means
