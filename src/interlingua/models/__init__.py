"""Language models: which are known, how they are loaded, and every unit's value at the target words.

Nothing here is imported before it is used: ``import interlingua.models`` needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlingua.flow.processes import one_thread
    from interlingua.models.extraction import extract, extract_sites
    from interlingua.models.loading import LoadedModel, ModelShape, describe, fingerprint, load_model
    from interlingua.models.machine import matrix_speed
    from interlingua.models.reading import read_sites
    from interlingua.models.registry import CARDS, ModelCard, ModelSpec
    from interlingua.models.sites import Address, Sites, find_sites
    from interlingua.models.specs import parse_spec
    from interlingua.models.store import Activations
    from interlingua.models.targets import locate_targets, sentence_tokens, target_mask

__all__ = [
    "CARDS",
    "Activations",
    "Address",
    "LoadedModel",
    "ModelCard",
    "ModelShape",
    "ModelSpec",
    "Sites",
    "describe",
    "extract",
    "extract_sites",
    "find_sites",
    "fingerprint",
    "load_model",
    "locate_targets",
    "matrix_speed",
    "one_thread",
    "parse_spec",
    "read_sites",
    "sentence_tokens",
    "target_mask",
]

_HOME = {
    "CARDS": "registry",
    "Activations": "store",
    "Address": "sites",
    "LoadedModel": "loading",
    "ModelCard": "registry",
    "ModelShape": "loading",
    "ModelSpec": "registry",
    "Sites": "sites",
    "describe": "loading",
    "extract": "extraction",
    "extract_sites": "extraction",
    "find_sites": "sites",
    "fingerprint": "loading",
    "load_model": "loading",
    "locate_targets": "targets",
    "matrix_speed": "machine",
    "one_thread": "machine",
    "parse_spec": "specs",
    "read_sites": "reading",
    "sentence_tokens": "targets",
    "target_mask": "targets",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
