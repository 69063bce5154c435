"""``interlingua report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result folder of 'interlingua run'.")],
) -> None:
    """Draw the figures and the report of a result folder again, from its tables."""
    from interlingua.run.report import build_report

    typer.echo(f"report: {build_report(folder)}")
