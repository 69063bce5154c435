"""What spreadsheets make of words and ratings: dates, times, truth values, errors, numbers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlwt

from interlingua.errors import NormsError
from interlingua.norms import Norms, load_norms
from interlingua.norms.cells import Odd, read_each


def xlsx(path: Path, rows: list[list[Any]]) -> Path:
    """Write a workbook; a text that begins with # becomes an error, as a formula leaves one."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in book.active.iter_rows():
        for cell in cells:
            if str(cell.value).startswith("#"):
                cell.data_type = "e"
    book.save(path)
    return path


def xls(path: Path, rows: list[list[Any]]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    style = {dt.date: xlwt.easyxf(num_format_str="DD.MM.YYYY"), dt.time: xlwt.easyxf(num_format_str="HH:MM:SS")}
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell, style.get(type(cell), xlwt.Style.default_style))
    book.save(str(path))
    return path


def issues(norms: Norms) -> dict[str, tuple[int, str]]:
    return {str(row.kind): (int(row.count), str(row.detail)) for row in norms.issues.itertuples()}  # type: ignore[arg-type]


@pytest.mark.parametrize("write", [xlsx, xls])
def test_dates_and_times_in_the_column_of_words_are_left_out_by_row(write: Any, tmp_path: Path) -> None:
    rows = [["sun", 8], [dt.date(2013, 3, 1), 4], ["sea", 6], [dt.date(2014, 5, 12), 5], [dt.time(3, 4), 2]]
    path = write(tmp_path / f"a.{write.__name__}", [["word", "valence"], *rows])
    norms = load_norms(path, language="en", scale="none")
    assert norms.table.to_numpy().tolist() == [["sun", 8], ["sea", 6]]
    found = issues(norms)
    count, detail = found["date in the column of words, left out"]
    assert count == 2
    assert "row 3 (2013-03-01), row 5 (2014-05-12)" in detail
    assert "give the column the format text and type these words again" in detail
    assert found["time in the column of words, left out"][0] == 1
    assert len(found) == 2


def test_errors_truth_values_and_numbers_in_the_column_of_words(tmp_path: Path) -> None:
    rows = [["sun", 8], ["#NAME?", 4], [True, 6], [1984, 5], ["null", 3], ["nan", 2], ["NA", 1]]
    norms = load_norms(xlsx(tmp_path / "a.xlsx", [["word", "valence"], *rows]), language="en", scale="none")
    assert list(norms.table["word"]) == ["sun", "true", "1984", "null", "nan", "NA"]
    found = issues(norms)
    assert found["error in the column of words, left out"][1].startswith("row 3 (#NAME?)")
    assert found["truth value read as a word"][1].startswith("row 4 (true)")
    assert found["number in the column of words"][1].startswith("row 5 (1984)")
    assert len(found) == 3


@pytest.mark.parametrize("cell", [dt.date(2024, 5, 2), dt.datetime(2024, 5, 2, 3, 4), dt.time(2, 5), True])  # noqa: DTZ001
def test_a_rating_that_became_a_date(cell: Any, tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["word", "valence"], ["sun", 8], ["sea", cell]])
    with pytest.raises(
        NormsError, match=r"a\.xlsx, row 3, word 'sea': the rating of valence is a (date|time|truth)"
    ) as e:
        load_norms(path, language="en")
    assert "give the column the format number and type the rating again" in str(e.value)
    assert "na_values" not in str(e.value)


def test_errors_in_the_column_of_ratings_are_missing_ones_and_named(tmp_path: Path) -> None:
    rows = [["sun", 8], ["sea", "#DIV/0!"], ["war", "#N/A"], ["sky", 7]]
    norms = load_norms(xlsx(tmp_path / "a.xlsx", [["word", "valence"], *rows]), language="en", scale="none")
    assert norms.table["valence"].isna().tolist() == [False, True, True, False]
    found = issues(norms)
    assert found["error of the spreadsheet, no rating of valence"][1].startswith("#DIV/0! in row 3 (sea): mend")
    assert found["no rating of valence"] == (2, "sea, war")


def test_a_column_of_dates_is_none_of_words(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["word", "valence"], [dt.date(2013, 3, 1), 4], [dt.date(2013, 3, 2), 5]])
    with pytest.raises(NormsError, match=r"column 'word' holds no words, only such as row 2 \(2013-03-01\): date"):
        load_norms(path, language="en")


def test_dates_that_a_spreadsheet_wrote_into_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    words = ["2013-03-01 00:00:00", "1-Mar", "mar.-13", "01.03.2013", "3/1/13", "1. Mär", "2-car", "mar", "1990", "may"]
    path.write_text("word,valence\n" + "".join(f"{word},{n}\n" for n, word in enumerate(words)), encoding="utf-8")
    norms = load_norms(path, language="en")
    assert list(norms.table["word"]) == words
    assert issues(norms)["word that looks like a date"][0] == 6


