"""``interlingua cache``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from interlingua.run.contents import Entry, LockFile, Other
    from interlingua.run.upkeep import Choice

#: The most columns of a line.
_WIDTH = 118
_SECONDS_A_DAY = 86_400
#: More things of one kind than this share a line.
_MANY = 8

Entries = Annotated[bool, typer.Option("--entries", help="List each entry, with what made it.")]
StepName = Annotated[str | None, typer.Option("--step", metavar="NAME", help="Only what belongs to this step.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]

app = typer.Typer(help="Say what lies in the cache, check it, and remove what nobody wants any more.")


@app.callback(invoke_without_command=True)
def cache(context: typer.Context, entries: Entries = False, step: StepName = None, as_json: AsJson = False) -> None:
    """Say what lies in the cache, check it, and remove what nobody wants any more. Alone, it lists."""
    if context.invoked_subcommand is None:
        list_entries(entries, step, as_json)
    elif entries or step is not None or as_json:
        raise typer.BadParameter(f"options come behind '{context.invoked_subcommand}'")


@app.command("list")
def list_entries(entries: Entries = False, step: StepName = None, as_json: AsJson = False) -> None:
    """List the steps with their results in the cache, and what else lies there."""
    from interlingua.flow import cache_root
    from interlingua.run.contents import look
    from interlingua.run.upkeep import check_step

    contents = look(cache_root())
    if step is not None:
        check_step(contents, step)
    shown = [entry for entry in contents.entries if step in (None, entry.step)]
    others = [other for other in contents.others if step in (None, other.step)]
    locks = [lock for lock in contents.locks if step in (None, lock.step)]
    if as_json:
        found = {"root": str(contents.root), "entries": list(map(_entry_facts, shown))}
        found |= {"locks": list(map(_lock_facts, locks)), "others": list(map(_other_facts, others))}
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    typer.echo(f"cache: {contents.root}{'' if contents.root.exists() else ' (not made yet)'}")
    _print_table(*(_entry_table(shown) if entries else _step_table(shown)))
    damaged = sum(bool(entry.damage) for entry in shown)
    if damaged:
        typer.echo(f"{_count(damaged, 'entry', 'entries')} can't be read: interlingua cache verify")
    if locks or others:
        typer.echo("\nbesides:")
        _print_table(None, [*_lock_lines(locks), *_other_lines(others)], "lrrl")


@app.command("verify")
def verify(
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove what is not sound; a run computes it again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare every file in the cache with what was written. Ends with 1 if any is not that."""
    from interlingua.flow import cache_root
    from interlingua.flow.progress import Progress
    from interlingua.run import upkeep
    from interlingua.run.contents import look

    root = cache_root()
    contents = upkeep.look_to_remove(root) if remove else look(root)
    with Progress({"verify": sum(entry.bytes for entry in contents.entries) / 1e9}) as bar:
        checked = upkeep.verify(contents, lambda share, doing: bar.report("verify", min(share, 0.999), doing))
    choice = upkeep.choose_unsound(contents, checked.unsound) if remove else upkeep.Choice()
    left = upkeep.remove(choice)
    if as_json:
        facts = {
            "root": str(root),
            "sound": checked.sound,
            "bytes": checked.bytes,
            "gone": checked.gone,
            "unsound": [{**_entry_facts(one.entry), "why": one.why} for one in checked.unsound],
            "strangers": list(map(str, checked.strangers)),
            "removed": len(choice.entries) - len(left),
            "held": list(map(_lock_facts, choice.held)),
            "left": left,
        }
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        typer.echo(f"cache: {root}")
        for one in checked.unsound:
            typer.echo(f"not sound: {one.entry.step}/{one.entry.key}: {one.why}")
        for path in checked.strangers:
            typer.echo(f"no step wrote {path.relative_to(root)}; nothing reads it")
        entries = _count(len(contents.entries), "entry", "entries")
        gone = f"; {checked.gone:,} removed meanwhile" if checked.gone else ""
        typer.echo(f"{checked.sound:,} of {entries} sound ({size(checked.bytes)} read{gone})")
        if choice.entries or choice.held:
            typer.echo(f"removed {len(choice.entries) - len(left):,}; a run that needs them computes them again")
            _say_left(choice, left)
        elif checked.unsound:
            typer.echo("a run computes them again when it needs them; --remove takes them out now")
    if checked.unsound:
        raise typer.Exit(1)


