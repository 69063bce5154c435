"""Probes by name."""

from __future__ import annotations

import sys

from interlingua.errors import ConfigError, suggest
from interlingua.probes.methods.base import ProbeMethod

_METHODS: dict[str, tuple[ProbeMethod, str]] = {}


def register(method: ProbeMethod) -> ProbeMethod:
    """Make a probe known by its name.

    Parameters
    ----------
    method : ProbeMethod
        A probe with a name of its own.

    Returns
    -------
    ProbeMethod
        The same.

    Raises
    ------
    ConfigError
        If the name is taken.
    """
    if method.name in _METHODS:
        raise ConfigError(f"a probe named {method.name!r} exists already: choose another name")
    # Its class does not tell: two files may register one. The caller is the file that does.
    _METHODS[method.name] = (method, str(sys._getframe(1).f_globals["__name__"]))
    return method


def get(name: str) -> ProbeMethod:
    """Return the probe of that name.

    Parameters
    ----------
    name : str
        E.g. "ridge"; `names` lists them.

    Returns
    -------
    ProbeMethod

    Raises
    ------
    ConfigError
        If there is none.
    """
    return _known(name)[0]


def module_of(name: str) -> str:
    """Return the dotted path of the module that registered the probe of that name, which decides its weights.

    Raises
    ------
    ConfigError
        If there is none.
    """
    return _known(name)[1]


def names() -> tuple[str, ...]:
    """Return the names of all probes, in alphabetical order."""
    return tuple(sorted(_METHODS))


def _known(name: str) -> tuple[ProbeMethod, str]:
    if name not in _METHODS:
        raise ConfigError(f"unknown probe {name!r}{suggest(name, _METHODS)}: use one of {', '.join(names())}")
    return _METHODS[name]
