"""Reading tables as they lie on disk."""

from __future__ import annotations

import gzip
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from interlingua.errors import NormsError
from interlingua.norms import Layout, read_table
from interlingua.norms.columns import column_at

FRAME = pd.DataFrame({"word": ["amor", "null", "NA"], "valence": [8.5, 5.0, 1.25]})
TEXT = "word,valence\namor,8.5\nnull,5\nNA,1.25\n"


def _values(table: pd.DataFrame) -> list[tuple[str, float]]:
    return [(str(word), float(rating)) for word, rating in table[["word", "valence"]].itertuples(index=False)]


def _write_ods(path: Path, compression: int = zipfile.ZIP_STORED) -> None:
    """Write the least that an OpenDocument spreadsheet must hold; packed again, its first member is packed, too."""
    number = '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>'
    text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    cells = [
        text.format(word) + (number if position else text).format(rating)
        for position, (word, rating) in enumerate([("word", "valence"), *EXPECTED])
    ]
    rows = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    names = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
            f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="A">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )


EXPECTED = [("amor", 8.5), ("null", 5.0), ("NA", 1.25)]


@pytest.mark.parametrize(
    "kind", ["csv", "tsv", "txt", "xlsx", "parquet", "csv.gz", "zip", "ods", "packed.ods", "semicolons"]
)
def test_the_same_table_in_every_format(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"ratings.{kind}"
    if kind == "csv":
        path.write_text(TEXT, encoding="utf-8")
    elif kind in {"tsv", "txt"}:
        path.write_text(TEXT.replace(",", "\t"), encoding="utf-8")
    elif kind == "semicolons":
        path = tmp_path / "ratings.csv"
        path.write_text(TEXT.replace(",", ";"), encoding="utf-8")
    elif kind == "xlsx":
        FRAME.to_excel(path, index=False)
    elif kind.endswith("ods"):
        pytest.importorskip("python_calamine", reason="needs python-calamine to read ods files")
        _write_ods(path, zipfile.ZIP_DEFLATED if kind.startswith("packed") else zipfile.ZIP_STORED)
    elif kind == "parquet":
        FRAME.to_parquet(path)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(TEXT.encode()))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.pdf", "no table")
            archive.writestr("__MACOSX/._ratings.csv", "no table either")
            archive.writestr("supplement/ratings.csv", TEXT)
    table = read_table(path)
    # "null" and "NA" are words like any other: nothing is taken for a missing value here.
    assert _values(table) == EXPECTED
    assert table.index.name == "row"


def test_rows_are_numbered_as_in_the_file_and_blank_ones_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('word,valence\na,1\n\n"b\nb",2\n,,\nc,3\n', encoding="utf-8")
    table = read_table(path)
    # A quoted cell over two lines counts by its last.
    assert list(table.index) == [2, 5, 7]


