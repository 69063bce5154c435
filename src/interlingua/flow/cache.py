"""Content-addressed results of steps: what has been computed once from the same inputs is read, not run.

An entry is a folder ``<root>/<step>/<key>`` with the step's outputs and a ``manifest.json``: its recipe, of which the
key is the hash (function, source, options, seed, versions, digests of what was read), and each file's own digest. It
appears once it is complete.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from platformdirs import user_cache_path

from interlingua.errors import ConfigError, StoreError, reason, suggest
from interlingua.flow.lock import ABANDONED_S, Lock, died_here, is_here, owner_of
from interlingua.flow.processes import processor_name

Policy = Literal["reuse", "refresh", "only-cache"]
MANIFEST = "manifest.json"
#: Bytes of a file up to which it is compared with its digest as soon as its entry is found.
_SMALL = 50_000_000
#: What runs left for their workers to read is removed after so many seconds: by then they have ended.
_LONGEST_RUN_S = 30 * 86_400.0

logger = logging.getLogger("interlingua")


def cache_root() -> Path:
    """Return the user's cache folder: ``$INTERLINGUA_CACHE``, else the system's place for caches."""
    named = os.environ.get("INTERLINGUA_CACHE")
    return Path(named).expanduser() if named else user_cache_path("interlingua", appauthor=False)


def content_key(recipe: Any) -> str:
    """Return the key of a recipe (anything that JSON can write)."""
    text = json.dumps(recipe, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Made:
    """A finished entry.

    Parameters
    ----------
    folder
        Where its files lie.
    digests
        SHA-256 of each file, by name.
    seconds
        How long it took to compute.
    host, processor
        Of the machine that did.
    """

    folder: Path
    digests: Mapping[str, str]
    seconds: float
    host: str = ""
    processor: str = ""


@dataclass(frozen=True)
class Claim:
    """An entry that is being made.

    Parameters
    ----------
    folder
        For its files; removed if it fails.
    unfinished
        A folder (not made yet) for what a later claim of the same entry may go on from, however this one ends; removed
        once the entry is there.
    made
        The entry, if another run made it while this one waited for it: there is nothing left to do.
    """

    folder: Path
    unfinished: Path
    made: Made | None = None


class Cache:
    """A folder of finished entries.

    Parameters
    ----------
    root
        The folder; made when first written to.
    policy
        ``reuse`` what is there, ``refresh`` (compute again), or ``only-cache`` (an error where an entry is missing).

    Raises
    ------
    ConfigError
        If there is no such policy.
    """

    def __init__(self, root: Path, policy: str = "reuse") -> None:
        if policy not in get_args(Policy):
            known = get_args(Policy)
            raise ConfigError(f"cache policy '{policy}' is not one of {', '.join(known)}{suggest(policy, known)}")
        self.root, self.policy = root, policy
        self._sound: set[tuple[Path, str]] = set()

    def folder(self, step: str, key: str) -> Path:
        """Return where an entry lies or will lie."""
        return self.root / step / key

    def peek(self, step: str, key: str) -> Made | None:
        """Return an entry if it is complete and says that it is this one, whatever the policy."""
        folder = self.folder(step, key)
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            digests = {str(name): str(facts["sha256"]) for name, facts in manifest["files"].items()}
            seconds, own = float(manifest["seconds"]), content_key(manifest["recipe"])
            maker = [str(manifest["made"].get(name, "")) for name in ("host", "processor")]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        there = own == key and all((folder / name).is_file() for name in digests)
        return Made(folder, digests, seconds, *maker) if there else None

    def find(self, step: str, key: str) -> Made | None:
        """Return an entry if it is sound and the policy lets it be read.

        Small files are compared with their digests here, large ones when something is to read them (`spoilt`).

        Raises
        ------
        StoreError
            If it is missing or spoilt under ``only-cache``.
        """
        if self.policy == "refresh":
            return None
        made, folder = self.peek(step, key), self.folder(step, key)
        # Looked at twice: another run may put it there between two looks.
        if made is None and folder.exists() and (made := self.peek(step, key)) is None:
            self.reject(step, key, "its manifest or a file is missing or damaged")
        small = [name for name in made.digests if _size(folder / name) <= _SMALL] if made else []
        if made is not None and (bad := self.spoilt(made, small)):
            self.reject(step, key, f"{bad} is not what was written")
            made = None
        if made is None and self.policy == "only-cache":
            raise StoreError(f"{folder}: not in the cache (policy 'only-cache'); run with 'reuse'")
        return made

    def spoilt(self, made: Made, names: Iterable[str]) -> str:
        """Return the first of an entry's files whose digest is another than when it was written, "" if none is.

        Each file is read once in the life of this cache.
        """
        for name in names:
            path = made.folder / name
            if (path, made.digests[name]) in self._sound:
                continue
            try:
                right = file_digest(path) == made.digests[name]
            except OSError:
                right = False
            if not right:
                return name
            self._sound.add((path, made.digests[name]))
        return ""

    def forget(self, made: Made) -> None:
        """Let an entry's files be compared with their digests again."""
        self._sound -= {(made.folder / name, digest) for name, digest in made.digests.items()}

    def reject(self, step: str, key: str, why: str) -> None:
        """Say that an entry can't be used, and take it out of the way.

        Raises
        ------
        StoreError
            If the policy forbids to compute it again, or it can't be removed.
        """
        folder = self.folder(step, key)
        if self.policy == "only-cache":
            raise StoreError(f"{folder}: {why} (policy 'only-cache'); run with 'reuse' to compute it again")
        aside = folder.with_name(f".{key}.{os.getpid()}.bad")
        try:
            with Lock(self._lock(step, key)):
                made = self.peek(step, key)
                if made is not None and not self.spoilt(made, made.digests):  # another run was here before
                    return
                folder.rename(aside)
            logger.warning("%s: %s; it is computed again", folder, why)
        except FileNotFoundError:  # another run did it
            logger.warning("%s: %s; another run computes it again", folder, why)
            return
        except OSError as error:
            raise StoreError(f"{folder}: {why}, and it can't be removed ({reason(error)})") from None
        shutil.rmtree(aside, ignore_errors=True)

    @contextmanager
    def claim(self, step: str, key: str, recipe: Mapping[str, Any], owner: str = "") -> Iterator[Claim]:
        """Make an entry: yield folders for its files, and move them into place when the block ends without an error.

        This is the one place where entries come to be. What a process leaves that is killed meanwhile is removed by
        `abandon`.

        Parameters
        ----------
        step, key
            The entry.
        recipe
            What its key is the hash of.
        owner
            A name that no other run has; by default the process's number.

        Raises
        ------
        StoreError
            If it can't be written.
        """
        assert content_key(recipe) == key, "a key is the hash of its recipe"
        final = self.folder(step, key)
        lock = Lock(self._lock(step, key), on_wait=partial(_tell_waiting, final))
        try:
            try:
                final.parent.mkdir(parents=True, exist_ok=True)
                lock.__enter__()
            except OSError as error:
                raise StoreError(
                    f"{final.parent}: can't be written to ({reason(error)}); choose another cache with "
                    "INTERLINGUA_CACHE=FOLDER"
                ) from None
            # Another run may have made it since this one looked, and others may read it by now.
            made = self.peek(step, key) if lock.waited or self.policy != "refresh" else None
            claim = Claim(
                folder=self._partial(step, key, owner or str(os.getpid())),
                unfinished=final.with_name(f".{key}.unfinished"),
                made=made,
            )
            started = time.monotonic()
            if made is None:
                self._clear(step, key)
                claim.folder.mkdir()
            yield claim
            if made is None:
                self._finish(final, claim.folder, recipe, time.monotonic() - started)
                shutil.rmtree(claim.unfinished, ignore_errors=True)
        except BaseException as error:
            if lock.held:
                self._clear(step, key)
            if isinstance(error, OSError):
                raise StoreError(f"{final}: can't be written ({reason(error)})") from error
            raise
        finally:
            lock.__exit__()

    def abandon(self, step: str, key: str, owner: str) -> None:
        """Remove what a claim of `owner` left that was killed, or stopped while it tidied up."""
        shutil.rmtree(self._partial(step, key, owner), ignore_errors=True)
        lock = self._lock(step, key)
        for path in (lock, *lock.parent.glob(f"{lock.name}.*")):
            if (holder := owner_of(path)) is not None and (_nobody_s(path, holder) or is_here(holder)):
                path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what dead runs left: locks of processes of this machine that are no more, and half-made entries.

        What can't be removed (a cache that may only be read) stays.
        """
        for pattern in ("*/.*.lock", "*/.*.lock.*"):  # locks, and what is left of taking and releasing one
            for lock in self.root.glob(pattern):
                holder = owner_of(lock)
                if holder is not None and _nobody_s(lock, holder):
                    with suppress(OSError):
                        lock.unlink()
        for ending in ("partial", "old", "bad"):
            for left in self.root.glob(f"*/.*.{ending}"):
                final = left.with_name(left.name.split(".")[1])
                if self._lock(final.parent.name, final.name).exists():  # somebody is at work on it
                    continue
                with suppress(OSError):
                    if ending == "old" and not final.exists():  # killed between the two renames
                        left.rename(final)
                shutil.rmtree(left, ignore_errors=True)
        for told in self.root.glob(".cluster/*"):
            with suppress(OSError):
                if time.time() - told.stat().st_mtime > _LONGEST_RUN_S:
                    told.unlink()
        for told in self.root.glob(".progress/*"):
            step, _, key = told.name.rpartition("-")
            if not self._lock(step, key).exists():
                with suppress(OSError):
                    told.unlink()

    def _clear(self, step: str, key: str) -> None:
        """Remove all half-made copies of an entry; the caller has its lock."""
        for left in self.folder(step, key).parent.glob(f".{key}.*.partial"):
            shutil.rmtree(left, ignore_errors=True)

    def _lock(self, step: str, key: str) -> Path:
        return self.folder(step, key).with_name(f".{key}.lock")

    def _partial(self, step: str, key: str, owner: str) -> Path:
        return self.folder(step, key).with_name(f".{key}.{owner}.partial")

    def _finish(self, final: Path, folder: Path, recipe: Mapping[str, Any], seconds: float) -> None:
        files = {
            file.relative_to(folder).as_posix(): {"sha256": file_digest(file), "bytes": file.stat().st_size}
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }
        made = {
            "host": platform.node(),
            "processor": processor_name(),
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        manifest = {"recipe": recipe, "files": files, "seconds": round(seconds, 3), "made": made}
        text = json.dumps(manifest, indent=1, ensure_ascii=False, default=str)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
        old = final.with_name(f".{final.name}.{os.getpid()}.old")
        if final.exists():
            final.rename(old)
        folder.rename(final)
        shutil.rmtree(old, ignore_errors=True)


def _size(path: Path) -> int:
    """Return the size of a file; one that is gone meanwhile has none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _nobody_s(path: Path, holder: Mapping[str, Any]) -> bool:
    """Return whether a lock, or what is left of taking one, is a dead run's.

    What was killed while it took a lock may have left an empty file; a living one whose file goes takes another.
    """
    try:
        silent = time.time() - path.stat().st_mtime
    except OSError:
        return False
    return died_here(holder) or silent > ABANDONED_S or (not holder and path.suffix != ".lock")


def _tell_waiting(final: Path, holder: str) -> None:
    logger.warning("%s: being made by another run (%s); this one waits and reads it", final, holder)
