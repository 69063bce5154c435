"""``interlingua contexts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interlingua.cli import options
from interlingua.cli.stopping import stopping

app = typer.Typer(
    help="Search a study's sentences in its corpora, write them for another tool, and check a file of sentences.",
    no_args_is_help=True,
)


@app.command("build")
def build(
    study: options.Source,
    language: Annotated[
        list[str] | None, typer.Option("--language", "-l", help="Only this language of the study. Repeatable.")
    ] = None,
    settings: options.Settings = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the files come.")] = Path(
        "contexts"
    ),
    workers: options.Workers = None,
    scheduler: options.Scheduler = None,
    cluster: options.Cluster = None,
    job: options.Job = None,
) -> None:
    """Search the words of a study's norms in its corpora; write the sentences with their yield and a card.

    For each language that names a corpus: CODE.parquet (the sentences, without ratings), CODE.provenance.parquet,
    CODE.yield.csv, CODE.filters.csv and CODE.card.json.
    """
    from interlingua.flow import cache_root
    from interlingua.flow.cluster import connected
    from interlingua.flow.processes import cores
    from interlingua.flow.spread import Spread
    from interlingua.run.contexts import build_contexts
    from interlingua.run.study import load_study

    loaded = load_study(study, overrides=options.overrides(settings, None, None))
    where = options.where(scheduler, cluster, workers, job)
    with stopping(), connected(where, cache_root()) as elsewhere:
        spread = Spread(workers or cores(), elsewhere)
        for found, path in build_contexts(loaded, output, cache_root(), codes=language, spread=spread):
            card = found.card
            typer.echo(f"{path}: {card['sentences']:,} sentences of {(found.yield_table['kept'] > 0).sum():,} words")
            typer.echo(
                f"  read: {card['sentences_read']:,} sentences, {card['megabytes']:,.1f} MB of {card['corpus']}"
                f" ({card['licence']})"
            )
            least = ", ".join(f"{words:,} with {n} or more" for n, words in card["words_with_at_least"].items())
            typer.echo(f"  of {card['words']:,} words: {least}")
            for row in found.filters.itertuples():
                typer.echo(f"  {row.dropped:>10,}  {row.filter} ({row.words:,} words)")


@app.command("export")
def export(
    study: options.Source,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the files come.")],
    settings: options.Settings = None,
) -> None:
    """Write a study's sentences for a tool of your own, which puts its units beside them (docs/models.md)."""
    from interlingua.flow import cache_root
    from interlingua.run.contexts import export_contexts
    from interlingua.run.study import load_study

    loaded = load_study(study, overrides=options.overrides(settings, None, None))
    with stopping():
        for path, n in export_contexts(loaded, output, cache_root()):
            typer.echo(f"{path}: {n:,} sentences")


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A Parquet file of sentences, as 'contexts build' writes it.")],
) -> None:
    """Check a file of sentences, and say what it holds and what is odd about it."""
    from interlingua.contexts import Contexts, duplicates

    contexts = Contexts.read(file)
    for code, rows in contexts.table.groupby("language", sort=False):
        per_word = rows.groupby("word", sort=False).size()
        splits = ", ".join(f"{split} {len(part):,}" for split, part in rows.groupby("split", sort=False))
        typer.echo(
            f"{code}: {len(rows):,} sentences of {len(per_word):,} words, {per_word.min()} to {per_word.max()} each"
            f" ({splits})"
        )
    if contexts.variables:
        typer.echo(f"rated for: {', '.join(contexts.variables)}")
    found = [*contexts.issues.itertuples(), *duplicates(contexts.table).itertuples()]
    for issue in found:
        typer.echo(f"{issue.language}: {issue.kind}: {issue.count:,} ({issue.detail})")
    typer.echo("every target stands where the offsets say")
