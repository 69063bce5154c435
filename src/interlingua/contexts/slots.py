"""Slot frames: a rated word in a sentence, and behind it a slot in which a model says words of its own.

The frames are in ``slots.toml`` beside this module.
"""

from __future__ import annotations

from interlingua import languages
from interlingua.contexts.carriers import frames_by_language
from interlingua.errors import ContextsError

WORD, SLOT = "{word}", "{slot}"


def slot_languages() -> tuple[str, ...]:
    """Return the codes of the languages that have slot frames."""
    return tuple(frames_by_language("slots.toml"))


def slot_frames(language: str) -> tuple[str, ...]:
    """Return the frames of one language; each holds ``{word}`` once, and behind it ``{slot}`` once.

    Raises
    ------
    ContextsError
        If the language has none.
    """
    code = languages.get(language).code
    frames = frames_by_language("slots.toml")
    if code not in frames:
        raise ContextsError(f"language '{code}' has no slot frames; they are there for {' '.join(frames)}")
    return frames[code]
