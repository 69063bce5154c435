"""Ranking methods by name."""

from __future__ import annotations

import sys

from interlingua.errors import ConfigError, suggest
from interlingua.units.methods.base import RankingMethod

_METHODS: dict[str, tuple[RankingMethod, str]] = {}


def register(method: RankingMethod) -> RankingMethod:
    """Make a method known by its name.

    Parameters
    ----------
    method : RankingMethod
        A method with a name of its own.

    Returns
    -------
    RankingMethod
        The same.

    Raises
    ------
    ConfigError
        If the name is taken.
    """
    if method.name in _METHODS:
        raise ConfigError(f"a ranking method named {method.name!r} exists already: choose another name")
    # Its class does not tell: several files register a `ProbeWeights`. The caller is the file that does.
    _METHODS[method.name] = (method, str(sys._getframe(1).f_globals["__name__"]))
    return method


def get(name: str) -> RankingMethod:
    """Return the method of that name.

    Parameters
    ----------
    name : str
        E.g. "ridge"; `names` lists them.

    Returns
    -------
    RankingMethod

    Raises
    ------
    ConfigError
        If there is none.
    """
    return _known(name)[0]


def module_of(name: str) -> str:
    """Return the dotted path of the module that registered the method of that name, which decides its scores.

    Raises
    ------
    ConfigError
        If there is none.
    """
    return _known(name)[1]


def names() -> tuple[str, ...]:
    """Return the names of all methods, in alphabetical order."""
    return tuple(sorted(_METHODS))


def _known(name: str) -> tuple[RankingMethod, str]:
    if name not in _METHODS:
        raise ConfigError(f"unknown ranking method {name!r}{suggest(name, _METHODS)}: use one of {', '.join(names())}")
    return _METHODS[name]
