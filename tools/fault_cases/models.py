"""Models: padding, tokenizers, control tokens, decoders, what files may ask for."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from fault_cases.case import fault
from fault_cases.material import bert, loud, wordpiece
from fault_cases.tool import Outcome, Tool

_ROWS = [
    ("The old lighthouse keeper was happy again.", "lighthouse"),
    ("Happy", "Happy"),
    ("Yesterday the children found a very small blue boat on the beach.", "boat"),
    ("ten birds", "birds"),
]
_EXTRACT = """
import numpy as np, pandas as pd
rows = [
    {{"context_id": f"en-{{i}}", "language": "en", "text": text, "start": text.index(word),
     "end": text.index(word) + len(word)}}
    for i, (text, word) in enumerate({rows!r})
]
contexts = pd.DataFrame(rows)
model = il.load_model("./model", device="cpu")
def values(frame, budget):
    found = il.extract(model, frame, batch_tokens=budget)
    return np.stack([found.layer(i) for i in range(found.n_layers)])
"""
_ALONE = """
together = values(contexts, 10_000)
alone = np.concatenate([values(contexts.iloc[[i]].reset_index(drop=True), 1) for i in range(len(contexts))], axis=1)
off = np.linalg.norm(together - alone, axis=-1) / np.linalg.norm(alone, axis=-1)
show(float(off.max()))
"""


def extract(tool: Tool, snippet: str, rows: Any = None) -> Outcome:
    """Run a snippet that has a model, contexts and `values`."""
    return tool.python(_EXTRACT.format(rows=rows or _ROWS) + snippet)


def save(folder: Path, name: str, *, tokenizer: Any = True, model: str = "", **config: Any) -> Path:
    """Save a tiny random model of any architecture, with the tokenizer of letters."""
    import torch
    import transformers

    path = folder / "model"
    if tokenizer is True:
        tokenizer = wordpiece()
        config = {"vocab_size": len(tokenizer)} | config
    configuration = getattr(transformers, f"{name}Config")(**config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        built = getattr(transformers, model or f"{name}Model")(configuration)
        loud(built)
    built.save_pretrained(path)
    if tokenizer:
        tokenizer.save_pretrained(path)
    return path


def together_as_alone(tool: Tool) -> str:
    """Return what is wrong unless sentences have the same values in a batch as alone."""
    outcome = extract(tool, _ALONE)
    off = 0.0 if outcome.failed() else outcome.value
    return outcome.failed() or (f"values differ by {off:.2g} of their size in a batch" if off > 2e-5 else "")


_BERT: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}
_HEADS: dict[str, Any] = {"num_attention_heads": 2}


@fault(
    "A8 mask", "A model that does not obey the attention mask (FNet) gives values that depend on the batch, in silence."
)
def fnet(tool: Tool) -> str:
    """Its Fourier transform runs over the padding."""
    save(tool.folder, "FNet", **_BERT)
    return together_as_alone(tool)


@fault("A8 padding", "The tokenizer's padding that is not the configuration's (XLM) shifts values, in silence.")
def xlm(tool: Tool) -> str:
    """The tokenizer pads with 0, XLM counts what is not 2."""
    sizes: dict[str, Any] = {"emb_dim": 32, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 64}
    save(tool.folder, "XLM", pad_index=77, pad_token_id=77, **sizes)
    return together_as_alone(tool)


_T5: dict[str, Any] = {"d_model": 32, "num_layers": 2, "num_heads": 2, "d_kv": 8, "d_ff": 32, "vocab_size": 1500}


@fault(
    "A8 T5 without tokenizer",
    "A T5 without tokenizer files is read with a tokenizer of 104 pieces that is not its own.",
)
def bare_t5(tool: Tool) -> str:
    """Fifteen hundred embeddings."""
    save(tool.folder, "T5", tokenizer=None, **_T5)
    return extract(tool, "show(len(model.tokenizer))").refused("tokenizer")


@fault("A8 GPT-2 without tokenizer", "A GPT-2 without tokenizer files is an IndexError.")
def bare_gpt2(tool: Tool) -> str:
    """Twelve hundred embeddings."""
    save(tool.folder, "GPT2", tokenizer=None, n_embd=32, n_layer=2, n_head=2, n_positions=64, vocab_size=1200)
    return extract(tool, "show(len(model.tokenizer))").refused("tokenizer")


@fault("A10 control tokens", "`[SEP]` written in a sentence reaches the model as the control token.")
def control(tool: Tool) -> str:
    """As text it is five signs, of which the last changes what stands before it in another way."""
    bert(tool.folder / "model")
    rows = [("The boat is [SEP] here.", "[SEP]")]
    outcome = extract(
        tool,
        """
from transformers import AutoTokenizer
seen = []
inside = model.model.forward
def spy(*positional, **named):
    seen.append(named["input_ids"].tolist())
    return inside(*positional, **named)
