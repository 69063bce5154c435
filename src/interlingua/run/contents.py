"""What lies in a cache: entries and what made them, what is under way or was left, downloads, and what is not ours."""

from __future__ import annotations

import calendar
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from interlingua.errors import StoreError, reason
from interlingua.flow.cache import MANIFEST, content_key
from interlingua.flow.lock import DEAD_S, died_here, owner_of

Kind = Literal["norms", "authors' data", "unfinished", "searched shards", "leftover", "not ours"]
#: What was fetched, or put there by hand: never the cache's to remove unless somebody says so.
DOWNLOADS: tuple[Kind, ...] = ("norms", "authors' data")
#: What no entry needs: what a later run may go on from, and what dead runs left.
UNFINISHED: tuple[Kind, ...] = ("unfinished", "searched shards", "leftover")
#: Where a search in corpora keeps its shards, beside its entries.
CORPORA = "corpora"

_AUTHORS, _NORMS, _PROGRESS = "affective-interlingua", "norms", ".progress"
_KEY = re.compile(r"[0-9a-f]{32}")
_BESIDE = re.compile(r"\.([0-9a-f]{32})\.(?:(lock|unfinished)|.+\.(partial|old|bad)|(lock\..+))")
#: Seconds without a heartbeat after which an owner that can't be looked at counts as dead: far more than a run waits.
SILENT_S = 4 * DEAD_S


@dataclass(frozen=True)
class Written:
    """A file as its step wrote it: its SHA-256 and its size."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Entry:
    """A finished result in the cache.

    Parameters
    ----------
    step, key, folder
        Which, and where.
    bytes
        Of all files in its folder.
    made
        When, in seconds since 1970.
    seconds
        How long it took to compute.
    host
        The machine that made it.
    place
        Where in a study it belongs: model, language, variable...
    recipe, files
        As its manifest has them; empty where that can't be read.
    damage
        What is wrong with its manifest, "" if nothing is.
    """

    step: str
    key: str
    folder: Path
    bytes: int
    made: float
    seconds: float = 0.0
    host: str = ""
    place: tuple[str, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict, repr=False)
    files: Mapping[str, Written] = field(default_factory=dict, repr=False)
    damage: str = ""


@dataclass(frozen=True)
class LockFile:
    """A lock.

    Parameters
    ----------
    step, key, path
        Of which entry, and its file.
    host, pid
        Its owner.
    beat, silent
        The last sign of life, as the file's time in ns, and seconds since then.
    beats
        Whether the owner lives, as far as can be told.
    """

    step: str
    key: str
    path: Path
    host: str
    pid: int | None
    beat: int
    silent: float
    beats: bool

    @property
    def owner(self) -> str:
        """The owner, for messages."""
        return f"process {self.pid} on {self.host}" if self.host else "somebody who left no name"


@dataclass(frozen=True)
class Other:
    """Something in the cache that is no entry.

    Parameters
    ----------
    kind, name, path
        What, as it is called, and where.
    bytes, changed
        Its size, and when something in it was last written.
    step, key
        Of the entry that it belongs to, if it does.
    """

    kind: Kind
    name: str
    path: Path
    bytes: int
    changed: float
    step: str = ""
    key: str = ""


@dataclass(frozen=True)
class CacheContents:
    """All of a cache.

    Parameters
    ----------
    root
        Its folder, which need not exist.
    entries, locks, others
        What lies there.
    """

    root: Path
    entries: tuple[Entry, ...] = ()
    locks: tuple[LockFile, ...] = ()
    others: tuple[Other, ...] = ()

    @property
    def steps(self) -> list[str]:
        """The steps that have entries or something unfinished."""
        return sorted({entry.step for entry in self.entries} | {other.step for other in self.others if other.step})

    def holder(self, step: str, key: str) -> LockFile | None:
        """Return the living lock on an entry; a search's shards belong to all searches."""
        held = (lock for lock in self.locks if lock.beats and lock.step == step)
        return next((lock for lock in held if lock.key == key or (step == CORPORA and not key)), None)


def look(root: Path, now: float | None = None) -> CacheContents:
    """Look at everything in a cache, reading manifests only.

    Parameters
    ----------
    root
        The cache's folder.
    now
        The time, by the clock that the files' times come from; this machine's by default.

    Raises
    ------
    StoreError
        If it can't be read.
    """
    now = time.time() if now is None else now
    found: list[Entry | LockFile | Other] = []
    try:
        for path in sorted(root.iterdir()):
            found += _at_top(path, now)
    except FileNotFoundError:
        if root.exists():  # something in it went away meanwhile
            return look(root, now)
        return CacheContents(root)
    except NotADirectoryError:
        raise StoreError(
            f"{root}: is a file, and a cache is a folder; choose one by INTERLINGUA_CACHE=FOLDER"
        ) from None
    except OSError as error:
        raise StoreError(f"{error.filename or root}: can't be read ({reason(error)})") from None
    return CacheContents(
        root,
        tuple(item for item in found if isinstance(item, Entry)),
        tuple(item for item in found if isinstance(item, LockFile)),
        tuple(item for item in found if isinstance(item, Other)),
    )


