"""What passes between rooms, said once: columns, tables, and where units stand in a network."""

from interlingua.tables.layout import HEADS, MLP, RESID, SITES, Layout, Site
from interlingua.tables.schema import Column, Table, UnitColumn

__all__ = ["HEADS", "MLP", "RESID", "SITES", "Column", "Layout", "Site", "Table", "UnitColumn"]
