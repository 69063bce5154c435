"""``interlingua models``."""

from __future__ import annotations

from typing import Annotated

import typer


def models(
    licence: Annotated[
        str | None, typer.Option("--licence", metavar="MODEL", help="Print the licence of a built-in model.")
    ] = None,
) -> None:
    """List the models known by name; any other is given as a hub id, a folder or a GGUF file."""
    from interlingua.models import CARDS, sources
    from interlingua.models.registry import known_card

    if licence is not None:
        card = known_card(licence)
        typer.echo(sources.get(card.source).licence(card))
        return
    for card in CARDS.values():
        revision = f"@{card.revision[:7]}" if card.revision else ""
        typer.echo(f"{card.name:<20} {card.n_layers:>3} x {card.width:<5} {card.licence:<18} {card.hub_id}{revision}")
        if card.note:
            typer.echo(f"{'':<20} {card.note}")
    forms = [sources.get(name).says for name in reversed(sources.names()) if sources.get(name).says]
    typer.echo(f"\nAny other encoder or decoder: {', '.join(forms[:-1])} or {forms[-1]}.")
