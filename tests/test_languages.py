from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua import languages
from interlingua.errors import LanguageError

# The languages of bert-base-multilingual-cased and of xlm-roberta-base, as their model cards list them.
MBERT = """af sq ar an hy ast az ba eu bar be bn bpy bs br bg my ca ceb ce zh cv hr cs da nl en et fi fr gl ka de
el gu ht he hi hu is io id ga it ja jv kn kk ky ko la lv lt lmo nds lb mk mg ms ml mr min mn ne new nb nn oc fa pms
pl pt pa ro ru sco sr sh scn sk sl azb es su sw sv tl tg ta tt te th tr uk ur uz vi vo war cy fy pnb yo"""
XLMR = """af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha he hi hr hu hy id
is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my ne nl no om or pa pl ps pt ro ru sa sd si sk sl so
sq sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh"""


def test_knows_every_language_of_mbert_and_xlm_r() -> None:
    known = {language.code for language in languages.all_languages()}
    assert {*MBERT.split(), *XLMR.split()} <= known


def test_codes_are_unique_and_well_formed() -> None:
    everything = languages.all_languages()
    assert [entry.code for entry in everything] == sorted({entry.code for entry in everything})
    assert len({entry.iso3 for entry in everything}) == len(everything)
    for entry in everything:
        assert len(entry.iso3) == 3
        assert entry.iso3.islower()
        assert len(entry.script) == 4
        assert entry.script.istitle()
        assert len(entry.family) == 3
        assert len(entry.code) == 2 or entry.code == entry.iso3


def test_agrees_with_langcodes() -> None:
    langcodes = pytest.importorskip("langcodes", reason="a second source of codes and scripts")
    # Where langcodes answers by preferred tags or by the script of another country.
    known_to_differ = {"sh", "tl", "azb", "crh"}
    for entry in languages.all_languages():
        if entry.code not in known_to_differ:
            other = langcodes.Language.get(entry.code)
            assert other.to_alpha3() == entry.iso3
            assert other.maximize().script == entry.script


@pytest.mark.parametrize(
    ("code", "family"),
    # Table 1 of the paper, and Finnish (section 6).
    [
        *((code, "ine") for code in ("it", "en", "nl", "es", "pl", "hr", "fr", "el", "de", "pt")),
        ("tr", "trk"),
        ("zh", "sit"),
        ("id", "map"),
        ("fi", "urj"),
    ],
)
def test_families_are_those_of_the_paper(code: str, family: str) -> None:
    assert languages.get(code).family == family


@pytest.mark.parametrize("tag", ["fi", "fin", "Finnish", "FINNISH", "fin-Latn", "fi-latn", " fi "])
def test_one_language_by_all_its_names(tag: str) -> None:
    found = languages.get(tag)
    assert (found.code, found.tag, found.wikipedia) == ("fi", "fin-Latn", "fi")


def test_names_with_hyphens_aliases_and_other_scripts() -> None:
    assert languages.get("Serbo-Croatian").code == "sh"
    assert languages.get("Norwegian Bokmål").wikipedia == "no"
    assert languages.get("cmn").code == languages.get("chi").code == "zh"
    assert languages.get("zh").script == "Hans"
    assert languages.get("zho-Hant").script == "Hant"
    assert languages.get("zho-Hant").code == "zh"
    assert languages.get("ar").right_to_left
    assert not languages.get("tr").right_to_left


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("Finish", "did you mean 'finnish'"),
        ("xx", "'xx' is not a language"),
        ("", "is not a language"),
        ("fin-Cyrl", "Finnish is written in Latn, not 'Cyrl'"),
        ("xx-Latn", "is not a language"),
    ],
)
def test_unknown_languages_are_refused_in_words(tag: str, words: str) -> None:
    with pytest.raises(LanguageError, match=words):
        languages.get(tag)


@pytest.mark.parametrize(
    ("word", "language", "expected"),
    [
        ("KAS", "tr", "kas"),
        ("İNEK", "tr", "inek"),
        ("IŞIK", "tr", "ışık"),
        ("I\u0307NEK", "tr", "inek"),  # dotted I as two characters
        ("QIZIL", "az", "qızıl"),
        ("ISTANBUL", "en", "istanbul"),
        ("ΣΟΦΟΣ", "el", "σοφος"),
        ("STRAẞE", "de", "straße"),
        ("Buße", "de", "buße"),
        ("E\u0301TE\u0301", "fr", "\u00e9t\u00e9"),
        ("东京", "zh", "东京"),
    ],
)
def test_lower_case_as_the_language_writes_it(word: str, language: str, expected: str) -> None:
    assert languages.lower(word, language) == expected


def test_normalise_lets_spellings_of_one_word_meet_and_keeps_others_apart() -> None:
    assert languages.normalise("ΣΟΦΟΣ", "el") == languages.normalise(" σοφος ", "el")
    assert languages.normalise("Straße", "de") != languages.normalise("Strasse", "de")
    assert languages.normalise("SIK", "tr") != languages.normalise("SİK", "tr")
    assert languages.normalise("cafe\u0301", "fr") == languages.normalise("CAF\u00c9", "fr")


@given(
    text=st.text(max_size=12),
    code=st.sampled_from(["en", "tr", "az", "el", "de", "zh", "ar", "ko", "ru", "hi"]),
)
def test_normalising_twice_changes_nothing_more(text: str, code: str) -> None:
    once = languages.normalise(text, code)
    assert languages.normalise(once, code) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("word", "language", "expected"),
    [
        ("naïve", "en", True),
        ("nai\u0308ve", "en", True),
        ("don't", "en", False),
        ("well-known", "en", False),
        ("two words", "en", False),
        ("b4", "en", False),
        ("@home", "en", False),
        ("", "en", False),
        ("\u0301a", "en", False),
        ("нет", "ru", True),
        ("no", "ru", False),
        ("pаradise", "en", False),  # a Cyrillic а
        ("σοφός", "el", True),
        ("प्रेम", "hi", True),
        ("२२", "hi", False),
        ("사랑", "ko", True),
        ("爱情", "zh", True),
        ("A股", "zh", False),
        ("コーヒー", "ja", True),
        ("الجنة", "ar", True),
        ("حـب", "ar", False),  # stretched by a tatweel
    ],
)
def test_words_of_the_language_s_own_script(word: str, language: str, expected: bool) -> None:
    assert languages.is_written_in(word, language) is expected
