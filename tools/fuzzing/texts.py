"""What is read beside tables and corpora: the authors' files, links, studies, cards, and files of contexts."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from fuzzing.judge import wrong_sentences
from fuzzing.kinds import Kind, Mutant, Read, add
from fuzzing.known import RATING, ROWS
from fuzzing.mutate import encoded, spoilt_bytes, spoilt_text

import interlingua as il
from interlingua.contexts import Contexts
from interlingua.contexts.authors import SENTENCES_PER_WORD
from interlingua.norms import load_card
from interlingua.run.study import load_study
from interlingua.study.concepts import link_words
from interlingua.study.sections import Concepts

#: Between the files of a folder that is a seed.
_BETWEEN = "\x1d"
_PARTS = ("sentences", "idx", "words", "valence")
_NAMES = [f"english_{part}_{split}" for split in ("train", "test") for part in _PARTS]


def _text(chance: random.Random, seeds: list[str]) -> Mutant:
    content = encoded(spoilt_text(chance.choice(seeds), chance), chance)
    return Mutant(content, inside=True, text=content.decode("utf-8", "replace"))


def _authors() -> str:
    files: list[str] = []
    for rows in (ROWS[:6], ROWS[6:10]):
        repeated = [row for row in rows for _ in range(SENTENCES_PER_WORD)]
        columns = (
            [row.sentence for row in repeated],
            [str(row.sentence.split(" ").index(row.word)) for row in repeated],
            [row.word for row in repeated],
            [str(row.rating) for row in repeated],
        )
        files += ["\n".join(column) + "\n" for column in columns]
    return _BETWEEN.join(files)


def _authors_mutant(chance: random.Random) -> Mutant:
    files = _AUTHORS.split(_BETWEEN)
    place = chance.randrange(len(files))
    spoilt = encoded(spoilt_text(files[place], chance), chance)
    parts = [spoilt if number == place else text.encode() for number, text in enumerate(files)]
    return Mutant(_BETWEEN.encode().join(parts), inside=True, text=b"\n".join(parts).decode("utf-8", "replace"))


def _read_authors(path: Path) -> Read:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        for name, content in zip(_NAMES, path.read_bytes().split(_BETWEEN.encode()), strict=False):
            Path(folder, name).write_bytes(content)
        contexts = il.read_authors(folder, "en", variables=["valence"])
    table = contexts.table
    spans = zip(table["text"], table["start"], table["end"], strict=True)
    pairs = [(text, text[start:end]) for text, start, end in spans]
    ratings = table.dropna(subset="valence")
    return Read(list(zip(ratings["word"], ratings["valence"], strict=True)), pairs, int(contexts.issues["count"].sum()))


def _wrong_authors(mutant: Mutant, read: Read) -> str:
    for word, rating in read.ratings:
        known = RATING.get(word)
        # One file was spoilt: a rating that it says differently is read as it says, and one of another row is not.
        elsewhere = rating in RATING.values() and f"{rating:g}" not in (mutant.text or "")
        if known is not None and known != rating and elsewhere:
            return f"{word!r} has the rating {rating}, which stands nowhere"
    return wrong_sentences(mutant, read)


_AUTHORS = _authors()
add(Kind("authors", ".txt", [_AUTHORS.encode()], _authors_mutant, _read_authors, _wrong_authors, 3))

_LINKS = ["language,word,concept\n" + "".join(f"en,{row.word},c{n // 2}\n" for n, row in enumerate(ROWS))]
_LINKED = [("en", row.word) for row in ROWS]


def _read_links(path: Path) -> Read:
    import pandas as pd

    words = pd.DataFrame([(*pair, "", False) for pair in _LINKED], columns=["language", "word", "concept", "given"])
    found = link_words(words, {}, Concepts(links=str(path)))
    return Read(told=int(found.issues["count"].sum()) if len(found.issues) else 0)


def _nothing(mutant: Mutant, read: Read) -> str:
    """Judge nothing but that it ends as it should."""
    return ""


add(
    Kind(
        "links", ".csv", [text.encode() for text in _LINKS], lambda chance: _text(chance, _LINKS), _read_links, _nothing
    )
)

_STUDY = """name = "fuzz"
models = ["builtin:e5-small"]
variables = ["valence"]
unseen = ["de"]
seed = 3
[languages]
en = { norms = "a.csv", columns = { word = 0, valence = "V" }, options = { decimal = ",", header_row = 2 } }
es = { norms = "labmt", contexts = "s.csv", context_columns = { text = 1 }, context_options = { quoted = false } }
de = { norms = "labmt", corpus = { source = "d.xml.bz2", kind = "dump", n = 3 } }
[sampling]
words = 20
sentences = 2
[probes]
l1 = 0.01
[units]
k = 0.1
[questions.conjunction]
least = 0.2
"""
_CARD = """name = "xx-nobody-2030"
title = "Made up"
language = "en"
authors = ["Nobody, No"]
year = 2030
[variables]
valence = { column = "V", low = 1, high = 9, note = "a" }
[file]
format = "csv"
separator = ";"
decimal = ","
word = "Word"
raters = { valence = 30 }
[[layouts]]
name = "other"
columns = { valence = "val" }
"""


def _toml(name: str, text: str, read: Callable[[Path], object]) -> None:
    def reads(path: Path) -> Read:
        read(path)
        return Read()

    add(Kind(name, ".toml", [text.encode()], lambda chance: _text(chance, [text]), reads, _nothing))


_toml("study", _STUDY, load_study)
_toml("card", _CARD, load_card)


def _stored() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "a.csv")
        source.write_text("text,word\n" + "".join(f"{row.sentence},{row.word}\n" for row in ROWS), encoding="utf-8")
        il.read_contexts(source, language="en").write(Path(folder, "a.parquet"))
        return Path(folder, "a.parquet").read_bytes()


def _read_stored(path: Path) -> Read:
    contexts = Contexts.read(path)
    table = contexts.table
    spans = zip(table["text"], table["start"], table["end"], strict=True)
    return Read(sentences=[(text, text[start:end]) for text, start, end in spans])


_STORED = _stored()
add(
    Kind(
        "stored contexts",
        ".parquet",
        [_STORED],
        lambda chance: Mutant(spoilt_bytes(_STORED, chance), inside=False),
        _read_stored,
        wrong_sentences,
        5,
    )
)
