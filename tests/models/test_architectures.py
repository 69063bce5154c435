"""Whatever the architecture: a sentence gets the values that plain `transformers` gives it alone, in any batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast

from interlingua.errors import ModelError
from interlingua.models import LoadedModel, extract, load_model, target_mask
from interlingua.models.batching import plan_batches
from interlingua.models.targets import Target

V = 260
BERT = {
    "vocab_size": V,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 128,
}
LLAMA = BERT | {"num_key_value_heads": 2}
BART = {"vocab_size": V, "d_model": 32, "encoder_layers": 3, "decoder_layers": 2, "max_position_embeddings": 128} | {
    f"{part}_{name}": value
    for part in ("encoder", "decoder")
    for name, value in (("attention_heads", 4), ("ffn_dim", 64))
}
GPT = {"vocab_size": V, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 128}
T5 = {"vocab_size": V, "d_model": 32, "num_layers": 3, "num_heads": 4, "d_kv": 8, "d_ff": 64}
XLM = {"vocab_size": V, "emb_dim": 32, "n_layers": 3, "n_heads": 4, "max_position_embeddings": 128}
MOE = LLAMA | {"num_experts_per_tok": 2}
VISION = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "image_size": 28,
    "patch_size": 14,
}
FNET = {key: value for key, value in BERT.items() if key != "num_attention_heads"}

# Class of the configuration, its arguments, whether it is a decoder, and how batches are filled up when the left, and
# when the right is asked for.
ARCHITECTURES: dict[str, tuple[str, dict[str, Any], bool, str, str]] = {
    "bert": ("BertConfig", BERT, False, "left", "right"),
    "roberta": ("RobertaConfig", BERT, False, "left", "right"),
    "albert": ("AlbertConfig", BERT | {"embedding_size": 16}, False, "left", "right"),
    "electra": ("ElectraConfig", BERT | {"embedding_size": 32}, False, "left", "right"),
    "mpnet": ("MPNetConfig", BERT, False, "left", "right"),
    "modernbert": ("ModernBertConfig", BERT | {"pad_token_id": 0, "local_attention": 8}, False, "left", "right"),
    "longformer": ("LongformerConfig", BERT | {"attention_window": 8}, False, "left", "right"),
    "rembert": ("RemBertConfig", BERT | {"input_embedding_size": 16}, False, "left", "right"),
    "squeezebert": ("SqueezeBertConfig", BERT | {"embedding_size": 32}, False, "left", "right"),
    "esm": ("EsmConfig", BERT | {"pad_token_id": 1, "mask_token_id": 4}, False, "left", "right"),
    "xlm": ("XLMConfig", XLM, False, "left", "right"),
    "flaubert": ("FlaubertConfig", XLM, False, "left", "right"),
    "xlnet": (
        "XLNetConfig",
        {"vocab_size": V, "d_model": 32, "n_layer": 3, "n_head": 4, "d_inner": 64},
        False,
        "left",
        "right",
    ),
    # No mask at all, convolutions, and hashing by bits of every token: values depend on the padding.
    "fnet": ("FNetConfig", FNET, False, "equal", "equal"),
    "convbert": ("ConvBertConfig", BERT | {"embedding_size": 32}, False, "equal", "equal"),
    "yoso": ("YosoConfig", BERT, False, "equal", "equal"),
    "t5": ("T5Config", T5, False, "left", "right"),
    "umt5": ("UMT5Config", T5, False, "left", "right"),
    "mt5": ("MT5Config", T5, False, "left", "right"),
    "switch": ("SwitchTransformersConfig", T5 | {"num_experts": 4}, False, "left", "right"),
    # An encoder that can't be told positions.
    "bart": ("BartConfig", BART, False, "right", "right"),
    "mbart": ("MBartConfig", BART, False, "right", "right"),
    "m2m": ("M2M100Config", BART, False, "left", "right"),
    "gpt2": ("GPT2Config", GPT, True, "left", "right"),
    "gptj": ("GPTJConfig", GPT | {"rotary_dim": 4}, True, "left", "right"),
    "neox": ("GPTNeoXConfig", BERT, True, "left", "right"),
    "bloom": ("BloomConfig", {"vocab_size": V, "hidden_size": 32, "n_layer": 3, "n_head": 4}, True, "left", "right"),
    "opt": (
        "OPTConfig",
        {key: value for key, value in BERT.items() if key != "intermediate_size"}
        | {"ffn_dim": 64, "word_embed_proj_dim": 32},
        True,
        "left",
        "right",
    ),
    "llama": ("LlamaConfig", LLAMA, True, "left", "right"),
    "mistral": ("MistralConfig", LLAMA | {"sliding_window": 8}, True, "left", "right"),
    "gemma2": ("Gemma2Config", LLAMA | {"head_dim": 8}, True, "left", "right"),
    # The decoder within a model of pictures and text.
    "gemma3": (
        "Gemma3Config",
        {"text_config": LLAMA | {"head_dim": 8, "sliding_window": 8}, "vision_config": VISION},
        True,
        "left",
        "right",
    ),
    "llava": (
        "LlavaConfig",
        {"text_config": LLAMA | {"model_type": "llama"}, "vision_config": VISION | {"model_type": "clip_vision_model"}},
        True,
        "left",
        "right",
    ),
    # Mixtures of experts, whose rounding depends on which tokens an expert gets.
    "mixtral": ("MixtralConfig", MOE | {"num_local_experts": 4}, True, "left", "right"),
    "olmoe": ("OlmoeConfig", MOE | {"num_experts": 4}, True, "left", "right"),
    # Linear attention and recurrence.
    "minimax": ("MiniMaxConfig", MOE | {"num_local_experts": 4, "block_size": 8, "head_dim": 8}, True, "left", "right"),
    "mamba": (
        "MambaConfig",
        {"vocab_size": V, "hidden_size": 32, "num_hidden_layers": 3, "state_size": 8},
        True,
        "left",
        "right",
    ),
    "rwkv": (
        "RwkvConfig",
        {"vocab_size": V, "hidden_size": 32, "num_hidden_layers": 3, "attention_hidden_size": 32, "context_length": 64},
        True,
        "right",
        "right",
    ),
}


@pytest.fixture(scope="module")
def tokenizer(model_folders: dict[str, Path]) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(model_folders["bert"])


def save(folder: Path, tokenizer: PreTrainedTokenizerFast, name: str, arguments: dict[str, Any], scale: float) -> str:
    config = getattr(transformers, name)(**arguments)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = AutoModel.from_config(config)
        if scale:
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.ndim > 1:
                        parameter.normal_(0, scale)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def plain(folder: str, contexts: pd.DataFrame) -> np.ndarray:
    """Return (n_layers, n, width) by nothing but `transformers`, one sentence at a time."""
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    if model.config.is_encoder_decoder:
        model = model.get_encoder()
    rows = []
    for row in contexts.itertuples():
        encoded = tokenizer(row.text, return_tensors="pt", return_token_type_ids=False)
        encoding = encoded.encodings[0]
        mask = target_mask(
            encoding.offsets, encoding.tokens, encoding.special_tokens_mask, row.text, (row.start, row.end)
        )
        with torch.no_grad():
            hidden = model(**encoded, output_hidden_states=True, use_cache=False).hidden_states
        rows.append(np.stack([states[0].numpy()[mask].mean(axis=0) for states in hidden]))
    return np.stack(rows, axis=1)


def values(model: LoadedModel, contexts: pd.DataFrame, **options: Any) -> tuple[np.ndarray, str]:
    activations = extract(model, contexts, **options)
    stacked = np.stack([activations.layer(i) for i in range(activations.n_layers)])
    return stacked, activations.metadata["padding"]


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.shape == theirs.shape
    difference = np.linalg.norm(ours - theirs, axis=-1) / np.linalg.norm(theirs, axis=-1)
    assert difference.max() < 2e-5


@pytest.mark.parametrize("scale", [0.3, 0], ids=["large weights", "weights as initialised"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_batched_is_single(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, contexts: pd.DataFrame, name: str, scale: float
) -> None:
    kind, arguments, is_decoder, left, right = ARCHITECTURES[name]
    folder = save(tmp_path, tokenizer, kind, arguments, scale)
    model = load_model(folder, device="cpu")
    assert model.is_decoder is is_decoder
    expected = plain(folder, contexts)
    for side, used in (("left", left), ("right", right)):
        for budget in (1, 100, 10_000):
            ours, note = values(model, contexts, padding_side=side, batch_tokens=budget)
            assert_same(ours, expected)
            if scale:
                assert note.startswith("none: padding changes" if used == "equal" else used)


@pytest.mark.parametrize("name", ["bert", "t5", "gpt2", "mixtral", "minimax", "mamba"])
def test_bfloat16_is_told_apart_too(tmp_path: Path, tokenizer: PreTrainedTokenizerFast, name: str) -> None:
    kind, arguments, is_decoder, _, _ = ARCHITECTURES[name]
    for scale in (0.3, 0):
        model = load_model(save(tmp_path, tokenizer, kind, arguments, scale), device="cpu", dtype="bfloat16")
        assert model.is_decoder is is_decoder
        assert {layout.together for layout in model.layouts.values()} == {"any"}


@pytest.mark.parametrize("name", ["xlm", "flaubert", "roberta", "esm", "bert", "m2m", "longformer", "opt"])
@pytest.mark.parametrize("padding", [0, 1, 2, 3, 77])
def test_padding_of_the_configuration_that_is_not_the_tokenizers(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, contexts: pd.DataFrame, name: str, padding: int
) -> None:
    """The tokenizer's [PAD] is 0, [CLS] 2 and [SEP] 3; 77 is a piece that sentences have."""
    kind, arguments, _, _, _ = ARCHITECTURES[name]
    # XLM's own names for it.
    options = {"pad_token_id": padding} | ({"pad_index": padding} if name in ("xlm", "flaubert") else {})
    folder = save(tmp_path, tokenizer, kind, arguments | options, 0.3)
    model, expected = load_model(folder, device="cpu"), plain(folder, contexts)
    for side in ("left", "right"):
        for budget in (1, 10_000):
            ours, note = values(model, contexts, padding_side=side, batch_tokens=budget)
            assert_same(ours, expected)
            assert note == side


