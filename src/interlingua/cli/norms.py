"""``interlingua norms``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="List the published rating tables that are known by name, and show one.", no_args_is_help=False)


@app.callback(invoke_without_command=True)
def list_norms(
    context: typer.Context,
    language: Annotated[str | None, typer.Option(help="Only those of this language.")] = None,
) -> None:
    """List the published rating tables that are known by name."""
    if context.invoked_subcommand is not None:
        return
    from interlingua.norms import all_cards

    for card in all_cards(language):
        typer.echo(f"{card.name:<32} {card.language:<4} {', '.join(card.variables):<32} {card.title}")


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="The name that 'interlingua norms' prints.")]) -> None:
    """Show one rating table's card: source, scale, licence, citation, and how to get it."""
    from interlingua.norms import get_card

    typer.echo(get_card(name).describe())


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="The name that 'interlingua norms' prints.")],
    layout: Annotated[str | None, typer.Option(help="Which publication of the table, where there are several.")] = None,
) -> None:
    """Download one rating table into the cache, under its own licence."""
    from interlingua.norms import fetch as download
    from interlingua.norms import get_card, licence_notice

    card = get_card(name)
    typer.echo(licence_notice(card))
    typer.echo(f"ratings: {download(card, layout=layout)}")
