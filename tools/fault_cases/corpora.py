"""Searches in corpora, by `interlingua contexts build`: dumps, CoNLL, JSON, Parquet."""

from __future__ import annotations

import bz2
import json
from collections.abc import Sequence
from pathlib import Path

from fault_cases.case import fault
from fault_cases.material import bert, write
from fault_cases.tool import Outcome, Tool

_DUMP = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en"><siteinfo>'
    "<sitename>W</sitename><dbname>enwiki</dbname><base>https://en.wikipedia.org/wiki/Main</base>"
    "<generator>M</generator><case>first-letter</case><namespaces>"
    '<namespace key="0" case="first-letter" /><namespace key="6" case="first-letter">File</namespace>'
    '<namespace key="14" case="first-letter">Category</namespace></namespaces></siteinfo>{pages}</mediawiki>'
)
_PAGE = (
    "<page><title>P{id}</title><ns>0</ns><id>{id}</id><revision><id>{id}</id><timestamp>{time}</timestamp>"
    '<model>wikitext</model><format>text/x-wiki</format><text xml:space="preserve">{text}</text></revision></page>'
)
_TIME = "2024-05-01T10:00:00Z"


def dump(path: Path, *texts: str, time: str = _TIME, identity: str = "") -> Path:
    """Write a dump of one page a text."""
    pages = []
    for number, text in enumerate(texts, start=1):
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        pages.append(_PAGE.format(id=identity or number, time=time, text=escaped))
    content = _DUMP.format(pages="".join(pages)).encode()
    path.write_bytes(bz2.compress(content) if path.suffix == ".bz2" else content)
    return path


def search(
    tool: Tool, corpus: str, words: Sequence[str] = ("love", "hate"), more: str = "", seconds: float = 100
) -> Outcome:
    """Search a corpus for words."""
    bert(tool.folder / "model")
    write(tool.folder / "en.csv", "word,valence", *(f"{word},{i + 1}" for i, word in enumerate(words)))
    write(tool.folder / "de.csv", "word,valence", "Haus,1", "Baum,2")
    write(
        tool.folder / "study.toml",
        'name = "s"',
        'models = ["./model"]',
        'variables = ["valence"]',
        "[languages]",
        f'en = {{ norms = "en.csv", corpus = {{ source = "{corpus}", min_tokens = 1, max_tokens = 90{more} }} }}',
        'de = { norms = "de.csv" }',
    )
    return tool.cli("contexts", "build", "study.toml", "--language", "en", "--output", "found", seconds=seconds)


def sentences(tool: Tool) -> list[str]:
    """Return the sentences that a search found."""
    import pandas as pd

    path = tool.folder / "found" / "en.parquet"
    return sorted(set(pd.read_parquet(path)["text"])) if path.is_file() else []


def torn(tool: Tool, wikitext: str, kept: Sequence[str]) -> str:
    """Return which sentences of a page were kept besides the whole ones."""
    dump(tool.folder / "wiki-pages-articles.xml", wikitext)
    outcome = search(tool, "wiki-pages-articles.xml")
    if wrong := outcome.broken():
        return wrong
    found = sentences(tool)
    if more := [text for text in found if text not in kept]:
        return f"kept as a sentence: {more[0]}"
    return "" if found == sorted(kept) else f"found only: {found}; {outcome.said[:200]}"


@fault("A5 template", "A template at a sentence's start is dropped, and the torn rest is kept as a whole sentence.")
def template(tool: Tool) -> str:
    """A length by a template."""
    text = "The road is love. {{convert|5|km}} is the length of the hate. All is love in the end."
    return torn(tool, text, ["The road is love.", "All is love in the end."])


@fault("A5 formula", "A formula at a sentence's start is dropped, and the torn rest is kept.")
def formula(tool: Tool) -> str:
    """An equation as the subject."""
    text = "The road is love. <math>E</math> is the hate in it. All is love in the end."
    return torn(tool, text, ["The road is love.", "All is love in the end."])


@fault("A5 variant", "A Chinese mark of variants at a sentence's start is dropped, and the torn rest is kept.")
def variant(tool: Tool) -> str:
    """A mark that names two scripts."""
    text = "The road is love. -{zh-hans:a;zh-hant:b}- is the hate in it. All is love in the end."
    return torn(tool, text, ["The road is love.", "All is love in the end."])


@fault("A5 open note", "What stands in a note that nothing closes is kept as the page's text.")
def note(tool: Tool) -> str:
    """A <ref> without its end."""
    text = "The road is love. A word<ref>Smith 1999, all is hate. He says so of love.\n\nAll is love in the end."
    return torn(tool, text, ["The road is love.", "All is love in the end."])


