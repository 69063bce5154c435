"""From a table to rated words."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua.errors import LanguageError, NormsError
from interlingua.norms import Variable, load_norms, scale_ratings


def _file(folder: Path, text: str, name: str = "ratings.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _issues(table: pd.DataFrame) -> dict[str, tuple[int, str]]:
    return {str(row.kind): (int(row.count), str(row.detail)) for row in table.itertuples()}  # type: ignore[arg-type]


def test_a_table_of_one_s_own(tmp_path: Path) -> None:
    path = _file(tmp_path, "word,class,valence,arousal\nAngst,N,2,8\nBaum,N,6,3\nFreude,N,8,\n")
    norms = load_norms(path, language="de")
    assert norms.variables == ("valence", "arousal")
    assert list(norms.table.columns) == ["word", "valence", "arousal"]
    assert list(norms.table["word"]) == ["Angst", "Baum", "Freude"]
    np.testing.assert_allclose(norms.table["valence"], [0, 2 / 3, 1])
    np.testing.assert_allclose(norms.table["arousal"], [1, 0, np.nan])
    assert norms.table["arousal"].dtype == np.float64
    assert norms.scale == "minmax"
    assert norms.card.language == "de"
    assert norms.card.title == "ratings.csv"
    assert norms.path == path
    assert list(norms.issues.columns) == ["language", "source", "kind", "count", "detail"]
    assert _issues(norms.issues) == {"no rating of arousal": (1, "Freude")}


def test_columns_and_variables_by_choice(tmp_path: Path) -> None:
    path = _file(tmp_path, "Palabra;V.M;A.M;Otro\npaz;7,5;2;1\nguerra;1,5;7;2\n")
    chosen = {"word": "Palabra", "valence": "V.M", "arousal": "A.M"}
    norms = load_norms(path, language="es", columns=chosen, scale="none", options={"decimal": ","})
    assert norms.variables == ("valence", "arousal")
    assert list(norms.table["valence"]) == [7.5, 1.5]
    only = load_norms(path, language="es", columns=chosen, variables=["arousal"], scale="none")
    assert only.variables == ("arousal",)
    by_place = load_norms(path, language="es", columns={"word": 0, "x": 3}, scale="none")
    assert list(by_place.table["x"]) == [1, 2]


def test_words_are_cleaned_and_repeats_reported(tmp_path: Path) -> None:
    cells = ["caf\u00e9", " cafe\u0301 ", "\u200eacı\u200e", "dos\u00a0 palabras", "\ufefffin"]
    path = _file(tmp_path, "word,valence\n" + "".join(f"{word},{i}\n" for i, word in enumerate(cells, 1)) + ",9\n")
    norms = load_norms(path, language="es", scale="none")
    # The second spelling of café is the same word in NFC: the first rating stays, and it is said so.
    assert list(norms.table["word"]) == ["caf\u00e9", "acı", "dos palabras", "fin"]
    assert list(norms.table["valence"]) == [1, 3, 4, 5]
    assert _issues(norms.issues) == {
        "row without a word": (1, "row 7"),
        "repeated word, first kept": (1, "caf\u00e9"),
    }


def test_a_long_list_of_issues_is_cut(tmp_path: Path) -> None:
    path = _file(tmp_path, "word,v,w\n" + "".join(f"w{i},{i},NA\n" for i in range(30)) + "x,1,1\ny,1,2\n")
    norms = load_norms(path, language="en", variables=["v", "w"])
    count, detail = _issues(norms.issues)["no rating of w"]
    assert count == 30
    assert detail.endswith("w9 and 20 more")


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        (
            "Wort,valence\na,1\nb,2\n",
            {},
            r"no column 'word'.*it has 'Wort', 'valence'; .* columns = \{ word = \"Wort\" \} in languages",
        ),
        ("word,Valence\na,1\nb,2\n", {"variables": ["valence"]}, "no column 'valence' .did you mean 'Valence'"),
        ("word,valence\na,1\nb,high\n", {}, r"row 3, word 'b': the rating of valence is 'high', not a number;"),
        (
            "word,valence\na,1\nb,?\nc,?\n",
            {},
            r"'\?', not a number .2 such cells.; give options = { na_values = \[\"\?\"\] } in languages.en",
        ),
        ("word;valence\na;1\nb;2,5\n", {}, 'not a number; give options = { decimal = "," }'),
        ("word,valence\na,1\nb,inf\n", {}, "'inf', not a number"),
        ("word,valence\na,1\nb,1_000\n", {}, "'1_000', not a number"),
        ("word,valence\na,NA\nb,\n", {"variables": ["valence"]}, "no word has a rating of valence"),
        ("word,valence\n,1\n,2\n", {}, "column 'word' holds no words"),
        ("word,class\na,N\nb,V\n", {}, "no column of numbers beside 'word'; it has 'word', 'class'"),
        ("word,valence\na,5\nb,5\n", {}, "every rating of valence is 5, so it can't be scaled"),
        ("word,valence\na,1\nb,2\n", {"scale": "ends"}, 'ends of the scale of valence are not known.*"minmax"'),
        ("word,valence\na,1\nb,2\n", {"scale": "minimax"}, "no scaling is called 'minimax' .did you mean 'minmax'"),
        ("word,valence\na,1\nb,2\n", {"options": {"encodin": "x"}}, "'encodin'.*did you mean 'encoding'"),
        ("word,valence\na,1\nb,2\n", {"options": {"decimal": ";"}}, "'decimal'"),
    ],
)
def test_tables_that_can_t_be_read(text: str, arguments: dict[str, object], words: str, tmp_path: Path) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(NormsError, match=words) as caught:
        load_norms(path, language="en", **arguments)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_an_unknown_language_or_source(tmp_path: Path) -> None:
    path = _file(tmp_path, "word,valence\na,1\nb,2\n")
    with pytest.raises(LanguageError, match="'klingon'"):
        load_norms(path, language="klingon")
    with pytest.raises(NormsError, match="no norms are called 'labnt'"):
        load_norms("labnt", language="en")
    with pytest.raises(NormsError, match=r"there is no file .*nowhere.csv"):
        load_norms(tmp_path / "nowhere.csv", language="en")
    with pytest.raises(NormsError, match="has no ratings of happiness; it has valence, arousal, dominance"):
        load_norms("en-warriner-2013", language="en", variables=["happiness"], path=path)


def test_a_card_of_another_language_is_refused(tmp_path: Path) -> None:
    card = _file(tmp_path, 'name = "x"\ntitle = "t"\nlanguage = "cy"\n[variables]\nvalence = {}\n', "x.toml")
    with pytest.raises(NormsError, match="is a card of 'cy', not of 'en'"):
        load_norms(card, language="en")


def test_a_card_without_a_layout_takes_columns_by_name(tmp_path: Path) -> None:
    path = _file(tmp_path, "lexi,V,A\nχαρά,0.9,0.5\nπόνος,-0.8,0.4\n")
    norms = load_norms(
        "el-palogiannidi-2016", language="el", path=path, columns={"word": "lexi", "valence": "V", "arousal": "A"}
    )
    assert list(norms.table["valence"]) == [1, 0]
    with pytest.raises(NormsError, match=r"name the columns of yours with columns = \{ valence"):
        load_norms("el-palogiannidi-2016", language="el", path=path)


def test_a_file_that_fits_no_known_layout_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "woord,v\na,1\nb,2\n")
    with pytest.raises(NormsError, match=r"no column 'Word'.*no layout known for en-warriner-2013 fits: original"):
        load_norms("en-warriner-2013", language="en", path=path)


def test_montefinese_s_workbook_repeats_its_column_names(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append([None, None, None, "All", None, "Females", None])
    book.active.append(["Num", "Eng_Word", "Ita_Word", "M_Val", "M_Aro", "M_Val", "M_Aro"])
    book.active.append([1, "abuse", "abuso", 1.5, 6.0, 9.0, 9.0])
    book.active.append([2, "joy", "gioia", 8.5, 5.0, 1.0, 1.0])
    book.save(tmp_path / "a.xlsx")
    norms = load_norms(
        "it-montefinese-2014",
        language="it",
        path=tmp_path / "a.xlsx",
        variables=["valence", "arousal"],
        scale="none",
    )
    assert norms.layout == "original"
    assert list(norms.table["word"]) == ["abuso", "gioia"]
    assert list(norms.table["valence"]) == [1.5, 8.5]
    assert _issues(norms.issues)["rows"] == (1119, "2, not 1121")


def test_kapucu_s_upper_case_turkish(tmp_path: Path) -> None:
    header = "word;ValenceM;ArousalM;HappyM;AngerM;SadM;FearM;DisgustM;ConcretenessM"
    rows = ["KAS;5,86;5,26;51;14;15;13;9;92,5", "İNEK;5.19;3.69;39;11;12;10;12;86", "IŞIK;7;4;60;5;5;5;5;50"]
    path = _file(tmp_path, "\ufeff" + "\n".join([header, *rows]) + "\n")
    norms = load_norms("tr-kapucu-2021", language="tr", path=path, scale="none")
    assert list(norms.table["word"]) == ["kas", "inek", "ışık"]
    # A decimal comma is meant; a point is understood.
    assert list(norms.table["valence"]) == [5.86, 5.19, 7]
    assert norms.table["concreteness"].iloc[0] == 92.5


def test_stadthagen_s_old_encoding_and_stars(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Word,ValenceMean,ArousalMean\nábaco,5.35,4.78\nniñez*,7,5\n".encode("cp1252"))
    norms = load_norms("es-stadthagen-gonzalez-2017", language="es", path=path, scale="ends")
    assert list(norms.table["word"]) == ["ábaco", "niñez"]
    np.testing.assert_allclose(norms.table["valence"], [4.35 / 8, 6 / 8])


def test_the_glasgow_norms_have_two_header_rows(tmp_path: Path) -> None:
    scales = ["AROU", "VAL", "DOM", "CNC", "IMAG", "FAM", "AOA", "SIZE", "GEND"]
    first = ",".join(["Words", "Length", *(f"{name},," for name in scales)])
    second = ",".join(["", "", *("M,SD,N" for _ in scales)])
    rows = [",".join([word, "3", *(f"{base + i},1,30" for i in range(9))]) for word, base in [("joy", 1), ("ape", 0.5)]]
    path = _file(tmp_path, "\n".join([first, second, *rows]) + "\n")
    norms = load_norms("en-scott-2019", language="en", path=path, scale="none")
    assert list(norms.table["word"]) == ["joy", "ape"]
    assert list(norms.table.iloc[0, 1:]) == [1 + i for i in range(9)]
    assert norms.variables[:2] == ("arousal", "valence")


def test_missing_ratings_by_their_mark_and_ratings_beyond_the_scale(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "word\tconcreteness\tcontext availability\tvalence\tarousal\n"
        "grain\t4\t3\t3.4\t#NULL!\nmer\t4.5\t3\t4.6\t2\nroi\t4\t2\t6.5\t3\n",
        "x.tsv",
    )
    norms = load_norms("fr-bonin-2018", language="fr", path=path, scale="none")
    assert np.isnan(norms.table["arousal"].iloc[0])
    found = _issues(norms.issues)
    assert found["no rating of arousal"] == (1, "grain")
    assert found["valence beyond the scale's ends"] == (1, "roi")
    with pytest.raises(NormsError, match=r"valence runs from 3.4 to 6.5, beyond the ends of its scale, 1 and 5"):
        load_norms("fr-bonin-2018", language="fr", path=path, scale="ends")


def test_the_cache_and_a_folder_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "cache"))
    with pytest.raises(NormsError, match=r"not on this machine: .*ucace.*then put the file into .*hr-coso-2019"):
        load_norms("hr-coso-2019", language="hr")
    with pytest.raises(NormsError, match="interlingua norms fetch de-kanske-2010"):
        load_norms("de-kanske-2010", language="de")
    folder = tmp_path / "cache" / "norms" / "hr-coso-2019"
    folder.mkdir(parents=True)
    (folder / "half.part").write_text("", encoding="utf-8")
    # Put there by hand, whatever its name.
    _file(folder, "word_croatian,valence_mean,arousal_mean,concrete_mean\nmir,8,2,3\nrat,1,7,4\n", "my copy.csv")
    assert list(load_norms("hr-coso-2019", language="hr").table["word"]) == ["mir", "rat"]
    assert load_norms("hr-coso-2019", language="hr").layout == "semanticprimeR"
    (tmp_path / "norms" / "subs2vec").mkdir(parents=True)
    _file(
        tmp_path / "norms" / "subs2vec",
        "word\tvalence\tarousal\tconcreteness\nAbend\t6\t3\t5\nAngst\t2\t7\t2\n",
        "de-kanske-2010.tsv",
    )
    norms = load_norms("de-kanske-2010", language="de", data_dir=tmp_path / "norms")
    assert list(norms.table["word"]) == ["Abend", "Angst"]
    # It bears the published file's name, but is not that file.
    assert _issues(norms.issues)["changed file"][0] == 1
    with pytest.raises(NormsError, match="there is no folder"):
        load_norms("de-kanske-2010", language="de", data_dir=tmp_path / "none")


def test_what_is_known_to_be_wrong_is_said(tmp_path: Path) -> None:
    path = _file(tmp_path, "word\tvalence\tarousal\n爱情\t7\t7\n战争\t2\t7.5\n", "a.tsv")
    norms = load_norms("zh-yao-2017", language="zh", path=path)
    assert "labMT" in _issues(norms.issues)["caution"][1]


@given(
    ratings=st.lists(st.floats(-100, 100, allow_subnormal=False), min_size=3, max_size=30).filter(
        lambda values: max(values) - min(values) > 1e-6
    ),
    gap=st.integers(0, 2),
)
def test_scaling_keeps_order_and_lands_where_it_says(ratings: list[float], gap: int) -> None:
    values = [*ratings[:gap], float("nan"), *ratings[gap:]]
    table = pd.DataFrame({"word": [str(i) for i in range(len(values))], "v": values})
    variables = {"v": Variable(low=-100, high=100)}
    minmax = scale_ratings(table, variables, "minmax", "x")["v"]
    assert minmax.min() == 0
    assert minmax.max() == pytest.approx(1)
    assert np.isnan(minmax.iloc[gap])
    z = scale_ratings(table, variables, "z", "x")["v"]
    assert z.mean() == pytest.approx(0, abs=1e-6)
    assert z.std(ddof=0) == pytest.approx(1)
    ends = scale_ratings(table, variables, "ends", "x")["v"]
    np.testing.assert_allclose(ends * 200 - 100, values, atol=1e-9)
    # min-max of any affine image of the ratings is the same: scales of any range come together.
    np.testing.assert_allclose(scale_ratings(ends.to_frame(), variables, "minmax", "x")["v"], minmax, atol=1e-6)
    assert scale_ratings(table, variables, "none", "x")["v"].equals(table["v"])
    assert table["v"].tolist()[:gap] == ratings[:gap]  # the table given is left alone


def test_words_are_in_nfc(tmp_path: Path) -> None:
    path = _file(tmp_path, "word,valence\ne\u0301te\u0301,1\n\u1112\u1161\u11ab\u1100\u1173\u11af,2\n")
    words = load_norms(path, language="ko").table["word"]
    assert all(unicodedata.is_normalized("NFC", word) for word in words)
