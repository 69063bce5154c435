"""Ratings and words as they are typed: signs, commas, separators, invisible characters, and advice that works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua.errors import NormsError
from interlingua.norms import Layout, Norms, load_norms
from interlingua.norms.ratings import number_of
from interlingua.study.reading import read_study
from interlingua.study.sources import language_norms


def load(path: Path, text: str, language: str = "en", **arguments: Any) -> Norms:
    path.write_text(text, encoding="utf-8")
    return load_norms(path, language=language, scale="none", **arguments)


def issues(norms: Norms) -> dict[str, tuple[int, str]]:
    return {str(row.kind): (int(row.count), str(row.detail)) for row in norms.issues.itertuples()}  # type: ignore[arg-type]


@pytest.mark.parametrize("minus", ["\u2212", "\u2013", "\u2012", "\u2010", "\ufe63", "\uff0d"])
def test_a_minus_that_is_none_of_a_typewriter(minus: str, tmp_path: Path) -> None:
    norms = load(tmp_path / "a.csv", f"word,valence\na,{minus}1.5\nb,2\nc,1e{minus}3\nd,{minus}.5\ne,-2\n")
    assert norms.table["valence"].tolist() == [-1.5, 2, 0.001, -0.5, -2]
    count, detail = issues(norms)["rating of valence in other characters, read as a number"]
    assert count == 3
    assert f"'{minus}1.5' in row 2 (a)" in detail
    semicolons = load(tmp_path / "b.csv", f"word;valence\na;{minus}1,5\nb;2\n", options={"decimal": ","})
    assert semicolons.table["valence"].tolist() == [-1.5, 2]


def test_a_dash_alone_is_no_number(tmp_path: Path) -> None:
    text = "word,valence\na,1\nb,–\nc,3\n"
    with pytest.raises(NormsError, match='na_values = \\["–"\\]'):
        load(tmp_path / "a.csv", text)
    assert load(tmp_path / "a.csv", text, options={"na_values": ["–"]}).table["valence"].isna().sum() == 1


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["\u2212", "\u2013", "-"]))
def test_numbers_are_read_as_they_are(number: float, minus: str) -> None:
    assert number_of(str(number).replace("-", minus), Layout()) == number
    assert number_of(str(number).replace("-", minus).replace(".", ","), Layout(decimal=",")) == number


@pytest.mark.parametrize("text", ["1−2", "−−1", "−", "- 1", "−1−", "1,5", "1 000", "1_0", "٣", "½", "0x1", "--1"])
def test_what_is_no_number(text: str) -> None:
    assert number_of(text, Layout()) != number_of(text, Layout())


@pytest.mark.parametrize(
    "text",
    ["word;valence\na;7,5\nb;1,5\n", "word;N;valence\na;20;7,5\nb;30;8\nc;30;8\n", "word\tvalence\na\t7,5\nb\t8\n"],
)
def test_decimal_commas_without_named_variables(text: str, tmp_path: Path) -> None:
    with pytest.raises(
        NormsError, match=r"(column 'valence' was not read: 7,5|valence is '7,5').* \{ decimal = \",\" \}"
    ):
        load(tmp_path / "a.csv", text)
    norms = load(tmp_path / "a.csv", text, options={"decimal": ","})
    assert norms.table["valence"].tolist()[:2] == ([7.5, 1.5] if "1,5" in text else [7.5, 8])


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    text = 'word,valence,frequency,code,class\na,7.5,"1,234",x1,N\nb,1.5,"2,345",2,V\nc,3,"5,432",x3,V\n'
    norms = load(tmp_path / "a.csv", text)
    assert norms.variables == ("valence",)
    rows = norms.issues.loc[norms.issues["kind"] == "column not read", "detail"].tolist()
    assert rows == [
        "'frequency': 1,234, 2,345, 5,432: its numbers have commas between thousands, it seems",
        "'code': 1 of its 3 cells are numbers",
    ]


def test_a_column_of_numbers_is_known_though_its_first_cell_is_a_mark(tmp_path: Path) -> None:
    text = "word,valence,arousal\na,?,1\nb,2,2\nc,3,3\n"
    with pytest.raises(NormsError, match=r"row 2, word 'a': the rating of valence is '\?'"):
        load(tmp_path / "a.csv", text)
    assert load(tmp_path / "a.csv", text, options={"na_values": ["?"]}).variables == ("valence", "arousal")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('word;"Valence, mean";"N, raw, all"\nlove;8.1;20\nhate;2;30\n', ["Valence, mean", "N, raw, all"]),
        ("word;Valence, mean, of all;N\nlove;8.1;20\nhate;2;30\n", ["Valence, mean, of all", "N"]),
        ('"word";"Valence; mean, ""all"""\n"love";8.1\n"hate";2\n', ['Valence; mean, "all"']),
        ('word,"a; b; c; d",e\nlove,8.1,2\nhate,2,3\n', ["a; b; c; d", "e"]),
        ("word,note;x;y;z,valence\nlove,8,8.1\nhate,9,2\n", ["note;x;y;z", "valence"]),
        ("word\tValence, mean, all; raw\nlove\t8.1\nhate\t2\n", ["Valence, mean, all; raw"]),
        ('word,text,valence\nlove,"a, b; c; d",8.1\nhate,c; d; e,2\n', ["valence"]),
    ],
)
def test_heads_with_commas_and_semicolons(text: str, names: list[str], tmp_path: Path) -> None:
    norms = load(tmp_path / "a.csv", text)
    assert list(norms.variables) == names
    assert list(norms.table["word"]) == ["love", "hate"]


