"""JSON lines and SQuAD's JSON, from small files of our own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from interlingua.contexts.corpora import Document, Options, open_corpus
from interlingua.errors import ContextsError


def documents(path: Path, language: str = "en", kind: str = "auto", **options: object) -> list[Document]:
    corpus = open_corpus(path, language, kind=kind, options=Options(**options))  # type: ignore[arg-type]
    return [document for shard in corpus.shards for document in corpus.documents(shard)]


def texts(path: Path, **options: object) -> list[str]:
    return [document.text for document in documents(path, **options)]  # type: ignore[arg-type]


class TestJsonLines:
    def test_records(self, tmp_path: Path) -> None:
        path = tmp_path / "pages.jsonl.gz"
        record = {"title": "Cat", "url": "https://x.org/Cat", "text": "A cat.\nIt purrs.", "date": "2024-01-02"}
        with gzip.open(path, "wt", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n\n" + json.dumps({"text": "Half \ud83d a pair."}) + "\n")
        first, second = documents(path)
        assert first == Document("A cat.\nIt purrs.", "Cat", "https://x.org/Cat", 0, "2024-01-02")
        assert (second.text, second.index) == ("Half \ufffd a pair.", 1)

    def test_a_column_of_another_name(self, tmp_path: Path) -> None:
        path = tmp_path / "pages.jsonl"
        path.write_text('{"body": "A cat."}\n', encoding="utf-8")
        assert texts(path, columns={"text": "body"}) == ["A cat."]
        with pytest.raises(ContextsError, match=r"line 1: no text 'text'.* it has body; say which it is with columns"):
            texts(path)

    def test_halves_of_characters_are_repaired_in_every_column(self, tmp_path: Path) -> None:
        path = tmp_path / "pages.jsonl"
        path.write_text('{"text": "A cat.", "title": "\\ud83d"}\n{"text": "A dog."}\n', encoding="utf-8")
        assert [(d.page, d.repaired) for d in documents(path)] == [("\ufffd", ("half a character",)), ("", ())]

    @pytest.mark.parametrize(
        ("line", "wrong"),
        [
            ("{", "not JSON"),
            ("[1]", "expected a JSON object, not list"),
            ('{"text":' + "[" * 100_000, "JSON nested too deep"),
            ('{"text": "A.", "n": ' + "9" * 5000 + "}", "JSON that can't be read"),
            ('{"text": 3}', "'text' is int, not text; it has text"),
        ],
    )
    def test_damaged_lines(self, tmp_path: Path, line: str, wrong: str) -> None:
        path = tmp_path / "pages.jsonl"
        path.write_text('{"text": "A."}\n' + line + "\n", encoding="utf-8")
        with pytest.raises(ContextsError, match=f"line 2: {wrong}"):
            texts(path)


class TestSquad:
    def write(self, path: Path, content: object) -> Path:
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return path

    def test_each_context_once(self, tmp_path: Path) -> None:
        questions = [{"question": "Ne?", "answers": [{"text": "Kedi", "answer_start": 0}]}] * 2
        article = {
            "title": "Kedi",
            "paragraphs": [{"context": "Kedi uyur. Su içer.", "qas": questions}, {"context": "Miyav."}],
        }
        path = self.write(tmp_path / "xquad.tr.json", {"version": "1.1", "data": [article, {"paragraphs": []}]})
        assert open_corpus(path, "tr").kind == "squad"
        assert [(d.text, d.page, d.index, d.sentence) for d in documents(path)] == [
            ("Kedi uyur. Su içer.", "Kedi", 0, False), ("Miyav.", "Kedi", 1, False),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("content", "wrong"),
        [
            ([{"text": "A."}], r"x\.json: not the JSON of SQuAD, XQuAD or TQuAD, which is .* kind = 'jsonl'"),
            ({"data": [{"context": "A."}]}, r"data\[0\]: not the JSON of SQuAD"),
            ({"data": [{"paragraphs": ["A."]}]}, r"data\[0\]\.paragraphs\[0\]: not the JSON of SQuAD"),
            ({"data": [{"paragraphs": [{"contxt": "A."}]}]}, r"no text 'context' \(did you mean 'contxt'\?\)"),
        ],
    )
    def test_other_json(self, tmp_path: Path, content: object, wrong: str) -> None:
        with pytest.raises(ContextsError, match=wrong):
            texts(self.write(tmp_path / "x.json", content))

    def test_json_lines_in_a_file_of_that_name(self, tmp_path: Path) -> None:
        path = tmp_path / "x.json"
        path.write_text('{"text": "A."}\n{"text": "B."}\n', encoding="utf-8")
        with pytest.raises(ContextsError, match="are these JSON lines\\? give kind = 'jsonl'"):
            texts(path)
        assert texts(path, kind="jsonl") == ["A.", "B."]

    def test_json_beside_other_files_describes_them(self, tmp_path: Path) -> None:
        (tmp_path / "pages.jsonl").write_text('{"text": "A."}\n', encoding="utf-8")
        self.write(tmp_path / "info.json", {"licence": "none"})
        assert texts(tmp_path) == ["A."]
        self.write(tmp_path / "xquad.json", {"data": [{"paragraphs": [{"context": "B."}]}]})
        with pytest.raises(ContextsError, match=r"files of several formats \(jsonl, squad\)"):
            open_corpus(tmp_path, "en")
