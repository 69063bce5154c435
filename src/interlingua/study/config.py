"""What to run: the typed, frozen study, read from TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from interlingua import languages
from interlingua.contexts.corpora.corpus import names_hub
from interlingua.errors import ConfigError, InterlinguaError, suggest
from interlingua.study.presets import PRESETS
from interlingua.study.sections import (
    AUTHORS,
    CARRIERS,
    Alignment,
    Extraction,
    LanguageConfig,
    Layer,
    Probes,
    Sampling,
    Scrutiny,
    Section,
    Units,
)

#: Seen languages that the super exact test takes at once (2^20 intersections).
MOST_LANGUAGES = 20
#: What pydantic puts into a location for the members of a union, which are no keys.
_UNION_MEMBER = re.compile(r"constrained-|literal\[|(int|float|str)$")


class Study(Section):
    """One study: everything that decides what its tables say.

    Read it with `load_study`; `Study.model_validate` takes the same keys as a mapping.
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

    sampling: Sampling = Sampling()
    extraction: Extraction = Extraction()
    probes: Probes = Probes()
    layer: Layer = Layer()
    units: Units = Units()
    alignment: Alignment = Alignment()
    scrutiny: Scrutiny = Scrutiny()

    @field_validator("name")
    @classmethod
    def _name_of_a_folder(cls, value: str) -> str:
        if not re.fullmatch(r"\w[\w.-]*", value):
            raise ValueError("the name is also that of the result folder: letters, digits, '.', '-' and '_' only")
        return value

    @field_validator("models", "variables")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if value.count(entry) > 1:
                raise ValueError(f"'{entry}' stands there twice")
        return value

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_by_code(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        by_code: dict[str, Any] = {}
        for tag, entry in value.items():
            code = languages.get(str(tag)).code
            if code in by_code:
                raise ValueError(f"'{tag}' is '{code}', which stands there twice")
            by_code[code] = entry
        return by_code

    @field_validator("unseen", mode="before")
    @classmethod
    def _unseen_by_code(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, Sequence):
            return value
        return tuple(dict.fromkeys(languages.get(str(tag)).code for tag in value))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        from interlingua.units.methods import get as ranking_method

        for code in self.unseen:
            if code not in self.languages:
                raise ValueError(f"unseen: '{code}' has no entry under languages")
        for code, entry in self.languages.items():
            for name in entry.variables:
                if name not in self.variables:
                    raise ValueError(f"languages.{code}.variables: '{name}' is not among the study's variables")
        if not 2 <= len(self.seen) <= MOST_LANGUAGES:
            raise ValueError(
                f"languages: {len(self.seen)} of them choose the units; it takes two to share any, and the super "
                f"exact test is made for {MOST_LANGUAGES} at most"
            )
        whole = {"elastic-net", "adam"} & set(self.probes.methods)
        if self.probes.whole and not whole:
            raise ValueError(
                "probes.methods: add 'elastic-net' (or 'adam'), which reads the whole network; or probes.whole = false"
            )
        if "adam" in whole and not self.probes.whole:
            raise ValueError("probes.whole: 'adam' is a probe of the whole network: leave it out of probes.methods")
        if self.units.headline not in self.units.methods:
            raise ValueError(f"units.headline: '{self.units.headline}' is not among units.methods")
        for name in self.units.methods:
            needed = ranking_method(name).needs
            if needed is not None and needed[0] not in self.probes.methods:
                raise ValueError(f"units.methods: '{name}' ranks by the probe '{needed[0]}': add it to probes.methods")
        return self

    @model_validator(mode="after")
    def _layer_can_be_chosen(self) -> Self:
        if self.layer.probe not in self.probes.methods:
            raise ValueError(f"layer.probe: '{self.layer.probe}' is not among probes.methods")
        if self.layer.choose == "cv" and self.layer.curve == "zeroed":
            raise ValueError("layer.choose: the zeroed curve has no cross-validated r; use layer.choose = 'test'")
        if self.layer.curve == "zeroed" and self.layer.probe not in ("elastic-net", "adam"):
            raise ValueError(
                f"layer.curve: '{self.layer.probe}' is not fitted to the whole network, so it has no zeroed curve; use "
                "layer.probe = 'elastic-net' or 'adam'"
            )
        if self.layer.curve == "zeroed" and not self.probes.whole:
            raise ValueError("layer.curve: the zeroed curve needs probes of the whole network: probes.whole = true")
        if self.layer.probe == "adam" and self.layer.curve == "layer":
            raise ValueError("layer.curve: Adam is fitted to the whole network only; use layer.curve = 'zeroed'")
        return self

    @property
    def seen(self) -> tuple[str, ...]:
        """The languages that choose the units, in the study's order."""
        return tuple(code for code in self.languages if code not in self.unseen)

    def to_toml(self) -> str:
        """Return the resolved study as TOML, every default written out."""
        import tomli_w

        return tomli_w.dumps(_without_none(self.model_dump(mode="json")))


def load_study(source: str | Path, *, overrides: Mapping[str, Any] | None = None) -> Study:
    """Read a study from a TOML file, or one of the built-in studies ``demo`` and ``paper``.

    Parameters
    ----------
    source
        Path of the file, or a built-in study's name. Relative paths inside a file are taken from its folder.
    overrides
        Dotted keys and values laid over the file, as ``--set probes.l1=0.01`` does.

    Raises
    ------
    ConfigError
        If the file is missing, is not TOML or UTF-8, or has a key or value that a study doesn't have.
    LanguageError
        If a language code does not exist.
    """
    from interlingua.study.builtin import BUILTIN

    if str(source) in BUILTIN:
        raw, where, folder = dict(BUILTIN[str(source)]), f"the built-in study '{source}'", None
    else:
        path = Path(source)
        raw, where, folder = _read_toml(path), str(path), path.resolve().parent
    for dotted, value in (overrides or {}).items():
        raw = _overlay(raw, dotted, value)
    try:
        return _resolve(raw, folder)
    except InterlinguaError as error:
        raise type(error)(f"{where}: {error}") from None


def parse_override(text: str) -> tuple[str, Any]:
    """Split ``key=value`` of the command line; the value is TOML, or else taken as a string."""
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise ConfigError(f"--set {text!r}: write it as key=value, for example --set probes.l1=0.01")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value


def _read_toml(path: Path) -> dict[str, Any]:
    from interlingua.study.builtin import BUILTIN

    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such study file, and no built-in study of that name "
            f"({', '.join(BUILTIN)}); 'interlingua new' writes a starter"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start}); save the study file as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({error.strerror})") from None
    if not text.strip():
        raise ConfigError(f"{path}: the study file is empty; 'interlingua new' writes a starter")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def _resolve(raw: Mapping[str, Any], folder: Path | None) -> Study:
    preset = str(raw.get("preset", "careful"))
    if preset not in PRESETS:
        raise ConfigError(f"preset: there is no '{preset}'{suggest(preset, PRESETS)}; known: {', '.join(PRESETS)}")
    merged: dict[str, Any] = _merge(PRESETS[preset], raw)
    if "languages" in merged:
        merged["languages"] = _language_table(merged, folder)
    for key in ("norms", "contexts"):
        merged.pop(key, None)
    for key in ("data", "supplement"):
        if isinstance(merged.get(key), str):
            merged[key] = _from_folder(merged[key], folder)
    for key in ("models", "variables"):
        if isinstance(merged.get(key), str):
            merged[key] = [merged[key]]
    if isinstance(merged.get("models"), list):
        merged["models"] = [_model_from_folder(spec, folder) for spec in merged["models"]]
    try:
        return Study.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_first_problem(error)) from None


