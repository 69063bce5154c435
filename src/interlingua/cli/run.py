"""``interlingua run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from interlingua.cli import options
from interlingua.cli.stopping import stopping

if TYPE_CHECKING:
    from interlingua.flow.cluster import Where


def run(
    study: options.Source,
    settings: options.Settings = None,
    models: options.Models = None,
    data: options.Data = None,
    trust: options.Trust = False,
    output: options.Output = None,
    workers: options.Workers = None,
    scheduler: options.Scheduler = None,
    cluster: options.Cluster = None,
    job: options.Job = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --cluster slurm, pbs or lsf: print the script of a job, and end.")
    ] = False,
    cache: options.CachePolicy = "reuse",
) -> None:
    """Run a study: from rated words to a report, on this machine or others (docs/cluster.md)."""
    where = options.where(scheduler, cluster, workers, job)
    if dry_run:
        _print_job(where)
        return
    with stopping():
        from interlingua.run.study import load_study

        loaded = load_study(study, overrides=options.overrides(settings, models, data, trust=trust))
        # After the study has been read: a mistake in it is told before torch is loaded.
        from interlingua.run.run import run as run_study

        folder = run_study(loaded, output=output, workers=workers, policy=cache, where=where)
    typer.echo(f"report: {folder / 'report.html'}")
    typer.echo(f"atlas: {folder / 'atlas' / 'index.html'}")
    typer.echo(f"tables: {folder / 'tables'}")


def _print_job(where: Where) -> None:
    from interlingua.errors import ConfigError
    from interlingua.flow.batch import job_script

    if where.cluster is None:
        raise ConfigError("--dry-run prints the script of a batch system's job: give --cluster slurm, pbs, lsf or sge")
    typer.echo(job_script(where.cluster, where.job).rstrip())
