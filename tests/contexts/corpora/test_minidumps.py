"""Real MediaWiki dumps of the fourteen languages, against what was read off their pages by hand.

The expectations hold numbers and single words only: which sentence of which page, where in it, in which form.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("mwxml", reason="needs the extra 'corpora'")

from interlingua.contexts.corpora import Matcher, open_corpus
from interlingua.contexts.corpora.shard import sentences_of

#: Articles, and of the first: (sentence, its length in characters, word of a norm, place, form in the text).
EXPECTED: dict[str, tuple[int, list[tuple[int, int, str, int, str]]]] = {
    "de": (
        2,
        [
            (0, 142, "Philosoph", 112, "Philosoph"),
            (6, 166, "Tochter", 125, "Tochter"),
            (11, 82, "geboren", 74, "geboren"),
            (12, 69, "Familie", 52, "Familie"),
            (12, 69, "kindheit", 6, "Kindheit"),
            (13, 151, "Stadt", 128, "Stadt"),
        ],
    ),
    "el": (
        1,
        [
            (0, 110, "πόλη", 91, "πόλη"),
            (7, 179, "Πόλη", 2, "πόλη"),
            (8, 58, "σήμερα", 0, "Σήμερα"),
            (11, 72, "μόνο", 30, "μόνο"),
            (12, 73, "πληθυσμός", 2, "πληθυσμός"),
            (14, 182, "έτος", 3, "έτος"),
        ],
    ),
    "en": (
        24,
        [
            (1, 111, "film", 77, "film"),
            (3, 238, "religious", 36, "religious"),
            (4, 120, "violence", 90, "violence"),
            (8, 44, "filming", 0, "Filming"),
            (14, 148, "pork", 52, "pork"),
            (9, 141, "success", 58, "success"),
        ],
    ),
    "es": (
        1,
        [
            (2, 65, "ciudad", 7, "ciudad"),
            (6, 78, "centro", 34, "centro"),
            (8, 105, "frontera", 61, "frontera"),
            (13, 136, "tierra", 74, "tierra"),
            (5, 297, "después", 0, "Después"),
            (9, 212, "razón", 62, "razón"),
        ],
    ),
    "fi": (
        1,
        [
            (1, 95, "kaupunki", 86, "kaupunki"),
            (14, 85, "kaupunki", 0, "Kaupunki"),
            (6, 124, "tärkeä", 95, "tärkeä"),
            (15, 99, "alueen", 0, "Alueen"),
            (12, 169, "pääkaupunki", 101, "pääkaupunki"),
        ],
    ),
    "fr": (
        3,
        [
            (5, 130, "iranien", 122, "iranien"),
            (6, 120, "emploi", 76, "emploi"),
            (2, 133, "origine", 2, "origine"),
            (7, 158, "histoire", 102, "histoire"),
            (14, 81, "phénomène", 46, "phénomène"),
            (2, 133, "fils", 24, "fils"),
        ],
    ),
    "hr": (
        1,
        [
            (0, 105, "grad", 61, "grad"),
            (1, 157, "vrijeme", 65, "vrijeme"),
            (4, 201, "grad", 174, "grad"),
            (6, 133, "glavni", 47, "glavni"),
            (15, 124, "mjesto", 34, "mjesto"),
            (5, 267, "dio", 246, "dio"),
        ],
    ),
    "id": (
        1,
        [
            (0, 64, "ibu", 14, "ibu"),
            (4, 86, "hutan", 40, "hutan"),
            (4, 86, "sungai", 79, "sungai"),
            (6, 75, "dunia", 69, "dunia"),
            (7, 224, "perang", 8, "Perang"),
            (15, 105, "film", 86, "film"),
        ],
    ),
    "it": (
        1,
        [
            (3, 307, "passato", 3, "passato"),
            (7, 197, "origine", 91, "origine"),
            (9, 72, "estivi", 28, "estivi"),
            (11, 75, "terreno", 3, "terreno"),
            (13, 90, "clima", 25, "clima"),
            (7, 197, "centro", 3, "centro"),
        ],
    ),
    "nl": (
        2,
        [
            (0, 167, "filosoof", 92, "filosoof"),
            (3, 146, "verlangen", 90, "verlangen"),
            (6, 136, "reis", 60, "reis"),
            (8, 56, "vader", 18, "vader"),
            (9, 27, "zelfmoord", 17, "zelfmoord"),
            (7, 152, "lijden", 93, "lijden"),
        ],
    ),
    "pl": (
        1,
        [
            (0, 69, "miasto", 29, "miasto"),
            (11, 83, "ważny", 0, "Ważny"),
            (12, 141, "bagno", 74, "bagno"),
            (0, 69, "stolica", 9, "stolica"),
            (11, 83, "artystyczny", 36, "artystyczny"),
            (12, 141, "miasto", 123, "miasto"),
        ],
    ),
    "pt": (
        1,
        [
            (1, 142, "cidade", 54, "cidade"),
            (2, 144, "centro", 37, "centro"),
            (3, 93, "clima", 69, "clima"),
            (8, 107, "política", 81, "política"),
            (12, 165, "cidade", 2, "cidade"),
            (10, 115, "destino", 89, "destino"),
            (7, 155, "após", 0, "Após"),
        ],
    ),
    "tr": (
        1,
        [
            (1, 35, "aynı", 8, "aynı"),
            (2, 109, "kişi", 91, "kişi"),
            (4, 132, "utanç", 30, "utanç"),
            (7, 121, "önem", 89, "önem"),
            (8, 171, "önemli", 131, "önemli"),
            (12, 140, "gelişen", 50, "gelişen"),
            (6, 127, "iki", 39, "iki"),
            (4, 132, "duvarı", 36, "duvarı"),
        ],
    ),
    "zh": (
        1,
        [
            (0, 35, "城市", 21, "城市"),
            (6, 29, "森林", 12, "森林"),
            (6, 29, "花园", 18, "花园"),
            (8, 34, "人類", 29, "人類"),
            (13, 31, "文化", 6, "文化"),
            (13, 31, "政治", 9, "政治"),
        ],
    ),
}


@cache
def _pages(path: Path, language: str) -> list[list[tuple[str, bool]]]:
    corpus = open_corpus(path, language)
    return [list(sentences_of(page, language)) for shard in corpus.shards for page in corpus.documents(shard)]


@pytest.fixture(params=sorted(EXPECTED))
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pages(shared: Path, language: str) -> list[list[tuple[str, bool]]]:
    return _pages(shared / f"data/corpora/minidumps/{language}wiki-minidump-pages-articles.xml.bz2", language)


def test_pages_and_targets(pages: list[list[tuple[str, bool]]], language: str) -> None:
    n_pages, rows = EXPECTED[language]
    assert len(pages) == n_pages
    assert len(rows) >= 5
    for number, length, word, start, form in rows:
        text, broken = pages[0][number]
        assert not broken
        assert len(text) == length
        _, matches = Matcher([word], language).find(text)
        assert [(match.start, text[match.start : match.end]) for match in matches] == [(start, form)]


def test_no_markup_is_left_in_the_sentences(pages: list[list[tuple[str, bool]]], language: str) -> None:
    sentences = [text for page in pages for text, broken in page if not broken]
    assert len(sentences) > 60
    for mark in ("{{", "}}", "[[", "]]", "''", "<ref", "\ufffc", "__NOTOC__", "{|", "|}"):
        assert [text for text in sentences if mark in text] == [], mark
