"""CSV files without formulas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from interlingua.run.folder import ResultFolder
from interlingua.tables import Column, Table
from interlingua.tables.spreadsheet import bare, guarded

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "-word",
    "+49 30 123",
    "=",
    "==",
    "＝1+1",
    " =1+1",
    "\t=1+1",
    "\tword",
    "\r=1",
    "\n=1",
    "'=1+1",
    "''=1+1",
]
TEXTS = ["word", "'tis", "a=b", "a-b", "", "5", "-5", "+0.5", "-1e-3", "-", "+", "@", "e@mail.org", "Émile", "≠", "'"]


@pytest.mark.parametrize("text", [text for text in FORMULAS if text != "="])
def test_a_formula_becomes_text(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert bare(guarded(text)) == text


@pytest.mark.parametrize("text", [*TEXTS, "="])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text
    assert bare(guarded(text)) == text


def test_csv_files_are_guarded_and_parquet_files_are_not(tmp_path: Path) -> None:
    table = Table(
        name="words",
        row="a word",
        key=("word",),
        columns=(
            Column("word", "the word", "text"),
            Column("rating", "its rating"),
            Column("rank", "its rank", "count", missing=True),
            Column("flag", "whether", "flag"),
            Column("note", "a note", "text", missing=True),
        ),
    )
    words = [*FORMULAS, *TEXTS]
    frame = pd.DataFrame(
        {
            "word": words,
            "rating": [-1.5 * place for place in range(len(words))],
            "rank": pd.array([-1] * len(words), dtype="Int64"),
            "flag": True,
            "note": ["=1", None] * (len(words) // 2) + [None] * (len(words) % 2),
        }
    )
    folder = ResultFolder(tmp_path / "results", "made")
    folder.write_tables([(table, frame)])
    written = folder.partial / "tables"
    assert pd.read_parquet(written / "words.parquet")["word"].tolist() == words
    raw = (written / "words.csv").read_bytes().decode("utf-8")
    read = pd.read_csv(written / "words.csv", keep_default_na=False, dtype={"word": str}, lineterminator="\n")
    assert [bare(word) for word in read["word"]] == words
    assert read["rating"].tolist() == frame["rating"].tolist()
    assert read["rank"].tolist() == frame["rank"].tolist()
    assert set(read["note"]) == {"'=1", ""}
    for cell in (*read["word"], *read["note"]):
        assert len(cell) < 2 or cell[0] not in "=+-@\t\r\n" or float(cell) is not None
    assert "cmd|" in raw
    assert ",=1," not in raw
    folder.discard()
