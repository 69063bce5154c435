"""Every other format, from small files of our own."""

from __future__ import annotations

import bz2
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlingua.contexts.corpora import Document, Options, open_corpus
from interlingua.errors import ContextsError


def documents(path: Path, language: str = "en", kind: str = "auto", **options: object) -> list[Document]:
    corpus = open_corpus(path, language, kind=kind, options=Options(**options))  # type: ignore[arg-type]
    return [document for shard in corpus.shards for document in corpus.documents(shard)]


def texts(path: Path, **options: object) -> list[str]:
    return [document.text for document in documents(path, **options)]  # type: ignore[arg-type]


class TestLeipzig:
    def test_lines_and_archive_hold_the_same(self, tmp_path: Path, lines: Callable[..., Path]) -> None:
        path = lines(["Bir.", "İki \u201csöz\u201d."])
        archive = tmp_path / "tur_wikipedia_2021_10K.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            words = tarfile.TarInfo("tur/tur-words.txt")
            words.size = 4
            tar.addfile(words, io.BytesIO(b"1\tx\n"))
            tar.add(path, "tur/tur-sentences.txt")
        assert documents(path) == documents(archive)
        assert [(d.page, d.text, d.index) for d in documents(archive)] == [("1", "Bir.", 0), ("2", "İki “söz”.", 1)]
        corpus = open_corpus(archive, "tr")
        assert (corpus.kind, corpus.date) == ("leipzig", "2021")

    def test_an_archive_without_sentences(self, tmp_path: Path) -> None:
        archive = tmp_path / "x.tar.gz"
        with tarfile.open(archive, "w:gz"):
            pass
        with pytest.raises(ContextsError, match=r"no file '\*-sentences\.txt' in it"):
            texts(archive)

    @pytest.mark.parametrize("keep", [0.2, 0.9])
    def test_an_archive_that_breaks_off(self, tmp_path: Path, lines: Callable[..., Path], keep: float) -> None:
        path = lines(f"Sentence {number * 7919 % 104729} of {number}." for number in range(20_000))
        whole = tmp_path / "whole.tar.gz"
        with tarfile.open(whole, "w:gz") as tar:
            tar.add(path)
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes(whole.read_bytes()[: int(keep * whole.stat().st_size)])
        with pytest.raises(ContextsError, match=r"broken\.tar\.gz: the archive (breaks off|is damaged)"):
            texts(broken)

    def test_an_unpacked_folder_gives_its_sentences_only(self, tmp_path: Path, lines: Callable[..., Path]) -> None:
        path = lines(["One."], "eng-sentences.txt")
        (tmp_path / "eng-words.txt").write_text("1\tOne\n", encoding="utf-8")
        assert documents(tmp_path) == documents(path)

    def test_a_line_without_a_tab(self, tmp_path: Path) -> None:
        path = tmp_path / "a-sentences.txt"
        path.write_text("no number\n", encoding="utf-8")
        with pytest.raises(ContextsError, match="line 1: expected number TAB sentence"):
            texts(path)


