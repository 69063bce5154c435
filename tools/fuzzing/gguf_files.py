"""GGUF files: a tiny Qwen2 in float32 and in Q8_0, and a few lines that read such a file without the reader."""

from __future__ import annotations

import math
import os
import random
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from fuzzing.kinds import Kind, Mutant, Read, add
from fuzzing.models import read_model, wrong_weights
from fuzzing.mutate import spoilt_bytes
from fuzzing.packing import spoilt_numbers

_WIDTH, _BLOCK = 32, 32
_FLOAT, _HALF, _Q8 = 0, 1, 8
_SCALARS = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
#: What `transformers` calls a block's parts, and what the format does.
_PARTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
#: Keys of the configuration, and what the format calls them.
_CONFIG = {
    "num_hidden_layers": "block_count",
    "max_position_embeddings": "context_length",
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
}


@dataclass
class _Gguf:
    """What a file says.

    Attributes
    ----------
    values
        By key, lists included.
    places
        Where single values stand in the file, and their form.
    tensors
        By name, unpacked.
    data
        Where the tensors' numbers begin.
    """

    values: dict[str, Any] = field(default_factory=dict)
    places: list[tuple[int, str]] = field(default_factory=list)
    tensors: dict[str, Any] = field(default_factory=dict)
    data: int = 0


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 4

    def take(self, form: str) -> Any:
        [value] = struct.unpack_from(f"<{form}", self.content, self.at)
        self.at += struct.calcsize(f"<{form}")
        return value

    def text(self) -> str:
        length = self.take("Q")
        if self.at + length > len(self.content):
            raise ValueError("a text that ends behind the file")
        self.at += length
        return self.content[self.at - length : self.at].decode()

    def value(self, kind: int) -> Any:
        if kind == 8:
            return self.text()
        if kind == 9:
            inside, count = self.take("I"), self.take("Q")
            if count > len(self.content):
                raise ValueError("a list that ends behind the file")
            return [self.value(inside) for _ in range(count)]
        return self.take(_SCALARS[kind])


def _parsed(content: bytes) -> _Gguf:
    """Read a file.

    Raises
    ------
    ValueError, KeyError, struct.error
        If it is none, or not whole.
    """
    if content[:4] != b"GGUF":
        raise ValueError("no GGUF file")
    found, reader = _Gguf(), _Bytes(content)
    reader.take("I")
    n_tensors, n_values = reader.take("Q"), reader.take("Q")
    if max(n_tensors, n_values) > len(content):
        raise ValueError("more of them than bytes")
    for _ in range(n_values):
        key, kind = reader.text(), reader.take("I")
        if kind in _SCALARS:
            found.places.append((reader.at, _SCALARS[kind]))
        found.values[key] = reader.value(kind)
    facts = []
    for _ in range(n_tensors):
        name, dimensions = reader.text(), reader.take("I")
        if dimensions > 8:
            raise ValueError("too many dimensions")
        shape = [reader.take("Q") for _ in range(dimensions)]
        facts.append((name, shape[::-1], reader.take("I"), reader.take("Q")))
    align = int(found.values.get("general.alignment", 32)) or 32
    found.data = -(-reader.at // align) * align
    found.tensors = {name: _numbers(content[found.data + at :], kind, shape) for name, shape, kind, at in facts}
    return found


def _numbers(data: bytes, kind: int, shape: list[int]) -> Any:
    n = math.prod(shape)
    if n > len(data):
        raise ValueError("a tensor that ends behind the file")
    if kind == _Q8:
        blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("numbers", "i1", _BLOCK)]), n // _BLOCK)
        return (blocks["scale"].astype(np.float32)[:, None] * blocks["numbers"].astype(np.float32)).reshape(shape)
    return np.frombuffer(data, {_FLOAT: "<f4", _HALF: "<f2"}[kind], n).reshape(shape)


