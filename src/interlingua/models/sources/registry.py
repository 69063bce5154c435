"""Sources of models by name."""

from __future__ import annotations

import sys

from interlingua.errors import ConfigError, suggest
from interlingua.models.sources.base import ModelSource

_SOURCES: dict[str, tuple[ModelSource, str]] = {}


def register(source: ModelSource) -> ModelSource:
    """Make a source known by its name.

    Parameters
    ----------
    source : ModelSource
        A source with a name of its own.

    Returns
    -------
    ModelSource
        The same.

    Raises
    ------
    ConfigError
        If the name is taken.
    """
    if source.name in _SOURCES:
        raise ConfigError(f"a source of models named {source.name!r} exists already: choose another name")
    # The caller is the file that opens its models.
    _SOURCES[source.name] = (source, str(sys._getframe(1).f_globals["__name__"]))
    return source


def get(name: str) -> ModelSource:
    """Return the source of that name.

    Parameters
    ----------
    name : str
        E.g. "hub"; `names` lists them.

    Returns
    -------
    ModelSource

    Raises
    ------
    ConfigError
        If there is none.
    """
    return _known(name)[0]


def module_of(name: str) -> str:
    """Return the dotted path of the module that registered the source of that name, which opens its models.

    Raises
    ------
    ConfigError
        If there is none.
    """
    return _known(name)[1]


def names() -> tuple[str, ...]:
    """Return the names of all sources, in the order in which they are asked."""
    return tuple(sorted(_SOURCES, key=lambda name: (_SOURCES[name][0].order, name)))


def _known(name: str) -> tuple[ModelSource, str]:
    if name not in _SOURCES:
        raise ConfigError(
            f"unknown source of models {name!r}{suggest(name, _SOURCES)}: use one of {', '.join(names())}"
        )
    return _SOURCES[name]
