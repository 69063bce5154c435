"""Old encodings: which one is advised, and what is said of a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interlingua.contexts import read_contexts
from interlingua.errors import ContextsError, NormsError
from interlingua.norms import Norms, load_norms
from interlingua.norms.encodings import encodings_of, foreign, misread

#: Language, encoding, words in it.
OLD = [
    ("tr", "cp1254", "şeker ışık ağaç çiçek"),
    ("az", "cp1254", "güneş ağac"),
    ("pl", "cp1250", "żółty miłość gęś"),
    ("pl", "iso8859_2", "żółty miłość gęś"),
    ("cs", "cp1250", "šťastný příliš žluťoučký"),
    ("hu", "cp1250", "szőlő tűz béka"),
    ("hr", "cp1250", "šećer đak čovjek"),
    ("ro", "cp1250", "şase ţară"),
    ("lt", "cp1257", "žąsis ėjimas"),
    ("ru", "cp1251", "мир война любовь город"),
    ("ru", "koi8-r", "мир война любовь город"),
    ("ru", "cp866", "мир война любовь город"),
    ("uk", "cp1251", "їжак людина місто"),
    ("uk", "koi8-u", "їжак людина місто"),
    ("bg", "cp1251", "любов вода небе"),
    ("el", "cp1253", "αγάπη μίσος"),
    ("he", "cp1255", "שלום אהבה"),
    ("ar", "cp1256", "سلام حب"),
    ("fa", "cp1256", "سلام"),
    ("th", "cp874", "รัก บ้าน"),
    ("zh", "gb18030", "爱情 战争 幸福"),
    ("zh", "big5", "愛情 戰爭 幸福"),
    ("ja", "shift_jis", "愛 憎しみ コーヒー"),
    ("ja", "euc_jp", "愛 憎しみ コーヒー"),
    ("ko", "cp949", "사랑 미움"),
    ("fr", "cp1252", "cœur élève forêt"),
    ("es", "mac_roman", "niño árbol corazón"),
    ("fi", "cp1252", "äiti pöytä šakki"),
    ("is", "cp1252", "þýða ást veður"),
]


def file_of(folder: Path, words: str, encoding: str) -> Path:
    path = folder / "a.csv"
    rows = "".join(f"{word},{number}\n" for number, word in enumerate([*words.split(), "a", "b"]))
    path.write_bytes(f"word,valence\n{rows}".encode(encoding))
    return path


def foreign_rows(norms: Norms) -> list[tuple[int, str]]:
    rows = norms.issues[norms.issues["kind"] == "letters foreign to the language"]
    return [(int(row.count), str(row.detail)) for row in rows.itertuples()]  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "encoding", "words"), OLD)
def test_the_encoding_of_the_language_is_advised_and_works(
    language: str, encoding: str, words: str, tmp_path: Path
) -> None:
    path = file_of(tmp_path, words, encoding)
    with pytest.raises(NormsError, match=r"a\.csv is not UTF-8: byte 0x.., row 2|byte 0x") as caught:
        load_norms(path, language=language)
    advised = re.search(r'options = \{ encoding = "([^"]+)" \} in languages\.(\w+) of the study', str(caught.value))
    assert advised is not None
    assert advised.groups() == (encoding, language)
    assert f"reads '{words.split(maxsplit=1)[0]},0'" in str(caught.value)
    norms = load_norms(path, language=language, options={"encoding": advised[1]})
    assert list(norms.table["word"])[:-2] == words.split()
    assert foreign_rows(norms) == []


@pytest.mark.parametrize(
    ("language", "meant", "given", "words", "count"),
    [
        ("tr", "cp1254", "cp1252", "şeker ışık ağaç çiçek", 3),
        ("tr", "cp1254", "latin-1", "şeker ışık ağaç çiçek", 3),
        ("pl", "cp1250", "cp1252", "żółty miłość kot", 2),
        ("hu", "cp1250", "cp1252", "szőlő tűz béka", 2),
        ("ru", "cp1251", "cp1252", "мир война дом", 3),
        ("ru", "koi8-r", "cp1251", "мир война любовь город", 4),
        ("ru", "cp1251", "koi8-r", "мир война любовь город", 4),
        ("el", "cp1253", "cp1252", "αγάπη μίσος", 2),
        ("cs", "iso8859_2", "cp1250", "šťastný příliš žluťoučký", 3),
        ("fr", "cp1252", "cp1250", "cœur élève naïf", 3),
        ("es", "mac_roman", "cp1252", "niño árbol", 1),
    ],
)
def test_a_wrong_encoding_is_not_silent(
    language: str, meant: str, given: str, words: str, count: int, tmp_path: Path
) -> None:
    norms = load_norms(file_of(tmp_path, words, meant), language=language, options={"encoding": given})
    ((found, detail),) = foreign_rows(norms)
    assert found == count
    assert f'encoding = "{meant}" reads' in detail
    assert any(f"reads '{word}' instead of" in detail for word in words.split())


def test_capital_letters_are_no_wrong_encoding() -> None:
    assert misread(["МИР", "ВОЙНА", "ЛЮБОВЬ", "ГОРОД"], "cp1251", "ru") is None
    assert misread(["ÇİÇEK", "IŞIK", "AĞAÇ"], "cp1254", "tr") is None


def test_foreign_letters_are_told_from_those_of_neighbours_and_from_signs() -> None:
    assert list(foreign("café naïve Zürich – “so” don’t 5 € it’s 20°", "en")) == []
    assert list(foreign("coração l·l nº", "pt")) == []
    assert list(foreign("þeker ¿ó³ty", "tr")) == ["þ", "¿", "ó", "³"]
    assert list(foreign("コーヒー", "ja")) == []
    # Georgian had no encoding that Python knows.
    assert encodings_of("ka") == ()


def test_a_language_without_an_old_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"word,valence\n\xc0\xc1,1\nb,2\n")
    with pytest.raises(
        NormsError, match=r'save it as UTF-8, or name its encoding with options = \{ encoding = "\.\.\."'
    ):
        load_norms(path, language="ka")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1", "cp1254"])
def test_utf_8_is_read_whatever_was_given_and_it_is_said(encoding: str, tmp_path: Path) -> None:
    norms = load_norms(file_of(tmp_path, "şeker", "utf-8"), language="tr", options={"encoding": encoding})
    assert list(norms.table["word"]) == ["şeker", "a", "b"]
    assert norms.issues[["kind", "count"]].to_numpy().tolist() == [["encoding", 1]]
    assert f'a.csv is UTF-8 and was read as such, although encoding = "{encoding}"' in norms.issues["detail"].iloc[0]
    # In ASCII there is no difference to tell.
    assert load_norms(file_of(tmp_path, "x", "utf-8"), language="tr", options={"encoding": encoding}).issues.empty


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(order: str, tmp_path: Path) -> None:
    path = file_of(tmp_path, "été", order)
    with pytest.raises(NormsError, match=f'encoding = "{order}"'):
        load_norms(path, language="fr")
    for given in (order, "utf-16"):
        assert list(load_norms(path, language="fr", options={"encoding": given}).table["word"]) == ["été", "a", "b"]
    with pytest.raises(NormsError, match=r"can't|is not|holds"):
        load_norms(file_of(tmp_path, "été", "cp1252"), language="fr", options={"encoding": "utf-16"})


def test_seven_bits_that_are_no_utf_8(tmp_path: Path) -> None:
    norms = load_norms(file_of(tmp_path, "愛", "iso2022_jp"), language="ja", options={"encoding": "iso2022_jp"})
    assert list(norms.table["word"]) == ["愛", "a", "b"]


@pytest.mark.parametrize(
    "name",
    ["undefined", "rot13", "hex", "zlib", "idna", "punycode", "unicode_escape", "", "utf\0", "latin-99", "a" * 500],
)
def test_what_is_no_encoding(name: str, tmp_path: Path) -> None:
    path = file_of(tmp_path, "été", "utf-8")
    with pytest.raises(NormsError, match=r"a\.csv: there is no encoding '.*; there are utf-8, utf-16, cp1252"):
        load_norms(path, language="fr", options={"encoding": name})
    with pytest.raises(ContextsError, match="there is no encoding"):
        read_contexts(path, language="fr", options={"encoding": name})


def test_the_turkish_file_of_the_reviewers(shared: Path) -> None:
    path = shared / "cases" / "norms" / "tr1254.csv"
    with pytest.raises(NormsError, match='encoding = "cp1254"'):
        load_norms(path, language="tr")
    right = load_norms(path, language="tr", options={"encoding": "cp1254"})
    assert list(right.table["word"]) == ["şeker", "ışık", "ağaç", "çiçek"]
    ((count, detail),) = foreign_rows(load_norms(path, language="tr", options={"encoding": "cp1252"}))
    assert count == 3
    assert "encoding = \"cp1254\" reads 'şeker' instead of 'þeker'" in detail
