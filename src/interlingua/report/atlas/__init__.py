"""The atlas: a static page on which units can be looked at, opened from disk or from any web server.

Its data are written by `interlingua.study.atlas_data`; here is the page, and the form that the data have.
"""

from __future__ import annotations

from interlingua.report.atlas.files import as_rows, copy_page, pack, significant, write_data

__all__ = ["as_rows", "copy_page", "pack", "significant", "write_data"]
