"""Finding a word in its sentence."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua.contexts.targets import best_targets, find_targets, fold, target_at_index, token_span

#: Words of several scripts, composed and decomposed, with marks, joiners and an emoji.
WORDS = [
    "love",
    "café",
    "cafe\u0301",
    "любовь",
    "αγάπη",
    "ΛΌΓΟΣ",
    "حُبّ",
    "مدرسة",
    "प्रेम",
    "사랑",
    unicodedata.normalize("NFD", "사랑"),
    "爱情",
    "İstanbul",
    "Straße",
    "می\u200cروم",
    "👩\u200d🔬",
    "well-known",
    "\U0001d5ee\U0001d5ef",
]
#: What may stand around a word without being a part of it.
EDGES = [" ", "\u00a0", "\u202f", "\u3000", "“", "”", "«\u00a0", "\u00a0»", "(", "،", "。", "😀 ", "\u2028", " \u200f"]
FILLERS = ["", "xyz", "été", "e\u0301te\u0301", "क्षत्रिय", "שלום", "İİ", "ΣΣ", "ǰ", "J\u030c", "각", "🙂🙂"]


@given(
    word=st.sampled_from(WORDS),
    before=st.sampled_from(FILLERS),
    after=st.sampled_from(FILLERS),
    left=st.sampled_from(EDGES),
    right=st.sampled_from(EDGES),
    language=st.sampled_from(["en", "tr", "el", "ko", "ar", "hi", "zh"]),
)
def test_a_word_is_found_where_it_was_put(
    word: str, before: str, after: str, left: str, right: str, language: str
) -> None:
    text = f"{before}{left}{word}{right}{after}"
    start = len(before) + len(left)
    places = best_targets(text, word, language)
    assert (start, start + len(word)) in [(place.start, place.end) for place in places]
    assert all(place.whole and place.exact for place in places)
    assert {text[place.start : place.end] for place in places} == {word}


@given(st.text(max_size=30), st.text(min_size=1, max_size=3), st.sampled_from(["en", "tr", "el"]))
def test_every_place_is_the_word_but_for_case_and_normalisation(text: str, word: str, language: str) -> None:
    for place in find_targets(text, word, language):
        assert fold(text[place.start : place.end], language) == fold(word, language)


@given(st.text(alphabet="abcAB .", max_size=40), st.text(alphabet="abc", min_size=1, max_size=3))
def test_finds_what_a_regular_expression_finds(text: str, word: str) -> None:
    """In plain ASCII the standard library is the oracle, for places and for whole words."""
    places = find_targets(text, word, "en")
    oracle = [m.start() for m in re.finditer(f"(?={re.escape(word)})", text, re.IGNORECASE)]
    assert [place.start for place in places] == oracle
    whole = {m.start() for m in re.finditer(rf"\b{word}\b", text, re.IGNORECASE)}
    assert {place.start for place in places if place.whole} == whole


@pytest.mark.parametrize(
    ("text", "word", "language", "form"),
    [
        ("The CAT sat", "cat", "en", "CAT"),
        ("DİYARBAKIR güzel", "diyarbakır", "tr", "DİYARBAKIR"),
        ("Ο ΛΟΓΟΣ του", "λογος", "el", "ΛΟΓΟΣ"),
        ("un cafe\u0301 noir", "café", "fr", "cafe\u0301"),
        ("un café noir", "cafe\u0301", "fr", "café"),
        (unicodedata.normalize("NFD", "나는 사랑"), "사랑", "ko", unicodedata.normalize("NFD", "사랑")),
    ],
)
def test_other_case_or_normalisation_is_found_but_not_exact(text: str, word: str, language: str, form: str) -> None:
    (place,) = best_targets(text, word, language)
    assert text[place.start : place.end] == form
    assert not place.exact


@pytest.mark.parametrize(
    ("text", "word", "language"),
    [
        ("une cafe\u0301te\u0301ria", "cafe", "fr"),  # would end inside é
        ("ISI", "isi", "tr"),  # Turkish I is ı
        ("Buße", "Busse", "de"),
        ("kedi", "", "tr"),
        ("", "kedi", "tr"),
    ],
)
def test_what_is_not_there_is_not_found(text: str, word: str, language: str) -> None:
    assert find_targets(text, word, language) == []


def test_whole_words_come_before_parts_and_the_exact_form_before_others() -> None:
    assert [place.start for place in best_targets("category: cat", "cat", "en")] == [10]
    assert [place.start for place in best_targets("Essen und essen", "essen", "de")] == [10]
    assert [place.start for place in best_targets("the bus brings Us", "us", "en")] == [15]
    assert [place.start for place in best_targets("cat, cat", "cat", "en")] == [0, 5]


def test_a_vowel_sign_or_joiner_continues_a_word() -> None:
    assert not find_targets("का", "क", "hi")[0].whole
    assert not find_targets("می\u200cروم", "می", "fa")[0].whole


@given(st.lists(st.text(alphabet="ab\u3000\u00a0é", max_size=4), min_size=1, max_size=6))
def test_token_spans_follow_split_at_single_blanks(tokens: list[str]) -> None:
    text = " ".join(tokens)
    for index, token in enumerate(text.split(" ")):
        span = token_span(text, index)
        assert span is not None
        assert text[slice(*span)] == token
    assert token_span(text, len(text.split(" "))) is None
    assert token_span(text, -1) is None


@pytest.mark.parametrize(
    ("text", "index", "word", "expected", "exact", "mended"),
    [
        ("a cat sat", 1, "cat", (2, 5), True, False),
        ("a Cat sat", 1, "cat", (2, 5), False, False),
        ("cat a cat", 2, "cat", (6, 9), True, False),
        ("cat x x x cat x", 3, "cat", (10, 13), True, True),
        ("cat x x x cat x", 1, "cat", (0, 3), True, True),
        ("cat x cat", 9, "cat", (6, 9), True, True),
        ("  规律 是 规律", 0, "规律", (2, 4), True, True),
        ("a cat, here", 1, "cat", (2, 5), True, True),
        ("Cat x x cats cat", 3, "cat", (13, 16), True, True),
    ],
)
def test_an_index_is_followed_or_mended_to_the_nearest_place(
    text: str, index: int, word: str, expected: tuple[int, int], exact: bool, mended: bool
) -> None:
    placed = target_at_index(text, index, word, "en")
    assert placed is not None
    target, was_mended = placed
    assert (target.start, target.end) == expected
    assert (target.exact, was_mended) == (exact, mended)


def test_an_index_into_a_sentence_without_the_word() -> None:
    assert target_at_index("a dog sat", 1, "cat", "en") is None
