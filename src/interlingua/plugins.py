"""Things known by name, one file each: ranking methods, nulls, probes, sources of models."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from interlingua.errors import ConfigError, suggest


class Named(Protocol):
    """What can be registered: it has a name of its own."""

    @property
    def name(self) -> str:
        """Of its own."""


T = TypeVar("T", bound=Named)


class Plugins(Generic[T]):
    """What has registered itself, by name.

    Parameters
    ----------
    kind : str
        What one of them is called in messages, such as "a null".
    order : callable, optional
        By which they stand in lists; by name alone otherwise.
    """

    def __init__(self, kind: str, order: Callable[[T], Any] = lambda thing: 0) -> None:
        self._article, _, self._kind = kind.partition(" ")
        self._order = order
        self._known: dict[str, tuple[T, str]] = {}

    def register(self, thing: T) -> T:
        """Make a thing known by its name, and return it.

        Raises
        ------
        ConfigError
            If the name is taken.
        """
        if thing.name in self._known:
            raise ConfigError(f"{self._article} {self._kind} named {thing.name!r} exists already: choose another name")
        # Its class does not tell: several files may register one of a class. The caller is the file that does.
        self._known[thing.name] = (thing, str(sys._getframe(1).f_globals["__name__"]))
        return thing

    def get(self, name: str) -> T:
        """Return the thing of that name; `names` lists them.

        Raises
        ------
        ConfigError
            If there is none.
        """
        return self._of(name)[0]

    def module_of(self, name: str) -> str:
        """Return the dotted path of the module that registered the thing of that name, which decides what it does.

        Raises
        ------
        ConfigError
            If there is none.
        """
        return self._of(name)[1]

    def names(self) -> tuple[str, ...]:
        """Return the names of all, in their order."""
        return tuple(sorted(self._known, key=lambda name: (self._order(self._known[name][0]), name)))

    def _of(self, name: str) -> tuple[T, str]:
        if name not in self._known:
            near = suggest(name, self._known)
            raise ConfigError(f"unknown {self._kind} {name!r}{near}: use one of {', '.join(self.names())}")
        return self._known[name]
