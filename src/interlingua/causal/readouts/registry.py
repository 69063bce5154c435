"""Readouts by name."""

from __future__ import annotations

from interlingua.causal.readouts.base import Readout
from interlingua.plugins import Plugins

PLUGINS: Plugins[Readout] = Plugins("a readout", lambda readout: readout.order)
register, get, module_of, names = PLUGINS.register, PLUGINS.get, PLUGINS.module_of, PLUGINS.names