class TestParquet:
    def write(self, path: Path, **columns: list[str]) -> Path:
        pq.write_table(pa.table(columns), path)
        return path

    def test_pages(self, tmp_path: Path) -> None:
        folder = tmp_path / "20231101.fi"
        folder.mkdir()
        path = self.write(
            folder / "train-00000-of-00001.parquet",
            id=["1", "2"],
            url=["https://fi.wikipedia.org/wiki/Kissa", ""],
            title=["Kissa", "Koira"],
            text=["Kissa on eläin.", ""],
        )
        first, second = documents(path)
        assert (first.text, first.page, first.url) == (
            "Kissa on eläin.", "Kissa", "https://fi.wikipedia.org/wiki/Kissa",
        )  # fmt: skip
        assert (second.text, second.index) == ("", 1)
        corpus = open_corpus(folder, "fi")
        assert (corpus.kind, corpus.date, corpus.licence) == (
            "wikipedia", "2023-11-01", "CC BY-SA 4.0 (text of Wikipedia)",
        )  # fmt: skip

    def test_a_missing_column(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.parquet", texts=["A."])
        with pytest.raises(ContextsError, match=r"no column 'text' \(did you mean 'texts'\?\); it has texts"):
            texts(path)
        assert texts(path, columns={"text": "texts"}) == ["A."]

    def test_a_file_that_breaks_off(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.parquet", text=["A."] * 1000)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(ContextsError, match=r"a\.parquet: not a whole Parquet file"):
            texts(path)

    def test_bytes_are_text_in_utf_8(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"text": pa.array(["Café.".encode(), b"A."]), "title": pa.array([b"x", None])}), path)
        assert [(d.text, d.page) for d in documents(path)] == [("Café.", "x"), ("A.", "")]

    @pytest.mark.parametrize("kind", [pa.string(), pa.binary()])
    def test_a_cell_that_is_not_utf_8(self, tmp_path: Path, kind: pa.DataType) -> None:
        path = tmp_path / "a.parquet"
        raw = pa.array([b"A.", "Café.".encode("cp1252")], pa.binary())
        cells = pa.Array.from_buffers(kind, 2, raw.buffers())
        pq.write_table(pa.table({"text": cells}), path)
        with pytest.raises(ContextsError, match=r"row 1 \(from 0\), column 'text': a cell that is not UTF-8"):
            texts(path)

    def test_a_column_that_is_no_text(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"text": [1, 2], "body": ["A.", "B."]}), path)
        with pytest.raises(ContextsError, match="column 'text' holds int64, not text; it has text, body"):
            texts(path)

    def test_damage_inside_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        table = pa.table({"text": [f"Sentence {number * 7919 % 104729}." for number in range(20_000)]})
        pq.write_table(table, path, compression="zstd")
        content = bytearray(path.read_bytes())
        content[5000:9000] = bytes(4000)
        path.write_bytes(content)
        with pytest.raises(ContextsError, match=r"a\.parquet: (the file is damaged|can't be read)"):
            texts(path)


class TestDump:
    PAGES = (
        (
            "Kedi",
            0,
            "'''Kedi''', [[memeli]] bir [[hayvan|hayvandır]].{{kaynak|a}} ''Miyavlar''.\n\n== Adı ==\nSu içer.",
        ),
        ("Tartışma:Kedi", 1, "Talk."),
        ("Pisi", 0, "#REDIRECT [[Kedi]]"),
    )

    @pytest.mark.parametrize("packed", [True, False])
    def test_articles_only(self, tmp_path: Path, dump: Callable[..., bytes], packed: bool) -> None:
        path = tmp_path / ("trwiki-20240501-pages-articles.xml" + (".bz2" if packed else ""))
        xml = dump(self.PAGES, redirects=["Pisi"])
        path.write_bytes(bz2.compress(xml) if packed else xml)
        (document,) = documents(path, "tr")
        assert document.text == "Kedi, memeli bir hayvandır. Miyavlar.\nSu içer."
        assert (document.page, document.date) == ("Kedi", "2024-05-01")
        assert document.url == "https://tr.wikipedia.org/wiki/Kedi"
        assert open_corpus(path, "tr").date == "2024-05-01"

    def test_multistream(self, tmp_path: Path, dump: Callable[..., bytes]) -> None:
        xml = dump(self.PAGES, redirects=["Pisi"])
        parts = [xml[start : start + 700] for start in range(0, len(xml), 700)]
        path = tmp_path / "trwiki-20240501-pages-articles-multistream.xml.bz2"
        path.write_bytes(b"".join(map(bz2.compress, parts)))
        assert [document.page for document in documents(path, "tr")] == ["Kedi"]

    @pytest.mark.parametrize("packed", [True, False])
    def test_a_dump_that_breaks_off(self, tmp_path: Path, dump: Callable[..., bytes], packed: bool) -> None:
        xml = dump([(f"Sayfa {n}", 0, f"Kedi {n * 7919 % 104729} miyavlar. " * 50) for n in range(1, 9)])
        path = tmp_path / ("x.xml" + (".bz2" if packed else ""))
        content = bz2.compress(xml) if packed else xml
        path.write_bytes(content[: int(0.7 * len(content))])
        with pytest.raises(ContextsError, match=r"x\.xml\S*: the (archive|XML) breaks off"):
            documents(path, "tr")

    def test_a_damaged_archive(self, tmp_path: Path, dump: Callable[..., bytes]) -> None:
        content = bytearray(bz2.compress(dump(self.PAGES)))
        content[200:260] = bytes(60)
        path = tmp_path / "x.xml.bz2"
        path.write_bytes(content)
        with pytest.raises(ContextsError, match=r"x\.xml\.bz2: can't be read \(Invalid data stream\)"):
            documents(path, "tr")

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"2024-05-01T", b"2024-05-01TT"),
            (b"<id>2</id>", b"<id>2x</id>"),
            (b"<id>2</id>", b"<id></id>"),
            (b"<ns>0</ns>", b"<ns>-</ns>"),
            (b"<title>Pisi</title>", b"<title></title>"),
        ],
    )
    def test_damaged_marks_of_a_page(self, tmp_path: Path, dump: Callable[..., bytes], old: bytes, new: bytes) -> None:
        xml = dump(self.PAGES)
        assert old in xml
        path = tmp_path / "x.xml"
        path.write_bytes(xml.replace(old, new))
        with pytest.raises(ContextsError, match=r"x\.xml, (page '|the (first )?page).*the dump is damaged \("):
            documents(path, "tr")

    def test_some_other_xml(self, tmp_path: Path) -> None:
        path = tmp_path / "x.xml"
        path.write_text("<html><body/></html>", encoding="utf-8")
        with pytest.raises(ContextsError, match=r"x\.xml: not a MediaWiki dump"):
            documents(path)


