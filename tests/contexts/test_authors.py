"""The authors' layout: made-up folders for every rule, and the real files where a checkout has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interlingua.contexts import (
    Contexts,
    authors_files,
    authors_languages,
    concat,
    downsample,
    duplicates,
    read_authors,
    verify_checksums,
)
from interlingua.errors import ContextsError, LanguageError


def write(folder: Path, **files: list[str]) -> Path:
    """Write each file with one item a line, as the authors' are."""
    folder.mkdir(exist_ok=True)
    for name, items in files.items():
        (folder / name).write_bytes(("\n".join(items) + "\n").encode())
    return folder


def folder_of(tmp_path: Path, sentence: str = "the cat sat", index: str = "1", word: str = "cat") -> Path:
    """Return a folder with one train sentence, given, and one test sentence."""
    return write(
        tmp_path,
        english_sentences_train=[sentence],
        english_idx_train=[index],
        english_words_train=[word],
        english_valence_train=["0.75"],
        english_arousal_train=["0.25"],
        english_sentences_test=["a dog"],
        english_idx_test=["1"],
        english_words_test=["dog"],
        english_valence_test=["1.0"],
        english_arousal_test=["0.5"],
    )


def issues(contexts: Contexts) -> dict[str, int]:
    return dict(zip(contexts.issues["kind"], contexts.issues["count"], strict=True))


def spans(contexts: Contexts) -> list[str]:
    table = contexts.table
    return [t[s:e] for t, s, e in zip(table["text"], table["start"], table["end"], strict=True)]


def test_reads_sentences_words_ratings_and_split(tmp_path: Path) -> None:
    contexts = read_authors(folder_of(tmp_path), "English")
    table = contexts.table
    assert table["context_id"].tolist() == ["en-00000-00", "en-00001-00"]
    assert table["word"].tolist() == spans(contexts) == ["cat", "dog"]
    assert table["split"].tolist() == ["train", "test"]
    assert table["valence"].tolist() == [0.75, 1.0]
    assert table["arousal"].tolist() == [0.25, 0.5]
    assert issues(contexts) == {"short sentence": 2}


def test_lines_end_at_newlines_and_words_at_blanks_only(tmp_path: Path) -> None:
    sentence = "one\u2028two\u3000three\x0bfour\x85 \u00a0cat\u00a0 cat ."
    contexts = read_authors(folder_of(tmp_path, sentence, "2"), "en")
    assert contexts.table["text"].iloc[0] == sentence
    assert contexts.table["start"].iloc[0] == sentence.rindex("cat")
    assert "repaired target" not in issues(contexts)


def test_windows_line_ends_are_no_part_of_an_item(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert spans(read_authors(folder, "en")) == ["cat", "dog"]


def test_a_wrong_index_is_mended_to_the_nearest_place_and_counted(tmp_path: Path) -> None:
    contexts = read_authors(folder_of(tmp_path, "cat x x x x cat x", "4"), "en")
    assert contexts.table["start"].iloc[0] == 12
    assert issues(contexts)["repaired target"] == 1


def test_another_case_is_counted_but_not_mended(tmp_path: Path) -> None:
    contexts = read_authors(folder_of(tmp_path, "Cat and cat", "0"), "en")
    assert spans(contexts)[0] == "Cat"
    assert issues(contexts) == {"target at other form": 1, "short sentence": 2}


def test_empty_tokens_are_counted(tmp_path: Path) -> None:
    contexts = read_authors(folder_of(tmp_path, "  the cat sat", "3"), "en")
    assert spans(contexts)[0] == "cat"
    assert issues(contexts)["empty token"] == 1


def test_a_target_that_is_nowhere_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ContextsError, match=r"english_sentences_train, line 1: the target 'cat' is not in its"):
        read_authors(folder_of(tmp_path, "the dog sat"), "en")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("english_idx_train", b"one\n", r"english_idx_train, line 1: 'one' is not a word index"),
        ("english_valence_test", b"high\n", r"english_valence_test, line 1: 'high' is not a number"),
        ("english_valence_test", b"nan\n", r"english_valence_test, line 1: 'nan' is not a number"),
        ("english_words_train", b"cat\ncat\n", r"english_words_train: 2 lines, but english_sentences_train has 1"),
        ("english_arousal_train", b"", r"english_arousal_train: the file is empty"),
        ("english_sentences_train", b"the caf\xe9 cat\n", r"english_sentences_train: not UTF-8 at byte 7"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    folder = folder_of(tmp_path)
    (folder / name).write_bytes(content)
    with pytest.raises(ContextsError, match=message):
        read_authors(folder, "en")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("english_idx_test", "english_idx_test: no such file"),
        ("english_sentences_test", "english_sentences_test is missing"),
        ("english_valence_test", "english_valence is there for train or test only"),
    ],
)
def test_missing_files_are_named(tmp_path: Path, name: str, message: str) -> None:
    folder = folder_of(tmp_path)
    (folder / name).unlink()
    with pytest.raises(ContextsError, match=message):
        read_authors(folder, "en")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    with pytest.raises(ContextsError, match=r"no file spanish_sentences_train for language 'es'.*has en"):
        read_authors(folder, "es")
    with pytest.raises(ContextsError, match=r"variable 'valance' \(did you mean 'valence'\?\)"):
        read_authors(folder, "en", variables=["valance"])
    with pytest.raises(ContextsError, match="no such folder"):
        read_authors(tmp_path / "nowhere", "en")
    with pytest.raises(LanguageError):
        read_authors(folder, "xx")
    assert authors_languages(folder) == ("en",)


