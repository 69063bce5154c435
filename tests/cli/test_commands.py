"""Every command does what its help says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interlingua.run.study import load_study
from interlingua.study.config import Study

Cli = Callable[..., Any]
COMMANDS = ("demo", "run", "plan", "report", "atlas", "new", "models", "norms")
README = Path(__file__).resolve().parents[2] / "README.md"


def test_help_names_the_commands_and_imports_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "sklearn", "scipy", "matplotlib", "pandas", "numpy", "statsmodels")
    code = (
        "import sys; sys.argv = ['interlingua', '--help']\n"
        "from interlingua.cli.main import main\n"
        "try: main()\n"
        f"except SystemExit: print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(interlingua: Cli, command: str) -> None:
    said = interlingua(command, "--help")
    assert said.code == 0
    assert "Usage: interlingua" in said.out


def test_version(interlingua: Cli) -> None:
    assert re.fullmatch(r"interlingua \d+\.\d+\.\d+\n", interlingua("--version").out)


def test_models_lists_what_is_known(interlingua: Cli) -> None:
    out = interlingua("models").out
    for name in ("builtin:e5-small", "mbert", "xlm-r"):
        assert re.search(rf"^{name} ", out, re.MULTILINE)
    assert "FacebookAI/xlm-roberta-base@e73636d" in out
    assert "13 x 768" in out


def test_norms_lists_and_shows(interlingua: Cli) -> None:
    everything, finnish = interlingua("norms").out, interlingua("norms", "--language", "Finnish").out
    assert len(everything.splitlines()) > 20
    assert {line.split()[1] for line in finnish.splitlines()} == {"fi"}
    shown = interlingua("norms", "show", "en-warriner-2013").out
    assert "Warriner" in shown
    assert "valence" in shown
    assert "licence" in shown.lower()


def test_new_writes_a_study_that_parses_and_never_overwrites(interlingua: Cli, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    said = interlingua("new", file)
    assert said.code == 0
    assert f"interlingua run {file}" in said.out
    study = load_study(file)
    assert study.unseen == ("ko",)
    before = file.read_bytes()
    assert "exists already; nothing was overwritten" in interlingua("new", file).error
    assert file.read_bytes() == before
    assert "can't be written" in interlingua("new", tmp_path / "no" / "such" / "folder.toml").error


def test_what_the_starter_says_of_defaults_is_true(interlingua: Cli, tmp_path: Path) -> None:
    """With the comment signs taken away it still parses, and says nothing new."""
    file = tmp_path / "starter.toml"
    interlingua("new", file)
    text = file.read_text(encoding="utf-8")
    head, tail = text.split("# Everything below")
    both = [re.sub(r"^# (?=\w+ = |\[)", "", part, flags=re.MULTILINE) for part in (head, tail)]
    opened = "\n# Everything below".join(line for line in both)
    opened = "\n".join(line for line in opened.splitlines() if not line.startswith("it = "))
    assert opened.count("\n[") > text.count("\n[")
    full = tmp_path / "full.toml"
    full.write_text(opened, encoding="utf-8")
    assert tomllib.loads(opened)["units"]["k"] == 0.1302
    study, default = load_study(full), load_study(file)
    assert study.units.k == pytest.approx(default.units.k, abs=1e-4)
    units = study.units.model_copy(update={"k": default.units.k})
    assert study.model_copy(update={"units": units}) == default


def test_the_example_of_another_language_in_the_starter_parses(interlingua: Cli, tmp_path: Path) -> None:
    file = tmp_path / "starter.toml"
    interlingua("new", file)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("# it = ", "it = "), encoding="utf-8")
    italian = load_study(file).languages["it"]
    assert italian.norms == str(tmp_path / "ratings.csv")
    assert italian.contexts == str(tmp_path / "sentences.csv")
    assert italian.columns == {"word": "Word", "valence": "ValenceMean"}


def test_studies_and_settings_of_the_readme_exist(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    studies = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert studies
    for number, block in enumerate(studies):
        file = tmp_path / f"{number}.toml"
        file.write_text(block, encoding="utf-8")
        assert load_study(file).name
    for key in re.findall(r"--set ([\w.]+)=", text):
        section: Any = Study
        for part in key.split("."):
            assert part in section.model_fields, key
            section = section.model_fields[part].annotation


@pytest.mark.parametrize(("name", "n_languages"), [("demo", 10), ("paper", 11)])
def test_builtin_studies_parse_and_survive_being_written_out(name: str, n_languages: int, tmp_path: Path) -> None:
    study = load_study(name)
    assert len(study.languages) == n_languages
    (tmp_path / "again.toml").write_text(study.to_toml(), encoding="utf-8")
    assert load_study(tmp_path / "again.toml") == study


def test_the_paper_preset_makes_the_papers_choices() -> None:
    study = load_study("paper")
    assert (study.probes.l1, study.probes.l2, study.probes.standardise) == (0.001, 0.001, "each-split")
    assert (study.layer.choose, study.layer.probe, study.units.headline) == ("test", "elastic-net", "elastic-net")
    assert study.units.k == 100
    assert study.extraction.boundary_piece == "include"
    assert study.sampling.sentences == 15
    own = load_study("paper", overrides={"units.k": 50, "probes.adam_epochs": 3})
    assert (own.units.k, own.probes.adam_epochs, own.probes.l1) == (50, 3, 0.001)


def test_settings_are_toml_or_text(study_folder: Path) -> None:
    from interlingua.study.reading import parse_override

    settings = ["units.k=0.25", "layer.choose=test", 'unseen=["fr"]', "layer.choose=4", "models=builtin:e5-small"]
    study = load_study(study_folder / "study.toml", overrides=dict(map(parse_override, settings)))
    assert study.units.k == 0.25
    assert study.layer.choose == 4
    assert study.unseen == ("fr",)
    assert study.models == ("builtin:e5-small",)


def test_relative_paths_are_taken_from_the_studys_folder(
    study_folder: Path, minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Path(shutil.copytree(study_folder, tmp_path / "study"))
    (copy / "model").symlink_to(minilm)
    text = (copy / "study.toml").read_text(encoding="utf-8").replace(str(minilm), "./model")
    (copy / "study.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    study = load_study("study/study.toml")
    assert Path(study.models[0]).samefile(minilm)
    assert study.languages["en"].norms == str(copy / "en.csv")


def test_plan_says_what_is_to_do_and_runs_nothing(
    interlingua: Cli, small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    said = interlingua("plan", small.file, "--workers", "1")
    assert said.code == 0
    rows = [line.split() for line in said.out.splitlines() if line.startswith("model ")]
    assert [row[1] for row in rows[1:]] == ["en", "es", "fr", "de"]
    assert {tuple(row[2:5]) for row in rows[1:4]} == {("seen", "40", "80")}
    assert rows[4][2] == "unseen"
    assert {row[-1] for row in rows[1:]} == {"no"}
    assert re.search(r"in all +about \d+ (s|min) on this machine", said.out)
    # What it read is kept, with the measure of this machine; nothing was computed, and no model loaded.
    assert {path.name for path in tmp_path.iterdir()} == {"cache"}
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"measure", "sources"}

    monkeypatch.setenv("INTERLINGUA_CACHE", str(small.cache))
    said = interlingua("plan", small.file)
    assert [line.split()[-1] for line in said.out.splitlines() if line.startswith("model ")][1:] == ["yes"] * 4
    assert "0 MB of activations to write" in said.out
    phases = re.findall(r"^  (\S.*?)  +(done|about)\b", said.out, re.MULTILINE)
    assert {"activations", "probes", "permuted ratings", "audit"} <= {phase for phase, _ in phases}
    assert {left for phase, left in phases if phase not in ("report", "in all")} == {"done"}
    assert "not asked: This study makes choices of its own: with preset = 'paper'" in said.out


def test_plan_counts_the_tokens_that_the_tokenizer_gives(small: Any) -> None:
    from transformers import AutoTokenizer

    from interlingua.run.plan import make_plan
    from interlingua.study.sources import gather

    study = load_study(small.file)
    tokenizer = AutoTokenizer.from_pretrained(study.models[0])
    sentences = list(gather(study, small.cache).language("es")["text"])
    [row] = [row for row in make_plan(study, workers=1).rows if (row["language"], row["role"]) == ("es", "seen")]
    assert row["tokens"] == sum(map(len, tokenizer(sentences)["input_ids"]))
    assert row["bytes"] == 7 * 384 * 80 * 4


def test_report_draws_the_same_again(interlingua: Cli, small: Any, tmp_path: Path) -> None:
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    page = (results / "report.html").read_bytes()
    for figure in (results / "figures").iterdir():
        figure.unlink()
    (results / "report.html").unlink()
    said = interlingua("report", results)
    assert said.out == f"report: {results / 'report.html'}\n"
    assert (results / "report.html").read_bytes() == page
    for figure in (small.results / "figures").iterdir():
        assert (results / "figures" / figure.name).read_bytes() == figure.read_bytes(), figure.name
    assert json.loads((results / "run.json").read_text()) == json.loads((small.results / "run.json").read_text())


def write_tables_version(results: Path, tables: str | None) -> None:
    """Make the record of a run one of another version; None as of those that wrote none."""
    record = json.loads((results / "run.json").read_text(encoding="utf-8"))
    del record["tables"]
    record |= {} if tables is None else {"tables": tables}
    (results / "run.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize("command", ["report", "atlas"])
@pytest.mark.parametrize("tables", [None, "0123456789ab"])
def test_results_of_another_version_are_not_read_and_the_error_says_how_to_make_them_again(
    interlingua: Cli, small: Any, tmp_path: Path, command: str, tables: str | None
) -> None:
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    write_tables_version(results, tables)
    page = (results / "report.html").read_bytes()
    error = interlingua(command, results).error
    assert "another version of interlingua made these results" in error
    assert f"'interlingua run {results / 'study.toml'} --output {results}' makes them again" in error
    assert (results / "report.html").read_bytes() == page


def test_what_the_error_names_makes_them_again(
    interlingua: Cli, small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(small.cache))
    # Its pages are made, and tested, elsewhere.
    monkeypatch.setattr("interlingua.run.run.build_report", lambda folder: folder / "report.html")
    monkeypatch.setattr("interlingua.run.run.atlas_of", lambda folder, *_: folder)
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    write_tables_version(results, None)
    line = re.search(r"'interlingua (run [^']*)' makes them again", interlingua("report", results).error)
    assert line is not None
    said = interlingua(*line[1].split(), "--cache", "only-cache", "--workers", "1")
    assert said.code == 0
    again, first = (
        json.loads((folder / "run.json").read_text(encoding="utf-8")) for folder in (results, small.results)
    )
    assert again["tables"] == first["tables"]
    assert again["activations"] == first["activations"]
