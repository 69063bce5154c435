"""``interlingua``: the application and how its errors reach the user."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from interlingua.cli import atlas, cache, contexts, demo, doctor, models, new, norms, plan, report, run, steer
from interlingua.errors import InterlinguaError

app = typer.Typer(
    name="interlingua",
    help="Find the units of a multilingual language model that carry the same meaning in every language, "
    "and test that claim. Start with: interlingua demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("plan")(plan.plan)
app.command("report")(report.report)
app.command("atlas")(atlas.atlas)
app.command("steer")(steer.steer)
app.command("new")(new.new)
app.command("models")(models.models)
app.command("doctor")(doctor.doctor)
app.add_typer(norms.app, name="norms")
app.add_typer(contexts.app, name="contexts")
app.add_typer(cache.app, name="cache")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"interlingua {version('interlingua')}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors and results.")] = False,
    _: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    logging.basicConfig(format="%(message)s", level=logging.ERROR, stream=sys.stderr)
    logging.getLogger("interlingua").setLevel(logging.DEBUG if debug else logging.WARNING if quiet else logging.INFO)


def main() -> None:
    """Run the command line; an `InterlinguaError` becomes one line and exit code 2."""
    try:
        app(prog_name="interlingua")
    except InterlinguaError as error:
        if "--debug" in sys.argv:
            raise
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        raise SystemExit(2) from None
