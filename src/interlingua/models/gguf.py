"""GGUF files: converted once into the cache by `transformers`, and from then on read like a model's folder."""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from functools import cached_property, lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_model

from interlingua.errors import ModelError, reason
from interlingua.flow.cache import Cache, cache_root, content_key, file_digest
from interlingua.models import files
from interlingua.models.gguf_header import read_header
from interlingua.models.pretrained import (
    Place,
    PretrainedFiles,
    open_config,
    open_tokenizer,
    open_whole,
    random_model,
)
from interlingua.models.registry import trained
from interlingua.models.sources.base import OpenedModel

logger = logging.getLogger("interlingua")

STEP = "gguf"
"""What conversions are called in the cache."""
_NEEDED = ("gguf", "accelerate")
#: What decides what a file is converted to.
_READERS = ("gguf", "transformers", "tokenizers")
#: Of what is written; to be raised when code here writes something else.
_FORMAT = 1


class GgufFile(OpenedModel):
    """A model in one GGUF file.

    Configuration and tokenizer are converted when they are first asked for, the weights when they are first loaded in
    a number format: numbers of 4 to 8 bits become what they stand for. All of it lies in the cache then.

    Parameters
    ----------
    name
        How results call the model.
    digest
        SHA-256 of the file.
    at
        What tells where the file lies, given a folder (not made yet) for what is needed for a while.
    commit
        Of the hub, or "".

    Raises
    ------
    ModelError
        If what reads it is not installed.
    """

    def __init__(self, name: str, digest: str, at: Callable[[Path], Path], commit: str = "") -> None:
        if missing := [package for package in _NEEDED if find_spec(package) is None]:
            raise ModelError(
                f"{name} is a GGUF file, and to read it {' and '.join(missing)} must be installed: pip install "
                "'interlingua[gguf]'"
            )
        self._name, self._digest, self._at, self.commit = name, digest, at, commit

    def config(self) -> Any:
        """Read the configuration."""
        return self._described.config()

    def tokenizer(self) -> Any:
        """Read the tokenizer."""
        return self._described.tokenizer()

    def model(self, dtype: torch.dtype) -> Any:
        """Read the weights."""
        return self._weights(dtype).model(dtype)

    def placed(self, dtype: torch.dtype, options: Mapping[str, Any]) -> Any:
        """Read the weights where and how the options say."""
        return self._weights(dtype).placed(dtype, options)

    def reference(self, layers: int | None) -> Any:
        """Read the weights of the first layers alone."""
        return self._weights(torch.float32).reference(layers)

    def random(self, dtype: torch.dtype, seed: int) -> Any:
        """Draw weights of the configuration."""
        return random_model(self._name, self.config(), dtype, seed)

    def with_head(self, dtype: torch.dtype, *, causal: bool) -> Any:
        """Read the weights with a head that shares the embeddings'; one of its own is not converted."""
        return self._weights(dtype).with_head(dtype, causal=causal)

    @cached_property
    def _described(self) -> PretrainedFiles:
        return self._read(self._converted("configuration and tokenizer", self._describe))

    def _weights(self, dtype: torch.dtype) -> PretrainedFiles:
        kind = str(dtype).removeprefix("torch.")
        return self._read(self._converted(f"weights in {kind}", partial(self._unpack, dtype)))

    def _read(self, folder: Path) -> PretrainedFiles:
        return PretrainedFiles(self._name, Place(str(folder), "", folder, local_files_only=True))

    def _converted(self, part: str, make: Callable[[Path, Path], None]) -> Path:
        """Return the folder in the cache with a part of the model, made if it is not there or is not what was made."""
        recipe = {
            "step": STEP,
            "at": {"model": trained(self._name), "part": part},
            "file": self._digest,
            "versions": {name: version(name) for name in _READERS},
            "format": _FORMAT,
        }
        key, cache = content_key(recipe), _cache(cache_root())
        made = cache.find(STEP, key)
        if made is not None and (bad := cache.spoilt(made, made.digests)):
            cache.reject(STEP, key, f"{bad} is not what was written")
            made = None
        if made is None:
            with cache.claim(STEP, key, recipe) as claim:
                if claim.made is None:
                    file = self._at(claim.unfinished)
                    _check(self._name, file)
                    logger.info("%s: its %s are converted, once (%s)", self._name, part, cache.folder(STEP, key))
                    make(file, claim.folder)
            made = cache.peek(STEP, key)
            if made is None:
                raise ModelError(f"{cache.folder(STEP, key)}: was removed at once; is somebody emptying the cache?")
        return made.folder

    def _describe(self, file: Path, folder: Path) -> None:
        place = _place(file)
        config = open_config(self._name, place)
        config.save_pretrained(folder)
        files.check_config(self._name, folder)
        tokenizer = open_tokenizer(self._name, place)
        _compare(file, tokenizer.get_vocab())
        tokenizer.save_pretrained(folder)

    def _unpack(self, dtype: torch.dtype, file: Path, folder: Path) -> None:
        config = self.config()
        with redirect_stderr(io.StringIO()):  # a bar that can't be turned off
            whole = open_whole(self._name, _place(file), config=config, dtype=dtype)
        config.save_pretrained(folder)
        # Not by save_pretrained, which refuses what was read from a GGUF file, though its numbers are unpacked by now.
        save_model(whole, str(folder / files.WEIGHTS[0]), {"format": "pt"})


