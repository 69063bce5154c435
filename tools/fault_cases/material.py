"""Small inputs that several cases share: tables of ratings, a tiny model, a study of seconds."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LETTERS = "abdefgiklmnoprstu"


def words(n: int, seed: int = 0) -> list[str]:
    """Return n made-up words."""
    draw = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < n:
        found["".join(draw.choices(LETTERS, k=draw.randint(4, 8)))] = None
    return list(found)


def write(path: Path, *lines: str) -> Path:
    """Write lines of text."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def ratings(path: Path, n: int = 40, variables: Sequence[str] = ("valence",), seed: int = 0) -> Path:
    """Write a table of made-up ratings."""
    draw = random.Random(seed)
    rows = [",".join([word, *(f"{draw.uniform(1, 9):.2f}" for _ in variables)]) for word in words(n, seed)]
    return write(path, ",".join(["word", *variables]), *rows)


def bert(
    folder: Path, texts: Sequence[str] = (), *, width: int = 16, layers: int = 2, seed: int = 7, **config: Any
) -> Path:
    """Save a tiny random BERT with a tokenizer of single letters and their continuations."""
    import torch
    from transformers import BertConfig, BertModel

    tokenizer = wordpiece(texts)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        options = {"num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 64} | config
        model = BertModel(BertConfig(vocab_size=len(tokenizer), hidden_size=width, num_hidden_layers=layers, **options))
        loud(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def loud(model: Any) -> None:
    """Make the random weights of a model so large that its layers matter."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.3)


def wordpiece(texts: Sequence[str] = ()) -> Any:
    """Return a fast tokenizer of letters, as BERT has."""
    import string

    import transformers
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    signs = sorted({*string.ascii_letters, *string.digits, *".,;:!?'\"()[]/<>", *"".join(texts)} - {" "})
    tokens = [*special, *signs, *(f"##{sign}" for sign in signs)]
    tokenizer = Tokenizer(models.WordPiece({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    kind: Any = transformers.PreTrainedTokenizerFast
    return kind(tokenizer_object=tokenizer, model_max_length=64, **names)


STUDY = """
name = "tiny"
models = ["./model"]
variables = ["valence"]
unseen = {unseen}
[languages]
{languages}
[sampling]
words = {words}
sentences = 1
[probes]
methods = ["ridge"]
whole = false
[layer]
choose = 1
[units]
methods = {methods}
permutations = {permutations}
random_units = 4
k = {k}
[scrutiny]
controls = {controls}
confounds = false
audit_against = ""
stability = 2
[alignment]
draws = 5
"""


def study(
    folder: Path,
    languages: Sequence[str] = ("en", "es", "de"),
    unseen: Sequence[str] = ("de",),
    *,
    entries: Mapping[str, str] | None = None,
    changes: Mapping[str, Any] | None = None,
    n: int = 40,
) -> Path:
    """Write ``study.toml``, its model and its norms: a study that takes seconds.

    `entries` are entries of languages in place of ``{ norms = "CODE.csv" }``.
    """
    bert(folder / "model", width=64)
    for i, code in enumerate(languages):
        ratings(folder / f"{code}.csv", n, seed=i)
    given = {code: f'{{ norms = "{code}.csv" }}' for code in languages} | dict(entries or {})
    lines = [f"{code} = {entry}" for code, entry in given.items()]
    options = {"words": n - 5, "permutations": 2, "k": 4, "controls": "[]", "methods": '["correlation"]'} | dict(
        changes or {}
    )
    text = STUDY.format(unseen=list(unseen), languages="\n".join(lines), **options)
    return write(folder / "study.toml", text)
