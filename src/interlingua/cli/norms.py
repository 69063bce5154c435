"""``interlingua norms``."""

from __future__ import annotations

from typing import Annotated

import typer

from interlingua.cli import options

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


@app.command("audit")
def audit(
    study: options.Source,
    against: Annotated[str, typer.Option(help="The norm to compare with, where it has the language.")] = "labmt",
    settings: options.Settings = None,
    data: options.Data = None,
) -> None:
    """Ask whether a study's ratings belong to their words, by another norm of the same languages.

    A run asks the model, too: see the section on the ratings in its report.
    """
    from interlingua.study.audit import audit_norms
    from interlingua.study.config import load_study

    found = audit_norms(load_study(study, overrides=options.overrides(settings, None, data)), against)
    for row in found.table.itertuples():
        if not row.n_shared:
            typer.echo(f"{row.language:<4} {row.variable:<12} no second norm")
            continue
        flag = "  FLAGGED: these ratings don't belong to these words" if row.flag else ""
        typer.echo(
            f"{row.language:<4} {row.variable:<12} r = {row.r:.2f} ({row.low:.2f} to {row.high:.2f}) "
            f"with {row.other} on {row.n_shared:,} words{flag}"
        )
    for (language, variable), words in found.worst.items():
        typer.echo(f"\n{language}, {variable}: the words that disagree most (z here, z there)")
        for word in words.itertuples():
            typer.echo(f"  {word.word}  {word.z_a:+.1f}  {word.z_b:+.1f}")
