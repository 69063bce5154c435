"""From words to contexts: the tables, their counts, and what may not change them."""

from __future__ import annotations

import errno
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pandas.testing as pdt
import pyarrow.parquet as pq
import pytest

from interlingua.contexts import Contexts
from interlingua.contexts.corpora import CorpusSearch, Options, open_corpus, search_corpus, write_search
from interlingua.errors import ContextsError

VERBS = "sees hears likes finds holds feeds calls paints follows forgets".split()  # noqa: SIM905
NOUNS = "stone river cloud ladder window garden letter bottle candle pocket".split()  # noqa: SIM905


def sentences(n: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [
        f"The {rng.choice(['cat', 'dog', 'owl'])} {rng.choice(VERBS)} a {rng.choice(NOUNS)} and the"
        f" {rng.choice(NOUNS)} {rng.choice(['today', 'again', 'there', 'now'])}."
        for _ in range(n)
    ]


def assert_same(one: CorpusSearch, other: CorpusSearch) -> None:
    pdt.assert_frame_equal(one.contexts.table, other.contexts.table)
    pdt.assert_frame_equal(one.yield_table, other.yield_table)
    pdt.assert_frame_equal(one.filters, other.filters)


def test_tables(lines: Callable[..., Path]) -> None:
    path = lines(
        [
            "A cat sat here alone.",
            "The Cat purrs very softly.",
            "Cat!",
            "a cat " + "and on " * 60,
            "A cat sat here alone.",
            "My two dogs bark at 3 cats.",
            "Dogs bark at 3 cats.",
        ]
    )
    search = search_corpus(["dogs", "cat", "whale"], path, "English", n=2)
    table = search.contexts.table
    assert list(table["word"]) == ["dogs", "dogs", "cat", "cat"]
    assert list(table["context_id"]) == ["en-00000-00", "en-00000-01", "en-00001-00", "en-00001-01"]
    assert [text[a:b] for text, a, b in zip(table["text"], table["start"], table["end"], strict=True)].count("Cat") == 1
    assert set(table["split"]) == {"train"}
    assert set(table["source"]) == {path.name}
    expected = {
        "word": ["dogs", "cat", "whale"],
        "found": [2, 5, 0],
        "fragment": [0, 0, 0],
        "too_short": [0, 1, 0],
        "too_long": [0, 1, 0],
        "distinct": [2, 2, 0],
        "distinct_exact": [True, True, True],
        "near_duplicates": [0, 0, 0],
        "kept": [2, 2, 0],
    }
    pdt.assert_frame_equal(search.yield_table, pd.DataFrame(expected))
    assert search.filters.set_index("filter")["dropped"].to_dict() == {
        "no whole sentence (heading, item, hole)": 0,
        "fewer than 4 tokens": 1,
        "more than 100 tokens": 1,
        "repeated, numbers aside": 1,
        "near-duplicate": 0,
        "more than 2 a word": 0,
    }
    assert (search.words_with(2), search.words_with(1)) == (2, 2)
    issues = search.contexts.issues.set_index("kind")["count"].to_dict()
    assert issues == {"target at other form": 2, "word not found": 1}
    place = search.provenance.set_index("context_id").loc["en-00001-00"]
    assert (place["corpus"], place["date"], place["shard"]) == (path.name, "2021", path.name)
    text = table.set_index("context_id").loc["en-00001-00", "text"]
    assert place["page"] == {"A cat sat here alone.": "1", "The Cat purrs very softly.": "2"}[text]


def test_documents_are_split_and_headings_left_out(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    page = "The cat family of animals\nThe cat sleeps all day long. The cat (Felis catus) purrs.\nA cat list with items"
    path.write_text(json.dumps({"title": "Cat", "text": page, "url": "u"}) + "\n", encoding="utf-8")
    search = search_corpus(["cat"], path, "en")
    assert sorted(search.contexts.table["text"]) == ["The cat (Felis catus) purrs.", "The cat sleeps all day long."]
    assert dict(zip(search.provenance["sentence"], search.provenance["tokens"], strict=True)) == {1: 7, 2: 8}
    assert search.yield_table["fragment"].item() == 2
    assert search.card["filters"][0] == {
        "filter": "no whole sentence (heading, item, hole)", "dropped": 2, "words": 1,
    }  # fmt: skip
    with_headings = search_corpus(["cat"], path, "en", fragments=True)
    assert len(with_headings.contexts.table) == 4
    whole = search_corpus(
        ["cat"], open_corpus(path, "en", options=Options(sentences=True)), "en", max_tokens=1000
    )  # fmt: skip
    assert list(whole.contexts.table["text"]) == [page]


@pytest.mark.parametrize("policy", ["reservoir", "shortest"])
def test_neither_the_order_of_shards_nor_their_cut_shows(lines: Callable[..., Path], policy: Any) -> None:
    everything = sentences(600)
    one = open_corpus(lines(everything, "all-sentences.txt"), "en")
    parts = [lines(everything[start : start + 130], f"{start}-sentences.txt") for start in range(0, 600, 130)]
    for path in parts:
        path.rename(path.parent / f"part-{path.name}")
    many = open_corpus(parts[0].parent / "part-*", "en")
    options: dict[str, Any] = {"n": 7, "policy": policy, "seed": 3}
    expected = search_corpus(["cat", "dog", "owl"], replace(one, name="x"), "en", **options)
    backwards = replace(many, name="x", shards=many.shards[::-1])
    for corpus in (replace(many, name="x"), backwards):
        assert_same(search_corpus(["cat", "dog", "owl"], corpus, "en", **options), expected)
    lengths = search_corpus(["cat"], one, "en", n=7, policy="shortest").provenance["tokens"]
    assert list(lengths) == sorted(lengths)


def test_the_first_m_of_n_are_the_sample_of_m(lines: Callable[..., Path]) -> None:
    path = lines(sentences(500))
    many = search_corpus(["cat"], path, "en", n=15).contexts.table
    few = search_corpus(["cat"], path, "en", n=5).contexts.table
    pdt.assert_frame_equal(many.head(5), few)
    other = search_corpus(["cat"], path, "en", n=5, seed=1).contexts.table
    assert list(other["text"]) != list(few["text"])


def test_a_stopped_search_goes_on(lines: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [lines(sentences(60, seed), f"{seed}-sentences.txt") for seed in range(3)]
    corpus = open_corpus(tmp_path, "en")
    expected = search_corpus(["cat", "dog"], corpus, "en", n=30)
    whole = parts[2].read_text(encoding="utf-8")
    parts[2].write_text("no tab\n", encoding="utf-8")
    work = tmp_path / "work"
    with pytest.raises(ContextsError, match="2-sentences"):
        search_corpus(["cat", "dog"], corpus, "en", n=30, work_dir=work)
    assert len(list(work.iterdir())) == 2
    parts[2].write_text(whole, encoding="utf-8")
    read: list[str] = []
    documents = type(corpus).documents
    monkeypatch.setattr(
        type(corpus), "documents", lambda self, shard: read.append(shard.name) or documents(self, shard)
    )
    assert_same(search_corpus(["cat", "dog"], corpus, "en", n=30, work_dir=work), expected)
    assert read == ["2-sentences.txt"]
    # Everything is kept now; another question, or a file that changed, is searched anew.
    assert_same(search_corpus(["cat", "dog"], corpus, "en", n=30, work_dir=work), expected)
    assert read == ["2-sentences.txt"]
    search_corpus(["cat", "dog"], corpus, "en", n=29, work_dir=work)
    assert len(read) == 4
    parts[0].write_text(whole * 2, encoding="utf-8")
    search_corpus(["cat", "dog"], corpus, "en", n=30, work_dir=work)
    assert len(read) == 5


def test_the_shortest_and_full_reservoirs_are_kept_too(lines: Callable[..., Path], tmp_path: Path) -> None:
    path = lines(sentences(900))
    for policy in ("shortest", "reservoir"):
        options: dict[str, Any] = {"n": 3, "policy": policy, "work_dir": tmp_path / "work"}
        first = search_corpus(["cat"], path, "en", **options)
        assert not first.yield_table["distinct_exact"].item()
        assert_same(search_corpus(["cat"], path, "en", **options), first)


def test_progress(lines: Callable[..., Path]) -> None:
    path = lines(sentences(50))
    seen: list[Any] = []
    search_corpus(["cat"], path, "en", on_progress=seen.append)
    assert (seen[-1].shards, seen[-1].of_shards, seen[-1].sentences) == (1, 1, 50)
    assert seen[-1].megabytes == pytest.approx(sum(map(len, sentences(50))) / 1e6)
    assert seen[-1].throughput > 0


def test_files_that_can_be_shared(lines: Callable[..., Path], tmp_path: Path) -> None:
    search = search_corpus(["cat", "whale"], lines(sentences(50)), "en", n=5)
    path = write_search(search, tmp_path / "out")
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "en.card.json", "en.filters.csv", "en.parquet", "en.provenance.parquet", "en.yield.csv",
    ]  # fmt: skip
    again = Contexts.read(path)
    pdt.assert_frame_equal(again.table, search.contexts.table)
    pdt.assert_frame_equal(again.issues, search.contexts.issues)
    assert list(pq.read_table(path.with_name("en.provenance.parquet"))["context_id"].to_pylist()) == list(
        again.table["context_id"]
    )
    card = json.loads(path.with_name("en.card.json").read_text(encoding="utf-8"))
    assert card["licence"] == "CC BY (Leipzig Corpora Collection)"
    assert (card["words"], card["words_with_at_least"]) == (2, {"1": 1, "2": 1, "5": 1})
    assert card["options"]["policy"] == "reservoir"


@pytest.mark.parametrize("where", ["provenance", "work"])
def test_a_full_disk_leaves_what_was_there(
    lines: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = lines(sentences(50))
    out, work = tmp_path / "out", tmp_path / "work"
    write_search(search_corpus(["cat"], path, "en", n=5), out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if where == "provenance":
        search = search_corpus(["cat"], path, "en", n=6)
        monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
        with pytest.raises(ContextsError, match=r"out: the sentences can't be written \(No space left on device\)"):
            write_search(search, out)
    else:
        monkeypatch.setattr(pq, "write_table", full)
        with pytest.raises(ContextsError, match=r"work: a finished shard can't be kept \(No space left on device\)"):
            search_corpus(["cat"], path, "en", n=6, work_dir=work)
        assert list(work.iterdir()) == []
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"policy": "shorter"}, r"policy = 'shorter' is not one of reservoir, shortest \(did you mean"),
        ({"n": 0}, "n = 0: ask for at least one"),
        ({"min_tokens": 9, "max_tokens": 8}, "need 1 <= min_tokens <= max_tokens"),
        ({"words": ["whale"]}, "none of the 1 words of language 'en' is in its 20 sentences"),
    ],
)
def test_what_is_refused(lines: Callable[..., Path], options: dict[str, Any], wrong: str) -> None:
    path = lines(sentences(20))
    words = options.pop("words", ["cat"])
    with pytest.raises(ContextsError, match=wrong):
        search_corpus(words, path, "en", **options)