model.model.forward = spy
values(contexts, 1000)
ids = seen[-1][0]
show(ids[1:-1].count(3))
""",
        rows,
    )
    if wrong := outcome.failed():
        return wrong
    return f"{outcome.value} [SEP] in the midst of what the model reads" if outcome.value else ""


_LLAMA = _BERT | _HEADS | {"num_key_value_heads": 2}


def _decoder(tool: Tool) -> str:
    outcome = extract(tool, "show(model.is_decoder)")
    return outcome.failed() or ("" if outcome.value is True else f"is_decoder is {outcome.value}")


@fault("A11 mixture of experts", "`is_decoder` is False for a decoder that is a mixture of experts.")
def experts(tool: Tool) -> str:
    """Mixtral, so wide that rounding depends on how many tokens an expert gets."""
    wide: dict[str, Any] = {"hidden_size": 96, "intermediate_size": 160, "num_hidden_layers": 3}
    save(tool.folder, "Mixtral", num_local_experts=4, num_experts_per_tok=2, **(_LLAMA | wide))
    return _decoder(tool)


@fault("A11 linear attention", "`is_decoder` is False for a decoder with linear attention.")
def linear(tool: Tool) -> str:
    """MiniMax."""
    save(tool.folder, "MiniMax", num_local_experts=4, num_experts_per_tok=2, block_size=8, head_dim=16, **_LLAMA)
    return _decoder(tool)


@fault(
    "A11 encoder alone", "A T5 checkpoint of the encoder alone is refused for its missing decoder, which nothing needs."
)
def encoder(tool: Tool) -> str:
    """As T5EncoderModel saves it."""
    config: dict[str, Any] = {key: value for key, value in _T5.items() if key != "vocab_size"}
    save(tool.folder, "T5", model="T5EncoderModel", pad_token_id=0, **config)
    outcome = extract(tool, "show(list(values(contexts, 1000).shape))")
    return outcome.failed() or ("" if outcome.value == [3, 4, 32] else f"shape {outcome.value}")


@fault("B17 empty vocabulary", "A tokenizer whose vocabulary is empty is a traceback.")
def no_words(tool: Tool) -> str:
    """Only its control tokens are left."""
    path = bert(tool.folder / "model") / "tokenizer.json"
    parts = json.loads(path.read_text(encoding="utf-8"))
    parts["model"]["vocab"] = {token["content"]: token["id"] for token in parts["added_tokens"]}
    path.write_text(json.dumps(parts), encoding="utf-8")
    return extract(tool, "show(len(model.tokenizer))").refused("tokenizer")


def _configure(tool: Tool, **changes: Any) -> None:
    path = bert(tool.folder / "model") / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


@fault(
    "B18 foreign code",
    "A configuration that asks for code from a repository is stopped only where a package is missing.",
)
def kernel(tool: Tool) -> str:
    """The refusal must be of the code, not of a missing package."""
    _configure(tool, _attn_implementation="evil/kernel", attn_implementation="evil/kernel")
    return extract(tool, "show(1)").refused("never run|not run|refused")


@fault("B18 ten million layers", "`num_hidden_layers = 10^7` in a configuration hangs.")
def layers(tool: Tool) -> str:
    """Twenty seconds of a processor are enough to refuse it."""
    _configure(tool, num_hidden_layers=10**7)
    outcome = tool.python(_EXTRACT.format(rows=_ROWS) + "show(1)", seconds=20)
    return "20 s, and it goes on" if outcome.late else outcome.refused("num_hidden_layers")


@fault("B18 shards elsewhere", "An index of weights may name files outside of the model's folder.")
def elsewhere(tool: Tool) -> str:
    """The weights lie beside the folder."""
    from safetensors import safe_open

    folder = bert(tool.folder / "model")
    with safe_open(folder / "model.safetensors", "pt") as weights:
        places = dict.fromkeys(weights.keys(), "../weights.safetensors")
    (folder / "model.safetensors").rename(tool.folder / "weights.safetensors")
    index = {"metadata": {"total_size": 0}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    outcome = extract(tool, "show(1)")
    return outcome.broken() or ("it is read" if outcome.code == 0 else outcome.refused("folder"))


@fault("C24 git-lfs", 'A git-lfs pointer in place of weights is told as "header too large".')
def pointer(tool: Tool) -> str:
    """What a clone without git-lfs leaves."""
    folder = bert(tool.folder / "model")
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 435778770\n"
    (folder / "model.safetensors").write_text(text, encoding="utf-8")
    return extract(tool, "show(1)").refused("git-lfs|git lfs")


@fault("C24 no numbers", "Weights that are no numbers are answered with the advice to load as float32 what is float32.")
def nan(tool: Tool) -> str:
    """A weight of the last layer."""
    path = bert(tool.folder / "model") / "model.safetensors"
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    name = "encoder.layer.1.output.dense.weight"
    at = 8 + size + json.loads(content[8 : 8 + size])[name]["data_offsets"][0]
    path.write_bytes(content[:at] + struct.pack("<f", float("nan")) + content[at + 4 :])
    outcome = extract(tool, "show(values(contexts, 1000).tolist())")
    return outcome.refused("weights") or ("it says: load it as float32" if "float32" in outcome.err else "")