def test_a_tokenizer_pads_on_the_left(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, contexts: pd.DataFrame
) -> None:
    folder = save(tmp_path, tokenizer, "RobertaConfig", BERT, 0.3)
    settings = tmp_path / "tokenizer_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"padding_side": "left"}))
    model = load_model(folder, device="cpu")
    ours, note = values(model, contexts, batch_tokens=10_000)
    assert note == "left"
    assert model.pad_id == 1  # the configuration's, over which RoBERTa counts positions
    assert_same(ours, plain(folder, contexts))


def test_batches_of_equal_length() -> None:
    lengths = [5, 3, 5, 3, 4, 5]
    targets = [Target(tuple(range(i, i + length)), (0,)) for i, length in enumerate(lengths)]
    sizes = {
        together: [[len(ids) for ids in batch.sentences] for batch in plan_batches(targets, [(0,)] * 6, 10, together)]
        for together in ("any", "equal", "none")
    }
    assert sizes["any"] == [[5, 5], [5, 4], [3, 3]]
    assert sizes["equal"] == [[5, 5], [5], [4], [3, 3]]
    assert sizes["none"] == [[5], [5], [5], [4], [3], [3]]


class Mixing(torch.nn.Module):
    """A model whose sentences leak into each other."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.config, self.device, self.dtype = model, model.config, model.device, model.dtype
        self.get_input_embeddings = model.get_input_embeddings

    def forward(self, input_ids: Any, attention_mask: Any = None, **options: Any) -> Any:
        given = self.model(input_ids=input_ids, attention_mask=attention_mask, **options)
        given.hidden_states = tuple(state + state.mean(dim=0, keepdim=True) for state in given.hidden_states)
        return given


def test_sentences_that_leak_are_computed_alone(model_folders: dict[str, Path], contexts: pd.DataFrame) -> None:
    from dataclasses import replace

    from interlingua.models.sites import Sites
    from interlingua.models.trial import try_model

    loaded = load_model(str(model_folders["bert"]), device="cpu")
    leaking = Mixing(loaded.model)
    tried = try_model("tiny", loaded.tokenizer, leaking, 64)
    assert {layout.together for layout in tried.layouts.values()} == {"none"}
    model = replace(loaded, model=leaking, layouts=tried.layouts, sites=Sites("tiny"))
    together, note = values(model, contexts, batch_tokens=10_000)
    assert note.startswith("none: this model's values depend on what shares a batch")
    np.testing.assert_allclose(together, 2 * values(loaded, contexts, batch_tokens=1)[0], rtol=1e-5, atol=1e-6)


def test_a_model_with_weights_that_are_no_numbers(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    folder = save(tmp_path, tokenizer, "BertConfig", BERT, 0.3)
    model = AutoModel.from_pretrained(folder)
    with torch.no_grad():
        model.encoder.layer[1].output.dense.weight[0, :2] = float("nan")
    model.save_pretrained(folder)
    for dtype in ("float32", "bfloat16"):
        with pytest.raises(ModelError, match=r"2 numbers of its weights are not finite.*layer\.1\.output") as caught:
            load_model(folder, device="cpu", dtype=dtype)
        assert "dtype" not in str(caught.value)


def test_the_case_of_fnet(shared: Path, contexts: pd.DataFrame) -> None:
    folder = shared / "cases" / "models" / "fnet"
    model = load_model(str(folder), device="cpu")
    english = contexts.iloc[[0, 1, 2, 11, 12]].reset_index(drop=True)
    for budget in (1, 10_000):
        ours, note = values(model, english, batch_tokens=budget)
        assert_same(ours, plain(str(folder), english))
        assert note.startswith("none: padding changes this model's values")
