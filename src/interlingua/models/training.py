"""What models known by name were trained on, for reports: facts of their makers, kept apart from what opens models."""

from __future__ import annotations

from interlingua.models.registry import find_card

#: By name; so far as their makers say.
TRAINED_ON = {
    "builtin:e5-small": "trained on about a billion pairs of texts in many languages, translations among them",
    "builtin:minilm-en": "trained on about a billion pairs of English sentences",
    "mbert": "trained on Wikipedia in 104 languages, without translations",
    "xlm-r": "trained on web texts in 100 languages, without translations",
    "xlm-r-large": "trained on web texts in 100 languages, without translations",
    "xglm-564m": "trained on web texts in 30 languages, without translations",
    "bloom-560m": "trained on texts in 46 languages and in code",
}


def trained_on(spec: str) -> str:
    """Return what a model was trained on, "" where that is not known or its weights are random."""
    card = find_card(spec.partition("@")[0])
    return "" if card is None else TRAINED_ON.get(card.name, "")