def read_entry(folder: Path) -> Entry:
    """Read what an entry's manifest says of it."""
    step, key = folder.parent.name, folder.name
    size, changed = extent(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {
            str(name): Written(str(facts["sha256"]), int(facts["bytes"])) for name, facts in manifest["files"].items()
        }
        seconds, recipe = float(manifest["seconds"]), dict(manifest["recipe"])
        own = content_key(recipe)
    except FileNotFoundError:
        return Entry(step, key, folder, size, changed, damage=f"has no {MANIFEST}")
    except OSError as error:
        return Entry(step, key, folder, size, changed, damage=f"{MANIFEST} can't be read ({reason(error)})")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Entry(step, key, folder, size, changed, damage=f"{MANIFEST} is damaged")
    damage = ""
    if own != key:
        damage = "its key is not the hash of its recipe: another entry's, or another version's"
    elif recipe.get("step", step) != step:
        damage = f"belongs to the step '{recipe['step']}'"
    about = manifest.get("made")
    about = about if isinstance(about, dict) else {}
    made, host = _time(about.get("when"), changed), str(about.get("host", ""))
    return Entry(step, key, folder, size, made, seconds, host, _place(step, recipe), recipe, files, damage)


def extent(path: Path) -> tuple[int, float]:
    """Return the bytes of a file or of all files in a folder, and when the last of them was changed."""
    size, changed = 0, 0.0
    waiting = [path]
    while waiting:
        one = waiting.pop()
        try:
            facts = one.lstat()
            if one.is_dir() and not one.is_symlink():
                waiting += one.iterdir()
            else:
                size += facts.st_size // max(1, facts.st_nlink)  # a pass and its sites share files
        except OSError:  # gone meanwhile, or not ours to read
            continue
        changed = max(changed, facts.st_mtime)
    return size, changed


def _at_top(path: Path, now: float) -> Iterator[Entry | LockFile | Other]:
    """Yield what one thing in the cache's folder holds."""
    if not path.is_dir():
        yield _other("leftover" if path.name.startswith(".doctor-") else "not ours", path)
    elif path.name == _NORMS:
        yield from (_other("norms", inner) for inner in sorted(path.iterdir()))
    elif path.name == _AUTHORS:
        yield _other("authors' data", path)
    elif path.name == _PROGRESS:
        yield from _progress(path, now)
    else:
        yield from _of_step(path, now)


def _of_step(folder: Path, now: float) -> Iterator[Entry | LockFile | Other]:
    """Yield what lies in a step's folder, or the folder itself if it is none."""
    inside = sorted(folder.iterdir())
    named = [path for path in inside if _KEY.fullmatch(path.name) and path.is_dir() and not path.is_symlink()]
    entries = [read_entry(path) for path in named]
    beside = {path: match for path in inside if (match := _BESIDE.fullmatch(path.name))}
    # A folder with a name like a key may be another program's. One that can't be read counts as an entry only among
    # others that can, or in the folder of a step that there is.
    ours = any(entry.recipe for entry in entries) or bool(beside)
    if inside and not ours and folder.name not in _known_steps():
        yield _other("not ours", folder)
        return
    yield from entries
    for path, match in beside.items():
        key, (exact, half_made, trace) = match[1], match.groups()[1:]
        if exact == "lock":
            if (lock := _lock(folder.name, key, path, now)) is not None:
                yield lock
        elif exact == "unfinished":
            yield _other("unfinished", path, folder.name, key)
        elif half_made or (trace and now - extent(path)[1] > SILENT_S):  # a lock is taken in no time
            yield _other("leftover", path, folder.name, key)
    for path in inside:
        if path not in beside and path not in named:
            shards = folder.name == CORPORA and path.name.startswith("shards-") and path.is_dir()
            yield _other("searched shards" if shards else "not ours", path, folder.name)


def _progress(folder: Path, now: float) -> Iterator[Other]:
    """Yield the files that told how far a step is, and that nobody writes any more."""
    for path in sorted(folder.iterdir()):
        step, _, key = path.name.rpartition("-")
        lock = _lock(step, key, folder.parent / step / f".{key}.lock", now)
        if lock is None or not lock.beats:
            ours = bool(_KEY.fullmatch(key)) and path.is_file()
            yield _other("leftover", path, step, key) if ours else _other("not ours", path)


def _lock(step: str, key: str, path: Path, now: float) -> LockFile | None:
    owner = owner_of(path)
    try:
        beat = path.stat().st_mtime_ns
    except OSError:  # released meanwhile
        return None
    owner = owner or {}
    silent, pid = max(now - beat / 1e9, 0.0), owner.get("pid")
    host = str(owner.get("host", "")).partition(" ")[0]
    beats = silent <= SILENT_S and not died_here(owner)
    return LockFile(step, key, path, host, pid if isinstance(pid, int) else None, beat, silent, beats)


def _other(kind: Kind, path: Path, step: str = "", key: str = "") -> Other:
    name = f"{path.parent.name}/{path.name}" if step else path.name
    return Other(kind, name, path, *extent(path), step, key)


def _known_steps() -> frozenset[str]:
    from interlingua.run.stale import known_steps

    return frozenset({*known_steps(), "sources", CORPORA})


def _time(when: object, otherwise: float) -> float:
    try:
        return float(calendar.timegm(time.strptime(str(when), "%Y-%m-%dT%H:%M:%SZ")))
    except (ValueError, OverflowError):
        return otherwise


def _place(step: str, recipe: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where in a study an entry belongs, in the order in which its step is repeated."""
    at = recipe.get("at")
    values = tuple(map(str, at.values())) if isinstance(at, dict) else ()
    if step == "sources":
        return (str(recipe.get("source", "")), *values)
    corpus = recipe.get("corpus")
    if step == CORPORA and isinstance(corpus, dict):
        return (str(corpus.get("name", "")), str(corpus.get("language", "")))
    return values
