"""``interlingua norms``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from interlingua.cli import options
from interlingua.cli.looking import described
from interlingua.cli.stopping import stopping
from interlingua.errors import ModelError

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


@app.command("look")
def look(
    file: Annotated[Path, typer.Argument(help="A table: CSV, TSV, XLSX, XLS, ODS, Parquet, as such or zipped.")],
    language: Annotated[str | None, typer.Option("--language", "-l", help="The language of its words.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="How it is read, e.g. sheet=Ratings. Repeatable."),
    ] = None,
) -> None:
    """Say what an unknown table holds, guess how it is read, and print the line for the study."""
    from interlingua.norms.look import look_at_table
    from interlingua.study.reading import parse_override

    given = dict(parse_override(text, "--option") for text in option or [])
    typer.echo(described(look_at_table(file, language, given)))


@app.command("left-out")
def left_out(
    study: options.Source,
    language: Annotated[
        list[str] | None, typer.Option("--language", "-l", help="Only this language of the study. Repeatable.")
    ] = None,
    settings: options.Settings = None,
) -> None:
    """List the words of a study's norms that it can't use, and why: a line each, language, word, reason."""
    from interlingua.run.study import load_study
    from interlingua.study.left_out import words_left_out

    loaded = load_study(study, overrides=options.overrides(settings, None, None))
    for row in words_left_out(loaded, language).itertuples():
        typer.echo(f"{row.language}\t{row.word}\t{row.why}")


@app.command("audit")
def audit(
    study: options.Source,
    against: Annotated[str, typer.Option(help="The norm to compare with, where it has the language.")] = "labmt",
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Don't ask the model of languages without a second norm.")
    ] = False,
    settings: options.Settings = None,
    models: options.Models = None,
    data: options.Data = None,
    trust: options.Trust = False,
    workers: options.Workers = None,
) -> None:
    """Ask whether a study's ratings belong to their words, by another norm of the same languages.

    Where a language has none, the study's first model is asked: it predicts the rating of every word from the other
    words, and a language that it predicts much worse than the others is flagged. What it computes for that is in the
    cache for a run.
    """
    from interlingua.run.audit import BY_MODEL, BY_NORM, audit_norms
    from interlingua.run.study import load_study

    loaded = load_study(study, overrides=options.overrides(settings, models, data, trust=trust))
    try:
        with stopping():
            found = audit_norms(loaded, against, use_model=not no_model, workers=workers)
    except ModelError as error:
        raise ModelError(f"{error}; --no-model audits by the second norm only") from None
    asked = found.table[found.table["model"] != ""]
    for row in asked.drop_duplicates("variable").itertuples():
        typer.echo(f"{row.variable}: held-out words are predicted by {row.model} from layer {row.layer}")
    for row in found.table.itertuples():
        seen_only = not row.model and row.variable in set(asked["variable"])
        typer.echo(f"{row.language:<4} {row.variable:<12} {_evidence(row, seen_only)}{_verdict(row, BY_MODEL)}")
    for (language, variable), words in found.worst.items():
        row = found.table.set_index(["language", "variable"]).loc[(language, variable)]
        there = "in the second norm" if row["judge"] == BY_NORM else "predicted"
        typer.echo(f"\n{language}, {variable}: the words that disagree most (z here, z {there})")
        for word in words.itertuples():
            typer.echo(f"  {word.word}  {word.z_a:+.1f}  {word.z_b:+.1f}")


def _evidence(row: Any, seen_only: bool) -> str:
    """Say how a language's ratings agree with the second norm and with the model."""
    parts = []
    if row.n_shared:
        parts.append(f"r = {row.r:.2f} ({row.low:.2f} to {row.high:.2f}) with {row.other} on {row.n_shared:,} words")
    else:
        parts.append(
            "no second norm, and an unseen language: the model is not asked" if seen_only else "no second norm"
        )
    if row.model:
        interval = f"({row.held_out_low:.2f} to {row.held_out_high:.2f})"
        parts.append(f"r = {row.r_held_out:.2f} {interval} on {row.n_words:,} held-out words")
    return "; ".join(parts)


def _verdict(row: Any, by_model: str) -> str:
    """Say what follows, if anything does."""
    if row.flag and row.judge == by_model:
        return "  FLAGGED: either these ratings don't belong to these words or the model doesn't know the language"
    if row.flag:
        return "  FLAGGED: these ratings don't belong to these words"
    verdict = ""
    if row.model and not row.judge:
        verdict = "  can't be judged: it takes four languages that the model predicts, or a second norm"
    if row.model and row.held_out_low <= 0:
        verdict += f"{';' if verdict else ' '} the model predicts these ratings no better than chance"
    return verdict
