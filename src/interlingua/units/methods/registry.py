"""Ranking methods by name."""

from __future__ import annotations

from interlingua.plugins import Plugins
from interlingua.units.methods.base import RankingMethod

PLUGINS: Plugins[RankingMethod] = Plugins("a ranking method")
register, get, module_of, names = PLUGINS.register, PLUGINS.get, PLUGINS.module_of, PLUGINS.names
