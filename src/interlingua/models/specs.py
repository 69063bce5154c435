"""What a model's name means: a known name, or the form of one of the sources."""

from __future__ import annotations

from collections.abc import Sequence
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


def told_apart(specs: Sequence[str]) -> list[ModelSpec]:
    """Parse several names; revisions of one model are called by their revision, too.

    Raises
    ------
    ModelError
        As `parse_spec`.
    """
    found = [parse_spec(spec) for spec in specs]
    names = [one.name for one in found]
    return [
        replace(one, name=f"{one.name}@{one.revision}") if one.revision and names.count(one.name) > 1 else one
        for one in found
    ]


def to_be_drawn(specs: Sequence[str]) -> list[str]:
    """Return the models that have weights which can be drawn at random, one revision of each.

    What can't be parsed is kept: it is told where it is looked at.
    """
    kept: dict[tuple[str, str], str] = {}
    for spec in specs:
        try:
            found = parse_spec(spec)
            if sources.get(found.source).stored(found) is None:
                kept.setdefault((found.source, found.location), spec)
        except (ModelError, OSError):
            kept[spec, ""] = spec
    return list(kept.values())


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
