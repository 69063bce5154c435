"""Probe weights in a safetensors file, one tensor for each probe, curve and layer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import StoreError, reason

WeightKey = tuple[str, str, int]
"""(probe, curve, layer), as in the probe table; the layer of the whole network is -1."""


def save_weights(path: str | os.PathLike[str], weights: Mapping[WeightKey, NDArray[np.floating]]) -> None:
    """Write weights, replacing the file only once the new one is complete.

    Parameters
    ----------
    path : str or path-like
        A `.safetensors` file; its folder must exist.
    weights : mapping of (probe, curve, layer) to ndarray
        As in `ProbeResults.weights`.

    Raises
    ------
    StoreError
        If the file can't be written.
    """
    from safetensors.numpy import save

    tensors = {_name(key): np.ascontiguousarray(value) for key, value in sorted(weights.items())}
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_bytes(save(tensors))
        partial.replace(target)
    except OSError as error:
        raise StoreError(f"can't write {target}: {reason(error)}; choose a folder that you can write to") from error


def load_weights(path: str | os.PathLike[str]) -> dict[WeightKey, NDArray[np.floating]]:
    """Read what `save_weights` wrote.

    Raises
    ------
    StoreError
        If the file is not there or is not a file of probe weights.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
        return {_key(name): tensors[name] for name in sorted(tensors)}
    except (OSError, SafetensorError, ValueError) as error:
        raise StoreError(f"can't read probe weights from {path}: {error}; run the probes again") from error


def _name(key: WeightKey) -> str:
    probe, curve, layer = key
    return f"{probe}/{curve}/{layer}"


def _key(name: str) -> WeightKey:
    probe, curve, layer = name.split("/")
    return probe, curve, int(layer)
