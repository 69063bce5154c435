"""Content-addressed results of steps: what has been computed once from the same inputs is read, not run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from interlingua.errors import StoreError
from interlingua.norms import cache_root

Policy = Literal["reuse", "refresh", "only-cache"]
Frames = dict[str, pd.DataFrame]


def default_cache_dir() -> Path:
    """Return the user's cache folder, or ``$INTERLINGUA_CACHE`` where that is set."""
    return cache_root()


@lru_cache
def code_version(*rooms: str) -> str:
    """Return a hash of the source of `rooms` (folders or modules of the package), so that changed code recomputes."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for room in sorted(rooms):
        path = package / room
        for file in sorted(path.rglob("*")) if path.is_dir() else [path.with_suffix(".py")]:
            if file.suffix in {".py", ".toml", ".tsv"}:
                digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def content_key(**inputs: Any) -> str:
    """Return the key of a step with these inputs (anything that JSON can write)."""
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Cache:
    """A folder of finished steps, ``<root>/<step>/<key>``; a key is only there once it is complete.

    Parameters
    ----------
    root
        The folder; made when first written to.
    policy
        ``reuse`` what is there, ``refresh`` (compute again), or ``only-cache`` (an error where a key is missing).
    """

    def __init__(self, root: Path, policy: Policy = "reuse") -> None:
        self.root, self.policy = root, policy

    def path(self, step: str, key: str, suffix: str = "") -> Path:
        """Return where a step's result lies or will lie."""
        return self.root / step / f"{key}{suffix}"

    def has(self, step: str, key: str, suffix: str = "") -> bool:
        """Return whether a finished result may be read; raise under ``only-cache`` if it is not there."""
        there = self.path(step, key, suffix).exists()
        if self.policy == "only-cache" and not there:
            raise StoreError(
                f"{self.path(step, key, suffix)}: not in the cache (policy 'only-cache'); run with 'reuse'"
            )
        return there and self.policy != "refresh"

    def frames(self, step: str, key: str, compute: Callable[[], Mapping[str, pd.DataFrame]]) -> Frames:
        """Return the step's tables, computing and storing them as Parquet where they are missing."""
        folder = self.path(step, key)
        if not self.has(step, key):
            frames = compute()
            with atomic_folder(folder) as partial:
                for name, frame in frames.items():
                    frame.to_parquet(partial / f"{name}.parquet", index=False)
        return {file.stem: pd.read_parquet(file) for file in sorted(folder.glob("*.parquet"))}


class atomic_folder:  # noqa: N801 - reads as a verb, like contextlib's own
    """Write a folder beside its final place and move it there when the block ends without an error."""

    def __init__(self, final: Path) -> None:
        self.final = final
        self.partial = final.with_name(f".{final.name}.{os.getpid()}.partial")

    def __enter__(self) -> Path:
        try:
            shutil.rmtree(self.partial, ignore_errors=True)
            self.partial.mkdir(parents=True)
        except OSError as error:
            raise StoreError(
                f"{self.final.parent}: can't be written to ({error.strerror}); choose another folder"
            ) from None
        return self.partial

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if kind is not None:
            shutil.rmtree(self.partial, ignore_errors=True)
            if isinstance(error, OSError):
                raise StoreError(f"{self.final}: can't be written ({error.strerror})") from error
            return
        old = self.final.with_name(f".{self.final.name}.{os.getpid()}.old")
        if self.final.exists():
            self.final.rename(old)
        self.partial.rename(self.final)
        shutil.rmtree(old, ignore_errors=True)