def _language_table(raw: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """Give each language its own entry: a list of codes, or a table, over the study-wide norms and contexts."""
    given = raw["languages"]
    if isinstance(given, Sequence) and not isinstance(given, str):
        for code in given:
            if given.count(code) > 1:
                raise ConfigError(f"languages: '{code}' stands there twice")
        given = {str(code): {} for code in given}
    if not isinstance(given, Mapping):
        raise ConfigError("languages: give a list of codes, or a table [languages.CODE] each")
    common = {key: raw[key] for key in ("norms", "contexts") if key in raw}
    table: dict[str, Any] = {}
    for code, entry in given.items():
        if not isinstance(entry, Mapping):
            raise ConfigError(f"languages.{code}: expected a table such as {{ norms = 'labmt' }}")
        whole = {**common, **entry}
        for key, words in (("norms", ()), ("contexts", (AUTHORS, CARRIERS))):
            value = whole.get(key)
            if isinstance(value, str) and value not in words and Path(value).suffix:
                whole[key] = _from_folder(value, folder)
        table[code] = _with_corpus(code, entry, whole, folder)
    return table


def _with_corpus(code: str, entry: Mapping[str, Any], whole: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Let a corpus take the place of the study-wide contexts, and find its files from the study's folder."""
    if "corpus" not in entry:
        return whole
    if entry.get("contexts", CARRIERS) != CARRIERS:
        raise ConfigError(f"languages.{code}: give either contexts or corpus, not both")
    corpus = entry["corpus"]
    section = dict(corpus) if isinstance(corpus, Mapping) else {"source": corpus}
    if isinstance(section.get("source"), str):
        local = _from_folder(section["source"], folder)
        if Path(local).exists() or not names_hub(section["source"]):
            section["source"] = local
    return {**{key: value for key, value in whole.items() if key != "contexts"}, "corpus": section}


def _from_folder(path: str, folder: Path | None) -> str:
    expanded = Path(path).expanduser()
    return str(expanded if folder is None or expanded.is_absolute() else folder / expanded)


def _model_from_folder(spec: Any, folder: Path | None) -> Any:
    """Take a model's relative path from the study's folder where one lies there; other names stay as they are."""
    from interlingua.models import CARDS

    if folder is None or not isinstance(spec, str) or spec in CARDS or not (folder / spec / "config.json").is_file():
        return spec
    return str(folder / spec)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _overlay(raw: Mapping[str, Any], dotted: str, value: Any) -> dict[str, Any]:
    head, _, rest = dotted.partition(".")
    if not rest:
        return {**raw, head: value}
    inner = raw.get(head, {})
    if not isinstance(inner, Mapping):
        raise ConfigError(f"--set {dotted}: '{head}' is not a section")
    return {**raw, head: _overlay(inner, rest, value)}


def _first_problem(error: ValidationError) -> str:
    problems = error.errors()
    location = _keys(problems[0])
    where = ".".join(location)
    if problems[0]["type"] == "extra_forbidden":
        section: Any = Study
        for part in location[:-1]:
            field = section.model_fields.get(part) if hasattr(section, "model_fields") else None
            section = field.annotation if field is not None else LanguageConfig
        known = list(getattr(section, "model_fields", LanguageConfig.model_fields))
        if len(location) == 1:
            known += ["norms", "contexts"]
        return f"there is no key '{where}'{suggest(location[-1], known)}; known here: {', '.join(known)}"
    if problems[0]["type"] == "missing":
        return f"the key '{where}' is missing"
    # A union has one problem a member: a value is right if it suits any of them.
    here = [problem for problem in problems if _keys(problem) == location]
    message = ", or ".join(dict.fromkeys(problem["msg"].removeprefix("Value error, ") for problem in here))
    return f"{where}: {message} (given: {problems[0]['input']!r})" if where else message


def _keys(problem: Any) -> list[str]:
    return [str(part) for part in problem["loc"] if not _UNION_MEMBER.match(str(part))]


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(entry) for key, entry in value.items() if entry is not None}
    return value
