"""Time the super exact test beside a plain implementation of the same table.

Run ``python benchmarks/superexact.py``; it takes about a minute.  The plain implementation
walks over `itertools.combinations`, intersects Python sets and gets p from hypergeometric steps in
scipy, one distribution for each combination of sizes.  Both are run in turn on the same sets, and their tables
compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from itertools import combinations

import numpy as np
import scipy.stats

from interlingua.stats._hypergeom import intersection_log_pmf, intersection_log_sf
from interlingua.stats.degrees import degree_table
from interlingua.stats.superexact import superexact, superexact_sf

N = 768


def plain_table(sets: dict[str, set[int]], n: int) -> list[tuple[str, int, float, float, str]]:
    @cache
    def pmf(sizes: tuple[int, ...]) -> np.ndarray:
        if len(sizes) == 1:
            return np.eye(sizes[0] + 1)[-1]
        shared = np.arange(sizes[0] + 1)
        return scipy.stats.hypergeom.pmf(shared[:, None], n, shared, sizes[-1]) @ pmf(sizes[:-1])

    rows = []
    for degree in range(2, len(sets) + 1):
        for names in combinations(sets, degree):
            members = set.intersection(*(sets[name] for name in names))
            sizes = tuple(sorted(len(sets[name]) for name in names))
            p = pmf(sizes)[len(members) :].sum() if members else 1.0
            expected = n * np.prod([size / n for size in sizes])
            rows.append((" ".join(names), len(members), expected, p, " ".join(map(str, sorted(members)))))
    return rows


def seconds(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the best wall-clock time and the best CPU time of a call that finds nothing in the caches."""
    wall, cpu = [], []
    for _ in range(repeats):
        intersection_log_pmf.cache_clear()
        intersection_log_sf.cache_clear()
        start, cpu_start = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    return min(wall), min(cpu)


def draw(sizes: range | list[int], n: int, shared: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Random sets that have `shared` elements in common by construction."""
    rng = np.random.default_rng(seed)
    return {
        f"s{i:02d}": np.append(np.arange(shared), rng.choice(np.arange(shared, n), size - shared, replace=False))
        for i, size in enumerate(sizes)
    }


def beside_plain(label: str, sets: dict[str, np.ndarray], repeats: int) -> None:
    as_sets = {name: set(members.tolist()) for name, members in sets.items()}
    ours = seconds(lambda: superexact(sets, N), repeats)
    plain = seconds(lambda: plain_table(as_sets, N), 1)
    table, rows = superexact(sets, N), plain_table(as_sets, N)
    names, observed, _, p, members = zip(*rows, strict=True)
    assert table["sets"].tolist() == list(names)
    assert table["observed"].tolist() == list(observed)
    assert table["members"].tolist() == list(members)
    off = np.abs(table["p"] / np.maximum(p, 1e-300) - 1)[np.array(p) > 1e-200].max()
    print(f"{label:<46} {shown(ours)}   plain {shown(plain)}: {plain[1] / ours[1]:.0f} x CPU; p within {off:.0e}")


def alone(label: str, call: Callable[[], object], repeats: int = 3) -> None:
    print(f"{label:<46} {shown(seconds(call, repeats))}")


def shown(times: tuple[float, float]) -> str:
    return f"{1e3 * times[0]:8.1f} ms (CPU {1e3 * times[1]:8.1f})"


def main() -> None:
    print(f"All intersections, n = {N}, whole table with names and members; best times, cold caches")
    thirteen = draw([100] * 13, N, 0)
    twenty = draw([100] * 20, N, 3)
    beside_plain("13 sets of 100", thirteen, 11)
    beside_plain("9 sets of 96 .. 104, all sizes different", draw(range(96, 105), N, 1), 11)
    beside_plain("20 sets of 100, 3 elements in all", twenty, 3)
    alone("13 sets of 94 .. 106, all sizes different", lambda: superexact(draw(range(94, 107), N, 1), N), 11)
    alone("20 sets of 100, no more shared than by chance", lambda: superexact(draw([100] * 20, N, 0), N))
    alone("20 sets of 90 .. 109, 1 element in all", lambda: superexact(draw(range(90, 110), N, 1), N))
    alone("13 sets of 290 .. 302, all sizes different", lambda: superexact(draw(range(290, 303), N, 1), N), 1)
    print("One distribution, every tail of it")
    alone("13 sets of 100 of 768", lambda: superexact_sf(1, [100] * 13, N), 11)
    alone("5 sets of 10,000 of 100,000", lambda: superexact_sf(1, [10_000] * 5, 100_000))
    alone("5 sets of 50,000 of 100,000", lambda: superexact_sf(1, [50_000] * 5, 100_000))
    print("Units in at least d of k sets, 10,000 draws")
    alone("13 sets of 100 of 768", lambda: degree_table(thirteen, N))
    alone("20 sets of 100 of 768", lambda: degree_table(twenty, N))


if __name__ == "__main__":
    main()
