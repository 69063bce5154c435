"""A model's parts, from whatever source: configuration, tokenizer, weights, and what its numbers depend on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from interlingua.models import sources
from interlingua.models.pretrained import quiet
from interlingua.models.registry import ModelSpec


@dataclass(frozen=True, eq=False)
class Parts:
    """What a source brings.

    Parameters
    ----------
    tokenizer, model
        Of `transformers`; the model on the CPU.
    commit
        The hub commit, or "".
    fingerprint
        What the numbers depend on.
    """

    tokenizer: Any
    model: Any
    commit: str
    fingerprint: str


def load_parts(found: ModelSpec, dtype: torch.dtype, *, local_files_only: bool) -> Parts:
    """Load tokenizer and model.

    Raises
    ------
    ModelError
        If they can't be had or read, or the weights are not whole.
    """
    with _open(found, local_files_only=local_files_only) as opened:
        opened.config()  # what is wrong with it is told first
        tokenizer = opened.tokenizer()
        model = opened.random(dtype, found.seed) if found.untrained else opened.model(dtype)
    return Parts(tokenizer, model, opened.commit, fingerprint_of(found, opened.commit))


def load_tokenizer_of(found: ModelSpec, *, local_files_only: bool) -> Any:
    """Load a model's tokenizer alone."""
    with _open(found, local_files_only=local_files_only) as opened:
        return opened.tokenizer()


def read_config(found: ModelSpec, *, local_files_only: bool) -> Any:
    """Return the `transformers` configuration of a model."""
    with _open(found, local_files_only=local_files_only) as opened:
        return opened.config()


def locate_commit(found: ModelSpec, *, local_files_only: bool) -> str:
    """Return the commit that a hub model's revision stands for, and "" for any other model."""
    source = sources.get(found.source)
    with quiet(bars=source.downloads):
        return source.commit(found, local_files_only=local_files_only)


def fingerprint_of(found: ModelSpec, commit: str) -> str:
    """Return what a model's numbers depend on: the hub commit, or a sha256 of its files."""
    fingerprint = sources.get(found.source).fingerprint(found, commit)
    return f"untrained, seed {found.seed}, {fingerprint}" if found.untrained else fingerprint


@contextmanager
def _open(found: ModelSpec, *, local_files_only: bool) -> Iterator[sources.OpenedModel]:
    source = sources.get(found.source)
    with quiet(bars=source.downloads):
        yield source.open(found, local_files_only=local_files_only)
