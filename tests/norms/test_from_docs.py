"""A newcomer with docs/norms.md alone: every example reads, `look` finds its line, `new` makes a study of them."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from interlingua.cli.looking import described
from interlingua.errors import InterlinguaError
from interlingua.norms import Layout
from interlingua.norms.look import look_at_table
from interlingua.run.study import load_study
from interlingua.study.sources import language_norms, read_language
from interlingua.study.starting import starter_from


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("from_docs", Path(__file__).with_name("from_docs.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["from_docs"] = module
    spec.loader.exec_module(module)
    return module


DOCS = _module()
EXAMPLES = DOCS.examples()
#: What every example rates, whatever its language: rain, sun and storm; and what a scale of 1 to 7 makes of them.
VALENCE, AROUSAL = [4.6, 7.9, 3.1], [3.5, 4.9, 7.2]
OF_SEVEN = [3.2, 6.1, 2.4], [2.9, 4.4, 5.8]
HEAD = 'name = "docs"\nmodels = ["builtin:e5-small"]\nvariables = [{}]\n[languages]\nde = {{ norms = "other.csv" }}\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    DOCS.write_all(folder)
    (folder / "other.csv").write_text("word,valence,arousal\nRegen,4.6,3.5\n", encoding="utf-8")
    return folder


def _study(folder: Path, example: object, variables: str = '"valence"') -> Path:
    path = folder / "study.toml"
    head = HEAD.format(variables)
    head = head.replace('de = { norms = "other.csv" }\n', "") + 'ru = { norms = "other.csv" }\n'
    path.write_text(f"{head}{example.line}\n", encoding="utf-8")  # type: ignore[attr-defined]
    return path


def test_the_page_has_the_layouts_of_the_published_tables() -> None:
    names = [example.file for example in EXAMPLES]
    for name in ("glasgow", "verheyen", "imbir.xls", "hinojosa", "montefinese", "moors", "kapucu"):
        assert any(name in file for file in names), name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_every_example_reads_as_it_stands(example: object, folder: Path) -> None:
    study = load_study(_study(folder, example), overrides={"sampling.scale": "none"})
    table = language_norms(study, example.code).given  # type: ignore[attr-defined]
    valence = table["valence"].tolist()[:3]
    assert valence in (VALENCE, OF_SEVEN[0])
    assert table["word"].map(lambda word: word == word.strip('*"') or word == '"rain').all()
    if "arousal" in example.line and "verheyen" not in example.line:  # type: ignore[attr-defined]
        both = load_study(_study(folder, example, '"valence", "arousal"'), overrides={"sampling.scale": "none"})
        arousal = language_norms(both, example.code).given["arousal"].tolist()  # type: ignore[attr-defined]
        assert arousal in (AROUSAL, OF_SEVEN[1])
        assert (arousal == OF_SEVEN[1]) == (valence == OF_SEVEN[0])


#: What names of columns can't tell: there are none, or only the card knows them.
UNTOLD = ("supplement.zip", "weather.csv")


@pytest.mark.parametrize(
    "example", [example for example in EXAMPLES if example.file not in UNTOLD], ids=lambda example: example.file
)
def test_look_finds_the_line_by_itself(example: object, folder: Path) -> None:
    options = {"separator": "|"} if example.file == "bars.txt" else {}  # type: ignore[attr-defined]
    look = look_at_table(folder / example.file, example.code, options)  # type: ignore[attr-defined]
    assert look.problem == ""
    assert look.norms is not None
    study = load_study(_study(folder, example), overrides={"sampling.scale": "none"})
    expected = language_norms(study, example.code).given  # type: ignore[attr-defined]
    found = look.norms.table
    assert found["word"].tolist() == expected["word"].tolist()
    assert found["valence"].tolist() == expected["valence"].tolist()
    # And the line that it prints is one of a study.
    line = _study(folder, type("Line", (), {"line": look.line()}))
    again = language_norms(load_study(line, overrides={"sampling.scale": "none"}), look.language).given
    assert again["valence"].tolist() == found["valence"].tolist()


def test_sentences_of_ones_own_read_as_they_stand(folder: Path) -> None:
    (example,) = [example for example in EXAMPLES if "contexts" in example.entry]
    study = load_study(_study(folder, example))
    table = read_language(study, "fr", folder / "cache").contexts.table
    assert [text[start:end] for text, start, end in zip(table["text"], table["start"], table["end"], strict=True)] == [
        "pluie",
        "soleil",
        "orage",
    ]


def test_the_page_says_every_option() -> None:
    page = DOCS.PAGE.read_text(encoding="utf-8")
    own = {"name", "word", "columns", "concept", "gloss", "url", "package", "package_path", "licence"}
    for option in set(Layout.model_fields) - own:
        assert f"`{option}`" in page, option


def test_new_makes_a_study_of_tables(folder: Path) -> None:
    path = folder / "new.toml"
    command = [sys.executable, "-m", "interlingua", "new", path.name, "--from", "nl=moors.xlsx", "--from"]
    done = subprocess.run([*command, "tr=kapucu.csv"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    study = load_study(path, overrides={"sampling.scale": "none"})
    assert study.variables == ("valence", "arousal")
    assert language_norms(study, "nl").given["valence"].tolist() == OF_SEVEN[0]
    assert language_norms(study, "tr").given["word"].tolist() == ["yağmur", "güneş", "fırtına"]


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (["nl=moors.xlsx"], "give a second table, such as --from en=labmt"),
        (["moors.xlsx"], "type --from CODE=moors.xlsx"),
        (["nl=moors.xlsx", "nl=verheyen.csv"], "two tables of 'nl'"),
        (["nl=moors.xlsx", "de=others.csv"], "there is no file others.csv (did you mean 'other.csv'?)"),
    ],
)
def test_new_says_what_is_missing(sources: list[str], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(InterlinguaError, match=re.escape(said)):
        starter_from(sources, folder / "s.toml")


def test_look_prints_what_a_newcomer_needs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    printed = described(look_at_table("hinojosa.xlsx", "es"))
    for said in ("sheets: Notes, Ratings", "sol 7.9", "lluvia, sol, tormenta", "on a scale of"):
        assert said in printed
    assert re.search(r'^es = \{ norms = "hinojosa.xlsx".*sheet = "Ratings"', printed, re.MULTILINE)