@fault("A5 open table", "What stands in a table that nothing closes is kept as the page's text.")
def table(tool: Tool) -> str:
    """A table without its end."""
    text = "The road is love.\n{| class=x\n| a || All of it is hate.\n|-\n== Head ==\nAll is love in the end."
    return torn(tool, text, ["The road is love.", "All is love in the end."])


@fault("A5 open infobox", "What stands in an infobox that nothing closes is kept as the page's text.")
def infobox(tool: Tool) -> str:
    """A template without its end."""
    text = "{{Infobox road\n| kind = It is all hate.\nThe road is hate.\n== Head ==\nAll is love in the end."
    return torn(tool, text, ["All is love in the end."])


@fault("A6 number", "CoNLL: a sentence's only number is read as that number's next column.")
def conll(tool: Tool) -> str:
    """A year beside its part of speech."""
    rows = ["He PRP O", "was VBD O", "born VBN O", "in IN O", "1984 CD O", "in IN O", "love NN O", ". . O"]
    write(tool.folder / "a.conll", *rows, "", *rows[:3], *rows[5:])
    outcome = search(tool, "a.conll")
    if wrong := outcome.failed():
        return wrong
    found = sentences(tool)
    wanted = "He was born in 1984 in love ."
    return "" if wanted in found else f"read: {found}"


@fault("A6 hash", "CoNLL: a token `#` is taken for a comment.")
def sign(tool: Tool) -> str:
    """Columns parted by blanks, so that the line begins like a comment."""
    write(tool.folder / "a.conll", "The DT O", "# NN O", "of IN O", "love NN O", ". . O")
    outcome = search(tool, "a.conll")
    if wrong := outcome.failed():
        return wrong
    return "" if sentences(tool) == ["The # of love ."] else f"read: {sentences(tool)}"


@fault("B16 blanks", "Blanks in a page of a dump cost time that grows with their square.")
def blanks(tool: Tool) -> str:
    """Sixty thousand in a bracket that nothing closes: seconds if each is looked at once."""
    dump(tool.folder / "wiki-pages-articles.xml", "All is love. (" + " " * 120_000 + "x")
    outcome = search(tool, "wiki-pages-articles.xml", seconds=30)
    return "30 s are not enough for 120,000 blanks" if outcome.late else outcome.failed()


@fault("B17 timestamp", "A damaged timestamp in a dump is a traceback.")
def timestamp(tool: Tool) -> str:
    """No date."""
    dump(tool.folder / "wiki-pages-articles.xml", "All is love.", time="yesterday")
    outcome = search(tool, "wiki-pages-articles.xml")
    return outcome.refused(r"wiki-pages-articles\.xml", "timestamp|P1|page")


@fault("B17 page id", "A page's damaged number in a dump is a traceback.")
def identity(tool: Tool) -> str:
    """No number."""
    dump(tool.folder / "wiki-pages-articles.xml", "All is love.", identity="one")
    outcome = search(tool, "wiki-pages-articles.xml")
    return outcome.refused(r"wiki-pages-articles\.xml")


@fault("B17 deep JSON", "JSON lines that are nested deep are a traceback.")
def deep(tool: Tool) -> str:
    """Deeper than Python follows."""
    write(tool.folder / "a.jsonl", '{"text": "All is love."}', '{"text":' + "[" * 100_000)
    return search(tool, "a.jsonl").refused(r"a\.jsonl", "line 2")


@fault("B17 Parquet corpus", "Cells of a Parquet corpus that are not UTF-8 are a traceback.")
def cells(tool: Tool) -> str:
    """A text in cp1252 in a column of texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array([b"All is love.", b"El \xe1rbol."]).view(pa.string())
    pq.write_table(pa.table({"text": texts}), tool.folder / "a.parquet")
    return search(tool, "a.parquet").refused(r"a\.parquet", "UTF-8")


@fault("C22 SQuAD", "JSON of SQuAD's kind is not read, and no message says so.")
def squad(tool: Tool) -> str:
    """As XQuAD and TQuAD come."""
    paragraphs = [{"context": "All is love. It is no hate.", "qas": []}]
    write(tool.folder / "a.json", json.dumps({"version": "1.1", "data": [{"title": "T", "paragraphs": paragraphs}]}))
    outcome = search(tool, "a.json")
    if outcome.code:
        return outcome.refused("SQuAD")
    return "" if sentences(tool) == ["All is love.", "It is no hate."] else f"read: {sentences(tool)}"
