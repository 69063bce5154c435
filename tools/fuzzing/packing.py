"""Folders as one file; safetensors taken apart and put together, without the readers, as the judge looks here, too."""

from __future__ import annotations

import io
import json
import math
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from fuzzing.mutate import spoilt_bytes, spoilt_json, spoilt_text
from numpy.typing import NDArray

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1"}


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a folder's files as one, always the same."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    """Return the files of a folder."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def unpack(content: bytes, folder: Path) -> None:
    """Write the files of a folder."""
    for name, data in unpacked(content).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def safetensors(tensors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return float32 tensors as the format has them: the header's length, the header, the numbers."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, tensor in tensors.items():
        more = tensor.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(more)]}
        data += more
    return _with_header(json.dumps(header).encode(), data)


def _with_header(header: bytes, data: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + data


def tensors_of(content: bytes) -> dict[str, NDArray[np.float64]]:
    """Return the tensors of a safetensors file.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is none.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    found = {}
    for name, facts in json.loads(content[8:end].decode()).items():
        if name != "__metadata__":
            first, last = facts["data_offsets"]
            data = content[end + first : end + last]
            if facts["dtype"] == "BF16":
                values = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
            else:
                values = np.frombuffer(data, _DTYPES[facts["dtype"]])
            if len(values) != math.prod(facts["shape"]):
                raise ValueError(f"{name} has another length than its shape says")
            found[name] = values.reshape(facts["shape"]).astype(np.float64)
    return found


def spoilt_safetensors(content: bytes, chance: random.Random) -> tuple[bytes, bool]:
    """Return a spoilt file, and whether only what its container holds was changed."""
    end = 8 + int.from_bytes(content[:8], "little")
    header, data = content[8:end], content[end:]
    match chance.randrange(8):
        case 0 | 1 | 2:
            return _with_header(spoilt_json(header.decode(), chance).encode("utf-8", "replace"), data), True
        case 3:
            return _with_header(spoilt_text(header.decode(), chance).encode("utf-8", "replace"), data), True
        case 4 | 5:
            return _with_header(header, spoilt_numbers(data, chance)), True
        case _:
            return spoilt_bytes(content, chance), False


def spoilt_numbers(data: bytes, chance: random.Random) -> bytes:
    """Return as many bytes, some of them flipped or overwritten."""
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 3))):
        place = chance.randrange(len(spoilt))
        spoilt[place] = chance.choice((spoilt[place] ^ 1 << chance.randrange(8), 0, 0xFF, 0x7F))
    return bytes(spoilt)
