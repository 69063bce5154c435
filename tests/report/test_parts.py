"""The parts of the report that need no browser: numbers, words, and what is left out when it is not there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from interlingua.errors import StoreError
from interlingua.report import build_report
from interlingua.report.page import _number
from interlingua.report.results import Results
from interlingua.report.scrutiny import with_sound_p
from interlingua.report.story import headline, sections


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("r", 0.86, "0.860"),
        ("r", -0.12345, "−0.123"),
        ("fe", 28.0, "28.0"),
        ("fe", 43851.2, "43,851"),
        ("gap", 0.0, "0"),
        ("gap", 3.2e-9, "3.20e−09"),
        ("p", 0.00002, "< .0001"),
        ("p", 0.0476, ".0476"),
        ("p_bh", 1.0, "1.0000"),
        ("n", 4160, "4,160"),
        ("unit", 4324, "4324"),
    ],
)
def test_numbers_are_written_as_an_article_would(column: str, value: float, text: str) -> None:
    assert _number(column, value) == text


def test_figures_are_drawings_with_their_text_as_text(small: Any) -> None:
    for file in (small.results / "figures").glob("*.svg"):
        root = ET.parse(file).getroot()
        words = " ".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))
        assert "valence" in words, file.name
        assert "<dc:date>" not in file.read_text(encoding="utf-8")


def test_a_folder_that_holds_no_results(tmp_path: Path, small: Any) -> None:
    with pytest.raises(StoreError, match="not a complete result folder"):
        build_report(tmp_path)
    broken = Path(shutil.copytree(small.results, tmp_path / "broken"))
    (broken / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="not a complete result folder"):
        build_report(broken)


@pytest.mark.parametrize(("name", "column"), [("alignment_models", "source"), ("pairs_summary", "same_sign")])
def test_a_column_that_an_older_version_did_not_write(small: Any, tmp_path: Path, name: str, column: str) -> None:
    older = Path(shutil.copytree(small.results, tmp_path / "older"))
    file = older / "tables" / f"{name}.parquet"
    pd.read_parquet(file).drop(columns=column).to_parquet(file, index=False)
    with pytest.raises(StoreError, match=f"older: its tables lack .*'{column}'.*run the study again"):
        build_report(older)


def test_results_of_an_older_version(small: Any) -> None:
    read = Results.read(small.results)
    del read.tables["degrees"]
    with pytest.raises(StoreError, match="no table 'degrees': another version made them; run the study again"):
        read.of("degrees", model="model")


def test_without_unseen_languages_and_permutations_the_rest_is_told(small: Any, tmp_path: Path) -> None:
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    for name in ("transfer", "transfer_units", "null"):
        (results / "tables" / f"{name}.parquet").unlink()
    read = Results.read(results)
    by_key = {section.key: section for section in sections(read)}
    assert {"material", "performance", "layers", "sharing", "alignment"} <= by_key.keys()
    assert all("so nothing could be tested there" in finding for finding in by_key["unseen"].findings)
    for claim in headline(read):
        assert "permuted" not in claim
        assert "still work" not in claim


def test_a_unit_that_fails_in_an_unseen_language_is_not_said_to_work(small: Any) -> None:
    read = Results.read(small.results)
    transfer = read.tables["transfer"]
    read.tables["transfer"] = transfer.assign(p_cluster=0.04)
    assert all("In German none of them predicts the rating" in claim for claim in headline(read))
    read.tables["transfer"] = transfer.assign(p_cluster=1e-9)
    assert all("still works in German (t = " in claim for claim in headline(read))


def test_every_table_that_is_read_is_a_frame(small: Any) -> None:
    read = Results.read(small.results)
    assert read.cells == [("model", "valence"), ("model", "length")]
    assert read.headline == "correlation"
    assert read.names["fr"] == "French"
    assert isinstance(read.null(method="ridge"), pd.DataFrame)
    assert len(read.null(method="ridge")) == 2


def test_satterthwaite_s_p_stands_only_where_it_has_to(small: Any) -> None:
    read = Results.read(small.results)
    models = read.tables["alignment_models"]
    assert models["p"].notna().any()
    papers = models.assign(source="paper", p=0.03, df=2.0, p_permutation=0.2)
    simpler = models.assign(source="simpler", p=0.04, df=9.0, p_permutation=0.3)
    without = simpler.assign(p_permutation=float("nan"))
    shown = with_sound_p(pd.concat([papers.head(1), simpler.head(1), without.head(1)]))
    assert shown["p"].isna().tolist() == [False, True, False]
    assert shown["df"].isna().tolist() == [False, True, False]
    assert shown["p_permutation"].tolist()[:2] == [0.2, 0.3]

    read.tables["alignment_models"] = pd.concat([papers, simpler], ignore_index=True).assign(estimate=0.01, t=1.0)
    [section] = [part for part in sections(read) if part.key == "alignment"]
    of_paper = [text for text in section.findings if "Satterthwaite" in text]
    assert len(of_paper) == len(section.findings) / 2
    assert all("p = .0300, which rejects too often" in text for text in of_paper)
    assert all("permutation of languages p = " in text for text in section.findings)
