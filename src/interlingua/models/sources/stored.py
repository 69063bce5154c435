"""A folder of units of one's own, in place of a model: activations of another tool, features of an autoencoder."""

from __future__ import annotations

from pathlib import Path

from interlingua.errors import ModelError
from interlingua.models.registry import ModelSpec
from interlingua.models.sources.base import ModelSource, OpenedModel
from interlingua.models.sources.registry import register
from interlingua.models.stored import CARD, StoredUnits


class Stored(ModelSource):
    """Units that were computed elsewhere."""

    name = "stored"
    order = 18
    says = f"a folder of units of your own ({CARD})"

    def parse(self, text: str, revision: str | None) -> ModelSpec | None:
        """Take folders with a card of units."""
        folder = Path(text).expanduser()
        if not text or not (folder / CARD).is_file():
            return None
        return ModelSpec(StoredUnits.read(folder).name, self.name, str(folder))

    def stored(self, found: ModelSpec) -> StoredUnits:
        """Return the folder's units."""
        if found.untrained:
            raise ModelError(f"{found.name}: units of your own have no weights to be drawn at random")
        return StoredUnits.read(Path(found.location))

    def open(self, found: ModelSpec, *, local_files_only: bool) -> OpenedModel:
        """Refuse: there is no model."""
        raise ModelError(f"{found.name} is a folder of units, and no model that could be loaded; a study can name it")

    def fingerprint(self, found: ModelSpec, commit: str) -> str:
        """Return a sha256 of the files."""
        return self.stored(found).fingerprint()


register(Stored())