def _written(quantised: bool) -> bytes:
    """Write the model as llama.cpp's converter does, by the package `gguf`."""
    import gguf
    from tokenizers import pre_tokenizers

    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "th", "the", "<|endoftext|>"]
    square, half = (_WIDTH, _WIDTH), (_WIDTH // 2, _WIDTH)
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (len(tokens), _WIDTH), "output_norm.weight": (_WIDTH,)}
    for part in _PARTS.values():
        shapes[f"blk.0.{part}.weight"] = (
            (_WIDTH,) if "norm" in part else half if part in ("attn_k", "attn_v") else square
        )
    shapes |= {f"blk.0.attn_{part}.bias": shapes[f"blk.0.attn_{part}.weight"][:1] for part in "qkv"}
    generator = np.random.default_rng(2)
    with tempfile.TemporaryDirectory() as folder:
        writer = gguf.GGUFWriter(Path(folder, "a.gguf"), "qwen2")
        writer.add_block_count(1)
        writer.add_context_length(48)
        writer.add_embedding_length(_WIDTH)
        writer.add_feed_forward_length(_WIDTH)
        writer.add_head_count(2)
        writer.add_head_count_kv(1)
        writer.add_layer_norm_rms_eps(1e-6)
        writer.add_rope_freq_base(10000.0)
        writer.add_tokenizer_model("gpt2")
        writer.add_token_list(tokens)
        writer.add_token_types([3 if token == "<|endoftext|>" else 1 for token in tokens])
        writer.add_token_merges(["t h", "th e"])
        writer.add_eos_token_id(len(tokens) - 1)
        for name, shape in shapes.items():
            array = generator.normal(0, 0.3, shape).astype(np.float32)
            if quantised and array.ndim == 2:
                kind = gguf.GGMLQuantizationType.Q8_0
                writer.add_tensor(name, gguf.quants.quantize(array, kind), raw_dtype=kind)
            else:
                writer.add_tensor(name, array)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return Path(folder, "a.gguf").read_bytes()


def _mutant(seeds: list[bytes], parsed: list[_Gguf], chance: random.Random) -> Mutant:
    which = chance.randrange(len(seeds))
    content, known = bytearray(seeds[which]), parsed[which]
    match chance.randrange(6):
        case 0 | 1:
            place, form = chance.choice(known.places)
            size = struct.calcsize(f"<{form}")
            content[place : place + size] = spoilt_numbers(bytes(content[place : place + size]), chance)
        case 2 | 3:
            content[24 : known.data] = spoilt_numbers(bytes(content[24 : known.data]), chance)
        case 4:
            content[known.data :] = spoilt_numbers(bytes(content[known.data :]), chance)
        case _:
            content = bytearray(spoilt_bytes(bytes(content), chance))
    try:
        _parsed(bytes(content))
    except (ValueError, KeyError, struct.error):
        return Mutant(bytes(content), inside=False)
    return Mutant(bytes(content), inside=True)


def _read(path: Path) -> Read:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        os.environ["INTERLINGUA_CACHE"] = folder
        return read_model(path)


def _wrong(mutant: Mutant, read: Read) -> str:
    try:
        known = _parsed(mutant.content)
    except (ValueError, KeyError, struct.error) as error:
        return f"it is read, though it is none ({error!r})"[:200]
    architecture = known.values["general.architecture"]
    for ours, theirs in _CONFIG.items():
        said = known.values.get(f"{architecture}.{theirs}")
        if said is not None and read.values["config"][ours] != said:
            return f"{theirs} is {said}, and the model has {read.values['config'][ours]}"
    for number, token in enumerate(known.values["tokenizer.ggml.tokens"]):
        if read.values["vocabulary"].get(token) != number:
            return f"token {number} is {token!r}, and {read.values['vocabulary'].get(token)} is read"
    return wrong_weights(_named(known.tensors), read.values["weights"])


def _named(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return tensors by the names that `transformers` gives them."""
    found = {}
    back = {theirs: ours for ours, theirs in _PARTS.items()}
    for name, tensor in tensors.items():
        if name in ("token_embd.weight", "output_norm.weight"):
            found["embed_tokens.weight" if "embd" in name else "norm.weight"] = tensor
        elif name.startswith("blk.") and name.count(".") == 3:
            _, layer, part, kind = name.split(".")
            found[f"layers.{layer}.{back.get(part, part)}.{kind}"] = tensor
    return found


if find_spec("gguf") and find_spec("accelerate"):
    _SEEDS = [_written(quantised) for quantised in (False, True)]
    _PARSED = [_parsed(seed) for seed in _SEEDS]
    add(Kind("gguf", ".gguf", _SEEDS, lambda chance: _mutant(_SEEDS, _PARSED, chance), _read, _wrong, 200))
