"""What a source of models is: which names it knows, and how what they name is opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from interlingua.errors import ModelError
from interlingua.models.registry import ModelCard, ModelSpec

if TYPE_CHECKING:
    import torch

    from interlingua.models.stored import StoredUnits


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

    def placed(self, dtype: torch.dtype, options: Mapping[str, Any]) -> Any:
        """Return the model where and how the options of `from_pretrained` say: over devices, or quantised.

        Raises
        ------
        ModelError
            As `model`, or if this source can't do that.
        """
        raise ModelError(
            "a model that is not read by from_pretrained can't be quantised or spread over devices: leave "
            'extraction.quantisation at "none", and choose another extraction.device than "spread"'
        )

    def reference(self, layers: int | None) -> Any:
        """Return the model in float32 on the CPU, with what another number format or device gives to be compared.

        Parameters
        ----------
        layers
            Only the first so many layers, as no more fit the memory, or None.
        """
        import torch

        if layers is not None:
            raise ModelError("there is too little memory to compare this model with float32 on the processor")
        return self.model(torch.float32)

    def check(self) -> None:  # noqa: B027
        """Raise if the model can't be what its files say; nothing to compare by default.

        Raises
        ------
        ModelError
            Says why not.
        """

    @abstractmethod
    def random(self, dtype: torch.dtype, seed: int) -> Any:
        """Return a model of its configuration whose weights are drawn at random."""

    def with_head(self, dtype: torch.dtype, *, causal: bool) -> Any:
        """Return the model with the trained head that says words, next ones (`causal`) or masked ones, on the CPU.

        Raises
        ------
        ModelError
            If there is none: the reason alone, such as "its files hold none".
        """
        raise ModelError("its files hold none")


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

    def stored(self, found: ModelSpec) -> StoredUnits | None:
        """Return the units that stand in a model's place, None where it is a model.

        Raises
        ------
        ModelError
            If they can't be read.
        """
        return None

    def licence(self, card: ModelCard) -> str:
        """Return the licence of a model of a card, as text: its name, and all of it where a user must accept it."""
        return f"{card.name}: {card.licence}"

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
