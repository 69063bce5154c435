"""Comparing two sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interlingua.errors import NormsError
from interlingua.norms import Norms, compare_norms, load_norms


def _norms(folder: Path, name: str, table: pd.DataFrame, language: str = "de") -> Norms:
    path = folder / f"{name}.csv"
    table.to_csv(path, index=False)
    return load_norms(path, language=language, scale="none")


def _pair(folder: Path, n: int = 60) -> tuple[Norms, Norms]:
    generator = np.random.default_rng(0)
    common = generator.normal(size=n)
    words = [f"Wort{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(n)]
    a = pd.DataFrame({"word": [*words, "Nurhier"], "valence": [*(common + generator.normal(size=n) / 3), 0]})
    b = pd.DataFrame(
        {"word": ["nurdort", *(word.lower() for word in words)], "v": [0, *(5 * common + generator.normal(size=n))]}
    )
    return _norms(folder, "a", a), _norms(folder, "b", b)


def test_r_and_its_interval_over_the_shared_words(tmp_path: Path) -> None:
    a, b = _pair(tmp_path)
    found = compare_norms(a, b, "valence", other_variable="v")
    x, y = a.table["valence"][:60], b.table["v"][1:]
    assert found.n == 60  # met across capitals
    assert found.r == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-12)
    z = np.arctanh([np.corrcoef(np.delete(x.to_numpy(), i), np.delete(y.to_numpy(), i))[0, 1] for i in range(60)])
    half_width = stats.t(59).ppf(0.975) * np.sqrt(59 * np.var(z))
    assert found.r_low == pytest.approx(np.tanh(np.arctanh(found.r) - half_width))
    assert found.r_high == pytest.approx(np.tanh(np.arctanh(found.r) + half_width))
    assert (found.language, found.source_a, found.source_b) == ("de", "a.csv", "b.csv")


def test_the_words_that_disagree_most_come_first(tmp_path: Path) -> None:
    a, b = _pair(tmp_path)
    spoilt = a.table.copy()
    spoilt.loc[7, "valence"] = -9.0
    found = compare_norms(_norms(tmp_path, "c", spoilt), b, "valence", other_variable="v", words=5).disagreements
    assert len(found) == 5
    assert found["word"].iloc[0] == a.table["word"].iloc[7]
    assert found["difference"].iloc[0] < -3
    assert (found["difference"].abs().diff().dropna() <= 0).all()
    np.testing.assert_allclose(found["difference"], found["z_a"] - found["z_b"])


def test_shuffled_ratings_are_seen(tmp_path: Path) -> None:
    a, b = _pair(tmp_path)
    shuffled = a.table.assign(valence=np.random.default_rng(1).permutation(a.table["valence"]))
    found = compare_norms(_norms(tmp_path, "c", shuffled), b, "valence", other_variable="v")
    assert found.r_high < 0.5 < compare_norms(a, b, "valence", other_variable="v").r_low


def test_unrated_words_are_left_out(tmp_path: Path) -> None:
    a = _norms(tmp_path, "a", pd.DataFrame({"word": list("abcdef"), "v": [1, 2, 3, 4, 5, np.nan]}))
    b = _norms(tmp_path, "b", pd.DataFrame({"word": list("abcdef"), "v": [np.nan, 2, 3, 4, 5, 6]}))
    assert compare_norms(a, b, "v").n == 4


def test_what_can_t_be_compared(tmp_path: Path) -> None:
    a = _norms(tmp_path, "a", pd.DataFrame({"word": list("abcde"), "v": [1, 2, 3, 4, 5]}))
    few = _norms(tmp_path, "b", pd.DataFrame({"word": list("abcxy"), "v": [1, 2, 3, 4, 5]}))
    other = _norms(tmp_path, "c", pd.DataFrame({"word": list("abcde"), "v": [1, 2, 3, 4, 5]}), "en")
    flat = _norms(tmp_path, "d", pd.DataFrame({"word": list("abcdef"), "v": [1, 1, 1, 1, 1, 2]}))
    with pytest.raises(NormsError, match="share 3 words rated for v"):
        compare_norms(a, few, "v")
    with pytest.raises(NormsError, match="different languages"):
        compare_norms(a, other, "v")
    with pytest.raises(NormsError, match=r"a.csv has no ratings of w; it has v"):
        compare_norms(a, few, "w")
    with pytest.raises(NormsError, match="nothing to compare"):
        compare_norms(a, flat, "v")
