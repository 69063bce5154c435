"""A model's files, looked at before `transformers` opens them: what they ask for, what is missing or too large."""

from __future__ import annotations

import copy
import json
import math
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import torch
import transformers
from safetensors import SafetensorError, safe_open

from interlingua.errors import ModelError

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*",
    "merges.txt",
    "bpe.codes",
    "tekken.json",
    "*.model",
    "*.spm",
    "*.tiktoken",
)
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
"""Of these `transformers` opens the first that is there."""

# Those of a tokenizer's files that hold its pieces.
_PIECES = tuple(
    pattern
    for pattern in TOKENIZER_FILES
    if pattern not in ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
)
_POINTER = b"version https://git-lfs.github.com/spec/"

# What transformers computes with by itself. Any other name is, or may become, that of a repository with code.
_ATTENTION = ("eager", "sdpa", "flex_attention", "flash_attention_2", "flash_attention_3", "flash_attention_4")
_EXPERTS = ("eager", "grouped_mm", "batched_mm")

# Numbers of things that are built one by one, so that a wrong one would take for ever, and the most that is sensible.
_COUNTS = (
    (re.compile(r"(^|_)(layers?|blocks?|block_sizes|depths?|stages?|groups?|group_num|repeats?|loops?)$"), 1_000),
    (re.compile(r"experts?$|_heads?$"), 10_000),
    (re.compile(r"num_labels$"), 1_000_000),
)
# How many times the numbers in its files a model may hold (tables that are computed, parts that are not saved), and
# how many more.
_TIMES, _TIMES_QUANTISED, _MORE = 4, 32, 2**26


def check_config(name: str, folder: Path) -> None:
    """Refuse a configuration that asks for foreign code or for files elsewhere, or that would be built for ever.

    One that can't be read is left to `transformers`, which says why.

    Raises
    ------
    ModelError
        Names the key, its value and what is allowed.
    """
    refuse_pointers(name, folder, ("config.json",))
    for key, value in _entries(_read_json(folder / "config.json")):
        if key.strip("_").removesuffix("_internal").endswith("_implementation"):
            allowed = _EXPERTS if "experts" in key else _ATTENTION
            if isinstance(value, str) and value not in allowed:
                raise ModelError(
                    f"config.json of {name} asks for {key} = '{value}', which is no part of transformers, and "
                    "code that a model brings along is never run; take the key out, or set it to one of "
                    f"{', '.join(allowed)}"
                )
        if key == "transformers_weights" and isinstance(value, str):
            _check_name(name, "config.json", value)
        if isinstance(value, int) and not isinstance(value, bool):
            for pattern, most in _COUNTS:
                if value > most and pattern.search(key):
                    raise ModelError(
                        f"config.json of {name} says {key} = {_short(value)}, and {most:,} is the most that is built; "
                        "give the configuration that belongs to the weights"
                    )


def refuse_pointers(name: str, folder: Path, patterns: Sequence[str]) -> None:
    """Refuse files that git-lfs has left as pointers.

    Raises
    ------
    ModelError
        Names the file.
    """
    for path in sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}):
        with path.open("rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                raise ModelError(
                    f"{path.name} of {name} is a git-lfs pointer, not the file itself: run 'git lfs pull' in {folder}, "
                    "or download the model with 'hf download'"
                )


def has_pieces(folder: Path) -> bool:
    """Tell whether a folder holds a file with a tokenizer's pieces."""
    return any(path.is_file() for pattern in _PIECES for path in folder.glob(pattern))


def no_pieces(name: str) -> ModelError:
    """Return the error for a model without a tokenizer's files."""
    return ModelError(
        f"{name} has no tokenizer files, and without them transformers would make up a tokenizer that is not the "
        "model's; add its tokenizer.json (or vocab.txt, vocab.json and merges.txt, or the SentencePiece model)"
    )


def is_pickle(file: str) -> bool:
    """Tell whether a file of weights, or the files that an index names, are pickles: all but safetensors may be."""
    return not file.endswith((".safetensors", ".safetensors.index.json"))


def no_pickle(name: str, file: str) -> ModelError:
    """Return the error for weights that are a pickle, where nobody has said that it is trusted."""
    return ModelError(
        f"{file} of {name} is a pickle, which can run code when it is opened: get the model as safetensors "
        "(model.save_pretrained writes them), or, if you trust those who made it, say --trust "
        "([extraction] trust = true in a study, trust=True of load_model)"
    )


def shard_names(name: str, index: Path) -> list[str]:
    """Return the files that an index of weights names.

    Raises
    ------
    ModelError
        If it can't be read, or names a file outside its folder.
    """
    content = _read_json(index)
    found = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(isinstance(shard, str) for shard in found.values()):
        raise ModelError(f"{index.name} of {name} is no index of weights: it needs a table weight_map of file names")
    names = sorted(set(found.values()))
    for shard in names:
        _check_name(name, index.name, shard)
    return names


def check_size(name: str, config: Any, auto: str, weights: Sequence[Path]) -> None:
    """Refuse a configuration of a model that is far larger than its weights, before anything is allocated.

    Where there are no weights (a model that is drawn at random), it is compared with the machine's memory.

    Raises
    ------
    ModelError
        Names its largest parameter.
    """
    held = sum(map(_count_numbers, weights))
    times = _TIMES_QUANTISED if getattr(config, "quantization_config", None) else _TIMES
    most = times * held + _MORE if weights else _memory() // 4
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            model = getattr(transformers, auto).from_config(copy.deepcopy(config))
        sizes = {parameter: tuple(values.shape) for parameter, values in model.named_parameters()}
    except Exception:  # whatever it is, loading the model meets it again, and says so
        return
    total = sum(map(math.prod, sizes.values()))
    if total > most:
        largest = max(sizes, key=lambda parameter: math.prod(sizes[parameter]))
        shape = " x ".join(map(str, sizes[largest]))
        but = f"its weights hold {held:,}" if weights else "they do not fit this machine's memory"
        raise ModelError(
            f"config.json of {name} describes a model of {total:,} numbers ({largest} alone has {shape}), but {but}; "
            "give the configuration that belongs to the weights"
        )


def _memory() -> int:
    """Return this machine's memory in bytes, or a lot where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**38


def _short(value: int) -> str:
    return str(value) if value < 10**15 else f"a number of {len(str(value))} digits"


def _count_numbers(path: Path) -> int:
    """Return how many numbers a file of weights holds, or for another format at most can hold."""
    if path.suffix.lower() == ".gguf":
        return 8 * path.stat().st_size
    if path.suffix != ".safetensors":
        return path.stat().st_size
    try:
        with safe_open(path, framework="np") as file:
            return sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118
    except (OSError, SafetensorError):
        return path.stat().st_size


def _check_name(name: str, where: str, path: str) -> None:
    if path in ("", "..") or PurePosixPath(path).name != path or "\\" in path or ":" in path:
        raise ModelError(
            f"{where} of {name} names '{path}' as a file of weights; only files in the model's own folder are opened"
        )


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _entries(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with each single value under it, at any depth, lists and tables of values included."""
    waiting = [("", content)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            # attn_implementation may be a table of one value for each part of a model.
            own = key if "_implementation" in key else ""
            waiting += [(own or str(inner), child) for inner, child in value.items()]
        elif isinstance(value, list):
            waiting += [(key, child) for child in value]
        else:
            yield key, value