def test_semicolons_with_decimal_commas_and_commas_in_the_heads(tmp_path: Path) -> None:
    norms = load(
        tmp_path / "a.csv",
        'w;"V, m";"A, m"\nx;1,5;2,5\ny;3,5;4\n',
        columns={"word": "w", "v": "V, m"},
        options={"decimal": ","},
    )
    assert norms.table["v"].tolist() == [1.5, 3.5]


def test_invisible_characters_inside_words_go_and_are_named(tmp_path: Path) -> None:
    cells = [
        "mo\u00adther",
        "fa\u200bther",
        "sun\u2060ny",
        "\u200bsea",
        "sk\ufeffy",
        "mother",
        "\u200erain\u200f",
        "de\x07w",
    ]
    text = "word,valence\n" + "".join(f"{cell},{number}\n" for number, cell in enumerate(cells))
    norms = load(tmp_path / "a.csv", text)
    assert list(norms.table["word"]) == ["mother", "father", "sunny", "sea", "sky", "rain", "dew"]
    found = issues(norms)
    count, detail = found["invisible character removed from a word"]
    assert count == 6
    assert "row 2 (mo<U+00AD>ther), row 3 (fa<U+200B>ther)" in detail
    assert found["repeated word, first kept"] == (1, "mother")
    assert len(found) == 2


@pytest.mark.parametrize(
    ("language", "cell", "word"),
    [
        ("fa", "می\u200cخواهم", "می\u200cخواهم"),
        ("hi", "क्\u200dष", "क्\u200dष"),
        ("fa", "\u200cمی\u200c", "می"),
        ("de", "Auf\u200clage", "Auflage"),
        ("en", "👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_joiners_stay_where_they_belong_to_the_word(language: str, cell: str, word: str, tmp_path: Path) -> None:
    norms = load(tmp_path / "a.csv", f"word,valence\n{cell},1\nx,2\n", language=language)
    assert norms.table["word"].iloc[0] == word
    assert ("invisible character removed from a word" in issues(norms)) == (cell != word)


def test_invisible_characters_in_ratings(tmp_path: Path) -> None:
    norms = load(tmp_path / "a.csv", "word,valence\na,\u200b2\nb,\u200b\nc,3\u00a0\n")
    assert norms.table["valence"].tolist()[::2] == [2, 3]
    assert issues(norms)["no rating of valence"] == (1, "b")
    assert "'<U+200B>2' in row 2 (a)" in issues(norms)["rating of valence in other characters, read as a number"][1]


@pytest.mark.parametrize("separator", ["::", "", "||", "\n", "\r", '"', "ab"])
def test_a_separator_that_is_none(separator: str, tmp_path: Path) -> None:
    with pytest.raises(NormsError, match=r"a\.csv: separator = .*one character parts cells"):
        load(tmp_path / "a.csv", "word::valence\na::1\n", options={"separator": separator})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"header_row": -1}, "'header_row' is -1: it should be greater than or equal to 0"),
        ({"encodin": "x"}, r"no option 'encodin' \(did you mean 'encoding'\?\); there are format, sd, raters, sheet"),
        ({"decimal": "x"}, "'decimal' is 'x': it should be '.' or ','"),
        ({"na_values": {"a": 1}}, "'na_values' is {'a': 1}"),
    ],
)
def test_options_that_are_none(options: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(NormsError, match=r"^options: ") as caught:
        load(tmp_path / "a.csv", "word,valence\na,1\nb,2\n", language="de", options=options)
    assert re.search(words, str(caught.value))
    assert "did you mean 'header_row'" not in str(caught.value)


@pytest.mark.parametrize("marks", ["-9", -9, ["-9"], [-9], [-9.0, -9]])
def test_marks_of_missing_ratings_as_people_type_them(marks: Any, tmp_path: Path) -> None:
    found = load(tmp_path / "a.csv", "word,valence\na,1\nb,-9\n", options={"na_values": marks})
    assert found.table["valence"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("word,valence\na,1\nb,?\nc,3\n", [1, None, 3]),
        ('word,valence\na,1\nb,"k.A. \\ ""x"""\nc,3\n', [1, None, 3]),
        ("word;valence\na;1,5\nb;2,5\nc;3\n", [1.5, 2.5, 3]),
        ("Table 1,\nword,valence\na,1\nb,2\nc,3\n", None),
        ("word,x\nword,valence\na,1\nb,2\nc,3\n", [1, 2, 3]),
    ],
)
def test_advice_typed_as_it_stands_works_in_a_study(
    text: str, right: list[float | None] | None, tmp_path: Path
) -> None:
    """The advised line goes into the language's entry, as the error says, and then the file is read."""
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    entry = 'norms = "a.csv", columns = { valence = 1 }' if "x" in text.partition("\n")[0] else 'norms = "a.csv"'

    def norms(more: str = "") -> Norms:
        (tmp_path / "study.toml").write_text(
            'name = "s"\nmodels = ["x"]\nvariables = ["valence"]\n[languages]\n'
            f"en = {{ {entry}{more} }}\nde = {{ norms = 'labmt' }}\n[sampling]\nscale = 'none'\n",
            encoding="utf-8",
        )
        return language_norms(read_study(tmp_path / "study.toml"), "en")

    with pytest.raises(NormsError) as caught:
        norms()
    if right is None:
        assert "no column 'word'" in str(caught.value)
        return
    options = re.findall(r"options = \{ .*? \} (?=in languages\.en of the study)", str(caught.value))
    assert options
    table = norms(f", {options[-1]}").table
    assert [None if rating != rating else rating for rating in table["valence"]] == right


def test_the_semicolons_of_the_reviewers(shared: Path) -> None:
    path = shared / "cases" / "norms" / "semi-commas.csv"
    norms = load_norms(path, language="en", columns={"valence": "Valence, mean"}, scale="none")
    assert norms.table.to_numpy().tolist() == [["love", 8.1], ["hate", 2.0]]
