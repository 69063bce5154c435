"""Activations of one model on one language's contexts: read layer by layer, in memory or from a file.

A file is one safetensors file with a tensor per layer (``layer.00`` is the embeddings), ``(n, width)`` each,
row i = row i of the contexts table. Its header says where the numbers come from. While an extraction runs,
finished parts stand as shards in a folder beside it, from which a stopped run is taken up again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open

from interlingua.errors import StoreError, reason
from interlingua.tables.layout import Layout

logger = logging.getLogger("interlingua")

_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


@dataclass(frozen=True, eq=False)
class Activations:
    """Every unit's value at every target, for one model and one language.

    Made by `open`, by `from_arrays`, or by `interlingua.models.extract`. It can be pickled: what stands in a
    file is opened anew at each read.

    Attributes
    ----------
    n_layers
        Number of layers, the embeddings (layer 0) included.
    width
        Units in a layer. `layout` tells a unit's id in the whole network.
    n
        Number of targets (rows).
    metadata
        Where the numbers come from: model, revision, fingerprint, tokenizer, pooling, boundary_piece, dtype,
        store_dtype, contexts (hash), language, library versions. All strings.
    """

    n_layers: int
    width: int
    n: int
    metadata: Mapping[str, str] = field(repr=False)
    _path: Path | None = field(default=None, repr=False)
    _layers: tuple[NDArray[Any], ...] = field(default=(), repr=False)
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
        if not shapes or set(shapes) != set(_names(len(shapes))) or len(set(shapes.values())) != 1:
            raise StoreError(
                f"{path} is not a file of activations: it should hold layer.00, layer.01, ... of one shape"
            )
        n, width = shapes["layer.00"]
        return cls(len(shapes), width, n, metadata, _path=path)

    @classmethod
    def from_arrays(
        cls, layers: Sequence[ArrayLike] | NDArray[Any], metadata: Mapping[str, str] | None = None
    ) -> Activations:
        """Hold activations in memory.

        Parameters
        ----------
        layers
            One array a layer, each of shape (n, width), or one of shape (n_layers, n, width).
        metadata
            ``language`` and ``model`` at least, where tables are to name them.
        """
        arrays = tuple(np.asarray(layer) for layer in layers)
        shapes = {array.shape for array in arrays}
        if len(shapes) != 1 or arrays[0].ndim != 2:
            raise StoreError(
                f"activations need layers of one shape (n, width), not {sorted(map(str, shapes)) or 'none'}"
            )
        n, width = arrays[0].shape
        return cls(len(arrays), width, n, dict(metadata or {}), _layers=arrays)

    @property
    def language(self) -> str:
        """Language code of the contexts ("" where it was not given)."""
        return self.metadata.get("language", "")

    @property
    def model(self) -> str:
        """Name of the model ("" where it was not given)."""
        return self.metadata.get("model", "")

    @property
    def layout(self) -> Layout:
        """Where the units stand in the network, all layers being of one width."""
        return Layout.even(self.n_layers, self.width)

    def layer(self, i: int) -> NDArray[np.float32]:
        """Return layer `i` as a new float32 array of shape (n, width); 0 is the embeddings."""
        if not 0 <= i < self.n_layers:
            raise IndexError(f"there is no layer {i}; the layers are 0 to {self.n_layers - 1}")
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
        return Activations(self.n_layers, self.width, len(rows), self.metadata, self._path, self._layers, rows)

    def whole(self) -> NDArray[np.float32]:
        """Return the whole network, shape (n, n_units), columns in the order of the unit ids."""
        layout = self.layout
        out = np.empty((self.n, layout.n_units), dtype=np.float32)
        for i in range(self.n_layers):
            out[:, layout.block(i)] = self.layer(i)
        return out

    def save(self, path: str | Path) -> Activations:
        """Write to one file, whole or not at all, and return the activations opened from it."""
        path = Path(path)
        dtype = np.dtype(np.float16 if self.metadata.get("store_dtype") == "float16" else np.float32)
        layers = (self.layer(i).astype(dtype, copy=False) for i in range(self.n_layers))
        shapes = dict.fromkeys(_names(self.n_layers), (self.n, self.width))
        write_tensors(path, shapes, dtype, layers, self.metadata)
        return Activations.open(path)

    def _read(self, i: int) -> NDArray[Any]:
        if self._path is None:
            return self._layers[i]
        try:
            with safe_open(self._path, framework="np") as file:
                return file.get_tensor(f"layer.{i:02d}")
        except (OSError, SafetensorError) as error:
            raise StoreError(f"can't read layer {i} of {self._path} ({error}); extract again") from error


class ShardFolder:
    """The finished parts of an extraction that is under way, in the folder ``<path>.partial``.

    Parameters
    ----------
    path
        Where the finished file will stand.
    manifest
        Everything that decides the numbers and their order. A folder with another manifest is emptied.
    rows
        For each shard, the rows of the contexts table it holds, in its order.
    shape
        Number of layers and width.
    dtype
        float32 or float16.

    Raises
    ------
    StoreError
        If the folder can't be written.
    """

    def __init__(
        self,
        path: Path,
        manifest: Mapping[str, Any],
        rows: Sequence[NDArray[np.int64]],
        shape: tuple[int, int],
        dtype: np.dtype[Any],
    ) -> None:
        self.path = path
        self.folder = path.with_name(path.name + ".partial")
        self.rows, self.dtype = list(rows), dtype
        self.n_layers, self.width = shape
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
        self._manifest = _digest(text.encode())
        file = self.folder / "manifest.json"
        with _writing(self.folder):
            if self.folder.exists() and not (file.is_file() and file.read_bytes() == text.encode()):
                if next(self.folder.glob("shard-*.safetensors"), None):
                    logger.warning(
                        "%s: parts of another extraction, or of a damaged one: thrown away and extracted again", file
                    )
                shutil.rmtree(self.folder)
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(file, [text.encode()])

    def __contains__(self, shard: int) -> bool:
        """Tell whether a shard is there and is what was written; of one that is not, a line of warning tells.

        It is read for that, once: its header must be that of this shard of this extraction, and its values must have
        the digest that the header holds.
        """
        file = self._file(shard)
        if not file.exists():
            return False
        try:
            with safe_open(file, framework="np") as opened:
                header, values = dict(opened.metadata() or {}), opened.get_tensor("values")
        except (OSError, SafetensorError):
            header, values = {}, np.empty(0)
        sound = header == self._header(shard, values)
        if not sound:
            logger.warning("%s is not what was written (damaged, or another file): computed again", file)
        return sound

    def write(self, shard: int, values: NDArray[Any]) -> None:
        """Store a shard's values, shape (n_layers, rows of the shard, width)."""
        stored = np.ascontiguousarray(values, dtype=self.dtype)
        write_tensors(self._file(shard), {"values": stored.shape}, self.dtype, [stored], self._header(shard, stored))

    def finish(self, metadata: Mapping[str, str]) -> Activations:
        """Merge the shards into one file, one layer in memory at a time, and remove the folder."""
        n = sum(map(len, self.rows))
        shapes = dict.fromkeys(_names(self.n_layers), (n, self.width))
        merged = self.folder / "merged.safetensors"
        write_tensors(merged, shapes, self.dtype, self._merged(n), metadata)
        with _writing(self.path):
            merged.replace(self.path)
        shutil.rmtree(self.folder, ignore_errors=True)
        return Activations.open(self.path)

    def _merged(self, n: int) -> Iterator[NDArray[Any]]:
        for layer in range(self.n_layers):
            merged = np.empty((n, self.width), dtype=self.dtype)
            for shard, rows in enumerate(self.rows):
                with safe_open(self._file(shard), framework="np") as file:
                    merged[rows] = file.get_slice("values")[layer : layer + 1][0]
            yield merged

    def _header(self, shard: int, values: NDArray[Any]) -> dict[str, str]:
        return {"manifest": self._manifest, "shard": str(shard), "sha256": _digest(np.ascontiguousarray(values).data)}

    def _file(self, shard: int) -> Path:
        return self.folder / f"shard-{shard:05d}.safetensors"


class ShardMemory:
    """The same interface as `ShardFolder`, for an extraction that writes no file."""

    def __init__(self, rows: Sequence[NDArray[np.int64]], shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
        self.rows = list(rows)
        self._values = np.empty((shape[0], sum(map(len, self.rows)), shape[1]), dtype=dtype)

    def __contains__(self, shard: int) -> bool:
        return False

    def write(self, shard: int, values: NDArray[Any]) -> None:
        """Keep a shard's values, shape (n_layers, rows of the shard, width)."""
        self._values[:, self.rows[shard]] = values

    def finish(self, metadata: Mapping[str, str]) -> Activations:
        """Return all shards as one."""
        return Activations.from_arrays(self._values, metadata)


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

    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, parts())


def _digest(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()


def _names(n_layers: int) -> list[str]:
    return [f"layer.{i:02d}" for i in range(n_layers)]


def _replace(path: Path, parts: Iterable[bytes | memoryview]) -> None:
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
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise StoreError(f"can't write {path}: {why}; choose a folder with space and permission") from error
