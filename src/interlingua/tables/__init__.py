"""What passes between rooms, said once: columns, tables, and where units stand in a network."""

from interlingua.tables.layout import RESIDUAL, Layout
from interlingua.tables.schema import Column, Table, UnitColumn

__all__ = ["RESIDUAL", "Column", "Layout", "Table", "UnitColumn"]
