"""Model folders and files of weights: a tiny BERT in shards, and in one file."""

from __future__ import annotations

import builtins
import io
import json
import os
import pickle
import random
import tempfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from fuzzing.kinds import Kind, Mutant, Read, add
from fuzzing.known import ROWS
from fuzzing.mutate import encoded, spoilt_json, spoilt_text
from fuzzing.packing import packed, safetensors, spoilt_safetensors, tensors_of, unpack, unpacked

# A file of code and a pickle that lie in the folder: should anything run them, it is seen here.
_RAN = "interlingua_fuzz_ran"
_CODE = f"import builtins\nbuiltins.{_RAN} = True\n"
_WIDTH, _INNER, _POSITIONS = 8, 16, 48
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_LETTERS = sorted({letter for row in ROWS for letter in row.sentence if letter.isalpha()} | set("abcdefgxyz.,"))
_VOCABULARY = [*_SPECIAL, *_LETTERS, *(f"##{letter}" for letter in _LETTERS), *(row.word for row in ROWS[:20])]
_FIRST, _SECOND, _DECOY = (f"model-0000{n}-of-00002.safetensors" for n in (1, 2, 3))
_INDEX = "model.safetensors.index.json"


class _Runs:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, (_CODE,)


def _tensors(shift: float) -> dict[str, Any]:
    block = "encoder.layer.0"
    square, inner = (_WIDTH, _WIDTH), (_INNER, _WIDTH)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(_VOCABULARY), _WIDTH),
        "embeddings.position_embeddings.weight": (_POSITIONS, _WIDTH),
        "embeddings.token_type_embeddings.weight": (2, _WIDTH),
        **{f"{block}.attention.self.{part}.weight": square for part in ("query", "key", "value")},
        f"{block}.attention.output.dense.weight": square,
        f"{block}.intermediate.dense.weight": inner,
        f"{block}.output.dense.weight": inner[::-1],
    }
    shapes |= {name.replace(".weight", ".bias"): shape[:1] for name, shape in shapes.items() if block in name}
    norms = ("embeddings", f"{block}.attention.output", f"{block}.output")
    shapes |= {f"{norm}.LayerNorm.{part}": (_WIDTH,) for norm in norms for part in ("weight", "bias")}
    generator = np.random.default_rng(1)
    return {name: generator.normal(shift, 0.3, shape).astype(np.float32) for name, shape in sorted(shapes.items())}


_CONFIG = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "vocab_size": len(_VOCABULARY),
    "hidden_size": _WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": _INNER,
    "hidden_act": "gelu",
    "max_position_embeddings": _POSITIONS,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
    "dtype": "float32",
}
#: Those of its keys that decide numbers, where both say something of the same type.
_DECIDE = tuple(key for key in _CONFIG if key not in ("architectures", "dtype"))
_TOKENIZER = {
    "version": "1.0",
    "added_tokens": [
        {"id": n, "content": token, "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for n, token in enumerate(_SPECIAL)
    ],
    "normalizer": {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": False,
    },
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "decoder": None,
    "model": {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {token: n for n, token in enumerate(_VOCABULARY)},
    },
}
_TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "model_max_length": _POSITIONS,
    **dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), _SPECIAL, strict=True)),
}
_OTHERS = {
    "config.json": json.dumps(_CONFIG).encode(),
    "tokenizer.json": json.dumps(_TOKENIZER).encode(),
    "tokenizer_config.json": json.dumps(_TOKENIZER_CONFIG).encode(),
    "modeling_mine.py": _CODE.encode(),
    "pytorch_model.bin": pickle.dumps(_Runs()),
}
_ALL = _tensors(0.0)
_PARTS = [dict(list(_ALL.items())[half::2]) for half in (0, 1)]
_MAP = {name: file for part, file in zip(_PARTS, (_FIRST, _SECOND), strict=True) for name in part}
_SHARDED = {f"model/{name}": content for name, content in _OTHERS.items()} | {
    f"model/{_INDEX}": json.dumps({"metadata": {"total_size": 0}, "weight_map": _MAP}).encode(),
    f"model/{_FIRST}": safetensors(_PARTS[0]),
    f"model/{_SECOND}": safetensors(_PARTS[1]),
    # What an index may name by mistake: other weights in the folder, and outside of it.
    f"model/{_DECOY}": safetensors(dict(list(_tensors(1.0).items())[::2])),
    f"elsewhere/{_FIRST}": safetensors(dict(list(_tensors(2.0).items())[::2])),
}
_WHOLE = {f"model/{name}": content for name, content in _OTHERS.items()} | {
    "model/model.safetensors": safetensors(_ALL)
}
#: What a folder may ask for that is never done, and what it may name instead of its own files.
_ASKS: list[tuple[str, dict[str, Any]]] = [
    ("config.json", {"auto_map": {"AutoModel": "modeling_mine.Mine", "AutoConfig": "modeling_mine.Mine"}}),
    ("config.json", {"attn_implementation": "org/kernel"}),
    ("config.json", {"transformers_weights": f"../elsewhere/{_FIRST}"}),
    ("config.json", {"transformers_weights": "pytorch_model.bin"}),
    ("config.json", {"model_type": "mine", "auto_map": {"AutoConfig": "modeling_mine.Mine"}}),
    ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["modeling_mine.Mine", "modeling_mine.Mine"]}}),
    ("tokenizer_config.json", {"tokenizer_class": "Mine", "auto_map": {"AutoTokenizer": [None, "modeling_mine.M"]}}),
]


