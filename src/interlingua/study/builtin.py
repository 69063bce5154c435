"""The studies that come with the package: ``demo`` and ``demo-decoder`` (no network) and ``paper``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Study files as they would stand in TOML.
BUILTIN: Mapping[str, Mapping[str, Any]] = {
    # multilingual-e5-small and labMT valence. The top 71 of 384 units, so that two independent sets share 13
    # on average, as in the paper (100 of 768). The English control has as many units in a layer.
    "demo": {
        "name": "demo",
        "models": ["builtin:e5-small"],
        "variables": ["valence"],
        "languages": ["en", "es", "pt", "fr", "de", "id", "zh", "ru", "ko", "ar"],
        "unseen": ["ko", "ar"],
        "norms": "labmt",
        "contexts": "carriers",
        # Three sentences a word: what eight change is in docs/method.md.
        "sampling": {"words": 520, "sentences": 3},
        "extraction": {"dtype": "auto", "store_dtype": "float16"},
        # Without the elastic net whose penalty is chosen by cross-validation: its draws alone take a fifth of the time.
        "probes": {"methods": ["ridge", "elastic-net"]},
        "units": {"k": 71, "methods": ["correlation", "ridge", "elastic-net"]},
        "scrutiny": {"controls": ["untrained", "builtin:minilm-en"]},
        # Half of the test words: intervals over them are narrow, and the demonstration stays short, as without the
        # untrained model, which takes some 25 seconds.
        "causal": {"ask": True, "words": 52, "edited_words": 12, "untrained": False},
    },
    # gemma-3-270m beside multilingual-e5-small, with the demo's words, sentences and share of top units. Without probes
    # of the whole network, whose memory grows with the square of 12,160 units; one draw of random weights, as each has
    # 268 million numbers; MLP units of one layer, as four more take half a gigabyte; half as many bootstraps of
    # words, which take as long as all passes.
    "demo-decoder": {
        "name": "demo-decoder",
        "models": ["builtin:gemma-3-270m", "builtin:e5-small"],
        "variables": ["valence"],
        "languages": ["en", "es", "pt", "fr", "de", "id", "zh", "ru", "ko", "ar"],
        "unseen": ["ko", "ar"],
        "norms": "labmt",
        "contexts": "carriers",
        "sampling": {"words": 520, "sentences": 3},
        "sites": ["resid", "mlp"],
        "extraction": {"dtype": "auto", "store_dtype": "float16", "layers": {"mlp": [8]}},
        "probes": {"methods": ["ridge"], "whole": False},
        "units": {"k": 71 / 384, "methods": ["correlation", "ridge"]},
        "scrutiny": {"untrained_draws": 1, "stability": 50},
        # A small part of what `demo` asks, but of words, too, and of a model with five times as many numbers: at one
        # site, by one edit, in half of the slot frames.
        "causal": {
            "ask": True,
            "sites": ["resid"],
            "edits": ["steer"],
            "readouts": ["probe", "words"],
            "frames": 2,
            "words": 20,
            "edited": 5,
            "edited_words": 6,
            "untrained": False,
        },
    },
    # de Varda & Marelli (2024): mBERT and XLM-R, the authors' public languages, Finnish unseen. Spanish,
    # Portuguese and Turkish are not public; Polish has arousal unless `supplement` gives its words and valence.
    "paper": {
        "name": "paper",
        "preset": "paper",
        "models": ["mbert", "xlm-r"],
        "variables": ["valence", "arousal"],
        "languages": ["it", "en", "nl", "pl", "hr", "fr", "el", "de", "zh", "id", "fi"],
        "unseen": ["fi"],
        "contexts": "authors",
    },
}