def test_a_corpus_of_another_language(lines: Callable[..., Path]) -> None:
    with pytest.raises(ContextsError, match="the corpus is of language 'en', not 'fr'"):
        search_corpus(["chat"], open_corpus(lines(["A cat."]), "en"), "fr")


def test_sentences_around_leftover_markup_are_counted(dump: Callable[..., bytes], tmp_path: Path) -> None:
    pytest.importorskip("mwxml", reason="needs the extra 'corpora'")
    page = "The cat is old. A cat<ref>The cat loves it. The cat does.\n\n{{x}} cat sat here. The cat sleeps all day."
    path = tmp_path / "enwiki-20240501-pages-articles.xml"
    path.write_bytes(dump([("Cat", 0, page)]))
    for fragments, kept, dropped in ((False, ["The cat is old.", "The cat sleeps all day."], 3), (True, None, 2)):
        search = search_corpus(["cat"], path, "en", fragments=fragments, work_dir=tmp_path / "work")
        found = set(search.contexts.table["text"])
        assert len(found) == 5 - dropped
        assert kept is None or found == set(kept)
        assert search.yield_table["fragment"].item() == dropped
        issues = search.contexts.issues.set_index("kind")["count"]
        assert issues["markup left over"] == 2
    again = search_corpus(["cat"], path, "en", fragments=True, work_dir=tmp_path / "work")
    pdt.assert_frame_equal(again.contexts.issues, search.contexts.issues)


