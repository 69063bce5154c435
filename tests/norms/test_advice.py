"""Advice is done to the letter: a study with something wrong, the message, the edit that it says, and then it works."""

from __future__ import annotations

import re
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from interlingua.errors import InterlinguaError
from interlingua.norms.advice import Keys, toml
from interlingua.run.study import load_study
from interlingua.study.sources import put_together, read_language

WORDS = [f"{first}{second}" for first in ("rain", "sun", "storm", "love", "hate") for second in ("fall", "light", "y")]
ROWS = [(word, 1 + number % 8, 2 + number % 7) for number, word in enumerate(WORDS)]
#: ``options = { ... } in languages.en of the study``
ADVICE = re.compile(r"(\w+) = (\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}) in ([\w.]+) of the study")
LINKS = "language,word,concept\nen,rainfall,é\n".encode("cp1252")
PLAIN = ("word,valence,arousal", *(f"{word},{valence},{arousal}" for word, valence, arousal in ROWS))


def text(*lines: str, encoding: str = "utf-8") -> bytes:
    return ("\n".join(lines) + "\n").encode(encoding)


def changed(old: str, new: str) -> bytes:
    return text(*PLAIN).replace(old.encode(), new.encode())


def book(folder: Path, **sheets: list[list[Any]]) -> None:
    found = openpyxl.Workbook()
    found.remove(found.active)
    for name, rows in sheets.items():
        sheet = found.create_sheet(name)
        for row in rows:
            sheet.append(row)
    found.save(folder / "a.xlsx")


TABLE = [["word", "valence", "arousal"], *map(list, ROWS)]


def two_sheets(folder: Path) -> None:
    book(folder, Notes=[["Notes", "by us"]], Ratings=TABLE)


def marks(folder: Path) -> None:
    """Every line of a sentence could be a row."""
    lines = [f'"The {word}, {word}\nis here",{word}' for word in WORDS]
    (folder / "s.csv").write_bytes(text("text,word", *lines))


def one_sheet(folder: Path) -> None:
    book(folder, Ratings=TABLE)


