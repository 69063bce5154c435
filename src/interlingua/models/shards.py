"""The parts of an extraction that is under way, from which a stopped run is taken up again."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from interlingua.models.store import (
    Activations,
    digest_of,
    header_of,
    layer_names,
    put_in_place,
    write_tensors,
    writing,
)
from interlingua.tables.layout import Layout

logger = logging.getLogger("interlingua")


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
    layout
        Which layers of which site these are.
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
        layout: Layout,
        dtype: np.dtype[Any],
    ) -> None:
        self.path = path
        self.folder = path.with_name(path.name + ".partial")
        self.rows, self.dtype = list(rows), dtype
        self.layout = layout
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
        self._manifest = digest_of(text.encode())
        file = self.folder / "manifest.json"
        with writing(self.folder):
            if self.folder.exists() and not (file.is_file() and file.read_bytes() == text.encode()):
                if next(self.folder.glob("shard-*.safetensors"), None):
                    logger.warning(
                        "%s: parts of another extraction, or of a damaged one: thrown away and extracted again", file
                    )
                shutil.rmtree(self.folder)
            self.folder.mkdir(parents=True, exist_ok=True)
            put_in_place(file, [text.encode()])

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
        """Store a shard's values, shape (layers, rows of the shard, width)."""
        stored = np.ascontiguousarray(values, dtype=self.dtype)
        write_tensors(self._file(shard), {"values": stored.shape}, self.dtype, [stored], self._header(shard, stored))

    def finish(self, metadata: Mapping[str, str]) -> Activations:
        """Merge the shards into one file, one layer in memory at a time, and remove the folder."""
        n, layers = sum(map(len, self.rows)), self.layout.layers
        shapes = dict.fromkeys(layer_names(layers), (n, self.layout.width(layers[0])))
        merged = self.folder / "merged.safetensors"
        write_tensors(merged, shapes, self.dtype, self._merged(n), {**metadata, **header_of(self.layout)})
        with writing(self.path):
            merged.replace(self.path)
        shutil.rmtree(self.folder, ignore_errors=True)
        return Activations.open(self.path)

    def _merged(self, n: int) -> Iterator[NDArray[Any]]:
        for place, layer in enumerate(self.layout.layers):
            merged = np.empty((n, self.layout.width(layer)), dtype=self.dtype)
            for shard, rows in enumerate(self.rows):
                with safe_open(self._file(shard), framework="np") as file:
                    merged[rows] = file.get_slice("values")[place : place + 1][0]
            yield merged

    def _header(self, shard: int, values: NDArray[Any]) -> dict[str, str]:
        return {"manifest": self._manifest, "shard": str(shard), "sha256": digest_of(np.ascontiguousarray(values).data)}

    def _file(self, shard: int) -> Path:
        return self.folder / f"shard-{shard:05d}.safetensors"


class ShardMemory:
    """The same interface as `ShardFolder`, for an extraction that writes no file."""

    def __init__(self, rows: Sequence[NDArray[np.int64]], layout: Layout, dtype: np.dtype[Any]) -> None:
        self.rows, self.layout = list(rows), layout
        shape = (len(layout.layers), sum(map(len, self.rows)), layout.width(layout.layers[0]))
        self._values = np.empty(shape, dtype=dtype)

    def __contains__(self, shard: int) -> bool:
        return False

    def write(self, shard: int, values: NDArray[Any]) -> None:
        """Keep a shard's values, shape (layers, rows of the shard, width)."""
        self._values[:, self.rows[shard]] = values

    def finish(self, metadata: Mapping[str, str]) -> Activations:
        """Return all shards as one."""
        return Activations.from_arrays(self._values, metadata, self.layout)
