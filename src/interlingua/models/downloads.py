"""A file of a model on the Hugging Face hub, downloaded or from its cache, and what is told where it can't be had."""

from __future__ import annotations

import re
from pathlib import Path

import huggingface_hub
from huggingface_hub import errors

from interlingua.errors import ModelError
from interlingua.models.pretrained import one_line


def download(repository: str, file: str, revision: str | None, *, local_files_only: bool) -> tuple[Path, str]:
    """Return where a file of a repository lies on this machine, and the commit that it is of.

    Parameters
    ----------
    repository
        Its id, ``org/name``.
    file
        Its path in the repository.
    revision
        The revision asked for, or None.
    local_files_only
        Take it from the local cache, without asking the hub.

    Raises
    ------
    ModelError
        If it can't be had.
    """
    wanted = f"{repository} (revision {revision})" if revision else repository
    whole = "its config.json, tokenizer.json and model.safetensors"
    try:
        path = huggingface_hub.hf_hub_download(repository, file, revision=revision, local_files_only=local_files_only)
    except errors.GatedRepoError:
        advice = "is gated: accept its terms on the hub and log in with 'hf auth login', or give a local folder"
    except errors.RepositoryNotFoundError:
        advice = "is not on the Hugging Face hub (or is private): check the id, or give a local folder"
    except errors.RevisionNotFoundError:
        advice = "does not exist: the repository has no such revision"
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        local = f"a local folder with {whole}" if file == "config.json" else "the path of a local file"
        advice = f"is not in the local cache and the hub was not reached: go online once, or give {local}"
    except errors.EntryNotFoundError:
        so = ", so it is not a transformers model" if file == "config.json" else ": look at its files on the hub"
        advice = f"has no {file}{so}"
    except (OSError, ValueError) as error:
        advice = f"can't be downloaded ({one_line(error)}): try again, or give a local folder"
    else:
        commit = re.search(r"[/\\]snapshots[/\\]([0-9a-f]{40})[/\\]", path)
        return Path(path), commit.group(1) if commit else revision or "main"
    raise ModelError(f"the model {wanted} {advice}")
