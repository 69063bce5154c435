"""What a study knows of a model without its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from interlingua.errors import StoreError
from interlingua.tables.layout import Layout, Site
from interlingua.tables.shapes import HeadValues, UnitShapes

if TYPE_CHECKING:
    from interlingua.models.devices import Dtype, Quantisation


@dataclass(frozen=True)
class Facts:
    """What a study knows of a model without its weights.

    Parameters
    ----------
    name
        As results call it.
    revision, fingerprint, is_decoder
        As of `interlingua.models.loading.LoadedModel`.
    dtype
        Number format that it is computed in.
    layers, width
        Its shape: layers (the embeddings included), units in a layer.
    parameters, word_embeddings
        How many numbers it has, and how many of these are word embeddings.
    mlp, head_units, heads, why
        Its other units, as of `interlingua.tables.shapes.UnitShapes`.
    quantisation
        To what weights are rounded.
    """

    name: str
    revision: str
    fingerprint: str
    layers: int
    width: int
    is_decoder: bool
    dtype: Dtype
    parameters: int
    word_embeddings: int
    mlp: int
    head_units: int
    heads: int
    why: str
    quantisation: Quantisation = "none"

    def layout(self, site: Site, layers: Mapping[Site, Sequence[int]], heads: HeadValues) -> Layout:
        """Return where the units of a site stand, of the layers that are read: `layers` names those of sites.

        Raises
        ------
        ModelError
            If the model lacks the site or a layer; says why.
        """
        shapes = UnitShapes(self.name, self.layers, self.width, self.mlp, self.head_units, self.heads, self.why)
        return shapes.layout(site, layers.get(site), heads)

    @property
    def bytes(self) -> float:
        """What its numbers take in memory."""
        from interlingua.models.devices import Where, needed_memory

        where = Where("cpu", self.dtype, self.quantisation)
        return needed_memory(where, self.parameters, self.word_embeddings)


@dataclass(frozen=True)
class FactsFile:
    """Facts in the cache, as JSON."""

    name: str = "facts"
    suffix = ".json"

    def write(self, path: Path, value: Facts) -> None:
        """Write the facts of a model."""
        path.write_text(json.dumps(vars(value), indent=1, ensure_ascii=False), encoding="utf-8")

    def read(self, path: Path) -> Facts:
        """Read what `write` wrote.

        Raises
        ------
        StoreError
            If it holds something else.
        """
        try:
            return Facts(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(f"{path}: can't be read as the facts of a model ({error})") from error
