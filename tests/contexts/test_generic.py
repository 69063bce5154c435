"""Sentences of one's own, and ratings by word."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlingua.contexts import Contexts, attach_ratings, contexts_hash, read_contexts
from interlingua.errors import ContextsError
from interlingua.study.sections import LanguageConfig
from interlingua.study.sources import _file

EXAMPLE = pd.DataFrame(
    {
        "text": ["The cat sat.", "A dog, a cat", "Cat « cat »", 'She said "dog"; twice'],
        "word": ["cat", "cat", "cat", "dog"],
    }
)


def spans(contexts: Contexts) -> list[str]:
    table = contexts.table
    return [t[s:e] for t, s, e in zip(table["text"], table["start"], table["end"], strict=True)]


def issues(contexts: Contexts) -> dict[str, int]:
    return dict(zip(contexts.issues["kind"], contexts.issues["count"], strict=True))


def save(table: pd.DataFrame, path: Path) -> Path:
    match path.suffix:
        case ".csv":
            table.to_csv(path, index=False)
        case ".tsv":
            table.to_csv(path, index=False, sep="\t")
        case ".xlsx":
            table.to_excel(path, index=False)
        case _:
            table.to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "parquet"])
def test_every_kind_of_file_gives_the_same_contexts(tmp_path: Path, ending: str) -> None:
    table = EXAMPLE.assign(valence=[0.25, 0.25, 0.25, 1])
    contexts = read_contexts(save(table, tmp_path / f"s.{ending}"), language="en", variables=["valence"])
    assert contexts.table["text"].tolist() == EXAMPLE["text"].tolist()
    assert contexts.table["start"].tolist() == [4, 9, 6, 10]
    assert spans(contexts) == EXAMPLE["word"].tolist()
    assert contexts.table["valence"].tolist() == [0.25, 0.25, 0.25, 1.0]
    assert contexts.table["source"].unique().tolist() == [f"s.{ending}"]
    assert set(contexts.table["split"]) == {"train"}
    assert contexts.table["context_id"].tolist() == ["en-00000-00", "en-00000-01", "en-00000-02", "en-00001-00"]


def test_a_csv_may_be_semicolon_separated_and_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("\ufefftext;word\nThe cat, sat;cat\n", encoding="utf-8")
    assert spans(read_contexts(path, language="en")) == ["cat"]


def test_words_that_look_like_missing_values_stay_words(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["Die null steht", "nan and NA"], "word": ["null", "NA"]})
    contexts = read_contexts(save(table, tmp_path / "s.csv"), language="de")
    assert spans(contexts) == ["null", "NA"]


_words = st.text(st.characters(categories=["L", "M", "So"], exclude_characters="\0"), min_size=1, max_size=6)
_around = st.text(st.characters(categories=["L", "M", "P", "Zs", "So"]), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(before=_around, word=_words.map(str.strip).filter(bool), after=_around)
def test_given_offsets_survive_the_file_to_the_character(tmp_path: Path, before: str, word: str, after: str) -> None:
    text = f"{before}{word}{after}"
    path = tmp_path / "offsets.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("text", "word", "start", "end"), (text, word, len(before), len(before) + len(word))]
        )
    (row,) = read_contexts(path, language="en").table.itertuples()
    assert row.text == text
    assert row.text[row.start : row.end] == row.word == word


def test_offsets_may_mark_an_inflected_form(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["Talossa on ovi"], "word": ["talo"], "start": [0], "end": [7]})
    contexts = read_contexts(save(table, tmp_path / "s.csv"), language="fi")
    assert spans(contexts) == ["Talossa"]
    assert contexts.table["word"].tolist() == ["talo"]
    assert issues(contexts) == {"target at other form": 1}


@pytest.mark.parametrize(("start", "end"), [(4, 8), (3, 7), (-3, 2), (5, 5), (6, 4), (8, 99)])
def test_offsets_that_mark_no_word_are_refused(tmp_path: Path, start: int, end: int) -> None:
    table = pd.DataFrame({"text": ["The cat sat."], "word": ["cat"], "start": [start], "end": [end]})
    with pytest.raises(ContextsError, match=rf"row 2: start {start} and end {end} do not mark a word"):
        read_contexts(save(table, tmp_path / "s.csv"), language="en")


def test_word_indices_count_single_blanks_from_zero(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["a  cat cat", "cat x Cat", "x cat"], "word": "cat", "index": [3, 2, 0]})
    contexts = read_contexts(save(table, tmp_path / "s.csv"), language="en")
    assert contexts.table["start"].tolist() == [7, 6, 2]
    assert issues(contexts) == {"repaired target": 1, "target at other form": 1}


def test_a_column_index_of_row_numbers_is_not_taken_for_word_indices(tmp_path: Path) -> None:
    path = save(EXAMPLE.assign(index=range(100, 104)), tmp_path / "s.csv")
    with pytest.raises(ContextsError, match=r"column 'index' misses the word in 4 of 4 rows"):
        read_contexts(path, language="en")
    assert spans(read_contexts(path, language="en", word_index=False)) == EXAMPLE["word"].tolist()


def test_word_index_can_be_named_and_demanded(tmp_path: Path) -> None:
    path = save(pd.DataFrame({"text": ["cat x cat"], "word": ["cat"], "token": [2]}), tmp_path / "s.csv")
    assert read_contexts(path, language="en", columns={"index": "token"}).table["start"].tolist() == [6]
    assert issues(read_contexts(path, language="en")) == {"ambiguous target": 1}
    with pytest.raises(ContextsError, match="no column 'index'"):
        read_contexts(path, language="en", word_index=True)


def test_a_searched_word_is_reported_where_the_place_is_not_sure(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "text": ["cat, cat", "category", "CAT", "category cat"],
            "word": ["cat", "cat", "cat", "cat"],
        }
    )
    contexts = read_contexts(save(table, tmp_path / "s.csv"), language="en")
    assert contexts.table["start"].tolist() == [0, 0, 0, 9]
    assert issues(contexts) == {
        "ambiguous target": 1,
        "target inside a longer word": 1,
        "target at other form": 1,
    }


def test_chinese_words_always_stand_inside_something(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": ["我爱你中国"], "word": ["爱你"]})
    contexts = read_contexts(save(table, tmp_path / "s.csv"), language="zh")
    assert spans(contexts) == ["爱你"]
    assert contexts.issues.empty


def test_split_source_and_ids_are_kept_and_rows_grouped_by_word(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "text": ["cat 1", "dog 1", "cat 2"],
            "word": ["cat", "dog", "cat"],
            "split": ["train", "Test", "train"],
            "source": ["w", "w", "x"],
            "context_id": ["a", "b", "c"],
        }
    )
    kept = read_contexts(save(table, tmp_path / "s.csv"), language="en").table
    assert kept["context_id"].tolist() == ["a", "c", "b"]
    assert kept["split"].tolist() == ["train", "train", "test"]
    assert kept["source"].tolist() == ["w", "x", "w"]


def test_reads_back_what_contexts_write(tmp_path: Path) -> None:
    contexts = read_contexts(save(EXAMPLE, tmp_path / "s.csv"), language="en")
    contexts.write(tmp_path / "contexts.parquet")
    again = read_contexts(tmp_path / "contexts.parquet", language="en")
    assert contexts_hash(again.table) == contexts_hash(contexts.table)


def test_ratings_that_are_missing_or_differ_within_a_word(tmp_path: Path) -> None:
    table = EXAMPLE.assign(valence=["1", "2.5", "NA", ""])
    contexts = read_contexts(save(table, tmp_path / "s.csv"), language="en", variables=["valence"])
    np.testing.assert_array_equal(contexts.table["valence"], [1, 2.5, np.nan, np.nan])
    assert issues(contexts)["ratings differ within a word"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"word": ["cat", "horse", "cat", "dog"]}, r"s.csv, row 3: the target 'horse' is not in its sentence 'A dog"),
        ({"word": ["cat", " ", "cat", "dog"]}, "row 3: the word is empty"),
        ({"text": ["The cat sat.", " ", "cat", "dog"]}, "row 3: the text is empty"),
        ({"split": ["train", "dev", "train", "test"]}, "row 3: split 'dev' must be one of train, test, unseen"),
        ({"split": ["train", "test", "train", "test"]}, "rows of one word must be in one split"),
        ({"valence": [1, 2, "high", 4]}, "row 4: valence is 'high', which is not a number"),
        ({"valence": [1, 2, "inf", 4]}, "row 4: valence is 'inf', which is not a number"),
        ({"index": [1, 1.5, 1, 1]}, r"row 3: index is '1.5', which is not a whole number"),
        ({"start": [4, 9, 6, 10]}, "column 'start' needs a column 'end' beside it"),
    ],
)
def test_errors_name_the_row(tmp_path: Path, change: dict[str, list[object]], message: str) -> None:
    table = EXAMPLE.assign(valence=0.5).assign(**change)
    with pytest.raises(ContextsError, match=message):
        read_contexts(save(table, tmp_path / "s.csv"), language="en", variables=["valence"])


def test_a_missing_column_is_suggested(tmp_path: Path) -> None:
    path = save(EXAMPLE.rename(columns={"text": "texte"}), tmp_path / "s.csv")
    with pytest.raises(
        ContextsError,
        match=r"no column 'text' \(did you mean 'texte'\?\); it has .* context_columns = \{ text = .texte. \} in",
    ):
        read_contexts(path, language="en")
    assert len(read_contexts(path, language="en", columns={"text": "texte"}).table) == 4
    with pytest.raises(ContextsError, match=r"no use for a column 'txt' \(did you mean 'text'\?\)"):
        read_contexts(path, language="en", columns={"txt": "texte"})
    with pytest.raises(ContextsError, match=r"no column 'valence'"):
        read_contexts(path, language="en", columns={"text": "texte"}, variables=["valence"])


@pytest.mark.parametrize("content", [b"", b"text,word\n"])
def test_a_file_without_rows_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(content)
    with pytest.raises(ContextsError, match=r"s\.csv"):
        read_contexts(path, language="en")


def test_a_file_that_is_not_utf8_can_be_read_with_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes("text,word\nun café noir,café\n".encode("cp1252"))
    with pytest.raises(ContextsError, match="not UTF-8"):
        read_contexts(path, language="fr")
    assert spans(read_contexts(path, language="fr", options={"encoding": "cp1252"})) == ["café"]


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContextsError, match=r"nothing\.csv"):
        read_contexts(tmp_path / "nothing.csv", language="en")
    (tmp_path / "s.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(ContextsError, match=r"s.xlsx"):
        read_contexts(tmp_path / "s.xlsx", language="en")


def contexts_of(tmp_path: Path, words: list[str], language: str) -> Contexts:
    table = pd.DataFrame({"text": [f"x {word} y" for word in words], "word": words})
    return read_contexts(save(table, tmp_path / "s.csv"), language=language)


def test_ratings_are_attached_by_word(tmp_path: Path) -> None:
    contexts = contexts_of(tmp_path, ["cat", "Dog", "cow"], "en")
    norms = pd.DataFrame({"word": ["dog", "cat", "horse"], "valence": [0.25, 0.5, 1], "arousal": [0, 1, 0.5]})
    rated = attach_ratings(contexts, norms, ["valence", "arousal"])
    np.testing.assert_array_equal(rated.table["valence"], [0.5, 0.25, np.nan])
    np.testing.assert_array_equal(rated.table["arousal"], [1, 0, np.nan])
    assert rated.issues[["kind", "count"]].to_numpy().tolist() == [["word not rated", 1]]
    assert "cow" in rated.issues["detail"].iloc[0]
    assert contexts.variables == ()


def test_the_written_form_goes_before_other_cases(tmp_path: Path) -> None:
    contexts = contexts_of(tmp_path, ["essen", "Essen", "ESSEN"], "de")
    norms = pd.DataFrame({"word": ["Essen", "essen"], "valence": [1.0, 0.0]})
    assert attach_ratings(contexts, norms, ["valence"]).table["valence"].tolist() == [0.0, 1.0, 1.0]


def test_turkish_words_are_matched_in_turkish(tmp_path: Path) -> None:
    contexts = contexts_of(tmp_path, ["ışık", "iyi"], "tr")
    norms = pd.DataFrame({"word": ["IŞIK", "İYİ"], "valence": [0.75, 1.0]})
    assert attach_ratings(contexts, norms, ["valence"]).table["valence"].tolist() == [0.75, 1.0]


def test_ratings_that_cannot_be_attached(tmp_path: Path) -> None:
    contexts = contexts_of(tmp_path, ["cat"], "en")
    norms = pd.DataFrame({"word": ["cat"], "valence": [0.5]})
    with pytest.raises(ContextsError, match=r"no variable 'valance' \(did you mean 'valence'\?\)"):
        attach_ratings(contexts, norms, ["valance"])
    rated = attach_ratings(contexts, norms, ["valence"])
    with pytest.raises(ContextsError, match="have ratings of 'valence' already"):
        attach_ratings(rated, norms, ["valence"])
    with pytest.raises(ContextsError, match="none of the 1 words of language 'en' is in its norms"):
        attach_ratings(contexts, norms.assign(word="dog"), ["valence"])


#: Rows of a tab-separated file whose marks are characters, with one that opens and never closes.
QUOTES = [
    "I think that love is all.",
    '"Love is blind, he said.',
    'They say "love" often.',
    'He said: love." And left.',
]


@pytest.mark.parametrize("quoted", [None, False])
def test_stray_marks_swallow_no_sentence(tmp_path: Path, quoted: bool | None) -> None:
    path = tmp_path / "s.tsv"
    path.write_text("text\tword\n" + "".join(f"{text}\tlove\n" for text in QUOTES), encoding="utf-8")
    found = read_contexts(path, language="en", options={"quoted": quoted})
    assert found.table["text"].tolist() == QUOTES
    stray = found.issues[found.issues["kind"] == "stray quotation mark"]
    said = [] if quoted is False else ["taken for a character in rows 3, 5 of the file"]
    assert stray["detail"].tolist() == said
    assert stray["count"].tolist() == [2] * len(said)


def test_a_study_can_say_what_marks_are_for(tmp_path: Path) -> None:
    """Every line could be a row: only the study can tell."""
    rows = ['"Well, love', 'is blind",love', "love is all,love"]
    (tmp_path / "s.csv").write_text("\n".join(["text,word", *rows, ""]), encoding="utf-8")
    entry = {"contexts": str(tmp_path / "s.csv")}
    with pytest.raises(
        ContextsError, match=r"s\.csv, row 2: a quotation mark .* end in row 3.*context_options = .* quoted"
    ):
        _file(LanguageConfig(**entry), "en")
    found = _file(LanguageConfig(**entry, context_options={"quoted": True}), "en").table
    assert found["text"].tolist() == ["Well, love\nis blind", "love is all"]


def test_invisible_characters_are_removed_and_counted(tmp_path: Path) -> None:
    rows = [("A lo\u00advely day.", "lovely"), ("A cat\u200b sat.", "c\ufeffat"), ("A dog sat.", "dog")]
    table = pd.DataFrame(rows, columns=["text", "word"])
    contexts = read_contexts(save(table, tmp_path / "s.csv"), language="en")
    assert contexts.table["text"].tolist() == ["A lovely day.", "A cat sat.", "A dog sat."]
    assert spans(contexts) == contexts.table["word"].tolist() == ["lovely", "cat", "dog"]
    assert issues(contexts) == {"invisible characters removed": 2}
    # Offsets that are given count the characters as they stand in the file.
    given_offsets = table.assign(start=[2, 2, 2], end=[9, 6, 5])
    assert spans(read_contexts(save(given_offsets, tmp_path / "g.csv"), language="en")) == ["lovely", "cat", "dog"]
    by_index = read_contexts(save(table.assign(index=[1, 1, 1]), tmp_path / "i.csv"), language="en")
    assert by_index.table.equals(contexts.table.assign(source="i.csv"))


@pytest.mark.parametrize(
    ("language", "text", "word"),
    [
        ("fa", "او می\u200cخواهد برود.", "می\u200cخواهد"),
        ("hi", "यह क्\u200dष है", "क्\u200dष"),
        ("th", "ฉัน\u200bรัก\u200bเธอ", "รัก"),
    ],
)
def test_what_is_invisible_but_means_something_stays(tmp_path: Path, language: str, text: str, word: str) -> None:
    contexts = read_contexts(
        save(pd.DataFrame({"text": [text], "word": [word]}), tmp_path / "s.csv"), language=language
    )
    assert contexts.table["text"].tolist() == [text]
    assert spans(contexts) == [word]
    assert "invisible characters removed" not in issues(contexts)


def test_a_cell_of_nothing_visible_is_empty(tmp_path: Path) -> None:
    path = save(pd.DataFrame({"text": ["A cat.", "\u00ad"], "word": ["cat", "cat"]}), tmp_path / "s.csv")
    with pytest.raises(ContextsError, match=r"s\.csv, row 3: the text is empty"):
        read_contexts(path, language="en")


def test_another_separator_is_named(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("text|word\nA cat|cat\n", encoding="utf-8")
    with pytest.raises(
        ContextsError,
        match=r"no column 'text'.* are its columns parted by '\|'\? then give context_options = \{ separator = .\|. \}",
    ):
        read_contexts(path, language="en")


def test_another_encoding_is_advised_by_language_and_utf_8_is_known(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    content = "text,word\nGüneş doğdu şeker,güneş\n"
    path.write_bytes(content.encode("cp1254"))
    with pytest.raises(ContextsError, match=r"not UTF-8.*context_options = .* encoding = .cp1254"):
        read_contexts(path, language="tr")
    path.write_text(content, encoding="utf-8")
    contexts = read_contexts(path, language="tr", options={"encoding": "utf-16"})
    assert spans(contexts) == ["Güneş"]
    assert issues(contexts) == {"encoding": 1, "target at other form": 1}


def test_lists_in_a_parquet_file_are_no_sentences(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"text": pa.array([["The sun shines."]]), "word": pa.array(["sun"])})
    pq.write_table(table, path)
    with pytest.raises(ContextsError, match="column 'text' holds lists: write one text a row"):
        read_contexts(path, language="en")
