"""Reading a study file: presets, overrides and relative paths, and what is wrong with its keys and values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from interlingua.errors import ConfigError, suggest
from interlingua.models.specs import from_folder as from_here
from interlingua.study.builtin import BUILTIN
from interlingua.study.config import Study
from interlingua.study.presets import PRESETS
from interlingua.study.problems import Problems, given, unknown_key
from interlingua.study.sections import AUTHORS, CARRIERS, Section
from interlingua.study.source import check_tree, from_folder, is_there, parse_override, read_toml

__all__ = ["parse_override", "read_study"]


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
        If the file is missing, is not TOML or UTF-8, or has keys or values that a study doesn't have: all that is wrong
        with it, numbered.
    LanguageError
        If a language code does not exist.
    """
    if str(source) in BUILTIN:
        raw, where, folder = dict(BUILTIN[str(source)]), f"the built-in study '{source}'", None
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        raw, where, folder = read_toml(path), str(path), path.absolute().parent
    else:
        raise ConfigError(f"a study is read from a file: give its path, not {given(source)}")
    problems = Problems()
    with problems.noted():
        for dotted, value in (overrides or {}).items():
            raw = _overlay(raw, dotted, value)
        check_tree(raw)
    problems.told(where)
    study = _resolve(raw, folder, sections, problems)
    problems.told(where)
    assert study is not None, "without a study there are problems"
    return study


def _resolve(
    raw: Mapping[str, Any], folder: Path | None, sections: Mapping[str, type[Section]], problems: Problems
) -> Study | None:
    """Return the study, or None where something is wrong with it."""
    preset = raw.get("preset", "careful")
    if not isinstance(preset, str) or preset not in PRESETS:
        near = suggest(preset, PRESETS) if isinstance(preset, str) else ""
        said = preset if isinstance(preset, str) else given(preset)
        problems.found.append((ConfigError, f"preset: there is no '{said}'{near}; known: {', '.join(PRESETS)}"))
        raw = {key: value for key, value in raw.items() if key != "preset"}
        preset = "careful"
    merged: dict[str, Any] = _merge(PRESETS[preset], raw)
    if "languages" in merged:
        merged["languages"] = _language_table(merged, folder, problems)
    for key in ("norms", "contexts"):
        value = merged.pop(key, "")
        if not isinstance(value, str):
            problems.found.append((ConfigError, f"{key}: give a text in quotation marks (given: {given(value)})"))
    for key in ("data", "supplement"):
        if isinstance(merged.get(key), str):
            merged[key] = from_folder(merged[key], folder)
    concepts = merged.get("concepts")
    if isinstance(concepts, Mapping) and isinstance(concepts.get("links"), str):
        merged["concepts"] = {**concepts, "links": from_folder(concepts["links"], folder)}
    for key in ("models", "variables"):
        if isinstance(merged.get(key), str):
            merged[key] = [merged[key]]
    if folder is not None and isinstance(merged.get("models"), list):
        merged["models"] = [from_here(spec, folder) if isinstance(spec, str) else spec for spec in merged["models"]]
    models = merged["models"] if isinstance(merged.get("models"), list) else []
    merged["questions"] = _question_sections(merged.get("questions", {}), sections, problems, models)
    try:
        return Study.model_validate(merged)
    except ValidationError as error:
        problems.note(error, Study)
        return None


def _question_sections(
    asked: Any, sections: Mapping[str, type[Section]], problems: Problems, models: Sequence[Any]
) -> dict[str, Section]:
    """Return the options of every question that has any; what is not given is filled in."""
    if not isinstance(asked, Mapping):
        problems.found.append((ConfigError, f"questions: give a table [questions.KEY] each (given: {given(asked)})"))
        return {}
    for key in asked:
        if key not in sections:
            problems.found.append((ConfigError, unknown_key(["questions", key], sections)))
    found: dict[str, Section] = {}
    for key, section in sections.items():
        try:
            found[key] = section.model_validate(asked.get(key, {}), context={"models": models})
        except ValidationError as error:
            problems.note(error, section, ("questions", key))
    return found


def _language_table(raw: Mapping[str, Any], folder: Path | None, problems: Problems) -> Any:
    """Give each language its own entry: a list of codes, or a table, over the study-wide norms and contexts."""
    languages = raw["languages"]
    if isinstance(languages, Sequence) and not isinstance(languages, str):
        twice = {str(code): None for code in languages if languages.count(code) > 1}
        problems.found += [(ConfigError, f"languages: '{code}' stands there twice") for code in twice]
        languages = {str(code): {} for code in languages}
    if not isinstance(languages, Mapping):
        return languages
    common = {key: raw[key] for key in ("norms", "contexts") if isinstance(raw.get(key), str)}
    table: dict[str, Any] = {}
    for code, entry in languages.items():
        if not isinstance(entry, Mapping):
            table[code] = entry
            continue
        whole = {**common, **entry}
        for key, words in (("norms", ()), ("contexts", (AUTHORS, CARRIERS)), ("file", None)):
            value = whole.get(key)
            if isinstance(value, str) and (words is None or (value not in words and Path(value).suffix)):
                whole[key] = from_folder(value, folder)
        table[code] = whole
        with problems.noted():
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
        local = from_folder(section["source"], folder)
        if is_there(local) or not _names_hub(section["source"]):
            section["source"] = local
    return {**{key: value for key, value in whole.items() if key != "contexts"}, "corpus": section}


def _names_hub(source: str) -> bool:
    from interlingua.contexts.corpora.corpus import names_hub

    try:
        return names_hub(source)
    except OSError:  # longer than any name
        return False


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _overlay(raw: Mapping[str, Any], dotted: str, value: Any) -> dict[str, Any]:
    """Lay a value over that of a dotted key."""
    *above, last = str(dotted).split(".")
    laid = dict(raw)
    here = laid
    for key in above:
        inner = here.get(key, {})
        if not isinstance(inner, Mapping):
            raise ConfigError(f"--set {dotted}: '{key}' is not a section")
        here[key] = dict(inner)
        here = here[key]
    here[last] = value
    return laid
