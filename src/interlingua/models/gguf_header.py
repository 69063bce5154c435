"""What a GGUF file says of itself, read in no time: enough to tell whether all of it is there."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

#: Types of values by their number: how they are unpacked.
_SCALARS = dict(enumerate(("B", "b", "H", "h", "I", "i", "f", "?"))) | {10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_VERSIONS = (2, 3)
_ALIGNMENT = 32
_MOST_DIMENSIONS = 8
#: How the names of a layer's weights begin: ``blk.7.attn_q.weight``, ``enc.blk.7.ffn_up.weight``.
_BLOCK = re.compile(r"\bblk\.([0-9]{1,9})\.")


@dataclass(frozen=True)
class GgufHeader:
    """What stands before the weights of a GGUF file.

    Parameters
    ----------
    values
        By their keys, such as ``general.architecture``: single values and lists of texts, but no lists of numbers.
    end
        Bytes that the file must have.
    held
        Layers of which there are weights.
    """

    values: dict[str, Any] = field(repr=False)
    end: int
    held: int

    @property
    def blocks(self) -> int:
        """Layers of the model, 0 if it does not say."""
        return int(self.values.get(f"{self.values.get('general.architecture')}.block_count", 0))


def read_header(file: Path, bytes_of: Callable[[int, int], int]) -> GgufHeader:
    """Read a GGUF file up to its weights.

    Parameters
    ----------
    file
        The file.
    bytes_of
        What tells how many bytes so many numbers take in the type of that number.

    Raises
    ------
    ValueError, struct.error
        If it is no GGUF file, or ends before its weights do.
    OSError
        If it can't be read.
    """
    with file.open("rb") as opened:
        if opened.read(4) != b"GGUF":
            raise ValueError("it does not begin as one")
        size = opened.seek(0, 2)
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            reader = _Reader(content)
            version, n_tensors, n_values = reader.take("<IQQ")
            if version not in _VERSIONS:
                raise ValueError(f"it is of version {version}, and versions 2 and 3 are known")
            values = {}
            for _ in range(n_values):
                key = reader.text()
                value = reader.value(reader.take("<I")[0])
                if value is not None:
                    values[key] = value
            last, held = 0, set()
            for _ in range(n_tensors):
                if block := _BLOCK.search(reader.text()):
                    held.add(int(block[1]))
                (dimensions,) = reader.take("<I")
                if dimensions > _MOST_DIMENSIONS:
                    raise ValueError(f"a tensor of {dimensions} dimensions")
                shape = reader.take(f"<{dimensions}Q")
                kind, offset = reader.take("<IQ")
                last = max(last, offset + bytes_of(prod(shape), kind))
    align = int(values.get("general.alignment", _ALIGNMENT)) or _ALIGNMENT
    end = (reader.at + align - 1) // align * align + last
    if end > size:
        raise ValueError(f"it has {size:,} bytes, and its weights end at {end:,}")
    return GgufHeader(values, end, len(held))


class _Reader:
    """Reads one thing after the other."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content, self.at = content, 4

    def take(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(form, self.content, self.at)
        self.at += struct.calcsize(form)
        return found

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.content):
            raise ValueError("it ends in the midst of its header")

    def text(self) -> str:
        (length,) = self.take("<Q")
        begin = self.at
        self.skip(length)
        return self.content[begin : self.at].decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        """Return a single value or a list of texts, and nothing for a list of numbers, which is passed over."""
        if kind in _SCALARS:
            return self.take(f"<{_SCALARS[kind]}")[0]
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY:
            raise ValueError(f"a value of the type {kind}")
        inside, count = self.take("<IQ")
        if inside in _SCALARS:
            self.skip(count * struct.calcsize(_SCALARS[inside]))
        elif inside == _STRING:
            return [self.text() for _ in range(count)]
        else:
            raise ValueError(f"a list of the type {inside}")
        return None
