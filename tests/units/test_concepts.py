"""Words that mean the same: groups down a chain, neighbours, strata, and what is left without them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from interlingua.errors import StatsError
from interlingua.units import concepts
from interlingua.units.concepts import (
    components,
    kept_words,
    link,
    linked_elsewhere,
    links_between,
    mutual_neighbours,
    named_groups,
    strata_of,
    unit_vectors,
)


def frame(rows: list[tuple[str, ...]], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=20))
def test_components_are_what_can_be_reached(edges: list[tuple[int, int]]) -> None:
    found = components(range(15), edges)
    reached = np.eye(15, dtype=bool)
    for a, b in edges:
        reached[a, b] = reached[b, a] = True
    for _ in range(15):
        reached = reached @ reached
    of = {member: number for number, group in enumerate(found) for member in group}
    assert sorted(of) == list(range(15))
    for a, b in combinations(range(15), 2):
        assert (of[a] == of[b]) == reached[a, b]


def test_names_join_words_down_a_chain() -> None:
    names = {"albero": ["tree"], "tree": ["tree", "c17"], "Baum": ["c17"], "Haus": ["house"], "x": []}
    assert named_groups(names) == {"albero": "c17", "tree": "c17", "Baum": "c17", "Haus": "house"}
    # A word and a name that are written alike are two things.
    assert named_groups({"tree": ["a"], "b": ["tree"]}) == {"tree": "a", "b": "tree"}


def naive(a: np.ndarray, b: np.ndarray, least: float, k: int) -> list[tuple[int, int]]:
    """CSLS as the paper writes it, word by word."""

    def nearness(x: np.ndarray, others: np.ndarray) -> float:
        return float(np.mean(sorted((x @ y for y in others), reverse=True)[:k]))

    def csls(i: int, j: int) -> float:
        return 2 * float(a[i] @ b[j]) - nearness(a[i], b) - nearness(b[j], a)

    table = np.array([[csls(i, j) for j in range(len(b))] for i in range(len(a))])
    return [
        (i, int(table[i].argmax()))
        for i in range(len(a))
        if table[:, table[i].argmax()].argmax() == i and table[i].max() > least
    ]


@pytest.mark.parametrize("at_once", [3, 1024])
def test_neighbours_are_the_mutual_nearest_by_csls(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(concepts, "_ROWS", at_once)
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(30, 12))
    a = unit_vectors(meaning[:20] + 0.5 * rng.normal(size=(20, 12)))
    b = unit_vectors(meaning[8:] + 0.5 * rng.normal(size=(22, 12)))
    for least, k in ((0.0, 5), (0.4, 5), (0.4, 50)):
        assert [tuple(pair) for pair in mutual_neighbours(a, b, least=least, k=k)] == naive(a, b, least, k)
    found = mutual_neighbours(a, b, least=0.4)
    # Twelve meanings are in both lists.
    assert (found[:, 0] == found[:, 1] + 8).sum() >= 10


def test_vectors_are_centred_and_of_length_one() -> None:
    X = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 2.0]])
    assert_allclose(unit_vectors(X), [[-1, 0], [1, 0], [0, 0]])


WORDS = frame(
    [
        ("en", "tree", "tree", "norms"),
        ("en", "house", "", ""),
        ("en", "dog", "dog", "user"),
        ("it", "albero", "tree", "norms"),
        ("it", "casa", "", ""),
        ("it", "cane", "", ""),
        ("de", "Haus", "", ""),
        ("de", "Hund", "dog", "norms"),
        ("de", "Katze", "cat", "norms"),
    ],
    *("language", "word", "concept", "origin"),
)


def test_without_vectors_only_names_link() -> None:
    found = link(WORDS, {}, least=0.4)
    linked = found[found["concept"] != ""]
    assert [tuple(row) for row in linked.itertuples(index=False)] == [
        ("en", "tree", "tree", "norms"),
        ("en", "dog", "dog", "user"),
        ("it", "albero", "tree", "norms"),
        ("de", "Hund", "dog", "norms"),
    ]
    assert set(found.loc[found["concept"] == "", "origin"]) == {""}
    table = links_between(WORDS, found)
    assert table.to_dict("list") == {
        "language_a": ["en", "en", "it"],
        "language_b": ["it", "de", "de"],
        "n_links": [1, 1, 0],
        "n_user": [0, 1, 0],
        "n_norms": [1, 0, 0],
        "n_neighbours": [0, 0, 0],
    }


def test_neighbours_link_what_names_do_not() -> None:
    """Every meaning is an axis; the model places `albero` beside `Katze`, which no name says, and `cane` by dogs."""
    axis = {"tree": 0, "albero": 0, "house": 1, "casa": 1, "Haus": 1, "dog": 2, "cane": 2, "Hund": 2, "Katze": 0}
    vectors = {}
    for code in ("en", "it", "de"):
        own = WORDS.loc[WORDS["language"] == code, "word"]
        vectors[code] = np.eye(3)[[axis[word] for word in own]]
    found = link(WORDS, vectors, least=0.4).set_index("word")
    assert dict(found["concept"]) == {
        "tree": "cat",
        "albero": "cat",
        "Katze": "cat",
        "house": "house (en)",
        "casa": "house (en)",
        "Haus": "house (en)",
        "dog": "dog",
        "cane": "dog",
        "Hund": "dog",
    }
    assert dict(found["origin"]) == {
        **dict.fromkeys(("tree", "albero", "Hund"), "norms"),
        **dict.fromkeys(("Katze", "house", "casa", "Haus", "cane"), "neighbours"),
        "dog": "user",
    }
    table = links_between(WORDS, link(WORDS, vectors, least=0.4))
    assert table[["n_user", "n_norms", "n_neighbours"]].to_numpy().tolist() == [[0, 1, 2], [1, 0, 2], [0, 0, 3]]
    nothing = link(WORDS, vectors, least=2.0)
    pd.testing.assert_frame_equal(nothing, link(WORDS, {}, least=0.4))


def test_what_names_link_the_model_does_not_link_elsewhere() -> None:
    words = frame(
        [("en", "dog", "dog", "norms"), ("de", "Hund", "dog", "norms"), ("de", "Katze", "", "")],
        *("language", "word", "concept", "origin"),
    )
    vectors = {"en": np.eye(2)[[0]], "de": np.eye(2)[[1, 0]]}  # dog beside Katze
    found = link(words, vectors, least=-2)
    assert list(found["concept"]) == ["dog", "dog", ""]


def test_links_are_between_languages() -> None:
    one = WORDS[WORDS["language"] == "en"]
    with pytest.raises(StatsError, match="only 1"):
        links_between(one, one)


def test_strata_are_of_equal_languages_and_numbers_of_words() -> None:
    rows = [
        *[("de", "Baum", "tree"), ("it", "albero", "tree")],
        *[("de", "Hund", "dog"), ("it", "cane", "dog")],
        *[("de", "Auto", "car"), ("de", "Wagen", "car"), ("it", "auto", "car")],
        *[("de", "Haus", "house"), ("fr", "maison", "house"), ("it", "casa", "house")],
        *[("de", "Tisch", "table"), ("de", "Tafel", "table")],
        ("it", "solo", ""),
    ]
    found = strata_of(frame(rows, "language", "word", "concept"))
    told = {row.word: (row.stratum, row.block, row.place) for row in found.itertuples()}
    assert told == {
        "Baum": ("de:1 it:1", 1, 0),
        "albero": ("de:1 it:1", 1, 0),
        "Hund": ("de:1 it:1", 0, 0),
        "cane": ("de:1 it:1", 0, 0),
        "Auto": ("de:2 it:1", 0, 0),
        "Wagen": ("de:2 it:1", 0, 1),
        "auto": ("de:2 it:1", 0, 0),
        "Haus": ("de:1 fr:1 it:1", 0, 0),
        "maison": ("de:1 fr:1 it:1", 0, 0),
        "casa": ("de:1 fr:1 it:1", 0, 0),
    }
    for rows_of in (rows[:1], rows[-1:], []):
        empty = strata_of(frame(rows_of, "language", "word", "concept"))
        assert empty.empty
        assert list(empty.columns) == list(found.columns)


def test_every_concept_is_kept_in_one_language_and_languages_alike() -> None:
    languages = ("de", "en", "it")
    rows = [(code, f"{code}{number}", f"c{number}") for number in range(300) for code in languages]
    strata = strata_of(frame(rows, "language", "word", "concept"))
    kept = kept_words(strata, 0).merge(strata, on=["language", "word"])
    assert (kept[kept["kept"]].groupby("concept").size() == 1).all()
    # Multinomial: 100 +- 8.2.
    assert kept[kept["kept"]].groupby("language").size().between(70, 130).all()
    assert kept_words(strata, 0).equals(kept_words(strata, 0))
    assert not kept_words(strata, 0).equals(kept_words(strata, 1))
    # A concept's home hangs on nothing but its name, its languages and the seed.
    few = strata[strata["concept"].isin(["c7", "c8"])]
    alone = kept_words(few, 0)
    assert set(alone.loc[alone["kept"], "word"]) < set(kept.loc[kept["kept"], "word"])


def test_a_word_is_linked_elsewhere_where_its_translation_is_trained_on() -> None:
    words = frame(
        [
            *[("de", "Baum", "tree", "test"), ("it", "albero", "tree", "train")],
            *[("de", "Hund", "dog", "train"), ("it", "cane", "dog", "test")],
            *[("de", "Haus", "house", "test"), ("it", "casa", "house", "test")],
            *[("de", "Auto", "car", "train"), ("de", "Wagen", "car", "test")],
            ("it", "solo", "", "train"),
        ],
        *("language", "word", "concept", "split"),
    )
    found = linked_elsewhere(words)
    assert set(found["word"]) == {"Baum", "cane"}
