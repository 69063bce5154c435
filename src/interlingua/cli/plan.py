"""``interlingua plan``."""

from __future__ import annotations

import typer

from interlingua.cli import options


def plan(
    study: options.Source,
    settings: options.Settings = None,
    models: options.Models = None,
    data: options.Data = None,
    workers: options.Workers = None,
) -> None:
    """Say what a study would do: steps, sentences, tokens, disk and time. Runs nothing."""
    from interlingua.run.study import load_study

    loaded = load_study(study, overrides=options.overrides(settings, models, data))
    from interlingua.run.plan import make_plan

    typer.echo(make_plan(loaded, workers=workers).describe())
