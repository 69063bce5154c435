"""Probes: a new one is one file in this folder that calls `register`."""

from importlib import import_module
from pkgutil import iter_modules

from interlingua.probes.methods.base import Equations, ProbeMethod, Rated
from interlingua.probes.methods.registry import get, module_of, names, register

# Importing the files of this folder registers their probes.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["Equations", "ProbeMethod", "Rated", "get", "module_of", "names", "register"]
