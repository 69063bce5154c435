"""Nulls by name."""

from __future__ import annotations

from interlingua.plugins import Plugins
from interlingua.units.nulls.base import Null

PLUGINS: Plugins[Null] = Plugins("a null", order=lambda null: null.order)
register, get, module_of, names = PLUGINS.register, PLUGINS.get, PLUGINS.module_of, PLUGINS.names
