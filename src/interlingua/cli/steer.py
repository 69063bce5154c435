"""``interlingua steer``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def steer(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result folder of a study that edits units.")],
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="What is read with and without the shift.")] = None,
    units: Annotated[
        str | None,
        typer.Option(
            "--units", metavar="L7.353,...", help="Units of the study's layer [those that other languages choose]."
        ),
    ] = None,
    dose: Annotated[float, typer.Option("--dose", min=-20, max=20, help="SDs by which each is shifted.")] = 2.0,
    language: Annotated[
        str | None, typer.Option("--language", "-l", metavar="CODE", help="Whose SDs and probe [the first].")
    ] = None,
    variable: Annotated[str | None, typer.Option("--variable", help="Which rating [the first].")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Which of the study's models [the first].")] = None,
    site: Annotated[str | None, typer.Option("--site", help="resid, mlp or heads [the study's first].")] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the units to a file that other programs read.")
    ] = None,
) -> None:
    """Shift units of a model by hand, and tell what a probe of the last layer reads then, and how a decoder goes on."""
    from interlingua.errors import ConfigError
    from interlingua.run.steer import steer as shifted
    from interlingua.run.steer import unit_set

    if text is None and save is None:
        raise ConfigError("give a text to steer, or --save FILE to write the units")
    chosen = unit_set(folder, units=units, language=language, variable=variable, model=model, site=site)
    if save is not None:
        chosen.write(save)
        typer.echo(f"{save}: {len(chosen.units)} units of layer {chosen.layer} (block {chosen.layer - 1})")
    if text is None:
        return
    found = shifted(folder, chosen, dose, text)
    number = len(chosen.units)
    typer.echo(
        f"{chosen.model}, layer {chosen.layer}: {number} unit{'s' * (number != 1)} shifted by {dose:+g} SD, all tokens"
    )
    if found.before is None or found.after is None:
        typer.echo(
            f"{chosen.language} has no probe that reads {found.reads}: only the turn of the text's vector is known"
        )
    else:
        typer.echo(
            f"{found.reads} that the probe of {chosen.language} reads in the last layer: {found.before:.3f} -> "
            f"{found.after:.3f} ({found.after - found.before:+.3f})"
        )
    typer.echo(f"the text's vector turned by {found.damage:.4f} (1 - cosine)")
    if found.silent:
        typer.echo(f"nothing is written: {found.silent}")
    for name, written in zip(("without", "with"), found.written or (), strict=False):
        typer.echo(f"{name + ':':<9}{text}{written}".replace("\n", "\\n"))
