"""Which layer a model and variable's units are taken from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from interlingua.errors import ConfigError
from interlingua.probes import choose_layer
from interlingua.study.cell import Cell
from interlingua.study.facts import Facts
from interlingua.tables import Site
from interlingua.tables.shapes import HeadValues
from interlingua.units import top_of_site


def chosen_layer(
    probes: pd.DataFrame,
    facts: Facts,
    *,
    model: str,
    site: Site,
    variable: str,
    choose: Literal["cv", "test"] | int,
    probe: str,
    curve: Literal["layer", "zeroed"],
    k: int | float,
    layers: Mapping[Site, Sequence[int]],
    heads: HeadValues,
) -> dict[str, Any]:
    """Choose the layer of a model, site and variable, and say how well each layer is read.

    Parameters
    ----------
    probes
        The probes of all its languages.
    facts
        The model's shape.
    choose
        By which r, or the number of the layer.
    probe, curve
        Whose r chooses.
    k
        Units at the top, a number or a share of the layer. A number is one of the residual stream: at other sites the
        same share of the layer is the top.
    layers, heads
        Which layers of sites, and what of heads is read.

    Raises
    ------
    ConfigError
        If the model has no such layer, or the probes do not tell which is best.
    """
    given = isinstance(choose, int)
    criterion: Literal["cv", "test"] = "test" if choose == "test" or (given and curve == "zeroed") else "cv"
    table = choose_layer(probes, probe, criterion=criterion, curve=curve).rename(columns={"best": "chosen"})
    if given:
        if choose not in set(table["layer"]):
            raise ConfigError(
                f"layer.choose: there is no layer {choose}; layers: {table['layer'].min()} to {table['layer'].max()}"
            )
        table["chosen"] = table["layer"] == choose
    table = table.assign(site=site, probe=probe, curve=curve, criterion="given" if given else criterion)
    layer = int(table.loc[table["chosen"], "layer"].iloc[0])
    layout = facts.layout(site, layers, heads)
    k_of_site = top_of_site(k, facts.width, layout.width(layer), site)
    by_layer = probes[probes["curve"] != "whole"].groupby(["probe", "curve", "layer"], sort=False)["r"]
    means = by_layer.agg(mean_r="mean", n_languages="size").reset_index()
    return {
        "layer_choice": table,
        "cell": Cell(model, variable, layer, k_of_site, layout),
        "layer_summary": means.assign(model=model, site=site, variable=variable),
    }
