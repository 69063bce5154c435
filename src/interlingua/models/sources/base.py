"""What a source of models is: which names it knows, and how what they name is opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from interlingua.errors import ModelError
from interlingua.models.registry import ModelCard, ModelSpec

if TYPE_CHECKING:
    import torch


class OpenedModel(ABC):
    """A model whose files were found.

    Attributes
    ----------
    commit : str
        The commit that its files are of, "" where there are none.
    """

    commit: str = ""

    @abstractmethod
    def config(self) -> Any:
        """Return the configuration, of `transformers`, without weights."""

    @abstractmethod
    def tokenizer(self) -> Any:
        """Return the tokenizer, a fast one of `transformers`."""

    @abstractmethod
    def model(self, dtype: torch.dtype) -> Any:
        """Return the model (of `transformers`, or anything that is called like its models) on the CPU.

        Raises
        ------
        ModelError
            If its weights can't be had or read, or are not whole.
        """

    @abstractmethod
    def random(self, dtype: torch.dtype, seed: int) -> Any:
        """Return a model of its configuration whose weights are drawn at random."""


class ModelSource(ABC):
    """A source of models.

    Attributes
    ----------
    name : str
        Name in `ModelSpec.source`.
    order : int
        Sources are asked from the lowest number up whether a text is one of their models.
    says : str
        What can be given, for a message: "the path of a model folder"; "" where cards alone tell.
    downloads : bool
        Whether opening may download, so that bars are shown on a terminal.
    """

    name: str
    order: int = 50
    says: str = ""
    downloads: bool = False

    @abstractmethod
    def parse(self, text: str, revision: str | None) -> ModelSpec | None:
        """Tell what a text means, without opening anything; None if it names no model of this source.

        Parameters
        ----------
        text
            Without blanks around it and without ``untrained:``; no known name (`of_card` is asked about those).
        revision
            That of `interlingua.models.parse_spec`.

        Raises
        ------
        ModelError
            If it can only mean a model of this source, and there is none.
        """

    def of_card(self, card: ModelCard, revision: str | None) -> ModelSpec:
        """Return the model of a card that names this source.

        Raises
        ------
        ModelError
            If this source has no cards.
        """
        raise ModelError(f"the model {card.name} has a card of the source '{self.name}', which has none")

    @abstractmethod
    def open(self, found: ModelSpec, *, local_files_only: bool) -> OpenedModel:
        """Find a model's files.

        Raises
        ------
        ModelError
            If they can't be had.
        """

    def commit(self, found: ModelSpec, *, local_files_only: bool) -> str:
        """Return the commit that a revision stands for, "" where a source has none."""
        return ""

    @abstractmethod
    def fingerprint(self, found: ModelSpec, commit: str) -> str:
        """Return what a model's numbers depend on: a commit, or a hash of its files.

        Of an ``untrained`` model that is all but its weights.
        """
