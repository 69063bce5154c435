"""The split by concept: one side in all languages, exact numbers, whatever overlaps whatever."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlingua.contexts import split_by_word
from interlingua.contexts.table import across
from interlingua.errors import ContextsError


def words_of(**concepts: list[str]) -> pd.DataFrame:
    """Return a table with a row a word of each language; "" is a word without a concept."""
    rows = [
        {"language": code, "word": f"{code}{number}", "concept": concept}
        for code, names in concepts.items()
        for number, concept in enumerate(names)
    ]
    return pd.DataFrame(rows)


def sides(table: pd.DataFrame) -> pd.Series:
    return table[table["concept"] != ""].groupby("concept")["split"].nunique()


def test_translations_are_on_one_side_and_numbers_are_exact() -> None:
    names = [f"c{number}" for number in range(700)]
    table = words_of(
        en=names[:520],
        de=[*names[100:500], *[""] * 120],
        it=[*names[300:700], *names[:120]],
        zh=[""] * 520,
    )
    for seed in range(5):
        split = split_by_word(table, seed=seed)
        assert (sides(split) == 1).all()
        assert (split[split["split"] == "test"].groupby("language").size() == 104).all()
        assert across(split).empty
    again = split_by_word(table.sample(frac=1, random_state=1), seed=4)
    pd.testing.assert_frame_equal(again.sort_index(), split)


def test_a_side_is_chance_and_follows_from_seed_and_name() -> None:
    names = [f"c{number}" for number in range(200)]
    tested = pd.Series(0, index=names)
    for seed in range(60):
        split = split_by_word(words_of(en=names, de=names), seed=seed)
        tested += split[split["language"] == "de"].set_index("concept")["split"].eq("test")
    # Binomial(60, .2): 12 +- 3.1.
    assert tested.mean() == 12
    assert 2.3 < tested.std() < 3.9


def test_a_language_within_another_gets_its_number_too() -> None:
    """All concepts of the smaller language are shared, so that where it falls short the other must give words back."""
    names = [f"c{number}" for number in range(100)]
    for seed in range(200):
        split = split_by_word(words_of(en=names, de=names[:50]), seed=seed)
        assert (sides(split) == 1).all()
        assert split[split["split"] == "test"].groupby("language").size().to_dict() == {"en": 20, "de": 10}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_concept_is_ever_on_two_sides(data: st.DataObject) -> None:
    names = st.sampled_from(["", "", "", *(f"c{number}" for number in range(12))])
    lists = {code: data.draw(st.lists(names, min_size=8, max_size=30)) for code in ("en", "de", "it")}
    table = words_of(**lists)
    try:
        split = split_by_word(table, seed=data.draw(st.integers(0, 99)))
    except ContextsError:
        return  # one concept holds nearly all words of a language
    assert (sides(split) <= 1).all()
    for code, names_of in lists.items():
        wanted = round(0.2 * len(names_of))
        found = int((split.loc[split["language"] == code, "split"] == "test").sum())
        assert 0 < found <= wanted
        if names_of.count("") >= wanted:  # words without a concept fill every gap
            assert found == wanted


def test_by_word_concepts_are_not_looked_at() -> None:
    names = [f"c{number}" for number in range(200)]
    table = words_of(en=names, de=names)
    split = split_by_word(table, seed=0, by_concept=False)
    assert (sides(split) == 2).any()
    assert split.equals(split_by_word(table.assign(concept=""), seed=0).assign(concept=table["concept"]))
    leaks = across(split).set_index("language")["count"]
    assert leaks["en"] == leaks["de"] > 20


def test_words_that_are_all_of_one_concept() -> None:
    table = words_of(en=["c"] * 20, de=[""] * 20)
    with pytest.raises(ContextsError, match=r"'en': its 20 words are so few concepts .* concepts\.split = false"):
        split_by_word(table, seed=0)
    assert set(split_by_word(table, seed=0, by_concept=False)["split"]) == {"train", "test"}
