"""Probes by name."""

from __future__ import annotations

from interlingua.plugins import Plugins
from interlingua.probes.methods.base import ProbeMethod

PLUGINS: Plugins[ProbeMethod] = Plugins("a probe")
register, get, module_of, names = PLUGINS.register, PLUGINS.get, PLUGINS.module_of, PLUGINS.names
