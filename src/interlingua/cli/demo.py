"""``interlingua demo``."""

from __future__ import annotations

from interlingua.cli import options
from interlingua.cli.run import run


def demo(
    settings: options.Settings = None,
    output: options.Output = None,
    workers: options.Workers = None,
    cache: options.CachePolicy = "reuse",
) -> None:
    """Run the built-in study: pleasantness in eight languages, tested in two more. No network needed."""
    run("demo", settings=settings, output=output, workers=workers, cache=cache)
