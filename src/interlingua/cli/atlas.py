"""``interlingua atlas``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def atlas(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result folder of 'interlingua run'.")],
) -> None:
    """Make the atlas of a result folder again, from its tables and the activations in the cache."""
    from interlingua.run.atlas import rebuild_atlas

    typer.echo(f"atlas: {rebuild_atlas(folder)}")
