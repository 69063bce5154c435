"""``interlingua run``."""

from __future__ import annotations

import typer

from interlingua.cli import options
from interlingua.cli.stopping import stopping


def run(
    study: options.Source,
    settings: options.Settings = None,
    models: options.Models = None,
    data: options.Data = None,
    output: options.Output = None,
    workers: options.Workers = None,
    cache: options.CachePolicy = "reuse",
) -> None:
    """Run a study: from rated words to a report."""
    with stopping():
        from interlingua.run.study import load_study

        loaded = load_study(study, overrides=options.overrides(settings, models, data))
        # After the study has been read: a mistake in it is told before torch is loaded.
        from interlingua.run.run import run as run_study

        folder = run_study(loaded, output=output, workers=workers, policy=cache)
    typer.echo(f"report: {folder / 'report.html'}")
    typer.echo(f"atlas: {folder / 'atlas' / 'index.html'}")
    typer.echo(f"tables: {folder / 'tables'}")
