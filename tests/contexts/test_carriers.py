"""Carrier sentences."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua import languages
from interlingua.contexts import carrier_contexts, carrier_frames, carrier_languages
from interlingua.contexts.carriers import SLOT
from interlingua.contexts.targets import SPACELESS
from interlingua.errors import ContextsError

FIRST = ("en", "es", "pt", "fr", "de", "id", "zh", "ru", "ko", "ar")
ALSO = ("it", "nl", "pl", "hr", "el", "tr", "fi", "hi", "ja", "uk", "ur", "ps")


def test_the_languages() -> None:
    assert carrier_languages()[:10] == FIRST
    assert set(ALSO) <= set(carrier_languages())
    assert all(languages.get(code).code == code for code in carrier_languages())


@pytest.mark.parametrize("code", carrier_languages())
def test_the_frames_of_a_language(code: str) -> None:
    frames = carrier_frames(code)
    assert len(frames) >= 8
    for frame in frames:
        assert frame.count(SLOT) == frame.count("{") == frame.count("}") == 1, frame
        assert frame == unicodedata.normalize("NFC", frame.strip()), frame
        assert frame.endswith((".", "?", "。", "？", "؟", "।", "۔", ";")), frame
        assert "  " not in frame, frame
        letters = re.sub(r"[\W\d_]", "", frame.replace(SLOT, ""))
        assert languages.is_written_in(letters, code), frame
    starts = sum(frame.startswith(SLOT) for frame in frames[:8])
    ends = sum(len(frame.partition(SLOT)[2]) == 1 for frame in frames[:8])
    assert starts <= 2
    assert ends <= 2
    assert ends or code in {"zh", "ja", "hi", "ur", "ps"}  # quotes stand around the word, or the verb comes last


@pytest.mark.parametrize("code", sorted(set(carrier_languages()) - SPACELESS))
def test_the_word_stands_by_itself_between_blanks_and_marks(code: str) -> None:
    cased = languages.get(code).script in {"Latn", "Cyrl", "Grek"}
    for frame in carrier_frames(code):
        before, _, after = frame.partition(SLOT)
        # A mark directly before the word would change its pieces (see the head of carriers.toml).
        assert before.endswith(" ") or (before == "" and not cased), frame
        # In Korean, particles that no sound of the word changes may follow.
        assert after.startswith((" ", "\u00a0", ".", "?", "؟", ";", ",")) or code == "ko", frame
    if code == "ko":
        particles = {re.match(r"\w*", frame.partition(SLOT)[2])[0] for frame in carrier_frames(code)}  # type: ignore[index]
        assert particles == {"", "의", "에", "입니다"}


@pytest.mark.parametrize("code", carrier_languages())
def test_frames_are_not_variations_of_one(code: str) -> None:
    for one, other in combinations(carrier_frames(code), 2):
        assert SequenceMatcher(None, one, other).ratio() < 0.85, (one, other)


def test_french_question_marks_follow_a_blank_that_does_not_break() -> None:
    asked = [frame for frame in carrier_frames("fr") if frame.endswith("?")]
    assert asked
    assert all(frame.endswith("\u00a0?") for frame in asked)


@given(
    st.lists(
        st.text(min_size=1, max_size=8).filter(lambda word: word.strip() != ""), min_size=1, max_size=5, unique=True
    ),
    st.sampled_from(carrier_languages()),
    st.integers(1, 10),
)
def test_offsets_always_give_the_word_back(words: list[str], code: str, frames: int) -> None:
    norms = pd.DataFrame({"word": words, "valence": np.linspace(0, 1, len(words))})
    table = carrier_contexts(norms, code, frames=frames).table
    assert len(table) == len(words) * frames
    for row in table.itertuples():
        assert row.text[row.start : row.end] == row.word
    assert table["word"].tolist() == [word for word in words for _ in range(frames)]
    assert table["valence"].tolist() == [value for value in norms["valence"] for _ in range(frames)]


def test_words_with_braces_and_placeholders_are_set_as_they_are() -> None:
    table = carrier_contexts(pd.DataFrame({"word": ["{word}", "{0}"]}), "en", frames=1).table
    assert table["text"].tolist() == ["She wrote the word {word} on the board.", "She wrote the word {0} on the board."]


def test_takes_frames_of_ones_own_and_the_variables_named() -> None:
    norms = pd.DataFrame({"word": ["chat", "chien"], "valence": [0.5, np.nan], "arousal": [0.1, 0.2]})
    contexts = carrier_contexts(norms, "fr", frames=["Un {word} ."], variables=["arousal"], split="unseen")
    assert contexts.table["text"].tolist() == ["Un chat .", "Un chien ."]
    assert contexts.variables == ("arousal",)
    assert contexts.table["context_id"].tolist() == ["fr-00000-00", "fr-00001-00"]
    assert set(contexts.table["split"]) == {"unseen"}


def test_a_language_without_frames_can_have_ones_own() -> None:
    norms = pd.DataFrame({"word": ["hus"]})
    with pytest.raises(ContextsError, match="language 'sv': no carrier sentences; they are there for en es"):
        carrier_contexts(norms, "sv")
    assert len(carrier_contexts(norms, "sv", frames=["Ordet {word} står här."]).table) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frames": 11}, "11 carrier sentences are asked for; ask for 1 to 10"),
        ({"frames": 0}, "0 carrier sentences are asked for"),
        ({"frames": ["no place"]}, "the frame 'no place' must hold {word} exactly once"),
        ({"frames": ["{word} {word}"]}, "must hold {word} exactly once"),
        ({"frames": []}, "no frames"),
        ({"variables": ["valance"]}, r"no variable 'valance' \(did you mean 'valence'\?\)"),
        ({"split": "dev"}, "split 'dev' must be one of train, test, unseen"),
    ],
)
def test_refuses(options: dict[str, object], message: str) -> None:
    norms = pd.DataFrame({"word": ["cat"], "valence": [0.5]})
    with pytest.raises(ContextsError, match=message):
        carrier_contexts(norms, "en", **options)  # type: ignore[arg-type]


def test_refuses_a_word_that_comes_twice() -> None:
    with pytest.raises(ContextsError, match="have the word 'cat' twice"):
        carrier_contexts(pd.DataFrame({"word": ["cat", "dog", "cat"]}), "en")
