"""Ranking methods: a new one is one file in this folder that calls `register`."""

from importlib import import_module
from pkgutil import iter_modules

from interlingua.units.methods.base import LayerData, ProbeKey, RankingMethod
from interlingua.units.methods.registry import get, module_of, names, register
from interlingua.units.methods.weights import ProbeWeights

# Importing the files of this folder registers their methods.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["LayerData", "ProbeKey", "ProbeWeights", "RankingMethod", "get", "module_of", "names", "register"]
