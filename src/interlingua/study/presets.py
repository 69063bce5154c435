"""The two ways of doing a study: as the paper did it, and as we would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Laid under the study's own keys. ``careful`` is the set of defaults in `interlingua.study.sections`;
#: ``paper`` makes every choice of the paper, including those that its report then argues with.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "careful": {},
    "paper": {
        "sampling": {"words": "smallest", "sentences": 15, "test_share": 0.2, "scale": "minmax"},
        "concepts": {"split": False},
        "extraction": {"pooling": "mean", "boundary_piece": "include"},
        "probes": {
            "methods": ["elastic-net", "adam", "elastic-net-cv", "ridge"],
            "l1": 0.001,
            "l2": 0.001,
            "standardise": "each-split",
            "adam_epochs": 500,
        },
        "layer": {"choose": "test", "probe": "elastic-net", "curve": "layer"},
        "units": {
            "methods": ["elastic-net", "elastic-net-cv", "adam", "ridge", "correlation"],
            "headline": "elastic-net",
            "k": 100,
        },
    },
}
