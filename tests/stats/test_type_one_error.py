"""Type-I error of the p-values that the report prints: a short run of ``benchmarks/type_one_error.py``."""

from __future__ import annotations

import importlib.util
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from scipy import stats

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
        ],
        ["super exact p of a pair"],
    ),
    (
        "each language has a code of its own",
        60,
        ["own-code p of the mean fold enrichment", "own-code p of the signs", "own-code p over all degrees"],
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


#: Corrected for many tests, or counts that tie: these reject less often.
CAUTIOUS = (
    "any pair, p after Benjamini-Hochberg",
    "any pair, p after Benjamini-Yekutieli",
    "highest degree, p x number of sets",
    "permuted p of units in all languages",
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
