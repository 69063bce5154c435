"""Quotation marks in text tables: those that wrap cells, and those that are characters."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua.errors import NormsError
from interlingua.norms import load_norms
from interlingua.norms.quotes import split_cells


def rows_of(text: str, separator: str = ",", *, quoted: bool | None = None) -> list[list[str]]:
    return [cells for cells in split_cells(text, separator, quoted).rows if cells]


def norms_of(path: Path, text: str, **options: object) -> tuple[dict[str, float], list[str]]:
    """Return the ratings by word, and what the issues say of quotation marks."""
    path.write_text(text, encoding="utf-8", newline="")
    norms = load_norms(path, language="en", variables=["valence"], scale="none", options=options or None)
    issues = norms.issues[norms.issues["kind"] == "stray quotation mark"]
    said = [f"{row.count}: {row.detail}" for row in issues.itertuples()]
    return dict(zip(norms.table["word"], norms.table["valence"], strict=True)), said


#: Words with a mark that wraps nothing. Those with two are read as any reader of CSV reads them.
STRAY = ['"quote', 'quote"', 'qu"ote', '"', '"""', '"a"b', '"a" and "b', 'a"b"', '""a']


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
@pytest.mark.parametrize("word", STRAY)
def test_a_stray_mark_is_a_character(word: str, separator: str, tmp_path: Path) -> None:
    rows = [("love", 8.1), (word, 5.0), ("sun", 7.0), ("moon", 6.5), ("rain", 4.4)]
    text = "".join(f"{cell}{separator}{rating}\n" for cell, rating in [("word", "valence"), *rows])
    found, said = norms_of(tmp_path / ("a.tsv" if separator == "\t" else "a.csv"), text)
    assert found == dict(rows)
    assert said == ([] if word == 'a"b"' else ["1: taken for a character in row 3 of the file"])


@pytest.mark.parametrize("separator", ["\t", ","])
@pytest.mark.parametrize("apart", [1, 2, 100])
def test_two_stray_marks_swallow_nothing(separator: str, apart: int, tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(300)]
    words[100], words[100 + apart] = f'"{words[100]}', f'{words[100 + apart]}"'
    rows = {word: float(number % 9) for number, word in enumerate(words)}
    text = "".join(f"{cell}{separator}{rating}\n" for cell, rating in [("word", "valence"), *rows.items()])
    found, said = norms_of(tmp_path / ("a.tsv" if separator == "\t" else "a.csv"), text)
    assert found == rows
    assert said == [f"2: taken for a character in rows 102, {102 + apart} of the file"]


def test_a_mark_that_fails_in_a_table_whose_cells_are_all_wrapped(tmp_path: Path) -> None:
    text = '"word","valence"\n"a, b","1"\n"c","2"\n"d,"3"\ne","4"\n"f ""g""","5"\n'
    found, said = norms_of(tmp_path / "a.csv", text)
    assert found == {"a, b": 1, "c": 2, '"d': 3, 'e"': 4, 'f "g"': 5}
    assert said == ["2: taken for a character in rows 4, 5 of the file"]


def test_cells_that_are_wrapped_as_they_should_be(tmp_path: Path) -> None:
    text = (
        'word,note,valence\n"a, b",x,1\n"c ""d""","two\nlines",2\n"e\r\nf",,3\n"",y,4\ng,"one, and\n\nmore, of it",5\n'
    )
    found, said = norms_of(tmp_path / "a.csv", text)
    assert found == {"a, b": 1, 'c "d"': 2, "e f": 3, "g": 5}
    assert said == []


def test_names_over_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('word,"valence\n(mean, 1-9)",n\na,1,2\nb,3,4\n', encoding="utf-8")
    table = load_norms(path, language="en", columns={"valence": "valence (mean, 1-9)"}, scale="none").table
    assert table["valence"].tolist() == [1, 3]


def test_marks_undoubled_in_a_wrapped_cell() -> None:
    found = split_cells('a,b\n"he said "so, then" to me",1\nx,2\ny,3\n', ",", None)
    assert found.rows[1] == ['he said "so, then" to me', "1"]
    assert found.stray == [2]


def test_where_it_cannot_be_told_the_error_names_row_and_option(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = 'word,valence\na,1\n"b, or so,2\nc,3\nd,4\n'
    with pytest.raises(
        NormsError, match=r"a\.csv, row 3: its quotation marks make no sense.* 3 cells, where most .* 2"
    ) as e:
        norms_of(path, text)
    assert "quoted = false" in str(e.value)
    # All text, and every line could be a row.
    across = 'text,word\nlove me,love\n"Well, love\nis blind",love\nI love,love\n'
    with pytest.raises(NormsError, match=r"row 3: a quotation mark begins a cell that would end in row 4"):
        split_cells(across, ",", None)
    assert rows_of(across, quoted=True)[2] == ["Well, love\nis blind", "love"]
    assert rows_of(across, quoted=False)[2] == ['"Well', " love"]


def test_a_long_text_with_commas_and_line_breaks() -> None:
    verse = "Roses are red,\nviolets are blue,\nsugar\n\nis sweet, and\nso are you"
    rows = [["text", "word"], [verse, "roses"], [f"{verse} {verse}", "sugar"], ["one line", "line"]]
    assert rows_of(written(rows)) == rows


def written(rows: list[list[str]], separator: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="\n").writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


SEPARATORS = st.sampled_from([",", "\t", ";"])
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
#: A cell in which a separator and a line break don't meet: the lines of such a cell may look like rows.
CELL = st.one_of(st.text('ab ",;\t', max_size=8), st.text('ab "\n', max_size=8))
ANYTHING = st.text('ab ",;\t\n', max_size=12)


@given(st.lists(st.tuples(CELL, st.integers(0, 9).map(str)).map(list), min_size=1, max_size=12), SEPARATORS, QUOTING)
def test_what_a_writer_wrote_is_read(rows: list[list[str]], separator: str, quoting: int) -> None:
    rows = [["word", "valence"], *rows]
    found = split_cells(written(rows, separator, quoting), separator, None)
    assert [cells for cells in found.rows if cells] == rows
    assert found.stray == []


@given(st.lists(st.lists(ANYTHING, min_size=2, max_size=4), min_size=1, max_size=8), SEPARATORS, QUOTING)
def test_what_a_writer_wrote_is_believed_where_it_is_to_be(rows: list[list[str]], separator: str, quoting: int) -> None:
    found = split_cells(written(rows, separator, quoting), separator, True)
    assert [cells for cells in found.rows if cells] == rows
    assert found.stray == []


#: Text without a separator, in which some mark wraps nothing.
BROKEN = st.text('ab"', min_size=1, max_size=6).filter(
    lambda word: word.count('"') % 2 == 1 and not (word.startswith('"') and word.endswith('"'))
)


@given(st.lists(st.one_of(BROKEN, st.text("ab", min_size=1, max_size=4)), min_size=1, max_size=12), SEPARATORS)
def test_no_row_is_swallowed_whatever_the_marks(words: list[str], separator: str) -> None:
    lines = ["word", *(f"w{number}" for number in range(5)), *words]
    text = "".join(f"{word}{separator}{number if number else 'valence'}\n" for number, word in enumerate(lines))
    found = split_cells(text, separator, None)
    assert [cells[0] for cells in found.rows] == lines
    assert found.stray == [number for number, word in enumerate(lines, start=1) if word.count('"') % 2]
