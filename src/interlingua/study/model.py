"""A model of a study: how it is loaded where it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlingua.errors import ModelError, StoreError
from interlingua.models import sources
from interlingua.study.facts import Facts

if TYPE_CHECKING:
    from interlingua.models.devices import Dtype, Quantisation, Where
    from interlingua.models.heads import Head
    from interlingua.models.loading import LoadedModel
    from interlingua.models.registry import ModelSpec
    from interlingua.models.stored import StoredUnits


@dataclass(frozen=True)
class Handle:
    """A model that can be loaded where it is needed."""

    spec: ModelSpec
    dtype: Dtype
    device: str
    quantisation: Quantisation = "none"

    @cached_property
    def stored(self) -> StoredUnits | None:
        """The units that stand in a model's place, None where it is a model."""
        return sources.get(self.spec.source).stored(self.spec)

    @cached_property
    def model(self) -> LoadedModel:
        """The model, loaded when it is first asked for."""
        from interlingua.models import load_model

        return load_model(self.spec, dtype=self.dtype, device=self.device, quantisation=self.quantisation)

    @cached_property
    def exact(self) -> LoadedModel:
        """The model in float32, in which units are edited, loaded when it is first asked for.

        Raises
        ------
        ModelError
            If there is no model, or its weights are quantised.
        """
        from interlingua.models import load_model

        if self.stored is not None:
            raise ModelError(f"{self.spec.name}: units of one's own have no model in which they could be edited")
        where = self.resolved()
        if where.quantisation != "none":
            raise ModelError(f"{self.spec.name}: its weights are quantised, and units are edited in float32")
        return self.model if where.dtype == "float32" else load_model(self.spec, dtype="float32", device=self.device)

    @property
    def head(self) -> Head:
        """What the model in float32 says words with, loaded when it is first asked for.

        Raises
        ------
        ModelError
            If it has no trained head, or can't be had in float32.
        """
        if isinstance(self._head, ModelError):
            raise self._head
        return self._head

    @cached_property
    def _head(self) -> Head | ModelError:
        """The head, or why there is none: whole files are opened to know it, once."""
        from interlingua.models.heads import load_head

        try:
            return load_head(self.spec, self.exact)
        except ModelError as error:
            return error

    def resolved(self) -> Where:
        """Return where it will be computed, and in which number format."""
        from interlingua.models.devices import resolve

        return resolve(self.dtype, self.device, self.quantisation)

    def outline(self, dtype: Dtype) -> Facts:
        """Return what is known of it without its weights, by its configuration: the facts of a plan."""
        from interlingua.models.loading import outline

        if self.stored is not None:
            return stored_facts(self.stored, dtype)
        return Facts(dtype=dtype, quantisation=self.quantisation, **vars(outline(self.spec)))

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer alone, loaded when it is first asked for; None where there is no model."""
        from interlingua.models.loading import load_tokenizer

        return None if self.stored is not None else load_tokenizer(self.spec)


def stored_facts(units: StoredUnits, dtype: Dtype) -> Facts:
    """Return the facts of units that stand in a model's place: there are no weights to be counted.

    Parameters
    ----------
    units
        They.
    dtype
        Number format of the study's models: nothing is computed with it here.
    """
    layers, width = units.shape
    return Facts(
        name=units.name,
        revision="",
        fingerprint=units.fingerprint(),
        layers=layers,
        width=width,
        is_decoder=units.is_decoder,
        dtype=dtype,
        parameters=0,
        word_embeddings=0,
        mlp=0,
        head_units=0,
        heads=0,
        why="units of one's own stand in its residual stream's place, and there are no others",
    )


@dataclass(frozen=True)
class ModelFiles:
    """A model as a source: nothing is read before it is loaded, and a worker keeps it while its jobs need it."""

    spec: ModelSpec
    dtype: Dtype
    device: str
    quantisation: Quantisation = "none"
    name: str = "weights"
    suffix = ""
    kept = True

    @property
    def modules(self) -> tuple[str, ...]:
        """The module of the source that opens it: it is loaded by name, so imports do not tell."""
        return (sources.module_of(self.spec.source),)

    def write(self, path: Path, value: Handle) -> None:
        """Models are never written."""
        raise StoreError(f"{path}: a model is a source, and is not written")

    def read(self, path: Path) -> Handle:
        """Return what can load it."""
        return Handle(self.spec, self.dtype, self.device, self.quantisation)
