"""GGUF files: of this machine, or in a repository of the Hugging Face hub."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from interlingua.errors import ModelError
from interlingua.models.registry import ModelSpec
from interlingua.models.sources.base import ModelSource, OpenedModel
from interlingua.models.sources.registry import register

_ON_HUB = re.compile(r"([A-Za-z0-9][\w.-]*/[\w.-]+)(?:@([\w./-]+))?:([^:\\]+)")
_ENDING = ".gguf"


class Gguf(ModelSource):
    """A model in one GGUF file."""

    name = "gguf"
    order = 15
    says = "a GGUF file (path/file.gguf or org/name:file.gguf)"
    downloads = True

    def parse(self, text: str, revision: str | None) -> ModelSpec | None:
        """Take what ends in .gguf."""
        if not text.lower().endswith(_ENDING):
            return None
        file = Path(text).expanduser()
        if file.is_file():
            return ModelSpec(file.stem, self.name, str(file))
        found = _ON_HUB.fullmatch(text)
        if found is None or ".." in PurePosixPath(found[3]).parts or found[3].startswith("/"):
            raise ModelError(
                f"there is no GGUF file {text}; give the path of one, or org/name:file.gguf of the Hugging Face hub"
            )
        repository, asked, inside = found.groups()
        return ModelSpec(f"{repository}:{inside}", self.name, f"{repository}:{inside}", revision or asked)

    def open(self, found: ModelSpec, *, local_files_only: bool) -> OpenedModel:
        """Find the file."""
        from interlingua.models.gguf import of_file

        return of_file(found.name, *_locate(found, local_files_only=local_files_only))

    def commit(self, found: ModelSpec, *, local_files_only: bool) -> str:
        """Return the commit of a file of the hub."""
        return _locate(found, local_files_only=local_files_only)[1]

    def fingerprint(self, found: ModelSpec, commit: str) -> str:
        """Return a sha256 of the file, and what reads it."""
        from interlingua.models.gguf import digest_of, fingerprint

        place = replace(found, revision=commit or None)
        return fingerprint(digest_of(_locate(place, local_files_only=bool(commit))[0]))


def _locate(found: ModelSpec, *, local_files_only: bool) -> tuple[Path, str]:
    """Return where the file lies, downloaded if it is the hub's, and its commit."""
    file = Path(found.location)
    if file.is_file():
        return file, ""
    from interlingua.models.downloads import download

    repository, _, inside = found.location.partition(":")
    return download(repository, inside, found.revision, local_files_only=local_files_only)


register(Gguf())
