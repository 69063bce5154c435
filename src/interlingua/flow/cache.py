"""Content-addressed results of steps: what has been computed once from the same inputs is read, not run.

An entry is a folder ``<root>/<step>/<key>`` with the step's outputs and a ``manifest.json``: its recipe, of which the
key is the hash (function, source, options, seed, versions, digests of what was read), and each file's own digest. It
appears once it is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from platformdirs import user_cache_path

from interlingua.errors import ConfigError, StoreError, suggest

Policy = Literal["reuse", "refresh", "only-cache"]
MANIFEST = "manifest.json"


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
    """

    folder: Path
    digests: Mapping[str, str]
    seconds: float


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
    """

    folder: Path
    unfinished: Path


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

    def folder(self, step: str, key: str) -> Path:
        """Return where an entry lies or will lie."""
        return self.root / step / key

    def peek(self, step: str, key: str) -> Made | None:
        """Return an entry if it is complete, whatever the policy."""
        folder = self.folder(step, key)
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            digests = {str(name): str(facts["sha256"]) for name, facts in manifest["files"].items()}
            seconds = float(manifest["seconds"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return Made(folder, digests, seconds) if all((folder / name).is_file() for name in digests) else None

    def find(self, step: str, key: str) -> Made | None:
        """Return an entry if it is complete and the policy lets it be read.

        Raises
        ------
        StoreError
            If it is missing under ``only-cache``.
        """
        made = None if self.policy == "refresh" else self.peek(step, key)
        if made is None and self.policy == "only-cache":
            raise StoreError(f"{self.folder(step, key)}: not in the cache (policy 'only-cache'); run with 'reuse'")
        return made

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
        final = self.folder(step, key)
        claim = Claim(
            folder=self._partial(step, key, owner or str(os.getpid())),
            unfinished=final.with_name(f".{key}.unfinished"),
        )
        started = time.monotonic()
        try:
            shutil.rmtree(claim.folder, ignore_errors=True)
            claim.folder.mkdir(parents=True)
        except OSError as error:
            raise StoreError(
                f"{final.parent}: can't be written to ({error.strerror or error}); choose another cache with "
                "INTERLINGUA_CACHE=FOLDER"
            ) from None
        try:
            yield claim
            self._finish(final, claim.folder, recipe, time.monotonic() - started)
        except BaseException as error:
            shutil.rmtree(claim.folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise StoreError(f"{final}: can't be written ({error.strerror or error})") from error
            raise
        shutil.rmtree(claim.unfinished, ignore_errors=True)

    def abandon(self, step: str, key: str, owner: str) -> None:
        """Remove what a claim of `owner` left that did not come to its end."""
        shutil.rmtree(self._partial(step, key, owner), ignore_errors=True)

    def _partial(self, step: str, key: str, owner: str) -> Path:
        return self.folder(step, key).with_name(f".{key}.{owner}.partial")

    def _finish(self, final: Path, partial: Path, recipe: Mapping[str, Any], seconds: float) -> None:
        files = {
            file.relative_to(partial).as_posix(): {"sha256": file_digest(file), "bytes": file.stat().st_size}
            for file in sorted(partial.rglob("*"))
            if file.is_file()
        }
        made = {"host": platform.node(), "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        manifest = {"recipe": recipe, "files": files, "seconds": round(seconds, 3), "made": made}
        text = json.dumps(manifest, indent=1, ensure_ascii=False, default=str)
        (partial / MANIFEST).write_text(text + "\n", encoding="utf-8")
        old = final.with_name(f".{final.name}.{os.getpid()}.old")
        if final.exists():
            final.rename(old)
        partial.rename(final)
        shutil.rmtree(old, ignore_errors=True)
