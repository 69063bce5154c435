"""More than text takes is an error that names the place and the option, and the option allows it."""

from __future__ import annotations

import bz2
import gzip
import json
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlingua.contexts.corpora import Options, open_corpus
from interlingua.contexts.corpora.readers.limits import Limits
from interlingua.contexts.corpora.readers.slow_page import may_be_slow, page_text
from interlingua.contexts.corpora.readers.wikitext import plain_text
from interlingua.contexts.corpora.sentences import sentence_spans
from interlingua.errors import ContextsError

LONG = "It rained. " * 130_000  # 1.4 MB
DUMP = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en"><siteinfo><sitename>W'
    "</sitename><dbname>w</dbname><base>https://en.wikipedia.org/wiki/W</base><namespaces><namespace key='0'/>"
    "</namespaces></siteinfo>{}</mediawiki>"
)
PAGE = (
    "<page><title>{}</title><ns>0</ns><id>1</id><revision><id>1</id><timestamp>2024-01-01T00:00:00Z</timestamp>"
    "<model>wikitext</model><format>text/x-wiki</format><text>{}</text></revision></page>"
)


def texts(path: Path, **limits: Any) -> list[str]:
    corpus = open_corpus(path, "en", options=Options(limits=Limits(**limits)))
    return [document.text for shard in corpus.shards for document in corpus.documents(shard)]


def long_file(folder: Path, name: str) -> Path:
    path = folder / name
    match path.suffix:
        case ".txt":
            content = f"A line.\n{LONG}\n"
        case ".jsonl":
            content = json.dumps({"text": "A line."}) + "\n" + json.dumps({"text": LONG}) + "\n"
        case ".conll":
            content = "A\tx\n\n" + "rain\tx\n" * 200_000
        case ".json":
            content = json.dumps({"data": [{"title": "t", "paragraphs": [{"context": LONG * 8}]}]})
        case ".xml":
            content = DUMP.format(PAGE.format("Short", "A line.") + PAGE.format("Long", LONG))
        case _:
            pq.write_table(pa.table({"text": ["A line.", LONG]}), path)
            return path
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.conll", "a.json", "a.xml", "a.parquet"])
def test_a_page_that_is_too_long_is_an_error_and_the_option_allows_it(name: str, tmp_path: Path) -> None:
    path = long_file(tmp_path, name)
    with pytest.raises(ContextsError, match=r"a\.\w+.*more than \d MB.*most_page_megabytes = 4"):
        texts(path, page_megabytes=1)
    assert max(map(len, texts(path, page_megabytes=4))) > 900_000


def test_a_long_page_of_a_dump_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContextsError, match="page 'Long' or the next: more than 1 MB"):
        texts(long_file(tmp_path, "a.xml"), page_megabytes=1)


def test_many_versions_of_a_page_are_not_one_long_page(tmp_path: Path) -> None:
    version = "<revision><id>1</id><timestamp>2024-01-01T00:00:00Z</timestamp><text>{}</text></revision>"
    versions = "".join(version.format(LONG[:400_000]) for _ in range(6)) + version.format("The last.")
    path = tmp_path / "a.xml"
    path.write_text(DUMP.format(f"<page><title>A</title><ns>0</ns><id>1</id>{versions}</page>"), encoding="utf-8")
    assert texts(path, page_megabytes=1) == ["The last."]


@pytest.mark.parametrize(("suffix", "pack"), [(".bz2", bz2.compress), (".gz", gzip.compress)])
def test_a_small_file_that_unpacks_to_very_much(suffix: str, pack: Any, tmp_path: Path) -> None:
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(pack(b"It rained.\n" * 400_000))
    assert path.stat().st_size < 400_000
    start = time.process_time()
    with pytest.raises(ContextsError, match=r"unpacked it is more than 1 MB.*most_unpacked_megabytes = 100"):
        texts(path, unpacked_megabytes=1)
    assert time.process_time() - start < 10
    small = tmp_path / f"b.txt{suffix}"
    small.write_bytes(pack(b"It rained.\n" * 1000))
    assert len(texts(small)) == 1000


def test_a_page_whose_markup_takes_minutes_ends_when_it_should() -> None:
    slow = '<span style="' * 4000
    assert may_be_slow(slow)
    start = time.perf_counter()
    with pytest.raises(
        ContextsError, match=r"page 'A': its markup was not read within 2 seconds.*most_page_seconds = 20"
    ):
        page_text(slow, ["file"], "a.xml, page 'A'", Limits(page_seconds=2))
    assert time.perf_counter() - start < 20


def test_a_page_in_a_process_of_its_own_reads_the_same() -> None:
    page = "Rain ''fell'' on [[sea|the sea]].<ref>\n\n" * 250 + "Sun{{x}} rose.\n[[file:a.png]]"
    assert may_be_slow(page)
    assert page_text(page, ["file"], "a", Limits()) == plain_text(page, ["file"])


def test_real_pages_are_not_slow() -> None:
    page = ('Rain fell.<ref name="a">{{cite|x=1}}</ref> It <b>was</b> <br> [[wet]].\n{|\n|a\n|}\n' * 3000)[:400_000]
    assert not may_be_slow(page)


def test_long_paragraphs_are_split_as_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    paragraph = 'Dr. Smith left at 5 p.m. on Monday. "It rained!" she said. No. 7 won... Then 19. May came. ' * 300
    from interlingua.contexts.corpora import sentences

    stretched = list(sentence_spans(paragraph, "en"))
    monkeypatch.setattr(sentences, "_STRETCH", 10**9)
    assert stretched == list(sentence_spans(paragraph, "en"))
    monkeypatch.undo()
    start = time.process_time()
    assert len(list(sentence_spans("我们。" * 30_000, "zh"))) == 30_000
    assert time.process_time() - start < 2.5  # with the square of the length it takes five
