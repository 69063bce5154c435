"""The parts of the report that need no browser: numbers, words, and what is left out when it is not there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from interlingua.errors import StoreError, TableError
from interlingua.questions.order import tables
from interlingua.report.page import Part
from interlingua.report.results import Results
from interlingua.report.table import cell, laid_out
from interlingua.report.words import Shown
from interlingua.run.report import build_report, told
from interlingua.tables import Column
from interlingua.tables.schema import Kind

#: What the small study draws: all but what only the paper's figures, flagged languages or corpora have.
FIGURES = {
    *("performance", "layers", "similarity_layers", "similarity_map", "similarity_tree", "conjunction"),
    *("degrees", "intersections", "pairs", "k_curve", "zero_shot", "leave_one_out", "transfer", "alignment"),
}
#: And a figure a chapter, of each of its two variables; with two languages none is left out.
CHAPTERS = {f"{key}-{number}" for key in ("shared", "learnt", "elsewhere", "firm") for number in (1, 2)} - {
    "elsewhere-2"
}


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("r", 0.86, "0.860"),
        ("r", -0.12345, "−0.123"),
        ("number", 28.0, "28.0"),
        ("number", 43851.2, "43,851"),
        ("number", 0.0, "0"),
        ("number", 3.2e-9, "3.20e−09"),
        ("p", 0.00002, "< .0001"),
        ("p", 0.0476, ".0476"),
        ("p", 1.0, "1.0000"),
        ("percent", 0.5, "50.0 %"),
        ("percent", 0.08888, "8.9 %"),
        ("count", 4160, "4,160"),
        ("count", 4160.0, "4,160"),
        ("unit", 4324, "4324"),
        ("unit", -1, "−1"),
        ("flag", True, "yes"),
        ("flag", False, "no"),
        ("language", "fr", "French"),
        ("language", "xx", "xx"),
        ("name", "elastic-net", "elastic net (Eq. 1)"),
        ("name", "builtin:e5-small", "e5-small"),
        ("text", "en 1", "en 1"),
        ("text", "", "–"),
        ("units", "1 2", "1 2"),
        ("number", float("nan"), "–"),
        ("text", None, "–"),
        ("count", pd.NA, "–"),
    ],
)
def test_cells_are_written_as_an_article_would(results: Results, kind: Kind, value: object, text: str) -> None:
    assert cell(results, Column("any", "anything", kind), value) == text


def test_a_long_table_says_how_much_of_it_is_elsewhere(results: Results) -> None:
    probes = results.of("probes", variable="valence")
    shown = Shown("Probes", "probes", probes, "model variable language r", {"r": "Pearson"})
    laid = laid_out(results, shown, most=4)
    assert laid["same"] == ["model model", "variable valence"]
    assert laid["headings"] == ["language", "Pearson"]
    assert laid["kinds"] == ["unbroken", "number"]
    assert len(laid["rows"]) == 4
    assert laid["left"] == len(probes) - 4
    with pytest.raises(TableError, match="table 'probes' has no column 'rr'"):
        laid_out(results, Shown("Probes", "probes", probes, "rr"))


def test_figures_are_drawings_with_their_text_as_text(small: Any) -> None:
    files = list((small.results / "figures").glob("*.svg"))
    assert {file.stem for file in files} == FIGURES | CHAPTERS
    for file in files:
        root = ET.parse(file).getroot()
        words = " ".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))
        assert "valence" in words or file.stem in CHAPTERS, file.name
        assert len(words) > 40
        assert "<dc:date>" not in file.read_text(encoding="utf-8")


def test_a_folder_that_holds_no_results(tmp_path: Path, small: Any) -> None:
    with pytest.raises(StoreError, match="not a complete result folder"):
        build_report(tmp_path)
    broken = Path(shutil.copytree(small.results, tmp_path / "broken"))
    (broken / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="not a complete result folder"):
        build_report(broken)


@pytest.mark.parametrize(("name", "column"), [("alignment_models", "source"), ("pairs_summary", "same_sign")])
def test_a_column_that_is_declared_and_not_there(
    small: Any, tmp_path: Path, name: str, column: str, seal: Callable[[Path], None]
) -> None:
    older = Path(shutil.copytree(small.results, tmp_path / "older"))
    file = older / "tables" / f"{name}.parquet"
    pd.read_parquet(file).drop(columns=column).to_parquet(file, index=False)
    seal(older)
    with pytest.raises(TableError, match=f"{name}.parquet: table '{name}' lacks its column '{column}'"):
        build_report(older)


@pytest.mark.parametrize("record", ["0123456789ab", None])
def test_results_of_another_version_are_not_read(small: Any, tmp_path: Path, record: str | None) -> None:
    older = Path(shutil.copytree(small.results, tmp_path / "older"))
    run = json.loads((older / "run.json").read_text(encoding="utf-8"))
    (older / "run.json").write_text(json.dumps(run | {"tables": record}), encoding="utf-8")
    again = f"'interlingua run {older / 'study.toml'} --output {older}' makes them again"
    with pytest.raises(StoreError, match="another version of interlingua made these results") as error:
        build_report(older)
    assert again in str(error.value)


def test_a_table_that_is_declared_nowhere_is_a_mistake_of_the_program(results: Results) -> None:
    with pytest.raises(KeyError):
        results.of("degree", model="model")


def sections(results: Results) -> dict[str, Part]:
    return {part.key: part for part in told(results).parts}


def test_without_unseen_languages_and_permutations_the_rest_is_told(
    small: Any, tmp_path: Path, seal: Callable[[Path], None]
) -> None:
    folder = Path(shutil.copytree(small.results, tmp_path / "results"))
    drawn = ("null", "null_pairs", "null_degrees", "null_encoding", "null_penalty", "similarity_null", "flagged_null")
    judged = ("pairs_judged", "pairs_judged_summary", "transfer_own_codes")
    for name in ("transfer", "transfer_units", "transfer_summary", *drawn, *judged):
        assert list((folder / "tables").glob(f"{name}.*")), name
        for file in (folder / "tables").glob(f"{name}.*"):
            file.unlink()
    seal(folder)
    results = Results.read(folder, tables())
    by_key = sections(results)
    assert {"material", "performance", "layers", "sharing", "alignment"} <= by_key.keys()
    findings = by_key["unseen"].section.findings
    assert len(findings) == 2
    assert all("so nothing could be tested there" in finding for finding in findings)
    claims = told(results).claims
    assert len(claims) == 2
    for claim in claims:
        assert "permuted" not in claim
        assert "codes of their own" not in claim
        assert "draws" not in claim
        assert "carry it in" not in claim
        assert "German" not in claim


def test_what_is_not_asked_stands_together_with_its_reason(results: Results) -> None:
    said = told(results)
    assert list(said.not_asked) == [
        "Where in the model?",
        "How does sharing grow over training?",
        "The published figures beside ours",
    ]
    assert "preset = 'paper'" in said.not_asked["The published figures beside ours"]
    assert "replication" not in sections(results)
    results.run["not_asked"] = {"alignment": "One language.", "confounds": "Not wanted."}
    results._read["replication_summary"] = pd.DataFrame([{"figures": 9, "agree": 4, "differ": 3, "not_run": 2}])
    said = told(results)
    assert list(said.not_asked.items()) == [
        ("Is it only how long or frequent words are?", "Not wanted."),
        ("Do languages that share more do better?", "One language."),
    ]
    keys = [part.key for part in said.parts]
    assert keys[-1] == "replication"
    assert not {"alignment", "confounds"} & set(keys)
    questions = {row.question for rows in said.glance.values() for row in rows}
    assert not set(said.not_asked) & questions
    results.run["not_asked"] = {}
    assert told(results).not_asked == {}


def test_a_unit_that_fails_in_an_unseen_language_is_not_said_to_work(results: Results) -> None:
    summary = results.table("transfer_summary").assign(own_draws=200)
    results._read["transfer_summary"] = summary.assign(p_replicated_holm=0.05)
    claims = told(results).claims
    assert len(claims) == 2
    assert all("That any of them carry it in German is not shown: " in claim for claim in claims)
    results._read["transfer_summary"] = summary.assign(p_replicated_holm=0.049)
    assert all(" carry it in German (p = .0490)" in claim for claim in told(results).claims)
    results._read["transfer_summary"] = summary.assign(p_replicated_holm=0.049, own_draws=3)  # no p is below .05 there
    assert not any("German" in claim for claim in told(results).claims)


@pytest.mark.parametrize(
    ("degree", "n_languages", "text"),
    [(2, 2, "of both languages"), (3, 3, "of all 3 languages"), (2, 3, "of 2 of 3 l")],
)
def test_how_many_languages_share_is_said_in_plain_words(
    results: Results, degree: int, n_languages: int, text: str
) -> None:
    summary = results.table("sharing_summary")
    results._read["sharing_summary"] = summary.assign(degree=degree, n_languages=n_languages)
    assert all(text in claim for claim in told(results).claims)


def test_a_layer_that_the_study_gives_is_not_said_to_be_chosen(results: Results) -> None:
    choice = results.table("layer_choice")
    assert all("(chosen by cross-validation" in text for text in sections(results)["layers"].section.findings)
    results._read["layer_choice"] = choice.assign(criterion="given")
    assert all("(given in the study)" in text for text in sections(results)["layers"].section.findings)


def test_every_table_that_is_read_is_a_frame(results: Results) -> None:
    assert results.cells == [("model", "valence"), ("model", "length")]
    assert results.headline == "correlation"
    assert results.names["fr"] == "French"
    for name, declared in results.tables.items():
        frame = results.table(name)
        assert isinstance(frame, pd.DataFrame)
        assert tuple(frame.columns) == declared.names
    assert len(results.of("null", method="ridge", null="permuted")) == 2
    assert results.of("replication", model="model").empty


def test_satterthwaite_s_p_stands_only_where_it_has_to(results: Results) -> None:
    models = results.table("alignment_models")
    assert models["p"].notna().any()
    papers = models.assign(source="paper", p=0.03, df=2.0, p_permutation=0.2).drop_duplicates("method")
    simpler = models.assign(source="simpler", p=0.04, df=9.0, p_permutation=0.3).drop_duplicates("method")
    without = simpler.assign(method="another", p_permutation=float("nan"))
    results._read["alignment_models"] = pd.concat([papers, simpler, without]).assign(estimate=0.01, t=1.0)
    alignment = sections(results)["alignment"].section
    shown = alignment.tables[0].frame.sort_values(["source", "method"], kind="stable")
    for row in shown.itertuples():
        has_to = row.source == "paper" or row.method == "another"
        assert pd.notna(row.p) == pd.notna(row.df) == has_to
    assert set(shown["p_permutation"].dropna()) == {0.2, 0.3}

    of_paper, of_simpler = alignment.findings
    assert "Satterthwaite's df = 2.00, p = .0300, which rejects too often" in of_paper
    assert "Satterthwaite" not in of_simpler
    assert all("permutation of languages p = " in text for text in alignment.findings)


#: What a report has no use for; the first of each takes a second or more to import.
HEAVY = ("torch", "transformers", "scipy", "sklearn", "statsmodels", "formulaic")
COMPUTING = tuple(
    f"interlingua.{room}" for room in ("units", "probes", "models", "contexts", "norms", "stats", "flow.execute")
)


def test_the_command_imports_nothing_that_computes(small: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(small.results, tmp_path / "results"))
    (folder / "report.html").unlink()
    program = (
        "import sys\nfrom interlingua.cli.main import main\n"
        f"sys.argv = ['interlingua', 'report', {str(folder)!r}]\n"
        "try:\n    main()\nfinally:\n    print('MODULES', *sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert (folder / "report.html").is_file()
    said, _, modules = ran.stdout.partition("MODULES ")
    assert said.startswith("report: ")
    imported = set(modules.split())
    assert "interlingua.questions.sharing.show" in imported
    assert sorted(name for name in imported if name.startswith((*HEAVY, *COMPUTING))) == []