def _folder_mutant(seed: Mapping[str, bytes], weights: float) -> Callable[[random.Random], Mutant]:
    """Return what spoils a folder: its weights so often, else one of its texts."""

    def mutant(chance: random.Random) -> Mutant:
        files, inside = dict(seed), True
        named = [name for name in files if name.startswith("model/") and name.endswith(".safetensors")]
        if chance.random() < weights:
            name = chance.choice(named)
            files[name], inside = spoilt_safetensors(files[name], chance)
        elif chance.random() < 0.15:
            name, asked = chance.choice(_ASKS)
            content = json.loads(files[f"model/{name}"]) | asked
            files[f"model/{name}"] = json.dumps(content).encode()
        elif chance.random() < 0.15 and f"model/{_INDEX}" in files:
            places = [*named, f"model/../elsewhere/{_FIRST}", f"{os.sep}{_FIRST}", "model/pytorch_model.bin", "model/"]
            other = chance.choice(places).removeprefix("model/")
            index = files[f"model/{_INDEX}"].decode()
            files[f"model/{_INDEX}"] = index.replace(_FIRST, other, chance.choice((1, 3, 99))).encode()
        else:
            texts = [name for name in files if name.endswith(".json")]
            name = chance.choice(texts)
            text = files[name].decode()
            spoilt = spoilt_json(text, chance).encode() if chance.random() < 0.7 else None
            files[name] = spoilt or encoded(spoilt_text(text, chance), chance)
            if chance.random() < 0.05:
                del files[chance.choice([name for name in files if name.startswith("model/")])]
        return Mutant(packed(files), inside)

    return mutant


def _read_folder(path: Path) -> Read:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unpack(path.read_bytes(), Path(folder))
        return read_model(Path(folder, "model"))


def read_model(place: Path) -> Read:
    """Load a model, and say what is in it."""
    from interlingua.models import load_model

    with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        model = load_model(str(place), device="cpu")
    said: dict[str, Any] = {
        "weights": {name: values.detach().numpy() for name, values in model.model.named_parameters()},
        "config": model.model.config.to_dict(),
        "vocabulary": model.tokenizer.get_vocab(),
        "fingerprint": model.fingerprint,
    }
    return Read(values=said)


def _wrong_folder(seed: Mapping[str, bytes]) -> Callable[[Mutant, Read], str]:
    """Return what compares what was read with what our own few lines find in the folder."""
    clean: list[str] = []

    def wrong(mutant: Mutant, read: Read) -> str:
        if vars(builtins).pop(_RAN, False):
            return "code of the model's folder ran"
        files = {name.removeprefix("model/"): content for name, content in unpacked(mutant.content).items()}
        if unpacked(mutant.content) == seed:
            clean[:] = [read.values["fingerprint"]]
        elif clean == [read.values["fingerprint"]] and _decides(files, seed):
            return "the fingerprint is that of other files"
        config = json.loads(files["config.json"])
        for key in _DECIDE:
            ours = read.values["config"].get(key)
            if key in config and type(ours) is type(config[key]) and ours != config[key]:
                return f"{key} is {config[key]!r}, and the model has {ours!r}"
        pieces = json.loads(files["tokenizer.json"])["model"]["vocab"]
        theirs = read.values["vocabulary"]
        if lost := [piece for piece, number in pieces.items() if theirs.get(piece) != number]:
            return f"{len(lost)} pieces are others than tokenizer.json says: {lost[:3]}"
        return wrong_weights(_weights(files), read.values["weights"])

    return wrong


def _decides(files: Mapping[str, bytes], seed: Mapping[str, bytes]) -> bool:
    """Return whether anything differs from the seed that decides numbers."""
    names = [name.removeprefix("model/") for name in seed if name.endswith((".json", ".safetensors"))]
    return any(files.get(name) != seed[f"model/{name}"] for name in names if "/" not in name)


def _weights(files: Mapping[str, bytes]) -> dict[str, Any]:
    if "model.safetensors" in files:
        return tensors_of(files["model.safetensors"])
    shards = set(json.loads(files[_INDEX])["weight_map"].values())
    return {name: values for shard in sorted(shards) for name, values in tensors_of(files[shard]).items()}


def wrong_weights(known: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """Return which parameter is another than its file says."""
    for name, values in ours.items():
        if name not in known:
            return f"{name} is in no file of weights"
        if not np.array_equal(values, known[name].astype(np.float32), equal_nan=True):
            return f"{name} has other numbers than its file"
    return ""


_COST = 60
for _name, _seed, _share in (("model folder", _SHARDED, 0.25), ("model file", _WHOLE, 0.9)):
    add(Kind(_name, ".zip", [packed(_seed)], _folder_mutant(_seed, _share), _read_folder, _wrong_folder(_seed), _COST))
