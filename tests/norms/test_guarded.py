"""Fragile files are read in a process of their own, which ends by itself."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlwt

from interlingua.errors import InterlinguaError, NormsError
from interlingua.norms import Layout, child_reader, guarded, limits, load_norms, read_table
from interlingua.norms.advice import Keys
from interlingua.norms.limits import Limits

ROWS = [["word", "valence"], *([f"w{number}", number % 9 + 0.5] for number in range(60))]
KINDS = ["xlsx", "xls", "ods", "parquet", "zip"]


def write(folder: Path, kind: str) -> Path:
    path = folder / f"a.{kind}"
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0])
    match kind:
        case "xlsx":
            frame.to_excel(path, index=False)
        case "xls":
            book = xlwt.Workbook()
            sheet = book.add_sheet("A")
            for number, row in enumerate(ROWS):
                for column, cell in enumerate(row):
                    sheet.write(number, column + 1, cell)  # the rows of a sheet may begin anywhere
            book.save(str(path))
        case "ods":
            text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
            cells = "".join(f"<table:table-row>{''.join(map(text.format, row))}</table:table-row>" for row in ROWS)
            names = "urn:oasis:names:tc:opendocument:xmlns"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
                archive.writestr("META-INF/manifest.xml", "<manifest/>")
                archive.writestr(
                    "content.xml",
                    f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
                    f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="A">'
                    f"{cells}</table:table></office:spreadsheet></office:body></office:document-content>",
                )
        case "parquet":
            frame.to_parquet(path)
        case "zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("a.csv", frame.to_csv(index=False))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_come_back_whole_and_soon(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path, kind)
    spent = []
    for _ in range(3):
        start = time.perf_counter()
        table = load_norms(path, language="en", scale="none").table
        spent.append(time.perf_counter() - start)
    assert table.to_numpy().tolist() == ROWS[1:]
    assert min(spent) < 1.5  # about 0.2 s on a machine that does nothing else


def spoilt(content: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(chance.choice([1, 1, 3, 12])):
        place = chance.randrange(len(spoilt))
        match chance.randrange(4):
            case 0:
                spoilt[place] = chance.randrange(256)
            case 1:
                spoilt[place : place + 4] = chance.choice([b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f"])
            case 2:
                del spoilt[place : place + chance.randrange(1, 40)]
            case 3:
                spoilt[place] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_are_one_clear_error(kind: str, tmp_path: Path) -> None:
    content = write(tmp_path, kind).read_bytes()
    chance = random.Random(kind)
    path = tmp_path / f"b.{kind}"
    for _ in range(12):
        path.write_bytes(spoilt(content, chance))
        try:
            load_norms(path, language="en")
        except InterlinguaError as error:
            assert str(path) in str(error)  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017


def test_a_reader_that_takes_all_memory_ends(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="needs a system that limits a process")
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"word": ["x" * 2_000_000] * 150, "valence": [1.0] * 150}), path)
    with pytest.raises(
        NormsError,
        match=r"a\.parquet can't be read as parquet: .* more than 0.25 GB of memory; .* CSV, or .*most_megabytes",
    ):
        read_table(path, Layout(most_megabytes=32))


def test_the_memory_of_a_process_is_limited() -> None:
    pytest.importorskip("resource", reason="needs a system that limits a process")
    code = (
        "import json, sys; from interlingua.norms import child_reader as c\n"
        "c._limit({'memory': 2**29, 'seconds': 5})\n"
        "try: bytearray(2**30)\n"
        "except MemoryError: print('limited')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "limited\n"


def test_a_reader_that_runs_on_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(limits, "_SECONDS_A_MEGABYTE", 0)
    small, path = tmp_path / "small.xlsx", tmp_path / "a.xlsx"
    pd.DataFrame({"word": ["w"], "valence": 1.0}).to_excel(small, index=False)
    row = b'<row r="%d"><c t="inlineStr"><is><t>w%d</t></is></c><c><v>1</v></c></row>'
    more = b"".join(row % (n, n) for n in range(3, 400_000))  # some seconds of the fastest machine
    with zipfile.ZipFile(small) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</sheetData>", more + b"</sheetData>"))
    start = time.perf_counter()
    with pytest.raises(
        NormsError,
        match=r"a\.xlsx can't be read as xlsx: it was not read within \d+ seconds; it is damaged.*most_seconds",
    ):
        read_table(path, Layout(most_seconds=1))
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize("how", ["no executable", "no process"])
@pytest.mark.parametrize("kind", KINDS)
def test_where_there_can_be_no_other_process(
    how: str, kind: str, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError("no more processes")

    path = write(tmp_path, kind)
    if how == "no executable":
        monkeypatch.setattr(sys, "executable", "")
    else:
        monkeypatch.setattr(guarded.subprocess, "run", fails)  # type: ignore[attr-defined]
    assert load_norms(path, language="en", scale="none").table.to_numpy().tolist() == ROWS[1:]
    assert "without a limit of memory and time" in caplog.text
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(NormsError, match=r"can't be read as|damaged or truncated"):
        read_table(path)


def test_a_system_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    child_reader._limit({"memory": 1, "seconds": 1})


def test_a_cell_in_a_far_corner(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [["word", "valence"], ["a", 1], ["b", 2]]:
        book.active.append(row)
    book.active["XFD60000"] = "x"
    book.save(tmp_path / "a.xlsx")
    norms = load_norms(tmp_path / "a.xlsx", language="en")
    assert list(norms.table["word"]) == ["a", "b"]
    assert norms.issues["detail"].tolist() == ["row 60000"]


def test_a_far_corner_of_a_long_table_is_too_much(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("word,valence\n" + "a,1\n" * 20 + "b,1" + "," * 100 + "x\n", encoding="utf-8")
    with pytest.raises(
        NormsError,
        match=r"21 rows and 102 columns, more cells than .* row 22 is the widest: delete .*most_cells = 2142",
    ):
        read_table(path, Layout(most_cells=1000))
    assert len(read_table(path, Layout(most_cells=2142))) == 21


def test_what_unpacks_to_too_much(tmp_path: Path) -> None:
    text = b"word,valence\n" + b"a,1\n" * (2**21 + 1)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", text)
    for name, words in [
        ("a.zip", "'a.csv' in it is more than 1 MB"),
        ("a.csv.gz", "more than 1 MB"),
        ("a.xlsx", "unpacked it is 8 MB"),
    ]:
        with pytest.raises(NormsError, match=f"{words}.*most_megabytes"):
            read_table(tmp_path / name, Layout(most_megabytes=1), "en")


def test_a_directory_that_lies_about_a_size(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "word,valence\n" + "a,1\n" * 2**19)
    entry = guarded.entries_of(path.read_bytes(), path)[0]
    entry.file_size = 10
    with pytest.raises(NormsError, match=r"a\.zip can't be unpacked: it holds more than is read of any table"):
        guarded.read_member(path.read_bytes(), path, entry, Limits(megabytes=1), Keys())


def test_several_gzip_parts_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"word,valence\na,1\n") + gzip.compress(b"b,2\n") + b"\0" * 20)
    assert list(read_table(path)["word"]) == ["a", "b"]
    for content in (b"", b"\n\n"):
        path.write_bytes(gzip.compress(content))
        with pytest.raises(NormsError, match=r"a\.csv\.gz holds (an empty file|no rows)"):
            read_table(path)


def test_what_a_reader_prints_is_no_row(tmp_path: Path) -> None:
    """A folder on the child's path with a reader that prints, and panics as Rust does: no Exception."""
    (tmp_path / "openpyxl.py").write_text(
        "print('[1, 2]')\nclass PanicException(BaseException): pass\n"
        "def load_workbook(*a, **k): print('more'); raise PanicException('slice index\\nstarts at 8192')\n",
        encoding="utf-8",
    )
    task = {
        "kind": "xlsx",
        "sheet": 0,
        "memory": 2**31,
        "seconds": 9,
        "path": [str(tmp_path), *sys.path],
        "without": [],
    }
    done = subprocess.run(
        [sys.executable, child_reader.__file__, json.dumps(task)], input=b"PK", capture_output=True, check=False
    )
    assert done.returncode == child_reader.FAILED
    assert json.loads(done.stdout) == {"error": "slice index starts at 8192", "type": "PanicException"}


def test_the_damaged_files_of_the_reviewers(shared: Path) -> None:
    broken = shared / "cases" / "broken"
    start = time.perf_counter()
    with pytest.raises(NormsError, match=r"memory-blowup\.xls can't be read as xls: .* save the sheet as CSV"):
        load_norms(broken / "memory-blowup.xls", language="en")
    assert time.perf_counter() - start < 60
    with pytest.raises(NormsError, match="damaged or truncated ZIP file: fetch it again"):
        load_norms(broken / "10611ca3-n.zip", language="en")
    for name in ("corpus-2a604fdf-w.parquet", "ctxparquet-1ecf0f19-cp.parquet"):
        try:
            load_norms(broken / name, language="en")
        except NormsError as error:
            assert name in str(error)  # noqa: PT017
