"""The sample: fair, the same in any order and however it is cut, and without near-duplicates."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from interlingua.contexts.corpora.reservoir import (
    Entry,
    Priorities,
    Reservoir,
    Sentence,
    identity,
    near_duplicates,
    shape,
)
from interlingua.contexts.corpora.sieve import Sieve


def entry(priority: int, text: str, place: int = 0, shard: str = "a") -> Entry:
    return priority, Sentence(identity(text), shard, place, 0, text, len(text.split()), "", "", ""), 0, 3


def priority_of(text: str, word: str, seed: int, *, shortest: bool = False) -> int:
    priorities = Priorities(seed)
    digests = (
        np.array([digest], dtype=np.uint64) for digest in (priorities.of_sentence(text), priorities.of_word(word))
    )
    hashed = int(priorities.of_pairs(*digests)[0])
    return (len(text.split()) << 64) | hashed if shortest else hashed


def draw(texts: list[str], *, capacity: int = 5, seed: int = 0, shortest: bool = False) -> Reservoir:
    reservoir = Reservoir(capacity)
    for place, text in enumerate(texts):
        reservoir.offer(entry(priority_of(text, "cat", seed, shortest=shortest), text, place))
    return reservoir


def kept(reservoir: Reservoir) -> list[str]:
    return [one[1].text for one in reservoir.entries()]


def word_of(number: int) -> str:
    """Return a word of letters only, another for each number, in small letters (so that it is no name)."""
    return "".join(chr(97 + int(digit)) for digit in str(number))


TEXTS = [f"cat {word_of(n)} {word_of(7 * n)} {word_of(n * n)}" for n in range(40)]


@given(st.permutations(TEXTS), st.integers(0, 3), st.booleans())
def test_order_and_repetition_do_not_show(texts: list[str], cuts: int, shortest: bool) -> None:
    expected = draw(TEXTS, shortest=shortest)
    assert kept(draw(texts + texts[:11], shortest=shortest)) == kept(expected)
    # Cut into shards and merged, in whatever order.
    size = len(texts) // (cuts + 1)
    shards = [draw(texts[start : start + size], shortest=shortest) for start in range(0, len(texts), size)]
    random.Random(cuts).shuffle(shards)
    first, *others = shards
    for other in others:
        first.merge(other)
    assert kept(first) == kept(expected)
    assert first.full == expected.full


def test_every_distinct_sentence_is_as_likely_as_any_other() -> None:
    texts = TEXTS[:20]
    # One comes a hundred times as often as the others: it must not be any likelier.
    drawn = Counter(text for seed in range(2000) for text in kept(draw(texts + texts[:1] * 99, seed=seed)))
    assert sum(drawn.values()) == 2000 * 5
    assert chisquare([drawn[text] for text in texts]).pvalue > 0.001
    pairs = Counter(frozenset(kept(draw(texts[:6], capacity=2, seed=seed))) for seed in range(3000))
    assert len(pairs) == 15
    assert chisquare(list(pairs.values())).pvalue > 0.001


def test_other_words_and_seeds_draw_other_sentences() -> None:
    assert priority_of("a cat and a dog", "cat", 0) != priority_of("a cat and a dog", "dog", 0)
    assert kept(draw(TEXTS, seed=0)) != kept(draw(TEXTS, seed=1))


def test_samples_of_two_words_are_independent() -> None:
    # Two words that stand in the same forty sentences, of which each keeps ten: 2.5 in common on average.
    shared = []
    for seed in range(400):
        lowest = (sorted(TEXTS, key=lambda text: priority_of(text, word, seed))[:10] for word in ("cat", "dog"))
        shared.append(len(set.intersection(*map(set, lowest))))
    # Hypergeometric: variance 10 * (1/4) * (3/4) * (30/39) = 1.44.
    assert abs(np.mean(shared) - 2.5) < 4 * np.sqrt(1.44 / 400)


@given(
    st.lists(st.tuples(st.sampled_from(TEXTS[:12]), st.sets(st.integers(0, 2), min_size=1)), min_size=1, max_size=60),
    st.booleans(),
    st.integers(1, 30),
)
def test_the_sieve_keeps_what_reservoirs_keep(rows: list[tuple[str, set[int]]], shortest: bool, pending: int) -> None:
    words = ["cat", "dog", "owl"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interlingua.contexts.corpora.sieve.PENDING", pending)
        sieve = Sieve(words, 5, Priorities(0), shortest=shortest)
        expected: dict[int, Reservoir] = {}
        for place, (text, found) in enumerate(rows):
            # Of two that differ in case and in a number only, the same one stays whichever comes first.
            shown = f"{text} {place % 3}" if place % 2 else f"{text} {place % 5}".upper()
            one = entry(0, shown, place)[1]
            sieve.add(one, [(word, word, word + 3) for word in sorted(found)])
            for word in found:
                priority = priority_of(shown, words[word], 0, shortest=shortest)
                expected.setdefault(word, Reservoir(5)).offer((priority, one, word, word + 3))
        got = sieve.reservoirs()
    assert {word: reservoir.entries() for word, reservoir in got.items()} == {
        word: reservoir.entries() for word, reservoir in expected.items()
    }
    assert {word: reservoir.full for word, reservoir in got.items()} == {
        word: reservoir.full for word, reservoir in expected.items()
    }


def test_the_shortest_come_first() -> None:
    texts = ["cat " + " ".join(word_of(n * 31 + i) for i in range(n)) for n in range(1, 12)]
    assert kept(draw(texts[::-1], shortest=True)) == texts[:5]


def test_sentences_that_differ_in_numbers_blanks_or_case_are_one() -> None:
    reservoir = draw(["The cat ate 3 mice.", "The cat ate 1,200 mice.", "The CAT  ate 17 mice.", "The cat ate mice."])
    assert len(reservoir.entries()) == 2
    assert reservoir.distinct(uniform=True) == (2, True)


def test_which_of_several_alike_stays_does_not_depend_on_order() -> None:
    alike = [f"The cat ate {n} mice." for n in range(9)]
    assert kept(draw(alike)) == kept(draw(alike[::-1]))
    reservoir = draw([alike[0]])
    (one,) = reservoir.entries()
    reservoir.offer(entry(one[0], alike[0], shard="0-earlier"))
    assert [one[1].shard for one in reservoir.entries()] == ["0-earlier"]


def test_the_number_of_distinct_sentences_is_estimated() -> None:
    texts = [f"cat {word_of(n)}" for n in range(3000)]
    estimates = [draw(texts, capacity=40, seed=seed).distinct(uniform=True) for seed in range(60)]
    assert not any(exact for _, exact in estimates)
    mean = sum(estimate for estimate, _ in estimates) / len(estimates)
    # Relative standard error of one: 1 / sqrt(38) = .16; of the mean of 60: .021.
    assert mean == pytest.approx(3000, rel=0.08)
    assert draw(texts, capacity=40).distinct(uniform=False) == (41, False)


@pytest.mark.parametrize(
    ("language", "one", "other", "expected"),
    [
        ("en", "Anna lives in a town.", "Ben lives in a town.", True),
        ("en", "The mayor of Paris spoke.", "The mayor of New York City spoke.", True),
        ("en", "Born in Rome in 1910.", "Born in Rome in 1,911.", True),
        ("en", "The mayor spoke to us.", "The mayor Ben Hur spoke to us.", True),
        ("en", "Anna lives in Rome.", "Ben lives in Paris.", False),
        ("en", "The red cat sleeps.", "The old cat sleeps.", False),
        ("en", "Ben spoke.", "Anna sang.", False),
        ("en", "A cat sat on the mat.", "A cat sat on the mat, and it slept there all day.", False),
        ("tr", "İzmir bir kenttir ve güzeldir.", "Ankara bir kenttir ve güzeldir.", True),
        ("zh", "柏林是一个城市。", "巴黎是一个城市。", True),
        ("zh", "柏林是一个城市。", "柏林有很多快乐的人。", False),
        ("ar", "ولد أحمد في المدينة القديمة.", "ولد محمود في المدينة القديمة.", True),
    ],
)
def test_near_duplicates(language: str, one: str, other: str, expected: bool) -> None:
    shapes = shape(one, language), shape(other, language)
    assert near_duplicates(*shapes) is expected
    assert near_duplicates(*shapes[::-1]) is expected


def test_near_duplicates_give_their_place_to_the_next() -> None:
    names = ["Anna", "Ben", "Cleo", "Dora"]
    texts = [f"{name} lives with a cat." for name in names] + TEXTS[:4]
    chosen, passed = draw(texts, capacity=10).sample(8, "en")
    assert sum("lives with" in one[1].text for one in chosen) == 1
    assert len(chosen) == 5
    # All eight were looked at: five were taken, three refused.
    assert passed == 3


@given(st.lists(st.lists(st.sampled_from(["a", "b", "Anna", "Ben", "."]), min_size=3, max_size=14), max_size=12))
def test_no_pair_that_matters_goes_unseen(shapes: list[list[str]]) -> None:
    names = [" ".join(tokens) for tokens in shapes]
    reservoir = Reservoir(20)
    for priority, text in enumerate(names):
        reservoir.offer(entry(priority, text, priority))
    expected: list[list[str]] = []
    for tokens in shapes:
        if not any(near_duplicates(tokens, other) for other in expected):
            expected.append(tokens)
    assert [one[1].text for one in reservoir.sample(20, "en")[0]] == [" ".join(tokens) for tokens in expected]
