"""Readouts: a new one is one file in this folder that calls `register`."""

from importlib import import_module
from pkgutil import iter_modules

from interlingua.causal.readouts.base import Fitted, OwnSentences, Readout, Training
from interlingua.causal.readouts.registry import get, module_of, names, register

# Importing the files of this folder registers their readouts.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["Fitted", "OwnSentences", "Readout", "Training", "get", "module_of", "names", "register"]
