"""Checking a cache against what was written, and taking out of it what nobody wants any more."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from interlingua.errors import ConfigError, StoreError, reason, suggest
from interlingua.flow.cache import MANIFEST, file_digest
from interlingua.flow.lock import Lock
from interlingua.run.contents import (
    DOWNLOADS,
    UNFINISHED,
    CacheContents,
    Entry,
    LockFile,
    Other,
    Written,
    look,
    read_entry,
)


@dataclass(frozen=True)
class Unsound:
    """An entry that is not what was written, and why."""

    entry: Entry
    why: str


@dataclass(frozen=True)
class Checked:
    """What a check of a cache found.

    Parameters
    ----------
    sound, bytes
        How many entries are what was written, and the size of all that were looked at.
    gone
        How many were removed meanwhile.
    unsound
        Those that are not what was written.
    strangers
        Files in sound entries that their manifests don't name; nothing reads them.
    """

    sound: int
    bytes: int
    gone: int
    unsound: tuple[Unsound, ...]
    strangers: tuple[Path, ...]


@dataclass
class Choice:
    """What is to be removed from a cache, and what is not although it was meant.

    Parameters
    ----------
    entries, others, locks
        To be removed: entries, what is no entry, and locks of the dead.
    held
        What living locks protect.
    untold
        Of how many entries it can't be told whether their source is today's.
    """

    entries: list[Entry] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    locks: list[LockFile] = field(default_factory=list)
    held: list[LockFile] = field(default_factory=list)
    untold: int = 0

    @property
    def bytes(self) -> int:
        """The size of what is to be removed."""
        return sum(entry.bytes for entry in self.entries) + sum(other.bytes for other in self.others)


def verify(contents: CacheContents, on_progress: Callable[[float, str], None] = lambda share, doing: None) -> Checked:
    """Compare every file of every entry with its digest, and every key with its recipe.

    Parameters
    ----------
    contents
        Of the cache.
    on_progress
        Called with the share of bytes that has been read and the step that is being read.
    """
    total, read = sum(entry.bytes for entry in contents.entries) or 1, 0
    unsound, strangers, gone = [], [], 0
    for entry in contents.entries:
        on_progress(read / total, entry.step)
        why = _fault(entry)
        if why and (again := read_entry(entry.folder)) != entry:  # made again meanwhile, or removed
            entry, why = again, _fault(again)  # noqa: PLW2901
        if why and not entry.folder.exists():
            gone += 1
        elif why:
            unsound.append(Unsound(entry, why))
        else:
            strangers += _strangers(entry)
        read += entry.bytes
    on_progress(1.0, "")
    return Checked(len(contents.entries) - gone - len(unsound), read, gone, tuple(unsound), tuple(strangers))


def choose(
    contents: CacheContents,
    *,
    older: float | None = None,
    step: str | None = None,
    stale: bool = False,
    unfinished: bool = False,
    everything: bool = False,
    downloads: bool = False,
    now: float | None = None,
) -> Choice:
    """Choose what to remove from a cache: nothing that a living lock protects, and nothing that no run wrote.

    Parameters
    ----------
    contents
        Of the cache.
    older
        Only what was made more than so many days ago.
    step
        Only what belongs to this step.
    stale
        Only entries whose source is another than today's.
    unfinished
        What was left unfinished, in place of entries.
    everything
        Entries and what was left unfinished.
    downloads
        Norms and authors' data.
    now
        The time, by the clock that the files' times come from; this machine's by default.

    Raises
    ------
    ConfigError
        If nothing is asked for, or there is no such step, or two wishes exclude each other.
    """
    _check_wishes(contents, older, step, stale, unfinished, everything, downloads)
    now = time.time() if now is None else now
    wants_entries = everything or not (unfinished or downloads)
    choice = Choice()

    def fits(of_step: str, made: float) -> bool:
        return (step is None or of_step == step) and (older is None or now - made > older * 86_400)

    for entry in contents.entries if wants_entries else ():
        if fits(entry.step, entry.made) and (not stale or _stale(entry, choice)):
            holder = contents.holder(entry.step, entry.key)
            choice.entries += [] if holder else [entry]
            choice.held += [holder] if holder else []
    for other in contents.others:
        wanted = other.kind in UNFINISHED and (unfinished or everything)
        wanted = wanted or (other.kind in DOWNLOADS and downloads)
        if wanted and fits(other.step, other.changed):
            holder = contents.holder(other.step, other.key)
            choice.others += [] if holder else [other]
            choice.held += [holder] if holder and holder not in choice.held else []
    choice.locks = _dead(contents, choice.entries)
    if unfinished or everything:
        dead = (lock for lock in contents.locks if not lock.beats and fits(lock.step, now - lock.silent))
        choice.locks += [lock for lock in dead if lock not in choice.locks]
    return choice


def choose_unsound(contents: CacheContents, unsound: Sequence[Unsound]) -> Choice:
    """Choose the entries that are not what was written, but for those that a living lock protects."""
    choice = Choice()
    for one in unsound:
        holder = contents.holder(one.entry.step, one.entry.key)
        choice.entries += [] if holder else [one.entry]
        choice.held += [holder] if holder else []
    choice.locks = _dead(contents, choice.entries)
    return choice


def remove(choice: Choice) -> list[str]:
    """Remove what was chosen; return what could not be, and why."""
    for lock in choice.locks:
        with suppress(OSError):
            if lock.path.stat().st_mtime_ns == lock.beat:  # nobody took it over meanwhile
                lock.path.unlink()
    found = [(f"{entry.step}/{entry.key}", _remove_entry(entry)) for entry in choice.entries]
    found += [(other.name, _remove_other(other)) for other in choice.others]
    return [f"{name}: {why}" for name, why in found if why]


def _remove_entry(entry: Entry) -> str:
    """Remove an entry unless somebody is making it; return why not."""
    aside = entry.folder.with_name(f".{entry.key}.{os.getpid()}.bad")
    try:
        with Lock(entry.folder.with_name(f".{entry.key}.lock")) as own:
            if own.waited:
                return "was made again meanwhile"
            entry.folder.rename(aside)
    except FileNotFoundError:  # somebody else did it
        return ""
    except OSError as error:
        return f"can't be removed ({reason(error)})"
    shutil.rmtree(aside, ignore_errors=True)
    return f"can't be removed whole; what is left lies in {aside.name}" if aside.exists() else ""


def _remove_other(other: Other) -> str:
    """Remove what is no entry unless somebody uses it; return why not."""
    of_entry = other.key and other.path.parent.name == other.step
    lock = Lock(other.path.with_name(f".{other.key}.lock")) if of_entry else nullcontext()
    try:
        with lock as own:
            if own is not None and own.waited:
                return "was in use"
            if of_entry and other.path.suffix == ".old" and not (final := other.path.with_name(other.key)).exists():
                other.path.rename(final)  # a run was killed when it was about to replace it
            elif other.path.is_dir() and not other.path.is_symlink():
                shutil.rmtree(other.path)
            else:
                other.path.unlink()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"can't be removed ({reason(error)})"
    return ""


def time_there(root: Path) -> float:
    """Return the time by the clock of the file system that a cache lies on: machines that share it may differ."""
    file = root / f".doctor-{uuid.uuid4().hex}"
    try:
        file.touch()
        return file.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def look_to_remove(root: Path) -> CacheContents:
    """Look at a cache from which something is to be removed: who lives is told by the file system's clock.

    Raises
    ------
    StoreError
        If it can't be read, or there is none.
    """
    if not root.exists():
        raise StoreError(f"{root}: there is no cache")
    return look(root, time_there(root))


def _dead(contents: CacheContents, entries: Sequence[Entry]) -> list[LockFile]:
    """Return the locks on these entries whose owners live no more: nobody should wait for them."""
    keys = {(entry.step, entry.key) for entry in entries}
    return [lock for lock in contents.locks if not lock.beats and (lock.step, lock.key) in keys]


def _fault(entry: Entry) -> str:
    """Return what is not as it was written, "" if all is."""
    wrong = (_file_fault(entry.folder, name, written) for name, written in entry.files.items())
    return entry.damage or next((why for why in wrong if why), "")


def _file_fault(folder: Path, name: str, written: Written) -> str:
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return f"{name} leads out of its folder"
        size = path.stat().st_size
        if size != written.bytes:
            return f"{name} has {size:,} bytes, and {written.bytes:,} were written"
        return "" if file_digest(path) == written.sha256 else f"{name} is not what was written"
    except FileNotFoundError:
        return f"{name} is missing"
    except (OSError, ValueError) as error:
        return f"{name} can't be read ({getattr(error, 'strerror', None) or error})"


def _strangers(entry: Entry) -> list[Path]:
    known = {MANIFEST, *entry.files}
    files = (path for path in sorted(entry.folder.rglob("*")) if not path.is_dir())
    return [path for path in files if path.relative_to(entry.folder).as_posix() not in known]


def _stale(entry: Entry, choice: Choice) -> bool:
    from interlingua.run.stale import is_stale

    if entry.damage:  # what made it can't be told; 'verify' finds it
        choice.untold += 1
        return False
    told = is_stale(entry.recipe)
    choice.untold += told is None
    return bool(told)


def _check_wishes(
    contents: CacheContents,
    older: float | None,
    step: str | None,
    stale: bool,
    unfinished: bool,
    everything: bool,
    downloads: bool,
) -> None:
    if older is None and step is None and not (stale or unfinished or everything or downloads):
        raise ConfigError(
            "say what to remove: --older DAYS, --step NAME, --stale, --unfinished, --downloads or --all "
            "(--dry-run only says what that would remove)"
        )
    if stale and (unfinished or downloads):
        raise ConfigError("--stale is about entries, --unfinished and --downloads are not: give one of them at a time")
    if step is not None and downloads:
        raise ConfigError("--downloads belong to no step: leave out --step")
    if older is not None and not 0 <= older < 1e6:
        raise ConfigError(f"--older {older}: a number of days, 0 or more")
    if step is not None:
        check_step(contents, step)


def check_step(contents: CacheContents, step: str) -> None:
    """Raise unless something in the cache belongs to that step.

    Raises
    ------
    ConfigError
        With the names of those that there are.
    """
    if step not in contents.steps:
        known = contents.steps
        there = f"it holds {', '.join(known)}" if known else "it holds no step's results"
        raise ConfigError(f"nothing in the cache belongs to a step '{step}'{suggest(step, known)}; {there}")
