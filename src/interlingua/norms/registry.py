"""The cards that come with the package, and cards of the user's own."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from interlingua import languages
from interlingua.errors import NormsError, reason, suggest
from interlingua.norms.card import NormCard

#: Bytes of a card: a long one has a hundredth.
_MOST_BYTES = 1_000_000


def _merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _parse(text: str, origin: str) -> list[NormCard]:
    """Make cards of a TOML text; one card for each of its ``[editions.KEY]``, named "name-KEY"."""
    try:
        fields = tomllib.loads(text)
        editions = fields.pop("editions", None)
        if editions is None:
            return [NormCard.model_validate(fields)]
        if not isinstance(editions, dict) or not all(isinstance(changes, dict) for changes in editions.values()):
            raise NormsError(f"{origin}: editions: give a table [editions.KEY] for each")
        return [
            NormCard.model_validate(_merge(fields, {**changes, "name": f"{fields.get('name')}-{key}"}))
            for key, changes in editions.items()
        ]
    except tomllib.TOMLDecodeError as error:
        raise NormsError(f"{origin} is not valid TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the card"
        raise NormsError(f"{origin}: {where}: {first['msg']}") from None
    except (ValueError, OverflowError, RecursionError) as error:
        # A number of thousands of digits, which Python does not read, or as many brackets.
        why = "too many brackets inside each other" if isinstance(error, RecursionError) else str(error)
        raise NormsError(f"{origin} can't be read as TOML: {why.partition(';')[0]}") from None


@cache
def _cards() -> dict[str, NormCard]:
    folder = resources.files("interlingua.norms").joinpath("cards")
    found = [
        card
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
        for card in _parse(entry.read_text(encoding="utf-8"), entry.name)
    ]
    return {card.name: card for card in sorted(found, key=lambda card: card.name)}


@cache
def _by_norare() -> dict[str, str]:
    """Return the name of a card by the id that NoRaRe has for its source."""
    return {
        layout.filename.removesuffix(".tsv"): card.name
        for card in _cards().values()
        for layout in card.layouts
        if layout.name == "norare"
    }


def all_cards(language: str | None = None) -> tuple[NormCard, ...]:
    """Return the cards that come with the package, by name; those of one language if one is given."""
    cards = _cards().values()
    if language is None:
        return tuple(cards)
    code = languages.get(language).code
    return tuple(card for card in cards if card.language == code)


def is_card(name: str, language: str | None = None) -> bool:
    """Whether `get_card` would find a card."""
    known = name in _cards() or name in _by_norare()
    return known or (language is not None and _edition(name, language) in _cards())


def _edition(name: str, language: str) -> str:
    return f"{name}-{languages.get(language).code}"


def get_card(name: str, language: str | None = None) -> NormCard:
    """Find a card.

    Parameters
    ----------
    name : str
        A card's name ("en-warriner-2013", "labmt-fr"); with a language also the common part of a
        source that has a card for each ("labmt"). Or the id that NoRaRe has for it ("Kuperman-2012-AoA").
    language : str, optional
        Any tag that `languages.get` accepts.

    Raises
    ------
    NormsError
        There is no such card, or it is of another language.
    """
    cards = _cards()
    card = cards.get(_by_norare().get(name, name))
    if card is None and language is not None:
        card = cards.get(_edition(name, language))
    if card is None:
        if language is not None and (siblings := [key for key in cards if key.startswith(f"{name}-")]):
            raise NormsError(
                f"'{name}' has no ratings for {languages.get(language).name}; there are {', '.join(siblings)}"
            )
        raise NormsError(
            f"no norms are called '{name}'{suggest(name, cards)}; give the name of a card "
            "(`interlingua norms` lists them) or the path of a file"
        )
    if language is not None and languages.get(language).code != card.language:
        raise NormsError(
            f"'{name}' holds {languages.get(card.language).name} words, not {languages.get(language).name}"
        )
    return card


def load_card(path: str | Path) -> NormCard:
    """Read a card from a TOML file of the user's own.

    Raises
    ------
    NormsError
        The file is missing, not TOML, or not a card.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise NormsError(f"{file} has more than {_MOST_BYTES:,} bytes, so it is no card; is it the right file?")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise NormsError(f"the card {file} can't be read: {reason(error)}") from None
    except UnicodeDecodeError as error:
        raise NormsError(f"the card {file} is not UTF-8 (byte {error.start})") from None
    cards = _parse(text, str(file))
    if len(cards) != 1:
        raise NormsError(f"{file} holds {len(cards)} editions; a card of your own holds one source")
    return cards[0]
