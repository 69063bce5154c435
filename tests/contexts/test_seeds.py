"""Seeds derived from a study's seed."""

from __future__ import annotations

import hashlib
from itertools import product

from interlingua.seeds import derive_seed


def test_is_the_documented_digest() -> None:
    digest = hashlib.sha256(b'[7, "split", "en"]').digest()
    assert derive_seed(7, "split", "en") == int.from_bytes(digest[:4], "big")


def test_differs_by_seed_step_language_and_number() -> None:
    steps = list(product(range(5), ("split", "probe"), ("en", "es", "tr"), range(3)))
    seeds = {derive_seed(seed, step, language, draw) for seed, step, language, draw in steps}
    assert len(seeds) == len(steps)


def test_tells_parts_apart_however_they_are_cut() -> None:
    assert derive_seed(0, "ab", "c") != derive_seed(0, "a", "bc")
    assert derive_seed(0, "1") != derive_seed(0, 1)
    assert derive_seed(0) != derive_seed(0, "")


def test_fits_every_generator() -> None:
    assert all(0 <= derive_seed(seed, "x") < 2**32 for seed in range(200))


def test_takes_any_text() -> None:
    assert derive_seed(0, "über", "語") != derive_seed(0, "uber", "語")
