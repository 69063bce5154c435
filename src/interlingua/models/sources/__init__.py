"""Where models come from: a new source is one file in this folder that calls `register`. None of it loads torch."""

from importlib import import_module
from pkgutil import iter_modules

from interlingua.models.sources.base import ModelSource, OpenedModel
from interlingua.models.sources.registry import get, module_of, names, register

# Importing the files of this folder registers their sources.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["ModelSource", "OpenedModel", "get", "module_of", "names", "register"]
