"""What intervals cover: a short run of ``benchmarks/coverage.py``."""

from __future__ import annotations

import importlib.util
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest
from scipy import stats

FILE = Path(__file__).parents[2] / "benchmarks" / "coverage.py"

#: Situation, draws, intervals that must cover, intervals that are known to be too narrow.
CASES = [
    ("two norms, 300 words", 300, ["r with another norm"], []),
    ("two skewed norms, 300 words", 400, ["r with another norm"], ["the same, Fisher (before)"]),
    ("104 words of 8 sentences", 200, ["r over sentences: of this probe", "r over words: of this probe"], []),
    ("20 words of 8 sentences", 300, ["r over sentences: of this probe", "r over words: of this probe"], []),
    ("8 languages, skewed", 800, ["mean of r over languages (jackknife of Fisher's z)"], []),
    ("4 languages, skewed", 1000, ["mean of r over languages (jackknife of Fisher's z)"], ["the same, t of r itself"]),
    ("a model and a control, 4 languages", 200, ["ratio over a control (jackknife of its logarithm)"], []),
    *((f"what {n} languages share", 150, ["what languages share, rho-bar (jackknife)"], []) for n in (4, 8)),
    ("one model, 8 languages, errors normal", 300, ["slope of r on sharing (jackknife)"], []),
    ("one model, 8 languages, errors wider to the right", 300, ["slope of r on sharing (jackknife)"], []),
]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_of_intervals", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("situation", "draws", "hold", "narrow"), CASES, ids=lambda value: str(value)[:40])
def test_intervals_cover(benchmark: ModuleType, situation: str, draws: int, hold: list[str], narrow: list[str]) -> None:
    simulation, _ = benchmark.SITUATIONS[situation]
    found = benchmark.coverage(islice(simulation(3), draws)).set_index("interval")
    for name in hold:
        row = found.loc[name]
        assert row["without"] == 0
        # An interval that covers .93 is this low once in a thousand runs.
        assert row["covers"] >= stats.binom.ppf(0.001, draws, benchmark.NARROW) / draws, name
    for name in narrow:
        assert found.loc[name, "covers"] < benchmark.NARROW, name


def test_the_verdict_follows_from_the_monte_carlo_interval(benchmark: ModuleType) -> None:
    def verdict(covered: int, of: int) -> str:
        draws = ({"it": benchmark.Held(number < covered, 1.0)} for number in range(of))
        return str(benchmark.coverage(draws)["verdict"].iloc[0])

    assert verdict(1800, 2000) == "TOO NARROW"
    assert verdict(1900, 2000) == "holds"
    assert verdict(1980, 2000) == "conservative"
    assert verdict(95, 100) == "too few draws to tell"
    without = benchmark.coverage([{"it": benchmark.held(float("nan"), float("nan"), 0.0)}] * 3).iloc[0]
    assert (without["draws"], without["without"]) == (3, 3)
