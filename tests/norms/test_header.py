"""Names of columns that repeat, and the groups above them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt

from interlingua.contexts import read_contexts
from interlingua.errors import ContextsError, NormsError
from interlingua.norms import Layout, load_norms, read_table
from interlingua.norms.columns import column_at

#: Two rows of names as spreadsheets have them: groups merged over two cells, a word's name over two rows.
GROUPS = ["Word", "Valence", "", "Arousal  all", ""]
NAMES = ["", "Mean", "SD", "Mean", "SD"]
ROWS = [["sun", 8.0, 0.5, 3.0, 0.25], ["war", 1.0, 1.5, 9.0, 1.25], ["sea", 6.0, 0.75, 2.0, 1.0]]
MERGED = ("B1:C1", "D1:E1", "A1:A2")
FORMATS = ["csv", "tsv", "xlsx", "xls", "ods"]


def write(path: Path, table: list[list[Any]]) -> Path:
    match path.suffix:
        case ".csv" | ".tsv":
            separator = "," if path.suffix == ".csv" else "\t"
            path.write_text("".join(separator.join(map(str, row)) + "\n" for row in table), encoding="utf-8")
        case ".xlsx":
            book = openpyxl.Workbook()
            for row in table:
                book.active.append([cell if cell != "" else None for cell in row])
            for cells in MERGED if table[0] == GROUPS else ():
                book.active.merge_cells(cells)
            book.save(path)
        case ".xls":
            old = xlwt.Workbook()
            sheet = old.add_sheet("A")
            for number, row in enumerate(table):
                for column, cell in enumerate(row):
                    if cell != "":
                        sheet.write(number, column, cell)
            old.save(str(path))
        case ".ods":
            write_ods(path, table)
    return path


def write_ods(path: Path, table: list[list[Any]]) -> None:
    """Write the least that an OpenDocument spreadsheet must hold; a blank after a group is a covered cell."""
    names = "urn:oasis:names:tc:opendocument:xmlns"

    def cell(value: Any, following: list[Any]) -> str:
        if value == "":
            return "<table:covered-table-cell/>"
        if isinstance(value, float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        span = 'table:number-columns-spanned="2" ' if following[:1] == [""] else ""
        return f'<table:table-cell {span}office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    rows = "".join(
        f"<table:table-row>{''.join(cell(value, row[i + 1 :]) for i, value in enumerate(row))}</table:table-row>"
        for row in table
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
            f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="A">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )


def load(path: Path, columns: dict[str, Any], **options: Any) -> dict[str, list[float]]:
    norms = load_norms(path, language="en", columns=columns, scale="none", options={"header_row": 2} | options)
    return {str(name): norms.table[name].tolist() for name in norms.table.columns}


@pytest.mark.parametrize("kind", FORMATS)
def test_groups_make_names_in_every_format(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a.{kind}", [GROUPS, NAMES, *ROWS])
    names = {"word": "Word", "valence": "Valence / Mean", "arousal": "Arousal all / Mean"}
    by_name = load(path, names)
    assert by_name == {"word": ["sun", "war", "sea"], "valence": [8, 1, 6], "arousal": [3, 9, 2]}
    assert load(path, {"word": 0, "valence": 1, "arousal": 3}) == by_name
    table = read_table(path, Layout(header_row=2))
    assert list(table.columns) == ["Word", "Valence / Mean", "Valence / SD", "Arousal all / Mean", "Arousal all / SD"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_repeated_name_is_an_error_that_lists_its_columns(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a.{kind}", [GROUPS, NAMES, *ROWS])
    with pytest.raises(
        NormsError, match=r"2 columns 'Mean', at the positions 1 \('Valence / Mean'\), 3 \('Arousal all"
    ) as e:
        load(path, {"word": "Word", "arousal": "Mean"})
    assert "by its position, counted from 0, or by its whole name" in str(e.value)
    assert path.name in str(e.value)
    # Of one row of names, there are positions only.
    path = write(tmp_path / f"b.{kind}", [["word", "Mean", "Mean"], *([*row[:2], row[3]] for row in ROWS)])
    for columns in ({"valence": "Mean"}, {}):
        with pytest.raises(
            NormsError,
            match=r"2 columns 'Mean', at the positions 1, 2: give .* columns = \{ \w+ = 1 \} in languages.en",
        ):
            load(path, columns, header_row=1)
    assert load(path, {"valence": 1, "arousal": 2}, header_row=1)["arousal"] == [3, 9, 2]
    # Names that do not repeat need no more than before.
    assert load(path, {"valence": 2}, header_row=1)["valence"] == [3, 9, 2]


def test_the_first_of_a_name_where_the_file_is_known_to_mean_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [GROUPS, NAMES, *ROWS])
    assert load(path, {"word": "Word", "valence": "Mean"}, repeated="first")["valence"] == [8, 1, 6]


def test_three_rows_of_names_and_a_title(tmp_path: Path) -> None:
    rows = [
        ["Table S1. Ratings", "", "", "", "", ""],
        ["", "", "All", "", "Women", ""],
        ["", "", "Valence", "Arousal", "Valence", "Arousal"],
        ["Word", "N", "M", "M", "M", "M"],
        ["sun", 20.0, 1.0, 2.0, 3.0, 4.0],
    ]
    path = write(tmp_path / "a.csv", rows)
    names = {"word": "Word", "n": "N", "v": "All / Valence / M", "w": "Women / Valence / M"}
    assert load(path, names, header_row=4) == {"word": ["sun"], "n": [20], "v": [1], "w": [3]}
    with pytest.raises(NormsError, match=r"4 columns 'M', at the positions 2 .'All / Valence / M'., 3"):
        load(path, {"word": "Word", "v": "M"}, header_row=4)


def test_what_stands_above_names_that_do_not_repeat_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [["", "Ratings", "", "Counts"], ["word", "M", "SD", "N"], ["sun", 1.0, 2.0, 3.0]])
    table = read_table(path, Layout(header_row=2))
    assert list(table.columns) == ["word", "M", "SD", "N"]
    assert [column_at(table, name, path) for name in ("M", "Ratings / SD", "Counts / N")] == [1, 2, 3]
    with pytest.raises(NormsError, match="no column 'Counts / M'"):
        column_at(table, "Counts / M", path)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_second_row_of_names_that_was_not_said(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a.{kind}", [GROUPS, NAMES, *ROWS])
    with pytest.raises(
        NormsError, match=r"header_row = 2 \} in .* if (it is the name of a column|that row has their names)"
    ):
        load(path, {"word": "Word", "valence": "Valence"}, header_row=1)


def test_sentences_with_a_repeated_name(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("text,word,Mean,Mean\nI see the sun.,sun,8,3\n", encoding="utf-8")
    columns: dict[str, Any] = {"valence": "Mean"}
    with pytest.raises(ContextsError, match=r"s\.csv has 2 columns 'Mean', at the positions 2, 3"):
        read_contexts(path, language="en", columns=columns, variables=["valence"])
    found = read_contexts(path, language="en", columns={"valence": 3}, variables=["valence"])
    assert found.table["valence"].tolist() == [3]
    with pytest.raises(ContextsError, match=r"4 columns, so no column 4 counted from 0"):
        read_contexts(path, language="en", columns={"valence": 4}, variables=["valence"])
