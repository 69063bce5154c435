"""Reading a study file: presets, overrides and relative paths, and what is wrong with a key or value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from interlingua.contexts.corpora.corpus import names_hub
from interlingua.errors import ConfigError, InterlinguaError, suggest
from interlingua.models import CARDS
from interlingua.study.builtin import BUILTIN
from interlingua.study.config import Study
from interlingua.study.presets import PRESETS
from interlingua.study.sections import AUTHORS, CARRIERS, Section

#: What pydantic puts into a location for the members of a union, which are no keys.
_UNION_MEMBER = re.compile(r"constrained-|literal\[|(int|float|str)$")


def read_study(
    source: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    sections: Mapping[str, type[Section]] = MappingProxyType({}),
) -> Study:
    """Read a study from a TOML file, or one of the built-in studies ``demo`` and ``paper``.

    Parameters
    ----------
    source
        Path of the file, or a built-in study's name. Relative paths inside a file are taken from its folder.
    overrides
        Dotted keys and values laid over the file, as ``--set probes.l1=0.01`` does.
    sections
        The questions that have options, and the section of each: ``[questions.KEY]`` in the file. All of them stand in
        the study that is returned.

    Raises
    ------
    ConfigError
        If the file is missing, is not TOML or UTF-8, or has a key or value that a study doesn't have.
    LanguageError
        If a language code does not exist.
    """
    if str(source) in BUILTIN:
        raw, where, folder = dict(BUILTIN[str(source)]), f"the built-in study '{source}'", None
    else:
        path = Path(source)
        raw, where, folder = _read_toml(path), str(path), path.resolve().parent
    for dotted, value in (overrides or {}).items():
        raw = _overlay(raw, dotted, value)
    try:
        return _resolve(raw, folder, sections)
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


def _resolve(raw: Mapping[str, Any], folder: Path | None, sections: Mapping[str, type[Section]]) -> Study:
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
    merged["questions"] = _question_sections(merged.get("questions", {}), sections)
    try:
        return Study.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_first_problem(error, Study)) from None


def _question_sections(given: Any, sections: Mapping[str, type[Section]]) -> dict[str, Section]:
    """Return the options of every question that has any; what is not given is filled in."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"questions: give a table [questions.KEY] each (given: {given!r})")
    for key in given:
        if key not in sections:
            raise ConfigError(_unknown_key(["questions", key], sections))
    found: dict[str, Section] = {}
    for key, section in sections.items():
        try:
            found[key] = section.model_validate(given.get(key, {}))
        except ValidationError as error:
            raise ConfigError(_first_problem(error, section, ("questions", key))) from None
    return found


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


def _first_problem(error: ValidationError, model: type[BaseModel], above: Sequence[str] = ()) -> str:
    """Say what is wrong with the first wrong key or value of a model that stands under the keys `above`."""
    problems = error.errors()
    location = _keys(problems[0])
    keys = [*above, *location]
    where = ".".join(keys)
    if problems[0]["type"] == "extra_forbidden":
        for part in location[:-1]:
            field = model.model_fields.get(part)  # none for the code of a language
            model = (_section_in(field.annotation) if field is not None else None) or model
        return _unknown_key(keys, [*model.model_fields, *(("norms", "contexts") if len(keys) == 1 else ())])
    if problems[0]["type"] == "missing":
        return f"the key '{where}' is missing"
    # A union has one problem a member: a value is right if it suits any of them.
    here = [problem for problem in problems if _keys(problem) == location]
    message = ", or ".join(dict.fromkeys(problem["msg"].removeprefix("Value error, ") for problem in here))
    return f"{where}: {message} (given: {problems[0]['input']!r})" if where else message


def _unknown_key(keys: Sequence[str], known: Iterable[str]) -> str:
    known = list(known)
    return f"there is no key '{'.'.join(keys)}'{suggest(keys[-1], known)}; known here: {', '.join(known) or 'none'}"


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """Return the section that a type is, or holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _section_in(inner))), None)


def _keys(problem: Any) -> list[str]:
    return [str(part) for part in problem["loc"] if not _UNION_MEMBER.match(str(part))]
