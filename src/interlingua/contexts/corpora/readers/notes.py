"""Templates that are notes in the text and not part of a sentence (``notes.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources


def is_note(name: str, *, has_words: bool) -> bool:
    """Return whether a sentence is whole without a template, wherever it stands.

    Parameters
    ----------
    name
        The template's name in lower case.
    has_words
        Whether the template is given more than named parameters.
    """
    return _is_among("footnotes", name) or (not has_words and _is_among("requests", name))


def _is_among(kind: str, name: str) -> bool:
    names, beginnings = _notes()[kind]
    return name in names or name.startswith(beginnings)


@cache
def _notes() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    text = resources.files("interlingua.contexts.corpora.readers").joinpath("notes.toml").read_text(encoding="utf-8")
    return {
        kind: (frozenset(name.strip() for name in notes["names"].split(";")), tuple(notes["beginnings"]))
        for kind, notes in tomllib.loads(text).items()
    }