def test_other_variables_and_languages_of_the_layout(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        turkish_sentences_train=["İYİ bir gün"],
        turkish_idx_train=["0"],
        turkish_words_train=["iyi"],
        turkish_dominance_train=["0.5"],
        turkish_sentences_test=["bir gün"],
        turkish_idx_test=["1"],
        turkish_words_test=["gün"],
        turkish_dominance_test=["0.25"],
    )
    contexts = read_authors(folder, "tr", variables=["dominance", "valence"])
    assert contexts.table["dominance"].tolist() == [0.5, 0.25]
    assert issues(contexts) == {"target at other form": 1, "short sentence": 2, "not rated": 2}


def test_without_words_fifteen_rows_are_one_word(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        finnish_sentences=["Talo on tässä"] * 4 + ["iso talo ."] * 11 + ["se koko"] * 15,
        finnish_idx=["0"] * 4 + ["1"] * 11 + ["1"] * 15,
        finnish_valence=["0.5"] * 15 + ["0.25"] * 15,
        finnish_arousal=["0.5"] * 30,
    )
    contexts = read_authors(folder, "fi")
    assert contexts.table["word"].tolist() == ["talo"] * 15 + ["koko"] * 15
    assert set(contexts.table["split"]) == {"unseen"}
    assert contexts.table["context_id"].iloc[29] == "fi-00001-14"
    assert issues(contexts)["target at other form"] == 4


def test_without_words_a_wrong_grouping_is_refused(tmp_path: Path) -> None:
    files = {
        "finnish_sentences": ["se talo"] * 14 + ["se koko"] * 16,
        "finnish_idx": ["1"] * 30,
        "finnish_valence": ["0.5"] * 30,
        "finnish_arousal": ["0.5"] * 30,
    }
    with pytest.raises(ContextsError, match=r"finnish_sentences, line 1: .* point at koko, talo"):
        read_authors(write(tmp_path / "a", **files), "fi")
    with pytest.raises(ContextsError, match="29 lines are no multiple of 15"):
        read_authors(write(tmp_path / "b", **{name: items[:29] for name, items in files.items()}), "fi")
    files["finnish_sentences"] = ["se talo"] * 15 + ["se koko"] * 15
    files["finnish_valence"] = ["0.5"] * 14 + ["0.6"] * 16
    with pytest.raises(ContextsError, match=r"finnish_valence, line 1: .*ratings differ"):
        read_authors(write(tmp_path / "c", **files), "fi")
    files["finnish_idx"] = ["7"] * 30
    with pytest.raises(ContextsError, match=r"finnish_sentences, line 1: there is no word with the index 7"):
        read_authors(write(tmp_path / "d", **files), "fi")


# The real files. The numbers were counted by plain Python from the files themselves, apart from this package.
DUPLICATES = {
    "de": (382, 48),
    "el": (114, 53),
    "en": (320, 98),
    "fr": (139, 56),
    "hr": (356, 35),
    "id": (410, 96),
    "it": (199, 81),
    "nl": (237, 61),
    "pl": (309, 44),
    "zh": (327, 49),
}


