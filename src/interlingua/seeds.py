"""One seed for a whole study, and a different one derived from it for each step.

Seeds must differ by language: probes that start from one random initialisation keep traces of it, and their
units then seem to be shared even where the ratings are permuted.
"""

from __future__ import annotations

import hashlib
import json


def derive_seed(seed: int, *parts: str | int) -> int:
    """Return the seed of one step, say ``derive_seed(seed, "split", "en")``.

    The same arguments give the same seed on every machine and in every version of Python (`hash` would not).
    Different arguments give unrelated seeds.

    Parameters
    ----------
    seed
        The study's seed, any integer.
    *parts
        What the step is: its name, the language, the variable, a draw's number. Their order and their types
        count.

    Returns
    -------
    int
        In ``[0, 2**32)``, which numpy, scikit-learn and torch all accept: the first four bytes of the SHA-256
        of the arguments written as JSON.
    """
    name = json.dumps([int(seed), *parts])
    return int.from_bytes(hashlib.sha256(name.encode("ascii")).digest()[:4], "big")
