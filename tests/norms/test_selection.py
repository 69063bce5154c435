"""Choosing plain words and a flat distribution."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlingua import languages
from interlingua.errors import NormsError
from interlingua.norms import describe_not_plain, not_plain, plain_words, select_flat


def _table(words: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"word": words, "valence": np.linspace(0, 1, len(words))})


def test_plain_words_are_letters_of_the_own_script_and_long_enough() -> None:
    table = _table(["peace", "no", "don't", "@home", "b4", "paz", "мир", "two words", "naïve", "e-mail", "..."])
    kept = plain_words(table, "en")
    assert list(kept["word"]) == ["peace", "paz", "naïve"]
    assert list(kept.index) == [0, 1, 2]
    assert kept["valence"].iloc[0] == table["valence"].iloc[0]
    assert list(plain_words(table, "en", min_letters=2)["word"]) == ["peace", "no", "paz", "naïve"]


def test_dense_scripts_may_have_two_letters() -> None:
    assert list(plain_words(_table(["爱", "爱情", "A股"]), "zh")["word"]) == ["爱情"]
    assert list(plain_words(_table(["꿈", "사랑", "Happy", "ㅋㅋ"]), "ko")["word"]) == ["사랑", "ㅋㅋ"]
    assert list(plain_words(_table(["но", "мир"]), "ru")["word"]) == ["мир"]


def test_signs_do_not_count_as_letters() -> None:
    # न + sign ा + sign ी: one letter.
    assert list(plain_words(_table(["नाी", "जीवन"]), "hi")["word"]) == ["जीवन"]


def test_words_that_are_not_plain_are_named_with_the_reason() -> None:
    words = ["peace", "no", "don't", "@home", "b4", "мир", "two words", "e-mail", "can’t", "naïve", ""]
    left_out = not_plain(_table(words), "en")
    assert dict(zip(left_out["word"], left_out["why"], strict=True)) == {
        "no": "has fewer than 3 letters",
        "don't": "has an apostrophe",
        "@home": "has other signs",
        "b4": "has digits",
        "мир": "has letters of another script",
        "two words": "has a blank",
        "e-mail": "has a hyphen",
        "can’t": "has an apostrophe",
        "": "has other signs",
    }
    assert len(left_out) + len(plain_words(_table(words), "en")) == len(words)
    assert "no" not in set(not_plain(_table(words), "en", min_letters=2)["word"])
    assert not_plain(_table(["爱"]), "zh")["why"].tolist() == ["has fewer than 2 letters"]
    assert not_plain(_table(["peace"]), "en").empty


def test_the_first_of_many_words_that_are_not_plain_and_where_the_rest_is() -> None:
    words = [f"word {number}" for number in range(860)] + ["x-ray"] * 14
    left_out = not_plain(_table(words), "en")
    said = describe_not_plain(left_out, "en")
    assert said.startswith("word 0, word 1, word 2,")
    assert "word 9 and 864 more (has a blank: 860, has a hyphen: 14)" in said
    assert said.endswith("all of them: interlingua norms left-out STUDY --language en")
    assert describe_not_plain(left_out[:1], "en") == "word 0 (has a blank: 1)"


@given(st.lists(st.text(max_size=6), max_size=8), st.sampled_from(["en", "zh", "ru", "hi"]))
def test_every_word_is_plain_or_named(words: list[str], language: str) -> None:
    table = _table(words)
    assert sorted([*plain_words(table, language)["word"], *not_plain(table, language)["word"]]) == sorted(words)


@given(st.lists(st.text("abéй爱न\u0940\u0301-7 ", max_size=5), max_size=12), st.sampled_from(["en", "zh", "ru", "hi"]))
def test_a_word_is_plain_whatever_words_stand_beside_it(words: list[str], language: str) -> None:
    for least in (None, 0, 3):
        alone = [word for word in words if len(plain_words(_table([word]), language, least))]
        assert plain_words(_table(words), language, least)["word"].tolist() == alone
        assert not any(word in alone for word in not_plain(_table(words), language, least)["word"])
        by_letter = [
            word
            for word in words
            if languages.is_written_in(word, language)
            and sum(map(str.isalpha, word)) >= ({"zh": 2}.get(language, 3) if least is None else least)
        ]
        assert alone == by_letter


def test_flat_selection_takes_the_same_from_every_bin_that_can_give_it() -> None:
    generator = np.random.default_rng(3)
    ratings = np.clip(generator.normal(0.6, 0.15, 5000), 0, 1)
    table = pd.DataFrame({"word": [f"w{i}" for i in range(5000)], "valence": ratings})
    chosen = select_flat(table, "valence", 520, bins=20, seed=1)
    assert len(chosen) == 520
    assert chosen["word"].is_unique
    edges = np.linspace(ratings.min(), ratings.max(), 21)
    here, there = np.histogram(chosen["valence"], edges)[0], np.histogram(ratings, edges)[0]
    exhausted = here == there
    assert exhausted.any()
    assert here[~exhausted].max() - here[~exhausted].min() <= 1
    assert here[exhausted].max() <= here[~exhausted].min()
    # In the table's order, and the whole row.
    assert list(chosen["word"]) == sorted(chosen["word"], key=lambda word: int(word[1:]))


def test_flat_selection_depends_on_nothing_but_the_seed() -> None:
    table = _table([f"w{i}" for i in range(1000)])
    first = select_flat(table, "valence", 100, seed=5)
    pd.testing.assert_frame_equal(first, select_flat(table, "valence", 100, seed=5))
    assert set(first["word"]) != set(select_flat(table, "valence", 100, seed=6)["word"])


@settings(deadline=None)
@given(
    ratings=st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=60),
    bins=st.integers(1, 25),
    seed=st.integers(0, 100),
    data=st.data(),
)
def test_flat_selection_always_gives_n_distinct_rated_words(
    ratings: list[float], bins: int, seed: int, data: st.DataObject
) -> None:
    table = pd.DataFrame({"word": [f"w{i}" for i in range(len(ratings))], "valence": ratings})
    rated = int(np.sum(~np.isnan(ratings)))
    if rated == 0:
        return
    n = data.draw(st.integers(1, rated))
    chosen = select_flat(table, "valence", n, bins=bins, seed=seed)
    assert len(chosen) == n
    assert chosen["word"].is_unique
    assert chosen["valence"].notna().all()


def test_too_few_words_are_an_error() -> None:
    table = _table(["a", "b", "c"])
    with pytest.raises(NormsError, match="can't choose 4 words: 3 are rated for valence"):
        select_flat(table, "valence", 4)
    with pytest.raises(NormsError, match=r"no ratings of 'valnce' .did you mean 'valence'"):
        select_flat(table, "valnce", 2)
    with pytest.raises(NormsError, match="0 bins"):
        select_flat(table, "valence", 2, bins=0)
