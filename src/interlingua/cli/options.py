"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Source = Annotated[str, typer.Argument(metavar="STUDY", help="A study file (TOML), or 'demo' or 'paper'.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the study, e.g. probes.l1=0.01. Repeatable."),
]
Models = Annotated[
    list[str] | None,
    typer.Option("--models", metavar="MODEL", help="Use this model instead of the study's. Repeatable."),
]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="FOLDER", help="Folder of the authors' files (else downloaded).")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Result folder [results/NAME].")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes, one thread each [as many as there are cores].")
]
CachePolicy = Annotated[
    str, typer.Option("--cache", metavar="POLICY", help="reuse, refresh (compute again) or only-cache.")
]


def overrides(settings: list[str] | None, models: list[str] | None, data: Path | None) -> dict[str, Any]:
    """Collect what the command line lays over the study file."""
    from interlingua.study.reading import parse_override

    laid: dict[str, Any] = {}
    if models:
        names = [name for entry in models for name in entry.split(",")]
        laid["models"] = [str(Path(name).resolve()) if Path(name, "config.json").is_file() else name for name in names]
    if data is not None:
        laid["data"] = str(data.resolve())
    laid.update(parse_override(text) for text in settings or [])
    return laid
