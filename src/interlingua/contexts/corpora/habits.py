"""How languages write what sentence splitters and word boundaries trip over (``habits.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


def abbreviations(language: str) -> frozenset[str]:
    """Return abbreviations, in lower case and without their full stop, after which a sentence goes on."""
    return _words("abbreviations", "any") | _words("abbreviations", language)


def elided(language: str) -> frozenset[str]:
    """Return words that lose their vowel before an apostrophe: "l" in "l'amour"."""
    return _words("elided", language)


def clitics(language: str) -> frozenset[str]:
    """Return what may follow the apostrophe of a word without being part of it: "s" in "dog's"."""
    return _words("clitics", language)


def has_dotted_ordinals(language: str) -> bool:
    """Return whether a digit and a full stop make an ordinal number: "19. yüzyıl"."""
    return language in _table()["ordinals"].split()


@cache
def _words(section: str, language: str) -> frozenset[str]:
    return frozenset(_table()[section].get(language, "").split())


@cache
def _table() -> dict[str, Any]:
    text = resources.files("interlingua.contexts.corpora").joinpath("habits.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
