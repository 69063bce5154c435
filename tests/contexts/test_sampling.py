"""Down-sampling and splitting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua.contexts import Contexts, concat, downsample, split_by_word
from interlingua.contexts.sampling import _shares
from interlingua.errors import ContextsError

Make = Callable[..., Contexts]


def drop(contexts: Contexts, rows: pd.Series) -> Contexts:
    return Contexts(contexts.table[~rows].reset_index(drop=True), contexts.issues)


def test_split_as_in_the_paper(make: Make) -> None:
    table = split_by_word(make(520, 15).table, seed=0)
    assert table.groupby("split")["word"].nunique().to_dict() == {"train": 416, "test": 104}
    assert (table.groupby("word")["split"].nunique() == 1).all()


def test_split_is_set_by_the_seed_and_differs_by_language(make: Make) -> None:
    english, dutch = make(100, 2).table, make(100, 2, language="nl").table

    def tested(table: pd.DataFrame, seed: int) -> set[str]:
        split = split_by_word(table, seed=seed)
        return set(split.loc[split["split"] == "test", "word"])

    assert tested(english, 0) == tested(english, 0)
    assert tested(english, 0) != tested(english, 1)
    assert tested(english, 0) != tested(dutch, 0)
    # Nor does it hang on the other languages or on the order of the rows.
    both = concat([make(100, 2, language="nl"), make(100, 2)]).table
    together = split_by_word(both, seed=0)
    together = together[together["language"] == "en"]
    assert set(together.loc[together["split"] == "test", "word"]) == tested(english, 0)
    assert tested(english.iloc[::-1], 0) == tested(english, 0)


def test_split_overrides_the_old_split(make: Make) -> None:
    table = split_by_word(make(10, 2, split="unseen").table, seed=0)
    assert set(table["split"]) == {"train", "test"}


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5])
def test_split_needs_a_share(make: Make, share: float) -> None:
    with pytest.raises(ContextsError, match="between 0 and 1"):
        split_by_word(make().table, test_share=share, seed=0)


def test_split_needs_words_on_both_sides(make: Make) -> None:
    with pytest.raises(ContextsError, match=r"language 'en': a test share of 0\.2 parts 2 words into 2"):
        split_by_word(make(2).table, seed=0)


def test_smallest_language_sets_the_number(make: Make) -> None:
    parts = {"en": make(30, 5), "nl": make(12, 5, language="nl")}
    thin = downsample(parts, sentences=3, seed=0)
    for code, part in thin.items():
        assert part.table["word"].nunique() == 12
        assert (part.table.groupby("word").size() == 3).all()
        assert list(part.table.index) == list(range(36))
        # Rows keep order, text and id.
        before = parts[code].table
        kept = before[before["context_id"].isin(part.table["context_id"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(part.table, kept)


def test_languages_draw_from_seeds_of_their_own(make: Make) -> None:
    parts = {code: make(60, 6, language=code) for code in ("en", "nl")}

    def drawn(seed: int) -> dict[str, list[str]]:
        thin = downsample(parts, words=20, sentences=2, seed=seed)
        return {code: part.table["context_id"].str[3:].tolist() for code, part in thin.items()}

    assert drawn(0) == drawn(0)
    assert drawn(0)["en"] != drawn(0)["nl"]
    assert drawn(0)["en"] != drawn(1)["en"]
    alone = downsample({"nl": parts["nl"]}, words=20, sentences=2, seed=0)
    assert alone["nl"].table["context_id"].str[3:].tolist() == drawn(0)["nl"]


def test_words_and_sentences_are_drawn_evenly(make: Make) -> None:
    """Over many seeds, every word and every sentence comes about equally often (binomial, five sigma)."""
    part, n = {"en": make(10, 4)}, 150
    words, ids = (
        pd.concat([downsample(part, words=5, sentences=2, seed=seed)["en"].table[column] for seed in range(n)])
        for column in ("word", "context_id")
    )
    by_word = words.value_counts().to_numpy() / 2
    assert len(by_word) == 10
    assert np.all(np.abs(by_word - n / 2) < 5 * np.sqrt(n / 4))
    by_id = ids.value_counts().to_numpy()
    assert len(by_id) == 40
    assert np.all(np.abs(by_id - n / 4) < 5 * np.sqrt(n * 3 / 16))


def test_words_with_too_few_sentences_are_left_out_and_counted(make: Make) -> None:
    whole = make(6, 4)
    table = whole.table
    part = drop(whole, table["context_id"].isin(["en-00001-00", "en-00004-00", "en-00004-01"]))
    thin = downsample({"en": part}, sentences=4, seed=0)["en"]
    assert thin.table["word"].unique().tolist() == ["word00", "word02", "word03", "word05"]
    (issue,) = thin.issues.itertuples()
    assert (issue.language, issue.kind, issue.count) == ("en", "too few sentences", 2)
    assert "word01, word04" in issue.detail


def test_words_without_a_rating_are_left_out_and_counted(make: Make) -> None:
    part = make(4, 2)
    part.table["arousal"] = part.table["valence"]
    part.table.loc[part.table["word"] == "word01", ["valence", "arousal"]] = np.nan
    part.table.loc[part.table["word"] == "word02", "valence"] = np.nan
    thin = downsample({"en": part}, sentences=2, seed=0)["en"]
    assert thin.table["word"].unique().tolist() == ["word00", "word02", "word03"]
    assert thin.issues[["kind", "count"]].to_numpy().tolist() == [["left out: not rated", 1]]


def test_a_split_is_thinned_in_proportion(make: Make) -> None:
    part = make(50, 2, split=["train"] * 80 + ["test"] * 20)
    thin = downsample({"en": part}, words=25, sentences=1, seed=0)["en"]
    assert thin.table["split"].value_counts().to_dict() == {"train": 20, "test": 5}


def test_too_many_words_are_refused_with_the_number_there_is(make: Make) -> None:
    with pytest.raises(ContextsError, match=r"language 'nl': 3 words .*but 5 are wanted; give fewer words"):
        downsample({"en": make(9, 2), "nl": make(3, 2, language="nl")}, words=5, sentences=2, seed=0)
    with pytest.raises(ContextsError, match=r"language 'en': 0 words .* at least 9 sentences"):
        downsample({"en": make(3, 2)}, sentences=9, seed=0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=4).filter(sum), st.data())
def test_shares_are_whole_proportional_and_add_up(sizes: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(sizes)))
    shares = _shares({str(number): size for number, size in enumerate(sizes)}, total)
    assert sum(shares.values()) == total
    for size, share in zip(sizes, shares.values(), strict=True):
        assert abs(share - total * size / sum(sizes)) < 1
        assert 0 <= share <= size
