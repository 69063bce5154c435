"""``interlingua new``."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from interlingua.errors import StoreError, reason


def new(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("study.toml"),
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="CODE=FILE",
            help="A table of ratings of your own and its language, or CODE=NAME of a published one. Repeatable.",
        ),
    ] = None,
) -> None:
    """Write a commented starter study, or one for tables of your own."""
    if path.exists():
        raise StoreError(f"{path}: exists already; nothing was overwritten (give another name)")
    if sources:
        from interlingua.study.starting import starter_from

        text = starter_from(sources, path)
    else:
        text = files("interlingua.study").joinpath("starter.toml").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StoreError(f"{path}: exists already; nothing was overwritten (give another name)") from None
    except OSError as error:
        raise StoreError(f"{path}: can't be written ({reason(error)})") from None
    typer.echo(f"wrote {path}; edit it, then: interlingua plan {path}; interlingua run {path}")