class TestOpening:
    def test_a_pattern_takes_its_files_in_order(self, tmp_path: Path) -> None:
        for name in ("es.val.conllu", "es.test.conllu", "pt.val.conllu"):
            (tmp_path / name).write_text("0\ta\tO\n", encoding="utf-8")
        corpus = open_corpus(tmp_path / "es.*.conllu", "Spanish")
        assert [shard.name for shard in corpus.shards] == ["es.test.conllu", "es.val.conllu"]
        assert (corpus.language, corpus.kind) == ("es", "conll")
        assert len(open_corpus(tmp_path / "es.*.conllu", "es", shards=1).shards) == 1

    @pytest.mark.parametrize(
        ("name", "kind", "wrong"),
        [
            ("nowhere.txt", "auto", "there is no such file or folder"),
            ("a*.txt", "auto", "no file fits this pattern"),
            ("strange.dat", "auto", "the name does not tell the format"),
            ("strange.dat", "conl", r"no kind of corpus called 'conl' \(did you mean 'conll'\?\)"),
            ("", "auto", "files of several formats"),
            ("empty", "auto", "no file of a corpus in this folder"),
        ],
    )
    def test_what_cannot_be_opened(self, tmp_path: Path, name: str, kind: str, wrong: str) -> None:
        (tmp_path / "empty").mkdir()
        for file in ("strange.dat", "b.txt", "c.jsonl"):
            (tmp_path / file).touch()
        with pytest.raises(ContextsError, match=wrong):
            open_corpus(tmp_path / name, "en", kind=kind)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("corpus-096053d3-d.xml.bz2", "page 'P2': the dump is damaged"),
        ("deep.jsonl", "line 1: JSON nested too deep"),
    ],
)
def test_cases_of_a_hostile_week(shared: Path, name: str, wrong: str) -> None:
    with pytest.raises(ContextsError, match=wrong):
        texts(shared / "cases/broken" / name)


def test_a_parquet_file_whose_text_lost_its_type(shared: Path) -> None:
    assert texts(shared / "cases/broken/corpus-2a604fdf-w.parquet") == ["The happy dog sleeps.", "A cat."]
