"""Which probe a ranking is repeated by on drawn ratings; as a package of plugins, for the keys of steps that do."""

from __future__ import annotations

from interlingua.probes import methods as probes
from interlingua.units import methods


def module_of(name: str) -> str:
    """Return the dotted path of the module that decides how the ranking of that name is repeated on drawn ratings.

    That is its probe's, if it needs one, else its own.

    Raises
    ------
    ConfigError
        If there is no such ranking or probe.
    """
    needs = methods.get(name).needs
    return methods.module_of(name) if needs is None else probes.module_of(needs[0])
