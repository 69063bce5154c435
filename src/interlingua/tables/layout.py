"""Which unit stands where: ids of units, and the layer and number in it of each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StatsError

Site = Literal["resid", "mlp", "heads"]
"""Where in a model units are read: `RESID`, `MLP` or `HEADS`."""

RESID: Site = "resid"
"""The residual stream, the site of the paper: the hidden states between layers, layer 0 the embeddings."""
MLP: Site = "mlp"
"""The units of MLPs: what goes into the down projection of a layer's block."""
HEADS: Site = "heads"
"""The outputs of attention heads: what goes into the out projection of a layer's block, head after head."""
SITES: tuple[Site, ...] = (RESID, MLP, HEADS)
"""All sites, in the order of lists."""


@dataclass(frozen=True)
class Layout:
    """Ids of the units of one site: those of a layer follow each other, and layers follow each other.

    With layers of one width an id is layer * width + index, as in the paper. Nothing else in the package does this
    arithmetic, so that a site whose layers differ in width is one more layout.

    Parameters
    ----------
    widths : tuple of int
        Units in each layer.
    site : {'resid', 'mlp', 'heads'}
        Where in the model the units are read.

    Raises
    ------
    StatsError
        If there is no layer, or one without units.
    """

    widths: tuple[int, ...]
    site: Site = RESID

    def __post_init__(self) -> None:
        if not self.widths or min(self.widths) < 1:
            raise StatsError(f"a layout needs layers of one unit or more, not {self.widths}")

    @classmethod
    def even(cls, n_layers: int, width: int, site: Site = RESID) -> Layout:
        """Return the layout of `n_layers` layers of `width` units each."""
        return cls((width,) * n_layers, site)

    @classmethod
    def of_layer(cls, layer: int, width: int) -> Layout:
        """Return an even layout that reaches as far as `layer`, for where no more is known of the network."""
        return cls.even(layer + 1, width)

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return len(self.widths)

    @property
    def n_units(self) -> int:
        """Units in the whole network."""
        return sum(self.widths)

    def width(self, layer: int) -> int:
        """Return the number of units in a layer."""
        return self.widths[self._known(layer)]

    def first(self, layer: int) -> int:
        """Return the id of a layer's first unit."""
        return sum(self.widths[: self._known(layer)])

    def block(self, layer: int) -> slice:
        """Return where a layer's units stand among those of the whole network."""
        first = self.first(layer)
        return slice(first, first + self.widths[layer])

    @overload
    def unit(self, layer: int, index: int) -> int: ...
    @overload
    def unit(self, layer: int, index: NDArray[Any]) -> NDArray[np.int64]: ...
    def unit(self, layer: int, index: int | NDArray[Any]) -> int | NDArray[np.int64]:
        """Return the id of the unit, or the ids of the units, with this number in a layer (from 0)."""
        first = self.first(layer)
        if isinstance(index, np.ndarray):
            return first + index.astype(np.int64)
        return first + int(index)

    def place(self, units: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the layers of units and their numbers in them.

        Raises
        ------
        StatsError
            If there is no such unit.
        """
        ids = np.asarray(units, dtype=np.int64)
        outside = ids[(ids < 0) | (ids >= self.n_units)]
        if outside.size:
            raise StatsError(f"there is no unit {outside.flat[0]}; the units are 0 to {self.n_units - 1}")
        starts = np.array([0, *accumulate(self.widths[:-1])], dtype=np.int64)
        layers = np.searchsorted(starts, ids, side="right") - 1
        return layers, ids - starts[layers]

    def index_in(self, layer: int, units: Any) -> NDArray[np.int64]:
        """Return the numbers that units of one layer have in it.

        Raises
        ------
        StatsError
            If one of them is not in that layer.
        """
        ids = np.asarray(units, dtype=np.int64)
        block = self.block(layer)
        outside = ids[(ids < block.start) | (ids >= block.stop)]
        if outside.size:
            raise StatsError(
                f"unit {outside.flat[0]} is not in layer {layer}, whose units are {block.start} to {block.stop - 1}"
            )
        return ids - block.start

    def _known(self, layer: int) -> int:
        if not 0 <= layer < self.n_layers:
            raise StatsError(f"there is no layer {layer}; the layers are 0 to {self.n_layers - 1}")
        return layer
