"""Encodings, archives, empty files: how a corpus's file is opened, and when it is refused."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from interlingua.contexts.corpora import Document, Options, open_corpus
from interlingua.errors import ContextsError


def documents(path: Path, language: str = "en", kind: str = "auto", **options: object) -> list[Document]:
    corpus = open_corpus(path, language, kind=kind, options=Options(**options))  # type: ignore[arg-type]
    return [document for shard in corpus.shards for document in corpus.documents(shard)]


def texts(path: Path, **options: object) -> list[str]:
    return [document.text for document in documents(path, **options)]  # type: ignore[arg-type]


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
        for encoding in ("undefined", "rot13", "hex"):
            with pytest.raises(ContextsError, match=f"there is no encoding '{encoding}'"):
                texts(path, encoding=encoding)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_wide_encodings(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "wide.txt"
        # The second bytes of these letters are those of a line's end.
        path.write_bytes("uno Ċ Ċa\r\nmañana ਊ\n".encode(encoding))
        assert texts(path, encoding=encoding) == ["uno Ċ Ċa", "mañana ਊ"]
        if encoding != "utf-32":
            with pytest.raises(ContextsError, match=f"not utf-8 but {encoding}; give encoding = '{encoding}'"):
                texts(path)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252", "cp1254"])
    def test_utf_8_under_another_name(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "old.txt"
        path.write_text("uno\nmañana\n", encoding="utf-8")
        with pytest.raises(ContextsError, match=f"not {encoding} but UTF-8; leave encoding out"):
            texts(path, encoding=encoding)

    def test_an_old_encoding_as_a_wide_one(self, tmp_path: Path) -> None:
        path = tmp_path / "old.txt"
        path.write_bytes("una mañana de sol\n".encode("cp1252") * 2)
        with pytest.raises(ContextsError, match="not utf-16; give the file's own encoding"):
            texts(path, encoding="utf-16")
        path.write_bytes("他说你好。\n".encode("gbk"))
        assert texts(path, encoding="gbk") == ["他说你好。"]


class TestPacked:
    TEXT = "".join(f"Sentence {number * 7919 % 104729} of it.\n" for number in range(4000)).encode()

    @pytest.mark.parametrize("pack", [bz2.compress, gzip.compress, lzma.compress])
    def test_several_streams_whatever_the_name(self, tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
        path = tmp_path / "book.txt"
        path.write_bytes(pack(self.TEXT[:1000]) + pack(self.TEXT[1000:]) + bytes(8))
        assert "\n".join(texts(path)) + "\n" == self.TEXT.decode()

    @pytest.mark.parametrize(("pack", "suffix"), [(bz2.compress, "bz2"), (gzip.compress, "gz"), (lzma.compress, "xz")])
    def test_damage_between_streams_is_no_end(
        self, tmp_path: Path, pack: Callable[[bytes], bytes], suffix: str
    ) -> None:
        path = tmp_path / f"book.txt.{suffix}"
        path.write_bytes(pack(self.TEXT[:1000]) + b"x" + pack(self.TEXT[1000:])[1:])
        with pytest.raises(ContextsError, match=r"book\.txt\.\w+: .*fetch the file again"):
            texts(path)
        path.write_bytes((pack(self.TEXT[:1000]) + pack(self.TEXT[1000:]))[:-30])
        with pytest.raises(ContextsError, match=r"book\.txt\.\w+: the archive breaks off"):
            texts(path)
        path.write_bytes(self.TEXT)
        with pytest.raises(ContextsError, match=rf"not packed as '\.{suffix}' says"):
            texts(path)

    def test_a_flipped_bit_in_a_leipzig_archive(self, tmp_path: Path, lines: Callable[..., Path]) -> None:
        archive = tmp_path / "a.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=0) as tar:
            tar.add(lines(["One cat sat.", "Two cats sat."]))
        content = archive.read_bytes()
        archive.write_bytes(content.replace(b"Two cats", b"Two cars"))
        with pytest.raises(ContextsError, match=r"a\.tar\.gz: the archive is damaged \(CRC check failed"):
            texts(archive)

    @pytest.mark.parametrize("name", "x.txt x.jsonl x.xml x.xml.bz2 x.txt.gz x.conllu x.json x.parquet x.tar".split())  # noqa: SIM905
    def test_an_empty_file(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.touch()
        with pytest.raises(ContextsError, match=f"{name}: the file is empty; fetch it again"):
            texts(path)

    def test_a_zip_archive(self, tmp_path: Path) -> None:
        for name in ("x.zip", "x.txt"):
            with zipfile.ZipFile(tmp_path / name, "w") as archive:
                archive.writestr("book.txt", "A cat.")
            with pytest.raises(ContextsError, match="ZIP archives are not read as corpora: unpack it"):
                texts(tmp_path / name)
