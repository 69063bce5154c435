"""Sentences: what sentencex is known to part wrongly, and what must stay parted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua.contexts.corpora import sentence_spans
from interlingua.contexts.corpora.sentences import is_fragment


def split(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("tr", ["II. Dünya Savaşı'nda yıkıldı.", "19. yüzyılda M.Ö. 5. binyıl vb. yapılar vardır.", "Evler eski."]),
        ("tr", ["Prof. Dr. Ahmet Bey geldi.", "1. Lig takımı Yrd. Doç. Kaya'yı kutladı.", "Kent büyüdü."]),
        ("hr", ["Grad je osnovan u 13. stoljeću.", "Godine 1945. završio rat.", "Npr. sv. Ivan i dr. Horvat su tu."]),
        ("hr", ["Rođen je 1945.", "Umro je u Zagrebu."]),
        ("pl", ["W XIX w. miasto urosło.", "Ok. 300 tys. osób żyje tam.", "Ul. Długa im. Jana Pawła II jest znana."]),
        ("pl", ["Urodził się 3. maja.", "Mieszkał przy pl. Zamkowym z m.in. Kowalskim."]),
        ("pt", ["A av. Paulista, n.º 5, é longa.", "No séc. XIX, p. ex. era assim.", "D. Pedro II reinou."]),
        ("pt", ["O Sr. Silva e a Dra. Costa chegaram.", "Em 300 a.C. começou."]),
        ("nl", ["Dhr. Jansen en Mw. de Vries kwamen.", "O.a. Berlijn en m.n. Wenen.", "Dit is bijv. Een voorbeeld."]),
        ("id", ["Jl. Sudirman No. 5 di Jakarta.", "PT. Maju Jaya dan Ir. Soekarno ada.", "Luasnya dgn. dua kota."]),
        ("fr", ["M. Dupont et Mme. Durand sont là.", "Au XIXe s. la ville grandit.", "Né en 4 av. J.-C. à Rome."]),
        ("de", ["Der 2. Weltkrieg endete am 8. Mai.", "Dr. Müller u. a. kamen bzw. gingen."]),
        ("el", ["Ο κ. Παπαδόπουλος π.χ. ήρθε;", "Ναι."]),
        ("en", ["Dr. Smith lives here.", "J. R. R. Tolkien wrote it."]),
        ("zh", ["柏林是德国首都。", "它很大！"]),
    ],
)  # fmt: skip
def test_known_over_splits_are_rejoined_and_ends_stay(language: str, sentences: list[str]) -> None:
    between = "" if language == "zh" else " "
    assert split(between.join(sentences), language) == sentences


@given(st.text(max_size=80), st.sampled_from(["en", "tr", "zh", "ar", "el", "th"]))
def test_sentences_are_stretches_of_the_text_that_lose_blanks_only(text: str, language: str) -> None:
    spans = list(sentence_spans(text, language))
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


@pytest.mark.parametrize(
    ("paragraph", "language", "expected"),
    [
        ("Dış bağlantılar", "tr", True),
        ("Kota sahabat resmi adalah:", "id", True),
        ("Kedi miyavlar.", "tr", False),
        ("He said: “It is (all) good.”", "en", False),
        ("Well. And then", "en", False),
        ("Ποιος είναι;", "el", False),
        ("Landkreis Barnim;", "de", True),
        ("柏林很大。", "zh", False),
        ("แมวกินปลา", "th", False),
    ],
)
def test_fragments(paragraph: str, language: str, expected: bool) -> None:
    assert is_fragment(paragraph, language) is expected
