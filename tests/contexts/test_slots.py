"""Slot frames."""

from __future__ import annotations

import re
import unicodedata

import pytest

from interlingua import languages
from interlingua.contexts import carrier_languages
from interlingua.contexts.slots import SLOT, WORD, slot_frames, slot_languages
from interlingua.contexts.targets import SPACELESS
from interlingua.errors import ContextsError


def test_they_are_there_for_the_languages_of_carriers() -> None:
    assert slot_languages() == carrier_languages()
    with pytest.raises(ContextsError, match="language 'sw' has no slot frames; they are there for en es"):
        slot_frames("sw")


@pytest.mark.parametrize("code", slot_languages())
def test_the_frames_of_a_language(code: str) -> None:
    frames = slot_frames(code)
    assert len(frames) == len(set(frames)) >= 3
    for frame in frames:
        assert frame.count(WORD) == frame.count(SLOT) == 1, frame
        assert frame.count("{") == frame.count("}") == 2, frame
        assert frame == unicodedata.normalize("NFC", frame.strip()), frame
        assert "  " not in frame, frame
        before, rest = frame.split(WORD)
        between, after = rest.split(SLOT)  # the slot stands behind the word
        assert languages.is_written_in(re.sub(r"[\W\d_]", "", before + between + after), code), frame
        if code not in SPACELESS:
            # A mark directly before a word would change its pieces.
            assert before == "" or before.endswith(" "), frame
            assert between.endswith(" "), frame
            assert re.fullmatch(r"[.।۔]", after), frame
