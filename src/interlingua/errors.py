"""The package's own exceptions.

A command turns each of them into one line on standard error and exit code 2 (``--debug`` shows the
traceback), so a message says what is wrong, where, what is allowed, and what to type next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

#: Longer than any path: what a broken file holds may be quoted in a message, but not a megabyte of it.
_LONGEST_PIECE = re.compile(r"\S{600,}")
_LONGEST = 4000


class InterlinguaError(Exception):
    """Base class: something that the user can mend. A message stays one that can be read, whatever it quotes."""

    def __init__(self, message: object = "") -> None:
        short = _LONGEST_PIECE.sub(lambda piece: f"{piece[0][:200]}…", str(message))
        super().__init__(short if len(short) <= _LONGEST else f"{short[:_LONGEST]}…")


class ConfigError(InterlinguaError):
    """A study file or an option is wrong."""


class LanguageError(InterlinguaError):
    """A language code does not exist."""


class NormsError(InterlinguaError):
    """A table of ratings can't be read as one."""


class ContextsError(InterlinguaError):
    """Sentences can't be read, or a target is not in its sentence."""


class ModelError(InterlinguaError):
    """A model can't be found, read or used."""


class StoreError(InterlinguaError):
    """A file or folder can't be read or written."""


class WorkerError(InterlinguaError):
    """A process that computes has ended by itself."""


class TableError(InterlinguaError):
    """A table is not what its declaration says."""


class StatsError(InterlinguaError, ValueError):
    """Arguments for which a statistic is not defined."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known name nearest to `name`, or an empty string."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{near[0]}'?)" if near else ""


def reason(error: OSError) -> str:
    """Return why the system refused: libraries raise errors of a full disk without the system's own words."""
    return error.strerror or str(error) or type(error).__name__
