"""Fetching the authors' public files, each checked against its SHA-256.

The files carry no licence: they go to the user's own cache, and never into this package.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cache
from http.client import HTTPException
from importlib import resources
from pathlib import Path
from urllib.request import urlopen

from interlingua.errors import ContextsError, reason

#: The folder of the files at the commit that the checksums belong to.
AUTHORS_URL = (
    "https://raw.githubusercontent.com/Andrea-de-Varda/affective-interlingua/"
    "64c4bfac3ccfd99ae38f7f0ece2dc0e1dde160ab/probing"
)

_TIMEOUT_S = 60


@cache
def authors_files() -> Mapping[str, str]:
    """Return the SHA-256 of each of the authors' 100 files by its name (the package's ``authors.sha256``)."""
    listing = resources.files("interlingua.contexts").joinpath("authors.sha256").read_text(encoding="ascii")
    rows = (line.split() for line in listing.splitlines())
    return {name: digest for digest, name in rows}


def verify_checksums(folder: str | Path, checksums: Mapping[str, str]) -> dict[str, str]:
    """Return the files that are ``missing`` or whose SHA-256 ``differs``; empty if all is well.

    Parameters
    ----------
    folder
        Where the files should lie.
    checksums
        The SHA-256, in hexadecimal, of each file name.
    """
    found: dict[str, str] = {}
    for name, digest in checksums.items():
        path = Path(folder) / name
        if not path.is_file():
            found[name] = "missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            found[name] = "differs"
    return found


def download_authors(
    cache_dir: str | Path,
    *,
    base_url: str = AUTHORS_URL,
    checksums: Mapping[str, str] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Path:
    """Download the authors' files (10 MB) into a folder of `cache_dir` and return that folder.

    A file that is there with the right checksum is not fetched again, so a broken download goes on where it
    stopped; a file appears under its name only once it is complete and its checksum is right.

    Parameters
    ----------
    cache_dir
        The user's cache; the files come into its folder ``affective-interlingua``.
    base_url
        The address of the folder that holds the files.
    checksums
        The files to fetch and their SHA-256 (default: all of `authors_files`).
    progress
        Called after each file with how many are there, how many there will be, and the file's name.

    Raises
    ------
    ContextsError
        If the network or the server fails, or a file that came is not the one that is known.
    """
    folder = Path(cache_dir) / "affective-interlingua"
    wanted = authors_files() if checksums is None else checksums
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ContextsError(f"{folder}: can't be made ({reason(error)}); choose another cache folder") from error
    bad = verify_checksums(folder, wanted)
    for number, name in enumerate(wanted, start=1):
        if name in bad:
            _fetch(f"{base_url.rstrip('/')}/{name}", folder / name, wanted[name])
        if progress is not None:
            progress(number, len(wanted), name)
    return folder


def _fetch(url: str, path: Path, digest: str) -> None:
    try:
        with urlopen(url, timeout=_TIMEOUT_S) as response:
            content = response.read()
    except (OSError, HTTPException) as error:
        raise ContextsError(
            f"{url}: could not be downloaded ({error}); try again, or get the authors' files some other way"
            " and use --data FOLDER"
        ) from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise ContextsError(
            f"{url}: what came is not the known file (its SHA-256 differs); try again, or use --data FOLDER"
        )
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise ContextsError(f"{path}: can't be written ({reason(error)})") from error
