"""Ratings that are no finite numbers, and ranges that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlingua.contexts import read_contexts
from interlingua.errors import ContextsError, NormsError
from interlingua.norms import load_norms
from interlingua.norms.card import Variable
from interlingua.norms.scaling import scale_ratings

INFINITE = ["1e400", "-1e999", "inf", "Inf", "-Infinity", "+inf", "9" * 400]


def load(path: Path, ratings: list[str], **more: object) -> list[float]:
    rows = "".join(f"{word},{rating}\n" for word, rating in zip("abcdefgh", ratings, strict=False))
    path.write_text(f"word,valence\n{rows}", encoding="utf-8")
    return load_norms(path, language="en", **more).table["valence"].tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize("rating", INFINITE)
@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("variables", [None, ["valence"]])
def test_an_infinite_rating_is_an_error_that_names_its_word(
    rating: str, place: int, variables: list[str] | None, tmp_path: Path
) -> None:
    ratings = ["1", "2", "3", "4"]
    ratings[place] = rating
    with pytest.raises(
        NormsError, match=rf"row {place + 2}, word '{'abc'[place]}': .* not a number that is finite"
    ) as e:
        load(tmp_path / "a.csv", ratings, variables=variables)
    assert f"'{rating}'" in str(e.value)
    # Unless it marks what is missing, as the error advises.
    found = load(tmp_path / "a.csv", ratings, variables=variables, scale="none", options={"na_values": [rating]})
    assert np.isnan(found[place])
    assert np.isfinite(found).sum() == 3


def test_an_infinite_rating_in_a_file_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"word": ["a", "b", "c"], "valence": [1.0, np.inf, 2.0]}).to_parquet(path)
    with pytest.raises(NormsError, match=r"word 'b': the rating of valence is 'inf', not a number that is finite"):
        load_norms(path, language="en")


@pytest.mark.parametrize("rating", INFINITE)
def test_an_infinite_rating_of_a_sentence(rating: str, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(f"text,word,valence\na cat,cat,1\na dog,dog,{rating}\n", encoding="utf-8")
    with pytest.raises(
        ContextsError, match=r"s\.csv, row 3: valence is .* which is not a number that is finite \(word 'dog'\)"
    ):
        read_contexts(path, language="en", variables=["valence"])


def test_a_range_that_overflows(tmp_path: Path) -> None:
    ratings = ["1e308", "-1e308", "0", "5e307"]
    assert load(tmp_path / "a.csv", ratings) == [1, 0, 0.5, 0.75]
    assert load(tmp_path / "a.csv", ratings, scale="none") == [1e308, -1e308, 0, 5e307]
    np.testing.assert_allclose(
        load(tmp_path / "a.csv", ratings, scale="z"), load(tmp_path / "b.csv", ["2", "-2", "0", "1"], scale="z")
    )
    table = pd.DataFrame({"v": [1e308, -1e308, 0.0]})
    ends = scale_ratings(table, {"v": Variable(low=-1.5e308, high=1.5e308)}, "ends", "x")["v"]
    np.testing.assert_allclose(ends, [5 / 6, 1 / 6, 0.5])


@given(
    st.lists(st.floats(-1e300, 1e300, allow_nan=False), min_size=2, max_size=9, unique=True),
    st.sampled_from(["minmax", "z"]),
)
def test_scaled_ratings_are_finite_whatever_their_size(ratings: list[float], scale: str) -> None:
    # Distinct numbers of very different sizes may come out equal, but never infinite or in another order.
    largest = max(map(abs, ratings))
    ratings = [rating for rating in ratings if abs(rating) > largest * 1e-100]
    if max(ratings) - min(ratings) <= largest * 1e-10:
        return
    scaled = scale_ratings(pd.DataFrame({"v": ratings}), {"v": Variable()}, scale, "x")["v"]  # type: ignore[arg-type]
    assert np.isfinite(scaled).all()
    assert (np.diff(scaled.to_numpy()[np.argsort(ratings)]) >= 0).all()
    if scale == "minmax":
        assert (scaled.min(), scaled.max()) == (0, pytest.approx(1))
    else:
        assert scaled.mean() == pytest.approx(0, abs=1e-9)
        assert scaled.std(ddof=0) == pytest.approx(1)


def test_an_infinite_rating_is_not_scaled() -> None:
    with pytest.raises(NormsError, match="x: a rating of v is infinite"):
        scale_ratings(pd.DataFrame({"v": [1.0, np.inf, 2.0]}), {"v": Variable()}, "minmax", "x")
