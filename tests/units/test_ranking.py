"""Ranks, ties and the top of each language."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua.errors import ConfigError, StatsError
from interlingua.units import LayerData, rank_units, resolve_k, top_units
from interlingua.units.ranking import share_of, top_of_site


def layer(weights: list[float], number: int = 2) -> LayerData:
    width = len(weights)
    return LayerData(
        X=np.zeros((3, width)),
        y=np.zeros(3),
        words=np.arange(3),
        layer=number,
        width=width,
        weights={("ridge", "layer", number): np.array(weights)},
    )


def rankings(**weights: list[float]) -> pd.DataFrame:
    tables = [rank_units(layer(w), "ridge").assign(language=language) for language, w in weights.items()]
    return pd.concat(tables, ignore_index=True)


def test_ranks_by_size_ties_by_unit_signs_kept() -> None:
    table = rank_units(layer([0.5, -2.0, 0.0, 2.0, -0.5]), "ridge")
    assert list(table.columns) == ["layer", "unit", "index", "score", "sign", "rank"]
    assert table["index"].tolist() == [1, 3, 0, 4, 2]
    assert table["unit"].tolist() == [11, 13, 10, 14, 12]  # layer 2 of width 5 begins at unit 10
    assert table["score"].tolist() == [2, 2, 0.5, 0.5, 0]
    assert table["sign"].tolist() == [-1, 1, 1, -1, 0]
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert (table["layer"] == 2).all()


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30))
def test_score_and_sign_give_back_the_weights(weights: list[float]) -> None:
    table = rank_units(layer(weights), "ridge").sort_values("index")
    np.testing.assert_array_equal(table["score"] * table["sign"], weights)
    by_rank = table.sort_values("rank")
    assert (np.diff(by_rank["score"]) <= 0).all()
    tied = np.diff(by_rank["score"]) == 0
    assert (np.diff(by_rank["index"])[tied] > 0).all()


def test_a_score_that_is_not_finite() -> None:
    with pytest.raises(StatsError, match=r"unit 9 \(layer 2\)"):
        rank_units(layer([0, np.nan, 1, 2]), "ridge")


@pytest.mark.parametrize(
    ("k", "width", "expected"),
    [(100, 768, 100), (1, 4, 1), (4, 4, 4), (100 / 768, 384, 50), (0.185, 384, 71), (np.int64(7), 9, 7)],
)
def test_resolve_k(k: int | float, width: int, expected: int) -> None:
    assert resolve_k(k, width) == expected


@pytest.mark.parametrize(("k", "width", "other", "expected"), [(71, 384, 768, 142), (32, 32, 64, 64), (1, 32, 64, 2)])
def test_as_large_a_share_of_another_layer(k: int, width: int, other: int, expected: int) -> None:
    """Also the whole layer, which is no share that a study may give."""
    assert resolve_k(share_of(k, width), other) == expected
    assert top_of_site(k, width, other, "mlp") == expected


@pytest.mark.parametrize("k", [0, -3, 769, 1.0, 100.0, 0.0, 0.0001, -0.5, True, np.nan])
def test_k_out_of_range(k: int | float) -> None:
    with pytest.raises(ConfigError, match="neither a whole number of units from 1 to 768"):
        resolve_k(k, 768)


def test_top_units() -> None:
    table = rankings(en=[3, -4, 1, 0.5], es=[0.1, 0.2, -0.3, 0.4])
    shuffled = table.sample(frac=1, random_state=0)
    tops = top_units(shuffled, 2)
    assert {language: units.tolist() for language, units in tops.items()} == {"en": [9, 8], "es": [11, 10]}
    assert list(top_units(table, 0.5)) == ["en", "es"]


def test_unused_units_are_never_selected() -> None:
    """A sparse probe with fewer weights than k must not be filled up with the lowest unit numbers."""
    tops = top_units(rankings(en=[0, 0, 0, 2], es=[0, 0, 1, 0], fr=[0, 0, 0, 0]), 3)
    assert {language: units.tolist() for language, units in tops.items()} == {"en": [11], "es": [10], "fr": []}


def test_one_ranking_at_a_time() -> None:
    table = rankings(en=[1, 2, 3])
    two = pd.concat([table.assign(method="ridge"), table.assign(method="adam")])
    with pytest.raises(StatsError, match=r"more than one method \(ridge, adam\)"):
        top_units(two, 1)
    with pytest.raises(StatsError, match="'en' twice"):
        top_units(pd.concat([table, table]), 1)
    with pytest.raises(StatsError, match="empty"):
        top_units(table.iloc[:0], 1)
