"""How many units a model has at each site: what is told without its weights, and decides where units stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from interlingua.errors import ModelError
from interlingua.tables.layout import HEADS, MLP, RESID, Layout, Site

HeadValues = Literal["units", "whole"]
"""What is read of heads: each number that a head gives, or the length of what it gives."""


@dataclass(frozen=True)
class UnitShapes:
    """Units of a model.

    Parameters
    ----------
    name
        Of the model.
    layers, width
        Layers, the embeddings (layer 0) included; units of the residual stream in each.
    mlp, head_units, heads
        Units of MLPs and of heads in each layer but the embeddings, and attention heads; 0 where these can't be had.
    why
        Why they can't, "" if they can.
    """

    name: str
    layers: int
    width: int
    mlp: int
    head_units: int
    heads: int
    why: str

    def layout(self, site: Site = RESID, layers: Sequence[int] | None = None, heads: HeadValues = "units") -> Layout:
        """Return where the units of a site stand.

        Parameters
        ----------
        site
            Which.
        layers
            Those that are read; None is all that have units there.
        heads
            What is read of heads.

        Raises
        ------
        ModelError
            If the model lacks the site or a layer; says why.
        """
        if site != RESID and self.why:
            raise ModelError(f"the site '{site}' of {self.name} can't be had: {self.why}")
        of_heads = self.heads if heads == "whole" else self.head_units
        width: Mapping[Site, int] = {RESID: self.width, MLP: self.mlp, HEADS: of_heads}
        there = range(0 if site == RESID else 1, self.layers)
        chosen = tuple(sorted(set(there if layers is None else layers)))
        for layer in chosen:
            if layer not in there:
                raise ModelError(no_layer(self.name, site, there, layer))
        if not chosen:
            raise ModelError(f"{self.name} has no layers at the site '{site}'")
        n_heads = self.heads if site == HEADS else 0
        return Layout.even(self.layers, width[site], site, layers=chosen, heads=n_heads)


def no_layer(name: str, site: Site, there: Sequence[int], layer: int) -> str:
    """Return the message that a model has no such layer at a site, and which it has."""
    return f"{name} has no layer {layer} at the site '{site}'; its layers there are {there[0]} to {there[-1]}"
