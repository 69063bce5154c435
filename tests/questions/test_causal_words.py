"""What is known of words and units before anything is edited: scales, sides of the split, other properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.models import Activations
from interlingua.questions.causal.choose import beside, scales
from interlingua.questions.causal.words import sides
from interlingua.study.cell import Cell
from interlingua.tables.layout import Layout

CELL = Cell("m", "valence", 1, 2, Layout.even(2, 6))


def test_scales_and_sides_of_a_language_and_of_one_without_a_split() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "word": np.repeat([f"w{i}" for i in range(50)], 2),
            "split": "unseen",
            "valence": np.repeat(rng.normal(size=50), 2),
        }
    )
    side = sides(table, "fi", test_share=0.2, seed=1)
    by_word = table.assign(side=side).groupby("word")["side"].nunique()
    assert (by_word == 1).all()
    assert (side == "test").sum() == 20
    assert (side != sides(table, "fi", test_share=0.2, seed=2)).any()
    seen = table.assign(split="train")
    assert (sides(seen, "en", test_share=0.2, seed=1) == "train").all()
    values = rng.normal(3, 2, size=(2, 100, 6)).astype(np.float32)
    given: Any = {"variable": "valence", "language": "fi", "sweep": False, "test_share": 0.2, "seed": 1}
    found = scales(Activations.from_arrays(values), table, CELL, sites=("resid",), **given)["causal_scales"]
    train = values[1].reshape(50, 2, 6).mean(axis=1)[side[::2] == "train"]
    y = table["valence"].to_numpy()[::2][side[::2] == "train"]
    np.testing.assert_allclose(found["mean"], train.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found["sd"], train.std(axis=0, ddof=1), rtol=1e-5)
    np.testing.assert_allclose(found["r"], [np.corrcoef(train[:, u], y)[0, 1] for u in range(6)], rtol=1e-4)
    assert found["rating"] == pytest.approx([y.mean(), y.std(ddof=1)])
    # Where no unit is to be edited, nothing is known of any.
    assert scales(Activations.from_arrays(values), table, CELL, sites=("mlp",), **given) == {"causal_scales": {}}


def test_what_else_is_known_of_words() -> None:
    rated = pd.DataFrame({"word": ["love", "love", "war"], "arousal": [0.4, 0.4, np.nan]})
    table = beside({"arousal": rated}, language="en")["causal_beside"].set_index(["property", "word"])["value"]
    assert table["arousal"].to_dict() == {"love": 0.4}
    assert table["length"].to_dict() == {"love": 4, "war": 3}
