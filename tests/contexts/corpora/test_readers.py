"""Every format, from small files of our own."""

from __future__ import annotations

import bz2
import gzip
import io
import json
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


class TestConll:
    def test_a_first_column_that_counts_from_0_is_no_token(self, tmp_path: Path) -> None:
        path = tmp_path / "es.val.conllu"
        path.write_text("0\tElla\tO\n1\tvive\tO\n2\t.\tO\n\n0\tSí\tO\n1\t,\tO\n2\tclaro\tO\n", encoding="utf-8")
        assert texts(path) == ["Ella vive .", "Sí , claro"]
        assert all(document.sentence for document in documents(path))

    def test_two_columns(self, tmp_path: Path) -> None:
        path = tmp_path / "train.conll"
        path.write_text("1949'da\tB-DATE\nMao\tB-PERSON\n.\tO\n\n\nBu\tO\nsu\tO\n", encoding="utf-8")
        assert texts(path) == ["1949'da Mao .", "Bu su"]

    def test_numbers_among_the_tokens_of_a_file_without_a_counter(self, tmp_path: Path) -> None:
        path = tmp_path / "eng.conll"
        path.write_text("In IN B-PP O\n1949 CD B-NP O\nand CC O O\n1951 CD B-NP O\n", encoding="utf-8")
        assert texts(path) == ["In 1949 and 1951"]

    def test_conllu_with_comments_multi_word_tokens_and_empty_nodes(self, tmp_path: Path) -> None:
        rest = "\t_\t_\t_\t_\t_\t_\t_\t_\n"
        path = tmp_path / "ud.conllu"
        rows = ["1-2\tdel", "1\tde", "2\tel", "3\tmar", "3.1\tnada", "4\t#"]
        path.write_text("# sent_id = s7\n" + "".join(row + rest for row in rows), encoding="utf-8")
        (document,) = documents(path)
        assert (document.text, document.page) == ("del mar #", "s7")
        path.write_text("# text = Del mar.\n" + "".join(row + rest for row in rows), encoding="utf-8")
        assert texts(path) == ["Del mar."]

    def test_a_line_of_one_column_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "x.conll"
        path.write_text("a\tO\nb\n", encoding="utf-8")
        with pytest.raises(ContextsError, match=r"x\.conll, line 2: expected at least two columns"):
            texts(path)


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


class TestJsonLines:
    def test_records(self, tmp_path: Path) -> None:
        path = tmp_path / "pages.jsonl.gz"
        record = {"title": "Cat", "url": "https://x.org/Cat", "text": "A cat.\nIt purrs.", "date": "2024-01-02"}
        with gzip.open(path, "wt", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n\n" + json.dumps({"text": "Half \ud83d a pair."}) + "\n")
        first, second = documents(path)
        assert first == Document("A cat.\nIt purrs.", "Cat", "https://x.org/Cat", 0, "2024-01-02")
        assert (second.text, second.index) == ("Half ? a pair.", 1)

    def test_a_column_of_another_name(self, tmp_path: Path) -> None:
        path = tmp_path / "pages.jsonl"
        path.write_text('{"body": "A cat."}\n', encoding="utf-8")
        assert texts(path, columns={"text": "body"}) == ["A cat."]
        with pytest.raises(ContextsError, match=r"line 1: no text 'text'.* it has body; say which it is with columns"):
            texts(path)

    @pytest.mark.parametrize(("line", "wrong"), [("{", "not JSON"), ("[1]", "expected a JSON object, not list")])
    def test_damaged_lines(self, tmp_path: Path, line: str, wrong: str) -> None:
        path = tmp_path / "pages.jsonl"
        path.write_text('{"text": "A."}\n' + line + "\n", encoding="utf-8")
        with pytest.raises(ContextsError, match=f"line 2: {wrong}"):
            texts(path)


class TestPlainText:
    def test_a_paragraph_a_line_or_hard_wrapped(self, tmp_path: Path) -> None:
        path = tmp_path / "book.txt"
        path.write_text("\ufeffOne two\nthree.\n\nFour.\n", encoding="utf-8")
        assert texts(path) == ["One two", "three.", "Four."]
        assert texts(path, paragraphs="blank") == ["One two three.", "Four."]

    def test_another_encoding_is_named_with_its_line(self, tmp_path: Path) -> None:
        path = tmp_path / "old.txt"
        path.write_bytes("uno\nmañana\n".encode("cp1252"))
        assert texts(path, encoding="cp1252") == ["uno", "mañana"]
        with pytest.raises(ContextsError, match=r"old\.txt, line 2: not utf-8 \(byte 0xf1 at 2\); give the file's own"):
            texts(path)
        with pytest.raises(ContextsError, match="there is no encoding 'utf-9'"):
            texts(path, encoding="utf-9")


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
