"""Slot frames: a rated word in a sentence, and behind it a slot in which a model says words of its own.

The frames are in ``slots.toml`` beside this module.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from interlingua import languages
from interlingua.errors import ContextsError

WORD, SLOT = "{word}", "{slot}"


@cache
def _frames_by_language() -> Mapping[str, tuple[str, ...]]:
    text = resources.files("interlingua.contexts").joinpath("slots.toml").read_text(encoding="utf-8")
    return {code: tuple(entry["frames"]) for code, entry in tomllib.loads(text).items()}


def slot_languages() -> tuple[str, ...]:
    """Return the codes of the languages that have slot frames."""
    return tuple(_frames_by_language())


def slot_frames(language: str) -> tuple[str, ...]:
    """Return the frames of one language; each holds ``{word}`` once, and behind it ``{slot}`` once.

    Raises
    ------
    ContextsError
        If the language has none.
    """
    code = languages.get(language).code
    frames = _frames_by_language()
    if code not in frames:
        raise ContextsError(f"language '{code}' has no slot frames; they are there for {' '.join(frames)}")
    return frames[code]