@app.command("prune")
def prune(
    older: Annotated[
        float | None, typer.Option("--older", metavar="DAYS", help="Only what was made more than so many days ago.")
    ] = None,
    step: StepName = None,
    stale: Annotated[
        bool,
        typer.Option(
            "--stale", help="Only entries made by other code than that installed now, which never reads them."
        ),
    ] = False,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="What stopped runs could go on from and dead ones left, not entries.")
    ] = False,
    downloads: Annotated[
        bool, typer.Option("--downloads", help="Norms (those put there by hand, too) and the authors' data.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="All entries and all that is unfinished, but no downloads.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove entries, or what else is named, from the cache; --older and --step narrow down what.

    An entry that a run is making stays, and so does everything that interlingua did not write.
    """
    from interlingua.flow import cache_root
    from interlingua.run import upkeep

    root = cache_root()
    contents = upkeep.look_to_remove(root)
    choice = upkeep.choose(
        contents,
        older=older,
        step=step,
        stale=stale,
        unfinished=unfinished,
        everything=everything,
        downloads=downloads,
    )
    left = [] if dry_run else upkeep.remove(choice)
    if as_json:
        facts = {
            "root": str(root),
            "dry_run": dry_run,
            "bytes": choice.bytes,
            "entries": list(map(_entry_facts, choice.entries)),
            "others": list(map(_other_facts, choice.others)),
            "locks": list(map(_lock_facts, choice.locks)),
            "held": list(map(_lock_facts, choice.held)),
            "untold": choice.untold,
            "left": left,
        }
        typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        typer.echo(f"cache: {root}")
        _say_pruned(choice, left, dry_run=dry_run)
        if not dry_run and choice.entries and any(lock.beats for lock in contents.locks):
            typer.echo("a run is at work on this cache: what it misses now it computes again")
    if left:
        raise typer.Exit(1)


def size(n: float) -> str:
    """Return a number of bytes as people read it: MB are 10^6."""
    for unit, of in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= 0.9995 * of:
            return f"{n / of:,.{0 if n >= 99.95 * of else 1}f} {unit}"
    return f"{n:,.0f} B"


def age(seconds: float) -> str:
    """Return how long ago something was."""
    from interlingua.flow.progress import duration

    if seconds < 1.5 * _SECONDS_A_DAY:
        return duration(seconds)
    return f"{seconds / _SECONDS_A_DAY:,.0f} days"


Rows = list[list[str]]


def _step_table(entries: Sequence[Entry]) -> tuple[list[str], Rows, str]:
    """Return a line per step: how many entries, bytes, ages, and what they took to compute."""
    now = time.time()
    steps = dict.fromkeys(entry.step for entry in entries)
    rows = [[step, *_summary([entry for entry in entries if entry.step == step], now)] for step in steps]
    if len(rows) > 1:
        rows.append(["together", *_summary(entries, now)])
    return ["step", "entries", "size", "newest", "oldest", "computed in"], rows, "lrrrrr"


def _summary(entries: Sequence[Entry], now: float) -> list[str]:
    ages = [max(now - entry.made, 0.0) for entry in entries]
    took = sum(entry.seconds for entry in entries)
    return [f"{len(entries):,}", size(sum(e.bytes for e in entries)), age(min(ages)), age(max(ages)), _took(took)]


def _entry_table(entries: Iterable[Entry]) -> tuple[list[str], Rows, str]:
    """Return a line per entry: what made it, its size, age and host."""
    now = time.time()
    ordered = sorted(entries, key=lambda entry: (entry.step, entry.place, entry.made))
    rows = [
        [
            entry.step,
            f"! {entry.damage}" if entry.damage else " ".join(entry.place),
            size(entry.bytes),
            _took(entry.seconds),
            age(max(now - entry.made, 0.0)),
            _cut(entry.host, 16),
            entry.key[:10],
        ]
        for entry in ordered
    ]
    taken = [max((len(row[i]) for row in rows), default=0) for i in (0, 2, 3, 4, 5, 6)]
    room = max(_WIDTH - sum(max(n, 8) for n in taken) - 12, 20)
    for row in rows:
        row[1] = _cut(row[1], room)
    return ["step", "of", "size", "took", "age", "host", "key"], rows, "llrrrll"


def _lock_lines(locks: Iterable[LockFile]) -> Rows:
    rows = []
    for lock in locks:
        alive = f"held by {lock.owner}" if lock.beats else f"left by {lock.owner}, which is no more or is silent"
        rows.append(["lock", "", age(lock.silent), _cut(f"{lock.step}/{lock.key[:10]}: {alive}", 84)])
    return rows


def _other_lines(others: Sequence[Other]) -> Rows:
    """Return a line for each, or for each kind of which there are many."""
    now = time.time()
    rows = []
    for kind in dict.fromkeys(other.kind for other in others):
        alike = [other for other in others if other.kind == kind]
        for some in [alike] if len(alike) > _MANY else [[other] for other in alike]:
            ago = age(max(now - max(other.changed for other in some), 0.0))
            number = f"{len(some):,}: " if len(some) > 1 else ""
            names = _cut(number + ", ".join(other.name for other in some), 84)
            rows.append([kind, size(sum(other.bytes for other in some)), ago, names])
    return rows


def _print_table(head: list[str] | None, rows: Rows, alignment: str) -> None:
    """Print rows in columns, each aligned to the left or right."""
    if not rows:
        typer.echo("no entries")
        return
    table = [head, *rows] if head else rows
    widths = [max(len(row[i]) for row in table) for i in range(len(alignment))]
    for row in table:
        cells = (
            cell.ljust(width) if side == "l" else cell.rjust(width)
            for cell, width, side in zip(row, widths, alignment, strict=True)
        )
        typer.echo("  ".join(cells).rstrip())


def _say_pruned(choice: Choice, left: Sequence[str], *, dry_run: bool) -> None:
    if choice.entries:
        _print_table(*_step_table(choice.entries))
    if choice.others or choice.locks:
        _print_table(None, [*_lock_lines(choice.locks), *_other_lines(choice.others)], "lrrl")
    if choice.untold:
        typer.echo(
            f"whether they are stale can't be told of {_count(choice.untold, 'entry', 'entries')}, which stay "
            "(what studies read, searches in corpora, others' steps)"
        )
    _say_left(choice, left)
    chosen = len(choice.entries) + len(choice.others) + len(choice.locks)
    what = f"{_count(chosen, 'thing', 'things')}, {size(choice.bytes)}" if chosen else "nothing"
    of = f"{chosen - len(left):,} of " if left else ""
    typer.echo(f"{'would remove' if dry_run else 'removed'} {of}{what}")


def _say_left(choice: Choice, left: Iterable[str]) -> None:
    for lock in choice.held:
        typer.echo(f"kept: {lock.step}/{lock.key[:10]}, as {lock.owner} is at work on it")
    for line in left:
        typer.echo(f"left: {line}")


def _took(seconds: float) -> str:
    from interlingua.flow.progress import duration

    return duration(seconds) if seconds >= 0.5 else "< 1 s"


def _cut(text: str, width: int) -> str:
    """Shorten a text by its middle: names of models differ at their ends."""
    if len(text) <= width:
        return text
    half = (width - 1) // 2
    return f"{text[: width - 1 - half]}…{text[-half:]}"


def _count(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


def _entry_facts(entry: Entry) -> dict[str, Any]:
    names = ("step", "key", "place", "bytes", "made", "seconds", "host", "damage")
    return {name: getattr(entry, name) for name in names} | {"folder": str(entry.folder)}


def _lock_facts(lock: LockFile) -> dict[str, Any]:
    return {name: getattr(lock, name) for name in ("step", "key", "host", "pid", "silent", "beats")}


def _other_facts(other: Other) -> dict[str, Any]:
    return {name: getattr(other, name) for name in ("kind", "name", "bytes", "changed", "step", "key")}
