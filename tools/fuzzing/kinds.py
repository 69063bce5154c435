"""What is fuzzed: a kind of file, how mutants of it are made, read, and judged."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """A spoilt file.

    Attributes
    ----------
    content
        Its bytes.
    inside
        Whether only what the container holds was changed, so that it opens.
    text
        What it says, in lines, where that can be told without the reader: the judge looks there.
    """

    content: bytes
    inside: bool
    text: str | None = None


@dataclass
class Read:
    """What a reader made of a file.

    Attributes
    ----------
    ratings
        Word and rating.
    sentences
        Sentence and target.
    told
        How many things issues count, in all.
    values
        What else was read, by what it is called.
    """

    ratings: list[tuple[str, float]] = field(default_factory=list)
    sentences: list[tuple[str, str]] = field(default_factory=list)
    told: int = 0
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes
    ----------
    name
        What it is called.
    suffix
        Of its files.
    mutants
        Makes a mutant of one of the seeds.
    seeds
        The seeds, which are read first and must give the table.
    read
        Reads a file.
    wrong
        Says what is wrong in silence with what was read of a mutant; "" if nothing is.
    cost
        How much longer an input takes than one of text, so that time is shared out.
    """

    name: str
    suffix: str
    seeds: Sequence[bytes]
    mutants: Callable[[random.Random], Mutant]
    read: Callable[[Path], Read]
    wrong: Callable[[Mutant, Read], str]
    cost: float = 1.0


KINDS: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Register a kind."""
    if kind.name in KINDS:
        raise ValueError(f"{kind.name} is there twice")
    KINDS[kind.name] = kind