def test_a_workbook_keeps_words_that_look_like_something_else(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["a title"], [], ["word", "valence"], [True, 6.5], ["NULL", 2], [7, 5], [None, None], ["nan", 4]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx", Layout(header_row=3))
    assert [str(word) for word in table["word"]] == ["true", "NULL", "7", "nan"]
    assert list(table.index) == [4, 5, 6, 8]


def test_sheets_by_name_and_position(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with pd.ExcelWriter(path) as writer:
        pd.DataFrame({"other": [1]}).to_excel(writer, sheet_name="About", index=False)
        FRAME.to_excel(writer, sheet_name="Supplement B", index=False)
    assert _values(read_table(path, Layout(sheet=1))) == EXPECTED
    assert _values(read_table(path, Layout(sheet="Supplement B"))) == EXPECTED
    with pytest.raises(NormsError, match=r"no sheet 'Suplement B' .did you mean 'Supplement B'"):
        read_table(path, Layout(sheet="Suplement B"))
    with pytest.raises(NormsError, match="2 sheets, so no sheet 2"):
        read_table(path, Layout(sheet=2))


def test_utf_8_is_recognised_where_an_old_encoding_is_expected(tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_bytes("word\nárbol\nniño\n".encode("cp1252"))
    new.write_bytes("\ufeffword\nárbol\nniño\n".encode())
    for path in (old, new):
        assert list(read_table(path, Layout(encoding="cp1252"))["word"]) == ["árbol", "niño"]
    assert list(read_table(new)["word"]) == ["árbol", "niño"]


def test_a_file_that_is_not_utf_8_is_named_by_byte_and_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("word,valence\namor,8\nárbol,6\n".encode("cp1252"))
    with pytest.raises(NormsError) as caught:
        read_table(path)
    message = str(caught.value)
    assert "byte 0xe1 at position 20, row 3" in message
    assert 'encoding = "cp1252"' in message


def test_utf_16_is_suggested_where_it_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("word,valence\namor,8\n".encode("utf-16"))
    with pytest.raises(NormsError, match='encoding = "utf-16"'):
        read_table(path)
    assert list(read_table(path, Layout(encoding="utf-16"))["word"]) == ["amor"]


def _zip(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)


def test_a_member_of_an_archive_by_name_and_pattern(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    _zip(path, "x/one.csv", "x/Redondo(2007).csv")
    for member in ("Redondo(2007).csv", "*Redondo*", "x/one.csv"):
        assert _values(read_table(path, Layout(member=member))) == EXPECTED
    with pytest.raises(
        NormsError,
        match=r"several tables \('x/one.csv', 'x/Redondo\(2007\).csv'\): give options = \{ member = .x/one.csv. \}",
    ):
        read_table(path)
    with pytest.raises(NormsError, match=r"holds no 'two.csv'"):
        read_table(path, Layout(member="two.csv"))


def _damaged(path: Path, kind: str) -> Path:
    """Make a file that can't be read."""
    file = path / f"ratings.{kind}"
    if kind == "empty":
        file.write_bytes(b"")
    elif kind == "headeronly.csv":
        file.write_text("word,valence\n", encoding="utf-8")
    elif kind == "csv.gz":
        file.write_bytes(gzip.compress(TEXT.encode() * 500)[:-30])
    elif kind == "zip":
        _zip(file, "a.csv")
        file.write_bytes(file.read_bytes()[:60])
    elif kind == "xlsx":
        FRAME.to_excel(file, index=False)
        file.write_bytes(file.read_bytes()[:2000])
    elif kind == "parquet":
        FRAME.to_parquet(file)
        file.write_bytes(file.read_bytes()[:-20])
    elif kind == "pdf":
        file.write_bytes(b"%PDF-1.7\n...")
    elif kind == "html.xlsx":
        file.write_text("<!DOCTYPE html><html>Please accept cookies</html>", encoding="utf-8")
    elif kind == "text.xlsx":
        file.write_text(TEXT, encoding="utf-8")
    elif kind == "zeros.csv":
        file.write_bytes(b"word,valence\n\0\0\0,1\n")
    return file


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing.csv", "there is no file"),
        ("empty", "is empty"),
        ("headeronly.csv", "no rows below its header"),
        ("csv.gz", "damaged or truncated gzip"),
        ("zip", "damaged or truncated ZIP"),
        ("xlsx", "damaged or truncated ZIP"),
        ("parquet", "can't be read as parquet"),
        ("pdf", "is a PDF"),
        ("html.xlsx", "is a web page"),
        ("text.xlsx", "not a xlsx file"),
        ("zeros.csv", "holds zero bytes"),
    ],
)
def test_files_that_are_no_tables(kind: str, words: str, tmp_path: Path) -> None:
    path = _damaged(tmp_path, kind)
    with pytest.raises(NormsError, match=words) as caught:
        read_table(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_workbook_whose_inside_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(NormsError, match="can't be read as xlsx"):
        read_table(path)


@pytest.mark.parametrize("kind", ["xls", "ods"])
def test_a_missing_package_is_named(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "xls":
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(NormsError, match="pip install python-calamine"):
        read_table(path)


def test_no_such_encoding_or_header_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(NormsError, match="no encoding 'utf-9'"):
        read_table(path, Layout(encoding="utf-9"))
    with pytest.raises(NormsError, match="no encoding 'latin-99'"):
        read_table(path, Layout(encoding="latin-99"))
    with pytest.raises(NormsError, match="4 rows, so no header in row 9"):
        read_table(path, Layout(header_row=9))


def test_a_header_with_too_few_names_is_not_trusted(tmp_path: Path) -> None:
    # As in labMT's Korean file: the header lacks the name of the second column.
    path = tmp_path / "a.tsv"
    path.write_text("Word\tHavg\tStDev\nsarang\t1\t7.84\t1.27\n", encoding="utf-8")
    table = read_table(path)
    with pytest.raises(NormsError, match="names 3 columns, but row 2 has more cells"):
        column_at(table, "Havg", path)
    assert table.iloc[0, column_at(table, 2, path)] == "7.84"


def test_columns_by_name_and_position(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"Words  (all)",M V,M A\na,1,2\n', encoding="utf-8")
    table = read_table(path)
    assert column_at(table, "Words (all)", path) == 0
    assert column_at(table, "M V", path) == 1
    assert column_at(table, 2, path) == 2
    with pytest.raises(NormsError, match=r"no column 'M W' .did you mean 'M V'.*it has 'Words .all.', 'M V', 'M A'"):
        column_at(table, "M W", path)
    with pytest.raises(NormsError, match="3 columns, so no column 3 counted from 0"):
        column_at(table, 3, path)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [(6, 1, "encrypted"), (8, 99, "compression method is not supported")],
)
def test_an_archive_that_can_t_be_unpacked(tmp_path: Path, field: int, value: int, message: str) -> None:
    """Flags and compression method of the entry, in its own header and in the directory (APPNOTE 4.3.7 and 4.3.12)."""
    path = tmp_path / "norms.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("norms.csv", "word,valence\nsun,8\n")
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", field), (b"PK\x01\x02", field + 2)):
        content[content.index(signature) + offset] = value
    path.write_bytes(content)
    with pytest.raises(NormsError, match=f"norms.zip can't be unpacked: .*{message}"):
        read_table(path)
