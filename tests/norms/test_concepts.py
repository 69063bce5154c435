"""What a word of a table means: whose column says it, and how it is written so that tables meet."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from interlingua.errors import NormsError
from interlingua.norms import load_norms, normalise_gloss


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("TREE", "tree"),
        ("  To  run ", "run"),
        ("to be", "be"),
        ("To", "to"),
        ("the sea", "sea"),
        ("a hen", "hen"),
        ("an egg", "egg"),
        ("another", "another"),
        ("theatre", "theatre"),
        ("RAIN (PRECIPITATION)", "rain"),
        ("cold [of weather]", "cold"),
        ("(sic)", "(sic)"),
        ("kerchief/handkerchief", "kerchief"),
        ("joy; delight", "joy"),
        ("/ slash", "slash"),
        ("cafe\u0301", "caf\u00e9"),
        (906.0, "906"),
        (906, "906"),
        ("ice cream", "ice cream"),
    ],
)
def test_a_gloss_is_written_as_all_tables_write_it(written: object, name: str) -> None:
    assert normalise_gloss(written) == name
    assert normalise_gloss(name) == name


def table(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "own.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


EVERYTHING = ["word", "valence", "mine", "concept", "CONCEPTICON_ID", "CONCEPTICON_GLOSS"]
ROW = ("Baum", 3, "m1", "the plant", 906, "TREE")


@pytest.mark.parametrize(
    ("dropped", "named", "concept", "origin"),
    [
        ((), {"concept": "mine"}, "m1", "user"),
        ((), {}, "plant", "user"),
        (("concept",), {}, "tree", "norms"),
        (("concept", "CONCEPTICON_GLOSS"), {}, "concepticon 906", "norms"),
        (("concept", "CONCEPTICON_GLOSS", "CONCEPTICON_ID"), {}, "", ""),
    ],
)
def test_who_says_what_a_word_means(
    tmp_path: Path, dropped: tuple[str, ...], named: dict[str, str | int], concept: str, origin: str
) -> None:
    frame = pd.DataFrame([ROW, ("Haus", 4, "m2", "a house", 1252, "HOUSE")], columns=EVERYTHING)
    path = tmp_path / "own.csv"
    frame.drop(columns=list(dropped)).to_csv(path, index=False)
    norms = load_norms(path, language="de", columns={"valence": "valence", **named}, scale="none")
    assert norms.concepts == origin
    assert norms.variables == ("valence",)
    if concept:
        assert norms.table["concept"].iloc[0] == concept
    else:
        assert list(norms.table.columns) == ["word", "valence"]


def test_an_id_of_concepts_is_no_rating(tmp_path: Path) -> None:
    path = table(tmp_path, "word,valence,CONCEPTICON_ID", "Baum,3,906", "Haus,4,1252")
    norms = load_norms(path, language="de", scale="none")
    assert norms.variables == ("valence",)
    assert list(norms.table["concept"]) == ["concepticon 906", "concepticon 1252"]
    mine = load_norms(path, language="de", columns={"concept": "CONCEPTICON_ID"}, variables=["valence"], scale="none")
    assert list(mine.table["concept"]) == ["906", "1252"]


def test_words_without_a_concept_are_counted(tmp_path: Path) -> None:
    path = table(tmp_path, "word,valence,concept", "Baum,3,tree", "Haus,4,", "Hund,5,NA", "Katze,6, cat")
    norms = load_norms(path, language="de", scale="none")
    assert list(norms.table["concept"]) == ["tree", "", "", "cat"]
    told = norms.issues.set_index("kind")
    assert told.loc["word without a concept", "count"] == 2


def test_a_column_of_concepts_that_is_not_there(tmp_path: Path) -> None:
    path = table(tmp_path, "word,valence,meaning", "Baum,3,tree", "Haus,4,house")
    with pytest.raises(NormsError, match="no column 'meanin'"):
        load_norms(path, language="de", columns={"valence": "valence", "concept": "meanin"})


CARD = """
name = "de-any-2000"
title = "Any"
language = "de"
[variables]
valence = { column = "Val" }
[file]
format = "csv"
word = "Wort"
gloss = "English"
"""


def test_glosses_of_a_card_are_taken_where_they_are_and_missed_where_not(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_text(CARD, encoding="utf-8")
    path = table(tmp_path, "Wort,Val,English", "Baum,3,tree", "gehen,4,to walk")
    norms = load_norms(card, language="de", path=path, scale="none")
    assert (list(norms.table["concept"]), norms.concepts) == (["tree", "walk"], "norms")
    mine = load_norms(card, language="de", path=path, scale="none", columns={"concept": "Wort"})
    assert (list(mine.table["concept"]), mine.concepts) == (["baum", "gehen"], "user")
    path = table(tmp_path, "Wort,Val", "Baum,3", "gehen,4")
    norms = load_norms(card, language="de", path=path, scale="none")
    assert (list(norms.table.columns), norms.concepts) == (["word", "valence"], "")
    assert "'English'" in norms.issues.set_index("kind").loc["no glosses", "detail"]


def test_published_tables_meet_as_concepticon_links_them(shared: Path) -> None:
    """Oracle: the ids of Concepticon, which our names do not use."""
    folder = shared / "data" / "norms" / "norare"
    tables = {
        "it": ("it-montefinese-2014", "Montefinese-2014-AffectiveRatings.tsv", "ITALIAN"),
        "nl": ("nl-moors-2013", "Moors-2013-Ratings.tsv", "DUTCH"),
        "es": ("es-redondo-2007", "Redondo-2007-AffectiveRatings.tsv", "SPANISH"),
        "de": ("de-schmidtke-2014", "Schmidtke-2014-AffectiveRatings.tsv", "GERMAN"),
    }
    ours, ids = {}, {}
    for code, (card, file, word) in tables.items():
        norms = load_norms(card, language=code, path=folder / file, variables=["valence"])
        assert norms.concepts == "norms"
        ours[code] = dict(zip(norms.table["word"], norms.table["concept"], strict=True))
        raw = pd.read_csv(folder / file, sep="\t")
        ids[code] = dict(zip(raw[word].str.strip(), raw["CONCEPTICON_ID"], strict=True))
    for a, b in product(tables, tables):
        if a < b:
            theirs = {(x, y) for x, i in ids[a].items() for y, j in ids[b].items() if i == j}
            found = {(x, y) for x, i in ours[a].items() for y, j in ours[b].items() if i == j}
            assert len(theirs) > 30
            assert theirs <= found
            # Names without their notes join a few more: FLY (INSECT) and FLY (MOVE THROUGH AIR).
            assert len(found) <= 1.15 * len(theirs)


def test_glosses_of_an_adaptation_meet_english_words(shared: Path) -> None:
    folder = shared / "data" / "norms"
    path = folder / "crossling-abstractness" / "sarli-2021-argentine-anew.xlsx"
    spanish = load_norms("es-sarli-2021", language="es", path=path, variables=["valence"])
    english = load_norms(
        "en-warriner-2013", language="en", path=folder / "subs2vec" / "en-warriner-2013.tsv", variables=["valence"]
    )
    words = {normalise_gloss(word) for word in english.table["word"]}
    # Warriner's list holds nearly all of ANEW.
    assert spanish.concepts == "norms"
    assert spanish.table["concept"].isin(words).mean() > 0.9
