"""Tiny random models of nine families, and a linear network whose every slope is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModel, PreTrainedTokenizerFast

from interlingua.models import LoadedModel, load_model
from interlingua.models.sites import Sites
from interlingua.models.trial import BatchLayout

V = 64
BERT = {
    "vocab_size": V,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
}
LLAMA = BERT | {"num_key_value_heads": 2}
T5 = {"vocab_size": V, "d_model": 32, "num_layers": 3, "num_heads": 4, "d_kv": 16, "d_ff": 48}
_ENCODER = ("encoder.layer.{}", "output.dense", "attention.output.dense")
_LLAMA = ("layers.{}", "mlp.down_proj", "self_attn.o_proj")
#: Configuration, its arguments; where block l is, what MLP units and heads go into.
FAMILIES: dict[str, tuple[str, dict[str, Any], tuple[str, str, str]]] = {
    "bert": ("BertConfig", BERT, _ENCODER),
    "xlm-roberta": ("XLMRobertaConfig", BERT, _ENCODER),
    "llama": ("LlamaConfig", LLAMA, _LLAMA),
    "qwen2": ("Qwen2Config", LLAMA, _LLAMA),
    "qwen3": ("Qwen3Config", LLAMA | {"head_dim": 16}, _LLAMA),
    "gemma3": ("Gemma3TextConfig", LLAMA | {"head_dim": 16}, _LLAMA),
    "bloom": (
        "BloomConfig",
        {"vocab_size": V, "hidden_size": 32, "n_layer": 3, "n_head": 4},
        ("h.{}", "mlp.dense_4h_to_h", "self_attention.dense"),
    ),
    "xglm": (
        "XGLMConfig",
        {"vocab_size": V, "d_model": 32, "num_layers": 3, "attention_heads": 4, "ffn_dim": 48},
        ("layers.{}", "fc2", "self_attn.out_proj"),
    ),
    "mt5": (
        "MT5Config",
        T5 | {"feed_forward_proj": "gated-gelu"},
        ("block.{}", "layer.1.DenseReluDense.wo", "layer.0.SelfAttention.o"),
    ),
}


@pytest.fixture(scope="session")
def places() -> dict[str, tuple[str, str, str]]:
    """Return by family where block l is, and what MLP units and heads go into."""
    return {name: where for name, (_, _, where) in FAMILIES.items()}


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of the words w0 to w60."""
    words = {"[PAD]": 0, "[UNK]": 1, **{f"w{i}": i + 2 for i in range(V - 3)}}
    made = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    wrap: Any = PreTrainedTokenizerFast
    return wrap(tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", model_max_length=60)


@pytest.fixture(scope="session")
def tiny(tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], LoadedModel]:
    """Return what loads a model of a family; each is drawn once."""
    folders: dict[str, Path] = {}

    def load(family: str) -> LoadedModel:
        if family not in folders:
            kind, arguments, _ = FAMILIES[family]
            folder = folders[family] = tmp_path_factory.mktemp(family)
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(7)
                model = AutoModel.from_config(getattr(transformers, kind)(**arguments)).eval()
                with torch.no_grad():
                    for parameter in model.parameters():
                        if parameter.ndim > 1:
                            parameter.normal_(0, 0.3)
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        return load_model(str(folders[family]), device="cpu")

    return load


class Mixing(torch.nn.Module):
    """A block that is linear: every token's vector times a matrix."""

    def __init__(self, matrix: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("matrix", matrix)

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        return hidden_states @ self.matrix


class Linear(torch.nn.Module):
    """A network without anything but such blocks."""

    def __init__(self, vectors: torch.Tensor, matrices: list[torch.Tensor]) -> None:
        super().__init__()
        self.vectors = torch.nn.Embedding.from_pretrained(vectors)
        self.blocks = torch.nn.ModuleList([Mixing(matrix) for matrix in matrices])

    def forward(self, input_ids: torch.Tensor, return_dict: bool = True) -> SimpleNamespace:
        states = self.vectors(input_ids)
        for block in self.blocks:
            states = block(states)
        return SimpleNamespace(last_hidden_state=states)


@pytest.fixture
def linear(tokenizer: PreTrainedTokenizerFast) -> Callable[[torch.Tensor, list[torch.Tensor]], LoadedModel]:
    """Return what makes a linear network of vectors, (V, width), and the matrices of its blocks."""

    def make(vectors: torch.Tensor, matrices: list[torch.Tensor]) -> LoadedModel:
        model = Linear(vectors, matrices)
        layout = BatchLayout("right", 0, positions=False, mask=False)
        return LoadedModel(
            name="linear",
            revision="",
            tokenizer=tokenizer,
            model=model,
            n_layers=len(matrices) + 1,
            width=vectors.shape[1],
            max_length=60,
            is_decoder=False,
            dtype="float32",
            device="cpu",
            fingerprint="",
            layouts={"right": layout, "left": layout},
            sites=Sites("linear", tuple(model.blocks)),
        )

    return make
