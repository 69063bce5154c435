"""The atlas: a static page on which units can be looked at, opened from disk or from any web server.

``page/`` is the page with its scripts; the data that it loads are written by `write_atlas`. What a table's column is
called on it, what it means and how its numbers are written follow from the table's declaration.
"""

from __future__ import annotations

from interlingua.atlas.data import write_atlas

__all__ = ["write_atlas"]