def of_file(name: str, file: Path, commit: str = "") -> GgufFile:
    """Return the model in a file of this machine."""
    return GgufFile(name, digest_of(file), lambda folder: file, commit)


def fingerprint(digest: str) -> str:
    """Return what the numbers of a GGUF file depend on: its bytes, by their SHA-256, and what reads them.

    Raises
    ------
    ModelError
        If what reads it is not installed.
    """
    try:
        return f"sha256:{digest}, gguf {version('gguf')}"
    except PackageNotFoundError:
        raise ModelError("to read GGUF files gguf must be installed: pip install 'interlingua[gguf]'") from None


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file; one that has not changed is not read again.

    Raises
    ------
    ModelError
        If it can't be read.
    """
    try:
        facts = file.stat()
        return _digest(file, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise ModelError(f"{file} can't be read ({reason(error)})") from None


@lru_cache
def _cache(root: Path) -> Cache:
    """Return the cache; what was compared with its digest once is not read again."""
    return Cache(root)


@lru_cache
def _digest(file: Path, size: int, changed: int) -> str:
    return file_digest(file)


def _place(file: Path) -> Place:
    return Place(str(file.parent), "", file.parent, local_files_only=True, gguf=file.name)


def _check(name: str, file: Path) -> None:
    """Refuse a file that is no GGUF file, is not whole, is one of several parts, or describes what can't be built."""
    files.refuse_pointers(name, file.parent, (file.name,))
    try:
        header = read_header(file, _bytes_of)
    except OSError as error:
        raise ModelError(f"{file} can't be read ({reason(error)})") from None
    except (ValueError, struct.error) as error:
        raise ModelError(f"{file} is no GGUF file, or not a whole one ({error}): get it again") from None
    if (parts := int(header.values.get("split.count", 1))) > 1:
        raise ModelError(f"{file} is one of {parts} parts of a model: join them first (llama-gguf-split --merge)")
    if header.blocks > header.held:  # each of them would be built, and looked for
        raise ModelError(
            f"{file} says that it has {header.blocks:,} layers, and holds the weights of {header.held:,}: get it again"
        )


def _compare(file: Path, vocabulary: Mapping[str, int]) -> None:
    """Refuse a file of whose tokens the tokenizer has lost some: one that stands there twice, or was damaged."""
    known = read_header(file, _bytes_of).values
    if known.get("tokenizer.ggml.model") != "gpt2":  # of others transformers may change names
        return
    for number, token in enumerate(known["tokenizer.ggml.tokens"]):
        if vocabulary.get(token) != number:
            raise ModelError(f"{file}: token {number} is {token!r}, which is lost in its tokenizer: get the file again")


def _bytes_of(numbers: int, kind: int) -> int:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    return numbers // block * size
