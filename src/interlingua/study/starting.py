"""A first study for tables of one's own."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlingua import languages
from interlingua.contexts import carrier_languages
from interlingua.errors import ConfigError, LanguageError, NormsError
from interlingua.norms import get_card, is_card, load_norms, part_plain
from interlingua.norms.advice import toml
from interlingua.norms.look import look_at_table

#: Words a language that the study begins with, where there are as many.
WORDS = 200
_HEAD = """# A study of tables of one's own; what was guessed of them is said above each line: check it.
name = {name}
models = ["builtin:e5-small"]      # or "mbert", "xlm-r", a hub id such as "org/name@revision", or a folder
variables = {variables}
# unseen = ["{last}"]                  # languages that take no part in choosing units, only in testing them

[languages]
"""
_TAIL = """
[sampling]
words = {words}                        # words a language: a number, "smallest" (as many as the smallest has) or "all"
sentences = 3                      # sentences (or frames) a word
"""


@dataclass(frozen=True)
class _Source:
    code: str
    entry: dict[str, Any]
    variables: dict[str, str | int]
    notes: tuple[str, ...]
    words: int


def starter_from(sources: Sequence[str], study: Path) -> str:
    """Return the text of a study of some tables.

    Parameters
    ----------
    sources : sequence of str
        ``CODE=FILE``, ``CODE=NAME`` of a published source, or a file whose name tells the language.
    study : Path
        Where the study will lie: paths in it are taken from there.

    Raises
    ------
    ConfigError
        A language can't be told or comes twice, there are fewer than two, or no variable is in all of them.
    NormsError
        A table can't be read.
    """
    parts = [_source(text, study) for text in sources]
    codes = [part.code for part in parts]
    if twice := {code for code in codes if codes.count(code) > 1}:
        raise ConfigError(f"--from: two tables of '{min(twice)}'; give one for each language")
    if len(parts) < 2:
        other = "en" if codes != ["en"] else "es"
        raise ConfigError(
            f"--from: a study compares two languages or more; give a second table, such as --from {other}=labmt"
        )
    shared = [name for name in parts[0].variables if all(name in part.variables for part in parts)]
    if not shared:
        each = "; ".join(f"{part.code}: {', '.join(part.variables)}" for part in parts)
        raise ConfigError(f"--from: no variable is in all tables ({each}); 'interlingua norms look' shows each")
    lines = [_HEAD.format(name=toml(study.stem), variables=toml(shared), last=codes[-1])]
    for part in parts:
        lines += [f"# {note}\n" for note in part.notes]
        lines.append(f"{part.code} = {toml(_entry(part, shared))}\n")
    lines.append(_TAIL.format(words=min(WORDS, *(part.words for part in parts))))
    return "".join(lines)


def _source(text: str, study: Path) -> _Source:
    code, equals, name = text.partition("=")
    if not equals or Path(text).exists():
        code, name = _language_of(text), text
    code = languages.get(code).code
    if is_card(name, code):
        card = get_card(name, code)
        read = load_norms(name, language=code)
        words = len(part_plain(read.table, code)[0])
        return _Source(code, {"norms": name}, dict.fromkeys(card.variables, ""), (card.reference,), words)
    look = look_at_table(name, code)
    if look.norms is None:
        raise NormsError(
            f"--from {text}: {look.problem}; 'interlingua norms look {name} -l {code}' shows what is in it"
        )
    path = os.path.relpath(name, study.absolute().parent)
    entry = look.entry(Path(path).as_posix())
    known = f"; it may be {', '.join(look.cards)}, which brings licence and citation" if look.cards else ""
    notes = (f"{name}: {look.rows:,} rows{known}", *look.notes)
    return _Source(code, entry, look.variables, notes, len(part_plain(look.norms.table, code)[0]))


def _entry(part: _Source, shared: Sequence[str]) -> dict[str, Any]:
    entry = dict(part.entry)
    if "columns" in entry:
        entry["columns"] = {key: column for key, column in entry["columns"].items() if key in ("word", *shared)}
    carriers = part.code in carrier_languages()
    return {**entry, "contexts": "carriers" if carriers else f"sentences-{part.code}.csv"}


def _language_of(name: str) -> str:
    """Return the language that a file's name tells."""
    found = set()
    for part in re.split(r"[^A-Za-z]+", Path(name).stem):
        try:
            found.add(languages.get(part).code)
        except LanguageError:
            continue
    if len(found) != 1:
        which = f" (it may be {' or '.join(sorted(found))})" if found else ""
        raise ConfigError(f"--from: the name {name} does not tell the language{which}; type --from CODE={name}")
    return found.pop()
