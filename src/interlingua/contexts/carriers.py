"""Carrier sentences: a rated word set into neutral sentences about the word itself.

They need no corpus, and as every word gets the same sentences, nothing but the word can tell its rating. The
frames are in ``carriers.toml`` beside this module.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

import numpy as np
import pandas as pd

from interlingua import languages
from interlingua.contexts.generic import check_variable
from interlingua.contexts.table import SPLITS, Contexts, check_contexts, context_ids, issue_table
from interlingua.errors import ContextsError, suggest
from interlingua.norms.concepts import CONCEPT, rating_columns

SLOT = "{word}"
SOURCE = "carriers"


@cache
def frames_by_language(file: str = "carriers.toml") -> Mapping[str, tuple[str, ...]]:
    """Return the frames that a file of this package holds, by language."""
    text = resources.files("interlingua.contexts").joinpath(file).read_text(encoding="utf-8")
    return {code: tuple(entry["frames"]) for code, entry in tomllib.loads(text).items()}


def carrier_languages() -> tuple[str, ...]:
    """Return the codes of the languages that have carrier sentences."""
    return tuple(frames_by_language())


def carrier_frames(language: str) -> tuple[str, ...]:
    """Return the frames of one language; each holds ``{word}`` once.

    Raises
    ------
    ContextsError
        If the language has none.
    """
    code = languages.get(language).code
    frames = frames_by_language()
    if code not in frames:
        raise ContextsError(
            f"language '{code}': no carrier sentences; they are there for {' '.join(frames)}."
            " Give your own frames, or a file of sentences"
        )
    return frames[code]


def carrier_contexts(
    norms_table: pd.DataFrame,
    language: str,
    *,
    frames: int | Sequence[str] = 8,
    variables: Sequence[str] | None = None,
    split: str = "train",
) -> Contexts:
    """Set every word of a table of norms into the same frames.

    Parameters
    ----------
    norms_table
        The table of `interlingua.norms.Norms`, or a part of it: ``word`` and a column for each variable.
    language
        The words' language.
    frames
        How many of the language's frames, from the first on; or frames of one's own, each with ``{word}``
        once.
    variables
        The ratings to take along (default: all columns but ``word`` and ``concept``).
    split
        What stands in the column ``split`` until `interlingua.contexts.split_by_word` parts the words.

    Returns
    -------
    Contexts
        ``len(norms_table) * n_frames`` rows, word by word in the order of the norms.

    Raises
    ------
    ContextsError
        If the language has no frames or fewer than asked for, a frame has no place for the word or more than
        one, the norms lack a variable, or a word comes twice.
    """
    code = languages.get(language).code
    chosen = _choose(frames, code)
    if split not in SPLITS:
        raise ContextsError(f"split {split!r} must be one of {', '.join(SPLITS)}{suggest(split, SPLITS)}")
    known = rating_columns(norms_table)
    variables = known if variables is None else list(variables)
    for variable in variables:
        check_variable(variable, norms_table, code)
    words = [str(word) for word in norms_table["word"].tolist()]
    if len(set(words)) < len(words):
        twice = norms_table["word"][norms_table["word"].duplicated()].iloc[0]
        raise ContextsError(f"the norms of language '{code}' have the word {twice!r} twice; keep one of them")
    halves = [frame.split(SLOT) for frame in chosen]
    rows = [
        (code, word, before + word + after, len(before), len(before) + len(word), split, SOURCE)
        for word in words
        for before, after in halves
    ]
    table = pd.DataFrame(rows, columns=["language", "word", "text", "start", "end", "split", "source"])
    table.insert(0, "context_id", context_ids(code, table["word"]))
    if CONCEPT in norms_table.columns:
        table[CONCEPT] = np.repeat(norms_table[CONCEPT].to_numpy(dtype=object), len(chosen))
    for variable in variables:
        table[variable] = np.repeat(norms_table[variable].to_numpy(dtype=np.float64), len(chosen))
    return Contexts(check_contexts(table, where=f"carrier sentences of language '{code}'"), issue_table([]))


def _choose(frames: int | Sequence[str], code: str) -> tuple[str, ...]:
    """Return the frames that are asked for."""
    if isinstance(frames, int):
        known = carrier_frames(code)
        if not 1 <= frames <= len(known):
            raise ContextsError(
                f"language '{code}': {frames} carrier sentences are asked for; ask for 1 to {len(known)}"
            )
        return known[:frames]
    for frame in frames:
        if frame.count(SLOT) != 1:
            raise ContextsError(f"the frame {frame!r} must hold {SLOT} exactly once")
    if not frames:
        raise ContextsError(f"language '{code}': no frames; give at least one, with {SLOT} in it")
    return tuple(frames)
