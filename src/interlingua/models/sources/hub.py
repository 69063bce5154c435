"""The Hugging Face hub, and its cache on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from interlingua.errors import ModelError
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
        import huggingface_hub
        from huggingface_hub import errors

        from interlingua.models.pretrained import Place, one_line

        wanted = f"{found.location} (revision {found.revision})" if found.revision else found.location
        try:
            path = huggingface_hub.hf_hub_download(
                found.location, "config.json", revision=found.revision, local_files_only=local_files_only
            )
        except errors.GatedRepoError:
            advice = "is gated: accept its terms on the hub and log in with 'hf auth login', or give a local folder"
        except errors.RepositoryNotFoundError:
            advice = "is not on the Hugging Face hub (or is private): check the id, or give a local folder"
        except errors.RevisionNotFoundError:
            advice = "does not exist: the repository has no such revision"
        except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
            advice = (
                "is not in the local cache and the hub was not reached: go online once, or give a local folder "
                "with its config.json, tokenizer.json and model.safetensors"
            )
        except errors.EntryNotFoundError:
            advice = "has no config.json, so it is not a transformers model"
        except (OSError, ValueError) as error:
            advice = f"can't be downloaded ({one_line(error)}): try again, or give a local folder"
        else:
            commit = re.search(r"[/\\]snapshots[/\\]([0-9a-f]{40})[/\\]", path)
            named = commit.group(1) if commit else found.revision or "main"
            return Place(found.location, named, Path(path).parent, local_files_only)
        raise ModelError(f"the model {wanted} {advice}")


register(Hub())
