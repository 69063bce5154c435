"""Nulls by name."""

from __future__ import annotations

import sys

from interlingua.errors import ConfigError, suggest
from interlingua.units.nulls.base import Null

_NULLS: dict[str, tuple[Null, str]] = {}


def register(null: Null) -> Null:
    """Make a null known by its name.

    Parameters
    ----------
    null : Null
        A null with a name of its own.

    Returns
    -------
    Null
        The same.

    Raises
    ------
    ConfigError
        If the name is taken.
    """
    if null.name in _NULLS:
        raise ConfigError(f"a null named {null.name!r} exists already: choose another name")
    # The caller is the file that defines what the null draws.
    _NULLS[null.name] = (null, str(sys._getframe(1).f_globals["__name__"]))
    return null


def get(name: str) -> Null:
    """Return the null of that name.

    Parameters
    ----------
    name : str
        E.g. "permuted"; `names` lists them.

    Returns
    -------
    Null

    Raises
    ------
    ConfigError
        If there is none.
    """
    return _known(name)[0]


def module_of(name: str) -> str:
    """Return the dotted path of the module that registered the null of that name, which decides what it draws.

    Raises
    ------
    ConfigError
        If there is none.
    """
    return _known(name)[1]


def names() -> tuple[str, ...]:
    """Return the names of all nulls, in their order."""
    return tuple(sorted(_NULLS, key=lambda name: (_NULLS[name][0].order, name)))


def _known(name: str) -> tuple[Null, str]:
    if name not in _NULLS:
        raise ConfigError(f"unknown null {name!r}{suggest(name, _NULLS)}: use one of {', '.join(names())}")
    return _NULLS[name]
