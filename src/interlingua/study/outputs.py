"""What passes between the steps of a study besides tables and arrays: activations, and weights of probes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from interlingua.errors import StoreError
from interlingua.tables import Site

# Declarations name these, and pages are made without the numerics: what reads and writes is imported when it does.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from interlingua.models import Activations

WeightKey = tuple[str, str, int]
"""(probe, curve, layer), as `interlingua.probes.weights_io` has it."""


@dataclass(frozen=True)
class SiteFile:
    """What a forward pass leaves of one site; of a site that was not read, a file without content."""

    site: Site
    suffix = ".safetensors"

    @property
    def name(self) -> str:
        """Of the output."""
        return f"pass_{self.site}"

    def write(self, path: Path, value: Path) -> None:
        """The pass writes it itself."""
        raise StoreError(f"{path}: a pass writes its files itself")

    def read(self, path: Path) -> Path:
        """Return where it lies."""
        return path


@dataclass(frozen=True)
class ActivationsFile:
    """Activations of one model, site and language, memory-mapped when they are read."""

    name: str = "activations"
    suffix = ".safetensors"

    def write(self, path: Path, value: Activations) -> None:
        """Write activations."""
        value.save(path)

    def read(self, path: Path) -> Activations:
        """Open them; nothing but the header is read."""
        from interlingua.models import Activations

        return Activations.open(path)


@dataclass(frozen=True)
class WeightsFile:
    """Weights of fitted probes by (probe, curve, layer)."""

    name: str = "probe_weights"
    suffix = ".safetensors"

    def write(self, path: Path, value: Mapping[WeightKey, NDArray[np.floating]]) -> None:
        """Write weights."""
        from interlingua.probes import save_weights

        save_weights(path, value)

    def read(self, path: Path) -> dict[WeightKey, NDArray[np.floating]]:
        """Read weights."""
        from interlingua.probes import load_weights

        return load_weights(path)
