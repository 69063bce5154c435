"""Sources of models by name, in the order in which they are asked."""

from __future__ import annotations

from interlingua.models.sources.base import ModelSource
from interlingua.plugins import Plugins

PLUGINS: Plugins[ModelSource] = Plugins("a source of models", order=lambda source: source.order)
register, get, module_of, names = PLUGINS.register, PLUGINS.get, PLUGINS.module_of, PLUGINS.names
