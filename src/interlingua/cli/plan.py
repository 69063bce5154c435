"""``interlingua plan``."""

from __future__ import annotations

from typing import Annotated

import typer

from interlingua.cli import options


def plan(
    study: options.Source,
    settings: options.Settings = None,
    models: options.Models = None,
    data: options.Data = None,
    trust: options.Trust = False,
    workers: options.Workers = None,
    words_only: Annotated[
        bool, typer.Option("--words", help="Words and problems only, which takes some seconds.")
    ] = False,
    why: Annotated[bool, typer.Option("--why", help="Say why each step would run.")] = False,
) -> None:
    """Say what a study would do: its rated words and all problems first, then steps, disk and time. Runs nothing."""
    from interlingua.run.study import load_study

    loaded = load_study(study, overrides=options.overrides(settings, models, data, trust=trust))
    from interlingua.flow.cache import cache_root
    from interlingua.run.plan import describe_words, make_plan
    from interlingua.study.words import look_at_words

    words = look_at_words(loaded, cache_root())
    if said := describe_words(loaded, words):
        typer.echo(said)
    words.problems.told(f"study '{loaded.name}'")
    if words_only or words.unsearched:
        return
    typer.echo("")
    typer.echo(make_plan(loaded, workers=workers, words=words, why=why).describe())
