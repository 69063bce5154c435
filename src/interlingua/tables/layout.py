"""Which unit stands where: ids of units, the layer and number in it of each, and what people call it."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

_TYPED = re.compile(r"(?:(mlp|heads)\.)?L(\d+)\.(\d+)(?:\.(\d+))?", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """Ids of the units of one site: those of a layer follow each other, and layers follow each other.

    With layers of one width an id is layer * width + index, as in the paper; at sites that layer 0 lacks, too. Nothing
    else in the package does this arithmetic.

    Parameters
    ----------
    widths : tuple of int
        Units in each layer.
    site : {'resid', 'mlp', 'heads'}
        Where in the model the units are read.
    layers : tuple of int, optional
        The layers that are read, ascending; all by default.
    heads : int
        At the site of heads, heads in a layer.

    Raises
    ------
    StatsError
        If there is no layer, or one without units.
    """

    widths: tuple[int, ...]
    site: Site = RESID
    layers: tuple[int, ...] = ()
    heads: int = 0

    def __post_init__(self) -> None:
        if not self.widths or min(self.widths) < 1:
            raise StatsError(f"a layout needs layers of one unit or more, not {self.widths}")
        if not self.layers:
            object.__setattr__(self, "layers", tuple(range(len(self.widths))))
        for layer in self.layers:
            self._known(layer)

    @classmethod
    def even(
        cls, n_layers: int, width: int, site: Site = RESID, *, layers: tuple[int, ...] = (), heads: int = 0
    ) -> Layout:
        """Return the layout of `n_layers` layers of `width` units each."""
        return cls((width,) * n_layers, site, layers, heads)

    @classmethod
    def recorded(cls, known: Mapping[str, Any]) -> Layout:
        """Return the layout whose fields a result folder's record holds."""
        return cls(tuple(known["widths"]), known["site"], tuple(known["layers"]), known["heads"])

    @classmethod
    def of_layer(cls, layer: int, width: int) -> Layout:
        """Return an even layout that reaches as far as `layer`, for where no more is known of the network."""
        return cls.even(layer + 1, width)

    @property
    def n_layers(self) -> int:
        """Number of layers, those that are not read included."""
        return len(self.widths)

    @property
    def n_units(self) -> int:
        """Units in all layers that are read."""
        return sum(self.widths[layer] for layer in self.layers)

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
        outside = ids[(ids < 0) | (ids >= sum(self.widths))]
        if outside.size:
            raise StatsError(f"there is no unit {outside.flat[0]}; the units are 0 to {sum(self.widths) - 1}")
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

    def name(self, unit: int) -> str:
        """Return what people call a unit: ``L7·353``, ``mlp L7·1203``, ``heads L7·3·41`` (head 3), ``heads L7·3``."""
        layers, indices = self.place([unit])
        numbers = self._numbers(int(layers[0]), int(indices[0]))
        return f"{'' if self.site == RESID else f'{self.site} '}L{'·'.join(map(str, numbers))}"

    def typed(self, unit: int) -> str:
        """Return its name as it is typed: ``L7.353``, ``mlp.L7.1203``, ``heads.L7.3.41``."""
        return self.name(unit).replace(" ", ".").replace("·", ".")

    def find(self, typed: str) -> int:
        """Return the id of a unit by its name as it is typed, or in the residual stream by the paper's number alone.

        Raises
        ------
        StatsError
            If that is no name of a unit of this site, or there is no such unit.
        """
        if self.site == RESID and typed.isdecimal():
            self.place([int(typed)])
            return int(typed)
        found = _TYPED.fullmatch(typed)
        if found is None or (found[1] or RESID).lower() != self.site:
            like = self.typed(self._middle)
            raise StatsError(f"'{typed}' is no unit of the site '{self.site}'; type one like {like}")
        layer, numbers = int(found[2]), [int(number) for number in found.groups()[2:] if number is not None]
        size = self._head_size(self._known(layer))
        if len(numbers) != len(self._numbers(layer, 0)) - 1 or (len(numbers) == 2 and numbers[1] >= size):
            raise StatsError(f"there is no unit '{typed}'; one is called {self.typed(self._middle)}")
        index = numbers[0] if len(numbers) == 1 else numbers[0] * size + numbers[1]
        if index >= self.widths[layer]:
            raise StatsError(f"there is no unit '{typed}'; layer {layer} has {self.widths[layer]} units")
        return self.unit(layer, index)

    @property
    def _middle(self) -> int:
        layer = self.layers[len(self.layers) // 2]
        return self.unit(layer, self.widths[layer] // 2)

    def _numbers(self, layer: int, index: int) -> tuple[int, ...]:
        """Return the numbers in a unit's name: layer, head where it is one of several units of it, and its own."""
        size = self._head_size(layer)
        return (layer, *divmod(index, size)) if size > 1 else (layer, index)

    def _head_size(self, layer: int) -> int:
        return self.widths[layer] // self.heads if self.heads else 1

    def _known(self, layer: int) -> int:
        if not 0 <= layer < self.n_layers:
            raise StatsError(f"there is no layer {layer}; the layers are 0 to {self.n_layers - 1}")
        return layer