def archive(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w") as found:
        found.writestr("a.csv", text(*PLAIN))
        found.writestr("b.csv", text(*PLAIN))


def sentences(folder: Path, encoding: str = "utf-8", head: str = "text,word") -> None:
    lines = [f"Ĝi estas {word} tie.,{word}" for word in WORDS]
    (folder / "s.csv").write_bytes(text(head, *lines, encoding=encoding))


@dataclass(frozen=True)
class Case:
    """What is wrong: a file, and the language's entry."""

    name: str
    content: bytes | Callable[[Path], None]
    says: str
    entry: dict[str, Any] = field(default_factory=dict)
    file: str = "a.csv"
    links: bytes = b""


CASES = [
    Case("word's name", changed("word,", "Item,"), "no column 'word'"),
    Case("variable's name", changed("valence,", "Val_Mn,"), "no column 'valence'"),
    Case("two variables' names", changed("valence,arousal", "Val_Mn,Aro_Mn"), "no column 'valence'"),
    Case("position", text(*PLAIN), "no column 9", {"columns": {"valence": 9}}),
    Case("misspelt name", text(*PLAIN), "did you mean 'arousal'", {"columns": {"arousal": "arousel"}}),
    Case(
        "repeated name", changed("valence,arousal", "Mean,Mean"), "2 columns 'Mean'", {"columns": {"valence": "Mean"}}
    ),
    Case(
        "groups",
        b",Valence,Arousal\n" + changed("valence,arousal", "Mean,Mean"),
        "whole name",
        {"columns": {"valence": "Mean", "arousal": 2}, "options": {"header_row": 2}},
    ),
    Case("second header row", changed("word,valence,arousal", "word,valence,arousal\n,mean of all,mean"), "header_row"),
    Case("decimal commas", text("word;valence;arousal", *(f"{w};{v},5;{a},5" for w, v, a in ROWS)), "decimal"),
    Case("mark of a missing rating", changed("sunlight,5", "sunlight,#NULL!"), "na_values"),
    Case("old encoding", changed("rainfall", "naïveté").decode().encode("cp1252"), "not UTF-8"),
    Case("UTF-16", text(*PLAIN, encoding="utf-16"), "utf-16"),
    Case("misspelt encoding", text(*PLAIN), "no encoding 'utf-9'", {"options": {"encoding": "utf-9"}}),
    Case("separator", text(*(line.replace(",", "|") for line in PLAIN)), "parted by"),
    Case("long separator", text(*PLAIN), "one character", {"options": {"separator": "::"}}),
    Case("header beyond the end", text(*PLAIN), "no header in row 90", {"options": {"header_row": 90}}),
    Case("nothing below the header", text(*PLAIN), "no rows below", {"options": {"header_row": len(PLAIN)}}),
    Case("no such sheet", two_sheets, "no sheet 'Rating'", {"options": {"sheet": "Rating"}}, "a.xlsx"),
    Case("sheet's number", one_sheet, "no sheet 4", {"options": {"sheet": 4}}, "a.xlsx"),
    Case("several tables in an archive", archive, "several tables", {}, "a.zip"),
    Case("no such table in an archive", archive, "holds no 'c.csv'", {"options": {"member": "c.csv"}}, "a.zip"),
    Case(
        "quotation marks of sentences",
        lambda folder: (marks(folder), text_to(folder))[0],
        "quotation mark",
        {"contexts": "s.csv"},
    ),
    Case("raters' number", text(*PLAIN), "'raters'", {"options": {"sd": {"valence": "arousal"}}}),
    Case(
        "column of SDs",
        changed("word,", "word,").replace(b"valence,arousal", b"valence,SD"),
        "no column 'StDev'",
        {"columns": {"arousal": 2}, "options": {"sd": {"valence": "StDev"}, "raters": {"valence": 30}}},
    ),
    Case("many cells", text(*PLAIN), "more cells", {"options": {"most_cells": 20}}),
    Case(
        "many megabytes",
        text(*PLAIN, *(f"{word}{'x' * 80_000},1,1" for word in WORDS)),
        "more than 1 MB",
        {"options": {"most_megabytes": 1}},
    ),
    Case("another format", text(*PLAIN), "is not a xlsx file", {}, "a.xlsx"),
    Case(
        "another format than said",
        two_sheets,
        "is a xlsx file, where csv",
        {"options": {"format": "csv", "sheet": "Ratings"}},
        "a.xlsx",
    ),
    Case("wrong value", text(*PLAIN), "'decimal' is ';'", {"options": {"decimal": ";"}}),
    Case("one variable only", text(*(line.rpartition(",")[0] for line in PLAIN)), "languages.en.variables ="),
    Case(
        "sentences' encoding",
        lambda folder: (sentences(folder, "iso8859_3"), text_to(folder))[0],
        "not UTF-8",
        {"contexts": "s.csv"},
    ),
    Case(
        "sentences' columns",
        lambda folder: (sentences(folder, head="Phrase,Item"), text_to(folder))[0],
        "no column 'text'",
        {"contexts": "s.csv"},
    ),
    Case(
        "links' encoding",
        text(*PLAIN),
        "concepts.links",
        links=LINKS,
    ),
]


def text_to(folder: Path) -> None:
    (folder / "a.csv").write_bytes(text(*PLAIN))


def study(folder: Path, raw: dict[str, Any]) -> Path:
    lines = ['name = "x"\nmodels = ["builtin:e5-small"]\nvariables = ["valence", "arousal"]']
    lines += [f"{key} = {toml(value)}" for key, value in raw.items()]
    path = folder / "study.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    both = {**old, **new}
    return {
        k: merged(old[k], v) if isinstance(v, dict) and isinstance(old.get(k), dict) else v for k, v in both.items()
    }


def edited(raw: dict[str, Any], message: str) -> dict[str, Any]:
    """Do what a message says, as a user would who types its first advice where it says."""
    if found := ADVICE.search(message):
        keys, key, value = found[3].split("."), found[1], tomllib.loads(f"v = {found[2]}")["v"]
    else:
        other = re.search(r"write ([\w.]+) = (\[[^\]]*\])", message)
        assert other, message
        *keys, key = other[1].split(".")
        value = tomllib.loads(f"v = {other[2]}")["v"]
    change: dict[str, Any] = {key: value}
    for name in reversed(keys):
        change = {name: change}
    return merged(raw, change)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_message_says_works_as_it_stands(case: Case, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_bytes(text(*PLAIN))
    if callable(case.content):
        case.content(tmp_path)
    else:
        (tmp_path / case.file).write_bytes(case.content)
    raw: dict[str, Any] = {"languages": {"en": {"norms": case.file, **case.entry}, "es": {"norms": "other.csv"}}}
    raw["sampling"] = {"words": "smallest", "sentences": 1}
    if case.links:
        (tmp_path / "links.csv").write_bytes(case.links)
        raw["concepts"] = {"links": "links.csv"}
    first = ""
    for _ in range(4):  # a table may have two things wrong
        try:
            _read(study(tmp_path, raw), tmp_path)
        except InterlinguaError as error:
            message = str(error)
            first = first or message
            assert message.startswith(("languages.en", "concepts.links", str(tmp_path))), message
            raw = edited(raw, message)
        else:
            break
    else:
        pytest.fail(f"still wrong after four edits: {message}")
    assert case.says in first


def _read(path: Path, folder: Path) -> None:
    loaded = load_study(path)
    put_together(loaded, {code: read_language(loaded, code, folder) for code in loaded.languages})


def test_keys_are_told_where_they_belong() -> None:
    norms, sentences = Keys.of_norms("tr"), Keys.of_sentences("tr")
    assert norms.option(encoding="cp1254") == 'options = { encoding = "cp1254" } in languages.tr of the study'
    assert sentences.column(text="a b") == 'context_columns = { text = "a b" } in languages.tr of the study'
    assert toml({"age of": [1, "ü"], "q": True}) == '{ "age of" = [1, "ü"], q = true }'
