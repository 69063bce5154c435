"""The report: figures and one self-contained page, drawn from a result folder's tables. Nothing is computed here."""

from __future__ import annotations

from pathlib import Path


def build_report(folder: Path) -> Path:
    """Draw the figures and ``report.html`` of a result folder from its tables.

    Parameters
    ----------
    folder
        A result folder; `interlingua.run` makes one.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    StoreError
        If `folder` is not a result folder or can't be written to.
    """
    from interlingua.report.figures import draw_all
    from interlingua.report.page import write_page
    from interlingua.report.results import Results

    results = Results.read(folder)
    captions = draw_all(results, folder / "figures")
    return write_page(results, captions)
