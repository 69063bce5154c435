"""What to run: the typed, frozen study."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from interlingua import languages
from interlingua.errors import ConfigError, LanguageError, suggest
from interlingua.study.sections import (
    Alignment,
    Causal,
    Concepts,
    Extraction,
    LanguageConfig,
    Layer,
    Probes,
    Sampling,
    Scrutiny,
    Section,
    Units,
)
from interlingua.tables.layout import HEADS, RESID, Site

#: Bytes of a study's name: of the 255 of a folder's, some go for the name of the folder that is not complete yet.
LONGEST_NAME = 200
#: Seen languages that the super exact test takes at once (2^20 intersections).
MOST_LANGUAGES = 20


class Study(Section):
    """One study: everything that decides what its tables say.

    Read it with `interlingua.load_study`; `Study.model_validate` takes the same keys as a mapping.
    """

    name: str
    preset: Literal["careful", "paper"] = "careful"
    models: Annotated[tuple[str, ...], Field(min_length=1)]
    variables: Annotated[tuple[str, ...], Field(min_length=1)]
    languages: Annotated[Mapping[str, LanguageConfig], Field(min_length=2)]
    unseen: tuple[str, ...] = ()
    """Languages of `languages` that take no part in choosing units; the chosen ones are tested in them."""
    data: str | None = None
    """Folder of the authors' files; without it they are downloaded to the user's cache."""
    supplement: str | None = None
    """A second such folder with files that the first lacks (Polish words and valence)."""
    seed: Annotated[int, Field(ge=0)] = 0
    sites: Annotated[tuple[Site, ...], Field(min_length=1)] = (RESID,)
    """Where in the models units are read: the residual stream (``resid``), units of MLPs (``mlp``), ``heads``."""

    sampling: Sampling = Sampling()
    concepts: Concepts = Concepts()
    extraction: Extraction = Extraction()
    probes: Probes = Probes()
    layer: Layer = Layer()
    units: Units = Field(default_factory=Units)
    alignment: Alignment = Alignment()
    scrutiny: Scrutiny = Scrutiny()
    causal: Causal = Field(default_factory=Causal)
    questions: Mapping[str, Any] = Field(default_factory=dict)
    """Options of questions by the question's key: a section each, which the question declares."""

    @field_validator("name")
    @classmethod
    def _name_of_a_folder(cls, value: str) -> str:
        if not re.fullmatch(r"\w[\w.-]*", value):
            raise ValueError("the name is also that of the result folder: letters, digits, '.', '-' and '_' only")
        if len(value.encode()) > LONGEST_NAME:
            raise ValueError(f"the name is also that of the result folder: {LONGEST_NAME} letters at most")
        return value

    @field_validator("models", "variables", "sites")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if value.count(entry) > 1:
                raise ValueError(f"'{entry}' stands there twice")
        return value

    @field_validator("variables")
    @classmethod
    def _columns_of_their_own(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        from interlingua.contexts.table import COLUMNS  # reports read studies, too, and need no sentences

        wrong = [name for name in value if not name.strip() or name != name.strip() or name in COLUMNS]
        if wrong:
            raise ValueError(
                "\n".join(
                    f"'{name}' is no name for a variable: tables have other columns of that name, or it is blank"
                    for name in wrong
                )
            )
        return value

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_by_code(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        by_code: dict[str, Any] = {}
        wrong, twice = [], []
        for tag, entry in value.items():
            try:
                code = languages.get(str(tag)).code
            except LanguageError as error:
                wrong.append(str(error))
                continue
            if code in by_code:
                twice.append(f"'{tag}' is '{code}', which stands there twice")
            by_code[code] = entry
        if twice:
            raise ValueError("\n".join([*wrong, *twice]))
        if wrong:
            raise _no_languages(wrong)
        return by_code

    @field_validator("unseen", mode="before")
    @classmethod
    def _unseen_by_code(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, Sequence) or not all(isinstance(tag, str) for tag in value):
            return value
        found, wrong = [], []
        for tag in value:
            try:
                found.append(languages.get(tag).code)
            except LanguageError as error:
                wrong.append(str(error))
        if wrong:
            raise _no_languages(wrong)
        return tuple(dict.fromkeys(found))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Tell all that does not go together, a line each."""
        if wrong := [*self._of_languages(), *self._of_probes(), *self._of_layer(), *self._of_sites()]:
            raise ValueError("\n".join(wrong))
        return self

    def _of_languages(self) -> Iterator[str]:
        for code in self.unseen:
            if code not in self.languages:
                yield f"unseen: '{code}' has no entry under languages"
        for code, entry in self.languages.items():
            for name in entry.variables:
                if name not in self.variables:
                    yield f"languages.{code}.variables: '{name}' is not among the study's variables"
        for code in self.scrutiny.concreteness:
            if code not in self.languages:
                yield f"scrutiny.concreteness: '{code}' has no entry under languages"
        if not 2 <= len(self.seen) <= MOST_LANGUAGES:
            yield (
                f"languages: {len(self.seen)} of them choose the units; it takes two to share any, and the super "
                f"exact test is made for {MOST_LANGUAGES} at most"
            )

    def _of_probes(self) -> Iterator[str]:
        from interlingua.probes import methods as probes
        from interlingua.units.methods import get as ranking_method

        fitted = [probes.get(name) for name in self.probes.methods]
        if self.probes.whole and not any("whole" in probe.reads for probe in fitted):
            able = _quoted(name for name in probes.names() if "whole" in probes.get(name).reads)
            yield f"probes.methods: add one that reads the whole network ({able}); or probes.whole = false"
        for probe in fitted:
            if probe.reads == ("whole",) and not self.probes.whole:
                yield f"probes.whole: '{probe.name}' is a probe of the whole network: leave it out of probes.methods"
        if self.units.headline not in self.units.methods:
            yield f"units.headline: '{self.units.headline}' is not among units.methods"
        for name in self.units.methods:
            try:
                needed = ranking_method(name).needs
            except ConfigError as error:
                yield f"units.methods: {error}"
                continue
            if needed is not None and needed[0] not in self.probes.methods:
                yield f"units.methods: '{name}' ranks by the probe '{needed[0]}': add it to probes.methods"

    def _of_layer(self) -> Iterator[str]:
        from interlingua.probes import methods as probes

        layer = self.layer
        if layer.probe not in self.probes.methods:
            yield f"layer.probe: '{layer.probe}' is not among probes.methods"
        reads = probes.get(layer.probe).reads
        if layer.curve != "zeroed":
            if "layer" not in reads:
                yield f"layer.curve: '{layer.probe}' is fitted to the whole network only; use layer.curve = 'zeroed'"
            return
        if layer.choose == "cv":
            yield "layer.choose: the zeroed curve has no cross-validated r; use layer.choose = 'test'"
        if "whole" not in reads:
            able = _quoted(name for name in probes.names() if "whole" in probes.get(name).reads)
            yield (
                f"layer.curve: '{layer.probe}' is not fitted to the whole network, so it has no zeroed curve; as "
                f"layer.probe use one that is ({able})"
            )
        if not self.probes.whole:
            yield "layer.curve: the zeroed curve needs probes of the whole network: probes.whole = true"

    def _of_sites(self) -> Iterator[str]:
        from interlingua.probes import methods as probes

        for site in self.extraction.layers:
            if site not in self.sites:
                yield f"extraction.layers: '{site}' is not among sites"
        for site in self.causal.sites or ():
            if site not in self.sites:
                yield f"causal.sites: '{site}' is not among sites"
        if self.causal.ask and self.extraction.heads == "whole" and HEADS in (self.causal.sites or self.sites):
            yield (
                "causal.sites: of heads = 'whole' a unit is a head's length, which can't be edited: leave "
                f"'{HEADS}' out, or read heads = 'units'"
            )
        if set(self.sites) == {RESID}:
            return
        for name in self.probes.methods:
            if probes.get(name).reads == ("whole",):
                yield (
                    f"probes.methods: '{name}' reads the whole network, which is done at the site '{RESID}' only: "
                    "leave it out"
                )
        if self.layer.curve == "zeroed":
            yield f"layer.curve: only the site '{RESID}' has a zeroed curve; use 'layer'"
        if isinstance(self.layer.choose, int):
            for site in self.sites:
                known = self.extraction.layers.get(site, ()) if site != RESID else ()
                if (known and self.layer.choose not in known) or (site != RESID and self.layer.choose == 0):
                    there = f"{site} = {list(known)}" if known else "layer 0 is the embeddings"
                    yield f"layer.choose: no layer {self.layer.choose} of '{site}' is read ({there})"

    @property
    def seen(self) -> tuple[str, ...]:
        """The languages that choose the units, in the study's order."""
        return tuple(code for code in self.languages if code not in self.unseen)

    def to_toml(self) -> str:
        """Return the resolved study as TOML, every default written out."""
        import tomli_w

        exclude = None if self.questions else {"questions"}
        return tomli_w.dumps(_without_none(self.model_dump(mode="json", exclude=exclude)))

    def option(self, key: str) -> Any:
        """Return the value of a dotted key, such as ``probes.folds``.

        Raises
        ------
        ConfigError
            If there is none.
        """
        value: Any = self
        for part in key.split("."):
            inside = _entries(value)
            if part not in inside:
                raise ConfigError(
                    f"there is no option '{key}'{suggest(part, inside)}; known here: {', '.join(inside) or 'none'}"
                )
            value = inside[part]
        return value


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _no_languages(problems: Sequence[str]) -> PydanticCustomError:
    """Return the error for tags of languages that do not exist."""
    return PydanticCustomError("language", "{problems}", {"problems": "\n".join(problems)})


def _entries(value: Any) -> Mapping[str, Any]:
    if isinstance(value, BaseModel):
        return dict(value)
    return value if isinstance(value, Mapping) else {}


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(entry) for key, entry in value.items() if entry is not None}
    return value