@pytest.fixture(scope="module")
def authors(shared: Path) -> dict[str, Contexts]:
    folder = shared / "data" / "affective-interlingua"
    return {code: read_authors(folder, code) for code in authors_languages(folder)}


def test_real_files_are_those_of_the_checksums(shared: Path) -> None:
    assert len(authors_files()) == 100
    assert verify_checksums(shared / "data" / "affective-interlingua", authors_files()) == {}


def test_real_languages_have_520_words_of_15_sentences(authors: dict[str, Contexts]) -> None:
    assert set(authors) == {*DUPLICATES, "fi"}
    for code in DUPLICATES:
        table = authors[code].table
        assert len(table) == 7800
        assert (table.groupby("word").size() == 15).all()
        assert table.groupby("split")["word"].nunique().to_dict() == {"train": 416, "test": 104}
        # A word has one rating of each variable.
        assert (table.groupby("word")[["valence", "arousal"]].nunique() <= 1).all(axis=None)
        assert table["arousal"].between(0, 1).all()


def test_real_targets_are_the_words(authors: dict[str, Contexts]) -> None:
    for code, contexts in authors.items():
        assert spans(contexts) == contexts.table["word"].tolist(), code


def test_the_122_chinese_repairs(authors: dict[str, Contexts]) -> None:
    repaired = {code: issues(contexts).get("repaired target", 0) for code, contexts in authors.items()}
    assert repaired == {**dict.fromkeys(authors, 0), "zh": 122}
    assert not any("target at other form" in issues(contexts) for contexts in authors.values())


def test_chinese_repairs_take_the_nearest_token(authors: dict[str, Contexts], shared: Path) -> None:
    folder = shared / "data" / "affective-interlingua"
    starts = []
    for split in ("train", "test"):
        lines = [
            (folder / f"chinese_{kind}_{split}").read_bytes().decode().split("\n")[:-1]
            for kind in ("sentences", "idx", "words")
        ]
        for sentence, index, word in zip(*lines, strict=True):
            tokens = sentence.split(" ")
            places = [place for place, token in enumerate(tokens) if token == word]
            nearest = min(places, key=lambda place: abs(place - int(index)))
            starts.append(len(" ".join([*tokens[:nearest], ""])))
    assert authors["zh"].table["start"].tolist() == starts


def test_real_duplicates_and_sentences_on_both_sides(authors: dict[str, Contexts]) -> None:
    found = duplicates(concat(authors.values()).table).set_index(["kind", "language"])["count"]
    assert found["duplicate sentence"].drop("fi").to_dict() == {code: n for code, (n, _) in DUPLICATES.items()}
    assert found["sentence in train and test"].to_dict() == {code: n for code, (_, n) in DUPLICATES.items()}


def test_real_sentences_with_double_blanks_are_chinese(authors: dict[str, Contexts]) -> None:
    empty = {code: issues(contexts).get("empty token", 0) for code, contexts in authors.items()}
    assert empty == {**dict.fromkeys(authors, 0), "zh": 192}


def test_real_finnish(authors: dict[str, Contexts]) -> None:
    finnish = authors["fi"]
    assert finnish.table["word"].nunique() == 123
    assert (finnish.table.groupby("word").size() == 15).all()
    assert set(finnish.table["split"]) == {"unseen"}
    assert finnish.table[["valence", "arousal"]].notna().all(axis=None)


def test_real_polish_with_and_without_supplement(authors: dict[str, Contexts], shared: Path) -> None:
    alone = authors["pl"]
    assert alone.table["valence"].isna().all()
    assert issues(alone)["not rated"] == 7800
    whole = read_authors(
        shared / "data" / "affective-interlingua",
        "pl",
        supplement=shared / "data" / "affective-interlingua-polish",
    )
    assert whole.table["valence"].between(0, 1).all()
    assert "not rated" not in issues(whole)
    # The words recovered from the norms are those that the rows tell.
    assert whole.table.drop(columns="valence").equals(alone.table.drop(columns="valence"))


def test_real_languages_thinned_keep_their_split(authors: dict[str, Contexts]) -> None:
    thin = downsample(authors, words=120, sentences=4, seed=0)
    for code in DUPLICATES:
        table = thin[code].table
        assert table.groupby("split")["word"].nunique().to_dict() == {"train": 96, "test": 24}
        assert (table.groupby("word").size() == 4).all()
        before = authors[code].table.set_index("context_id")
        assert np.array_equal(before.loc[table["context_id"], "text"], table["text"])
