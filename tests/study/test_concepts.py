"""What the norms and the user's table of links say of a study's words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from interlingua.errors import ConfigError
from interlingua.study.concepts import link_words
from interlingua.study.config import Study
from interlingua.study.reading import read_study
from interlingua.study.sections import Concepts
from interlingua.study.sources import gather


def words(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["language", "word", "concept"]).assign(given=False)


ROWS = words(("it", "albero", "tree"), ("en", "tree", ""), ("de", "Baum", ""), ("de", "Haus", ""), ("zh", "树", ""))


def table(folder: Path, *rows: str, header: str = "language,word,concept") -> str:
    path = folder / "links.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_english_words_are_their_own_glosses() -> None:
    found = link_words(ROWS, {"it": "norms"}, Concepts())
    told = found.words.set_index("word")
    assert dict(told["concept"]) == {"albero": "tree", "tree": "tree", "Baum": "", "Haus": "", "树": ""}
    assert dict(told["origin"]) == {"albero": "norms", "tree": "norms", "Baum": "", "Haus": "", "树": ""}
    assert found.issues.empty


def test_the_user_s_links_join_what_the_norms_name(tmp_path: Path) -> None:
    links = table(tmp_path, "en,tree,C17", "German,BAUM,c17", "zh,树,c17", "de,Haus,C18")
    found = link_words(ROWS, {"it": "norms"}, Concepts(links=links))
    told = found.words.set_index("word")
    assert dict(told["concept"]) == {"albero": "c17", "tree": "c17", "Baum": "c17", "Haus": "c18", "树": "c17"}
    assert dict(told["origin"]) == {"albero": "norms", "tree": "user", "Baum": "user", "Haus": "user", "树": "user"}


def test_whose_concepts_they_are() -> None:
    rows = words(("it", "albero", "tree"), ("it", "casa", "house"), ("de", "Baum", "tree")).assign(
        given=[True, False, False]
    )
    found = link_words(rows, {"it": "norms", "de": "user"}, Concepts())
    assert list(found.words["origin"]) == ["user", "norms", "user"]


def test_what_is_not_in_the_study_is_counted(tmp_path: Path) -> None:
    links = table(tmp_path, "de,Baum,c1", "de,Katze,c2", "de,Hund,c2", "fi,puu,c1", "de,,c3", "en,tree,")
    told = link_words(ROWS, {}, Concepts(links=links)).issues.set_index("kind")
    assert dict(told["count"]) == {
        "links: row without a language, word or concept": 2,
        "links: language that is not in the study": 1,
        "links: word that is not in the study": 2,
    }
    assert "Katze, Hund" in told.loc["links: word that is not in the study", "detail"]
    nothing = link_words(ROWS, {}, Concepts(links=table(tmp_path, "fi,puu,c1"))).issues
    assert "links: none is of a word of the study" in set(nothing["kind"])


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        (["de,Baum,c1"], "language,wort,concept", "has no column 'word'; it needs language, word, concept"),
        (["de,Baum,c1", "klingon,Sor,c1"], "language,word,concept", "row 3: .*klingon"),
        (None, "", "nowhere.csv"),
    ],
)
def test_a_table_of_links_that_is_none(tmp_path: Path, rows: list[str] | None, header: str, said: str) -> None:
    path = table(tmp_path, *rows, header=header) if rows is not None else str(tmp_path / "nowhere.csv")
    with pytest.raises(ConfigError, match=f"concepts.links: .*{said}"):
        link_words(ROWS, {}, Concepts(links=path))


def test_a_chain_of_meanings_is_told(tmp_path: Path) -> None:
    """A dictionary links words of several meanings, and so meanings with each other, until one concept has them all."""
    rows = words(*[(code, f"{code}{number}", "") for code in ("de", "it") for number in range(60)])
    chained = [f"de,de{number},c{number}" for number in range(20)]
    chained += [f"it,it{number},c{number + step}" for number in range(19) for step in (0, 1)]
    found = link_words(rows, {}, Concepts(links=table(tmp_path, *chained)))
    assert found.words["concept"].value_counts()["c0"] == 39
    told = found.issues.iloc[0]
    assert (told["kind"], told["count"]) == ("large concept", 39)
    assert "'c0' has 39 of 120 words" in told["detail"]
    # As many words in pairs are no chain.
    pairs = [f"{code},{code}{number},c{number}" for code in ("de", "it") for number in range(20)]
    assert link_words(rows, {}, Concepts(links=table(tmp_path, *pairs))).issues.empty


STUDY = """
name = "any"
models = ["mbert"]
variables = ["valence"]
unseen = ["fr"]
[languages]
de = { norms = "de.csv" }
en = { norms = "en.csv" }
it = { norms = "it.csv", columns = { valence = "valence", concept = "meaning" } }
fr = { norms = "fr.csv" }
[sampling]
words = "all"
sentences = 1
"""


def study(folder: Path, more: str = "", n_words: int = 40) -> Study:
    """Four lists of the same words: made of letters, as digits are not plain."""
    letters = [f"{a}{b}" for a in "abcdefgh" for b in "abcde"][:n_words]
    for code in ("de", "en", "it", "fr"):
        table = pd.DataFrame({"word": [f"{code}{name}" for name in letters], "valence": range(n_words)})
        if code != "fr":
            table["meaning" if code == "it" else "concept"] = [f"to {name}" for name in letters]
        table.to_csv(folder / f"{code}.csv", index=False)
    (folder / "study.toml").write_text(STUDY + more, encoding="utf-8")
    return read_study(folder / "study.toml")


def test_a_study_is_split_by_concept(tmp_path: Path) -> None:
    material = gather(study(tmp_path), tmp_path / "cache")
    rows = material.contexts.table
    assert (rows.loc[rows["language"] != "fr", "concept"] != "").all()
    assert set(rows.loc[rows["language"] == "fr", "split"]) == {"unseen"}
    seen = rows[rows["split"] != "unseen"]
    assert (seen.groupby("concept")["split"].nunique() == 1).all()
    assert (seen[seen["split"] == "test"].groupby("language").size() == 8).all()
    assert dict(material.concepts.groupby("language")["origin"].first()) == {
        "de": "user",
        "en": "user",
        "it": "user",
        "fr": "",
    }
    assert "concept in train and test" not in set(material.contexts.issues["kind"])


def test_a_study_that_is_not_says_what_is_on_both_sides(tmp_path: Path) -> None:
    material = gather(study(tmp_path, "[concepts]\nsplit = false\n"), tmp_path / "cache")
    told = material.contexts.issues
    assert set(told.loc[told["kind"] == "concept in train and test", "language"]) == {"de", "en", "it"}


def test_links_are_found_from_the_study_s_folder(tmp_path: Path) -> None:
    asked = study(tmp_path, '[concepts]\nlinks = "links.csv"\n')
    table(tmp_path, "fr,fraa,aa", "fr,frab,ab")
    rows = gather(asked, tmp_path / "cache").concepts.set_index("word")
    assert (rows.loc["fraa", "concept"], rows.loc["fraa", "origin"]) == ("aa", "user")
    assert rows.loc["deaa", "concept"] == "aa"


def test_concepts_that_cannot_be_added_up_are_told(tmp_path: Path) -> None:
    asked = study(tmp_path, '[concepts]\nlinks = "links.csv"\n')
    names = list(pd.read_csv(tmp_path / "de.csv")["word"])
    # Concepts of three words each, 13 of them, and one word alone: eight test words are 2 x 3 + 1 + 1, or 7.
    rows = [f"de,{word},group {number // 3}" for number, word in enumerate(names)]
    frame = pd.read_csv(tmp_path / "de.csv").drop(columns="concept")
    frame.to_csv(tmp_path / "de.csv", index=False)
    table(tmp_path, *rows)
    found = gather(asked, tmp_path / "cache")
    own = found.language("de")
    assert (own.groupby("concept")["split"].nunique() == 1).all()
    n_test = int((own["split"] == "test").sum())
    assert n_test in (6, 7)
    told = found.contexts.issues
    assert told.loc[told["kind"] == "fewer test words", "count"].tolist() == [8 - n_test]
