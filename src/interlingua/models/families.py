"""The families of models whose MLP units and heads can be found: data, in ``families.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Family:
    """Where the units of a family of models are.

    Parameters
    ----------
    types
        What configurations call it.
    blocks
        Where its list of blocks is, seen from the model without a head; the first path that is there counts.
    mlp, heads
        In a block: the down projection of the MLP, and the out projection of attention, whose inputs are the units.
    hint
        Why a module may never be called in a model of it, and what to do.
    """

    types: tuple[str, ...]
    blocks: tuple[str, ...]
    mlp: str
    heads: str
    hint: str = ""


@cache
def families() -> Mapping[str, Family]:
    """Return the families by the types that configurations name."""
    text = files("interlingua.models").joinpath("families.toml").read_text(encoding="utf-8")
    found = {}
    for entry in tomllib.loads(text)["family"]:
        family = Family(**entry | {name: tuple(entry[name]) for name in ("types", "blocks")})
        found.update(dict.fromkeys(family.types, family))
    return found
