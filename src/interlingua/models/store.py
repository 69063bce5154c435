"""Activations of one model on one language's contexts: read layer by layer, in memory or from a file.

A file is one safetensors file of one site with a tensor per layer that was read (in the residual stream ``layer.00`` is
the embeddings), ``(n, width)`` each, row i = row i of the contexts table. Its header says where the numbers come from.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open

from interlingua.errors import StatsError, StoreError, reason
from interlingua.tables.layout import RESID, SITES, Layout, Site

logger = logging.getLogger("interlingua")

_LAYER = re.compile(r"layer\.\d{2,}")
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


@dataclass(frozen=True, eq=False)
class Activations:
    """Every unit's value at every target, for one model, site and language.

    Made by `open`, by `from_arrays`, or by `interlingua.models.extract`. It can be pickled: what stands in a
    file is opened anew at each read.

    Attributes
    ----------
    layout
        Which site this is, which of its layers are there, where units stand.
    n
        Number of targets (rows).
    metadata
        Where the numbers come from: model, revision, fingerprint, tokenizer, pooling, boundary_piece, dtype,
        store_dtype, contexts (hash), language, library versions. All strings.
    """

    layout: Layout
    n: int
    metadata: Mapping[str, str] = field(repr=False)
    _path: Path | None = field(default=None, repr=False)
    _layers: Mapping[int, NDArray[Any]] = field(default_factory=dict, repr=False)
    _rows: NDArray[np.int64] | None = field(default=None, repr=False)

    @classmethod
    def open(cls, path: str | Path) -> Activations:
        """Open a file of activations; nothing but its header is read.

        Raises
        ------
        StoreError
            If there is no such file, or it is not a complete file of activations.
        """
        path = Path(path)
        try:
            with safe_open(path, framework="np") as file:
                metadata = dict(file.metadata() or {})
                shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError:
            raise StoreError(f"there is no file of activations at {path}; run the extraction first") from None
        except (OSError, SafetensorError) as error:
            raise StoreError(f"can't read {path} as activations ({error}); delete it and extract again") from error
        if not shapes or not all(map(_LAYER.fullmatch, shapes)) or len(set(shapes.values())) != 1:
            raise StoreError(
                f"{path} is not a file of activations: it should hold layer.00, layer.01, ... of one shape"
            )
        n, width = next(iter(shapes.values()))
        layers = tuple(sorted(int(name.removeprefix("layer.")) for name in shapes))
        try:
            layout = _layout(metadata, layers, width)
        except (StatsError, ValueError) as error:
            raise StoreError(f"{path} is not a file of activations: its header does not fit its layers") from error
        return cls(layout, n, metadata, _path=path)

    @classmethod
    def from_arrays(
        cls,
        layers: Sequence[ArrayLike] | NDArray[Any],
        metadata: Mapping[str, str] | None = None,
        layout: Layout | None = None,
    ) -> Activations:
        """Hold activations in memory.

        Parameters
        ----------
        layers
            One array a layer, each of shape (n, width), or one of shape (n_layers, n, width).
        metadata
            ``language`` and ``model`` at least, where tables are to name them.
        layout
            Which layers of which site these are; by default all of the residual stream.
        """
        arrays = tuple(np.asarray(layer) for layer in layers)
        shapes = {array.shape for array in arrays}
        if len(shapes) != 1 or arrays[0].ndim != 2:
            raise StoreError(
                f"activations need layers of one shape (n, width), not {sorted(map(str, shapes)) or 'none'}"
            )
        n, width = arrays[0].shape
        layout = layout or Layout.even(len(arrays), width)
        return cls(layout, n, dict(metadata or {}), _layers=dict(zip(layout.layers, arrays, strict=True)))

    @property
    def language(self) -> str:
        """Language code of the contexts ("" where it was not given)."""
        return self.metadata.get("language", "")

    @property
    def model(self) -> str:
        """Name of the model ("" where it was not given)."""
        return self.metadata.get("model", "")

    @property
    def layers(self) -> tuple[int, ...]:
        """Numbers of the layers that are there."""
        return self.layout.layers

    @property
    def n_layers(self) -> int:
        """Layers of the model, the embeddings (layer 0) and those that are not there included."""
        return self.layout.n_layers

    @property
    def width(self) -> int:
        """Units in a layer."""
        return self.layout.width(self.layers[0])

    def layer(self, i: int) -> NDArray[np.float32]:
        """Return layer `i` as a new float32 array of shape (n, width); 0 is the embeddings."""
        if i not in self.layers:
            raise IndexError(f"there is no layer {i}; the layers are {_listed(self.layers)}")
        values = self._read(i)
        if self._rows is not None:
            values = values[self._rows]
        return values.astype(np.float32, copy=self._path is None)

    def rows(self, selection: ArrayLike) -> Activations:
        """Return the same activations with some of the rows only; nothing is copied until a layer is read.

        Parameters
        ----------
        selection
            A boolean mask of shape (n,), or row numbers in the order wanted.
        """
        chosen = np.asarray(selection)
        if chosen.dtype == bool:
            if chosen.shape != (self.n,):
                raise IndexError(f"a mask of shape {chosen.shape} does not fit {self.n} rows")
            chosen = np.flatnonzero(chosen)
        elif chosen.size and (chosen.min() < 0 or chosen.max() >= self.n):
            raise IndexError(f"row numbers must lie between 0 and {self.n - 1}")
        chosen = chosen.astype(np.int64)
        rows = chosen if self._rows is None else self._rows[chosen]
        return Activations(self.layout, len(rows), self.metadata, self._path, self._layers, rows)

    def whole(self) -> NDArray[np.float32]:
        """Return the layers beside each other, shape (n, n_units), columns in the order of the unit ids."""
        return np.concatenate([self.layer(i) for i in self.layers], axis=1)

    def save(self, path: str | Path) -> Activations:
        """Write to one file, whole or not at all, and return the activations opened from it."""
        path = Path(path)
        dtype = np.dtype(np.float16 if self.metadata.get("store_dtype") == "float16" else np.float32)
        layers = (self.layer(i).astype(dtype, copy=False) for i in self.layers)
        shapes = dict.fromkeys(layer_names(self.layers), (self.n, self.width))
        write_tensors(path, shapes, dtype, layers, {**self.metadata, **header_of(self.layout)})
        return Activations.open(path)

    def _read(self, i: int) -> NDArray[Any]:
        if self._path is None:
            return self._layers[i]
        try:
            with safe_open(self._path, framework="np") as file:
                return file.get_tensor(f"layer.{i:02d}")
        except (OSError, SafetensorError) as error:
            raise StoreError(f"can't read layer {i} of {self._path} ({error}); extract again") from error


def write_tensors(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    dtype: np.dtype[Any],
    tensors: Iterable[NDArray[Any]],
    metadata: Mapping[str, str],
) -> None:
    """Write a safetensors file tensor by tensor, so that only one is in memory, whole or not at all.

    Parameters
    ----------
    path
        The file; its folder is made where it is missing.
    shapes
        Name and shape of each tensor, in the order of `tensors`.
    dtype
        float32 or float16.
    tensors
        The values.
    metadata
        Strings for the header. The same arguments give the same bytes.

    Raises
    ------
    StoreError
        If it can't be written.
    """
    code = next(name for name, known in _DTYPES.items() if known == dtype)
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    at = 0
    for name, shape in shapes.items():
        size = int(np.prod(shape)) * dtype.itemsize
        header[name] = {"dtype": code, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)

    def parts() -> Iterator[bytes | memoryview]:
        yield len(text).to_bytes(8, "little") + text
        for tensor in tensors:
            yield np.ascontiguousarray(tensor, dtype=_DTYPES[code]).data

    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(path, parts())


def digest_of(content: bytes | memoryview) -> str:
    """Return the SHA-256 of bytes, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def layer_names(layers: Iterable[int]) -> list[str]:
    """Return what layers are called in a file."""
    return [f"layer.{i:02d}" for i in layers]


def header_of(layout: Layout) -> dict[str, str]:
    """Return what a header says of the layout beside the layers' own names and shapes."""
    return {"site": layout.site, "n_layers": str(layout.n_layers), "heads": str(layout.heads)}


def _layout(metadata: Mapping[str, str], layers: tuple[int, ...], width: int) -> Layout:
    """Return the layout of a file; without a word of it in the header, layers of the residual stream."""
    site: Site = next((site for site in SITES if site == metadata.get("site")), RESID)
    n_layers, heads = int(metadata.get("n_layers", layers[-1] + 1)), int(metadata.get("heads", 0))
    return Layout.even(n_layers, width, site, layers=layers, heads=heads)


def _listed(layers: Sequence[int]) -> str:
    """Return "0 to 12", or the numbers where some between are missing."""
    whole = list(layers) == list(range(layers[0], layers[-1] + 1)) and len(layers) > 1
    return f"{layers[0]} to {layers[-1]}" if whole else ", ".join(map(str, layers))


def put_in_place(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write beside the file and move it into place once it is on the disk."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is written into a `StoreError` that names it."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise StoreError(f"can't write {path}: {why}; choose a folder with space and permission") from error
