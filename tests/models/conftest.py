"""Tiny random models with real tokenizers, saved as `save_pretrained` does, and a table of contexts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5Model,
    XLMRobertaConfig,
    XLMRobertaModel,
)

SENTENCES = [
    ("The old lighthouse keeper was happy again.", "lighthouse"),
    ("Happy", "Happy"),
    ("Yesterday the children found a very small blue boat on the beach behind our house.", "boat"),
    ("La felicidad no se compra, se comparte.", "felicidad"),
    ("Das Wort Freude steht hier in der Mitte.", "Freude"),
    ("Слово радость стоит здесь.", "радость"),
    ("幸福这个词很短。", "幸福"),
    ("这个句子里有 幸福 一词", "幸福"),
    ("Η λέξη χαρά είναι μικρή.", "χαρά"),
    ("كلمة سعادة هنا.", "سعادة"),
    ("Il-kelma Ġenna hija hawn.", "Ġenna"),
    ("one two three four five six seven eight nine ten eleven twelve thirteen", "thirteen"),
    ("ten birds", "birds"),
    ("a 😀 face", "😀"),
]
WIDTH = 32


def contexts_of(sentences: list[tuple[str, str]], language: str = "en") -> pd.DataFrame:
    rows = [
        {
            "context_id": f"{language}-{i:05d}-00",
            "language": language,
            "text": text,
            "start": text.index(word),
            "end": text.index(word) + len(word),
        }
        for i, (text, word) in enumerate(sentences)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def contexts() -> pd.DataFrame:
    return contexts_of(SENTENCES)


def _texts() -> list[str]:
    return [text for text, _ in SENTENCES] * 3


def wordpiece() -> PreTrainedTokenizerFast:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        _texts(), trainers.WordPieceTrainer(vocab_size=260, special_tokens=special, show_progress=False)
    )
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **names)


def sentencepiece() -> PreTrainedTokenizerFast:
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        _texts(),
        trainers.UnigramTrainer(vocab_size=260, special_tokens=special, unk_token="<unk>", show_progress=False),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **names)


def bytelevel(**names: Any) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        _texts(),
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=["<|endoftext|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, eos_token="<|endoftext|>", **names)


def _bert() -> tuple[Any, Any]:
    tokenizer = wordpiece()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    return tokenizer, BertModel(config)


def _xlmr() -> tuple[Any, Any]:
    tokenizer = sentencepiece()
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=50,  # 48 tokens and the two positions that RoBERTa leaves unused
        type_vocab_size=1,
        pad_token_id=1,
    )
    return tokenizer, XLMRobertaModel(config)


def _gpt2() -> tuple[Any, Any]:
    tokenizer = bytelevel()  # no padding token, as GPT-2 has none
    config = GPT2Config(vocab_size=len(tokenizer), n_embd=WIDTH, n_layer=3, n_head=4, n_positions=64)
    return tokenizer, GPT2Model(config)


def _llama() -> tuple[Any, Any]:
    tokenizer = bytelevel(padding_side="left")
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    return tokenizer, LlamaModel(config)


def _t5() -> tuple[Any, Any]:
    tokenizer = sentencepiece()
    config = T5Config(
        vocab_size=len(tokenizer), d_model=WIDTH, num_layers=3, num_heads=4, d_kv=8, d_ff=64, pad_token_id=1
    )
    return tokenizer, T5Model(config)


_BUILDERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "bert": _bert,
    "xlmr": _xlmr,
    "gpt2": _gpt2,
    "llama": _llama,
    "t5": _t5,
}


@pytest.fixture(scope="session")
def model_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a folder for each architecture, with random weights large enough for layers to matter."""
    root = tmp_path_factory.mktemp("models")
    folders = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        for name, build in _BUILDERS.items():
            tokenizer, model = build()
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.ndim > 1:
                        parameter.normal_(0, 0.3)
            folders[name] = root / f"tiny-{name}"
            tokenizer.save_pretrained(folders[name])
            model.save_pretrained(folders[name])
    return folders
