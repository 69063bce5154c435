"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from interlingua.flow.cluster import Where

Source = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file (TOML), or 'demo', 'demo-decoder' or 'paper'.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the study, e.g. probes.l1=0.01. Repeatable."),
]
Models = Annotated[
    list[str] | None,
    typer.Option("--models", metavar="MODEL", help="Use this model instead of the study's. Repeatable."),
]
Trust = Annotated[
    bool, typer.Option("--trust", help="Open weights that are a pickle, too, which can run code when it is opened.")
]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="FOLDER", help="Folder of the authors' files (else downloaded).")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Result folder [results/NAME].")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes, one thread each [as many as there are cores].")
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler", metavar="ADDRESS", help="Compute on the workers of this Dask scheduler, tcp://HOST:8786."
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="KIND", help="Start workers by Dask: local, slurm, pbs, lsf or sge."),
]
Job = Annotated[
    list[str] | None,
    typer.Option("--job", metavar="KEY=VALUE", help="What a job of the batch system is, e.g. cores=8. Repeatable."),
]
CachePolicy = Annotated[
    str, typer.Option("--cache", metavar="POLICY", help="reuse, refresh (compute again) or only-cache.")
]


def where(scheduler: str | None, cluster: str | None, workers: int | None, job: list[str] | None) -> Where:
    """Collect what the command line says of where to compute.

    Raises
    ------
    ConfigError
        If it says two things, or there is no such kind of cluster.
    """
    from interlingua.flow.cluster import Where
    from interlingua.study.reading import parse_override

    if scheduler is None and cluster is None and not job:
        return Where()
    return Where(scheduler, cluster, workers, dict(parse_override(text, "--job") for text in job or []))


def overrides(
    settings: list[str] | None, models: list[str] | None, data: Path | None, *, trust: bool = False
) -> dict[str, Any]:
    """Collect what the command line lays over the study file."""
    from interlingua.models.specs import from_folder
    from interlingua.study.reading import parse_override

    laid: dict[str, Any] = {}
    if models:
        laid["models"] = [from_folder(name, Path()) for entry in models for name in entry.split(",")]
    if data is not None:
        laid["data"] = str(data.resolve())
    if trust:
        laid["extraction.trust"] = True
    laid.update(parse_override(text) for text in settings or [])
    return laid