def test_what_a_parquet_file_holds(tmp_path: Path) -> None:
    def read(**columns: Any) -> Norms:
        pq.write_table(pa.table(columns), tmp_path / "a.parquet")
        return load_norms(tmp_path / "a.parquet", language="en", scale="none")

    assert list(read(word=[b"sun", "é".encode()], valence=[Decimal("1.5"), Decimal("2")]).table["word"]) == ["sun", "é"]
    assert read(word=["a", "b"], valence=pa.array([1, None], pa.int64())).table["valence"].iloc[0] == 1
    dates = read(
        word=pa.array(["a", "b"]).dictionary_encode(), valence=[1, 2], when=pa.array([1, 2], pa.timestamp("ns"))
    )
    assert dates.variables == ("valence",)
    left_out = read(word=["a", "b"], valence=[1, 2])
    assert left_out.issues.empty
    with pytest.raises(NormsError, match=r"column 'word', row 2 is not UTF-8 \(byte 0xe1\)"):
        read(word=[b"a", b"\xe1"], valence=[1, 2])
    pd.DataFrame({"word": ["a", "b"], "valence": [1.0, 2]}).set_index("word").to_parquet(tmp_path / "b.parquet")
    assert list(load_norms(tmp_path / "b.parquet", language="en").table["word"]) == ["a", "b"]


def test_the_workbook_of_the_reviewers(shared: Path) -> None:
    norms = load_norms(shared / "cases" / "norms" / "words.xlsx", language="en", scale="none")
    assert not any(word.startswith("20") for word in norms.table["word"])
    assert "row 7 (2013-03-01), row 8 (2014-05-12)" in issues(norms)["date in the column of words, left out"][1]


def test_a_cell_is_read_as_it_is_alone_whatever_equal_ones_stand_above() -> None:
    cells = ["1", 1, True, 1.0, Odd("date", "1"), Odd("error", "1"), "1", 0.0, -0.0, "", None]
    read = read_each(pd.Series(cells, dtype=object), lambda cell: (type(cell), repr(cell), getattr(cell, "kind", "")))
    assert read == [(type(cell), repr(cell), getattr(cell, "kind", "")) for cell in cells]


def test_a_line_break_within_a_cell_is_told(tmp_path: Path) -> None:
    path = tmp_path / "norms.csv"
    path.write_text('word,valence\n"ice\ncream",7.0\nsun,"\n8.5"\nrain,3.0\n', encoding="utf-8")
    read = load_norms(str(path), language="en")
    assert list(read.table["word"]) == ["ice cream", "sun", "rain"]
    assert list(read.table["valence"]) == pytest.approx([(7.0 - 3.0) / (8.5 - 3.0), 1.0, 0.0])
    for kind, word in (
        ("line break within a word, read as a blank", "(ice cream)"),
        ("rating of valence in other characters, read as a number", "(sun)"),
    ):
        count, detail = issues(read)[kind]
        assert (count, word in detail) == (1, True)


@pytest.mark.parametrize("parted", ["1\x852", "1\u20282", "1\u00a02"])
def test_a_number_that_a_blank_or_line_break_parts_is_none(tmp_path: Path, parted: str) -> None:
    path = tmp_path / "norms.csv"
    path.write_text(f'word,valence\nrain,3.0\nsun,"{parted}"\n', encoding="utf-8")
    with pytest.raises(NormsError, match="word 'sun': the rating of valence is"):
        load_norms(str(path), language="en")


def test_lists_in_a_parquet_file_are_no_words_and_no_ratings(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    words = pa.array([["sun"], ["sea"], ["rain"]])
    ratings = pa.array([1.0, 2.0, 3.0])
    unused = {"vector": pa.array([[0.1, 0.2]] * 3)}
    pq.write_table(pa.table({"word": pa.array(["sun", "sea", "rain"]), "valence": ratings, **unused}), path)
    assert load_norms(path, language="en", scale="none", columns={"valence": "valence"}).table["word"].tolist() == [
        *("sun", "sea", "rain"),
    ]
    pq.write_table(pa.table({"word": words, "valence": ratings}), path)
    with pytest.raises(NormsError, match="no words"):
        load_norms(path, language="en", scale="none")
    pq.write_table(pa.table({"word": pa.array(["sun", "sea", "rain"]), "valence": words}), path)
    with pytest.raises(NormsError, match=r"a list, '\['sun'\]', not a number \(3 such cells\); write one rating a row"):
        load_norms(path, language="en", scale="none", columns={"valence": "valence"})
