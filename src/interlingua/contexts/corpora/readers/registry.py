"""The formats by name, and which one a file is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.conll import read_conll
from interlingua.contexts.corpora.readers.dump import read_dump
from interlingua.contexts.corpora.readers.files import is_named
from interlingua.contexts.corpora.readers.json_files import read_jsonl, read_squad
from interlingua.contexts.corpora.readers.parquet import read_parquet
from interlingua.contexts.corpora.readers.plain import read_leipzig, read_text
from interlingua.errors import ContextsError, suggest

_WIKIPEDIA_LICENCE = "CC BY-SA 4.0 (text of Wikipedia)"
_NOT_STATED = "not stated"


@dataclass(frozen=True)
class Kind:
    """One format.

    Attributes
    ----------
    name
        What a study file calls it.
    suffixes
        How its files' names end, compression aside.
    read
        Yields the documents of one file.
    licence
        Of the corpora that come in this format, where they come from one place.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, Options], Iterator[Document]]
    licence: str


#: In the order in which a file's name is tried.
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("wikipedia", (".parquet",), read_parquet, _WIKIPEDIA_LICENCE),
        Kind("dump", (".xml",), read_dump, _WIKIPEDIA_LICENCE),
        Kind("leipzig", (".tar", ".tgz", "-sentences.txt"), read_leipzig, "CC BY (Leipzig Corpora Collection)"),
        Kind("conll", (".conll", ".conllu", ".conll03", ".iob", ".iob2"), read_conll, _NOT_STATED),
        Kind("jsonl", (".jsonl", ".ndjson"), read_jsonl, _NOT_STATED),
        Kind("squad", (".json",), read_squad, _NOT_STATED),
        Kind("text", (".txt",), read_text, _NOT_STATED),
    )
}


def kind_of(path: Path) -> Kind | None:
    """Return the format that a file's name tells, None if it tells none."""
    return next((kind for kind in KINDS.values() if is_named(path, *kind.suffixes)), None)


def get_kind(name: str) -> Kind:
    """Return a format by its name.

    Raises
    ------
    ContextsError
        If there is none of that name.
    """
    if name not in KINDS:
        raise ContextsError(
            f"there is no kind of corpus called '{name}'{suggest(name, KINDS)}; known: {', '.join(KINDS)}"
        )
    return KINDS[name]
