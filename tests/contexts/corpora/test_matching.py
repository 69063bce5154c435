"""Words in sentences: every match gives its word back, in every language and whatever stands around it."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua import languages
from interlingua.contexts.corpora import Matcher
from interlingua.errors import ContextsError

#: Two words a language: the fourteen of the paper, scripts from right to left, and scripts without blanks.
WORDS = {
    "en": ("café", "sea"),
    "es": ("corazón", "niño"),
    "pt": ("coração", "mãe"),
    "fr": ("été", "amour"),
    "it": ("città", "amore"),
    "nl": ("coördinatie", "zee"),
    "de": ("straße", "äpfel"),
    "pl": ("żółć", "mąż"),
    "hr": ("čežnja", "šuma"),
    "fi": ("yö", "sää"),
    "tr": ("ılık", "ışık"),
    "id": ("laut", "cinta"),
    "el": ("θάλασσα", "ουρανός"),
    "zh": ("柏林", "快乐"),
    "ru": ("йод", "ёлка"),
    "ar": ("بحر", "سماء"),
    "he": ("שלום", "ים"),
    "hi": ("किताब", "पानी"),
    "ko": ("바다", "하늘"),
    "vi": ("biển", "đường"),
}
#: What may stand before and after a word without being part of it.
AROUND = ["", " ", "\u00a0", "\u202f", "\u3000", "😀", "👩‍👩‍👧", "🇹🇷", "«", "“", "(", "—", ",", "。", "! "]
AROUND += ["\u200f", "\u200e", "\u2066", "\u00ad", " e\u0301 ", " x\u0308\u0323 ", " שלוה ", " عالم "]
CASES = [(language, word) for language, words in WORDS.items() for word in words]


def spelled(word: str, language: str, how: str) -> str:
    if how == "decomposed":
        return unicodedata.normalize("NFD", word)
    if how == "capitals":
        upper = word.replace("i", "İ").replace("ı", "I") if language == "tr" else word
        return upper.upper()
    if how == "title":
        first = {"i": "İ"}.get(word[0], word[0].upper()) if language == "tr" else word[0].upper()
        return first + word[1:]
    return word


@given(
    st.sampled_from(CASES),
    st.sampled_from(["as it is", "decomposed", "capitals", "title"]),
    st.sampled_from(AROUND),
    st.sampled_from(AROUND),
    st.sampled_from(AROUND),
)
def test_offsets_give_the_word_back_in_every_language(
    case: tuple[str, str], how: str, far: str, before: str, after: str
) -> None:
    language, word = case
    form = spelled(word, language, how)
    # One blank or mark at least on either side; what follows must not begin with a combining mark.
    left, right = f"{far}{before or ' '}", f"{after or ' '}{far}"
    text = f"{left}{form}{right}"
    _, matches = MATCHERS[language].find(text)
    mine = [match for match in matches if MATCHERS[language].words[match.word] == word]
    assert [text[match.start : match.end] for match in mine] == [form]
    assert mine[0].start == len(left)


MATCHERS = {language: Matcher(words, language) for language, words in WORDS.items()}


@given(st.sampled_from(sorted(WORDS)), st.text(max_size=60), st.text(max_size=60))
def test_a_match_in_any_text_is_the_word(language: str, before: str, after: str) -> None:
    text = before + WORDS[language][0] + after
    for match in MATCHERS[language].find(text)[1]:
        word = WORDS[language][match.word]
        form = text[match.start : match.end]
        same = languages.normalise(form, language) == languages.normalise(word, language)
        assert same or (form.isupper() and form.upper() in {"STRASSE", "STRAẞE", "ΘΑΛΑΣΣΑ", "ΟΥΡΑΝΟΣ"})


def test_turkish_i() -> None:
    matcher = Matcher(["ısı", "isim", "kız"], "tr")
    text = "ISI, İSİM ve KIZ; kiz, KİZ ve ISIM değil."
    assert [text[m.start : m.end] for m in matcher.find(text)[1]] == ["ISI", "İSİM", "KIZ"]


def test_german_sharp_s_and_greek_accents_in_capitals() -> None:
    german = Matcher(["Straße", "Buße", "Busse", "Maß"], "de")
    found = {german.words[m.word] for m in german.find("Die STRASSE, ein Mass und BUSSE.")[1]}
    # BUSSE may be either word, so it is Busse by its letters; Mass in small letters is not Maß.
    assert found == {"Straße", "Busse"}
    greek = Matcher(["θάλασσα", "νόμος", "νομός", "ουρανός"], "el")
    text = "ΘΑΛΑΣΣΑ ΝΟΜΟΣ Ουρανός"
    assert [text[m.start : m.end] for m in greek.find(text)[1]] == ["ΘΑΛΑΣΣΑ", "Ουρανός"]


def test_words_that_differ_by_case_only_are_told_by_it() -> None:
    matcher = Matcher(["Essen", "essen"], "de")
    text = "Wir essen das Essen."
    assert {matcher.words[m.word]: m.start for m in matcher.find(text)[1]} == {"essen": 4, "Essen": 14}
    assert matcher.find("ESSEN!")[1] == []


@pytest.mark.parametrize(
    ("language", "word", "text", "form"),
    [
        ("fr", "amour", "L’amour est là.", "amour"),
        ("fr", "aujourd'hui", "C'est aujourd'hui.", "aujourd'hui"),
        ("it", "amore", "dell'amore", "amore"),
        ("en", "dog", "The dog's bone.", "dog"),
        ("en", "self-esteem", "Her Self-Esteem rose.", "Self-Esteem"),
        ("en", "ice cream", "An ice\u00a0cream.", "ice\u00a0cream"),
        ("en", "known", "A well-known man.", "known"),
        ("en", "end", "The end.Next sentence.", "end"),
        ("tr", "Berlin", "Berlin'in nüfusu", None),
        ("en", "art", "A cart of smarts and start.", None),
        ("en", "a", "In the U.S.A. now", None),
        ("fr", "ami", "l'amitié", None),
        ("fr", "mer", "la\u202fmer\u202f!", "mer"),
        ("en", "sea", "a _sea_ here", "sea"),
        ("de", "Entwicklung", "Die Ent\u00adwick\u00adlung.", "Ent\u00adwick\u00adlung"),
        ("fa", "کتاب", "\u200fکتاب\u200c ها", "کتاب"),
    ],
)
def test_parts_of_what_icu_holds_for_one_word(language: str, word: str, text: str, form: str | None) -> None:
    found = [text[match.start : match.end] for match in Matcher([word], language).find(text)[1]]
    assert found == ([form] if form else [])


def test_chinese_by_words_or_anywhere() -> None:
    text = "他在北京大学，不在京大。"
    assert Matcher(["京大"], "zh", segmenter="icu").find("北京大学")[1] == []
    (inside,) = Matcher(["京大"], "zh", segmenter="substring").find(text)[1]
    assert text[inside.start : inside.end] == "京大"
    assert inside.start == text.index("京大")
    words = Matcher(["北京大学", "大学"], "zh")
    assert [words.words[m.word] for m in words.find(text)[1]] == ["北京大学"]
    # A word that jieba doesn't know is taught to it.
    taught = Matcher(["蓝鲸歌"], "zh")
    assert [match.start for match in taught.find("他听蓝鲸歌。")[1]] == [2]


def test_inflected_forms() -> None:
    matcher = Matcher(["casa", "casas", "perro"], "es", forms="inflected")
    text = "Las Casas y los perros de la casa."
    assert {matcher.words[m.word]: text[m.start : m.end] for m in matcher.find(text)[1]} == {
        "casas": "Casas", "perro": "perros", "casa": "casa",
    }  # fmt: skip
    turkish = Matcher(["ev"], "tr", forms="inflected")
    assert [m.start for m in turkish.find("Evlerinde kaldı.")[1]] == [0]
    croatian = Matcher(["kuća"], "hr", forms="inflected")
    assert len(croatian.find("U našim kućama.")[1]) == 1


def test_tokens_are_words_and_marks() -> None:
    assert Matcher(["x"], "en").find("Well, it's 3.5\u00a0km (no?) — 😀.")[0] == 12


def test_each_word_is_matched_once_a_sentence() -> None:
    assert [(m.word, m.start) for m in Matcher(["sea"], "en").find("Sea, sea, sea.")[1]] == [(0, 0)]


def test_against_a_regular_expression_over_random_english() -> None:
    rng = random.Random(7)
    vocabulary = ["sea", "sky", "seas", "the", "a", "blue", "sun", "Sun", "SKY", "under"]
    matcher = Matcher(["sea", "sky", "sun"], "en")
    for _ in range(300):
        text = rng.choice(["", "“"]) + rng.choice([" ", ", ", "-", " — "]).join(rng.choices(vocabulary, k=6)) + "."
        expected = {}
        for number, word in enumerate(matcher.words):
            if found := re.search(rf"(?i)\b{word}\b", text):
                expected[number] = found.span()
        assert {m.word: (m.start, m.end) for m in matcher.find(text)[1]} == expected


@pytest.mark.parametrize(
    ("words", "language", "options", "wrong"),
    [
        ([], "en", {}, "no words to search"),
        (["a", " "], "en", {}, "word 2 of the list is empty"),
        (["a", "a"], "en", {}, "word 2 of the list, 'a', has come before"),
        (["a"], "en", {"forms": "inflectd"}, r"forms = 'inflectd' is not one of exact, inflected \(did you mean"),
        (["a"], "en", {"segmenter": "jieba"}, "segmenter = 'jieba' parts Chinese"),
        (["a"], "en", {"segmenter": "words"}, "segmenter = 'words' is not one of"),
        (["爱"], "zh", {"forms": "inflected"}, "simplemma has no forms of language 'zh'"),
    ],
)
def test_what_is_refused(words: list[str], language: str, options: dict[str, str], wrong: str) -> None:
    with pytest.raises(ContextsError, match=wrong):
        Matcher(words, language, **options)  # type: ignore[arg-type]
