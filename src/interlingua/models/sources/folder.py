"""A folder that a model's `save_pretrained` wrote."""

from __future__ import annotations

from pathlib import Path

from interlingua.errors import ModelError
from interlingua.models.registry import ModelSpec
from interlingua.models.sources.base import ModelSource, OpenedModel
from interlingua.models.sources.registry import register


class Folder(ModelSource):
    """A model in a folder of this machine."""

    name = "folder"
    order = 20
    says = "the path of a model folder"

    def parse(self, text: str, revision: str | None) -> ModelSpec | None:
        """Take existing folders, and what can only be the path of one."""
        folder = Path(text).expanduser()
        if text and folder.is_dir():
            if not (folder / "config.json").is_file():
                raise ModelError(
                    f"the folder {text} holds no config.json; give one that a model's save_pretrained() wrote"
                )
            return ModelSpec(folder.resolve().name, self.name, str(folder))
        if text.startswith((".", "/", "~")) or "\\" in text or text.count("/") > 1:
            raise ModelError(f"there is no model folder {text}; give an existing folder that holds config.json")
        return None

    def open(self, found: ModelSpec, *, local_files_only: bool) -> OpenedModel:
        """Look at its configuration."""
        from interlingua.models.pretrained import Place, PretrainedFiles

        folder = Path(found.location)
        return PretrainedFiles(found.name, Place(found.location, "", folder, local_files_only, trusted=found.trusted))

    def commit(self, found: ModelSpec, *, local_files_only: bool) -> str:
        """Look at its configuration; there is no commit."""
        return self.open(found, local_files_only=local_files_only).commit

    def fingerprint(self, found: ModelSpec, commit: str) -> str:
        """Return a sha256 of the files."""
        from interlingua.models.pretrained import hash_folder

        return hash_folder(Path(found.location), weights=not found.untrained)


register(Folder())
