"""What a model's name means: a known name, or the form of one of the sources."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from interlingua.errors import ModelError, suggest
from interlingua.models import sources
from interlingua.models.registry import CARDS, ModelSpec, find_card, split_untrained, untrained
from interlingua.models.stored import CARD


def parse_spec(spec: str, revision: str | None = None) -> ModelSpec:
    """Tell what a model's name means, without opening anything.

    Parameters
    ----------
    spec
        A known name or alias (``"mbert"``, ``"builtin:e5-small"``), what one of `interlingua.models.sources` takes (a
        hub id with or without a revision, ``"org/name@revision"``; the path of a folder that `save_pretrained` wrote),
        or any of these after ``"untrained:"`` (weights drawn at random with seed 0; ``"untrained-3:"`` with seed 3).
    revision
        A hub revision that wins over the card's.

    Raises
    ------
    ModelError
        If it is none of these.
    """
    text = spec.strip()
    if (drawn := split_untrained(text)) is not None:
        seed, rest = drawn
        inner = parse_spec(rest, revision)
        return replace(inner, name=untrained(inner.name, seed), untrained=True, seed=seed)
    name, _, asked = text.partition("@")
    card = find_card(name)
    if card is not None:
        return sources.get(card.source).of_card(card, revision or asked or None)
    every = [sources.get(source) for source in sources.names()]
    for source in every:
        if (found := source.parse(text, revision)) is not None:
            return found
    known = [n for card in CARDS.values() for n in (card.name, *card.aliases)]
    *most, last = [source.says for source in reversed(every) if source.says]
    raise ModelError(
        f"unknown model '{spec}'{suggest(text, known)}; give a known name ({', '.join(CARDS)}), {', '.join(most)}, "
        f"or {last}"
    )


def has_weights(spec: str) -> bool:
    """Tell whether a name may be that of a model whose weights can be drawn at random; stored units have none."""
    try:
        found = parse_spec(spec)
        return sources.get(found.source).stored(found) is None
    except (ModelError, OSError):  # whatever it is, it is told where it is looked at
        return True


def from_folder(spec: str, folder: Path) -> str:
    """Return the path of a model that lies in a folder by that name, or any other name as it is.

    Parameters
    ----------
    spec
        As a study or the command line names it.
    folder
        From which relative paths are taken.
    """
    if spec in CARDS:
        return spec
    path = folder / spec
    try:
        cards = any((path / name).is_file() for name in ("config.json", CARD))
        there = cards or (path.suffix.lower() == ".gguf" and path.is_file())
    except OSError:  # longer than any path
        there = False
    return str(path.absolute()) if there else spec