def test_invisible_characters_are_removed_and_counted(lines: Callable[..., Path]) -> None:
    path = lines(
        ["A lo\u00advely c\u200bat sat here.", "A \ufeffcat\u2060 slept all day.", "My cat purrs very softly."]
    )
    search = search_corpus(["cat", "lovely"], path, "en")
    assert sorted(set(search.contexts.table["text"])) == [
        "A cat slept all day.", "A lovely cat sat here.", "My cat purrs very softly.",
    ]  # fmt: skip
    table = search.contexts.table
    forms = {text[a:b] for text, a, b in zip(table["text"], table["start"], table["end"], strict=True)}
    assert forms == {"cat", "lovely"}
    assert search.contexts.issues.set_index("kind")["count"].to_dict()["invisible characters removed"] == 2


def test_a_corpus_without_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text("\n \n", encoding="utf-8")
    with pytest.raises(ContextsError, match=r"book\.txt: there is no sentence in its 1 file"):
        search_corpus(["cat"], path, "en")


def test_a_damaged_tally_is_searched_again(lines: Callable[..., Path], tmp_path: Path) -> None:
    path = lines(sentences(60))
    expected = search_corpus(["cat"], path, "en", work_dir=tmp_path / "work")
    (kept,) = (tmp_path / "work").iterdir()
    content = kept.read_bytes()
    for damaged in (
        content.replace(b'"counts"', b'"counts;'),
        content[:-9],
        b"",
        content.replace(b"The cat", b"The car"),
    ):
        assert damaged != content
        kept.write_bytes(damaged)
        assert_same(search_corpus(["cat"], path, "en", work_dir=tmp_path / "work"), expected)
