"""``interlingua models``."""

from __future__ import annotations

import typer


def models() -> None:
    """List the models known by name; any other is given as a hub id or a folder."""
    from interlingua.models import CARDS, sources

    for card in CARDS.values():
        revision = f"@{card.revision[:7]}" if card.revision else ""
        typer.echo(f"{card.name:<18} {card.n_layers:>3} x {card.width:<5} {card.licence:<12} {card.hub_id}{revision}")
        if card.note:
            typer.echo(f"{'':<18} {card.note}")
    forms = [sources.get(name).says for name in reversed(sources.names()) if sources.get(name).says]
    typer.echo(f"\nAny other encoder or decoder: {' or '.join(forms)}.")
