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
        If `folder` is not a result folder, if another version wrote it, or if it can't be written to.
    """
    from interlingua.errors import StoreError
    from interlingua.report.figures import draw_all
    from interlingua.report.page import write_page
    from interlingua.report.results import Results

    results = Results.read(folder)
    try:
        captions = draw_all(results, folder / "figures")
        return write_page(results, captions)
    except (KeyError, AttributeError) as error:  # a column that is not there, asked for by [] or as a field of a row
        raise StoreError(
            f"{folder}: its tables lack what the report needs ({error}): another version made them; run the study again"
        ) from error
