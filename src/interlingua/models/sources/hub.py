"""The Hugging Face hub, and its cache on this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from interlingua.models.registry import ModelCard, ModelSpec
from interlingua.models.sources.base import ModelSource, OpenedModel
from interlingua.models.sources.registry import register

if TYPE_CHECKING:
    from interlingua.models.pretrained import Place

_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


class Hub(ModelSource):
    """A repository of the hub, at a commit."""

    name = "hub"
    order = 30
    says = "a hub id (org/name or org/name@revision)"
    downloads = True

    def parse(self, text: str, revision: str | None) -> ModelSpec | None:
        """Take what looks like an id, with or without a revision."""
        name, _, asked = text.partition("@")
        return ModelSpec(name, self.name, name, revision or asked or None) if _ID.fullmatch(name) else None

    def of_card(self, card: ModelCard, revision: str | None) -> ModelSpec:
        """Take the card's revision where none is asked for."""
        return ModelSpec(card.name, self.name, card.hub_id, revision or card.revision, card=card)

    def open(self, found: ModelSpec, *, local_files_only: bool) -> OpenedModel:
        """Find its commit, so that all its files are of one."""
        from interlingua.models.pretrained import PretrainedFiles

        return PretrainedFiles(found.name, self._locate(found, local_files_only=local_files_only))

    def commit(self, found: ModelSpec, *, local_files_only: bool) -> str:
        """Return the commit of its configuration, which is looked at."""
        return self.open(found, local_files_only=local_files_only).commit

    def fingerprint(self, found: ModelSpec, commit: str) -> str:
        """Return the commit."""
        return commit

    def _locate(self, found: ModelSpec, *, local_files_only: bool) -> Place:
        from interlingua.models.downloads import download
        from interlingua.models.pretrained import Place

        config, commit = download(found.location, "config.json", found.revision, local_files_only=local_files_only)
        return Place(found.location, commit, config.parent, local_files_only, trusted=found.trusted)


register(Hub())
