"""Corpora of every format, searched for the words of the table."""

from __future__ import annotations

import io
import json
import random
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from fuzzing.judge import wrong_sentences
from fuzzing.kinds import Kind, Mutant, Read, add
from fuzzing.known import ROWS
from fuzzing.mutate import encoded, rebz2, regzipped, spoilt_bytes, spoilt_text

from interlingua.contexts.corpora import open_corpus
from interlingua.contexts.corpora.shard import Query, search_shard

_SENTENCES = [row.sentence for row in ROWS]
_QUERY = Query(tuple(row.word for row in ROWS), "en", n=3)
_PAGES = [_SENTENCES[start : start + 8] for start in range(0, len(_SENTENCES), 8)]
_HEAD = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">\n<siteinfo><sitename>W'
    "</sitename><dbname>w</dbname><base>https://en.wikipedia.org/wiki/W</base><namespaces>"
    '<namespace key="0" case="first-letter"/><namespace key="6" case="first-letter">File</namespace>'
    "</namespaces></siteinfo>\n"
)
_PAGE = (
    "<page><title>Page {}</title><ns>0</ns><id>{}</id><revision><id>{}</id><timestamp>2024-01-01T00:00:00Z</timestamp>"
    '<model>wikitext</model><format>text/x-wiki</format><text xml:space="preserve">{}</text></revision></page>\n'
)


def _reads(kind: str) -> Callable[[Path], Read]:
    """Return what searches the words in a file of a format."""

    def read(path: Path) -> Read:
        corpus = open_corpus(path, "en", kind=kind)
        tally = search_shard(corpus, corpus.shards[0], _QUERY)
        kept = [entry for reservoir in tally.reservoirs.values() for entry in reservoir.entries()]
        pairs = [(sentence.text, sentence.text[start:end]) for _, sentence, start, end in kept]
        return Read(sentences=pairs, told=int(sum(tally.oddities.values())))

    return read


def _wiki(sentences: list[str], number: int) -> str:
    """Return a page with every kind of markup around whole sentences."""
    parts = [
        "{{Infobox|a=1|b=[[x]]}}",
        "'''" + sentences[0] + "'''<ref>{{cite|t=a}}</ref> " + sentences[1],
        "== Head ==",
        sentences[2].replace("town", "[[town|town]]") + "<!-- a -->",
        "{|\n|-\n| a || b\n|}",
        "* item\n[[File:a.png|thumb|A caption]]",
        " ".join(sentences[3:6]),
        "<math>x</math>\n\n" + " ".join(sentences[6:]) + "{{sfn|a}}",
    ]
    text = "\n".join(parts).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _PAGE.format(number, number, number, text)


_DUMP = _HEAD + "".join(_wiki(page, number) for number, page in enumerate(_PAGES, 1)) + "</mediawiki>\n"
_JSONL = "".join(json.dumps({"title": f"P{n}", "text": " ".join(page)}) + "\n" for n, page in enumerate(_PAGES))
_SQUAD = json.dumps(
    {
        "data": [
            {"title": f"P{n}", "paragraphs": [{"context": " ".join(page), "qas": []}]} for n, page in enumerate(_PAGES)
        ]
    }
)
_TEXT = "".join(" ".join(page) + "\n" for page in _PAGES)
_LEIPZIG = "".join(f"{number}\t{sentence}\n" for number, sentence in enumerate(_SENTENCES, 1))
_CONLL = "\n".join("".join(f"{token}\tO\n" for token in re.findall(r"\w+|\.", sentence)) for sentence in _SENTENCES)
_CONLLU = "\n".join(
    f"# text = {sentence}\n"
    + "".join(f"{n}\t{token}\t_\n" for n, token in enumerate(re.findall(r"\w+|\.", sentence), 1))
    for sentence in _SENTENCES
)


def _tar(text: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in (("eng-words.txt", b"1\tthe\t9\n"), ("eng-sentences.txt", text)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return regzipped(out.getvalue())


def _parquet(compression: str) -> bytes:
    out = io.BytesIO()
    table = pa.table({"title": [f"P{n}" for n in range(len(_PAGES))], "text": [" ".join(page) for page in _PAGES]})
    pq.write_table(table, out, write_page_checksum=True, compression=compression, row_group_size=2)
    return out.getvalue()


def _joined(text: str) -> str:
    """Return what CoNLL says in lines: the tokens of each sentence, of either column."""
    groups = re.split(r"\n[ \t\r]*\n", text.replace("\r\n", "\n"))
    columns = [[re.split(r"[ \t]+", line.strip()) for line in group.split("\n")] for group in groups]
    said = [" ".join(cells[place] for cells in rows if len(cells) > place) for rows in columns for place in (0, 1)]
    return "\n".join([text, *said])


def _unescaped(text: str) -> str:
    """Return JSON as it stands, and with what is escaped in it; half a character is none."""
    said = re.sub(r'(?:\\u[0-9a-fA-F]{4})+|\\["\\/bfnrt]', lambda found: json.loads(f'"{found[0]}"'), text)
    return f"{text}\n" + re.sub("[\ud800-\udfff]", "\ufffd", said)


def _mutants(
    texts: list[str], pack: Callable[[bytes], bytes] = bytes, said: Callable[[str], str] = str
) -> Callable[[random.Random], Mutant]:
    def mutants(chance: random.Random) -> Mutant:
        text = spoilt_text(chance.choice(texts), chance)
        content = encoded(text, chance)
        shown = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
        shown = said(shown)
        if pack is not bytes and chance.random() < 0.3:
            return Mutant(spoilt_bytes(pack(content), chance), inside=False, text=shown)
        return Mutant(pack(content), inside=True, text=shown)

    return mutants


def _corpus(
    name: str,
    kind: str,
    suffix: str,
    texts: list[str],
    pack: Callable[[bytes], bytes] = bytes,
    cost: float = 5,
    said: Callable[[str], str] = str,
) -> None:
    seeds = [pack(text.encode()) for text in texts]
    _add(name, kind, suffix, seeds, _mutants(texts, pack, said), cost)


def _add(
    name: str, kind: str, suffix: str, seeds: list[bytes], mutants: Callable[[random.Random], Mutant], cost: float
) -> None:
    add(Kind(name, suffix, seeds, mutants, _reads(kind), wrong_sentences, cost))


_corpus("dump", "dump", ".xml", [_DUMP], cost=20)
_corpus("dump-bz2", "dump", ".xml.bz2", [_DUMP], rebz2, cost=20)
_corpus("conll", "conll", ".conll", [_CONLL, _CONLLU], said=_joined)
_corpus("leipzig", "leipzig", "-sentences.txt", [_LEIPZIG])
_corpus("leipzig-tar", "leipzig", ".tar.gz", [_LEIPZIG], _tar)
_corpus("jsonl", "jsonl", ".jsonl", [_JSONL], said=_unescaped)
_corpus("squad", "squad", ".json", [_SQUAD], said=_unescaped)
_corpus("text", "text", ".txt", [_TEXT])
_BOTH = [_parquet(packed) for packed in ("none", "snappy")]
_add(
    "corpus-parquet",
    "wikipedia",
    ".parquet",
    _BOTH,
    lambda chance: Mutant(spoilt_bytes(chance.choice(_BOTH), chance), inside=False),
    10,
)
